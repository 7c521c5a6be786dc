// Causal softmax attention with GQA and RoPE (radlads.md 1.1).
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/model/compat.h"
#include "engine/model/fused_function.h"
#include "engine/model/fused_ops.h"
#include "engine/model/mixers/mixer.h"
#include "engine/model/precision.h"

namespace radlads::model {
namespace {

// Query rows of one block of scores: bounds the memory of long sequences.
constexpr int64_t kQueryBlock = 512;

// Additive mask [rows, keys]: a query at position p sees keys at (p - window, p].
at::Tensor causalMask(int64_t firstQuery, int64_t rows, int64_t keys, int64_t window, const at::TensorOptions& options) {
    const at::Tensor query = at::arange(firstQuery, firstQuery + rows, at::kLong).unsqueeze(1), key = at::arange(keys, at::kLong);
    at::Tensor hidden = key > query;
    if (window > 0) hidden = hidden.logical_or(key <= query - window);
    return at::zeros({rows, keys}, options).masked_fill(hidden.to(options.device()), -std::numeric_limits<float>::infinity());
}

}  // namespace

at::Tensor softmaxAttention(const Scope& weights, const at::Tensor& x, MixerContext& context) {
    const io::ModelConfig& config = context.config;
    const std::vector<at::Tensor> all = project(x, {projectionOf(weights, "q_proj"), projectionOf(weights, "k_proj"), projectionOf(weights, "v_proj")});
    Projections p{all[0], all[1], all[2]};
    normHeads(weights, p, config);
    p = {splitHeads(p.q, config.heads), splitHeads(p.k, config.kvHeads), splitHeads(p.v, config.kvHeads)};
    p.q = applyRotary(p.q, context.rotary, std::pow(static_cast<double>(config.headDim), -0.5));
    p.k = applyRotary(p.k, context.rotary);
    if (context.state) {
        MixerState& state = *context.state;
        if (state.keys.defined()) {
            p.k = at::cat({state.keys, p.k}, 2);
            p.v = at::cat({state.values, p.v}, 2);
        }
        state.keys = p.k;
        state.values = p.v;
    }
    const bool fits = x.device().is_cpu() && p.q.scalar_type() == at::kFloat && areForKernels({p.q, p.k, p.v}) && !needsGradient({p.q, p.k, p.v}) && p.q.size(2) > 1 && config.headDim <= kMostHeadSize;
    if (fits) return outputProjection(weights, fused::attention(p.q, p.k, p.v, config.slidingWindow));
    const int64_t queries = p.q.size(2), keys = p.k.size(2), past = keys - queries;
    if (!x.device().is_cpu() && past == 0 && (config.slidingWindow <= 0 || config.slidingWindow >= keys)) {
        const auto dtype = isBf16() ? at::kBFloat16 : x.scalar_type();
        const at::Tensor y = fusedAttention(p.q.to(dtype), p.k.to(dtype), p.v.to(dtype));
        if (y.defined()) return outputProjection(weights, mergeHeads(y));
    }
    const at::Tensor k = repeatHeads(p.k, config.heads).transpose(-1, -2), v = repeatHeads(p.v, config.heads);
    std::vector<at::Tensor> blocks;
    for (int64_t start = 0; start < queries; start += kQueryBlock) {
        const int64_t rows = std::min(kQueryBlock, queries - start), visible = past + start + rows;
        at::Tensor scores = p.q.narrow(2, start, rows).matmul(k.narrow(3, 0, visible));
        if (rows > 1 || config.slidingWindow > 0) {
            scores = scores + causalMask(past + start, rows, visible, config.slidingWindow, p.q.options().requires_grad(false));
        }
        blocks.push_back(scores.softmax(-1).matmul(v.narrow(2, 0, visible)));
    }
    return outputProjection(weights, mergeHeads(blocks.size() == 1 ? blocks.front() : at::cat(blocks, 2)));
}

}  // namespace radlads::model
