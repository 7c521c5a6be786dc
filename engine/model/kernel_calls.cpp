#include "engine/model/kernel_calls.h"

#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <stdexcept>

#include "engine/model/compat.h"
#include "engine/model/kernel_choice.h"
#include "kernels/gpu/adamw.h"
#include "kernels/gpu/device.h"
#include "kernels/gpu/losses.h"
#include "kernels/gpu/pointwise.h"
#include "kernels/gpu/prepare.h"
#include "kernels/gpu/wkv.h"

namespace radlads::model::calls {
namespace {

namespace gpu = kernels::gpu;
using kernels::serial;

#ifdef RADLADS_GPU_KERNELS
constexpr bool kHaveGpu = true;
#else
constexpr bool kHaveGpu = false;  // what stands behind it is not compiled: nothing of kernels/gpu is linked
#endif

kernels::Backend backend() {
    return kernelsInUse() == KernelChoice::Reference ? kernels::Backend::Reference : kernels::Backend::Simd;
}

// onGpu: what to call with the stream; it says why not, or nullptr.
template <class OnGpu, class OnProcessor>
void dispatch(const at::Tensor& where, const char* what, const OnGpu& onGpu, const OnProcessor& onProcessor) {
    if constexpr (kHaveGpu) {
        if (isByGpu(where)) {
            const c10::DeviceGuard guard(where.device());
            if (const char* why = onGpu(currentStream(where))) throw std::runtime_error(fmt::format("the GPU refused {}: {}", what, why));
            return;
        }
    }
    onProcessor();
}

gpu::Form formOf(bool halved, kernels::Wkv op, const kernels::WkvInputs& inputs) {
    constexpr int64_t kFewTokens = 16;
    if (halved && inputs.q.sizes[2] > kFewTokens && !gpu::whyNot(gpu::Form::Tiles, op, inputs)) return gpu::Form::Tiles;
    return gpu::formFor(op, inputs);
}

at::Tensor doublesOf(std::size_t count, const at::Tensor& like) {
    return at::empty({static_cast<int64_t>(std::max<std::size_t>(count, 1))}, at::TensorOptions(like.device()).dtype(at::kDouble));
}

// gradient: null for the loss alone.
double lossOf(const at::Tensor& where, const kernels::LossInputs& inputs, const double* gradientScale) {
    const at::Tensor losses = doublesOf(static_cast<std::size_t>(inputs.student.sizes[2]), where);
    double* each = losses.data_ptr<double>();
    at::Tensor sum;
    double result = 0;
    dispatch(
        where, "a loss",
        [&](void* stream) -> const char* {
            if (const char* why = gpu::whyNot(inputs)) return why;
            sum = doublesOf(1, where);
            double* to = sum.data_ptr<double>();
            return gradientScale ? gpu::vocabularyLossGradient(inputs, *gradientScale, each, to, stream)
                                 : gpu::vocabularyLoss(inputs, each, to, stream);
        },
        [&] {
            if (const char* why = kernels::whyNot(backend(), inputs)) throw std::invalid_argument(why);
            result = gradientScale ? kernels::vocabularyLossGradient(backend(), inputs, *gradientScale, each, serial())
                                   : kernels::vocabularyLoss(backend(), inputs, each, serial());
        });
    return sum.defined() ? sum.item<double>() : result;
}

}  // namespace

bool haveGpuKernels() {
    return kHaveGpu;
}

bool areGpuKernelsEmulated() {
    if constexpr (kHaveGpu) return gpu::isEmulated();
    return false;
}

std::string gpuName() {
    if constexpr (kHaveGpu) return gpu::deviceName();
    return "";
}

bool isByGpu(const at::Tensor& where) {
    return where.device().is_cpu() ? kernelsInUse() == KernelChoice::Gpu && areGpuKernelsEmulated() : isForDevice(where.device());
}

bool isForDevice(const at::Device& device) {
    return device.is_cpu() || (kHaveGpu && !areGpuKernelsEmulated() && device.is_cuda());
}

at::Tensor roomOf(std::size_t floats, const at::Tensor& like) {
    return at::empty({static_cast<int64_t>(std::max<std::size_t>(floats, 1))}, at::TensorOptions(like.device()).dtype(at::kFloat));
}

void rmsNormForward(const at::Tensor& where, const kernels::RmsNorm& op, const kernels::RmsNormOutputs& outputs) {
    dispatch(
        where, "rmsNorm", [&](void* stream) { return gpu::rmsNormForward(op, outputs, stream); },
        [&] { kernels::rmsNormForward(backend(), op, outputs, serial()); });
}

void rmsNormBackward(const at::Tensor& where, const kernels::RmsNorm& op, const float* inverse, const kernels::RmsNormGradients& gradients) {
    dispatch(
        where, "rmsNorm",
        [&](void* stream) {
            const at::Tensor room = roomOf(gpu::rmsNormWorkspaceFloats(op), where);
            return gpu::rmsNormBackward(op, inverse, gradients, room.data_ptr<float>(), stream);
        },
        [&] {
            const at::Tensor room = roomOf(kernels::rmsNormWorkspaceFloats(op), where);
            kernels::rmsNormBackward(backend(), op, inverse, gradients, room.data_ptr<float>(), serial());
        });
}

void swiGluForward(const at::Tensor& where, const kernels::SwiGlu& op, const kernels::View& y) {
    dispatch(
        where, "swiGlu", [&](void* stream) { return gpu::swiGluForward(op, y, stream); },
        [&] { kernels::swiGluForward(backend(), op, y, serial()); });
}

void swiGluBackward(const at::Tensor& where, const kernels::SwiGlu& op, const kernels::SwiGluGradients& gradients) {
    dispatch(
        where, "swiGlu", [&](void* stream) { return gpu::swiGluBackward(op, gradients, stream); },
        [&] { kernels::swiGluBackward(backend(), op, gradients, serial()); });
}

void rope(const at::Tensor& where, const kernels::Rope& op, const kernels::View& y) {
    dispatch(
        where, "rope", [&](void* stream) { return gpu::rope(op, y, stream); }, [&] { kernels::rope(backend(), op, y, serial()); });
}

void headOutputForward(const at::Tensor& where, const kernels::HeadOutput& op, const kernels::View& out) {
    dispatch(
        where, "headOutput", [&](void* stream) { return gpu::headOutputForward(op, out, stream); },
        [&] { kernels::headOutputForward(backend(), op, out, serial()); });
}

void headOutputBackward(const at::Tensor& where, const kernels::HeadOutput& op, const kernels::HeadOutputGradients& gradients) {
    dispatch(
        where, "headOutput",
        [&](void* stream) {
            const at::Tensor room = roomOf(gpu::headOutputWorkspaceFloats(op), where);
            return gpu::headOutputBackward(op, gradients, room.data_ptr<float>(), stream);
        },
        [&] { kernels::headOutputBackward(backend(), op, gradients, serial()); });
}

at::Tensor alignLoss(const at::Tensor& where, const kernels::AlignLoss& op) {
    at::Tensor loss;
    dispatch(
        where, "alignLoss",
        [&](void* stream) {
            const at::Tensor room = doublesOf(gpu::alignLossWorkspaceDoubles(op), where), sum = doublesOf(1, where);
            const char* why = gpu::alignLoss(op, sum.data_ptr<double>(), room.data_ptr<double>(), stream);
            loss = sum[0].to(at::kFloat);
            return why;
        },
        [&] { loss = at::full({}, kernels::alignLoss(backend(), op, serial()), at::kFloat); });
    return loss;
}

void alignLossBackward(const kernels::AlignLoss& op, const at::Tensor& dloss, const kernels::View& doutput) {
    dispatch(
        dloss, "alignLoss",
        [&](void* stream) {
            const at::Tensor factor = dloss.to(at::kFloat);
            return gpu::alignLossBackward(op, 1.0, factor.data_ptr<float>(), doutput, stream);
        },
        [&] { kernels::alignLossBackward(backend(), op, dloss.item<double>(), doutput, serial()); });
}

void prepareForward(const at::Tensor& where, const kernels::Prepare& op, const kernels::Prepared& outputs) {
    dispatch(
        where, "prepare", [&](void* stream) { return gpu::prepareForward(op, outputs, stream); },
        [&] { kernels::prepareForward(backend(), op, outputs, serial()); });
}

void prepareBackward(const at::Tensor& where, const kernels::Prepare& op, const kernels::PrepareGradients& gradients) {
    dispatch(
        where, "prepare",
        [&](void* stream) {
            const at::Tensor room = roomOf(gpu::prepareWorkspaceFloats(op), where);
            return gpu::prepareBackward(op, gradients, room.data_ptr<float>(), stream);
        },
        [&] {
            const at::Tensor room = roomOf(kernels::prepareWorkspaceFloats(op), where);
            kernels::prepareBackward(backend(), op, gradients, room.data_ptr<float>(), serial());
        });
}

void tokenShiftForward(const at::Tensor& where, const kernels::TokenShift& op, const kernels::View* out) {
    dispatch(
        where, "tokenShift", [&](void* stream) { return gpu::tokenShiftForward(op, out, stream); },
        [&] { kernels::tokenShiftForward(backend(), op, out, serial()); });
}

void tokenShiftBackward(const at::Tensor& where, const kernels::TokenShift& op, const kernels::TokenShiftGradients& gradients) {
    dispatch(
        where, "tokenShift",
        [&](void* stream) {
            const at::Tensor room = roomOf(gpu::tokenShiftWorkspaceFloats(op), where);
            return gpu::tokenShiftBackward(op, gradients, room.data_ptr<float>(), stream);
        },
        [&] { kernels::tokenShiftBackward(backend(), op, gradients, serial()); });
}

at::Tensor wkvSaved(const at::Tensor& where, bool halved, kernels::Wkv op, const kernels::WkvInputs& inputs) {
    std::size_t floats = 0;
    dispatch(
        where, "wkv",
        [&](void*) -> const char* {
            floats = gpu::wkvSavedFloats(formOf(halved, op, inputs), op, inputs);
            return nullptr;
        },
        [&] { floats = kernels::wkvSavedFloats(backend(), op, inputs); });
    return roomOf(floats, where);
}

void wkvForward(const at::Tensor& where, bool halved, kernels::Wkv op, const kernels::WkvInputs& inputs, const kernels::WkvOutputs& outputs) {
    dispatch(
        where, "wkv",
        [&](void* stream) {
            const gpu::Form form = formOf(halved, op, inputs);
            const at::Tensor room = roomOf(gpu::wkvWorkspaceFloats(form, op, inputs), where);
            return gpu::wkvForward(form, op, inputs, outputs, room.data_ptr<float>(), stream);
        },
        [&] {
            const at::Tensor room = roomOf(kernels::wkvWorkspaceFloats(backend(), op, inputs, 1), where);
            kernels::wkvForward(backend(), op, inputs, outputs, room.data_ptr<float>(), serial());
        });
}

void wkvBackward(const at::Tensor& where, bool halved, kernels::Wkv op, const kernels::WkvInputs& inputs, const float* saved,
                 const kernels::WkvGradients& gradients) {
    dispatch(
        where, "wkv",
        [&](void* stream) {
            const gpu::Form form = formOf(halved, op, inputs);
            const at::Tensor room = roomOf(gpu::wkvWorkspaceFloats(form, op, inputs), where);
            return gpu::wkvBackward(form, op, inputs, saved, gradients, room.data_ptr<float>(), stream);
        },
        [&] {
            const at::Tensor room = roomOf(kernels::wkvWorkspaceFloats(backend(), op, inputs, 1), where);
            kernels::wkvBackward(backend(), op, inputs, saved, gradients, room.data_ptr<float>(), serial());
        });
}

double vocabularyLoss(const at::Tensor& where, const kernels::LossInputs& inputs) {
    return lossOf(where, inputs, nullptr);
}

double vocabularyLossGradient(const at::Tensor& where, const kernels::LossInputs& inputs, double scale) {
    return lossOf(where, inputs, &scale);
}

std::vector<double> squareSums(const at::Tensor& where, const std::vector<kernels::GradientTensor>& tensors, const kernels::Parallel& parallel) {
    const auto count = static_cast<int64_t>(tensors.size());
    std::vector<double> sums(tensors.size());
    dispatch(
        where, "squareSums",
        [&](void* stream) {
            const at::Tensor there = doublesOf(tensors.size(), where), room = doublesOf(gpu::squareSumsWorkspace(tensors.data(), count), where);
            const char* why = gpu::squareSums(tensors.data(), count, there.data_ptr<double>(), room.data_ptr<double>(), stream);
            const at::Tensor here = there.to(at::kCPU);
            std::copy_n(here.data_ptr<double>(), sums.size(), sums.begin());
            return why;
        },
        [&] {
            std::vector<double> room(kernels::squareSumsWorkspace(tensors.data(), count));
            kernels::squareSums(backend(), tensors.data(), count, sums.data(), room.data(), parallel);
        });
    return sums;
}

void adamw(const at::Tensor& where, const std::vector<kernels::AdamTensor>& tensors, const kernels::AdamStep& step, const kernels::Parallel& parallel) {
    const auto count = static_cast<int64_t>(tensors.size());
    dispatch(
        where, "adamw", [&](void* stream) { return gpu::adamw(tensors.data(), count, step, nullptr, stream); },
        [&] { kernels::adamw(backend(), tensors.data(), count, step, parallel); });
}

}  // namespace radlads::model::calls
