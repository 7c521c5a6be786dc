// Products of bfloat16 with Highway: blocks of both operands are rounded and laid out in panels, which tiles of sums in
// registers then read in order. A word of a panel is one operand as float32, or a pair of bfloat16 (k, k + 1) for
// the processor's instructions; all else is the same.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/products_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>

#include <algorithm>

#include "kernels/cpu/products_backends.h"
#include "kernels/cpu/products_pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {
namespace {

using simd::kBlockColumns;
using simd::kBlockRows;
static_assert(kBlockColumns % kPanelColumns == 0 && kBlockRows % kPanelRows == 0 && kBlockDepth % kPad == 0);

// Lines `line` on of a matrix whose lines are its rows, at a depth.
template <int64_t kWidth, bool kPairs, class T>
void packAs(const Matrix& m, int64_t line, int64_t lines, int64_t start, int64_t depth, float* to) {
    const T* from = static_cast<const T*>(m.data) + line * m.rowStride + start * m.columnStride;
    if (m.columnStride == 1)
        Packer<T, kWidth, kPairs>::alongDepth(from, m.rowStride, lines, depth, to);
    else
        Packer<T, kWidth, kPairs>::alongLines(from, m.columnStride, lines, depth, to);
}
template <int64_t kWidth, bool kPairs>
void pack(const Matrix& m, int64_t line, int64_t lines, int64_t start, int64_t depth, float* to) {
    if (m.dtype == DType::Float32)
        packAs<kWidth, kPairs, float>(m, line, lines, start, depth, to);
    else
        packAs<kWidth, kPairs, BFloat16>(m, line, lines, start, depth, to);
}

template <int kVectors>
HWY_INLINE void tile(int64_t steps, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, float* c, int64_t ldc,
                     bool adds) {
    const D d;
    V sum[kTileRows][kVectors];
    for (int64_t m = 0; m < kTileRows; ++m)
        for (int n = 0; n < kVectors; ++n) sum[m][n] = adds ? hn::LoadU(d, c + m * ldc + n * kLanes) : hn::Zero(d);
    for (int64_t k = 0; k < steps; ++k) {
        V right[kVectors];
        for (int n = 0; n < kVectors; ++n) right[n] = hn::Load(d, b + k * kPanelColumns + n * kLanes);
        for (int64_t m = 0; m < kTileRows; ++m) {
            const V one = hn::Set(d, a[k * kPanelRows + m]);
            for (int n = 0; n < kVectors; ++n) sum[m][n] = hn::MulAdd(one, right[n], sum[m][n]);
        }
    }
    for (int64_t m = 0; m < kTileRows; ++m)
        for (int n = 0; n < kVectors; ++n) hn::StoreU(sum[m][n], d, c + m * ldc + n * kLanes);
}

template <bool kPairs>
HWY_INLINE void anyTile(int vectors, int64_t steps, const float* a, const float* b, float* c, int64_t ldc, bool adds) {
    if constexpr (kPairs) {
        simd::tileOfPairs(vectors, steps, a, b, kPanelColumns, c, ldc, adds);
    } else {
        if (vectors == 3) return tile<3>(steps, a, b, c, ldc, adds);
        if (vectors == 2) return tile<2>(steps, a, b, c, ldc, adds);
        tile<1>(steps, a, b, c, ldc, adds);
    }
}

// A tile that hangs over the edge of C, by way of a whole one.
template <bool kPairs>
HWY_NOINLINE void edgeTile(int64_t rows, int64_t columns, int64_t steps, const float* a, const float* b, float* c,
                           int64_t ldc, bool adds) {
    HWY_ALIGN float whole[kTileRows * kPanelColumns] = {};
    for (int64_t m = 0; adds && m < rows; ++m) std::copy_n(c + m * ldc, columns, whole + m * kPanelColumns);
    const int vectors = static_cast<int>((columns + kLanes - 1) / kLanes);
    anyTile<kPairs>(vectors, steps, a, b, whole, kPanelColumns, adds);
    for (int64_t m = 0; m < rows; ++m) std::copy_n(whole + m * kPanelColumns, columns, c + m * ldc);
}

template <bool kPairs>
void blockProduct(int64_t rows, int64_t columns, int64_t steps, const float* a, const float* b, float* c, int64_t ldc,
                  bool adds) {
    for (int64_t n = 0; n < columns; n += kPanelColumns) {
        const float* right = b + n * steps;
        const int64_t width = std::min(kPanelColumns, columns - n);
        for (int64_t m = 0; m < rows; m += kTileRows) {
            const float* left = a + m / kPanelRows * kPanelRows * steps + m % kPanelRows;
            float* to = c + m * ldc + n;
            if (rows - m >= kTileRows && width % kLanes == 0)
                anyTile<kPairs>(static_cast<int>(width / kLanes), steps, left, right, to, ldc, adds);
            else
                edgeTile<kPairs>(std::min(kTileRows, rows - m), width, steps, left, right, to, ldc, adds);
        }
    }
}

template <bool kPairs>
void productIn(const Matrix& a, const Matrix& b, float* c, int64_t ldc, Store store, float* workspace) {
    const Matrix columnsOfB = b.transposed();
    float* const panelsOfA = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(workspace) + 63) / 64 * 64);
    float* const panelsOfB = panelsOfA + kBlockRows * kBlockDepth;
    const int64_t most = blockDepth(a.columns, kBlockDepth);
    for (int64_t n = 0; n < b.columns; n += kBlockColumns) {
        const int64_t columns = std::min(kBlockColumns, b.columns - n);
        for (int64_t k = 0; k < a.columns; k += most) {
            const int64_t depth = std::min(most, a.columns - k), steps = kPairs ? (depth + 1) / 2 : depth;
            pack<kPanelColumns, kPairs>(columnsOfB, n, columns, k, depth, panelsOfB);
            for (int64_t m = 0; m < a.rows; m += kBlockRows) {
                const int64_t rows = std::min(kBlockRows, a.rows - m);
                pack<kPanelRows, kPairs>(a, m, rows, k, depth, panelsOfA);
                blockProduct<kPairs>(rows, columns, steps, panelsOfA, panelsOfB, c + m * ldc + n, ldc,
                                     k > 0 || store == Store::Add);
            }
        }
    }
}

void productOf(Bf16Form form, const Matrix& a, const Matrix& b, float* c, int64_t ldc, Store store, float* workspace) {
    if (a.columns == 0 && store == Store::Set)
        for (int64_t m = 0; m < a.rows; ++m) std::fill_n(c + m * ldc, b.columns, 0.0f);
#if HWY_MAX_BYTES == 64 && defined(__x86_64__)
    if (form == Bf16Form::Instructions) return productIn<true>(a, b, c, ldc, store, workspace);
#endif
    (void)form;
    productIn<false>(a, b, c, ldc, store, workspace);
}

}  // namespace
}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(productOf);

namespace simd {

std::size_t productFloats(int64_t, int64_t, int64_t columns) {
    const int64_t panels = (std::min(columns, kBlockColumns) + kMostColumns - 1) / kMostColumns * kMostColumns;
    return static_cast<std::size_t>((kBlockRows + panels) * kBlockDepth + 16);
}

void product(Bf16Form form, const Matrix& a, const Matrix& b, float* c, int64_t ldc, Store store, float* workspace) {
    HWY_DYNAMIC_DISPATCH(productOf)(form, a, b, c, ldc, store, workspace);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
