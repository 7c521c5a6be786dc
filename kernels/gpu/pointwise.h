// The element-wise parts of a decoder (kernels/pointwise.h: formulas, shapes) on a GPU. Tensors, parameters, statistics
// and workspaces are the device's memory; work goes behind what the stream (hipStream_t, cudaStream_t) has. Arithmetic
// in float32. No atomics: the same inputs give the same bits. kernels::whyNot() of the op must be nullptr. Functions
// return nullptr, or what the device's runtime said.
#pragma once

#include "kernels/pointwise.h"

namespace radlads::kernels::gpu {

const char* rmsNormForward(const RmsNorm& op, const RmsNormOutputs& outputs, void* stream);
// op.x: s, and no residual. workspace: rmsNormWorkspaceFloats() of them, of any content.
std::size_t rmsNormWorkspaceFloats(const RmsNorm& op);
const char* rmsNormBackward(const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients,
                            float* workspace, void* stream);

const char* swiGluForward(const SwiGlu& op, const View& y, void* stream);
const char* swiGluBackward(const SwiGlu& op, const SwiGluGradients& gradients, void* stream);

// y may be x.
const char* rope(const Rope& op, const View& y, void* stream);

// gradients: those that are absent are not computed. workspace: headOutputWorkspaceFloats() of them, of any content.
const char* headOutputForward(const HeadOutput& op, const View& out, void* stream);
std::size_t headOutputWorkspaceFloats(const HeadOutput& op);
const char* headOutputBackward(const HeadOutput& op, const HeadOutputGradients& gradients, float* workspace,
                               void* stream);

// workspace: alignLossWorkspaceDoubles() of them, of any content.
std::size_t alignLossWorkspaceDoubles(const AlignLoss& op);
const char* alignLoss(const AlignLoss& op, double* loss, double* workspace, void* stream);
// factor: of dloss, read on the device, optional.
const char* alignLossBackward(const AlignLoss& op, double dloss, const float* factor, const View& doutput,
                              void* stream);

}  // namespace radlads::kernels::gpu
