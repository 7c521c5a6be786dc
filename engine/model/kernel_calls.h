// The ops of kernels/ where their tensors are: on a processor by the backend in use, on a GPU behind what its current
// stream has. Work memory is taken here. A GPU's refusal is thrown as std::runtime_error.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/adamw.h"
#include "kernels/losses.h"
#include "kernels/pointwise.h"
#include "kernels/prepare.h"
#include "kernels/wkv.h"

namespace radlads::model::calls {

// Whether this build has kernels for GPUs, and whether they run on the CPU as an emulation, for tests.
bool haveGpuKernels();
bool areGpuKernelsEmulated();
std::string gpuName();  // of cuda:0, as its toolkit says it; "" without GPU kernels

// Whether it is the kernels of a GPU that compute an op of this tensor.
bool isByGpu(const at::Tensor& where);
// Whether the kernels take tensors of this device.
bool isForDevice(const at::Device& device);

// float32 [floats], on the device of `like`.
at::Tensor roomOf(std::size_t floats, const at::Tensor& like);

// `where`: any tensor of the op.
void rmsNormForward(const at::Tensor& where, const kernels::RmsNorm& op, const kernels::RmsNormOutputs& outputs);
void rmsNormBackward(const at::Tensor& where, const kernels::RmsNorm& op, const float* inverse,
                     const kernels::RmsNormGradients& gradients);
void swiGluForward(const at::Tensor& where, const kernels::SwiGlu& op, const kernels::View& y);
void swiGluBackward(const at::Tensor& where, const kernels::SwiGlu& op, const kernels::SwiGluGradients& gradients);
void rope(const at::Tensor& where, const kernels::Rope& op, const kernels::View& y);
void headOutputForward(const at::Tensor& where, const kernels::HeadOutput& op, const kernels::View& out);
void headOutputBackward(const at::Tensor& where, const kernels::HeadOutput& op,
                        const kernels::HeadOutputGradients& gradients);
// The loss: a float32 scalar on the device. dloss: such a scalar.
at::Tensor alignLoss(const at::Tensor& where, const kernels::AlignLoss& op);
void alignLossBackward(const kernels::AlignLoss& op, const at::Tensor& dloss, const kernels::View& doutput);
void prepareForward(const at::Tensor& where, const kernels::Prepare& op, const kernels::Prepared& outputs);
void prepareBackward(const at::Tensor& where, const kernels::Prepare& op, const kernels::PrepareGradients& gradients);
void tokenShiftForward(const at::Tensor& where, const kernels::TokenShift& op, const kernels::View* out);
void tokenShiftBackward(const at::Tensor& where, const kernels::TokenShift& op,
                        const kernels::TokenShiftGradients& gradients);

// halved: a GPU may compute float32 tensors in tiles of bfloat16; the same for forward and backward.
at::Tensor wkvSaved(const at::Tensor& where, bool halved, kernels::Wkv op, const kernels::WkvInputs& inputs);
void wkvForward(const at::Tensor& where, bool halved, kernels::Wkv op, const kernels::WkvInputs& inputs,
                const kernels::WkvOutputs& outputs);
void wkvBackward(const at::Tensor& where, bool halved, kernels::Wkv op, const kernels::WkvInputs& inputs,
                 const float* saved, const kernels::WkvGradients& gradients);

// The sum of the losses of all tokens; with a gradient the student's logits become scale times it.
double vocabularyLoss(const at::Tensor& where, const kernels::LossInputs& inputs);
double vocabularyLossGradient(const at::Tensor& where, const kernels::LossInputs& inputs, double scale);

// All tensors on the device of `where`.
std::vector<double> squareSums(const at::Tensor& where, const std::vector<kernels::GradientTensor>& tensors,
                               const kernels::Parallel& parallel);
void adamw(const at::Tensor& where, const std::vector<kernels::AdamTensor>& tensors, const kernels::AdamStep& step,
           const kernels::Parallel& parallel);

}  // namespace radlads::model::calls
