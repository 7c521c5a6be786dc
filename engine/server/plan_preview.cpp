#include "engine/server/plan_preview.h"

#include <sched.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/server/display.h"
#include "engine/run/machine.h"
#include "engine/server/places.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;
using protocol::Plan;
using protocol::StepPlan;

constexpr double kAssumedUtilisation = 0.3;  // of the rate of matrix products, as `check` assumes it without a probe
constexpr int kMostFiles = 10000;

tl::unexpected<RpcError> atKey(int code, const char* key, std::string message) {
    return tl::unexpected(RpcError{code, std::move(message), key});
}

int64_t countAt(const ordered_json& config, const char* key) {
    const auto found = config.find(key);
    return found != config.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

bool flagAt(const ordered_json& config, const char* key, bool otherwise) {
    const auto found = config.find(key);
    return found != config.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

// The sizes of the teacher from what `inspect --json` says of it.
tl::expected<run::ModelShape, RpcError> teacherShape(const ordered_json& document, const Plan& plan) {
    const auto found = document.find("config");
    if (found == document.end() || !found->is_object())
        return atKey(kInputError, "teacher.path",
                     fmt::format("teacher.path: {} is no model (it is: {})", plan.teacher.path,
                                 document.value("kind", ordered_json("unknown")).dump()));
    const ordered_json& config = *found;
    if (config.contains("student"))
        return atKey(kInputError, "teacher.path",
                     "teacher.path: the model is a linear-attention student already; choose a softmax teacher");
    const ordered_json family = config.value("family", ordered_json());
    run::ModelShape shape;
    shape.layers = countAt(config, "layers");
    shape.hidden = countAt(config, "hidden_size");
    shape.heads = countAt(config, "heads");
    shape.kvHeads = countAt(config, "kv_heads");
    shape.headDim = countAt(config, "head_dim");
    shape.ffn = countAt(config, "intermediate_size");
    shape.vocab = countAt(config, "vocab_size");
    shape.qkvBias = flagAt(config, "qkv_bias", family == "qwen2");
    shape.qkNorm = flagAt(config, "qk_norm", family == "qwen3");
    shape.tiedEmbeddings = flagAt(config, "tie_embeddings", false);
    for (const int64_t size :
         {shape.layers, shape.hidden, shape.heads, shape.kvHeads, shape.headDim, shape.ffn, shape.vocab})
        if (size <= 0)
            return atKey(kFailedError, "teacher.path", "teacher.path: the worker did not tell the sizes of the model");
    return shape;
}

tl::expected<void, RpcError> addStudent(const Plan& plan, run::ModelShape& shape) {
    shape.student = plan.student;
    shape.student.loraRanks = run::resolveRanks(plan.student.loraRanks, shape.hidden);
    const auto& kept = plan.student.attentionLayers;
    for (const int64_t layer : kept)
        if (layer < 0 || layer >= shape.layers)
            return atKey(kInputError, "student.attention_layers",
                         fmt::format("student.attention_layers: there is no layer {}; the teacher's layers are 0 to {}",
                                     layer, shape.layers - 1));
    if (static_cast<int64_t>(kept.size()) == shape.layers)
        return atKey(kInputError, "student.attention_layers",
                     "student.attention_layers: every layer is kept as softmax, so there is nothing to convert");
    return {};
}

run::ModelShape pretrainShape(const protocol::ModelPlan& model, int64_t vocabSize) {
    run::ModelShape shape;
    shape.layers = model.layers;
    shape.hidden = model.hiddenSize;
    shape.heads = model.heads;
    shape.kvHeads = model.kvHeads;
    shape.headDim = model.headDim;
    shape.ffn = model.intermediateSize;
    shape.vocab = vocabSize;
    shape.tiedEmbeddings = model.tieEmbeddings;
    shape.student.architecture = protocol::Architecture::Softmax;
    return shape;
}

int64_t usableThreads() {
    cpu_set_t set;
    CPU_ZERO(&set);
    return ::sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
}

// Data need not be there yet; what is there has its size. Tokens are known to data.preview and to the probe.
ordered_json sourceJson(const protocol::SourcePlan& source, bool validation) {
    ordered_json json = {{"path", source.path},
                         {"validation", validation},
                         {"format", protocol::toString(source.format)},
                         {"exists", source.path.starts_with("demo:")},
                         {"files", nullptr},
                         {"bytes", nullptr},
                         {"tokens", nullptr},
                         {"tokens_basis", nullptr},
                         {"weight", source.weight}};
    std::error_code error;
    const fs::path path = source.path;
    std::vector<fs::path> files;
    if (fs::is_regular_file(path, error)) files.push_back(path);
    if (fs::is_regular_file(fs::path(path) += ".bin", error)) files.push_back(fs::path(path) += ".bin");
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        if (entry->is_regular_file(ignored) && files.size() < kMostFiles) files.push_back(entry->path());
    }
    if (files.empty()) return json;
    uint64_t bytes = 0;
    for (const fs::path& file : files) {
        const auto size = fs::file_size(file, error);
        if (!error) bytes += size;
    }
    json["exists"] = true;
    json["files"] = files.size();
    json["bytes"] = bytes;
    return json;
}

double freeBytes(const fs::path& path) {
    struct statvfs space {};
    if (::statvfs(path.c_str(), &space) != 0) return 0;
    return static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize);
}

