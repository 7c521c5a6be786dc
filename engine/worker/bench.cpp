// bench: how fast this machine trains, beside what its arithmetic and its memory can do at most, measured in the same run.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <nlohmann/json.hpp>

#include "engine/convert/losses.h"
#include "engine/convert/setup.h"
#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/kernel_choice.h"
#include "engine/model/threads.h"
#include "engine/model/wkv.h"
#include "engine/run/machine.h"
#include "engine/train/optimizer.h"
#include "engine/train/session.h"
#include "engine/train/updater.h"
#include "engine/worker/command.h"
#include "engine/worker/model_facts.h"
#include "engine/worker/progress.h"
#include "engine/worker/rates.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;
using protocol::StepKind;

constexpr double kCeilingSeconds = 0.6;  // spent on each ceiling
constexpr int kMostRounds = 50;

// The fastest round of a task.
struct Timing {
    double seconds = std::numeric_limits<double>::infinity();
    double share = 0;  // of a processor, in that round
};

// Each task in several rounds, after one that is not counted: other programs can only slow a round down.
std::vector<Timing> bestTimings(double budget, const std::vector<std::function<void()>>& tasks) {
    std::vector<Timing> best(tasks.size());
    std::optional<Stopwatch> spent;
    for (int round = 0; round <= kMostRounds && (round < 3 || spent->seconds() < budget) && interrupts().load() == 0; ++round) {
        if (round == 1) spent.emplace();
        for (size_t i = 0; i < tasks.size(); ++i) {
            const Stopwatch watch;
            tasks[i]();
            const Timing timing{watch.seconds(), watch.processorShare()};
            if (round > 0 && timing.seconds < best[i].seconds) best[i] = timing;
        }
    }
    return best;
}

Timing bestTiming(double budget, const std::function<void()>& task) {
    return bestTimings(budget, {task}).front();
}

// A sentence for people when even the fastest rounds were disturbed; empty otherwise.
std::string disturbance(double share) {
    if (share >= kUndisturbedShare) return "";
    return fmt::format("Warning: this process had only {:.0f} % of a processor while it measured, other programs had the rest: these times are too long.\n", share * 100);
}

Status notInterrupted() {
    if (interrupts().load() == 0) return {};
    return tl::unexpected(Error{ErrorCode::Interrupted, "the measurement was stopped"});
}

struct Options {
    bool json = false, quiet = false, kernels = false, step = false, ceilings = false;
    std::string teacher = "demo", student = "rad-rwkv7";
    int64_t sequenceLength = 128, batch = 16, threads = 0;
    double seconds = 2;
};

struct Ceilings {
    size_t threads = 1;
    double gemmOne = 0, gemmAll = 0, copyOne = 0, copyAll = 0;
    double share = 0;  // of a processor, over all of them
};

// Where the time of an update goes, in seconds. loss: what the others leave of the gradients' time.
struct StepTimes {
    double teacher = 0, student = 0, loss = 0, optimizer = 0, flops = 0, tokens = 0, share = 0;
    double total() const { return teacher + student + loss + optimizer; }
};

struct BenchModel {
    model::Checkpoint teacher;
    io::ModelConfig config;
    model::Weights weights;
    protocol::Plan plan;
    run::PlanEstimate estimate;
    convert::ModelView teacherView() const { return {teacher.weights, teacher.config}; }
    convert::ModelView studentView() const { return {weights, config}; }
};

Result<protocol::Plan> benchPlan(const Options& options) {
    protocol::Plan plan;
    plan.teacher.path = options.teacher;
    plan.data.sources = {{"demo:1:1"}};
    for (const StepKind kind : {StepKind::Align, StepKind::Distill, StepKind::Extend}) {
        protocol::StepPlan step;
        step.kind = kind;
        step.sequenceLength = options.sequenceLength;
        step.batchSize = options.batch;
        step.tokens = options.sequenceLength * options.batch;
        plan.steps.push_back(step);
    }
    RADLADS_TRY(protocol::setPlanKey(plan, "student.architecture=" + ordered_json(options.student).dump()));
    RADLADS_TRY(protocol::resolvePlan(plan));
    return plan;
}

