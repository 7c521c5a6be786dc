// A weight times one vector, as decoding does for every weight: a matrix product would read the weight more than once.
#pragma once

#include <ATen/core/Tensor.h>

namespace radlads::model {

// Whether the kernels in use compute it: one vector x [.., in] of float32, a weight [out, in] of float32 or bfloat16, nothing that is
// differentiated, on the CPU.
bool isVectorProduct(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
// x [.., in] -> [.., out], in float32 whatever the weight's dtype.
at::Tensor vectorProduct(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace radlads::model
