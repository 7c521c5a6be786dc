// Between losses.cpp and the backends. Private to the library.
#pragma once

#include "kernels/losses.h"

namespace radlads::kernels {

// scale: null for the loss alone.
namespace reference {
void tokenLosses(const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel);
}
namespace simd {
void tokenLosses(const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel);
}

}  // namespace radlads::kernels
