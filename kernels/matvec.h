// A matrix times one vector, as decoding does for every weight: what is read limits it.
#pragma once

#include "kernels/kernels.h"

namespace radlads::kernels {

// y = W x + b: W [1, 1, rows, columns] float32 or bfloat16, rows of elements one after another; x [columns], b [rows]
// (optional) and y [rows] float32. Sums in float32, of a row's vectors of elements in turns.
struct MatVecInputs {
    View weight;
    const float* x = nullptr;
    const float* bias = nullptr;
};
const char* whyNot(Backend backend, const MatVecInputs& inputs);  // nullptr: it computes this
// Every element of y is written; y is none of the inputs. A row's bits do not depend on the number of threads.
void matVec(Backend backend, const MatVecInputs& inputs, float* y, const Parallel& parallel);

}  // namespace radlads::kernels
