// In what matrix products are computed (plan key hardware.precision). In bf16 and fp16 both operands are rounded as they
// are read, to the nearest, halves to even; sums, results and gradients are float32 (kernels/products.h). The float32
// weights are their own masters: there are no copies that could fall behind.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/model/weights.h"
#include "engine/protocol/plan.h"
#include "kernels/products.h"

namespace radlads::model {

// While it lives, linear(), multiply() and multiplyAdd() on this thread compute in `precision`; float32 without one.
// The backward pass of a linear() is computed as it was.
class PrecisionScope {
public:
    explicit PrecisionScope(protocol::Precision precision);
    ~PrecisionScope();
    PrecisionScope(const PrecisionScope&) = delete;
    PrecisionScope& operator=(const PrecisionScope&) = delete;

private:
    protocol::Precision m_before;
};

// Whether a scope of this thread says bf16; fp16, which is float32 where the processor does not have it.
bool isBf16();
bool isFp16();
// How this thread computes narrow products on a processor.
kernels::NarrowForm narrowForm();
// A product with these operands is in bf16 or fp16: a scope says so, or one is held in bfloat16. Double tensors are LibTorch's.
bool isNarrowProduct(const at::Tensor& a, const at::Tensor& b);
// linear() of such operands; a float32 weight may ask for a gradient.
at::Tensor narrowLinear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
// A product of float32 tensors that the kernels compute: on a processor, in fp16, or in float32 with a weight that stays in
// the cache with what it is multiplied with. Larger ones are the BLAS library's.
bool isKernelProduct(const at::Tensor& x, const at::Tensor& weight);
// out [m, n] = a [m, k] b [k, n], and out += a b; no gradients.
void multiply(at::Tensor& out, const at::Tensor& a, const at::Tensor& b);
void multiplyAdd(at::Tensor& out, const at::Tensor& a, const at::Tensor& b);

// Holds the matrices of a frozen model in bfloat16 (plan key teacher.dtype): projections, embedding, head. The
// embedding's rows are float32 again when they are read.
void holdInBfloat16(Weights& weights);

}  // namespace radlads::model
