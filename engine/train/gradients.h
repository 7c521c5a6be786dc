// Passes over all gradients of an update. The bits do not depend on the number of threads; the kernels in use decide the order of
// additions within a tensor.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "engine/model/weights.h"

namespace radlads::train {

// By name: the sum of squares of a gradient, in double.
using SquareSums = std::map<std::string, double>;

// float32, contiguous.
SquareSums squareSums(const model::Weights& gradients, size_t threads);
// sum += part (float32 or bfloat16), and the sums of squares of what comes out, in one pass. A gradient that `sum` does not have yet
// moves into it.
SquareSums addGradients(model::Weights& sum, model::Weights part, size_t threads);

// The square root of the sum over all, in the order of the names.
double gradientNorm(const SquareSums& squares);
// The same of each layer's gradients alone ("model.layers.N."), by layer; what belongs to no layer is left out.
std::vector<double> gradientNormsByLayer(const SquareSums& squares);

}  // namespace radlads::train
