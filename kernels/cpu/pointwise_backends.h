// Between pointwise.cpp, prepare.cpp and the backends: how rows are shared among threads. Private to the library.
#pragma once

#include <algorithm>
#include <atomic>

#include "kernels/pointwise.h"
#include "kernels/prepare.h"

namespace radlads::kernels {

// The widest head; the parts of rows whose sums are added up in their order, whatever the threads; streams of a shift.
inline constexpr int64_t kMostHeadSize = 256;
inline constexpr int64_t kParts = 16;
inline constexpr int64_t kMostStreams = 8;
// Parameters of Prepare whose gradients are sums over tokens.
inline constexpr int kPrepareSums = 5;

// work(0) to work(count - 1), each once, on the caller's threads.
template <class Work>
void forEachTask(int64_t count, const Parallel& parallel, const Work& work) {
    if (parallel.threads <= 1) {
        for (int64_t i = 0; i < count; ++i) work(i);
        return;
    }
    std::atomic<int64_t> next{0};
    parallel.run(std::min(parallel.threads, count), [&](int64_t) {
        for (int64_t i = next++; i < count; i = next++) work(i);
    });
}

inline int64_t rowsOf(const View& view) {
    return view.sizes[0] * view.sizes[1] * view.sizes[2];
}

// The rows [from, to) of a part of them.
struct PartOfRows {
    int64_t from, to;
};
inline PartOfRows partOfRows(int64_t rows, int64_t part) {
    return {rows * part / kParts, rows * (part + 1) / kParts};
}

// Row r of a view, in the order of a contiguous tensor.
struct RowIndex {
    int64_t b, h, t;
};
inline RowIndex rowIndex(const View& view, int64_t row) {
    const int64_t t = row % view.sizes[2], rest = row / view.sizes[2];
    return {rest / view.sizes[1], rest % view.sizes[1], t};
}

#define RADLADS_POINTWISE_OPS                                                                                          \
    void rmsNormForward(const RmsNorm& op, const RmsNormOutputs& outputs, const Parallel& parallel);                   \
    void rmsNormBackward(const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients, float* workspace, \
                         const Parallel& parallel);                                                                    \
    void swiGluForward(const SwiGlu& op, const View& y, const Parallel& parallel);                                     \
    void swiGluBackward(const SwiGlu& op, const SwiGluGradients& gradients, const Parallel& parallel);                 \
    void rope(const Rope& op, const View& y, const Parallel& parallel);                                                \
    void headOutputForward(const HeadOutput& op, const View& out, const Parallel& parallel);                           \
    void headOutputBackward(const HeadOutput& op, const HeadOutputGradients& gradients, const Parallel& parallel);     \
    double alignLoss(const AlignLoss& op, const Parallel& parallel);                                                   \
    void alignLossBackward(const AlignLoss& op, double dloss, const View& doutput, const Parallel& parallel);          \
    void prepareForward(const Prepare& op, const Prepared& outputs, const Parallel& parallel);                         \
    void prepareBackward(const Prepare& op, const PrepareGradients& gradients, float* workspace,                       \
                         const Parallel& parallel);                                                                    \
    void tokenShiftForward(const TokenShift& op, const View* out, const Parallel& parallel);                           \
    void tokenShiftBackward(const TokenShift& op, const TokenShiftGradients& gradients, const Parallel& parallel);

namespace reference {
RADLADS_POINTWISE_OPS
}
namespace simd {
RADLADS_POINTWISE_OPS
}
#undef RADLADS_POINTWISE_OPS

}  // namespace radlads::kernels