Result<BenchModel> openModel(const Options& options) {
    BenchModel model;
    RADLADS_TRY_ASSIGN(model.plan, benchPlan(options));
    RADLADS_TRY_ASSIGN(model.teacher, model::loadCheckpoint(train::resolveTeacherPath(options.teacher)));
    RADLADS_TRY_ASSIGN(model.config, convert::studentConfig(model.teacher.config, model.plan.student));
    model.weights = convert::studentWeights(model.teacher.weights, model.config, 1);
    run::ModelShape shape = modelShape(model.config);
    shape.tiedEmbeddings = model.teacher.config.tieEmbeddings;
    model.estimate = run::estimatePlan(shape, model.plan);
    return model;
}

std::vector<int32_t> randomTokens(int64_t count, int64_t vocabSize) {
    const at::Tensor ids = at::randint(vocabSize, {count}, at::kInt);
    return {ids.data_ptr<int32_t>(), ids.data_ptr<int32_t>() + count};
}

train::LossFunction lossFunction(const BenchModel& model, const protocol::StepPlan& step) {
    switch (step.kind) {
        case StepKind::Align:
            return [&model](const at::Tensor& tokens) {
                return convert::alignLoss(model.teacherView(), model.studentView(), tokens.narrow(1, 0, tokens.size(1) - 1), protocol::Loss::AlignL2);
            };
        case StepKind::Distill:
            return [&model](const at::Tensor& tokens) { return convert::distillLoss(model.teacherView(), model.studentView(), tokens); };
        default: return [&model](const at::Tensor& tokens) { return convert::crossEntropyLoss(model.studentView(), tokens); };
    }
}

// Forward and backward of the decoder below the head, from a gradient that is as good as any.
void decoderForwardBackward(const BenchModel& model, const at::Tensor& tokens) {
    std::vector<at::Tensor> parameters;
    for (const auto& [name, tensor] : model.weights) {
        if (tensor.requires_grad()) parameters.push_back(tensor);
    }
    const at::Tensor hidden = model::hiddenStates(model.weights, model.config, tokens);
    model::gradients({hidden}, parameters, {at::ones_like(hidden)});
}

StepTimes timeStep(BenchModel& model, size_t index, size_t threads, double budget) {
    const protocol::StepPlan& step = model.plan.steps[index];
    for (auto& [name, tensor] : model.weights) {
        tensor.set_requires_grad(step.kind != StepKind::Align || name.find(".self_attn.") != std::string::npos);
    }
    const std::vector<int32_t> batch = randomTokens(step.batchSize * (step.sequenceLength + 1), model.config.vocabSize);
    const int64_t micro = train::resolveMicroBatch(step);
    const size_t count = static_cast<size_t>(step.batchSize / micro);
    const at::Tensor inputs = train::toTokens(batch, step.batchSize).narrow(1, 0, step.sequenceLength);
    const auto microBatches = [&](const std::function<void(const at::Tensor&)>& task) {
        model::parallelTasks(count, threads, [&](size_t i) { task(inputs.narrow(0, static_cast<int64_t>(i) * micro, micro)); });
    };

    train::BatchGradients gradients;
    const train::LossFunction loss = lossFunction(model, step);
    // The whole and its parts in turns, so that a busy moment of the machine meets them all.
    const std::vector<Timing> timings = bestTimings(
        budget, {[&] { gradients = train::batchGradients(batch, step, loss, threads); },
                 [&] {
                     if (step.kind == StepKind::Extend) return;
                     microBatches([&](const at::Tensor& tokens) {
                         const at::NoGradGuard noGrad;
                         model::hiddenStates(model.teacher.weights, model.teacher.config, tokens);
                     });
                 },
                 [&] {
                     if (step.kind == StepKind::Align) return;
                     microBatches([&](const at::Tensor& tokens) { decoderForwardBackward(model, tokens); });
                 }});
    StepTimes times{.flops = model.estimate.steps[index].flops, .tokens = static_cast<double>(step.batchSize * step.sequenceLength)};
    const double whole = timings[0].seconds;
    times.share = timings[0].share;
    times.teacher = step.kind == StepKind::Extend ? 0 : timings[1].seconds;
    if (step.kind == StepKind::Align) {
        times.teacher = std::min(times.teacher, whole);
        times.student = whole - times.teacher;  // its loss is a norm of what the mixers give: part of their graph
    } else {
        const double scale = std::min(1.0, whole / (times.teacher + timings[2].seconds));  // parts may not be more than the whole
        times.teacher *= scale;
        times.student = timings[2].seconds * scale;
        times.loss = whole - times.teacher - times.student;
    }
    train::Optimizer optimizer(model.weights, step.adam, step.weightDecay);
    times.optimizer = bestTiming(budget / 8, [&] { optimizer.update(gradients.gradients, 1.0, {0.0, 0.0}, threads); }).seconds;
    return times;
}

