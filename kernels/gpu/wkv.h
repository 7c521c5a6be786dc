// The recurrences (kernels/wkv.h: formulas, shapes) on a GPU. Tensors, saved and workspace are the device's memory,
// from multiples of 16 bytes; segments' starts are the host's and are copied before the call returns. Work goes behind
// what the stream (hipStream_t, cudaStream_t) has. No atomics: the same inputs give the same bits.
#pragma once

#include "kernels/wkv.h"

namespace radlads::kernels::gpu {

// Scalar: token by token in float32, a thread for a column of the state; relative errors of about 1e-6.
// Tiles: chunks on matrix units, bfloat16 tiles and float32 sums; relative errors of about 5e-3, N of at most 128.
enum class Form { Scalar, Tiles };

// Tiles for bfloat16 and more than a few tokens, where they fit.
Form formFor(Wkv op, const WkvInputs& inputs);
const char* whyNot(Form form, Wkv op, const WkvInputs& inputs);  // nullptr: it does
std::size_t wkvSavedFloats(Form form, Wkv op, const WkvInputs& inputs);
// Floats that forward or backward need as room to work in; any content.
std::size_t wkvWorkspaceFloats(Form form, Wkv op, const WkvInputs& inputs);
// Both need whyNot() == nullptr and return nullptr, or what the device's runtime said. Every element of the outputs is
// written, nothing else is. The backward pass needs what the forward pass of the same form saved.
const char* wkvForward(Form form, Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace,
                       void* stream);
const char* wkvBackward(Form form, Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                        float* workspace, void* stream);

}  // namespace radlads::kernels::gpu
