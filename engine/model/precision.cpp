#include "engine/model/precision.h"

#include <torch/csrc/autograd/custom_function.h>

#include "engine/model/compat.h"
#include "engine/model/kernel_choice.h"
#include "kernels/products.h"

namespace radlads::model {
namespace {

using kernels::Matrix;
using kernels::NarrowForm;
using kernels::Store;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Elements of a weight that floatProduct() multiplies faster than OpenBLAS does (kernels/README.md).
constexpr int64_t kSmallWeight = 96 << 10;

thread_local protocol::Precision t_precision = protocol::Precision::Fp32;

Matrix matrixOf(const at::Tensor& tensor) {
    const auto dtype = tensor.scalar_type() == at::kBFloat16 ? kernels::DType::BFloat16 : kernels::DType::Float32;
    return {tensor.data_ptr(), tensor.size(0), tensor.size(1), tensor.stride(0), tensor.stride(1), dtype};
}

at::Tensor withLines(const at::Tensor& tensor) {
    return tensor.stride(0) == 1 || tensor.stride(1) == 1 ? tensor : tensor.contiguous();
}

at::Tensor rounded(const at::Tensor& tensor) {
    return tensor.to(at::kBFloat16).to(at::kFloat);
}

void productByTorch(at::Tensor& out, const at::Tensor& a, const at::Tensor& b, Store store) {
    if (store == Store::Add)
        out.addmm_(a, b);
    else
        at::mm_out(out, a, b);
}

// out: float32, rows element after element. LibTorch has no product of float16 with sums of float32.
void product(NarrowForm form, at::Tensor& out, const at::Tensor& a, const at::Tensor& b, Store store) {
    if (!out.device().is_cpu()) return bfloat16Product(out, a.to(at::kBFloat16), b.to(at::kBFloat16), store == Store::Add);
    const KernelChoice choice = kernelsInUse();
    if (choice == KernelChoice::Torch) {
        if (form == NarrowForm::Fp16Instructions) return productByTorch(out, a.to(at::kFloat), b.to(at::kFloat), store);
        return productByTorch(out, rounded(a), rounded(b), store);
    }
    const at::Tensor left = withLines(a), right = withLines(b);
    const kernels::NarrowProduct product{matrixOf(left), matrixOf(right), out.data_ptr<float>(), out.stride(0), store};
    const at::Tensor room = at::empty({static_cast<int64_t>(kernels::narrowProductFloats({&product, 1}))}, at::kFloat);
    kernels::narrowProducts(choice == KernelChoice::Reference ? kernels::Backend::Reference : kernels::Backend::Simd, form,
                            {&product, 1}, room.data_ptr<float>());
}

void floatProduct(at::Tensor& out, const at::Tensor& a, const at::Tensor& b, Store store) {
    const at::Tensor left = withLines(a), right = withLines(b);
    const bool reference = kernelsInUse() == KernelChoice::Reference;
    kernels::floatProduct(reference ? kernels::Backend::Reference : kernels::Backend::Simd, matrixOf(left),
                          matrixOf(right), nullptr, out.data_ptr<float>(), out.stride(0), store);
}

at::Tensor productOf(NarrowForm form, const at::Tensor& a, const at::Tensor& b) {
    at::Tensor out = at::empty({a.size(0), b.size(1)}, at::TensorOptions(a.device()).dtype(at::kFloat));
    product(form, out, a, b, Store::Set);
    return out;
}

at::Tensor rowsOf(const at::Tensor& x) {
    return x.reshape({-1, x.size(-1)});
}

at::Tensor forwardOf(NarrowForm form, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    std::vector<int64_t> shape = x.sizes().vec();
    shape.back() = weight.size(0);
    const at::Tensor rows = rowsOf(x);
    if (!bias.defined()) return productOf(form, rows, weight.t()).reshape(shape);
    at::Tensor y = bias.to(at::kFloat).expand({rows.size(0), -1}).clone(at::MemoryFormat::Contiguous);
    product(form, y, rows, weight.t(), Store::Add);
    return y.reshape(shape);
}

// y = x W^T + bias; dx = dy W, dW = dy^T x, dbias = the sum of dy over rows.
struct Linear : torch::autograd::Function<Linear> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const c10::optional<at::Tensor>& bias) {
        // Both are rounded whenever they are read. A GPU's memory holds the rounded one, half of it.
        const at::Tensor kept = x.device().is_cpu() ? x : x.to(at::kBFloat16);
        context->save_for_backward({kept, weight});
        context->saved_data["x"] = x.requires_grad();
        context->saved_data["weight"] = weight.requires_grad();
        context->saved_data["bias"] = bias && bias->requires_grad();
        const NarrowForm form = narrowForm();
        context->saved_data["form"] = static_cast<int64_t>(form);
        return forwardOf(form, kept, weight, bias.value_or(at::Tensor()));
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const variable_list kept = context->get_saved_variables();
        const at::Tensor &x = kept[0], &weight = kept[1], dy = rowsOf(gradients[0]);
        const auto wants = [&](const char* name) { return context->saved_data[name].toBool(); };
        const auto form = static_cast<NarrowForm>(context->saved_data["form"].toInt());
        return {wants("x") ? productOf(form, dy, weight).reshape(x.sizes()) : at::Tensor(),
                wants("weight") ? productOf(form, dy.t(), rowsOf(x)) : at::Tensor(),
                wants("bias") ? dy.sum(0) : at::Tensor()};
    }
};

}  // namespace

