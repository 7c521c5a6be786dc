// RAD-RWKV6, "RADFinch": token shift, data-dependent per-channel decay, balanced keys (radlads.md 2).
#include <cmath>

#include "engine/model/compat.h"
#include "engine/model/mixers/mixer.h"
#include "engine/model/wkv.h"

namespace radlads::model {
namespace {

constexpr double kLowestLogDecay = -5.0;
// exp(d) beyond this is clamped anyway; the bound keeps exp finite and its gradient zero instead of NaN.
constexpr double kHighestDecayInput = 10.0;
enum Stream { R, K, V, W, G, kStreams };  // the order of time_maa_w1 and time_maa_w2

// x_c = x + delta * (maa_c + m_c) for the five streams (2.2, steps 1 and 2).
std::vector<at::Tensor> shiftedStreams(const Scope& weights, const at::Tensor& x, MixerContext& context) {
    if (!context.config.student->tokenShift) return std::vector<at::Tensor>(kStreams, x);
    const int64_t batch = x.size(0), length = x.size(1), hidden = x.size(2);
    const bool carried = context.state && context.state->shift.defined();
    const at::Tensor before = carried ? context.state->shift : at::zeros({batch, 1, hidden}, x.options().requires_grad(false));
    const at::Tensor delta = at::cat({before, x.narrow(1, 0, length - 1)}, 1) - x;
    const at::Tensor z = at::tanh((x + delta * weights["time_maa_x"]).matmul(weights["time_maa_w1"]));
    const at::Tensor streams = z.reshape({batch * length, kStreams, -1}).transpose(0, 1);
    const at::Tensor m = at::bmm(streams, weights["time_maa_w2"]).reshape({kStreams, batch, length, hidden});
    const at::Tensor base = at::stack({weights["time_maa_r"], weights["time_maa_k"], weights["time_maa_v"], weights["time_maa_w"],
                                       weights["time_maa_g"]});
    return (x + delta * (base + m)).unbind(0);
}

at::Tensor applyGate(const Scope& weights, const at::Tensor& o, const at::Tensor& xg, protocol::GateKind kind) {
    switch (kind) {
        case protocol::GateKind::None: return o;
        case protocol::GateKind::Full: return o * at::sigmoid(model::linear(xg, weights["gate.weight"]));
        case protocol::GateKind::LowRank: return o * at::sigmoid(xg.matmul(weights["g1"])).matmul(weights["g2"]);
    }
    return o;
}

}  // namespace

at::Tensor radRwkv6(const Scope& weights, const at::Tensor& x, MixerContext& context) {
    const io::ModelConfig& config = context.config;
    const io::StudentConfig& student = *config.student;
    const std::vector<at::Tensor> streams = shiftedStreams(weights, x, context);
    if (context.state) context.state->shift = x.narrow(1, x.size(1) - 1, 1);

    Projections p = project(weights, streams[R], streams[K], streams[V], config);
    const at::Tensor d = weights["time_decay"] + at::tanh(streams[W].matmul(weights["time_decay_w1"])).matmul(weights["time_decay_w2"]);
    if (student.rope) {
        p.q = applyRotary(p.q, context.rotary);
        p.k = applyRotary(p.k, context.rotary);
    }
    const at::Tensor logDecay =
        at::clamp_min(-at::exp(at::clamp_max(splitHeads(d, config.heads), kHighestDecayInput)), kLowestLogDecay);
    at::Tensor k = repeatHeads(p.k, config.heads);
    if (student.balanceState) k = k * (1.0 - logDecay.exp());
    const at::Tensor q = p.q * std::pow(static_cast<double>(config.headDim), -0.5), v = repeatHeads(p.v, config.heads);

    const at::Tensor before = context.state ? context.state->wkv : at::Tensor();
    const WkvOutput out = (context.form == Form::Recurrent ? wkv6Recurrent : wkv6)(q, logDecay, k, v, before);
    if (context.state) context.state->wkv = out.state;
    const at::Tensor o = student.groupNorm ? headNorm(out.y, weights["ln_x.weight"], weights["ln_x.bias"],
                                                      static_cast<double>(config.headDim) * 1e-5)
                                           : mergeHeads(out.y);
    return outputProjection(weights, applyGate(weights, o, streams[G], student.gate));
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
