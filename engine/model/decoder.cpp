#include "engine/model/decoder.h"

#include "engine/model/compat.h"
#include "engine/model/projections.h"

namespace radlads::model {

int64_t DecoderState::sizeBytes() const {
    int64_t bytes = 0;
    for (const MixerState& layer : layers) bytes += layer.sizeBytes();
    return bytes;
}

DecoderState emptyState(const io::ModelConfig& config) {
    return {std::vector<MixerState>(static_cast<size_t>(config.layers)), 0};
}

at::Tensor embed(const Weights& weights, const io::ModelConfig& config, const at::Tensor& tokens) {
    const at::Tensor& table = weights.at("model.embed_tokens.weight");
    const at::Tensor rows = at::embedding(table, tokens.to(table.device()), config.paddingToken.value_or(-1));
    return rows.scalar_type() == at::kBFloat16 ? rows.to(at::kFloat) : rows;
}

at::Tensor mixerInput(const Weights& weights, const io::ModelConfig& config, int64_t layer, const at::Tensor& h) {
    return rmsNorm(h, weights.at(layerPrefix(layer) + "input_layernorm.weight"), config.rmsNormEps);
}

at::Tensor mlp(const Weights& weights, const io::ModelConfig& config, int64_t layer, const at::Tensor& h) {
    const Scope scope(weights, layerPrefix(layer));
    return swiglu(rmsNorm(h, scope["post_attention_layernorm.weight"], config.rmsNormEps), scope["mlp.gate_proj.weight"],
                  scope["mlp.up_proj.weight"], scope["mlp.down_proj.weight"]);
}

at::Tensor hiddenStates(const Weights& weights, const io::ModelConfig& config, const at::Tensor& tokens, const ForwardOptions& options) {
    at::Tensor h = embed(weights, config, tokens), vFirst;
    const int64_t start = options.state ? options.state->position : 0;
    const Rotary rotary = rotaryTable(config, start, tokens.size(1), h.options());
    // Every half of a layer leaves its sum with the stream already normed for the half that follows.
    const auto firstNorm = [&](int64_t layer) {
        if (layer == config.layers) return weights.at("model.norm.weight");
        return weights.at(layerPrefix(layer) + (options.zeroMixers ? "post_attention_layernorm.weight" : "input_layernorm.weight"));
    };
    at::Tensor x = rmsNorm(h, firstNorm(0), config.rmsNormEps);
    const auto add = [&](const at::Tensor& delta, const at::Tensor& norm) {
        Normed next = addRmsNorm(h, delta, norm, config.rmsNormEps);
        h = std::move(next.sum);
        x = std::move(next.y);
    };
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        const Scope scope(weights, layerPrefix(layer));
        if (!options.zeroMixers) {
            MixerContext context{config, layer, rotary, &vFirst, options.state ? &options.state->layers[layer] : nullptr, options.form};
            add(mixerForward(Scope(weights, layerPrefix(layer) + "self_attn."), x, context), scope["post_attention_layernorm.weight"]);
        }
        add(swiglu(x, scope["mlp.gate_proj.weight"], scope["mlp.up_proj.weight"], scope["mlp.down_proj.weight"]), firstNorm(layer + 1));
    }
    if (options.state) options.state->position += tokens.size(1);
    return x;
}

at::Tensor headLogits(const Weights& weights, const at::Tensor& hidden) {
    return model::linear(hidden, weights.at("lm_head.weight"));
}

at::Tensor logits(const Weights& weights, const io::ModelConfig& config, const at::Tensor& tokens, const ForwardOptions& options) {
    return headLogits(weights, hiddenStates(weights, config, tokens, options));
}

}  // namespace radlads::model
