// project() and swiglu() of projections.h where a GPU computes in bf16: every operand is rounded to bfloat16 once, what lies between
// them is bfloat16, gradients of weights and of x are sums in float32.
#pragma once

#include "engine/model/projections.h"

namespace radlads::model::half {

// Whether these are computed so: a scope says bf16 (precision.h), and the kernels of a GPU take x.
bool isFor(const at::Tensor& x);

// Results are bfloat16, those of wide projections float32.
std::vector<at::Tensor> project(const at::Tensor& x, const std::vector<Projection>& projections);
// Float32.
at::Tensor swiglu(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& down);

}  // namespace radlads::model::half
