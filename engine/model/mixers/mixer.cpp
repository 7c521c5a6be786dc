#include "engine/model/mixers/mixer.h"

#include "engine/model/compat.h"

namespace radlads::model {

int64_t MixerState::sizeBytes() const {
    int64_t bytes = 0;
    for (const at::Tensor* tensor : {&keys, &values, &wkv, &shift}) {
        if (tensor->defined()) bytes += tensor->numel() * static_cast<int64_t>(tensor->element_size());
    }
    return bytes;
}

at::Tensor mixerForward(const Scope& weights, const at::Tensor& x, MixerContext& context) {
    if (context.config.keepsAttention(context.layer)) return softmaxAttention(weights, x, context);
    return context.config.student->architecture == protocol::Architecture::RadRwkv6 ? radRwkv6(weights, x, context)
                                                                                    : radRwkv7(weights, x, context);
}

std::vector<ParameterSpec> mixerParameters(const io::ModelConfig& config, int64_t layer) {
    std::vector<ParameterSpec> specs = projectionParameters(config);
    if (config.keepsAttention(layer)) return specs;
    const std::vector<ParameterSpec> own = config.student->architecture == protocol::Architecture::RadRwkv6
                                               ? radRwkv6Parameters(config)
                                               : radRwkv7Parameters(config);
    specs.insert(specs.end(), own.begin(), own.end());
    return specs;
}

std::vector<ParameterSpec> projectionParameters(const io::ModelConfig& config) {
    const int64_t hidden = config.hiddenSize, width = config.attentionWidth(), kvWidth = config.kvHeads * config.headDim;
    std::vector<ParameterSpec> specs;
    const struct {
        const char* name;
        int64_t rows, columns;
        bool bias;
    } projections[] = {{"q_proj", width, hidden, config.qkvBias},
                       {"k_proj", kvWidth, hidden, config.qkvBias},
                       {"v_proj", kvWidth, hidden, config.qkvBias},
                       {"o_proj", hidden, width, config.outputBias}};
    for (const auto& projection : projections) {
        specs.push_back({std::string(projection.name) + ".weight", {projection.rows, projection.columns}});
        if (projection.bias) specs.push_back({std::string(projection.name) + ".bias", {projection.rows}});
    }
    if (config.qkNorm) {
        specs.push_back({"q_norm.weight", {config.headDim}});
        specs.push_back({"k_norm.weight", {config.headDim}});
    }
    return specs;
}

namespace {

at::Tensor optionalTensor(const Scope& weights, const char* name) {
    return weights.has(name) ? weights[name] : at::Tensor();
}

}  // namespace

Projections project(const Scope& weights, const at::Tensor& xq, const at::Tensor& xk, const at::Tensor& xv,
                    const io::ModelConfig& config) {
    Projections p{splitHeads(linear(xq, weights["q_proj.weight"], optionalTensor(weights, "q_proj.bias")), config.heads),
                  splitHeads(linear(xk, weights["k_proj.weight"], optionalTensor(weights, "k_proj.bias")), config.kvHeads),
                  splitHeads(linear(xv, weights["v_proj.weight"], optionalTensor(weights, "v_proj.bias")), config.kvHeads)};
    if (config.qkNorm) {
        p.q = rmsNorm(p.q, weights["q_norm.weight"], config.rmsNormEps);
        p.k = rmsNorm(p.k, weights["k_norm.weight"], config.rmsNormEps);
    }
    return p;
}

at::Tensor outputProjection(const Scope& weights, const at::Tensor& o) {
    return linear(o, weights["o_proj.weight"], optionalTensor(weights, "o_proj.bias"));
}

}  // namespace radlads::model
