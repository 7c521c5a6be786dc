#include "engine/worker/model_facts.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/model/weights.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

std::string shapeText(const std::vector<int64_t>& shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

bool isFloat(io::Dtype dtype) {
    return dtype == io::Dtype::F32 || dtype == io::Dtype::F16 || dtype == io::Dtype::BF16 || dtype == io::Dtype::F64;
}

}  // namespace

run::ModelShape modelShape(const io::ModelConfig& config) {
    run::ModelShape shape;
    shape.layers = config.layers;
    shape.hidden = config.hiddenSize;
    shape.heads = config.heads;
    shape.kvHeads = config.kvHeads;
    shape.headDim = config.headDim;
    shape.ffn = config.intermediateSize;
    shape.vocab = config.vocabSize;
    shape.qkvBias = config.qkvBias;
    shape.qkNorm = config.qkNorm;
    shape.tiedEmbeddings = config.tieEmbeddings;
    shape.student.architecture = protocol::Architecture::Softmax;
    if (!config.student) return shape;
    const io::StudentConfig& student = *config.student;
    shape.student.architecture = student.architecture;
    shape.student.variant = student.groupNorm ? protocol::Variant::GroupNorm : protocol::Variant::Balanced;
    shape.student.rope = student.rope;
    shape.student.tokenShift = student.tokenShift;
    shape.student.gate = student.gate;
    shape.student.loraRanks = student.ranks;
    shape.student.attentionLayers = student.attentionLayers;
    return shape;
}

std::string describeDecoder(const io::ModelConfig& config) {
    return fmt::format("{}, {} layers, hidden {}, {} heads ({} kv) of {}, MLP {}, vocabulary {}{}", io::toString(config.family), config.layers,
                       config.hiddenSize, config.heads, config.kvHeads, config.headDim, config.intermediateSize, grouped(config.vocabSize),
                       config.tieEmbeddings ? ", tied head" : "");
}

std::string describeStudent(const io::StudentConfig& student) {
    const protocol::LoraRanks& ranks = student.ranks;
    const bool seven = student.architecture == protocol::Architecture::RadRwkv7;
    std::string text = fmt::format("{} {}, RoPE {}, token shift {}, gate {}, ranks decay {}", protocol::toString(student.architecture),
                                   student.groupNorm ? "groupnorm" : "balanced", student.rope ? "on" : "off", student.tokenShift ? "on" : "off",
                                   protocol::toString(student.gate), ranks.decay);
    if (seven) text += fmt::format(", iclr {}, value {}", ranks.iclr, ranks.value);
    if (student.gate == protocol::GateKind::LowRank) text += fmt::format(", gate {}", ranks.gate);
    if (student.tokenShift) text += fmt::format(", token shift {}", ranks.tokenShift);
    if (!student.attentionLayers.empty()) text += fmt::format("; softmax kept in layers {}", fmt::join(student.attentionLayers, ", "));
    return text;
}

nlohmann::ordered_json configJson(const io::ModelConfig& config) {
    nlohmann::ordered_json json = {{"family", io::toString(config.family)},
                                   {"layers", config.layers},
                                   {"hidden_size", config.hiddenSize},
                                   {"heads", config.heads},
                                   {"kv_heads", config.kvHeads},
                                   {"head_dim", config.headDim},
                                   {"intermediate_size", config.intermediateSize},
                                   {"vocab_size", config.vocabSize},
                                   {"qkv_bias", config.qkvBias},
                                   {"qk_norm", config.qkNorm},
                                   {"tie_embeddings", config.tieEmbeddings},
                                   {"max_positions", config.maxPositions},
                                   {"sliding_window", config.slidingWindow},
                                   {"rope_theta", config.rope.theta},
                                   {"dtype", config.torchDtype}};
    if (!config.student) return json;
    const io::StudentConfig& student = *config.student;
    json["student"] = {{"architecture", protocol::toString(student.architecture)},
                       {"variant", student.groupNorm ? "groupnorm" : "balanced"},
                       {"rope", student.rope},
                       {"token_shift", student.tokenShift},
                       {"gate", protocol::toString(student.gate)},
                       {"lora_ranks",
                        {{"decay", student.ranks.decay},
                         {"iclr", student.ranks.iclr},
                         {"value", student.ranks.value},
                         {"gate", student.ranks.gate},
                         {"token_shift", student.ranks.tokenShift}}},
                       {"attention_layers", student.attentionLayers}};
    return json;
}

std::vector<std::string> tensorProblems(const io::ModelConfig& config, const io::Safetensors& file) {
    std::vector<std::string> problems;
    if (config.mlpBias) problems.push_back("config.json asks for mlp_bias true, which is not supported");
    const auto& tensors = file.tensors();
    for (const model::ParameterSpec& spec : model::parameterSpecs(config)) {
        auto found = tensors.find(spec.name);
        if (found == tensors.end() && spec.name == "lm_head.weight") found = tensors.find("model.embed_tokens.weight");  // a tied head
        if (found == tensors.end()) {
            problems.push_back(fmt::format("the tensor {} is missing", spec.name));
        } else if (found->second.shape != spec.shape) {
            problems.push_back(fmt::format("the tensor {} has shape {} where config.json asks for {}", spec.name, shapeText(found->second.shape), shapeText(spec.shape)));
        } else if (!isFloat(found->second.dtype)) {
            problems.push_back(fmt::format("the tensor {} is {}; only F32, F16, BF16 and F64 weights can be loaded", spec.name, io::toString(found->second.dtype)));
        }
    }
    return problems;
}

std::vector<std::string> unusedTensors(const io::ModelConfig& config, const io::Safetensors& file) {
    std::set<std::string> used;
    for (const model::ParameterSpec& spec : model::parameterSpecs(config)) used.insert(spec.name);
    std::vector<std::string> unused;
    for (const auto& [name, tensor] : file.tensors()) {
        if (!used.contains(name) && !name.ends_with(".rotary_emb.inv_freq")) unused.push_back(name);
    }
    return unused;
}

std::vector<std::string> tokenizerProblems(const io::ModelConfig& config, const io::Tokenizer& tokenizer) {
    std::vector<std::string> problems;
    if (tokenizer.vocabSize() > config.vocabSize) {
        problems.push_back(fmt::format("the tokenizer has ids up to {}, but the model's vocabulary has {} entries", tokenizer.vocabSize() - 1, config.vocabSize));
    }
    const auto eos = tokenizer.eosToken();
    const auto& known = config.eosTokens;
    if (eos && !known.empty() && std::find(known.begin(), known.end(), *eos) == known.end()) {
        problems.push_back(fmt::format("the tokenizer's end token is {}, but config.json's eos_token_id is {}", *eos, fmt::join(known, ", ")));
    }
    return problems;
}

}  // namespace radlads::worker