PrecisionScope::PrecisionScope(protocol::Precision precision) : m_before(t_precision) {
    t_precision = precision;
}

PrecisionScope::~PrecisionScope() {
    t_precision = m_before;
}

bool isBf16() {
    return t_precision == protocol::Precision::Bf16;
}

bool isFp16() {
    return t_precision == protocol::Precision::Fp16 && kernels::hasFp16Instructions();
}

NarrowForm narrowForm() {
    return isFp16() ? NarrowForm::Fp16Instructions : kernels::bf16Form();
}

bool isNarrowProduct(const at::Tensor& a, const at::Tensor& b) {
    const auto isNarrow = [](const at::Tensor& x) { return x.scalar_type() == at::kBFloat16; };
    const auto isOurs = [&](const at::Tensor& x) { return x.scalar_type() == at::kFloat || isNarrow(x); };
    return isOurs(a) && isOurs(b) && (isBf16() || isFp16() || isNarrow(a) || isNarrow(b));
}

at::Tensor narrowLinear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    const bool differentiated = c10::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad() ||
                                                               (bias.defined() && bias.requires_grad()));
    if (!differentiated) return forwardOf(narrowForm(), x, weight, bias);
    return Linear::apply(x, weight, bias.defined() ? c10::optional<at::Tensor>(bias) : c10::nullopt);
}

bool isKernelProduct(const at::Tensor& x, const at::Tensor& weight) {
    const auto isFloat = [](const at::Tensor& t) { return t.device().is_cpu() && t.scalar_type() == at::kFloat; };
    return kernelsInUse() != KernelChoice::Torch && isFloat(x) && isFloat(weight) && !isBf16() &&
           (isFp16() || weight.numel() <= kSmallWeight);
}

void multiply(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
    if (isNarrowProduct(a, b)) return product(narrowForm(), out, a, b, Store::Set);
    if (isKernelProduct(a, b)) return floatProduct(out, a, b, Store::Set);
    at::mm_out(out, a, b);
}

void multiplyAdd(at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
    if (isNarrowProduct(a, b)) return product(narrowForm(), out, a, b, Store::Add);
    if (isKernelProduct(a, out)) return floatProduct(out, a, b, Store::Add);
    out.addmm_(a, b);
}

void holdInBfloat16(Weights& weights) {
    for (auto& [name, tensor] : weights)
        if (tensor.dim() == 2 && name.ends_with(".weight")) tensor = tensor.detach().to(at::kBFloat16);
}

}  // namespace radlads::model
