// bench --step: where the time of an update goes, in each of the three training steps of a model.
#include <algorithm>
#include <cmath>

#include "engine/convert/losses.h"
#include "engine/convert/setup.h"
#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/device.h"
#include "engine/model/precision.h"
#include "engine/model/threads.h"
#include "engine/train/optimizer.h"
#include "engine/train/session.h"
#include "engine/train/updater.h"
#include "engine/worker/bench.h"
#include "engine/worker/command.h"
#include "engine/worker/model_facts.h"
#include "engine/worker/progress.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;
using protocol::StepKind;

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
    at::Device device = at::kCPU;
    convert::ModelView teacherView() const { return {teacher.weights, teacher.config}; }
    convert::ModelView studentView() const { return {weights, config}; }
};

Result<protocol::Plan> benchPlan(const BenchOptions& options) {
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
    RADLADS_TRY(protocol::setPlanKey(plan, "hardware.precision=" + ordered_json(options.precision).dump()));
    if (options.precision == "bf16") plan.teacher.dtype = "bfloat16";
    RADLADS_TRY(protocol::resolvePlan(plan));
    return plan;
}

// Of the size that trained ones have; drawn where they are used, which is quick for large models.
model::Weights randomWeights(const io::ModelConfig& config, const at::Device& device) {
    model::Weights weights;
    for (const model::ParameterSpec& spec : model::parameterSpecs(config)) {
        const at::TensorOptions options = at::TensorOptions(device).dtype(at::kFloat);
        weights[spec.name] = spec.shape.size() == 1 ? at::ones(spec.shape, options)
                                                    : at::randn(spec.shape, options).mul_(1 / std::sqrt(static_cast<double>(spec.shape.back())));
    }
    return weights;
}

Status openModel(const BenchOptions& options, BenchModel& model) {
    RADLADS_TRY_ASSIGN(model.plan, benchPlan(options));
    RADLADS_TRY_ASSIGN(model.device, model::openDevice(options.device, "--device"));
    model::prepareDevice(model.device, model.plan.hardware.precision);
    if (options.teacher.ends_with(".json")) {
        RADLADS_TRY_ASSIGN(model.teacher.config, io::readModelConfig(options.teacher));
        model.teacher.weights = randomWeights(model.teacher.config, model.device);
    } else {
        RADLADS_TRY_ASSIGN(model.teacher, model::loadCheckpoint(train::resolveTeacherPath(options.teacher)));
    }
    RADLADS_TRY_ASSIGN(model.config, convert::studentConfig(model.teacher.config, model.plan.student));
    if (options.teacher.ends_with(".json")) {
        model.weights = randomWeights(model.config, model.device);
    } else {
        model.weights = convert::studentWeights(model.teacher.weights, model.config, 1);
    }
    model::moveTo(model.teacher.weights, model.device);
    model::moveTo(model.weights, model.device);
    if (!model.device.is_cpu())
        for (protocol::StepPlan& step : model.plan.steps) step.microBatchSize = run::gpuMicroBatch(step);
    run::ModelShape shape = modelShape(model.config);
    shape.tiedEmbeddings = model.teacher.config.tieEmbeddings;
    model.estimate = run::estimatePlan(shape, model.plan);
    if (model.plan.teacher.dtype == "bfloat16") model::holdInBfloat16(model.teacher.weights);
    return {};
}

std::vector<int32_t> randomTokens(int64_t count, int64_t vocabSize) {
    const at::Tensor ids = at::randint(vocabSize, {count}, at::kInt);
    return {ids.data_ptr<int32_t>(), ids.data_ptr<int32_t>() + count};
}