class Document {
public:
    Document(const Plan& plan, const run::ModelShape& shape, std::optional<double> rate, std::optional<double> price)
        : m_plan(plan),
          m_shape(shape),
          m_rate(rate),
          m_price(price),
          m_machine(run::describeMachine()),
          m_threads(plan.hardware.threads > 0 ? plan.hardware.threads : usableThreads()),
          m_demand(run::demandOf(shape, plan, m_threads)) {}

    ordered_json make(const fs::path& runsDirectory) const {
        const bool pretrain = m_shape.student.architecture == protocol::Architecture::Softmax;
        ordered_json document = {{"name", m_plan.name}, {"teacher", nullptr}};
        if (!pretrain) {
            document["teacher"] = {
                {"path", m_plan.teacher.path}, {"parameters", m_demand.parameters.teacher}, {"config", configJson()}};
        }
        ordered_json config = configJson();
        if (!pretrain) {
            config["tie_embeddings"] = false;
            config["student"] = studentJson();
        }
        document["model"] = {{"parameters", m_demand.parameters.student},
                             {"mixer_parameters", m_demand.parameters.studentMixers},
                             {"new_parameters", m_demand.parameters.addedByStudent},
                             {"config", config}};
        document["data"] = ordered_json::array();
        for (const auto& source : m_plan.data.sources) document["data"].push_back(sourceJson(source, false));
        for (const auto& source : m_plan.data.validation.sources) document["data"].push_back(sourceJson(source, true));
        document["hardware"] = {{"device", "cpu"},
                                {"threads", m_threads},
                                {"memory_bytes", m_machine.memoryBytes},
                                {"available_bytes", m_machine.availableBytes},
                                {"sgemm_flops_per_second", optional(m_rate)}};
        document["steps"] = ordered_json::array();
        std::optional<double> seconds = m_rate ? std::optional(0.0) : std::nullopt;
        for (std::size_t i = 0; i < m_demand.steps.size(); ++i) {
            document["steps"].push_back(stepJson(i));
            if (seconds) *seconds += *secondsOf(i);
        }
        document["totals"] = {{"flops", m_demand.flops},
                              {"peak_memory_bytes", m_demand.peakMemoryBytes},
                              {"checkpoint_bytes", m_demand.checkpointBytes},
                              {"disk_bytes", m_demand.diskBytes},
                              {"seconds", optional(seconds)},
                              {"cost", costJson(seconds)}};
        document["warnings"] = warnings(runsDirectory);
        document["resolved_plan"] = ordered_json::parse(protocol::writePlan(m_plan));
        return document;
    }

private:
    static ordered_json optional(const std::optional<double>& value) {
        return value ? ordered_json(*value) : ordered_json();
    }
    std::optional<double> secondsOf(std::size_t index) const {
        if (!m_rate) return std::nullopt;
        return run::estimateSeconds(m_demand.steps[index].estimate.flops, *m_rate * kAssumedUtilisation);
    }
    ordered_json costJson(const std::optional<double>& seconds) const {
        return seconds && m_price ? ordered_json(run::estimateCost(*seconds, *m_price)) : ordered_json();
    }
    ordered_json configJson() const {
        return {{"layers", m_shape.layers},    {"hidden_size", m_shape.hidden},
                {"heads", m_shape.heads},      {"kv_heads", m_shape.kvHeads},
                {"head_dim", m_shape.headDim}, {"intermediate_size", m_shape.ffn},
                {"vocab_size", m_shape.vocab}, {"qkv_bias", m_shape.qkvBias},
                {"qk_norm", m_shape.qkNorm},   {"tie_embeddings", m_shape.tiedEmbeddings}};
    }
    ordered_json studentJson() const {
        const protocol::StudentPlan& student = m_shape.student;
        const protocol::LoraRanks& ranks = student.loraRanks;
        return {{"architecture", toString(student.architecture)},
                {"variant", student.variant ? ordered_json(toString(*student.variant)) : ordered_json()},
                {"rope", student.rope.value_or(false)},
                {"token_shift", student.tokenShift.value_or(false)},
                {"gate", toString(student.gate.value_or(protocol::GateKind::None))},
                {"lora_ranks",
                 {{"decay", ranks.decay},
                  {"iclr", ranks.iclr},
                  {"value", ranks.value},
                  {"gate", ranks.gate},
                  {"token_shift", ranks.tokenShift}}},
                {"attention_layers", student.attentionLayers}};
    }
    ordered_json stepJson(std::size_t index) const {
        const StepPlan& plan = m_plan.steps[index];
        const run::StepDemand& step = m_demand.steps[index];
        const run::MemoryEstimate& memory = step.estimate.memory;
        return {{"kind", protocol::toString(plan.kind)},
                {"tokens", plan.tokens},
                {"sequence_length", plan.sequenceLength},
                {"batch_size", plan.batchSize},
                {"micro_batch_size", step.microBatch},
                {"updates", step.estimate.updates},
                {"trained_parameters", step.estimate.trainedParameters},
                {"flops_per_token", step.estimate.flopsPerToken},
                {"flops", step.estimate.flops},
                {"memory_bytes",
                 {{"total", memory.total()},
                  {"weights", memory.weights},
                  {"gradients", memory.gradients},
                  {"moments", memory.moments},
                  {"masters", memory.masters},
                  {"activations", memory.activations},
                  {"logits", memory.logits}}},
                {"seconds", optional(secondsOf(index))},
                {"seconds_basis", m_rate ? ordered_json("estimated") : ordered_json()},
                {"gemm_utilisation", kAssumedUtilisation},
                {"cost", costJson(secondsOf(index))}};
    }
    std::vector<std::string> warnings(const fs::path& runsDirectory) const {
        std::vector<std::string> texts;
        const auto available = static_cast<double>(m_machine.availableBytes);
        if (m_demand.peakMemoryBytes > available)
            texts.push_back(
                fmt::format("about {}B of memory is needed and {}B is available here; use a smaller "
                            "micro_batch_size, sequence_length or number of threads",
                            countText(m_demand.peakMemoryBytes), countText(available)));
        const double free = freeBytes(runsDirectory);
        if (free > 0 && m_demand.diskBytes > free)
            texts.push_back(
                fmt::format("about {}B of disk is needed and {}B is free in {}; lower checkpoints.keep_last, "
                            "or keep runs on a larger disk",
                            countText(m_demand.diskBytes), countText(free), runsDirectory.string()));
        return texts;
    }

