// RAD-RWKV6, "RADFinch": token shift, data-dependent per-channel decay, balanced keys (radlads.md 2).
#include <cmath>

#include "engine/model/compat.h"
#include "engine/model/fused_function.h"
#include "engine/model/fused_ops.h"
#include "engine/model/mixers/mixer.h"
#include "engine/model/wkv.h"

namespace radlads::model {
namespace {

constexpr double kLowestLogDecay = -5.0;
// exp(d) beyond this is clamped anyway; the bound keeps exp finite and its gradient zero instead of NaN.
constexpr double kHighestDecayInput = 10.0;
enum Stream { R, K, V, W, G, kStreams };  // the order of time_maa_w1 and time_maa_w2

// x_c = x + delta (base_c + m_c), with delta to the token before; base [C, D], m [C, B, T, D] or undefined.
std::vector<at::Tensor> lerps(const at::Tensor& x, const at::Tensor& before, const at::Tensor& base, const at::Tensor& m) {
    if (areForKernels({x, before, base, m}) && !before.requires_grad()) return fused::tokenShift(x, before, base, m);
    const at::Tensor delta = at::cat({before, x.narrow(1, 0, x.size(1) - 1)}, 1) - x;
    const at::Tensor share = base.reshape({base.size(0), 1, 1, base.size(1)});
    return (x + delta * (m.defined() ? share + m : share)).unbind(0);
}

// x_c for the five streams (2.2, steps 1 and 2).
std::vector<at::Tensor> shiftedStreams(const Scope& weights, const at::Tensor& x, MixerContext& context) {
    if (!context.config.student->tokenShift) return std::vector<at::Tensor>(kStreams, x);
    const int64_t batch = x.size(0), hidden = x.size(2);
    const bool carried = context.state && context.state->shift.defined();
    const at::Tensor before = carried ? context.state->shift : at::zeros({batch, 1, hidden}, x.options().requires_grad(false));
    const at::Tensor first = lerps(x, before, weights["time_maa_x"].reshape({1, hidden}), {})[0];
    const at::Tensor m = project(
        first, {{.weight = weights["time_maa_w1"], .second = weights["time_maa_w2"], .middle = Middle::Tanh}})[0];
    const at::Tensor base = at::cat({weights["time_maa_r"], weights["time_maa_k"], weights["time_maa_v"], weights["time_maa_w"],
                                     weights["time_maa_g"]}).reshape({kStreams, hidden});
    return lerps(x, before, base, m);
}

// What the recurrence takes, all [B, H, T, N], from the projections and the low-rank product [B, T, H N].
fused::PreparedTensors prepareFused(const Scope& weights, const Projections& p, const at::Tensor& decay, const MixerContext& context) {
    const io::ModelConfig& config = context.config;
    fused::PrepareInputs inputs{.op = kernels::Wkv::Six, .heads = config.heads, .kvHeads = config.kvHeads, .balance = config.student->balanceState};
    inputs.queryScale = std::pow(static_cast<double>(config.headDim), -0.5);
    if (config.student->rope) inputs.rotary = &context.rotary;
    inputs.q = p.q;
    inputs.k = p.k;
    const bool ownValues = config.heads == config.kvHeads;  // the recurrence takes them as they are
    if (!ownValues) inputs.v = p.v;
    inputs.decay = decay;
    inputs.decayBase = weights["time_decay"];
    fused::PreparedTensors prepared = fused::prepare(inputs);
    if (ownValues) prepared.v = splitHeads(p.v, config.heads);
    return prepared;
}

fused::PreparedTensors prepareInTorch(const Scope& weights, const Projections& p, const at::Tensor& decay, const MixerContext& context) {
    const io::ModelConfig& config = context.config;
    const io::StudentConfig& student = *config.student;
    fused::PreparedTensors out;
    at::Tensor q = splitHeads(p.q, config.heads), k = splitHeads(p.k, config.kvHeads);
    if (student.rope) {
        q = applyRotary(q, context.rotary);
        k = applyRotary(k, context.rotary);
    }
    const at::Tensor d = splitHeads(weights["time_decay"] + decay, config.heads);
    out.logDecay = at::clamp_min(-at::exp(at::clamp_max(d, kHighestDecayInput)), kLowestLogDecay);
    out.k = repeatHeads(k, config.heads);
    if (student.balanceState) out.k = out.k * (1.0 - out.logDecay.exp());
    out.q = q * std::pow(static_cast<double>(config.headDim), -0.5);
    out.v = repeatHeads(splitHeads(p.v, config.kvHeads), config.heads);
    return out;
}

}  // namespace

at::Tensor radRwkv6(const Scope& weights, const at::Tensor& x, MixerContext& context) {
    const io::ModelConfig& config = context.config;
    const std::vector<at::Tensor> streams = shiftedStreams(weights, x, context);
    if (context.state) context.state->shift = x.narrow(1, x.size(1) - 1, 1);

    Projections flat{project(streams[R], {projectionOf(weights, "q_proj")})[0], project(streams[K], {projectionOf(weights, "k_proj")})[0],
                     project(streams[V], {projectionOf(weights, "v_proj")})[0]};
    normHeads(weights, flat, config);
    const at::Tensor decay = project(streams[W], {{.weight = weights["time_decay_w1"], .second = weights["time_decay_w2"], .middle = Middle::Tanh}})[0];
    const Projection gate = gateProjection(weights, config);
    const bool fits = areForKernels({flat.q, decay, context.rotary.cos}) && config.headDim <= kMostHeadSize;
    const fused::PreparedTensors p = (fits ? prepareFused : prepareInTorch)(weights, flat, decay, context);

    const at::Tensor before = context.state ? context.state->wkv : at::Tensor();
    const WkvOutput out = (context.form == Form::Recurrent ? wkv6Recurrent : wkv6)(p.q, p.logDecay, p.k, p.v, before);
    if (context.state) context.state->wkv = out.state;
    return mixerOutput(weights, out.y, gate.weight.defined() ? project(streams[G], {gate})[0] : at::Tensor(), 1.0, config);
}

std::vector<ParameterSpec> radRwkv6Parameters(const io::ModelConfig& config) {
    const io::StudentConfig& student = *config.student;
    const int64_t hidden = config.hiddenSize, width = config.attentionWidth();
    std::vector<ParameterSpec> specs;
    if (student.tokenShift) {
        for (const char* name : {"time_maa_x", "time_maa_r", "time_maa_k", "time_maa_v", "time_maa_w", "time_maa_g"}) {
            specs.push_back({name, {1, 1, hidden}});
        }
        specs.push_back({"time_maa_w1", {hidden, kStreams * student.ranks.tokenShift}});
        specs.push_back({"time_maa_w2", {kStreams, student.ranks.tokenShift, hidden}});
    }
    specs.push_back({"time_decay", {1, 1, width}});
    specs.push_back({"time_decay_w1", {hidden, student.ranks.decay}});
    specs.push_back({"time_decay_w2", {student.ranks.decay, width}});
    if (student.gate == protocol::GateKind::Full) specs.push_back({"gate.weight", {width, hidden}});
    if (student.gate == protocol::GateKind::LowRank) {
        specs.push_back({"g1", {hidden, student.ranks.gate}});
        specs.push_back({"g2", {student.ranks.gate, width}});
    }
    if (student.groupNorm) {
        specs.push_back({"ln_x.weight", {width}});
        specs.push_back({"ln_x.bias", {width}});
    }
    return specs;
}

}  // namespace radlads::model
