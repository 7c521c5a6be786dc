// bench --kernels: the recurrences, the kernels against LibTorch's operations.
#include <algorithm>
#include <string_view>

#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/kernel_choice.h"
#include "engine/model/wkv.h"
#include "engine/worker/bench.h"
#include "engine/worker/command.h"
#include "engine/worker/model_facts.h"
#include "engine/worker/progress.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;

// One recurrence in its forms on the same inputs; the first form is ours.
using Recurrence = std::function<model::WkvOutput(const std::vector<at::Tensor>&)>;
struct Kernel {
    const char* name;
    int64_t size = 0;
    double flopsPerToken = 0;  // and head: of the chunk form, forward
    std::vector<at::Tensor> inputs;
    std::vector<std::pair<const char*, Recurrence>> forms;
};

constexpr int64_t kBatch = 4, kLength = 512, kHeads = 8;
constexpr int64_t kSizes[] = {64, 128};

// What the chunk form needs, half-empty triangles counted as half: products of the tokens with the state and into it, and of
// the tokens of a chunk with each other.
double chunkFlops(double size, double chunk, double streams) {
    return streams * 4 * size * size + (streams == 2 ? 8 : 2) * chunk * size;
}

std::vector<Kernel> kernels() {
    std::vector<Kernel> list;
    for (const int64_t size : kSizes) {
        const std::vector<int64_t> shape{kBatch, kHeads, kLength, size};
        const auto random = [&] { return at::randn(shape, at::kFloat); };
        const double scale = 1.0 / std::sqrt(static_cast<double>(size)), n = static_cast<double>(size);
        const at::Tensor direction = random(), unit = direction / direction.norm(2, {-1}, true);
        const at::Tensor decay7 = at::sigmoid(random()) * -0.606531, decay6 = (-random().exp()).clamp(-5.0, 0.0);
        list.push_back({"wkv7", size, chunkFlops(n, 32, 2), {random() * scale, decay7, random() * scale, random(), -unit, unit * at::sigmoid(random())},
                        {{"kernel", [](const auto& x) { return model::wkv7(x[0], x[1], x[2], x[3], x[4], x[5]); }},
                         {"LibTorch, chunked", [](const auto& x) { return model::wkv7Chunked(x[0], x[1], x[2], x[3], x[4], x[5]); }},
                         {"LibTorch, token loop", [](const auto& x) { return model::wkv7Recurrent(x[0], x[1], x[2], x[3], x[4], x[5]); }}}});
        list.push_back({"wkv6", size, chunkFlops(n, 16, 1), {random() * scale, decay6, random() * scale, random()},
                        {{"kernel", [](const auto& x) { return model::wkv6(x[0], x[1], x[2], x[3]); }},
                         {"LibTorch, chunked", [](const auto& x) { return model::wkv6Chunked(x[0], x[1], x[2], x[3]); }},
                         {"LibTorch, token loop", [](const auto& x) { return model::wkv6Recurrent(x[0], x[1], x[2], x[3]); }}}});
    }
    return list;
}

struct FormTimes {
    Timing forward, both;
    at::Tensor y;
};

FormTimes timeForm(const Kernel& kernel, const Recurrence& form, double budget) {
    FormTimes times;
    times.forward = bestTiming(budget, [&] {
        const c10::NoGradGuard noGrad;
        times.y = form(kernel.inputs).y;
    });
    std::vector<at::Tensor> leaves;
    for (const at::Tensor& input : kernel.inputs) leaves.push_back(input.detach().requires_grad_(true));
    const at::Tensor seed = at::ones_like(times.y);
    times.both = bestTiming(budget, [&] { model::gradients({form(leaves).y}, leaves, {seed}); });
    return times;
}

}  // namespace

Result<ordered_json> benchRecurrences(const BenchOptions& options, const Ceilings& ceilings, std::string& text) {
    ProgressDisplay display(!options.quiet);
    Table table({{"Recurrence", Align::Left}, {"Form", Align::Left}, {"forward ms"}, {"fwd+bwd ms"}, {"tokens/s"}, {"GFLOP/s"}, {"of GEMM"}, {"kernel is"}, {"difference"}});
    ordered_json rows = ordered_json::array();
    const double tokens = static_cast<double>(kBatch * kLength);
    double share = std::numeric_limits<double>::infinity();
    for (const Kernel& kernel : kernels()) {
        if (std::string_view(kernel.name).find(options.only) == std::string_view::npos) continue;
        display.message(fmt::format("Measuring {} with heads of {} ...", kernel.name, kernel.size));
        std::vector<FormTimes> times;
        for (const auto& [name, form] : kernel.forms) {
            times.push_back(timeForm(kernel, form, options.seconds / 2));
            RADLADS_TRY(notInterrupted());
        }
        const at::Tensor exact = times.back().y;  // of the token loop
        for (std::size_t f = 0; f < times.size(); ++f) {
            const FormTimes& form = times[f];
            const double difference = (form.y - exact).abs().max().item<double>() / exact.abs().max().item<double>();
            // Backward needs twice the arithmetic of forward. Every form is given the chunk form's.
            const double rate = 3 * kernel.flopsPerToken * static_cast<double>(kHeads) * tokens / form.both.seconds;
            const double faster = form.both.seconds / times.front().both.seconds;
            share = std::min({share, form.forward.share, form.both.share});
            table.add({f == 0 ? fmt::format("{}, heads of {}", kernel.name, kernel.size) : "", kernel.forms[f].first, milliseconds(form.forward.seconds),
                       milliseconds(form.both.seconds), formatCount(tokens / form.both.seconds), fmt::format("{:.1f}", rate / 1e9),
                       fmt::format("{:.2f}", rate / ceilings.gemmOne), f == 0 ? "" : fmt::format("{:.1f} x faster", faster), fmt::format("{:.1e}", difference)});
            rows.push_back({{"recurrence", kernel.name},
                            {"head_dim", kernel.size},
                            {"form", kernel.forms[f].first},
                            {"forward_seconds", form.forward.seconds},
                            {"forward_backward_seconds", form.both.seconds},
                            {"flops_per_second", rate},
                            {"gemm_ratio", rate / ceilings.gemmOne},
                            {"tokens_per_second", tokens / form.both.seconds},
                            {"kernel_speed_up", faster},
                            {"relative_difference", difference},
                            {"processor_share", std::min(form.forward.share, form.both.share)}});
        }
    }
    ordered_json result{{"kernels", model::describeKernels()}, {"batch", kBatch}, {"tokens", kLength}, {"heads", kHeads}, {"threads", 1}, {"results", rows}};
    if (rows.empty()) return result;
    text += fmt::format("\nKernels ({}): batch {}, {} tokens, {} heads, float32, one thread\n\n", model::describeKernels(), kBatch, kLength, kHeads);
    text += table.text();
    text += "\nGFLOP/s counts the arithmetic of the chunk form, forward and backward; of GEMM: its share of the sgemm rate on one thread.\n"
            "difference: largest, relative to the token loop's largest value.\n";
    text += disturbance(share);
    return result;
}

}  // namespace radlads::worker
