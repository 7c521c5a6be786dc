// The small operations that teacher and students share. All take and return float tensors; shapes are in the comments. By the kernels in
// use where they apply (fused_ops.h), else in LibTorch's operations.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/io/model_config.h"

namespace radlads::model {

// x rsqrt(mean(x^2) + eps) * weight over the last dimension (radlads.md 1.1); statistics in float32 or wider.
at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);
// h + delta, and its rmsNorm: a layer's two halves end and begin so.
struct Normed {
    at::Tensor sum, y;
};
Normed addRmsNorm(const at::Tensor& h, const at::Tensor& delta, const at::Tensor& weight, double eps);
// x [.., in] times weight [out, in], plus bias [out] if defined: every product with a weight that is not of low rank, but those of
// projections.h. In float32, or in bf16 (precision.h).
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});
// [B, T, h N] -> [B, h, T, N] and back.
at::Tensor splitHeads(const at::Tensor& x, int64_t heads);
at::Tensor mergeHeads(const at::Tensor& x);
// [B, Hkv, T, N] -> [B, H, T, N]: kv head j serves query heads j G .. j G + G - 1.
at::Tensor repeatHeads(const at::Tensor& x, int64_t heads);
// GroupNorm over each head of y [B, H, T, N], affine weight and bias [H N]; returns [B, T, H N].
at::Tensor headNorm(const at::Tensor& y, const at::Tensor& weight, const at::Tensor& bias, double eps);

// cos and sin of positions [start, start + length), each [length, N] with both halves equal (interop.md 3.2, llama3 scaling included), of
// the dtype and on the device of `like`. Up to position 65,536 on a processor they are kept for the next call: do not write to them.
struct Rotary {
    at::Tensor cos, sin;
};
Rotary rotaryTable(const io::ModelConfig& config, int64_t start, int64_t length, const at::TensorOptions& like);
// Half-split rotation of x [B, h, T, N], times scale.
at::Tensor applyRotary(const at::Tensor& x, const Rotary& rotary, double scale = 1.0);

// Mean over the rows of ||target - output||_2 width^-1/2 (radlads.md 5.1); differentiable in output alone.
at::Tensor meanDistance(const at::Tensor& target, const at::Tensor& output);

}  // namespace radlads::model
