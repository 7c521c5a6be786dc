// The optimizer's passes (kernels/adamw.h: formulas) on a GPU, many tensors a launch. All pointers within the tensors,
// sums, workspace, norm and factor are the device's memory; the lists of tensors are the host's and may change once a
// call has returned. Work goes behind what the stream (hipStream_t, cudaStream_t) has. No atomics: the same inputs give
// the same bits. kernels::whyNot() of these arguments must be nullptr, with any backend. Functions return nullptr, or
// what the device's runtime said.
#pragma once

#include "kernels/adamw.h"

namespace radlads::kernels::gpu {

// In float32. factor: a further scale of the gradients, read on the device, optional: clipping without waiting for it.
const char* adamw(const AdamTensor* tensors, int64_t count, const AdamStep& step, const float* factor, void* stream);

// In double.
std::size_t squareSumsWorkspace(const GradientTensor* tensors, int64_t count);  // doubles of room, of any content
const char* squareSums(const GradientTensor* tensors, int64_t count, double* sums, double* workspace, void* stream);

// *norm = scale sqrt(sum of sums);  *factor = limit / norm where the norm is above a limit that is not 0, else 1.
const char* gradientNorm(const double* sums, int64_t count, double scale, double limit, double* norm, float* factor,
                         void* stream);

}  // namespace radlads::kernels::gpu