std::string milliseconds(double seconds) {
    return seconds == 0 ? "-" : fmt::format("{:.1f}", seconds * 1e3);
}

Result<ordered_json> benchSteps(const Options& options, const Ceilings& ceilings, std::string& text) {
    RADLADS_TRY_ASSIGN(BenchModel model, openModel(options));
    ProgressDisplay display(!options.quiet);
    Table table({{"Step", Align::Left}, {"tokens/s"}, {"ms/update"}, {"teacher"}, {"student"}, {"loss"}, {"optimizer"}, {"GFLOP/s"}, {"of GEMM"}});
    ordered_json steps = ordered_json::array();
    double share = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < model.plan.steps.size(); ++i) {
        const char* kind = protocol::toString(model.plan.steps[i].kind);
        display.message(fmt::format("Measuring step {} ({}) ...", i + 1, kind));
        const StepTimes times = timeStep(model, i, ceilings.threads, options.seconds);
        RADLADS_TRY(notInterrupted());
        const double rate = times.flops / times.total();
        share = std::min(share, times.share);
        table.add({fmt::format("{} {}", i + 1, kind), formatCount(times.tokens / times.total()), milliseconds(times.total()), milliseconds(times.teacher),
                   milliseconds(times.student), milliseconds(times.loss), milliseconds(times.optimizer), fmt::format("{:.1f}", rate / 1e9),
                   fmt::format("{:.2f}", rate / ceilings.gemmAll)});
        steps.push_back({{"kind", kind},
                         {"tokens_per_second", times.tokens / times.total()},
                         {"update_seconds", times.total()},
                         {"teacher_forward_seconds", times.teacher},
                         {"student_forward_backward_seconds", times.student},
                         {"loss_seconds", times.loss},
                         {"optimizer_seconds", times.optimizer},
                         {"model_flops_per_update", times.flops},
                         {"model_flops_per_second", rate},
                         {"gemm_ratio", rate / ceilings.gemmAll},
                         {"processor_share", times.share}});
    }
    text += fmt::format("\nSteps: {} ({})\n       to {}\n       {} sequences of {} tokens an update, float32, {} {}\n\n", oneLine(options.teacher),
                        describeDecoder(model.teacher.config), describeStudent(*model.config.student), options.batch, options.sequenceLength,
                        ceilings.threads, ceilings.threads == 1 ? "thread" : "threads");
    text += table.text();
    text += "\nteacher: forward; student: forward and backward below the head (step 1: with the loss); loss: heads, softmax and their gradients.\n"
            "Times in ms. GFLOP/s counts the model's own arithmetic; of GEMM: its share of the sgemm rate on all threads.\n";
    text += disturbance(share);
    return ordered_json{{"teacher", options.teacher},        {"teacher_config", configJson(model.teacher.config)}, {"student_config", configJson(model.config)},
                        {"sequence_length", options.sequenceLength}, {"batch_size", options.batch},              {"steps", steps}};
}

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
        const at::NoGradGuard noGrad;
        times.y = form(kernel.inputs).y;
    });
    std::vector<at::Tensor> leaves;
    for (const at::Tensor& input : kernel.inputs) leaves.push_back(input.detach().requires_grad_(true));
    const at::Tensor seed = at::ones_like(times.y);
    times.both = bestTiming(budget, [&] { model::gradients({form(leaves).y}, leaves, {seed}); });
    return times;
}

