// What stands between the projections of a mixer and its recurrence (kernels/prepare.h: formulas, shapes) on a GPU.
// Tensors, parameters and the workspace are the device's memory; work goes behind what the stream (hipStream_t,
// cudaStream_t) has. Arithmetic in float32. No atomics: the same inputs give the same bits. kernels::whyNot() of the op
// must be nullptr. Functions return nullptr, or what the device's runtime said.
#pragma once

#include "kernels/prepare.h"

namespace radlads::kernels::gpu {

const char* prepareForward(const Prepare& op, const Prepared& outputs, void* stream);
// Nothing of the forward pass is kept but its inputs. workspace: prepareWorkspaceFloats() of them, of any content.
std::size_t prepareWorkspaceFloats(const Prepare& op);
const char* prepareBackward(const Prepare& op, const PrepareGradients& gradients, float* workspace, void* stream);

// out: a view like x for each stream, on the host.
const char* tokenShiftForward(const TokenShift& op, const View* out, void* stream);
std::size_t tokenShiftWorkspaceFloats(const TokenShift& op);
const char* tokenShiftBackward(const TokenShift& op, const TokenShiftGradients& gradients, float* workspace,
                               void* stream);

}  // namespace radlads::kernels::gpu
