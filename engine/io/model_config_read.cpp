// config.json to ModelConfig. The first fault of a file is the one that is reported.
#include <algorithm>
#include <cmath>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "engine/io/model_config.h"
#include "engine/io/model_families.h"
#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::io {
namespace {

using nlohmann::json;

constexpr size_t kLargestConfig = size_t{4} << 20;
constexpr size_t kConfigDepth = 32;
// With these limits no product of sizes (vocabulary x width, layers x width x width, ...) leaves 63 bits.
constexpr int64_t kMostVocabulary = int64_t{1} << 24, kMostWidth = int64_t{1} << 20, kMostLayers = 1024,
                  kMostHeads = 1 << 14;
constexpr int64_t kMostHeadDim = 256, kMostPositions = int64_t{1} << 32;

// Typed access to the keys of one object. A fault makes every later answer a fallback; status() then tells the first
// one.
class Keys {
public:
    Keys(const json& object, const std::string& where) : m_object(object), m_where(where) {}

    // Absent and null are the same: the key says nothing.
    const json* find(const char* key) const {
        const auto found = m_object.find(key);
        return found == m_object.end() || found->is_null() ? nullptr : &*found;
    }

    bool isNull(const char* key) const {
        const auto found = m_object.find(key);
        return found != m_object.end() && found->is_null();
    }

    int64_t integer(const char* key, std::optional<int64_t> fallback, int64_t low, int64_t high) {
        const json* value = find(key);
        if (!value) {
            if (!fallback) missing(key);
            return fallback.value_or(low);
        }
        double number = std::nan("");
        if (value->is_number()) number = value->get<double>();
        if (!(number >= static_cast<double>(low) && number <= static_cast<double>(high) &&
              number == std::floor(number))) {
            fault(fmt::format("{} must be a whole number from {} to {}", key, low, high));
            return low;
        }
        return static_cast<int64_t>(number);
    }

    double number(const char* key, std::optional<double> fallback, double low, double high) {
        const json* value = find(key);
        if (!value) {
            if (!fallback) missing(key);
            return fallback.value_or(low);
        }
        const double result = value->is_number() ? value->get<double>() : std::nan("");
        if (result >= low && result <= high) return result;
        fault(fmt::format("{} must be a number from {} to {}", key, low, high));
        return low;
    }

    bool boolean(const char* key, bool fallback) {
        const json* value = find(key);
        if (!value) return fallback;
        if (value->is_boolean()) return value->get<bool>();
        fault(fmt::format("{} must be true or false", key));
        return fallback;
    }

    std::string text(const char* key, const std::string& fallback) {
        const json* value = find(key);
        if (!value) return fallback;
        if (value->is_string()) return value->get<std::string>();
        fault(fmt::format("{} must be a text", key));
        return fallback;
    }

    // A list of whole numbers, or a single one.
    std::vector<int64_t> integers(const char* key, int64_t low, int64_t high, size_t most) {
        std::vector<int64_t> result;
        const json* value = find(key);
        if (!value) return result;
        const json list = value->is_array() ? *value : json::array({*value});
        if (list.size() > most)
            fault(fmt::format("{} has {} entries, at most {} are possible", key, list.size(), most));
        for (size_t i = 0; i < list.size() && !m_error; ++i) {
            const json entry = {{key, list[i]}};
            Keys one(entry, m_where);
            result.push_back(one.integer(key, std::nullopt, low, high));
            adopt(one);
        }
        return result;
    }

    void fault(const std::string& message) {
        if (!m_error) m_error = Error{ErrorCode::InvalidInput, fmt::format("{}: {}.", m_where, message)};
    }

    // The fault of an object inside this one.
    void adopt(const Keys& inner) {
        if (!m_error) m_error = inner.m_error;
    }

    Status status() const {
        if (m_error) return tl::unexpected(*m_error);
        return {};
    }

private:
    void missing(const char* key) {
        std::vector<std::string> present;
        for (const auto& item : m_object.items()) present.push_back(item.key());
        const auto near = protocol::nearest(key, present);
        fault(fmt::format("the key {} is missing{}", key,
                          near ? "; is " + protocol::quote(*near) + " meant to be it?" : ""));
    }

