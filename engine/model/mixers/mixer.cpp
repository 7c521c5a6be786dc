#include "engine/model/mixers/mixer.h"

#include "engine/model/compat.h"
#include "engine/model/fused_function.h"
#include "engine/model/fused_ops.h"

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

Projection projectionOf(const Scope& weights, const std::string& name) {
    return {.weight = weights[(name + ".weight").c_str()], .bias = optionalTensor(weights, (name + ".bias").c_str())};
}

void normHeads(const Scope& weights, Projections& flat, const io::ModelConfig& config) {
    if (!config.qkNorm) return;
    const auto normed = [&](const at::Tensor& x, int64_t heads, const char* name) {
        return rmsNorm(x.reshape({x.size(0), x.size(1), heads, config.headDim}), weights[name], config.rmsNormEps).reshape(x.sizes());
    };
    flat.q = normed(flat.q, config.heads, "q_norm.weight");
    flat.k = normed(flat.k, config.kvHeads, "k_norm.weight");
}

Projection gateProjection(const Scope& weights, const io::ModelConfig& config) {
    switch (config.student->gate) {
        case protocol::GateKind::Full: return {.weight = weights["gate.weight"]};
        case protocol::GateKind::LowRank: return {.weight = weights["g1"], .second = weights["g2"], .middle = Middle::Sigmoid};
        default: return {};
    }
}

at::Tensor mixerOutput(const Scope& weights, const at::Tensor& y, const at::Tensor& gate, double scale, const io::ModelConfig& config) {
    using Gate = kernels::HeadOutput::Gate;
    const io::StudentConfig& student = *config.student;
    fused::HeadOutputOptions options{.eps = static_cast<double>(config.headDim) * 1e-5, .scale = scale, .gate = gate};
    if (student.groupNorm) {
        options.weight = weights["ln_x.weight"];
        options.bias = weights["ln_x.bias"];
    }
    if (student.gate == protocol::GateKind::Full) options.kind = Gate::Sigmoid;
    if (student.gate == protocol::GateKind::LowRank) options.kind = Gate::Plain;
    if (areForKernels({y, options.weight, options.gate}) && y.size(3) <= kMostHeadSize) return outputProjection(weights, fused::headOutput(y, options));
    at::Tensor o = student.groupNorm ? headNorm(y, options.weight, options.bias, options.eps) : mergeHeads(y) * scale;
    if (options.kind == Gate::Sigmoid) o = o * at::sigmoid(options.gate);
    if (options.kind == Gate::Plain) o = o * options.gate;
    return outputProjection(weights, o);
}

at::Tensor outputProjection(const Scope& weights, const at::Tensor& o) {
    Projection projection = projectionOf(weights, "o_proj");
    projection.isWide = true;
    return project(o, {projection})[0];
}

}  // namespace radlads::model
