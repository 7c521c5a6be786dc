// What a plan must fulfil beyond single keys, and the defaults that depend on the architecture.
#include "engine/protocol/plan.h"

#include <algorithm>
#include <array>
#include <set>

namespace radlads::protocol {
namespace {

struct ArchitectureDefaults {
    Architecture architecture;
    Variant variant;
    bool rope, tokenShift;
    GateKind gate;
};
constexpr std::array<ArchitectureDefaults, 2> kArchitectureDefaults{{
    {Architecture::RadRwkv7, Variant::GroupNorm, true, false, GateKind::LowRank},
    {Architecture::RadRwkv6, Variant::Balanced, false, true, GateKind::Full},
}};

// What each kind of step may compute; the first loss is the default. order: a step never follows one of a higher order.
struct KindRules {
    StepKind kind;
    int order;
    std::vector<Loss> losses;
    std::vector<Trainable> trainable;
};
const std::array<KindRules, 4>& kindRules() {
    static const std::array<KindRules, 4> rules{{
        {StepKind::Align, 0, {Loss::AlignL2, Loss::AlignMse}, {Trainable::All, Trainable::Mixer}},
        {StepKind::Distill, 1, {Loss::Kl}, {Trainable::All, Trainable::Mixer}},
        {StepKind::Extend, 2, {Loss::CrossEntropy}, {Trainable::All, Trainable::Mixer, Trainable::MixerDecay}},
        {StepKind::Pretrain, 0, {Loss::CrossEntropy}, {Trainable::All}},
    }};
    return rules;
}
const KindRules& rulesOf(StepKind kind) {
    return *std::find_if(kindRules().begin(), kindRules().end(),
                         [&](const KindRules& rules) { return rules.kind == kind; });
}

template <class E>
std::string listed(const std::vector<E>& values) {
    std::string text;
    for (const E value : values) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", toString(value));
    return text;
}

template <class E>
bool contains(const std::vector<E>& values, E value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

Status resolveStudent(StudentPlan& student) {
    std::set<int64_t> seen;
    for (const int64_t layer : student.attentionLayers)
        if (!seen.insert(layer).second)
            return invalidInput("student.attention_layers: layer {} is listed twice; name it once", layer);
    if (student.architecture == Architecture::Softmax) {
        if (student.variant || student.rope || student.tokenShift || student.gate || !student.attentionLayers.empty())
            return invalidInput(
                "student: architecture \"softmax\" has no variant, rope, token_shift, gate or attention_layers; remove "
                "them");
        return {};
    }
    if (student.architecture == Architecture::RadRwkv7 && student.tokenShift.value_or(false))
        return invalidInput("student.token_shift: rad-rwkv7 has no token shift; set it to false or choose rad-rwkv6");
    for (const ArchitectureDefaults& defaults : kArchitectureDefaults) {
        if (defaults.architecture != student.architecture) continue;
        student.variant = student.variant.value_or(defaults.variant);
        student.rope = student.rope.value_or(defaults.rope);
        student.tokenShift = student.tokenShift.value_or(defaults.tokenShift);
        student.gate = student.gate.value_or(defaults.gate);
    }
    return {};
}

Status checkLearningRate(const LearningRatePlan& rate, const std::string& path) {
    if (rate.schedule == ScheduleKind::Constant) return {};
    if (rate.wait >= rate.endpoint)
        return invalidInput("{}.wait: {} is not before endpoint {}; the rate would never fall", path, rate.wait,
                            rate.endpoint);
    const bool zero = rate.initial == 0 || rate.final == 0 || rate.mixerInitial == 0.0 || rate.mixerFinal == 0.0;
    if (rate.schedule == ScheduleKind::Exponential && zero)
        return invalidInput("{}.schedule: \"exp\" cannot start from or reach 0; give rates above 0", path);
    return {};
}

Status resolveStep(StepPlan& step, const std::string& path, int64_t ranks) {
    const KindRules& rules = rulesOf(step.kind);
    const char* kind = toString(step.kind);
    if (step.tokens <= 0)
        return invalidInput("{}.tokens: must be above 0; say how many tokens the step trains on", path);
    if (!step.loss) step.loss = rules.losses.front();
    if (!contains(rules.losses, *step.loss))
        return invalidInput("{}.loss: \"{}\" does not belong to \"{}\"; it takes {}", path, toString(*step.loss), kind,
                            listed(rules.losses));
    if (!contains(rules.trainable, step.train))
        return invalidInput("{}.train: \"{}\" does not belong to \"{}\"; it takes {}", path, toString(step.train), kind,
                            listed(rules.trainable));
    if (step.batchSize % ranks != 0)
        return invalidInput("{}.batch_size: {} is not a multiple of hardware.ranks {}", path, step.batchSize, ranks);
    const int64_t perRank = step.batchSize / ranks;
    if (step.microBatchSize > 0 && perRank % step.microBatchSize != 0)
        return invalidInput(
            "{}.micro_batch_size: {} does not divide the batch of {} sequences{}; choose a divisor, or 0 for automatic",
            path, step.microBatchSize, perRank, ranks > 1 ? " of one rank" : "");
    return checkLearningRate(step.learningRate, path + ".learning_rate");
}

Status resolveSteps(Plan& plan) {
    if (plan.steps.empty()) return invalidInput("steps: there is none; give at least one step");
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const std::string path = fmt::format("steps[{}]", i);
        RADLADS_TRY(resolveStep(plan.steps[i], path, plan.hardware.ranks));
        if (i == 0) continue;
        const StepKind before = plan.steps[i - 1].kind, kind = plan.steps[i].kind;
        if ((before == StepKind::Pretrain) != (kind == StepKind::Pretrain))
            return invalidInput("{}.kind: \"pretrain\" stands alone; a plan either pretrains or converts", path);
        if (rulesOf(kind).order < rulesOf(before).order)
            return invalidInput("{}.kind: \"{}\" comes after \"{}\"; the order is align, distill, extend", path,
                                toString(kind), toString(before));
    }
    return {};
}

Status checkModel(const ModelPlan& model) {
    if (model.heads % model.kvHeads != 0)
        return invalidInput("model.kv_heads: {} does not divide heads {}", model.kvHeads, model.heads);
    if (model.headDim % 2 != 0)
        return invalidInput("model.head_dim: {} is odd; rotary embeddings need an even size", model.headDim);
    return {};
}

Status checkRoles(const Plan& plan) {
    const bool pretrain = plan.steps.front().kind == StepKind::Pretrain;
    const bool softmax = plan.student.architecture == Architecture::Softmax;
    if (pretrain && !softmax)
        return invalidInput("student.architecture: a \"pretrain\" step trains a softmax model; set it to \"softmax\"");
    if (softmax && !pretrain)
        return invalidInput(
            "student.architecture: \"softmax\" is for \"pretrain\" steps alone; choose rad-rwkv7 or rad-rwkv6");
    if (pretrain && !plan.model)
        return invalidInput("model: is missing; a \"pretrain\" step needs the sizes of the model");
    if (!pretrain && plan.model)
        return invalidInput("model: belongs to \"pretrain\" steps alone; the teacher gives the sizes here; remove it");
    if (plan.model) RADLADS_TRY(checkModel(*plan.model));
    if (!pretrain && plan.teacher.path.empty())
        return invalidInput("teacher.path: is empty; name the directory of the model to convert, or \"demo\"");
    if (pretrain && plan.data.tokenizer.empty())
        return invalidInput("data.tokenizer: is empty; a \"pretrain\" step has no teacher to take the tokenizer from");
    return {};
}

Status checkSources(const std::vector<SourcePlan>& sources, const std::string& path) {
    for (std::size_t i = 0; i < sources.size(); ++i)
        if (sources[i].path.empty())
            return invalidInput("{}[{}].path: is empty; name a file, a directory or a binidx prefix", path, i);
    return {};
}

}  // namespace

Status resolvePlan(Plan& plan) {
    Plan resolved = plan;
    RADLADS_TRY(resolveStudent(resolved.student));
    RADLADS_TRY(resolveSteps(resolved));
    RADLADS_TRY(checkRoles(resolved));
    if (resolved.data.sources.empty())
        return invalidInput("data.sources: there is none; name at least one file, directory or binidx prefix");
    RADLADS_TRY(checkSources(resolved.data.sources, "data.sources"));
    RADLADS_TRY(checkSources(resolved.data.validation.sources, "data.validation.sources"));
    for (std::size_t i = 0; i < resolved.exports.size(); ++i)
        if (resolved.exports[i].path.empty())
            return invalidInput("export[{}].path: is empty; name where the model goes", i);
    plan = std::move(resolved);
    return {};
}

}  // namespace radlads::protocol
