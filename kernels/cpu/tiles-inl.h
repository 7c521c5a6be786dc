// Products and transposes of small matrices that lie in the cache, for one instruction set at a time: included by
// Highway's foreach_target. Rows are padded to kPad floats and aligned, so that every vector is whole.
#if defined(RADLADS_KERNELS_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RADLADS_KERNELS_TILES_INL_H_
#undef RADLADS_KERNELS_TILES_INL_H_
#else
#define RADLADS_KERNELS_TILES_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

static_assert(HWY_MAX_BYTES == 16 || HWY_MAX_BYTES == 32 || HWY_MAX_BYTES == 64, "vectors of a fixed width");
using D = hn::FixedTag<float, HWY_MAX_BYTES / sizeof(float)>;  // kPad is a multiple of its lanes
using V = hn::Vec<D>;
inline constexpr int64_t kPad = 16;
// Accumulators of a product: rows x vectors, as many as the registers hold beside their operands; a narrow product
// takes more rows, so that enough sums are under way.
inline constexpr int kTileVectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;
constexpr int64_t tileRows(int vectors) {
    return 2 * vectors <= kTileVectors ? 8 : 4;
}

// Which k of a square A[m, k] are not zero.
enum class Range { Full, Lower, Upper };

// A matrix by its strides: the transpose is the same bytes with the strides exchanged.
struct Left {
    const float* data;
    int64_t row, column;
};

// What a product is added to: nothing, what is there, or `from` with row i times factors[i].
enum class Onto { Nothing, Same, Scaled };
struct Base {
    const float* from = nullptr;  // [rows, columns] with the strides of C
    const float* factors = nullptr;
};

template <int kVectors, Onto kOnto>
HWY_INLINE void productTile(const Left& a, int64_t from, int64_t to, const float* HWY_RESTRICT b, int64_t ldb, float* c,
                            int64_t ldc, const Base& base) {
    constexpr int64_t kRows = tileRows(kVectors);
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    V sum[kRows][kVectors];
    for (int64_t m = 0; m < kRows; ++m)
        for (int n = 0; n < kVectors; ++n) {
            if constexpr (kOnto == Onto::Nothing) sum[m][n] = hn::Zero(d);
            if constexpr (kOnto == Onto::Same) sum[m][n] = hn::Load(d, c + m * ldc + n * lanes);
            if constexpr (kOnto == Onto::Scaled)
                sum[m][n] = hn::Mul(hn::Set(d, base.factors[m]), hn::LoadU(d, base.from + m * ldc + n * lanes));
        }
    const float* HWY_RESTRICT left = a.data;
    for (int64_t k = from; k < to; ++k) {
        V right[kVectors];
        for (int n = 0; n < kVectors; ++n) right[n] = hn::LoadU(d, b + k * ldb + n * lanes);
        for (int64_t m = 0; m < kRows; ++m) {
            const V one = hn::Set(d, left[m * a.row + k * a.column]);
            for (int n = 0; n < kVectors; ++n) sum[m][n] = hn::MulAdd(one, right[n], sum[m][n]);
        }
    }
    for (int64_t m = 0; m < kRows; ++m)
        for (int n = 0; n < kVectors; ++n) {
            if constexpr (kOnto == Onto::Scaled)
                hn::StoreU(sum[m][n], d, c + m * ldc + n * lanes);
            else
                hn::Store(sum[m][n], d, c + m * ldc + n * lanes);
        }
}

template <int kVectors, Onto kOnto>
HWY_INLINE void productColumns(int64_t rows, int64_t depth, Range range, const Left& a, const float* b, int64_t ldb,
                               float* c, int64_t ldc, const Base& base) {
    constexpr int64_t kRows = tileRows(kVectors);
    for (int64_t m = 0; m < rows; m += kRows) {
        const int64_t from = range == Range::Upper ? m : 0;
        const int64_t to = range == Range::Lower ? HWY_MIN(depth, m + kRows) : depth;
        Base part;
        if constexpr (kOnto == Onto::Scaled) part = {base.from + m * ldc, base.factors + m};
        productTile<kVectors, kOnto>({a.data + m * a.row, a.row, a.column}, from, to, b, ldb, c + m * ldc, ldc, part);
    }
}

