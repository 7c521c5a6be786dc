// RAD-RWKV7, "RADGoose": the generalised delta rule in variants B (balanced) and G (GroupNorm) (radlads.md 3).
#include <cmath>

#include "engine/model/compat.h"
#include "engine/model/mixers/mixer.h"
#include "engine/model/wkv.h"

namespace radlads::model {
namespace {

constexpr double kDecayScale = 0.60653065971263342;  // e^-0.5

at::Tensor lowRank(const at::Tensor& x, const at::Tensor& first, const at::Tensor& second) {
    return x.matmul(first).matmul(second);
}

// k / ||k|| per head; the term under the root keeps a zero key and its gradient finite.
at::Tensor unitKeys(const at::Tensor& k) {
    return k / ((k * k).sum(-1, true) + 1e-24).sqrt();
}

at::Tensor gated(const Scope& weights, const at::Tensor& o, const at::Tensor& x, protocol::GateKind kind) {
    switch (kind) {
        case protocol::GateKind::None: return o;
        case protocol::GateKind::Full: return o * at::sigmoid(model::linear(x, weights["gate.weight"]));
        case protocol::GateKind::LowRank: return o * at::sigmoid(x.matmul(weights["g1"])).matmul(weights["g2"]);
    }
    return o;
}

}  // namespace

at::Tensor radRwkv7(const Scope& weights, const at::Tensor& x, MixerContext& context) {
    const io::ModelConfig& config = context.config;
    const io::StudentConfig& student = *config.student;
    const int64_t heads = config.heads;
    const double headDim = static_cast<double>(config.headDim);
    Projections p = project(weights, x, x, x, config);
    const at::Tensor decayInput = weights["w0"] + at::tanh(x.matmul(weights["w1"])).matmul(weights["w2"]);
    const at::Tensor logDecay = splitHeads(at::sigmoid(decayInput) * -kDecayScale, heads);
    const at::Tensor a = splitHeads(at::sigmoid(weights["a0"] + lowRank(x, weights["a1"], weights["a2"])), heads);
    if (student.rope) {
        p.q = applyRotary(p.q, context.rotary);
        p.k = applyRotary(p.k, context.rotary);
    }
    at::Tensor k = repeatHeads(p.k, heads), v = repeatHeads(p.v, heads), removal;
    if (student.balanceState) {
        removal = unitKeys(k);
        k = k * (1.0 - logDecay.exp() + a);
    } else {
        const auto perHead = [&](const char* name) { return weights[name].reshape({1, heads, 1, config.headDim}); };
        removal = unitKeys(k * perHead("k_k"));
        k = k * (1.0 + (a - 1.0) * perHead("k_a"));
    }
    if (!context.vFirst->defined()) {
        *context.vFirst = v;  // the first recurrent layer: layer 0, or the lowest one that is not kept as softmax
    } else {
        const at::Tensor mix = splitHeads(at::sigmoid(weights["v0"] + lowRank(x, weights["v1"], weights["v2"])), heads);
        v = v + (*context.vFirst - v) * mix;
    }

    const at::Tensor before = context.state ? context.state->wkv : at::Tensor();
    const auto form = context.form == Form::Recurrent ? wkv7Recurrent : wkv7;
    const WkvOutput out = form(p.q, logDecay, k, v, -removal, removal * a, before);
    if (context.state) context.state->wkv = out.state;
    const at::Tensor o = student.groupNorm ? headNorm(out.y, weights["ln_x.weight"], weights["ln_x.bias"], headDim * 1e-5)
                                           : mergeHeads(out.y) * std::pow(headDim, -0.5);
    return outputProjection(weights, gated(weights, o, x, student.gate));
}

std::vector<ParameterSpec> radRwkv7Parameters(const io::ModelConfig& config) {
    const io::StudentConfig& student = *config.student;
    const int64_t hidden = config.hiddenSize, width = config.attentionWidth();
    std::vector<ParameterSpec> specs;
    const struct {
        const char *base, *first, *second;
        int64_t rank;
    } lowRanks[] = {{"w0", "w1", "w2", student.ranks.decay}, {"a0", "a1", "a2", student.ranks.iclr}, {"v0", "v1", "v2", student.ranks.value}};
    for (const auto& low : lowRanks) {
        specs.push_back({low.base, {1, 1, width}});
        specs.push_back({low.first, {hidden, low.rank}});
        specs.push_back({low.second, {low.rank, width}});
    }
    if (student.gate == protocol::GateKind::Full) specs.push_back({"gate.weight", {width, hidden}});
    if (student.gate == protocol::GateKind::LowRank) {
        specs.push_back({"g1", {hidden, student.ranks.gate}});
        specs.push_back({"g2", {student.ranks.gate, width}});
    }
    specs.push_back({"k_k", {1, 1, width}});
    specs.push_back({"k_a", {1, 1, width}});
    specs.push_back({"r_k", {config.heads, config.headDim}});
    if (student.groupNorm) {
        specs.push_back({"ln_x.weight", {width}});
        specs.push_back({"ln_x.bias", {width}});
    }
    return specs;
}

}  // namespace radlads::model
