#include "kernels/adamw.h"

#include "kernels/cpu/adamw_backends.h"

namespace radlads::kernels {

const char* whyNot(Backend, const AdamTensor* tensors, int64_t count, const AdamStep& step) {
    if (step.update < 1) return "updates are counted from 1";
    for (const double beta : {step.beta1, step.beta2})
        if (!(beta >= 0 && beta < 1)) return "a beta is not in [0, 1)";
    for (int64_t i = 0; i < count; ++i) {
        const AdamTensor& tensor = tensors[i];
        if (tensor.count < 0) return "a parameter has fewer than no elements";
        if (tensor.count > 0 && !(tensor.value && tensor.first && tensor.second && tensor.gradient))
            return "a parameter lacks its weights, moments or gradient";
    }
    return nullptr;
}

void adamw(Backend backend, const AdamTensor* tensors, int64_t count, const AdamStep& step, const Parallel& parallel) {
    const auto work = backend == Backend::Simd ? simd::adamBlock : reference::adamBlock;
    forEachBlock(tensors, count, parallel,
                 [&](int64_t tensor, int64_t start, int64_t end, int64_t) { work(tensors[tensor], step, start, end); });
}

const char* whyNot(Backend, const GradientTensor* tensors, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        const GradientTensor& tensor = tensors[i];
        if (tensor.count < 0) return "a gradient has fewer than no elements";
        if (tensor.count > 0 && !tensor.data) return "a gradient has no elements";
        if (tensor.part && tensor.dtype != DType::Float32) return "what is added to is not float32";
    }
    return nullptr;
}

std::size_t squareSumsWorkspace(const GradientTensor* tensors, int64_t count) {
    int64_t blocks = 0;
    for (int64_t i = 0; i < count; ++i) blocks += blocksOf(tensors[i].count);
    return static_cast<std::size_t>(blocks);
}

void squareSums(Backend backend, const GradientTensor* tensors, int64_t count, double* sums, double* workspace,
                const Parallel& parallel) {
    const auto work = backend == Backend::Simd ? simd::squareSumOfBlock : reference::squareSumOfBlock;
    forEachBlock(tensors, count, parallel, [&](int64_t tensor, int64_t start, int64_t end, int64_t block) {
        workspace[block] = work(tensors[tensor], start, end);
    });
    for (int64_t i = 0; i < count; ++i) {
        sums[i] = 0;
        for (int64_t block = 0; block < blocksOf(tensors[i].count); ++block) sums[i] += *workspace++;
    }
}

}  // namespace radlads::kernels
