// The tile of products_simd.cpp by AVX-512 BF16, which this version of Highway does not use.
#include "kernels/cpu/products_backends.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace radlads::kernels::simd {
namespace {

constexpr int64_t kRows = 8, kLanes = 16;

template <int kVectors>
__attribute__((target("avx512f,avx512bw,avx512bf16"))) void tile(int64_t steps, const float* a, const float* b,
                                                                 int64_t ldb, float* c, int64_t ldc, bool adds) {
    __m512 sum[kRows][kVectors];
    for (int64_t m = 0; m < kRows; ++m)
        for (int n = 0; n < kVectors; ++n)
            sum[m][n] = adds ? _mm512_loadu_ps(c + m * ldc + n * kLanes) : _mm512_setzero_ps();
    for (int64_t k = 0; k < steps; ++k) {
        __m512bh right[kVectors];
        for (int n = 0; n < kVectors; ++n) right[n] = (__m512bh)_mm512_loadu_ps(b + k * ldb + n * kLanes);
        for (int64_t m = 0; m < kRows; ++m) {
            const __m512bh one = (__m512bh)_mm512_set1_ps(a[k * kPanelRows + m]);
            for (int n = 0; n < kVectors; ++n) sum[m][n] = _mm512_dpbf16_ps(sum[m][n], one, right[n]);
        }
    }
    for (int64_t m = 0; m < kRows; ++m)
        for (int n = 0; n < kVectors; ++n) _mm512_storeu_ps(c + m * ldc + n * kLanes, sum[m][n]);
}

}  // namespace

void tileOfPairs(int vectors, int64_t steps, const float* a, const float* b, int64_t ldb, float* c, int64_t ldc,
                 bool adds) {
    constexpr decltype(&tile<1>) kTiles[] = {tile<1>, tile<2>, tile<3>};
    kTiles[vectors - 1](steps, a, b, ldb, c, ldc, adds);
}

}  // namespace radlads::kernels::simd
#endif
