// Every branch on the version of LibTorch lives here: Debian 12 ships 1.13, GPU machines 2.x.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/version.h>

namespace radlads::model {

#define RADLADS_TORCH_AT_LEAST(major, minor) \
    (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

// Gradients of `outputs` with respect to `inputs`; an input that is not used gives an undefined tensor.
inline std::vector<at::Tensor> gradients(const std::vector<at::Tensor>& outputs, const std::vector<at::Tensor>& inputs,
                                         const std::vector<at::Tensor>& outputGradients = {}) {
    return torch::autograd::grad(outputs, inputs, outputGradients, /*retain_graph=*/c10::nullopt, /*create_graph=*/false,
                                 /*allow_unused=*/true);
}

// The cudaStream_t or hipStream_t on which LibTorch computes with the tensors of a GPU; null on a processor.
inline void* currentStream(const at::Tensor& tensor) {
    if (tensor.device().is_cpu()) return nullptr;
#if RADLADS_TORCH_AT_LEAST(2, 6)
    return c10::impl::VirtualGuardImpl(tensor.device().type()).getStream(tensor.device()).native_handle();
#else
    return nullptr;  // the default stream, which LibTorch computes on unless told otherwise
#endif
}

// out [m, n] float32 = or += a [m, k] b [k, n] of bfloat16, on a GPU, sums in float32. Older versions round the product.
inline void bfloat16Product(at::Tensor& out, const at::Tensor& a, const at::Tensor& b, bool add) {
#if RADLADS_TORCH_AT_LEAST(2, 8)
    if (add)
        at::addmm_out(out, out, a, b, at::kFloat);
    else
        at::mm_out(out, a, b, at::kFloat);
#else
    const at::Tensor product = at::mm(a, b);
    add ? out.add_(product) : out.copy_(product);
#endif
}

// Causal softmax attention by LibTorch's fused kernels of a GPU: q [B, H, T, N] (scaled), k, v [B, Hkv, T, N] of one dtype; undefined where
// there are none.
inline at::Tensor fusedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
#if RADLADS_TORCH_AT_LEAST(2, 5)
    if (!q.device().is_cpu()) return at::scaled_dot_product_attention(q, k, v, {}, 0.0, /*is_causal=*/true, 1.0, /*enable_gqa=*/q.size(1) != k.size(1));
#endif
    static_cast<void>(q), static_cast<void>(k), static_cast<void>(v);
    return {};
}

}  // namespace radlads::model
