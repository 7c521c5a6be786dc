// Between products.cpp and the backends. Private to the library.
#pragma once

#include "kernels/products.h"

namespace radlads::kernels::simd {

std::size_t productFloats(std::span<const NarrowProduct> products);
void products(NarrowForm form, std::span<const NarrowProduct> products, float* workspace);
void floatProduct(const Matrix& a, const Matrix& b, const float* bias, float* c, int64_t ldc, Store store);

inline constexpr int64_t kPanelRows = 16;
// Packed rows of A, in words: each row's one after another, or (turned) those of kPanelRows rows side by side.
struct PanelRows {
    const float* data;
    int64_t stride;  // between rows; turned: between steps
    bool isTurned;
};
// What the sums of a tile start as.
struct Start {
    const float* from;
    int64_t stride;  // of its rows
};
// Tiles of products_simd.cpp: c [8, 16 vectors], b of ldb words a step, two operands a word.
// By VDPBF16PS.
void tileOfBf16(int vectors, int64_t steps, const PanelRows& a, const float* b, int64_t ldb, const Start& start,
                float* c, int64_t ldc);
// By VFMADDPH: sums of 2 kFp16Steps products in float16, then in float32, of which row m and column n are multiplied by
// 2^-112 rows[m] columns[n].
inline constexpr int64_t kFp16Steps = 64;
void tileOfFp16(int vectors, int64_t steps, const PanelRows& a, const float* b, int64_t ldb, const float* rows,
                const float* columns, const Start& start, float* c, int64_t ldc);
bool hasFp16();

}  // namespace radlads::kernels::simd
