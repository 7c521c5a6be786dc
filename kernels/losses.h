// The losses over a vocabulary, from logits: Kullback-Leibler divergence from a teacher, and cross-entropy.
#pragma once

#include "kernels/kernels.h"

namespace radlads::kernels {

// Logits of n tokens, [1, 1, n, V], each of float32 or bfloat16; and what they are compared with: a teacher's logits of
// the same shape, or n labels. With p = softmax(teacher), q = softmax(student) (radlads.md 5.2, 5.4):
//   a teacher:  loss of a token = sum over v of p_v (log p_v - log q_v)     d loss / d student = q - p
//   labels:     loss of a token = -log q_label                              d loss / d student = q - (v == label)
// Softmax in float32 with the maximum taken off, sums in double, whatever the dtype of the logits.
// A logit may be -inf: a token of the vocabulary that is masked. Where the teacher's is, the term of the loss is 0
// (0 log 0 = 0); where the student's alone is, the loss is +inf and the gradient -p. NaN, +inf, and a row of nothing
// but -inf make the loss and the whole row of the gradient NaN.
struct LossInputs {
    View student;
    View teacher;                     // absent: labels. Not the same memory as the student's.
    const int64_t* labels = nullptr;  // 0 to V - 1
};

// Whether a backend computes this: shapes, strides, labels within the vocabulary.
const char* whyNot(Backend backend, const LossInputs& inputs);  // nullptr: it does
const char* whyNotOfShape(const LossInputs& inputs);            // the same without a look at the labels' values

// Both need whyNot() == nullptr, write the loss of every token to tokenLosses [n] and return their sum, taken in the
// order of the tokens.
double vocabularyLoss(Backend backend, const LossInputs& inputs, double* tokenLosses, const Parallel& parallel);
// The same, and the student's logits become scale * d loss / d logits, in their dtype.
double vocabularyLossGradient(Backend backend, const LossInputs& inputs, double scale, double* tokenLosses,
                              const Parallel& parallel);

}  // namespace radlads::kernels
