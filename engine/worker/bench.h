// bench: what its parts share. Each part measures something beside the ceilings of the same run, adds a table for people to `text`
// and returns the same as JSON.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/protocol/result.h"
#include "engine/worker/rates.h"

namespace radlads::worker {

struct BenchOptions {
    bool json = false, quiet = false, kernels = false, step = false, ceilings = false, loss = false, lengths = false, decode = false;
    std::string teacher = "demo", student = "rad-rwkv7", precision = "fp32", device = "cpu", only;
    int64_t sequenceLength = 128, batch = 16, threads = 0;
    double seconds = 2;
};

struct Ceilings {
    size_t threads = 1;  // 0: of a GPU
    double gemmOne = 0, gemmAll = 0, copyOne = 0, copyAll = 0;
    // bfloat16 by this program's kernels and by LibTorch; 0 where the processor has no such products.
    double bf16One = 0, bf16All = 0, bf16TorchOne = 0, bf16TorchAll = 0;
    double fp16One = 0, fp16All = 0;  // by this program's kernels, in the same way
    double share = 0;  // of a processor, over all of them
};

// The fastest round of a task.
struct Timing {
    double seconds = std::numeric_limits<double>::infinity();
    double share = 0;  // of a processor, in that round
};
// Each task in several rounds, after one that is not counted: other programs can only slow a round down. In turns, so that a busy
// moment of the machine meets them all.
std::vector<Timing> bestTimings(double budget, const std::vector<std::function<void()>>& tasks);
Timing bestTiming(double budget, const std::function<void()>& task);

// A sentence for people when even the fastest rounds were disturbed; empty otherwise.
std::string disturbance(double share);
// Interrupted, if the user has stopped the measurement.
Status notInterrupted();
std::string milliseconds(double seconds);

Result<nlohmann::ordered_json> benchSteps(const BenchOptions& options, const Ceilings& ceilings, std::string& text);
Result<nlohmann::ordered_json> benchRecurrences(const BenchOptions& options, const Ceilings& ceilings, std::string& text);
Result<nlohmann::ordered_json> benchOps(const BenchOptions& options, const Ceilings& ceilings, std::string& text);
Result<nlohmann::ordered_json> benchLoss(const BenchOptions& options, const Ceilings& ceilings, std::string& text);
Result<nlohmann::ordered_json> benchLengths(const BenchOptions& options, std::string& text);
Result<nlohmann::ordered_json> benchDecode(const BenchOptions& options, const Ceilings& ceilings, std::string& text);

}  // namespace radlads::worker
