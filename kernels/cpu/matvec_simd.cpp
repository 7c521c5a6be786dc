// A matrix times a vector with Highway: several rows at a time, because the memory answers several streams faster than
// one.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/matvec_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>

#include "kernels/cpu/matvec_backends.h"
#include "kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

// kRows rows from `row` on; a row's additions are the same whatever kRows is.
template <class T, int kRows>
HWY_INLINE void matVecTile(const MatVecInputs& inputs, float* y, int64_t row) {
    constexpr int kSums = 2;
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), columns = inputs.weight.sizes[3];
    const T* weight[kRows];
    V sum[kRows][kSums];
    for (int r = 0; r < kRows; ++r) {
        weight[r] = inputs.weight.at<T>(0, 0, row + r);
        for (V& s : sum[r]) s = hn::Zero(d);
    }
    int64_t c = 0;
    for (; c + kSums * lanes <= columns; c += kSums * lanes)
        for (int s = 0; s < kSums; ++s) {
            const V x = loadVector(inputs.x + c + s * lanes);
            for (int r = 0; r < kRows; ++r) sum[r][s] = hn::MulAdd(loadVector(weight[r] + c + s * lanes), x, sum[r][s]);
        }
    for (; c < columns; c += lanes) {
        const V x = loadPart(inputs.x, c, columns);
        for (int r = 0; r < kRows; ++r) sum[r][0] = hn::MulAdd(loadPart(weight[r], c, columns), x, sum[r][0]);
    }
    for (int r = 0; r < kRows; ++r) {
        const float total = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum[r][0], sum[r][1])));
        y[row + r] = inputs.bias ? total + inputs.bias[row + r] : total;
    }
}

template <class T>
void matVecRowsOfType(const MatVecInputs& inputs, float* y, int64_t start, int64_t end) {
    constexpr int kRows = 4;
    int64_t row = start;
    for (; row + kRows <= end; row += kRows) matVecTile<T, kRows>(inputs, y, row);
    for (; row < end; ++row) matVecTile<T, 1>(inputs, y, row);
}

void matVecRowsOf(const MatVecInputs& inputs, float* y, int64_t start, int64_t end) {
    if (inputs.weight.dtype == DType::Float32) return matVecRowsOfType<float>(inputs, y, start, end);
    matVecRowsOfType<BFloat16>(inputs, y, start, end);
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(matVecRowsOf);

namespace simd {

void matVecRows(const MatVecInputs& inputs, float* y, int64_t start, int64_t end) {
    HWY_DYNAMIC_DISPATCH(matVecRowsOf)(inputs, y, start, end);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