Result<ordered_json> benchKernels(const Options& options, const Ceilings& ceilings, std::string& text) {
    ProgressDisplay display(!options.quiet);
    Table table({{"Recurrence", Align::Left}, {"Form", Align::Left}, {"forward ms"}, {"fwd+bwd ms"}, {"tokens/s"}, {"GFLOP/s"}, {"of GEMM"}, {"kernel is"}, {"difference"}});
    ordered_json rows = ordered_json::array();
    const double tokens = static_cast<double>(kBatch * kLength);
    double share = std::numeric_limits<double>::infinity();
    for (const Kernel& kernel : kernels()) {
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
    text += fmt::format("\nKernels ({}): batch {}, {} tokens, {} heads, float32, one thread\n\n", model::describeKernels(), kBatch, kLength, kHeads);
    text += table.text();
    text += "\nGFLOP/s counts the arithmetic of the chunk form, forward and backward; of GEMM: its share of the sgemm rate on one thread.\n"
            "difference: largest, relative to the token loop's largest value.\n";
    text += disturbance(share);
    return ordered_json{{"kernels", model::describeKernels()}, {"batch", kBatch}, {"tokens", kLength}, {"heads", kHeads}, {"threads", 1}, {"results", rows}};
}

Result<int> bench(const Options& options) {
    const size_t threads = options.threads > 0 ? static_cast<size_t>(options.threads) : model::defaultThreads();
    const bool both = options.kernels == options.step && !options.ceilings;
    const run::Machine machine = run::describeMachine();
    ProgressDisplay display(!options.quiet);
    display.message("Measuring this machine's ceilings ...");
    const Stopwatch watch;
    Ceilings ceilings{threads, gemmFlopsPerSecond(1), 0, copyBytesPerSecond(1), 0, 0};
    ceilings.gemmAll = threads > 1 ? gemmFlopsPerSecond(threads) : ceilings.gemmOne;
    ceilings.copyAll = threads > 1 ? copyBytesPerSecond(threads) : ceilings.copyOne;
    ceilings.share = watch.processorShare();
    RADLADS_TRY(notInterrupted());

    Table table({{"Ceiling", Align::Left}, {"1 thread"}, {fmt::format("{} threads", threads)}});
    if (threads == 1) table = Table({{"Ceiling", Align::Left}, {"1 thread"}});
    table.add({"sgemm, GFLOP/s", fmt::format("{:.1f}", ceilings.gemmOne / 1e9), fmt::format("{:.1f}", ceilings.gemmAll / 1e9)});
    table.add({"memory copy, GB/s", fmt::format("{:.1f}", ceilings.copyOne / 1e9), fmt::format("{:.1f}", ceilings.copyAll / 1e9)});
    std::string text = fmt::format("{}, {} cores, {} hardware threads\n\n{}", machine.processor, machine.cores, machine.hardwareThreads, table.text()) + disturbance(ceilings.share);
    ordered_json json = {{"machine", {{"processor", machine.processor}, {"cores", machine.cores}, {"hardware_threads", machine.hardwareThreads}, {"threads_used", threads}}},
                         {"ceilings",
                          {{"sgemm_flops_per_second_1_thread", ceilings.gemmOne},
                           {"sgemm_flops_per_second_all_threads", ceilings.gemmAll},
                           {"copy_bytes_per_second_1_thread", ceilings.copyOne},
                           {"copy_bytes_per_second_all_threads", ceilings.copyAll},
                           {"processor_share", ceilings.share}}}};
    if (options.step || both) {
        RADLADS_TRY_ASSIGN(json["step"], benchSteps(options, ceilings, text));
    }
    if (options.kernels || both) {
        RADLADS_TRY_ASSIGN(json["kernels"], benchKernels(options, ceilings, text));
    }
    if (options.json) printJson(json);
    else fmt::print("{}", text);
    return 0;
}

}  // namespace

