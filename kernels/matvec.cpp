#include "kernels/matvec.h"

#include <algorithm>
#include <atomic>

#include "kernels/cpu/matvec_backends.h"

namespace radlads::kernels {

const char* whyNot(Backend, const MatVecInputs& inputs) {
    const View& weight = inputs.weight;
    if (!weight || weight.sizes[0] != 1 || weight.sizes[1] != 1 || weight.sizes[2] < 0 || weight.sizes[3] < 1)
        return "the weight is not [1, 1, rows, columns]";
    if (weight.strides[3] != 1) return "the weight's rows do not lie element after element";
    if (!inputs.x) return "there is no vector";
    return nullptr;
}

void matVec(Backend backend, const MatVecInputs& inputs, float* y, const Parallel& parallel) {
    constexpr int64_t kRows = 64;
    const auto work = backend == Backend::Simd ? simd::matVecRows : reference::matVecRows;
    const int64_t rows = inputs.weight.sizes[2], blocks = (rows + kRows - 1) / kRows;
    std::atomic<int64_t> next{0};
    parallel.run(std::min(parallel.threads, blocks), [&](int64_t) {
        for (int64_t block = next++; block < blocks; block = next++)
            work(inputs, y, block * kRows, std::min(rows, (block + 1) * kRows));
    });
}

}  // namespace radlads::kernels