train::LossFunction lossFunction(const BenchModel& model, const protocol::StepPlan& step) {
    switch (step.kind) {
        case StepKind::Align:
            return [&model](const at::Tensor& tokens) {
                const model::PrecisionScope scope(model.plan.hardware.precision);
                return convert::alignLoss(model.teacherView(), model.studentView(), tokens.narrow(1, 0, tokens.size(1) - 1), protocol::Loss::AlignL2);
            };
        case StepKind::Distill:
            return [&model](const at::Tensor& tokens) {
                const model::PrecisionScope scope(model.plan.hardware.precision);
                return convert::distillLoss(model.teacherView(), model.studentView(), tokens);
            };
        default:
            return [&model](const at::Tensor& tokens) {
                const model::PrecisionScope scope(model.plan.hardware.precision);
                return convert::crossEntropyLoss(model.studentView(), tokens);
            };
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
    model::waitFor(model.device);
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
        model::parallelTasks(count, threads, [&](size_t i) {
            const model::PrecisionScope scope(model.plan.hardware.precision);
            task(inputs.narrow(0, static_cast<int64_t>(i) * micro, micro));
        });
    };

    train::BatchGradients gradients;
    const train::LossFunction loss = lossFunction(model, step);
    // The whole and its parts in turns, so that a busy moment of the machine meets them all.
    const std::vector<Timing> timings = bestTimings(
        budget, {[&] { gradients = train::batchGradients(batch, step, loss, threads); },
                 [&] {
                     if (step.kind == StepKind::Extend) return;
                     microBatches([&](const at::Tensor& tokens) {
                         const c10::NoGradGuard noGrad;
                         model::hiddenStates(model.teacher.weights, model.teacher.config, tokens);
                         model::waitFor(model.device);
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
    times.optimizer = bestTiming(budget / 8, [&] { 
                              optimizer.update(gradients.gradients, 1.0, {0.0, 0.0}, threads);
                              model::waitFor(model.device);
                          }).seconds;
    return times;
}

}  // namespace

Result<ordered_json> benchSteps(const BenchOptions& options, const Ceilings& ceilings, std::string& text) {
    BenchModel model;
    RADLADS_TRY(openModel(options, model));
    ProgressDisplay display(!options.quiet);
    Table table({{"Step", Align::Left}, {"tokens/s"}, {"ms/update"}, {"teacher"}, {"student"}, {"loss"}, {"optimizer"}, {"GFLOP/s"}, {"of GEMM"}});
    ordered_json steps = ordered_json::array();
    double share = std::numeric_limits<double>::infinity();
    const protocol::Precision precision = model.plan.hardware.precision;
    const size_t threads = std::max<size_t>(1, ceilings.threads);  // a GPU has one queue
    const double gemm = precision == protocol::Precision::Bf16   ? std::max(ceilings.bf16All, ceilings.bf16TorchAll)
                        : precision == protocol::Precision::Fp16 ? ceilings.fp16All
                                                                 : ceilings.gemmAll;
    for (size_t i = 0; i < model.plan.steps.size(); ++i) {
        const char* kind = protocol::toString(model.plan.steps[i].kind);
        display.message(fmt::format("Measuring step {} ({}) ...", i + 1, kind));
        const StepTimes times = timeStep(model, i, threads, options.seconds);
        RADLADS_TRY(notInterrupted());
        const double rate = times.flops / times.total();
        share = std::min(share, times.share);
        table.add({fmt::format("{} {}", i + 1, kind), formatCount(times.tokens / times.total()), milliseconds(times.total()), milliseconds(times.teacher),
                   milliseconds(times.student), milliseconds(times.loss), milliseconds(times.optimizer), fmt::format("{:.1f}", rate / 1e9),
                   fmt::format("{:.2f}", rate / gemm)});
        steps.push_back({{"kind", kind},
                         {"tokens_per_second", times.tokens / times.total()},
                         {"update_seconds", times.total()},
                         {"teacher_forward_seconds", times.teacher},
                         {"student_forward_backward_seconds", times.student},
                         {"loss_seconds", times.loss},
                         {"optimizer_seconds", times.optimizer},
                         {"model_flops_per_update", times.flops},
                         {"model_flops_per_second", rate},
                         {"gemm_ratio", rate / gemm},
                         {"processor_share", times.share}});
    }
    text += fmt::format("\nSteps: {} ({})\n       to {}\n       {} sequences of {} tokens an update, {}, {}\n\n", oneLine(options.teacher),
                        describeDecoder(model.teacher.config), describeStudent(*model.config.student), options.batch, options.sequenceLength,
                        precision == protocol::Precision::Fp32 ? "float32" : std::string(protocol::toString(precision)) + " products",
                        ceilings.threads == 0 ? model::nameOf(model.device) : fmt::format("{} {}", threads, threads == 1 ? "thread" : "threads"));
    text += table.text();
    text += "\nteacher: forward; student: forward and backward below the head (step 1: with the loss); loss: heads, softmax and their gradients.\n"
            "Times in ms. GFLOP/s counts the model's own arithmetic; of GEMM: its share of the rate of products of that dtype on all threads.\n";
    if (ceilings.threads > 0) text += disturbance(share);
    return ordered_json{{"teacher", options.teacher},        {"teacher_config", configJson(model.teacher.config)}, {"student_config", configJson(model.config)},
                        {"sequence_length", options.sequenceLength}, {"batch_size", options.batch},              {"steps", steps}};
}

}  // namespace radlads::worker
