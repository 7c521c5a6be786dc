// The optimizer's passes over all parameters: AdamW, sums of squares of gradients, sums of gradients.
#pragma once

#include "kernels/kernels.h"

namespace radlads::kernels {

// Work is cut into blocks of as many elements, whatever tensors they are of: no thread waits for one that has a large
// tensor, and the bits do not depend on the number of threads.
inline constexpr int64_t kParameterBlock = 1 << 16;

// A parameter of `count` elements, one after another: its float32 master weights, its moments, and its gradient.
struct AdamTensor {
    float* value = nullptr;
    float* first = nullptr;
    float* second = nullptr;
    const void* gradient = nullptr;
    DType gradientType = DType::Float32;
    BFloat16* rounded = nullptr;  // the new weights rounded beside the masters; optional
    int64_t count = 0;
    double learningRate = 0, weightDecay = 0;
};
struct AdamStep {
    double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
    double gradientScale = 1;  // clipping, and the mean over a batch
    int64_t update = 1;        // 1, 2, ...: for the bias correction
};

// AdamW with decoupled decay (radlads.md 5.5), t the update, r the learning rate, d the decay:
//   g = gradient * scale     first = beta1 first + (1 - beta1) g     second = beta2 second + (1 - beta2) g^2
//   value = value (1 - r d) - r (first / (1 - beta1^t)) / (sqrt(second / (1 - beta2^t)) + epsilon)
// Every element of value, first, second and rounded is written, once. The tensors do not overlap.
const char* whyNot(Backend backend, const AdamTensor* tensors, int64_t count, const AdamStep& step);
void adamw(Backend backend, const AdamTensor* tensors, int64_t count, const AdamStep& step, const Parallel& parallel);

// A gradient to take the sum of squares of; with `part`, after it has been added to: data += part, both float32.
struct GradientTensor {
    void* data = nullptr;
    const float* part = nullptr;
    int64_t count = 0;
    DType dtype = DType::Float32;
};
// sums[i] = the sum of squares of tensor i, in double. Of a tensor with a NaN: NaN.
const char* whyNot(Backend backend, const GradientTensor* tensors, int64_t count);
// Doubles of room to work in.
std::size_t squareSumsWorkspace(const GradientTensor* tensors, int64_t count);
void squareSums(Backend backend, const GradientTensor* tensors, int64_t count, double* sums, double* workspace,
                const Parallel& parallel);

}  // namespace radlads::kernels