    const json& m_object;
    const std::string& m_where;
    std::optional<Error> m_error;
};

std::string supportedTypes() {
    std::string names;
    for (const auto& family : kFamilies) names += fmt::format("{}, ", family.modelType);
    return names + fmt::format("{} and {}", kStudents[0].modelType, kStudents[1].modelType);
}

// The model_type, or the one that belongs to architectures[0] in files without; checks that the two agree.
std::string readModelType(Keys& keys) {
    std::string architecture;
    if (const json* list = keys.find("architectures");
        list && list->is_array() && !list->empty() && (*list)[0].is_string())
        architecture = (*list)[0].get<std::string>();
    std::vector<std::pair<std::string, std::string>> known;
    for (const auto& family : kFamilies) known.emplace_back(family.modelType, family.architecture);
    for (const auto& student : kStudents) known.emplace_back(student.modelType, student.architectureName);

    std::string type = keys.text("model_type", "");
    std::vector<std::string> types;
    for (const auto& [knownType, knownArchitecture] : known) {
        types.push_back(knownType);
        if (type.empty() && architecture == knownArchitecture) type = knownType;
        if (type != knownType) continue;
        if (!architecture.empty() && architecture != knownArchitecture)
            keys.fault(fmt::format("the architecture {} is not supported; for model_type {} it must be {}",
                                   protocol::quote(architecture), type, knownArchitecture));
        return type;
    }
    const auto near = protocol::nearest(type, types);
    keys.fault(fmt::format("model_type {} (architecture {}) is not supported{}; supported are {}",
                           protocol::quote(type), protocol::quote(architecture),
                           near ? ", " + protocol::quote(*near) + " is the nearest" : "", supportedTypes()));
    return type;
}

// Both forms: rope_theta with rope_scaling, and rope_parameters of transformers 5 (interop.md 3.2).
RopeConfig readRope(Keys& keys, const std::string& where) {
    RopeConfig rope;
    rope.theta = keys.number("rope_theta", rope.theta, 1.0, 1e15);
    const double partial = keys.number("partial_rotary_factor", 1.0, 0.0, 1.0);
    if (partial != 1.0) keys.fault("partial_rotary_factor other than 1 is not supported");
    for (const char* name : {"rope_scaling", "rope_parameters"}) {
        const json* object = keys.find(name);
        if (!object) continue;
        if (!object->is_object()) {
            keys.fault(fmt::format("{} must be an object or null", name));
            return rope;
        }
        const std::string inside = fmt::format("{}: {}", where, name);
        Keys scaling(*object, inside);
        rope.theta = scaling.number("rope_theta", rope.theta, 1.0, 1e15);
        if (scaling.number("partial_rotary_factor", 1.0, 0.0, 1.0) != 1.0)
            scaling.fault("partial_rotary_factor other than 1 is not supported");
        const std::string type = scaling.text("rope_type", scaling.text("type", "default"));
        if (type == "linear" || type == "llama3") {
            rope.factor = scaling.number("factor", std::nullopt, 1.0, 1e6);
            rope.scaling = type == "linear" ? RopeConfig::Scaling::Linear : RopeConfig::Scaling::Llama3;
        } else if (type != "default") {
            scaling.fault(
                fmt::format("the rope type {} is not supported; supported are default, linear and llama3 "
                            "(for a long-context extension, remove it to use the original range)",
                            protocol::quote(type)));
        }
        if (type == "llama3") {
            rope.lowFrequencyFactor = scaling.number("low_freq_factor", std::nullopt, 1e-3, 1e6);
            rope.highFrequencyFactor = scaling.number("high_freq_factor", std::nullopt, 1e-3, 1e6);
            rope.originalMaxPositions =
                scaling.integer("original_max_position_embeddings", std::nullopt, 1, kMostPositions);
            if (rope.highFrequencyFactor <= rope.lowFrequencyFactor)
                scaling.fault("high_freq_factor must be greater than low_freq_factor");
        }
        keys.adopt(scaling);
    }
    return rope;
}

// 0 if no layer has a window. A window on some layers only is refused: it would not be the teacher.
int64_t readWindow(Keys& keys, const FamilyRow& family, bool isStudent, int64_t layers) {
    const bool hasSwitch = family.hasWindowSwitch || isStudent;
    if (family.family == Family::Llama && !isStudent) return 0;
    if (hasSwitch && !keys.boolean("use_sliding_window", isStudent && family.family == Family::Mistral)) return 0;
    // Mistral: an absent key is the class's 4096, null is none.
    const json* value = keys.find("sliding_window");
    if (!value && !(family.family == Family::Mistral && !isStudent && !keys.isNull("sliding_window"))) return 0;
    const int64_t window = keys.integer("sliding_window", family.slidingWindow, 1, kMostPositions);
    if (!hasSwitch) return window;
    const int64_t first = keys.integer("max_window_layers", isStudent ? 0 : 28, 0, kMostLayers);
    if (first >= layers) return 0;
    if (first > 0)
        keys.fault(
            fmt::format("a sliding window on layers {} to {} only (max_window_layers) is not supported; "
                        "set use_sliding_window to false to use full attention",
                        first, layers - 1));
    return window;
}

// layer_types repeats what the window keys say; one that mixes kinds is refused.
void checkLayerTypes(Keys& keys, int64_t& window) {
    const json* types = keys.find("layer_types");
    if (!types || !types->is_array() || types->empty()) return;
    const json& first = types->front();
    const bool uniform = std::all_of(types->begin(), types->end(), [&](const json& type) { return type == first; });
    if (!uniform || (first != "full_attention" && first != "sliding_attention"))
        keys.fault("layer_types must all be full_attention or all sliding_attention; mixtures are not supported");
    if (first == "full_attention") window = 0;
}

StudentConfig readStudent(Keys& keys, const StudentRow& row, const ModelConfig& config) {
    const bool isSix = row.architecture == protocol::Architecture::RadRwkv6;
    StudentConfig student;
    student.architecture = row.architecture;
    // Absent keys mean what the released configuration classes mean by them (interop.md 2.1).
    student.balanceState = keys.boolean("balance_state", true);
    student.groupNorm = keys.boolean("groupnorm_att", false);
    student.rope = keys.boolean("use_rope", false);
    student.tokenShift = keys.boolean("use_tokenshift", isSix);
    student.gate = static_cast<protocol::GateKind>(keys.integer("gate_rank_type", isSix ? 1 : 2, 0, 2));
    if (!isSix && student.tokenShift) keys.fault("use_tokenshift must be false: RAD-RWKV7 has no token shift");
    if (!isSix && student.balanceState == student.groupNorm)
        keys.fault("one of balance_state and groupnorm_att must be true and the other false");

    const int64_t oldShift = config.hiddenSize < 4096 ? 32 : 64, oldDecay = config.hiddenSize < 4096 ? 64 : 128;
    const auto rank = [&](const char* key, int64_t fallback) { return keys.integer(key, fallback, 0, kMostWidth); };
    student.ranks.decay = rank("lora_rank_decay", isSix ? oldDecay : 0);
    student.ranks.tokenShift = isSix ? rank("lora_rank_tokenshift", oldShift) : 0;
    student.ranks.iclr = isSix ? 0 : rank("lora_rank_iclr", 0);
    student.ranks.value = isSix ? 0 : rank("lora_rank_value_residual_mix", 0);
    student.ranks.gate = rank("lora_rank_gate", 0);
    student.ranks = resolveRanks(student.ranks, config.hiddenSize);

    auto& kept = student.attentionLayers;
    kept = keys.integers("attention_layers", 0, config.layers - 1, static_cast<size_t>(config.layers));
    std::sort(kept.begin(), kept.end());
    if (std::adjacent_find(kept.begin(), kept.end()) != kept.end()) keys.fault("attention_layers names a layer twice");
    std::vector<int64_t> last;
    for (int64_t i = config.layers - keys.integer("num_attention_layers", 0, 0, config.layers); i < config.layers; ++i)
        last.push_back(i);
    if (!keys.find("attention_layers"))
        kept = last;
    else if (keys.find("num_attention_layers") && kept != last)
        keys.fault("attention_layers and num_attention_layers (the last n) contradict each other; remove one of them");
    return student;
}

Family readFamily(Keys& keys, const std::string& type) {
    std::vector<std::string> names;
    for (const auto& family : kFamilies) {
        if (type == family.modelType) return family.family;
        names.emplace_back(family.modelType);
    }
    keys.fault(
        fmt::format("radlads_family {} is not known; it is one of {}", protocol::quote(type), fmt::join(names, ", ")));
    return Family::Qwen2;
}

void readSizes(Keys& keys, const FamilyRow& family, ModelConfig& config) {
    config.layers = keys.integer("num_hidden_layers", std::nullopt, 1, kMostLayers);
    config.hiddenSize = keys.integer("hidden_size", std::nullopt, 1, kMostWidth);
    config.heads = keys.integer("num_attention_heads", std::nullopt, 1, kMostHeads);
    const bool nullMeansHeads = family.kvHeads == 0 || keys.isNull("num_key_value_heads");
    config.kvHeads = keys.integer("num_key_value_heads", nullMeansHeads ? config.heads : family.kvHeads, 1, kMostHeads);
    config.vocabSize = keys.integer("vocab_size", family.vocabSize, 1, kMostVocabulary);
    config.intermediateSize = keys.integer("intermediate_size", family.intermediateSize, 1, kMostWidth);
    config.maxPositions = keys.integer("max_position_embeddings", family.maxPositions, 1, kMostPositions);

    if (config.heads % config.kvHeads != 0)
        keys.fault(fmt::format("num_attention_heads ({}) must be a multiple of num_key_value_heads ({})", config.heads,
                               config.kvHeads));
    if (!keys.find("head_dim") && family.headDim == 0 && config.hiddenSize % config.heads != 0)
        keys.fault(
            fmt::format("hidden_size ({}) must be a multiple of num_attention_heads ({}) when head_dim is not given",
                        config.hiddenSize, config.heads));
    const int64_t headDim = family.headDim != 0 ? family.headDim : config.hiddenSize / config.heads;
    config.headDim = keys.integer("head_dim", headDim, 2, kMostHeadDim);
    if (config.headDim < 2 || config.headDim > kMostHeadDim || config.headDim % 2 != 0)
        keys.fault(fmt::format("the head dimension {} is not supported; it must be even and from 2 to {}",
                               config.headDim, kMostHeadDim));
}

void readTokens(Keys& keys, ModelConfig& config) {
    constexpr int64_t kMostId = INT32_MAX;
    const auto optionalId = [&](const char* key) -> std::optional<int64_t> {
        const std::vector<int64_t> ids = keys.integers(key, -1, kMostId, 64);
        return ids.empty() || ids[0] < 0 ? std::nullopt : std::optional(ids[0]);  // some files say -1 for "none"
    };
    config.bosToken = optionalId("bos_token_id");
    config.paddingToken = optionalId("pad_token_id");
    config.eosTokens = keys.integers("eos_token_id", -1, kMostId, 64);
    std::erase_if(config.eosTokens, [](int64_t id) { return id < 0; });
}

void readBiases(Keys& keys, bool isStudent, ModelConfig& config) {
    const bool hasKey = isStudent || config.family == Family::Llama || config.family == Family::Qwen3;
    const bool byFamily = config.family == Family::Qwen2;
    config.qkvBias = hasKey ? keys.boolean("attention_bias", isStudent && byFamily) : byFamily;
    config.outputBias = isStudent ? keys.boolean("attention_output_bias", false) : hasKey && config.qkvBias;
    config.mlpBias = (isStudent || config.family == Family::Llama) && keys.boolean("mlp_bias", false);
    config.qkNorm = config.family == Family::Qwen3;
    if (isStudent) config.qkNorm = keys.boolean("qk_norm", config.qkNorm);
}

void refuseUnsupported(Keys& keys) {
    const std::string activation = keys.text("hidden_act", "silu");
    if (activation != "silu" && activation != "swish")
        keys.fault(fmt::format("hidden_act {} is not supported; it must be silu", protocol::quote(activation)));
    if (keys.find("quantization_config"))
        keys.fault("the weights are quantised (quantization_config); get the unquantised model");
}

}  // namespace

