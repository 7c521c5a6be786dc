// A mixer turns the normalised residual x [B, T, D] into the attention output [B, T, D]. One file a mixer; this is their face.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "engine/io/model_config.h"
#include "engine/model/ops.h"
#include "engine/model/projections.h"
#include "engine/model/weights.h"

namespace radlads::model {

// What a mixer keeps of the past for one layer. A softmax layer grows; a recurrent one stays.
struct MixerState {
    at::Tensor keys, values;  // softmax: [B, Hkv, t, N], keys rotated
    at::Tensor wkv;           // rad-rwkv6 [B, H, K, V]; rad-rwkv7 [B, H, V, K]
    at::Tensor shift;         // rad-rwkv6: the last normalised input [B, 1, D]
    int64_t sizeBytes() const;
};

enum class Form { Chunked, Recurrent };  // the same function; Recurrent is a token loop

struct MixerContext {
    const io::ModelConfig& config;
    int64_t layer = 0;
    const Rotary& rotary;  // of the tokens of x
    // Layer 0's values [B, H, T, N]: written by layer 0 of rad-rwkv7, read by the layers above.
    at::Tensor* vFirst = nullptr;
    MixerState* state = nullptr;  // null: start from nothing, keep nothing
    Form form = Form::Chunked;
};

// Dispatches by config: softmax for teachers and kept layers, else the student's architecture.
at::Tensor mixerForward(const Scope& weights, const at::Tensor& x, MixerContext& context);

// Names (below "self_attn.") and shapes of the layer's mixer, in the order of the released files.
std::vector<ParameterSpec> mixerParameters(const io::ModelConfig& config, int64_t layer);

at::Tensor softmaxAttention(const Scope& weights, const at::Tensor& x, MixerContext& context);
at::Tensor radRwkv6(const Scope& weights, const at::Tensor& x, MixerContext& context);
at::Tensor radRwkv7(const Scope& weights, const at::Tensor& x, MixerContext& context);
std::vector<ParameterSpec> projectionParameters(const io::ModelConfig& config);  // q k v o and their biases and norms
std::vector<ParameterSpec> radRwkv6Parameters(const io::ModelConfig& config);
std::vector<ParameterSpec> radRwkv7Parameters(const io::ModelConfig& config);

// A projection with its bias if it has one: "q_proj" and so on.
Projection projectionOf(const Scope& weights, const std::string& name);
// q, k, v: [B, H, T, N], [B, Hkv, T, N] twice, or before the heads are split [B, T, H N], [B, T, Hkv N] twice.
struct Projections {
    at::Tensor q, k, v;
};
// The per-head norms of Qwen3 on flat q and k; nothing where the model has none.
void normHeads(const Scope& weights, Projections& flat, const io::ModelConfig& config);
// The gate of a student's output, before its sigmoid if it is a full one; no weight where there is none.
Projection gateProjection(const Scope& weights, const io::ModelConfig& config);
// What follows a student's recurrence: y [B, H, T, N], normed per head with the student's GroupNorm or else scaled, times its gate
// [B, T, H N] (gateProjection()), projected.
at::Tensor mixerOutput(const Scope& weights, const at::Tensor& y, const at::Tensor& gate, double scale, const io::ModelConfig& config);
at::Tensor outputProjection(const Scope& weights, const at::Tensor& o);

}  // namespace radlads::model