double gemmFlopsPerSecond(size_t threads) {
    constexpr int64_t kMatrix = 1024;
    const at::NoGradGuard noGrad;
    std::vector<at::Tensor> a, b, c;
    for (size_t i = 0; i < threads; ++i) {
        a.push_back(at::rand({kMatrix, kMatrix}, at::kFloat));
        b.push_back(at::rand({kMatrix, kMatrix}, at::kFloat));
        c.push_back(at::empty({kMatrix, kMatrix}, at::kFloat));
    }
    const double seconds = bestTiming(kCeilingSeconds, [&] {
        model::parallelTasks(threads, threads, [&](size_t i) {
            const at::NoGradGuard inTask;
            at::mm_out(c[i], a[i], b[i]);
        });
    }).seconds;
    return 2.0 * kMatrix * kMatrix * kMatrix * static_cast<double>(threads) / seconds;
}

double copyBytesPerSecond(size_t threads) {
    constexpr size_t kBytes = 64 << 20;
    std::vector<std::vector<char>> from(threads, std::vector<char>(kBytes, 1)), to(threads, std::vector<char>(kBytes));
    const double seconds =
        bestTiming(kCeilingSeconds, [&] { model::parallelTasks(threads, threads, [&](size_t i) { std::memcpy(to[i].data(), from[i].data(), kBytes); }); }).seconds;
    return 2.0 * kBytes * static_cast<double>(threads) / seconds;
}

void addBenchCommand(CLI::App& app, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("bench", "Speed on this machine beside its own ceilings (matrix products, memory bandwidth), as ratios");
    command->add_flag("--step", options->step, "The three training steps of a model (default: both parts)");
    command->add_flag("--kernels", options->kernels, "The recurrences: the kernels against LibTorch's operations");
    command->add_flag("--ceilings", options->ceilings, "The ceilings alone, unless --step or --kernels is given too");
    command->add_option("--teacher", options->teacher, "Hugging Face directory, or \"demo\"")->type_name("DIR")->capture_default_str();
    command->add_option("--student", options->student, "rad-rwkv7 or rad-rwkv6")->type_name("A")->capture_default_str();
    command->add_option("--sequence-length", options->sequenceLength, "Tokens of a sequence")->check(CLI::Range(1, 1 << 20))->type_name("N")->capture_default_str();
    command->add_option("--batch", options->batch, "Sequences of an update")->check(CLI::Range(1, 1 << 16))->type_name("N")->capture_default_str();
    command->add_option("--threads", options->threads, "Threads (default: all cores)")->check(CLI::Range(1, 1024))->type_name("N");
    command->add_option("--seconds", options->seconds, "Time spent on each measurement")->check(CLI::Range(0.05, 600.0))->type_name("S")->capture_default_str();
    command->add_flag("--json", options->json, "Print JSON on the standard output");
    command->add_flag("--quiet,-q", options->quiet, "No messages while measuring");
    command->footer(
        "Every time is the fastest of several rounds; the ceilings are measured in the same run. If other programs kept the processor busy\n"
        "all the while, a warning says so.\n"
        "Examples:\n"
        "  radlads-engine bench\n"
        "  radlads-engine bench --step --teacher Qwen2.5-0.5B --student rad-rwkv6 --sequence-length 512 --batch 4\n"
        "  radlads-engine bench --kernels --json\n");
    command->callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace radlads::worker
