#include "kernels/losses.h"

#include "kernels/cpu/losses_backends.h"

namespace radlads::kernels {
namespace {

bool isMatrix(const View& view) {
    return view && view.sizes[0] == 1 && view.sizes[1] == 1 && view.sizes[2] >= 0 && view.sizes[3] >= 1;
}

double total(Backend backend, const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel) {
    if (backend == Backend::Simd)
        simd::tokenLosses(inputs, scale, losses, parallel);
    else
        reference::tokenLosses(inputs, scale, losses, parallel);
    double sum = 0;
    for (int64_t t = 0; t < inputs.student.sizes[2]; ++t) sum += losses[t];
    return sum;
}

}  // namespace

const char* whyNotOfShape(const LossInputs& inputs) {
    const View& student = inputs.student;
    if (!isMatrix(student)) return "the student's logits are not [1, 1, tokens, vocabulary]";
    if (student.strides[3] != 1) return "the student's logits do not lie element after element";
    const int64_t tokens = student.sizes[2], vocabulary = student.sizes[3];
    if (tokens > 1 && student.strides[2] < vocabulary) return "rows of the student's logits overlap";
    if (inputs.teacher) {
        if (inputs.labels) return "there are a teacher and labels";
        if (!isMatrix(inputs.teacher) || inputs.teacher.sizes[2] != tokens || inputs.teacher.sizes[3] != vocabulary)
            return "the teacher's logits have another shape";
        if (inputs.teacher.strides[3] != 1) return "the teacher's logits do not lie element after element";
        return nullptr;
    }
    return !inputs.labels && tokens > 0 ? "there is neither a teacher nor labels" : nullptr;
}

const char* whyNot(Backend, const LossInputs& inputs) {
    if (const char* why = whyNotOfShape(inputs)) return why;
    for (int64_t t = 0; inputs.labels && t < inputs.student.sizes[2]; ++t)
        if (inputs.labels[t] < 0 || inputs.labels[t] >= inputs.student.sizes[3])
            return "a label is outside the vocabulary";
    return nullptr;
}

double vocabularyLoss(Backend backend, const LossInputs& inputs, double* tokenLosses, const Parallel& parallel) {
    return total(backend, inputs, nullptr, tokenLosses, parallel);
}

double vocabularyLossGradient(Backend backend, const LossInputs& inputs, double scale, double* tokenLosses,
                              const Parallel& parallel) {
    return total(backend, inputs, &scale, tokenLosses, parallel);
}

}  // namespace radlads::kernels
