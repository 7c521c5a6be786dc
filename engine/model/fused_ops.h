// The element-wise ops by the kernels (kernels/pointwise.h, kernels/prepare.h), differentiable. All take float32 tensors on a processor:
// ask areForKernels() first; each has its form in LibTorch's operations in ops.h or beside the mixers.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "engine/model/ops.h"
#include "kernels/pointwise.h"
#include "kernels/prepare.h"

namespace radlads::model::fused {

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps);
// h + delta, and its norm.
Normed addRmsNorm(const at::Tensor& h, const at::Tensor& delta, const at::Tensor& weight, double eps);
at::Tensor siluProduct(const at::Tensor& gate, const at::Tensor& up);
// x [B, T, heads N] or [B, heads, T, N] -> scale times the rotated x [B, heads, T, N], contiguous.
at::Tensor rotate(const at::Tensor& x, int64_t heads, const Rotary& rotary, double scale);
// y [B, H, T, N] -> [B, T, H N]: normed per head (weight and bias [H N]) or scaled, times the gate [B, T, H N].
struct HeadOutputOptions {
    at::Tensor weight, bias;
    double eps = 0, scale = 1;
    at::Tensor gate;
    kernels::HeadOutput::Gate kind = kernels::HeadOutput::Gate::None;
};
at::Tensor headOutput(const at::Tensor& y, const HeadOutputOptions& options);
// Causal attention (kernels/attention.h): q [B, H, T, N], scaled, k and v [B, Hkv, S, N] -> [B, T, H N]. Not differentiated:
// needsGradient() of them says no.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t window);
// meanDistance() of ops.h.
at::Tensor meanDistance(const at::Tensor& target, const at::Tensor& output);

// What kernels::Prepare takes. Activations [B, T, heads N], `first` [B, H, T, N]; parameters [.., H N]; the undefined are absent.
struct PrepareInputs {
    kernels::Wkv op = kernels::Wkv::Seven;
    int64_t heads = 0, kvHeads = 0;
    bool balance = true;
    double queryScale = 1;
    const Rotary* rotary = nullptr;  // null: none
    at::Tensor q, k, v, decay, rate, mix, first;
    at::Tensor decayBase, rateBase, mixBase, removal, replacement;
};
struct PreparedTensors {
    at::Tensor q, logDecay, k, v, alpha, beta;  // [B, H, T, N]; q and v undefined where the inputs are
};
PreparedTensors prepare(const PrepareInputs& inputs);

// C streams [B, T, D] of x [B, T, D]: x + (the token before - x) (base_c + m_c). before [B, 1, D] or undefined (0), not differentiated;
// base [C, D], m [C, B, T, D] or undefined (0).
std::vector<at::Tensor> tokenShift(const at::Tensor& x, const at::Tensor& before, const at::Tensor& base, const at::Tensor& m);

}  // namespace radlads::model::fused
