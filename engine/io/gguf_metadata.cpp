#include "engine/io/gguf_metadata.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "engine/protocol/text.h"

namespace radlads::io {
namespace {

constexpr int64_t kLargest = int64_t{1} << 32;

const GgufValue* find(const GgufContent& content, const std::string& key) {
    const auto found = content.metadata.find(key);
    return found == content.metadata.end() ? nullptr : &found->second;
}

// 1e-05 as a float32 is 9.99999974737875e-06 as a double: the shortest decimal of the float is what was meant.
double shortestDecimal(double value) {
    const auto narrow = static_cast<float>(value);
    if (static_cast<double>(narrow) != value) return value;
    return std::strtod(fmt::format("{}", narrow).c_str(), nullptr);
}

Result<Family> readFamily(const GgufMetadata& metadata) {
    RADLADS_TRY_ASSIGN(const auto architecture, metadata.text("general.architecture"));
    if (architecture == "llama") return Family::Llama;
    if (architecture == "qwen2") return Family::Qwen2;
    if (architecture == "qwen3") return Family::Qwen3;
    return invalidInput("{}: the architecture {} cannot be converted; llama, qwen2 and qwen3 can.", metadata.where(),
                        protocol::quote(architecture.value_or("(none)")));
}

// The factors by which the frequencies of a head of N dimensions are divided under the llama3 scaling (interop.md 3.2).
std::vector<double> llama3Factors(const RopeConfig& rope, int64_t headDim) {
    std::vector<double> factors;
    const auto original = static_cast<double>(rope.originalMaxPositions);
    for (int64_t j = 0; j < headDim / 2; ++j) {
        const double frequency = std::pow(rope.theta, -2.0 * static_cast<double>(j) / static_cast<double>(headDim));
        const double wavelength = 2.0 * std::numbers::pi / frequency;
        const double share =
            (original / wavelength - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor);
        const double smooth = std::clamp(share, 0.0, 1.0);
        factors.push_back(1.0 / ((1.0 - smooth) / rope.factor + smooth));
    }
    return factors;
}

// rope_freqs.weight holds those factors but not what they were made from. Every Llama 3.1 to 3.3 uses low 1, high 4 and
// 8192 positions; these are taken only if they reproduce every stored factor, so that a wrong guess cannot pass.
Status readRopeFactors(const GgufMetadata& metadata, const GgufTensor& tensor, ModelConfig& config) {
    if (tensor.elementCount != config.headDim / 2)
        return invalidInput("{}: rope_freqs.weight holds {} values where the head dimension needs {}.",
                            metadata.where(), tensor.elementCount, config.headDim / 2);
    std::vector<float> stored(static_cast<size_t>(tensor.elementCount));
    dequantize(tensor, stored);
    const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-4 * std::abs(b); };
    if (std::all_of(stored.begin(), stored.end(), [&](float f) { return near(f, 1.0); })) return {};

    RopeConfig rope = config.rope;
    rope.scaling = RopeConfig::Scaling::Llama3;
    rope.factor = shortestDecimal(*std::max_element(stored.begin(), stored.end()));
    rope.lowFrequencyFactor = 1.0;
    rope.highFrequencyFactor = 4.0;
    rope.originalMaxPositions = 8192;
    const std::vector<double> expected = llama3Factors(rope, config.headDim);
    if (config.rope.scaling != RopeConfig::Scaling::None ||
        !std::equal(stored.begin(), stored.end(), expected.begin(), near))
        return invalidInput(
            "{}: the factors in rope_freqs.weight are not those of Llama 3.1 to 3.3 (low 1, high 4, 8192 "
            "positions) and the settings behind them cannot be recovered; get the model as safetensors.",
            metadata.where());
    config.rope = rope;
    return {};
}

Status readRope(const GgufMetadata& metadata, const std::string& prefix, ModelConfig& config) {
    RADLADS_TRY_ASSIGN(const auto theta, metadata.number(prefix + "rope.freq_base"));
    config.rope.theta = theta.value_or(10000.0);
    RADLADS_TRY_ASSIGN(const auto rotated, metadata.integer(prefix + "rope.dimension_count", 1, kLargest));
    if (rotated.value_or(config.headDim) != config.headDim)
        return invalidInput(
            "{}: {}rope.dimension_count is {} but a head has {} dimensions; partial rotary embeddings are not "
            "supported.",
            metadata.where(), prefix, *rotated, config.headDim);

    // llama.cpp reads a factor without a type as linear.
    RADLADS_TRY_ASSIGN(const auto type, metadata.text(prefix + "rope.scaling.type"));
    RADLADS_TRY_ASSIGN(const auto oldFactor, metadata.number(prefix + "rope.scale_linear"));
    RADLADS_TRY_ASSIGN(const auto newFactor, metadata.number(prefix + "rope.scaling.factor"));
    const double factor = newFactor.value_or(oldFactor.value_or(1.0));
    const std::string_view kind = type.value_or("linear");
    if (kind != "linear" && kind != "none")
        return invalidInput("{}: the rope scaling {} is not supported; linear, none and that of Llama 3 are.",
                            metadata.where(), protocol::quote(kind));
    if (kind == "linear" && factor != 1.0 && factor != 0.0) {
        config.rope.scaling = RopeConfig::Scaling::Linear;
        config.rope.factor = factor;
    }
    const auto factors = metadata.content().tensors.find("rope_freqs.weight");
    return factors == metadata.content().tensors.end() ? Status{} : readRopeFactors(metadata, factors->second, config);
}

}  // namespace

