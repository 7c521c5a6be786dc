// RAD-RWKV7, "RADGoose": the generalised delta rule in variants B (balanced) and G (GroupNorm) (radlads.md 3).
#include <cmath>

#include "engine/model/compat.h"
#include "engine/model/fused_function.h"
#include "engine/model/fused_ops.h"
#include "engine/model/mixers/mixer.h"
#include "engine/model/wkv.h"

namespace radlads::model {
namespace {

constexpr double kDecayScale = 0.60653065971263342;  // e^-0.5

// k / ||k|| per head; the term under the root keeps a zero key and its gradient finite.
at::Tensor unitKeys(const at::Tensor& k) {
    return k / ((k * k).sum(-1, true) + 1e-24).sqrt();
}

// What the recurrence takes, all [B, H, T, N], from the projections and the low-rank products [B, T, H N]; mix is undefined in the first
// recurrent layer, which has no other layer's values to mix in.
struct Inputs {
    Projections p;
    at::Tensor decay, rate, mix;
};

fused::PreparedTensors prepareFused(const Scope& weights, const Inputs& in, const MixerContext& context) {
    const io::ModelConfig& config = context.config;
    const bool rope = config.student->rope, balance = config.student->balanceState;
    const bool ownValues = !in.mix.defined() && config.heads == config.kvHeads;  // the recurrence takes them as they are
    fused::PrepareInputs inputs{.op = kernels::Wkv::Seven, .heads = config.heads, .kvHeads = config.kvHeads, .balance = balance};
    if (rope) {
        inputs.rotary = &context.rotary;
        inputs.q = in.p.q;
    }
    inputs.k = in.p.k;
    if (!ownValues) inputs.v = in.p.v;
    inputs.decay = in.decay;
    inputs.decayBase = weights["w0"];
    inputs.rate = in.rate;
    inputs.rateBase = weights["a0"];
    if (in.mix.defined()) {
        inputs.mix = in.mix;
        inputs.mixBase = weights["v0"];
        inputs.first = *context.vFirst;
    }
    if (!balance) {
        inputs.removal = weights["k_k"];
        inputs.replacement = weights["k_a"];
    }
    fused::PreparedTensors prepared = fused::prepare(inputs);
    if (!rope) prepared.q = splitHeads(in.p.q, config.heads);
    if (ownValues) prepared.v = splitHeads(in.p.v, config.heads);
    return prepared;
}

fused::PreparedTensors prepareInTorch(const Scope& weights, const Inputs& in, const MixerContext& context) {
    const io::ModelConfig& config = context.config;
    const io::StudentConfig& student = *config.student;
    const int64_t heads = config.heads;
    fused::PreparedTensors out;
    out.logDecay = splitHeads(at::sigmoid(weights["w0"] + in.decay) * -kDecayScale, heads);
    const at::Tensor a = splitHeads(at::sigmoid(weights["a0"] + in.rate), heads);
    at::Tensor k = splitHeads(in.p.k, config.kvHeads), removal;
    out.q = splitHeads(in.p.q, heads);
    if (student.rope) {
        out.q = applyRotary(out.q, context.rotary);
        k = applyRotary(k, context.rotary);
    }
    k = repeatHeads(k, heads);
    out.v = repeatHeads(splitHeads(in.p.v, config.kvHeads), heads);
    if (student.balanceState) {
        removal = unitKeys(k);
        out.k = k * (1.0 - out.logDecay.exp() + a);
    } else {
        const auto perHead = [&](const char* name) { return weights[name].reshape({1, heads, 1, config.headDim}); };
        removal = unitKeys(k * perHead("k_k"));
        out.k = k * (1.0 + (a - 1.0) * perHead("k_a"));
    }
    if (in.mix.defined()) out.v = out.v + (*context.vFirst - out.v) * splitHeads(at::sigmoid(weights["v0"] + in.mix), heads);
    out.alpha = -removal;
    out.beta = removal * a;
    return out;
}

}  // namespace

at::Tensor radRwkv7(const Scope& weights, const at::Tensor& x, MixerContext& context) {
    const io::ModelConfig& config = context.config;
    const auto lowRank = [&](const char* first, const char* second, Middle middle) {
        return Projection{.weight = weights[first], .bias = {}, .second = weights[second], .middle = middle};
    };
    std::vector<Projection> projections{projectionOf(weights, "q_proj"),         projectionOf(weights, "k_proj"),
                                        projectionOf(weights, "v_proj"),         lowRank("w1", "w2", Middle::Tanh),
                                        lowRank("a1", "a2", Middle::None)};
    const Projection gate = gateProjection(weights, config);
    const bool hasGate = gate.weight.defined();
    if (hasGate) projections.push_back(gate);
    if (context.vFirst->defined()) projections.push_back(lowRank("v1", "v2", Middle::None));
    const std::vector<at::Tensor> all = project(x, projections);
    Inputs in{{all[0], all[1], all[2]}, all[3], all[4], {}};
    normHeads(weights, in.p, config);
    if (context.vFirst->defined()) in.mix = all.back();
    const bool fits = areForKernels({in.p.q, in.decay, in.rate, *context.vFirst, context.rotary.cos}) && config.headDim <= kMostHeadSize;
    const fused::PreparedTensors p = (fits ? prepareFused : prepareInTorch)(weights, in, context);
    if (!context.vFirst->defined()) *context.vFirst = p.v;  // the first recurrent layer: layer 0, or the lowest one that is not kept as softmax

    const at::Tensor before = context.state ? context.state->wkv : at::Tensor();
    const auto form = context.form == Form::Recurrent ? wkv7Recurrent : wkv7;
    const WkvOutput out = form(p.q, p.logDecay, p.k, p.v, p.alpha, p.beta, before);
    if (context.state) context.state->wkv = out.state;
    return mixerOutput(weights, out.y, hasGate ? all[5] : at::Tensor(), std::pow(static_cast<double>(config.headDim), -0.5), config);
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
