// The plan as JSON: one table per struct. Reading, writing, `--set` and the hints for misspelt keys all follow the
// tables.
#include <algorithm>
#include <array>
#include <charconv>

#include "engine/protocol/json_fields.h"
#include "engine/protocol/plan.h"

namespace radlads::protocol {
namespace {

constexpr std::size_t kMaxPlanBytes = 4 << 20;
constexpr std::size_t kMaxPlanDepth = 32;
constexpr int64_t kReadsUpTo = 1;  // of radlads.plan/N
constexpr const char* kSchemaName = "radlads.plan/";

constexpr double kMaxTokens = 1e15;
constexpr double kMaxCount = 1e6;
constexpr double kMaxRate = 1e3;

using Refusal = std::optional<std::string>;

template <const auto& names>
Refusal oneOf(const std::string& text) {
    std::string known;
    for (const char* name : names) {
        if (text == name) return std::nullopt;
        known += (known.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    }
    return "is not known; it must be one of " + known;
}
constexpr std::array kDtypes{"float32", "bfloat16"};
constexpr std::array kOnOff{"auto", "on", "off"};
constexpr std::array kSharding{"none", "optimizer", "full"};
constexpr std::array kExportFormats{"hf", "gguf"};

Refusal planName(const std::string& text) {
    const bool control = std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (text.empty() || text.size() > 100 || control)
        return "is no name; it must be 1 to 100 bytes without control characters";
    return std::nullopt;
}

Refusal deviceName(const std::string& text) {
    constexpr std::string_view kCuda = "cuda:";
    if (text == "auto" || text == "cpu") return std::nullopt;
    const bool number =
        text.starts_with(kCuda) && text.size() > kCuda.size() && text.size() <= kCuda.size() + 4 &&
        std::all_of(text.begin() + kCuda.size(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (number) return std::nullopt;
    return "is no device; it must be \"auto\", \"cpu\" or \"cuda:N\" with N from 0 to 9999";
}

}  // namespace

constexpr auto choices(Tag<Architecture>) {
    return std::array<Choice<Architecture>, 3>{{{Architecture::RadRwkv7, "rad-rwkv7"},
                                                {Architecture::RadRwkv6, "rad-rwkv6"},
                                                {Architecture::Softmax, "softmax"}}};
}
constexpr auto choices(Tag<Variant>) {
    return std::array<Choice<Variant>, 2>{{{Variant::Balanced, "balanced"}, {Variant::GroupNorm, "groupnorm"}}};
}
constexpr auto choices(Tag<GateKind>) {
    return std::array<Choice<GateKind>, 3>{
        {{GateKind::None, "none"}, {GateKind::Full, "full"}, {GateKind::LowRank, "low-rank"}}};
}
constexpr auto choices(Tag<StepKind>) {
    return std::array<Choice<StepKind>, 4>{{{StepKind::Align, "align"},
                                            {StepKind::Distill, "distill"},
                                            {StepKind::Extend, "extend"},
                                            {StepKind::Pretrain, "pretrain"}}};
}
constexpr auto choices(Tag<Loss>) {
    return std::array<Choice<Loss>, 4>{
        {{Loss::AlignL2, "l2"}, {Loss::AlignMse, "mse"}, {Loss::Kl, "kl"}, {Loss::CrossEntropy, "cross-entropy"}}};
}
constexpr auto choices(Tag<Trainable>) {
    return std::array<Choice<Trainable>, 3>{
        {{Trainable::All, "all"}, {Trainable::Mixer, "mixer"}, {Trainable::MixerDecay, "mixer-decay"}}};
}
constexpr auto choices(Tag<ScheduleKind>) {
    return std::array<Choice<ScheduleKind>, 5>{{{ScheduleKind::Constant, "constant"},
                                                {ScheduleKind::Cosine, "cosine"},
                                                {ScheduleKind::Linear, "linear"},
                                                {ScheduleKind::Exponential, "exp"},
                                                {ScheduleKind::OneMinusSqrt, "one-minus-sqrt"}}};
}
constexpr auto choices(Tag<SamplerKind>) {
    return std::array<Choice<SamplerKind>, 2>{
        {{SamplerKind::Shuffle, "shuffle"}, {SamplerKind::MagicPrime, "magic-prime"}}};
}
constexpr auto choices(Tag<DataFormat>) {
    return std::array<Choice<DataFormat>, 4>{{{DataFormat::Auto, "auto"},
                                              {DataFormat::Text, "text"},
                                              {DataFormat::Jsonl, "jsonl"},
                                              {DataFormat::Binidx, "binidx"}}};
}
constexpr auto choices(Tag<Precision>) {
    return std::array<Choice<Precision>, 3>{{{Precision::Fp32, "fp32"}, {Precision::Bf16, "bf16"}, {Precision::Fp16, "fp16"}}};
}
constexpr auto choices(Tag<GuardAction>) {
    return std::array<Choice<GuardAction>, 2>{{{GuardAction::Rollback, "rollback"}, {GuardAction::Stop, "stop"}}};
}

constexpr auto fields(Tag<TeacherPlan>) {
    return std::tuple{field("path", &TeacherPlan::path), field("dtype", &TeacherPlan::dtype, textIs(oneOf<kDtypes>))};
}
constexpr auto fields(Tag<LoraRanks>) {
    constexpr Check rank = between(0, 65536);
    return std::tuple{field("decay", &LoraRanks::decay, rank), field("iclr", &LoraRanks::iclr, rank),
                      field("value", &LoraRanks::value, rank), field("gate", &LoraRanks::gate, rank),
                      field("token_shift", &LoraRanks::tokenShift, rank)};
}
constexpr auto fields(Tag<StudentPlan>) {
    return std::tuple{field("architecture", &StudentPlan::architecture),
                      field("variant", &StudentPlan::variant),
                      field("rope", &StudentPlan::rope),
                      field("token_shift", &StudentPlan::tokenShift),
                      field("gate", &StudentPlan::gate),
                      field("lora_ranks", &StudentPlan::loraRanks),
                      field("attention_layers", &StudentPlan::attentionLayers, between(0, kMaxElements - 1))};
}
constexpr auto fields(Tag<ModelPlan>) {
    constexpr Check size = between(1, kMaxCount);
    return std::tuple{field("hidden_size", &ModelPlan::hiddenSize, size),
                      field("layers", &ModelPlan::layers, between(1, kMaxElements)),
                      field("heads", &ModelPlan::heads, size),
                      field("kv_heads", &ModelPlan::kvHeads, size),
                      field("head_dim", &ModelPlan::headDim, size),
                      field("intermediate_size", &ModelPlan::intermediateSize, size),
                      field("rope_theta", &ModelPlan::ropeTheta, between(1, 1e12)),
                      field("tie_embeddings", &ModelPlan::tieEmbeddings),
                      field("induction_start", &ModelPlan::inductionStart)};
}
constexpr auto fields(Tag<SourcePlan>) {
    return std::tuple{field("path", &SourcePlan::path), field("format", &SourcePlan::format),
                      field("text_key", &SourcePlan::textKey), field("weight", &SourcePlan::weight, above(0, 1e9))};
}
constexpr auto fields(Tag<ValidationPlan>) {
    return std::tuple{field("sources", &ValidationPlan::sources),
                      field("windows", &ValidationPlan::windows, between(0, kMaxCount)),
                      field("every_steps", &ValidationPlan::everySteps, between(1, 1e9))};
}
constexpr auto fields(Tag<DataPlan>) {
    return std::tuple{field("sources", &DataPlan::sources), field("tokenizer", &DataPlan::tokenizer),
                      field("append_eos", &DataPlan::appendEos), field("sampler", &DataPlan::sampler),
                      field("validation", &DataPlan::validation)};
}
constexpr auto fields(Tag<LearningRatePlan>) {
    constexpr Check rate = between(0, kMaxRate);
    constexpr Check fraction = between(0, 1);
    return std::tuple{field("initial", &LearningRatePlan::initial, rate),
                      field("final", &LearningRatePlan::final, rate),
                      field("mixer_initial", &LearningRatePlan::mixerInitial, rate),
                      field("mixer_final", &LearningRatePlan::mixerFinal, rate),
                      field("schedule", &LearningRatePlan::schedule),
                      field("wait", &LearningRatePlan::wait, fraction),
                      field("endpoint", &LearningRatePlan::endpoint, fraction),
                      field("warmup_steps", &LearningRatePlan::warmupSteps, between(0, 1e9))};
}
constexpr auto fields(Tag<AdamPlan>) {
    constexpr Check beta = between(0, 0.999999999);
    return std::tuple{field("beta1", &AdamPlan::beta1, beta), field("beta2", &AdamPlan::beta2, beta),
                      field("epsilon", &AdamPlan::epsilon, above(0, 1))};
}
constexpr auto fields(Tag<StepPlan>) {
    return std::tuple{field("kind", &StepPlan::kind),
                      field("tokens", &StepPlan::tokens, between(0, kMaxTokens)),
                      field("sequence_length", &StepPlan::sequenceLength, between(1, 1 << 20)),
                      field("batch_size", &StepPlan::batchSize, between(1, kMaxCount)),
                      field("micro_batch_size", &StepPlan::microBatchSize, between(0, kMaxCount)),
                      field("loss", &StepPlan::loss),
                      field("train", &StepPlan::train),
                      field("learning_rate", &StepPlan::learningRate),
                      field("adam", &StepPlan::adam),
                      field("weight_decay", &StepPlan::weightDecay, between(0, kMaxRate)),
                      field("gradient_clip", &StepPlan::gradientClip, between(0, 1e9))};
}
constexpr auto fields(Tag<HardwarePlan>) {
    return std::tuple{field("device", &HardwarePlan::device, textIs(deviceName)),
                      field("ranks", &HardwarePlan::ranks, between(1, 65536)),
                      field("precision", &HardwarePlan::precision),
                      field("threads", &HardwarePlan::threads, between(0, 65536)),
                      field("activation_checkpointing", &HardwarePlan::activationCheckpointing, textIs(oneOf<kOnOff>)),
                      field("sharding", &HardwarePlan::sharding, textIs(oneOf<kSharding>))};
}
constexpr auto fields(Tag<CheckpointPlan>) {
    return std::tuple{field("every_tokens", &CheckpointPlan::everyTokens, between(0, kMaxTokens)),
                      field("every_minutes", &CheckpointPlan::everyMinutes, between(0, 1e6)),
                      field("keep_last", &CheckpointPlan::keepLast, between(1, kMaxCount)),
                      field("keep_best", &CheckpointPlan::keepBest)};
}
constexpr auto fields(Tag<GuardPlan>) {
    return std::tuple{field("nan", &GuardPlan::nan), field("spike_factor", &GuardPlan::spikeFactor, between(0, 1e9)),
                      field("max_rollbacks", &GuardPlan::maxRollbacks, between(0, kMaxCount)),
                      field("learning_rate_factor", &GuardPlan::learningRateFactor, above(0, 1))};
}
constexpr auto fields(Tag<EvaluationPlan>) {
    return std::tuple{field("tasks", &EvaluationPlan::tasks),
                      field("every_tokens", &EvaluationPlan::everyTokens, between(0, kMaxTokens)),
                      field("limit", &EvaluationPlan::limit, between(0, 1e9))};
}
constexpr auto fields(Tag<ExportPlan>) {
    return std::tuple{field("format", &ExportPlan::format, textIs(oneOf<kExportFormats>)),
                      field("path", &ExportPlan::path)};
}
constexpr auto fields(Tag<Plan>) {
    return std::tuple{field("name", &Plan::name, textIs(planName)),
                      field("seed", &Plan::seed, atLeast(0)),
                      field("teacher", &Plan::teacher),
                      field("student", &Plan::student),
                      field("model", &Plan::model),
                      field("data", &Plan::data),
                      field("steps", &Plan::steps),
                      field("hardware", &Plan::hardware),
                      field("checkpoints", &Plan::checkpoints),
                      field("guard", &Plan::guard),
                      field("evaluation", &Plan::evaluation),
                      field("export", &Plan::exports)};
}

namespace {

template <class E>
const char* nameOf(E value) {
    for (const Choice<E>& choice : choices(Tag<E>{}))
        if (choice.value == value) return choice.name;
    return "?";
}

Status checkSchema(const nlohmann::json& document) {
    if (!document.is_object()) return invalidInput("a plan is a JSON object; see `radlads-engine plan new --help`");
    const auto schema = document.find("schema");
    if (schema == document.end())
        return invalidInput("\"schema\" is missing; a plan starts with \"schema\": \"{}\"", kPlanSchema);
    const std::string text = schema->is_string() ? schema->get<std::string>() : std::string();
    const std::string_view prefix = kSchemaName;
    int64_t version = 0;
    if (text.starts_with(prefix)) {
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + prefix.size(), end, version);
        if (parsed.ptr != end || parsed.ec == std::errc::invalid_argument)
            version = 0;
        else if (parsed.ec == std::errc::result_out_of_range)
            version = kReadsUpTo + 1;
    }
    if (version < 1) return invalidInput("schema: expected \"{}\"; this file is no plan", kPlanSchema);
    if (version > kReadsUpTo)
        return invalidInput("this plan is schema {}{}; this program reads up to /{}: update Radlads Studio",
                            kSchemaName, text.substr(prefix.size()).substr(0, 20), kReadsUpTo);
    return {};
}

Result<Plan> planFromJson(nlohmann::json document) {
    RADLADS_TRY(checkSchema(document));
    document.erase("schema");
    Plan plan;
    RADLADS_TRY(readFields(document, "", UnknownKeys::Refuse, plan));
    return plan;
}

nlohmann::ordered_json planToJson(const Plan& plan) {
    nlohmann::ordered_json document = {{"schema", kPlanSchema}};
    const nlohmann::ordered_json keys = writeFields(plan);
    for (auto entry = keys.begin(); entry != keys.end(); ++entry) document[entry.key()] = *entry;
    return document;
}

tl::unexpected<Error> prefixed(const std::string& where, Error error) {
    error.message = where + ": " + error.message;
    return tl::unexpected(std::move(error));
}

// "a.b[2].c" and "a.b.2.c" as their parts.
std::vector<std::string> splitPath(std::string_view path) {
    std::vector<std::string> parts(1);
    for (const char c : path) {
        if (c == '.' || c == '[')
            parts.emplace_back();
        else if (c != ']')
            parts.back() += c;
    }
    return parts;
}

// The place that the path names, made on the way in objects (the tables refuse keys that they do not know later).
Result<nlohmann::json*> locate(nlohmann::json& document, const std::vector<std::string>& parts) {
    if (parts.size() > kMaxPlanDepth) return invalidInput("the key has more than {} parts", kMaxPlanDepth);
    nlohmann::json* place = &document;
    std::string path;
    for (const std::string& part : parts) {
        if (place->is_array()) {
            std::size_t index = 0;
            const auto parsed = std::from_chars(part.data(), part.data() + part.size(), index);
            if (parsed.ec != std::errc() || parsed.ptr != part.data() + part.size())
                return invalidInput("{} is a list; name an element by its number, as in {}.0", path, path);
            if (index >= place->size())
                return invalidInput("{} has no element {}; how many there are: {}", path, index, place->size());
            place = &(*place)[index];
            path += fmt::format("[{}]", index);
        } else if (place->is_object() || place->is_null()) {
            if (part.empty()) return invalidInput("a part of the key is empty; write it as in steps.0.tokens");
            place = &(*place)[part];
            path = detail::joined(path, part);
        } else {
            return invalidInput("{} is a single value; it has no key {}", path, quote(part));
        }
    }
    return place;
}

}  // namespace

const char* toString(Architecture value) {
    return nameOf(value);
}
const char* toString(Variant value) {
    return nameOf(value);
}
const char* toString(GateKind value) {
    return nameOf(value);
}
const char* toString(StepKind value) {
    return nameOf(value);
}
const char* toString(Loss value) {
    return nameOf(value);
}
const char* toString(Trainable value) {
    return nameOf(value);
}
const char* toString(ScheduleKind value) {
    return nameOf(value);
}
const char* toString(SamplerKind value) {
    return nameOf(value);
}
const char* toString(DataFormat value) {
    return nameOf(value);
}
const char* toString(Precision value) {
    return nameOf(value);
}
const char* toString(GuardAction value) {
    return nameOf(value);
}

Result<Plan> parsePlan(const std::string& json, const std::string& where) {
    RADLADS_TRY_ASSIGN(nlohmann::json document, parseJson(json, where, kMaxPlanBytes, kMaxPlanDepth));
    auto plan = planFromJson(std::move(document));
    if (!plan) return prefixed(where, std::move(plan.error()));
    return plan;
}

std::string writePlan(const Plan& plan) {
    return planToJson(plan).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Status setPlanKey(Plan& plan, const std::string& assignment) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0)
        return invalidInput("--set {}: write it as KEY=VALUE, as in steps.0.tokens=1e6", quote(assignment));
    const std::string key = assignment.substr(0, equals), text = assignment.substr(equals + 1);
    const std::string where = "--set " + quote(key);

    nlohmann::json document =
        nlohmann::json::parse(planToJson(plan).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    auto place = locate(document, splitPath(key));
    if (!place) return prefixed(where, std::move(place.error()));
    const bool wasText = (*place)->is_string();
    auto value = parseJson(text, where, kMaxPlanBytes, kMaxPlanDepth - 1);
    // Where a text stands now, what is no JSON text is taken as it is: `name=7`.
    **place = value && (!wasText || value->is_string()) ? std::move(*value) : nlohmann::json(text);

    // Bytes that are not UTF-8 would not survive the run's copy of the plan.
    auto parsed = parsePlan(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), where);
    if (!parsed) return tl::unexpected(std::move(parsed.error()));
    plan = std::move(*parsed);
    return {};
}

}  // namespace radlads::protocol
