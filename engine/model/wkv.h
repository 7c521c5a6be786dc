// The two recurrences: by the kernels in use, and in LibTorch operations, chunked and token by token. radlads.md 2.3, 3.3, 4.1.
#pragma once

#include <ATen/core/Tensor.h>

namespace radlads::model {

struct WkvOutput {
    at::Tensor y;      // [B, H, T, V]
    at::Tensor state;  // after the last token: wkv7 [B, H, V, K], wkv6 [B, H, K, V]
};

// RWKV-7: S_t = S_{t-1} (diag(w_t) + alpha_t^T beta_t) + v_t^T k_t, y_t = S_t r_t. All inputs [B, H, T, N]; logDecay = log w in
// (-0.607, 0). state [B, H, V, K] or undefined for zero. Differentiable in every input, the state included. Any T.
WkvOutput wkv7Chunked(const at::Tensor& r, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
                      const at::Tensor& alpha, const at::Tensor& beta, const at::Tensor& state = {});
WkvOutput wkv7Recurrent(const at::Tensor& r, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& alpha, const at::Tensor& beta, const at::Tensor& state = {});

// RWKV-6 (gated linear attention): S_t = diag(w_t) S_{t-1} + k_t^T v_t, y_t = q_t S_t; the caller scales q. logDecay in [-5, 0].
WkvOutput wkv6Chunked(const at::Tensor& q, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
                      const at::Tensor& state = {});
WkvOutput wkv6Recurrent(const at::Tensor& q, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& state = {});

// The same by the kernels in use (kernel_choice.h), float32 on a processor; otherwise chunked. Of heads of up to 256 channels.
WkvOutput wkv7(const at::Tensor& r, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v, const at::Tensor& alpha,
               const at::Tensor& beta, const at::Tensor& state = {});
WkvOutput wkv6(const at::Tensor& q, const at::Tensor& logDecay, const at::Tensor& k, const at::Tensor& v, const at::Tensor& state = {});

}  // namespace radlads::model
