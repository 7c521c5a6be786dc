// Tiles of a product of float32: A is read where it lies, a panel of B is laid out in the first-level cache. Included
// by Highway's foreach_target.
#if defined(RADLADS_KERNELS_FLOAT_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RADLADS_KERNELS_FLOAT_TILES_INL_H_
#undef RADLADS_KERNELS_FLOAT_TILES_INL_H_
#else
#define RADLADS_KERNELS_FLOAT_TILES_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "kernels/cpu/products_pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kDepth = 192;  // of a panel

// kTurned: rows of A one element apart, and `stride` between its columns; else the other way.
template <int kVectors, bool kTurned>
HWY_NOINLINE void floatTile(int64_t steps, const float* HWY_RESTRICT a, int64_t stride, const float* HWY_RESTRICT b,
                            const Start& start, float* c, int64_t ldc) {
    const D d;
    const int64_t rowStride = kTurned ? 1 : stride, next = kTurned ? stride : 1;
    V sum[kTileRows][kVectors];
    for (int64_t m = 0; m < kTileRows; ++m)
        for (int n = 0; n < kVectors; ++n) sum[m][n] = hn::LoadU(d, start.from + m * start.stride + n * kLanes);
    const float *upper = a, *lower = a + kTileRows / 2 * rowStride;
    for (int64_t k = 0; k < steps; ++k) {
        V right[kVectors];
        for (int n = 0; n < kVectors; ++n) right[n] = hn::Load(d, b + k * kPanelColumns + n * kLanes);
        for (int64_t m = 0; m < kTileRows; ++m) {
            const V one = hn::Set(d, m < kTileRows / 2 ? upper[m * rowStride] : lower[(m - kTileRows / 2) * rowStride]);
            for (int n = 0; n < kVectors; ++n) sum[m][n] = hn::MulAdd(one, right[n], sum[m][n]);
        }
        upper += next;
        lower += next;
    }
    for (int64_t m = 0; m < kTileRows; ++m)
        for (int n = 0; n < kVectors; ++n) hn::StoreU(sum[m][n], d, c + m * ldc + n * kLanes);
}

using FloatTile = decltype(&floatTile<1, false>);
constexpr FloatTile kTiles[2][kPanelVectors] = {{floatTile<1, false>, floatTile<2, false>, floatTile<3, false>},
                                                {floatTile<1, true>, floatTile<2, true>, floatTile<3, true>}};

// Rows of A and how far its elements are apart.
struct LeftRows {
    const float* data;
    int64_t stride;
    bool isTurned;
    const float* at(int64_t row, int64_t column) const {
        return data + (isTurned ? row + column * stride : row * stride + column);
    }
};

// A tile that hangs over the edge of C: by way of a whole one, of rows of A with zeros below.
HWY_NOINLINE void floatEdge(int64_t rows, int64_t columns, int64_t steps, const LeftRows& a, const float* b,
                            const Start& start, float* c, int64_t ldc) {
    HWY_ALIGN float whole[kTileRows * kPanelColumns] = {}, corner[kTileRows * kDepth] = {};
    for (int64_t m = 0; m < rows; ++m) std::copy_n(start.from + m * start.stride, columns, whole + m * kPanelColumns);
    for (int64_t k = 0; k < steps; ++k)
        for (int64_t m = 0; m < kTileRows; ++m) corner[k * kTileRows + m] = m < rows ? *a.at(m, k) : 0.0f;
    const int64_t vectors = (columns + kLanes - 1) / kLanes;
    kTiles[1][vectors - 1](steps, corner, kTileRows, b, {whole, kPanelColumns}, whole, kPanelColumns);
    for (int64_t m = 0; m < rows; ++m) std::copy_n(whole + m * kPanelColumns, columns, c + m * ldc);
}

void packPanel(const Matrix& b, int64_t column, int64_t columns, int64_t start, int64_t depth, float* panel) {
    using Panels = Packer<simd::Exact, kPanelColumns, simd::Word::Float>;
    const auto* from = static_cast<const simd::Exact*>(b.data) + start * b.rowStride + column * b.columnStride;
    if (b.rowStride == 1)
        Panels::alongDepth(from, b.columnStride, columns, depth, panel);
    else
        Panels::alongLines(from, b.rowStride, columns, depth, panel);
}

}  // namespace
}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RADLADS_KERNELS_FLOAT_TILES_INL_H_
