#include "engine/worker/bench_ops.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "engine/model/kernel_choice.h"
#include "engine/model/threads.h"
#include "engine/worker/command.h"
#include "engine/worker/progress.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;

struct Row {
    const char* name;
    MakeBenchOp make;
};
constexpr Row kRows[] = {
    {"distill loss", distillLossOp},
    {"distill loss, gradient", distillGradientOp},
    {"cross-entropy, gradient", crossEntropyGradientOp},
    {"adamw", adamOp},
    {"gradient norm", gradientNormOp},
    {"gradients added, norm", addGradientsOp},
};

}  // namespace

std::function<void()> copyOf(double bytes, size_t threads) {
    constexpr size_t kMost = 128 << 20;  // of a thread at a time: more than caches hold
    const size_t share = static_cast<size_t>(bytes) / 2 / threads, size = std::min(share, kMost);
    auto blocks = std::make_shared<std::vector<std::vector<char>>>(2 * threads, std::vector<char>(size, 1));
    return [=] {
        model::parallelTasks(threads, threads, [&](size_t i) {
            for (size_t done = 0; done < share; done += size)
                std::memcpy((*blocks)[2 * i].data(), (*blocks)[2 * i + 1].data(), std::min(size, share - done));
        });
    };
}

Result<ordered_json> benchOps(const BenchOptions& options, const Ceilings& ceilings, std::string& text) {
    ProgressDisplay display(!options.quiet);
    Table table({{"Operation", Align::Left}, {"Form", Align::Left}, {"Shape", Align::Left}, {"Threads"}, {"ms"}, {"GB/s"}, {"of copy"}, {"kernel is"}});
    ordered_json rows = ordered_json::array();
    double share = std::numeric_limits<double>::infinity();
    for (const Row& row : kRows) {
        if (std::string_view(row.name).find(options.only) == std::string_view::npos) continue;
        display.message(fmt::format("Measuring {} ...", row.name));
        const BenchOp op = row.make(ceilings.threads);
        std::vector<std::function<void()>> tasks;
        for (const auto& [name, form] : op.forms) tasks.push_back(form);
        tasks.push_back(copyOf(op.bytes, op.threads));
        const std::vector<Timing> times = bestTimings(options.seconds, tasks);
        RADLADS_TRY(notInterrupted());
        for (size_t f = 0; f < op.forms.size(); ++f) {
            const double rate = op.bytes / times[f].seconds, faster = times[f].seconds / times.front().seconds;
            const double ofCopy = times.back().seconds / times[f].seconds;
            share = std::min(share, times[f].share);
            table.add({f == 0 ? row.name : "", op.forms[f].first, f == 0 ? op.shape : "", f == 0 ? std::to_string(op.threads) : "", milliseconds(times[f].seconds),
                       fmt::format("{:.1f}", rate / 1e9), fmt::format("{:.2f}", ofCopy), f == 0 ? "" : fmt::format("{:.1f} x faster", faster)});
            rows.push_back({{"operation", row.name},
                            {"shape", op.shape},
                            {"form", op.forms[f].first},
                            {"threads", op.threads},
                            {"seconds", times[f].seconds},
                            {"bytes", op.bytes},
                            {"bytes_per_second", rate},
                            {"copy_ratio", ofCopy},
                            {"kernel_speed_up", faster},
                            {"processor_share", times[f].share}});
        }
    }
    if (rows.empty()) return rows;
    text += fmt::format("\nOperations ({})\n\n", model::describeKernels());
    text += table.text();
    text += "\nGB/s counts what every form must read and write; of copy: the time of a memory copy that reads and writes as many bytes on as many\n"
            "threads, measured in turns with it, over its own time.\n";
    text += disturbance(share);
    return rows;
}

}  // namespace radlads::worker
