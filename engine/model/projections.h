// Products of the same rows with the weights of a layer as one function that LibTorch differentiates: the gradients of x are added up
// where they are computed, and the kernels multiply small weights, in fp16 all (kernels/products.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace radlads::model {

// What stands between the two halves of a low-rank product.
enum class Middle { None, Tanh, Sigmoid };

// y = x weight^T + bias, as linear(); with `second`, a low-rank product y = middle(x weight) second, or C of them that
// share x and the middle.
struct Projection {
    at::Tensor weight;  // [N, D]; low-rank: [D, R], or [D, C R]
    at::Tensor bias;    // [N], optional
    at::Tensor second;  // [R, N], or [C, R, N]
    Middle middle = Middle::None;
    bool isWide = false;        // float32 in any precision: what is added to the stream
};
// x [.., D] -> [.., N] of each projection, or [C, .., N]. In the precision of the thread as linear() is; low-rank products
// in float32 unless it is fp16. A GPU computes all but those of C in bfloat16 if that is the precision, results that are not wide too.
std::vector<at::Tensor> project(const at::Tensor& x, const std::vector<Projection>& projections);

// down(silu(gate x) (up x)); gate and up [I, D], down [D, I].
at::Tensor swiglu(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& down);

}  // namespace radlads::model
