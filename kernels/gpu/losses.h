// The losses over a vocabulary (kernels/losses.h: formulas, masked logits) on a GPU. Logits, labels, tokenLosses and
// the sum are the device's memory; work goes behind what the stream (hipStream_t, cudaStream_t) has. Softmax and its
// sums in float32, a token's loss and the sum of losses in double. No atomics: the same inputs give the same bits.
#pragma once

#include "kernels/losses.h"

namespace radlads::kernels::gpu {

// Shapes and strides. Labels are not looked at: one outside the vocabulary makes its token's loss and gradient NaN.
const char* whyNot(const LossInputs& inputs);  // nullptr: it does

// Both need whyNot() == nullptr and return nullptr, or what the device's runtime said. They write the loss of every
// token to tokenLosses [n] and their sum to `sum`.
const char* vocabularyLoss(const LossInputs& inputs, double* tokenLosses, double* sum, void* stream);
// The same, and the student's logits become scale * d loss / d logits, in their dtype.
const char* vocabularyLossGradient(const LossInputs& inputs, double scale, double* tokenLosses, double* sum,
                                   void* stream);

}  // namespace radlads::kernels::gpu
