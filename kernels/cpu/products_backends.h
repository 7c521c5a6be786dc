// Between products.cpp and the backends. Private to the library.
#pragma once

#include "kernels/products.h"

namespace radlads::kernels::simd {

std::size_t productFloats(int64_t rows, int64_t depth, int64_t columns);
void product(Bf16Form form, const Matrix& a, const Matrix& b, float* c, int64_t ldc, Store store, float* workspace);
void floatProduct(const Matrix& a, const Matrix& b, const float* bias, float* c, int64_t ldc, Store store);

// The tile of products_simd.cpp by VDPBF16PS: c [8, 16 vectors], a of kPanelRows and b of ldb words a step, two
// bfloat16 a word.
inline constexpr int64_t kPanelRows = 16;
void tileOfPairs(int vectors, int64_t steps, const float* a, const float* b, int64_t ldb, float* c, int64_t ldc,
                 bool adds);

}  // namespace radlads::kernels::simd
