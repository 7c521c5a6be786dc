// bench --kernels: operations that memory limits, each beside the copy bandwidth and LibTorch's operations. A file of operations
// gives one or more functions that make them; bench_ops.cpp has the table of these functions with their names.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/worker/bench.h"

namespace radlads::worker {

// One operation in its forms, which take the same inputs; the first form is ours.
struct BenchOp {
    std::string shape;
    double bytes = 0;    // that any form must read and write
    size_t threads = 1;  // that ours uses, and the copy beside it
    std::vector<std::pair<const char*, std::function<void()>>> forms;
};
// A copy that reads and writes as many bytes in all, on as many threads.
std::function<void()> copyOf(double bytes, size_t threads);
using MakeBenchOp = BenchOp (*)(size_t threads);

BenchOp distillLossOp(size_t threads);
BenchOp distillGradientOp(size_t threads);
BenchOp crossEntropyGradientOp(size_t threads);
BenchOp adamOp(size_t threads);
BenchOp gradientNormOp(size_t threads);
BenchOp addGradientsOp(size_t threads);

}  // namespace radlads::worker
