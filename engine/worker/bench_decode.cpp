// bench --decode: one token of a student, beside the time that reading its weights takes.
#include <algorithm>

#include "engine/convert/setup.h"
#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/worker/bench.h"
#include "engine/worker/bench_ops.h"
#include "engine/worker/progress.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;

// The shape of Qwen2.5-0.5B.
constexpr int64_t kVocabulary = 151936;
const protocol::ModelPlan kShape{.hiddenSize = 896, .layers = 24, .heads = 14, .kvHeads = 2, .headDim = 64, .intermediateSize = 4864};

}  // namespace

Result<ordered_json> benchDecode(const BenchOptions& options, const Ceilings& ceilings, std::string& text) {
    ProgressDisplay display(!options.quiet);
    display.message("Making a model ...");
    io::ModelConfig config;
    model::Weights weights;
    {
        protocol::StudentPlan plan;
        plan.architecture = options.student == "rad-rwkv6" ? protocol::Architecture::RadRwkv6 : protocol::Architecture::RadRwkv7;
        const io::ModelConfig teacher = convert::freshConfig(kShape, kVocabulary);
        RADLADS_TRY_ASSIGN(config, convert::studentConfig(teacher, plan));
        weights = convert::studentWeights(convert::freshWeights(teacher, kShape, 1), config, 1);
    }
    model::DecoderState state = model::emptyState(config);
    const c10::NoGradGuard noGrad;
    const at::Tensor token = at::full({1, 1}, 7, at::kLong);
    const auto step = [&] { return model::headLogits(weights, model::hiddenStates(weights, config, token, {.state = &state})); };
    step();  // the state is there from the first token on
    double bytes = 2.0 * static_cast<double>(state.sizeBytes());
    for (const auto& [name, tensor] : weights)
        if (name != "model.embed_tokens.weight") bytes += static_cast<double>(tensor.numel() * tensor.element_size());
    display.message("Measuring one token ...");
    const std::vector<Timing> times = bestTimings(options.seconds, {[&] { step(); }, copyOf(bytes, 1), copyOf(bytes, ceilings.threads)});
    RADLADS_TRY(notInterrupted());
    const double rate = bytes / times[0].seconds, ofOne = times[1].seconds / times[0].seconds, ofAll = times[2].seconds / times[0].seconds;
    Table table({{"One token", Align::Left}, {"ms"}, {"tokens/s"}, {"MB"}, {"GB/s"}, {"of copy, 1 thread"}, {fmt::format("of copy, {} threads", ceilings.threads)}});
    table.add({options.student, milliseconds(times[0].seconds), fmt::format("{:.2f}", 1 / times[0].seconds), fmt::format("{:.0f}", bytes / 1e6),
               fmt::format("{:.1f}", rate / 1e9), fmt::format("{:.2f}", ofOne), fmt::format("{:.2f}", ofAll)});
    text += fmt::format("\nDecode: the shape of Qwen2.5-0.5B, float32\n\n{}", table.text());
    text += "\nMB: weights that a token reads, and the state read and written; of copy: the time of a memory copy of as many bytes, measured in turns\n"
            "with it, over its own time.\n";
    text += disturbance(times[0].share);
    return ordered_json{{"student", options.student},    {"seconds", times[0].seconds},      {"bytes", bytes},
                        {"bytes_per_second", rate},      {"copy_ratio_1_thread", ofOne},     {"copy_ratio_all_threads", ofAll},
                        {"threads", ceilings.threads},   {"processor_share", times[0].share}};
}

}  // namespace radlads::worker
