// Products of float32 with Highway for the weights of small models: A is read where it lies, a panel of B is laid out
// in the first-level cache and stays there for all rows.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/float_products_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>

#include <algorithm>

#include "kernels/cpu/float_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {
namespace {

void floatProductOf(const Matrix& a, const Matrix& b, const float* bias, float* c, int64_t ldc, Store store) {
    HWY_ALIGN float panel[kPanelColumns * kDepth];
    const bool isTurned = a.columnStride != 1;
    const int64_t stride = isTurned ? a.columnStride : a.rowStride, most = blockDepth(a.columns, kDepth);
    for (int64_t n = 0; n < b.columns; n += kPanelColumns) {
        const int64_t width = std::min(kPanelColumns, b.columns - n);
        int64_t k = 0;
        do {  // without any depth too: what the sums start as
            const int64_t depth = std::min(most, a.columns - k);
            if (depth > 0) packPanel(b, n, width, k, depth, panel);
            const bool isNew = k == 0 && store == Store::Set;
            const LeftRows left{static_cast<const float*>(a.data) + k * a.columnStride, stride, isTurned};
            for (int64_t m = 0; m < a.rows; m += kTileRows) {
                float* to = c + m * ldc + n;
                const Start start = isNew ? Start{bias ? bias + n : kZeros, 0} : Start{to, ldc};
                const LeftRows rows{left.at(m, 0), stride, isTurned};
                if (a.rows - m >= kTileRows && width % kLanes == 0)
                    kTiles[isTurned][width / kLanes - 1](depth, rows.data, stride, panel, start, to, ldc);
                else
                    floatEdge(std::min(kTileRows, a.rows - m), width, depth, rows, panel, start, to, ldc);
            }
            k += most;
        } while (k < a.columns);
    }
}

}  // namespace
}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(floatProductOf);

namespace simd {

void floatProduct(const Matrix& a, const Matrix& b, const float* bias, float* c, int64_t ldc, Store store) {
    HWY_DYNAMIC_DISPATCH(floatProductOf)(a, b, bias, c, ldc, store);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
