#include "engine/io/model_config.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/io/model_families.h"
#include "engine/run/estimate.h"

namespace radlads::io {
namespace {

using nlohmann::ordered_json;

ordered_json orNull(const std::optional<int64_t>& value) {
    return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json eosJson(const std::vector<int64_t>& tokens) {
    if (tokens.empty()) return nullptr;
    return tokens.size() == 1 ? ordered_json(tokens[0]) : ordered_json(tokens);
}

ordered_json ropeScalingJson(const RopeConfig& rope) {
    switch (rope.scaling) {
        case RopeConfig::Scaling::None:
            break;
        case RopeConfig::Scaling::Linear:
            return {{"rope_type", "linear"}, {"factor", rope.factor}};
        case RopeConfig::Scaling::Llama3:
            return {{"rope_type", "llama3"},
                    {"factor", rope.factor},
                    {"low_freq_factor", rope.lowFrequencyFactor},
                    {"high_freq_factor", rope.highFrequencyFactor},
                    {"original_max_position_embeddings", rope.originalMaxPositions}};
    }
    return nullptr;
}

// The keys that teachers and students share.
void writeDecoder(const ModelConfig& config, ordered_json& document) {
    document["vocab_size"] = config.vocabSize;
    document["hidden_size"] = config.hiddenSize;
    document["intermediate_size"] = config.intermediateSize;
    document["num_hidden_layers"] = config.layers;
    document["num_attention_heads"] = config.heads;
    document["num_key_value_heads"] = config.kvHeads;
    document["head_dim"] = config.headDim;
    document["hidden_act"] = "silu";
    document["max_position_embeddings"] = config.maxPositions;
    document["rms_norm_eps"] = config.rmsNormEps;
    document["tie_word_embeddings"] = config.tieEmbeddings;
    document["rope_theta"] = config.rope.theta;
    document["rope_scaling"] = ropeScalingJson(config.rope);
    document["bos_token_id"] = orNull(config.bosToken);
    document["eos_token_id"] = eosJson(config.eosTokens);
    document["pad_token_id"] = orNull(config.paddingToken);
    document["torch_dtype"] = config.torchDtype;
}

void writeWindow(const ModelConfig& config, bool withSwitch, ordered_json& document) {
    const bool windowed = config.slidingWindow > 0;
    document["sliding_window"] = windowed ? ordered_json(config.slidingWindow) : ordered_json(nullptr);
    if (!withSwitch) return;
    document["use_sliding_window"] = windowed;
    document["max_window_layers"] = windowed ? 0 : config.layers;  // the first layer with a window
}

void writeTeacherKeys(const ModelConfig& config, ordered_json& document) {
    if (config.family == Family::Llama || config.family == Family::Qwen3) document["attention_bias"] = config.qkvBias;
    if (config.family == Family::Llama) document["mlp_bias"] = config.mlpBias;
    if (config.family != Family::Llama) writeWindow(config, row(config.family).hasWindowSwitch, document);
}

void writeStudentKeys(const ModelConfig& config, ordered_json& document) {
    const StudentConfig& student = *config.student;
    const protocol::LoraRanks ranks = resolveRanks(student.ranks, config.hiddenSize);
    document["attention_bias"] = config.qkvBias;
    document["attention_output_bias"] = config.outputBias;
    document["mlp_bias"] = config.mlpBias;
    document["qk_norm"] = config.qkNorm;
    document["gate_rank_type"] = static_cast<int>(student.gate);  // 0 none, 1 full, 2 low rank
    document["balance_state"] = student.balanceState;
    document["groupnorm_att"] = student.groupNorm;
    document["use_tokenshift"] = student.tokenShift;
    document["use_rope"] = student.rope;
    document["lora_rank_decay"] = ranks.decay;
    document["lora_rank_gate"] = ranks.gate;
    if (student.architecture == protocol::Architecture::RadRwkv6) {
        document["lora_rank_tokenshift"] = ranks.tokenShift;
    } else {
        document["lora_rank_iclr"] = ranks.iclr;
        document["lora_rank_value_residual_mix"] = ranks.value;
    }
    document["radlads_family"] = toString(config.family);
    std::vector<int64_t> kept = student.attentionLayers;
    std::sort(kept.begin(), kept.end());
    document["attention_layers"] = kept;
    // The released classes know only "the last n": said where it is true, for readers that do not know
    // attention_layers.
    const auto count = static_cast<int64_t>(kept.size());
    if (count == 0 || (kept.front() == config.layers - count && kept.back() == config.layers - 1))
        document["num_attention_layers"] = count;
    writeWindow(config, true, document);
}

}  // namespace

const FamilyRow& row(Family family) {
    return kFamilies[static_cast<size_t>(family)];
}

const StudentRow& row(protocol::Architecture architecture) {
    assert(architecture != protocol::Architecture::Softmax);
    return architecture == protocol::Architecture::RadRwkv6 ? kStudents[0] : kStudents[1];
}

const char* toString(Family family) {
    return row(family).modelType;
}

bool ModelConfig::keepsAttention(int64_t layer) const {
    if (!student) return true;
    const auto& kept = student->attentionLayers;
    return std::find(kept.begin(), kept.end(), layer) != kept.end();
}

protocol::LoraRanks resolveRanks(protocol::LoraRanks ranks, int64_t hiddenSize) {
    return run::resolveRanks(ranks, hiddenSize);
}

std::string writeModelConfig(const ModelConfig& config) {
    ordered_json document;
    if (config.student) {
        const StudentRow& student = row(config.student->architecture);
        document["architectures"] = ordered_json::array({student.architectureName});
        document["model_type"] = student.modelType;
        document["auto_map"] = {{"AutoConfig", std::string("configuration_radlads.") + student.configClass},
                                {"AutoModelForCausalLM", std::string("modeling_radlads.") + student.architectureName}};
    } else {
        document["architectures"] = ordered_json::array({row(config.family).architecture});
        document["model_type"] = row(config.family).modelType;
    }
    writeDecoder(config, document);
    if (config.student)
        writeStudentKeys(config, document);
    else
        writeTeacherKeys(config, document);
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace radlads::io