Result<ModelConfig> parseModelConfig(const std::string& text, const std::string& where) {
    RADLADS_TRY_ASSIGN(const json document, protocol::parseJson(text, where, kLargestConfig, kConfigDepth));
    if (!document.is_object()) return invalidInput("{} is not a model's config.json: it holds no JSON object.", where);

    Keys keys(document, where);
    const std::string type = readModelType(keys);
    RADLADS_TRY(keys.status());
    const auto student = std::find_if(kStudents.begin(), kStudents.end(), [&](auto& r) { return type == r.modelType; });
    const bool isStudent = student != kStudents.end();

    ModelConfig config;
    config.family = readFamily(keys, isStudent ? keys.text("radlads_family", "qwen2") : type);
    const FamilyRow& family = row(config.family);
    refuseUnsupported(keys);
    readSizes(keys, family, config);
    RADLADS_TRY(keys.status());  // what follows may count on the sizes

    config.rmsNormEps = keys.number("rms_norm_eps", config.rmsNormEps, 1e-12, 1.0);
    config.tieEmbeddings = keys.boolean("tie_word_embeddings", false);
    readBiases(keys, isStudent, config);
    config.rope = readRope(keys, where);
    config.slidingWindow = readWindow(keys, family, isStudent, config.layers);
    checkLayerTypes(keys, config.slidingWindow);
    readTokens(keys, config);
    config.torchDtype = keys.text("torch_dtype", keys.text("dtype", config.torchDtype));
    if (isStudent) config.student = readStudent(keys, *student, config);
    RADLADS_TRY(keys.status());
    return config;
}

Result<ModelConfig> readModelConfig(const std::filesystem::path& directoryOrFile) {
    std::error_code ignored;
    const bool isDirectory = std::filesystem::is_directory(directoryOrFile, ignored);
    const std::filesystem::path path = isDirectory ? directoryOrFile / "config.json" : directoryOrFile;
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(path, kLargestConfig));
    return parseModelConfig(text, path.string());
}

}  // namespace radlads::io
