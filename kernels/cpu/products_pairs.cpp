// The tiles of products_simd.cpp by AVX-512 BF16 and AVX-512 FP16, which this version of Highway does not use.
#include "kernels/cpu/products_backends.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>

namespace radlads::kernels::simd {
namespace {

constexpr int64_t kRows = 8, kLanes = 16;

// Words of eight rows of A at a step, as floatTile() reads them.
template <bool kTurned>
struct Left {
    int64_t rowStride, next;
    const float *upper, *lower;
    explicit Left(const PanelRows& a)
        : rowStride(kTurned ? 1 : a.stride), next(kTurned ? a.stride : 1), upper(a.data), lower(a.data + kRows / 2 * rowStride) {}
    const float& operator[](int64_t m) const {
        return m < kRows / 2 ? upper[m * rowStride] : lower[(m - kRows / 2) * rowStride];
    }
    void step() {
        upper += next;
        lower += next;
    }
};

template <int kVectors, bool kTurned>
__attribute__((target("avx512f,avx512bw,avx512bf16"))) void bf16Tile(int64_t steps, const PanelRows& a, const float* b,
                                                                     int64_t ldb, const Start& start, float* c,
                                                                     int64_t ldc) {
    Left<kTurned> left(a);
    __m512 sum[kRows][kVectors];
    for (int64_t m = 0; m < kRows; ++m)
        for (int n = 0; n < kVectors; ++n)
            sum[m][n] = _mm512_loadu_ps(start.from + m * start.stride + n * kLanes);
    for (int64_t k = 0; k < steps; ++k) {
        __m512bh right[kVectors];
        for (int n = 0; n < kVectors; ++n) right[n] = (__m512bh)_mm512_loadu_ps(b + k * ldb + n * kLanes);
        for (int64_t m = 0; m < kRows; ++m) {
            const __m512bh one = (__m512bh)_mm512_set1_ps(left[m]);
            for (int n = 0; n < kVectors; ++n) sum[m][n] = _mm512_dpbf16_ps(sum[m][n], one, right[n]);
        }
        left.step();
    }
    for (int64_t m = 0; m < kRows; ++m)
        for (int n = 0; n < kVectors; ++n) _mm512_storeu_ps(c + m * ldc + n * kLanes, sum[m][n]);
}

#ifdef RADLADS_FP16_INSTRUCTIONS  // by CMakeLists.txt: the compiler knows them
constexpr __mmask16 kAll = 0xffff;

#define RADLADS_TARGET_FP16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512fp16")))

// Words of two float16 -> their sum as float32, times 2^-112: the exponent's bits are moved, not its bias. Sums are finite.
// (Forms with a mask: GCC 12 warns of the others' own undefined value.)
RADLADS_TARGET_FP16 inline __m512 sumOfPairs(__m512h pairs) {
    const __m512i turned = _mm512_maskz_rol_epi32(kAll, _mm512_castph_si512(pairs), 16);
    const __m512i both = _mm512_castph_si512(_mm512_add_ph(pairs, _mm512_castsi512_ph(turned)));
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_maskz_srai_epi32(kAll, both, 3), _mm512_set1_epi32(static_cast<int>(0x8fffe000))));
}

template <int kVectors, bool kTurned>
RADLADS_TARGET_FP16 void fp16Tile(int64_t steps, const PanelRows& a, const float* b, int64_t ldb, const float* rows,
                                  const float* columns, Start before, float* c, int64_t ldc) {
    Left<kTurned> left(a);
    __m512 unscale[kVectors];
    for (int n = 0; n < kVectors; ++n) unscale[n] = _mm512_loadu_ps(columns + n * kLanes);
    for (int64_t start = 0; start < steps; start += kFp16Steps) {
        const int64_t end = std::min(steps, start + kFp16Steps);
        __m512h sum[kRows][kVectors];
        for (int64_t m = 0; m < kRows; ++m)
            for (int n = 0; n < kVectors; ++n) sum[m][n] = _mm512_setzero_ph();
        for (int64_t k = start; k < end; ++k) {
            __m512h right[kVectors];
            for (int n = 0; n < kVectors; ++n) right[n] = _mm512_castps_ph(_mm512_loadu_ps(b + k * ldb + n * kLanes));
            for (int64_t m = 0; m < kRows; ++m) {
                const __m512h one = _mm512_castps_ph(_mm512_set1_ps(left[m]));
                for (int n = 0; n < kVectors; ++n) sum[m][n] = _mm512_fmadd_ph(one, right[n], sum[m][n]);
            }
            left.step();
        }
        for (int64_t m = 0; m < kRows; ++m)
            for (int n = 0; n < kVectors; ++n) {
                float* to = c + m * ldc + n * kLanes;
                const __m512 other = _mm512_loadu_ps(before.from + m * before.stride + n * kLanes);
                const __m512 scaled = _mm512_mul_ps(sumOfPairs(sum[m][n]), unscale[n]);
                _mm512_storeu_ps(to, _mm512_fmadd_ps(scaled, _mm512_set1_ps(rows[m]), other));
            }
        before = {c, ldc};
    }
}
#endif

}  // namespace

void tileOfBf16(int vectors, int64_t steps, const PanelRows& a, const float* b, int64_t ldb, const Start& start,
                float* c, int64_t ldc) {
    constexpr decltype(&bf16Tile<1, false>) kTiles[2][3] = {{bf16Tile<1, false>, bf16Tile<2, false>, bf16Tile<3, false>},
                                                            {bf16Tile<1, true>, bf16Tile<2, true>, bf16Tile<3, true>}};
    kTiles[a.isTurned][vectors - 1](steps, a, b, ldb, start, c, ldc);
}

void tileOfFp16(int vectors, int64_t steps, const PanelRows& a, const float* b, int64_t ldb, const float* rows,
                const float* columns, const Start& start, float* c, int64_t ldc) {
#ifdef RADLADS_FP16_INSTRUCTIONS
    constexpr decltype(&fp16Tile<1, false>) kTiles[2][3] = {{fp16Tile<1, false>, fp16Tile<2, false>, fp16Tile<3, false>},
                                                            {fp16Tile<1, true>, fp16Tile<2, true>, fp16Tile<3, true>}};
    kTiles[a.isTurned][vectors - 1](steps, a, b, ldb, rows, columns, start, c, ldc);
#else  // hasFp16() says no
    (void)vectors, (void)steps, (void)a, (void)b, (void)ldb, (void)rows, (void)columns, (void)start, (void)c, (void)ldc;
#endif
}

bool hasFp16() {
#ifdef RADLADS_FP16_INSTRUCTIONS
    // Compilers of today do not name it to __builtin_cpu_supports: CPUID 7.0, EDX bit 23.
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (d >> 23 & 1);
#else
    return false;
#endif
}

}  // namespace radlads::kernels::simd
#endif