    const Plan& m_plan;
    const run::ModelShape& m_shape;
    std::optional<double> m_rate, m_price;
    run::Machine m_machine;
    int64_t m_threads;
    run::PlanDemand m_demand;
};

}  // namespace

PlanPreview::PlanPreview(WorkerQuestions& questions, MachineRate& rate, fs::path runsDirectory, QObject* parent)
    : QObject(parent), m_questions(questions), m_rate(rate), m_runsDirectory(std::move(runsDirectory)) {}

void PlanPreview::make(const Plan& plan, std::optional<double> pricePerHour, std::function<void(const Answer&)> told) {
    const bool pretrain = plan.student.architecture == protocol::Architecture::Softmax;
    const char* key = pretrain ? "data.tokenizer" : "teacher.path";
    const std::string& subject = pretrain ? plan.data.tokenizer : plan.teacher.path;
    const auto finish = [this, plan, pricePerHour, told](const run::ModelShape& shape) {
        m_rate.need([this, plan, pricePerHour, told, shape](std::optional<double> rate) {
            told(Document(plan, shape, rate, pricePerHour).make(m_runsDirectory));
        });
    };
    const auto onInspected = [plan, pretrain, key, told, finish](const Answer& document) {
        if (!document)
            return told(tl::unexpected(
                RpcError{document.error().code, fmt::format("{}: {}", key, document.error().message), key}));
        if (pretrain) {
            const int64_t vocabSize = document->contains("tokenizer") && document->at("tokenizer").is_object()
                                          ? countAt(document->at("tokenizer"), "vocab_size")
                                          : countAt(*document, "vocab_size");
            if (vocabSize <= 0)
                return told(atKey(kInputError, key, fmt::format("{}: {} is no tokenizer", key, plan.data.tokenizer)));
            return finish(pretrainShape(*plan.model, vocabSize));
        }
        auto shape = teacherShape(*document, plan);
        if (!shape) return told(tl::unexpected(shape.error()));
        if (const auto student = addStudent(plan, *shape); !student) return told(tl::unexpected(student.error()));
        finish(*shape);
    };
    std::string path = subject;
    if (path != "demo") {
        const auto absolute = absolutePath(subject, key);
        if (!absolute)
            return told(tl::unexpected(RpcError{kInputError, std::string(key) + ": " + absolute.error().message, key}));
        path = absolute->string();
    }
    m_questions.ask({"inspect", "--json", "--no-scan", "--quiet", "--", path}, filesOfModel(path), onInspected);
}

}  // namespace radlads::server
