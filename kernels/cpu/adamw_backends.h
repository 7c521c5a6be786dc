// Between adamw.cpp and the backends: blocks of parameters. Private to the library.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>

#include "kernels/adamw.h"

namespace radlads::kernels {

inline int64_t blocksOf(int64_t elements) {
    return (elements + kParameterBlock - 1) / kParameterBlock;
}

// work(tensor, start, end, block) for every block of every tensor; blocks are counted through all of them.
template <class Tensor, class Work>
void forEachBlock(const Tensor* tensors, int64_t count, const Parallel& parallel, Work work) {
    int64_t blocks = 0;
    for (int64_t i = 0; i < count; ++i) blocks += blocksOf(tensors[i].count);
    std::atomic<int64_t> next{0};
    parallel.run(std::min(parallel.threads, blocks), [&](int64_t) {
        int64_t tensor = 0, before = 0;  // blocks before this tensor
        for (int64_t block = next++; block < blocks; block = next++) {
            while (block >= before + blocksOf(tensors[tensor].count)) before += blocksOf(tensors[tensor++].count);
            const int64_t start = (block - before) * kParameterBlock;
            work(tensor, start, std::min(tensors[tensor].count, start + kParameterBlock), block);
        }
    });
}

// The numbers of an update that all elements of a tensor share.
template <class T>
struct AdamNumbers {
    AdamNumbers(const AdamTensor& tensor, const AdamStep& step) {
        const double correction1 = 1.0 - std::pow(step.beta1, static_cast<double>(step.update));
        const double correction2 = 1.0 - std::pow(step.beta2, static_cast<double>(step.update));
        beta1 = static_cast<T>(step.beta1);
        beta2 = static_cast<T>(step.beta2);
        rest1 = static_cast<T>(1.0 - step.beta1);
        rest2 = static_cast<T>(1.0 - step.beta2);
        epsilon = static_cast<T>(step.epsilon);
        scale = static_cast<T>(step.gradientScale);
        stepSize = static_cast<T>(tensor.learningRate / correction1);
        rootCorrection = static_cast<T>(1.0 / std::sqrt(correction2));
        keep = static_cast<T>(1.0 - tensor.learningRate * tensor.weightDecay);
    }
    T beta1, beta2, rest1, rest2, epsilon, scale, stepSize, rootCorrection, keep;
};

namespace reference {
void adamBlock(const AdamTensor& tensor, const AdamStep& step, int64_t start, int64_t end);
double squareSumOfBlock(const GradientTensor& tensor, int64_t start, int64_t end);
}  // namespace reference
namespace simd {
void adamBlock(const AdamTensor& tensor, const AdamStep& step, int64_t start, int64_t end);
double squareSumOfBlock(const GradientTensor& tensor, int64_t start, int64_t end);
}  // namespace simd

}  // namespace radlads::kernels
