// Between matvec.cpp and the backends: some rows of the matrix. Private to the library.
#pragma once

#include "kernels/matvec.h"

namespace radlads::kernels {

namespace reference {
void matVecRows(const MatVecInputs& inputs, float* y, int64_t start, int64_t end);
}
namespace simd {
void matVecRows(const MatVecInputs& inputs, float* y, int64_t start, int64_t end);
}

}  // namespace radlads::kernels
