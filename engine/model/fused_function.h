// What the fused ops share: views of tensors for the kernels, and one function that LibTorch can differentiate for every op.
#pragma once

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <initializer_list>

#include "engine/model/compat.h"
#include "engine/model/kernel_calls.h"
#include "engine/model/kernel_choice.h"
#include "kernels/kernels.h"

namespace radlads::model {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The widest head of the ops that take heads.
inline constexpr int64_t kMostHeadSize = 256;

// Whether the kernels take these tensors: float32 on a processor, float32 or bfloat16 on a GPU for whose kernels this was built; and
// kernels are in use. Undefined ones do not matter.
inline bool areForKernels(std::initializer_list<at::Tensor> tensors) {
    return kernelsInUse() != KernelChoice::Torch && std::all_of(tensors.begin(), tensors.end(), [](const at::Tensor& x) {
               if (!x.defined()) return true;
               const bool isWide = x.scalar_type() == at::kFloat, isNarrow = x.scalar_type() == at::kBFloat16;
               return x.dim() > 0 && calls::isForDevice(x.device()) && (isWide || (isNarrow && calls::isByGpu(x)));
           });
}

// Of the ops that processors alone have.
inline kernels::Backend kernelBackend() {
    return kernelsInUse() == KernelChoice::Reference ? kernels::Backend::Reference : kernels::Backend::Simd;
}

// Elements of a row one after another; nothing is copied where they are.
inline at::Tensor withRows(const at::Tensor& tensor) {
    return tensor.defined() && tensor.stride(-1) != 1 ? tensor.contiguous() : tensor;
}
inline kernels::DType dtypeOf(const at::Tensor& tensor) {
    return tensor.scalar_type() == at::kBFloat16 ? kernels::DType::BFloat16 : kernels::DType::Float32;
}
// A tensor of at most four dimensions, the missing ones in front.
inline kernels::View viewOf(const at::Tensor& tensor) {
    if (!tensor.defined()) return {};
    kernels::View view{tensor.data_ptr(), {1, 1, 1, 1}, {0, 0, 0, 0}, dtypeOf(tensor)};
    for (int64_t i = 0, at = 4 - tensor.dim(); i < tensor.dim(); ++i) {
        view.sizes[at + i] = tensor.size(i);
        view.strides[at + i] = tensor.stride(i);
    }
    return view;
}
// [B, T, heads N] as [B, heads, T, N]; [B, heads, T, N] as it is.
inline kernels::View headsOf(const at::Tensor& tensor, int64_t heads) {
    if (!tensor.defined() || tensor.dim() == 4) return viewOf(tensor);
    const int64_t size = tensor.size(2) / heads;
    return {tensor.data_ptr(), {tensor.size(0), heads, tensor.size(1), size}, {tensor.stride(0), size, tensor.stride(1), 1}, dtypeOf(tensor)};
}
inline at::Tensor likeRows(const at::Tensor& tensor) {
    return at::empty(tensor.sizes(), tensor.options());
}
inline const float* floatsOf(const at::Tensor& tensor) {
    return tensor.defined() ? tensor.data_ptr<float>() : nullptr;
}
inline at::Tensor gradientOr0(const at::Tensor& gradient, const at::Tensor& like) {
    return gradient.defined() ? withRows(gradient) : at::zeros(like.sizes(), like.options());
}

// An op is a small struct of its settings, with
//   variable_list forward(at::TensorList inputs, variable_list* kept) const
//   variable_list backward(at::TensorList kept, const variable_list& gradients) const
// kept: what backward needs, the inputs unless forward changes it; null in forward if there will be no backward pass. backward's gradients
// are those of the outputs, undefined where there is none; it returns those of the inputs.
template <class Op>
struct FusedFunction : torch::autograd::Function<FusedFunction<Op>> {
    struct Settings : torch::CustomClassHolder {
        explicit Settings(const Op& own) : op(own) {}
        Op op;
    };
    static variable_list forward(AutogradContext* context, at::TensorList inputs, const Op& op) {
        variable_list kept(inputs.begin(), inputs.end());
        variable_list outputs = op.forward(inputs, &kept);
        context->save_for_backward(std::move(kept));
        context->saved_data["op"] = at::IValue::make_capsule(c10::make_intrusive<Settings>(op));
        context->set_materialize_grads(false);
        return outputs;
    }
    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto settings = context->saved_data["op"].toCapsule();
        variable_list result = static_cast<Settings&>(*settings).op.backward(context->get_saved_variables(), gradients);
        result.emplace_back();  // of the op itself
        return result;
    }
};

inline bool needsGradient(at::TensorList inputs) {
    return c10::GradMode::is_enabled() && std::any_of(inputs.begin(), inputs.end(), [](const at::Tensor& x) { return x.requires_grad(); });
}

// Every input is defined.
template <class Op>
variable_list applyFused(const Op& op, const variable_list& inputs) {
    const at::TensorList list(inputs);
    return needsGradient(list) ? FusedFunction<Op>::apply(list, op) : op.forward(list, nullptr);
}

}  // namespace radlads::model
