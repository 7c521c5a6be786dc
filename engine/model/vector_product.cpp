#include "engine/model/vector_product.h"

#include "engine/model/compat.h"
#include "engine/model/kernel_choice.h"
#include "kernels/matvec.h"

namespace radlads::model {
namespace {

bool isDifferentiated(const at::Tensor& tensor) {
    return tensor.defined() && c10::GradMode::is_enabled() && tensor.requires_grad();
}

}  // namespace

bool isVectorProduct(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    if (kernelsInUse() == KernelChoice::Torch || x.numel() != weight.size(1) || x.size(-1) != weight.size(1) || !x.device().is_cpu() || x.scalar_type() != at::kFloat) return false;
    if (isDifferentiated(x) || isDifferentiated(weight) || isDifferentiated(bias)) return false;
    const bool known = weight.scalar_type() == at::kFloat || weight.scalar_type() == at::kBFloat16;
    return known && weight.stride(1) == 1 && (!bias.defined() || bias.scalar_type() == at::kFloat);
}

at::Tensor vectorProduct(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = weight.size(0);
    const at::Tensor y = at::empty(shape, x.options().requires_grad(false)), vector = x.contiguous(), added = bias.defined() ? bias.contiguous() : bias;
    kernels::MatVecInputs inputs;
    inputs.weight = {weight.data_ptr(), {1, 1, weight.size(0), weight.size(1)}, {0, 0, weight.stride(0), 1},
                     weight.scalar_type() == at::kFloat ? kernels::DType::Float32 : kernels::DType::BFloat16};
    inputs.x = vector.data_ptr<float>();
    if (added.defined()) inputs.bias = added.data_ptr<float>();
    const auto backend = kernelsInUse() == KernelChoice::Reference ? kernels::Backend::Reference : kernels::Backend::Simd;
    kernels::matVec(backend, inputs, y.data_ptr<float>(), kernels::serial());
    return y;
}

}  // namespace radlads::model
