// bench --loss: what the losses over a large vocabulary take at their peak, and how their time divides.
#include "engine/convert/losses.h"
#include "engine/model/compat.h"
#include "engine/model/kernel_choice.h"
#include "engine/worker/bench.h"
#include "engine/worker/memory.h"
#include "engine/worker/progress.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kTokens = 6144, kVocabulary = 152064, kHidden = 896;

at::Tensor random(int64_t rows, double size) {
    return at::randn({rows, kHidden}, at::kFloat) * size;
}

}  // namespace

Result<ordered_json> benchLoss(const BenchOptions& options, const Ceilings& ceilings, std::string& text) {
    ProgressDisplay display(!options.quiet);
    const at::Tensor hidden = random(kTokens, 1), teacherHidden = random(kTokens, 1), teacherHead = random(kVocabulary, 0.05);
    const at::Tensor labels = at::randint(kVocabulary, {kTokens}, at::kLong);
    at::Tensor head = random(kVocabulary, 0.05);
    head.set_requires_grad(true);
    Table table({{"Loss", Align::Left}, {"seconds"}, {"GFLOP/s"}, {"of GEMM"}, {"peak, MB"}, {"gradients, MB"}});
    ordered_json rows = ordered_json::array();
    const double product = 2.0 * kTokens * kVocabulary * kHidden, gradients = 4.0 * kHidden * (kVocabulary + kTokens);
    for (const bool withTeacher : {true, false}) {
        const char* name = withTeacher ? "distill loss" : "cross-entropy";
        display.message(fmt::format("Measuring {} ...", name));
        const convert::HeadTargets targets = withTeacher ? convert::HeadTargets{teacherHidden, teacherHead, {}} : convert::HeadTargets{{}, {}, labels};
        Stopwatch watch;
        double seconds = 0;
        const double peak = peakMemoryOf([&] {
            watch = Stopwatch();
            convert::headLoss(hidden, head, targets, true);
            seconds = watch.seconds();
        });
        RADLADS_TRY(notInterrupted());
        const double rate = (withTeacher ? 4 : 3) * product / seconds;
        table.add({name, fmt::format("{:.1f}", seconds), fmt::format("{:.1f}", rate / 1e9), fmt::format("{:.2f}", rate / ceilings.gemmOne),
                   fmt::format("{:.0f}", peak / 1e6), fmt::format("{:.0f}", gradients / 1e6)});
        rows.push_back({{"loss", name},
                        {"tokens", kTokens},
                        {"vocabulary", kVocabulary},
                        {"hidden_size", kHidden},
                        {"seconds", seconds},
                        {"flops_per_second", rate},
                        {"gemm_ratio", rate / ceilings.gemmOne},
                        {"peak_bytes", peak},
                        {"gradient_bytes", gradients}});
    }
    text += fmt::format("\nLosses ({}): {} tokens, vocabulary {}, hidden states of {}, float32, one thread\n\n", model::describeKernels(), kTokens, kVocabulary, kHidden);
    text += table.text();
    text += "\npeak: resident memory above weights and hidden states; gradients: of head and hidden states, which are part of it.\n"
            "GFLOP/s counts the matrix products alone; of GEMM: their share of the sgemm rate on one thread.\n";
    return rows;
}

}  // namespace radlads::worker