tl::unexpected<Error> GgufMetadata::wrong(const std::string& key, const std::string& expected) const {
    return invalidInput("{}: the metadata key {} must be {}.", m_where, key, expected);
}

Result<std::optional<int64_t>> GgufMetadata::integer(const std::string& key, int64_t low, int64_t high) const {
    const GgufValue* value = find(m_content, key);
    if (!value) return std::nullopt;
    std::optional<int64_t> result;
    if (const auto* positive = std::get_if<uint64_t>(value); positive && *positive <= static_cast<uint64_t>(INT64_MAX))
        result = static_cast<int64_t>(*positive);
    if (const auto* any = std::get_if<int64_t>(value)) result = *any;
    if (!result || *result < low || *result > high)
        return wrong(key, fmt::format("one whole number from {} to {}", low, high));
    return result;
}

Result<int64_t> GgufMetadata::required(const std::string& key, int64_t low, int64_t high) const {
    RADLADS_TRY_ASSIGN(const auto value, integer(key, low, high));
    if (!value) return invalidInput("{}: the metadata key {} is missing; get the file again.", m_where, key);
    return *value;
}

Result<std::optional<double>> GgufMetadata::number(const std::string& key) const {
    const GgufValue* value = find(m_content, key);
    if (!value) return std::nullopt;
    const auto* result = std::get_if<double>(value);
    if (!result || !std::isfinite(*result)) return wrong(key, "a finite floating-point number");
    return shortestDecimal(*result);
}

Result<std::optional<std::string_view>> GgufMetadata::text(const std::string& key) const {
    const GgufValue* value = find(m_content, key);
    if (!value) return std::nullopt;
    const auto* result = std::get_if<std::string_view>(value);
    if (!result) return wrong(key, "a text");
    return *result;
}

Result<std::optional<bool>> GgufMetadata::boolean(const std::string& key) const {
    const GgufValue* value = find(m_content, key);
    if (!value) return std::nullopt;
    const auto* result = std::get_if<bool>(value);
    if (!result) return wrong(key, "a boolean");
    return *result;
}

Result<const GgufArray*> GgufMetadata::array(const std::string& key) const {
    const GgufValue* value = find(m_content, key);
    if (!value) return nullptr;
    const auto* result = std::get_if<GgufArray>(value);
    if (!result) return wrong(key, "an array");
    return result;
}

Result<ModelConfig> readGgufConfig(const GgufMetadata& metadata) {
    ModelConfig config;
    RADLADS_TRY_ASSIGN(config.family, readFamily(metadata));
    const std::string prefix = std::string(toString(config.family)) + ".";
    const auto& tensors = metadata.content().tensors;
    const auto embedding = tensors.find("token_embd.weight");
    if (embedding == tensors.end() || embedding->second.shape.size() != 2)
        return invalidInput("{} has no token_embd.weight of two dimensions; it holds no whole model.",
                            metadata.where());

    config.vocabSize = embedding->second.shape[0];
    RADLADS_TRY_ASSIGN(config.hiddenSize, metadata.required(prefix + "embedding_length", 1, kLargest));
    RADLADS_TRY_ASSIGN(config.layers, metadata.required(prefix + "block_count", 1, kLargest));
    RADLADS_TRY_ASSIGN(config.intermediateSize, metadata.required(prefix + "feed_forward_length", 1, kLargest));
    RADLADS_TRY_ASSIGN(config.maxPositions, metadata.required(prefix + "context_length", 1, kLargest));
    RADLADS_TRY_ASSIGN(config.heads, metadata.required(prefix + "attention.head_count", 1, kLargest));
    RADLADS_TRY_ASSIGN(const auto kvHeads, metadata.integer(prefix + "attention.head_count_kv", 1, kLargest));
    RADLADS_TRY_ASSIGN(const auto keyLength, metadata.integer(prefix + "attention.key_length", 1, kLargest));
    RADLADS_TRY_ASSIGN(const auto valueLength, metadata.integer(prefix + "attention.value_length", 1, kLargest));
    config.kvHeads = kvHeads.value_or(config.heads);
    config.headDim = keyLength.value_or(config.hiddenSize / config.heads);
    if (valueLength.value_or(config.headDim) != config.headDim)
        return invalidInput("{}: keys and values of different lengths ({} and {}) are not supported.", metadata.where(),
                            config.headDim, *valueLength);
    RADLADS_TRY_ASSIGN(const auto experts, metadata.integer(prefix + "expert_count", 0, kLargest));
    if (experts.value_or(0) > 0)
        return invalidInput("{}: mixtures of experts are not supported; give a dense model.", metadata.where());
    RADLADS_TRY_ASSIGN(const auto epsilon, metadata.number(prefix + "attention.layer_norm_rms_epsilon"));
    if (!epsilon)
        return invalidInput("{}: the metadata key {}attention.layer_norm_rms_epsilon is missing.", metadata.where(),
                            prefix);
    config.rmsNormEps = *epsilon;

    config.tieEmbeddings = !tensors.contains("output.weight");
    config.qkvBias = config.family == Family::Qwen2 || tensors.contains("blk.0.attn_q.bias");
    config.mlpBias = tensors.contains("blk.0.ffn_up.bias");
    RADLADS_TRY(readRope(metadata, prefix, config));
    // One set of rules for sizes: those of config.json. Reading it back also settles what the family implies.
    return parseModelConfig(writeModelConfig(config), "the metadata of " + metadata.where());
}

}  // namespace radlads::io
