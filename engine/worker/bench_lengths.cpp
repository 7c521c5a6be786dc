// bench --lengths: a sequence 64 times as long, by token: time and memory of the recurrences and of a student's training step.
#include <algorithm>

#include "engine/convert/losses.h"
#include "engine/convert/setup.h"
#include "engine/model/compat.h"
#include "engine/model/kernel_choice.h"
#include "engine/model/wkv.h"
#include "engine/train/session.h"
#include "engine/worker/bench.h"
#include "engine/worker/command.h"
#include "engine/worker/memory.h"
#include "engine/worker/progress.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;

constexpr int64_t kLonger = 64;

// Forward and backward over sequences of `length` tokens, made ready to run.
using Work = std::function<std::function<void()>(int64_t sequences, int64_t length)>;
struct Measured {
    std::string name;
    int64_t length;  // the short one
    Work work;
};

std::function<void()> recurrence(bool seven, int64_t sequences, int64_t length) {
    constexpr int64_t kHeads = 8, kSize = 64;
    const auto random = [&] { return at::randn({sequences, kHeads, length, kSize}, at::kFloat); };
    const at::Tensor direction = random(), unit = direction / direction.norm(2, {-1}, true);
    std::vector<at::Tensor> x{random() * 0.125, seven ? at::sigmoid(random()) * -0.606531 : (-random().exp()).clamp(-5.0, 0.0), random() * 0.125, random()};
    if (seven) x.insert(x.end(), {-unit, unit * at::sigmoid(random())});
    for (at::Tensor& input : x) input.set_requires_grad(true);
    const at::Tensor seed = random();
    return [=] {
        const at::Tensor y = seven ? model::wkv7(x[0], x[1], x[2], x[3], x[4], x[5]).y : model::wkv6(x[0], x[1], x[2], x[3]).y;
        model::gradients({y}, x, {seed});
    };
}

struct Student {
    io::ModelConfig config;
    model::Weights weights;
};
Result<std::shared_ptr<Student>> student(const BenchOptions& options) {
    protocol::StudentPlan plan;
    plan.architecture = options.student == "rad-rwkv6" ? protocol::Architecture::RadRwkv6 : protocol::Architecture::RadRwkv7;
    RADLADS_TRY_ASSIGN(const model::Checkpoint teacher, model::loadCheckpoint(train::resolveTeacherPath(options.teacher)));
    auto result = std::make_shared<Student>();
    RADLADS_TRY_ASSIGN(result->config, convert::studentConfig(teacher.config, plan));
    result->weights = convert::studentWeights(teacher.weights, result->config, 1);
    for (auto& [name, tensor] : result->weights) tensor.set_requires_grad(true);
    return result;
}

}  // namespace

Result<ordered_json> benchLengths(const BenchOptions& options, std::string& text) {
    RADLADS_TRY_ASSIGN(const std::shared_ptr<Student> model, student(options));
    const Measured list[] = {{"wkv7, 8 heads of 64", 512, [](int64_t sequences, int64_t length) { return recurrence(true, sequences, length); }},
                             {"wkv6, 8 heads of 64", 512, [](int64_t sequences, int64_t length) { return recurrence(false, sequences, length); }},
                             {"training step, " + options.student, 128, [&](int64_t sequences, int64_t length) -> std::function<void()> {
                                  const at::Tensor tokens = at::randint(model->config.vocabSize, {sequences, length + 1}, at::kLong);
                                  return [model, tokens] { convert::crossEntropyLoss({model->weights, model->config}, tokens); };
                              }}};
    ProgressDisplay display(!options.quiet);
    Table table({{"Forward and backward", Align::Left}, {"tokens"}, {"us/token"}, {"peak, MB"}, {"KB/token"}, {"time x"}, {"memory x"}});
    ordered_json rows = ordered_json::array();
    double share = std::numeric_limits<double>::infinity();
    for (const Measured& measured : list) {
        if (measured.name.find(options.only) == std::string::npos) continue;
        display.message(fmt::format("Measuring {} ...", measured.name));
        const std::function<void()> brief = measured.work(1, measured.length), together = measured.work(kLonger, measured.length),
                                    extended = measured.work(1, measured.length * kLonger);
        brief();
        const double briefPeak = peakMemoryOf(brief), togetherPeak = peakMemoryOf(together), longPeak = peakMemoryOf(extended);
        // As many tokens in sequences one after another, in sequences at once, and in one, in turns.
        const std::vector<Timing> times = bestTimings(options.seconds, {[&] {
                                                                            for (int64_t i = 0; i < kLonger; ++i) brief();
                                                                        },
                                                                        together, extended});
        RADLADS_TRY(notInterrupted());
        const double tokens = static_cast<double>(measured.length * kLonger), timeRatio = times[2].seconds / times[0].seconds;
        const double togetherRatio = times[2].seconds / times[1].seconds;
        const double memoryRatio = longPeak / briefPeak / static_cast<double>(kLonger);
        share = std::min({share, times[0].share, times[1].share, times[2].share});
        const auto add = [&](const std::string& name, const std::string& shape, int64_t length, const Timing& timing, double peak, const std::string& time, const std::string& memory) {
            table.add({name, shape, fmt::format("{:.2f}", timing.seconds / tokens * 1e6), fmt::format("{:.1f}", peak / 1e6),
                       fmt::format("{:.1f}", peak / static_cast<double>(length) / 1e3), time, memory});
        };
        const std::string shortTokens = std::to_string(measured.length);
        add(measured.name, shortTokens, measured.length, times[0], briefPeak, fmt::format("{:.2f}", timeRatio), fmt::format("{:.2f}", memoryRatio));
        add("", fmt::format("{} x {}", kLonger, shortTokens), measured.length * kLonger, times[1], togetherPeak, fmt::format("{:.2f}", togetherRatio),
            fmt::format("{:.2f}", longPeak / togetherPeak));
        add("", std::to_string(measured.length * kLonger), measured.length * kLonger, times[2], longPeak, "", "");
        rows.push_back({{"name", measured.name},
                        {"tokens", {measured.length, measured.length * kLonger}},
                        {"seconds_per_token", {times[0].seconds / tokens, times[2].seconds / tokens}},
                        {"seconds_per_token_at_once", times[1].seconds / tokens},
                        {"peak_bytes", {briefPeak, longPeak}},
                        {"time_ratio", timeRatio},
                        {"memory_ratio", memoryRatio},
                        {"time_ratio_at_once", togetherRatio},
                        {"processor_share", std::min({times[0].share, times[1].share, times[2].share})}});
    }
    text += fmt::format("\nLengths ({}): float32, one thread\n\n{}", model::describeKernels(), table.text());
    text += fmt::format("\nx: by token, one sequence of {} times the length over this row: the short sequences one after another, which stay in caches, and all at\n"
                        "once. peak: resident memory above inputs and weights.\n", kLonger);
    text += disturbance(share);
    return rows;
}

}  // namespace radlads::worker