// C = base + A B: C [rows, columns], A [rows, depth], B [depth, columns]; rows a multiple of 8, columns of kPad. The
// order of the sum over depth is that of k. B may lie unaligned, C only with Onto::Scaled.
template <Onto kOnto = Onto::Nothing>
HWY_INLINE void product(int64_t rows, int64_t depth, int64_t columns, const Left& a, const float* b, int64_t ldb,
                        float* c, int64_t ldc, Range range = Range::Full, const Base& base = {}) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
    int64_t n = 0;
    const auto strip = [&](auto vectors) HWY_ATTR {
        constexpr int kVectors = decltype(vectors)::value;
        for (; n + kVectors * lanes <= columns; n += kVectors * lanes)
            productColumns<kVectors, kOnto>(rows, depth, range, a, b + n, ldb, c + n, ldc,
                                            kOnto == Onto::Scaled ? Base{base.from + n, base.factors} : Base());
    };
    strip(std::integral_constant<int, kTileVectors>());
    if constexpr (kTileVectors > 2) strip(std::integral_constant<int, 2>());
    strip(std::integral_constant<int, 1>());
}

// Four rows of four floats, and so on to the width of a vector: block j holds rows 4 j to 4 j + 3 of four columns.
HWY_INLINE V loadRows(const float* from, int64_t stride) {
    const hn::FixedTag<float, 4> four;
    const auto row = [&](int64_t r) HWY_ATTR { return hn::LoadU(four, from + r * stride); };
#if HWY_MAX_BYTES >= 64
    const hn::FixedTag<float, 8> eight;
    return hn::Combine(D(), hn::Combine(eight, row(12), row(8)), hn::Combine(eight, row(4), row(0)));
#elif HWY_MAX_BYTES == 32
    return hn::Combine(D(), row(4), row(0));
#else
    return row(0);
#endif
}

// to [columns, rows] = the transpose of from [rows, columns]; both multiples of kPad.
HWY_INLINE void transpose(int64_t rows, int64_t columns, const float* HWY_RESTRICT from, int64_t ldf,
                          float* HWY_RESTRICT to, int64_t ldt) {
    const D d;
    const hn::Repartition<double, D> wide;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t r = 0; r < rows; r += lanes)
        for (int64_t c = 0; c < columns; c += 4) {
            const float* corner = from + r * ldf + c;
            const V r0 = loadRows(corner, ldf), r1 = loadRows(corner + ldf, ldf), r2 = loadRows(corner + 2 * ldf, ldf),
                    r3 = loadRows(corner + 3 * ldf, ldf);
            const auto l01 = hn::BitCast(wide, hn::InterleaveLower(d, r0, r1));
            const auto l23 = hn::BitCast(wide, hn::InterleaveLower(d, r2, r3));
            const auto h01 = hn::BitCast(wide, hn::InterleaveUpper(d, r0, r1));
            const auto h23 = hn::BitCast(wide, hn::InterleaveUpper(d, r2, r3));
            hn::Store(hn::BitCast(d, hn::InterleaveLower(wide, l01, l23)), d, to + c * ldt + r);
            hn::Store(hn::BitCast(d, hn::InterleaveUpper(wide, l01, l23)), d, to + (c + 1) * ldt + r);
            hn::Store(hn::BitCast(d, hn::InterleaveLower(wide, h01, h23)), d, to + (c + 2) * ldt + r);
            hn::Store(hn::BitCast(d, hn::InterleaveUpper(wide, h01, h23)), d, to + (c + 3) * ldt + r);
        }
}

// Row i of c += sum over earlier rows (Upper: later ones, through the transpose) of A[i, j] c_j: the inverse of the
// unit triangular I - A, in place. c [rows, columns].
template <bool kUpper>
HWY_INLINE void solveUnitTriangular(int64_t rows, int64_t columns, const Left& a, float* HWY_RESTRICT c, int64_t ldc) {
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    constexpr int kVectors = 4;
    int64_t n = 0;
    const auto strip = [&](auto vectors, int64_t column) HWY_ATTR {
        constexpr int kCount = decltype(vectors)::value;
        for (int64_t step = 1; step < rows; ++step) {
            const int64_t i = kUpper ? rows - 1 - step : step;
            float* row = c + i * ldc + column;
            V sum[kCount];
            for (int v = 0; v < kCount; ++v) sum[v] = hn::Load(d, row + v * lanes);
            for (int64_t j = kUpper ? i + 1 : 0; j < (kUpper ? rows : i); ++j) {
                const V one = hn::Set(d, a.data[i * a.row + j * a.column]);
                for (int v = 0; v < kCount; ++v)
                    sum[v] = hn::MulAdd(one, hn::Load(d, c + j * ldc + column + v * lanes), sum[v]);
            }
            for (int v = 0; v < kCount; ++v) hn::Store(sum[v], d, row + v * lanes);
        }
    };
    for (; n + kVectors * lanes <= columns; n += kVectors * lanes) strip(std::integral_constant<int, kVectors>(), n);
    for (; n < columns; n += lanes) strip(std::integral_constant<int, 1>(), n);
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RADLADS_KERNELS_TILES_INL_H_
