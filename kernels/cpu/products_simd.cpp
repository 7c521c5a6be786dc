// Products of bfloat16 and float16 with Highway: blocks of both operands are rounded and laid out in panels, which tiles
// of sums in registers then read in order. A word of a panel is one operand as float32, or a pair (k, k + 1) of bfloat16
// or float16 for the processor's instructions; all else is the same.
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
using simd::PanelRows;
using simd::panelsAcross;
static_assert(kBlockColumns % kPanelColumns == 0 && kBlockRows % kPanelRows == 0 && kBlockDepth % kPad == 0);

using simd::Word;

// What the lines of packed blocks of float16 are to be multiplied with: rows of A, columns of B.
struct Unscales {
    float *rows, *columns;
};
// 2^112, which the tile leaves out (simd::tileOfFp16), is shared between the lines.
constexpr uint32_t kExtraOfRows = 22, kExtraOfColumns = 90;

// Lines `line` on of a matrix whose lines are its rows, at a depth.
template <int64_t kWidth, Word kWord, class T>
void packAs(const Matrix& m, int64_t line, int64_t lines, int64_t start, int64_t depth, float* to, float* unscales) {
    using Panels = Packer<T, kWidth, kWord>;
    constexpr uint32_t kExtra = kWidth == kPanelRows ? kExtraOfRows : kExtraOfColumns;
    const T* from = static_cast<const T*>(m.data) + line * m.rowStride + start * m.columnStride;
    if (kWidth == kPanelRows && m.columnStride == 1)
        Panels::lines(from, m.rowStride, lines, depth, to, unscales, kExtra);
    else if (m.columnStride == 1)
        Panels::alongDepth(from, m.rowStride, lines, depth, to, unscales, kExtra);
    else
        Panels::alongLines(from, m.columnStride, lines, depth, to, unscales, kExtra);
}
template <int64_t kWidth, Word kWord>
void pack(const Matrix& m, int64_t line, int64_t lines, int64_t start, int64_t depth, float* to, float* unscales) {
    if (m.dtype == DType::Float32)
        packAs<kWidth, kWord, float>(m, line, lines, start, depth, to, unscales);
    else
        packAs<kWidth, kWord, BFloat16>(m, line, lines, start, depth, to, unscales);
}

template <int kVectors, bool kTurned>
HWY_NOINLINE void tile(int64_t steps, const PanelRows& a, const float* HWY_RESTRICT b, const Start& start, float* c,
                       int64_t ldc) {
    const D d;
    const int64_t rowStride = kTurned ? 1 : a.stride, next = kTurned ? a.stride : 1;
    const float *upper = a.data, *lower = a.data + kTileRows / 2 * rowStride;
    V sum[kTileRows][kVectors];
    for (int64_t m = 0; m < kTileRows; ++m)
        for (int n = 0; n < kVectors; ++n) sum[m][n] = hn::LoadU(d, start.from + m * start.stride + n * kLanes);
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

template <Word kWord>
HWY_INLINE void anyTile(int vectors, int64_t steps, const PanelRows& a, const float* b, const Unscales& unscales,
                        const Start& start, float* c, int64_t ldc) {
    if constexpr (kWord == Word::Bf16Pair) {
        simd::tileOfBf16(vectors, steps, a, b, kPanelColumns, start, c, ldc);
    } else if constexpr (kWord == Word::Fp16Pair) {
        simd::tileOfFp16(vectors, steps, a, b, kPanelColumns, unscales.rows, unscales.columns, start, c, ldc);
    } else {
        using Tile = decltype(&tile<1, false>);
        constexpr Tile kTiles[2][kPanelVectors] = {{tile<1, false>, tile<2, false>, tile<3, false>},
                                                   {tile<1, true>, tile<2, true>, tile<3, true>}};
        kTiles[a.isTurned][vectors - 1](steps, a, b, start, c, ldc);
    }
}

// A tile that hangs over the edge of C, by way of a whole one.
template <Word kWord>
HWY_NOINLINE void edgeTile(int64_t rows, int64_t columns, int64_t steps, const PanelRows& a, const float* b,
                           const Unscales& unscales, const Start& start, float* c, int64_t ldc) {
    HWY_ALIGN float whole[kTileRows * kPanelColumns] = {};
    for (int64_t m = 0; m < rows; ++m) std::copy_n(start.from + m * start.stride, columns, whole + m * kPanelColumns);
    const int vectors = static_cast<int>((columns + kLanes - 1) / kLanes);
    anyTile<kWord>(vectors, steps, a, b, unscales, {whole, kPanelColumns}, whole, kPanelColumns);
    for (int64_t m = 0; m < rows; ++m) std::copy_n(whole + m * kPanelColumns, columns, c + m * ldc);
}

// Row `row` on of a product, for a block of the depth that is laid out.
template <Word kWord>
void blockProduct(const NarrowProduct& product, int64_t row, int64_t rows, int64_t steps, const PanelRows& a,
                  const float* b, const Unscales& unscales, bool isNew) {
    for (int64_t n = 0; n < product.b.columns; n += kPanelColumns) {
        const float* right = b + n * steps;
        const int64_t width = std::min(kPanelColumns, product.b.columns - n);
        for (int64_t m = 0; m < rows; m += kTileRows) {
            PanelRows left = a;
            left.data += a.isTurned ? m / kPanelRows * kPanelRows * steps + m % kPanelRows : m * a.stride;
            const Unscales here{unscales.rows + m, unscales.columns + n};
            float* to = product.c + (row + m) * product.ldc + n;
            const Start start = isNew ? Start{product.bias ? product.bias + n : kZeros, 0} : Start{to, product.ldc};
            if (rows - m >= kTileRows && width % kLanes == 0)
                anyTile<kWord>(static_cast<int>(width / kLanes), steps, left, right, here, start, to, product.ldc);
            else
                edgeTile<kWord>(std::min(kTileRows, rows - m), width, steps, left, right, here, start, to, product.ldc);
        }
    }
}

bool isSame(const Matrix& a, const Matrix& b) {
    return a.data == b.data && a.rows == b.rows && a.columns == b.columns && a.rowStride == b.rowStride &&
           a.columnStride == b.columnStride && a.dtype == b.dtype;
}

// Products of the same depth whose matrices B, those next to each other that are the same counted once, have at most
// kBlockColumns columns together.
template <Word kWord>
void groupProduct(std::span<const NarrowProduct> group, float* workspace) {
    float* const panelsOfA = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(workspace) + 63) / 64 * 64);
    float* const unscalesOfA = panelsOfA + kBlockRows * kBlockDepth;
    float* const unscalesOfB = unscalesOfA + kBlockRows;
    float* const panelsOfB = unscalesOfB + kBlockColumns;
    const int64_t all = group.front().a.columns, most = blockDepth(all, kBlockDepth);
    int64_t mostRows = 0;
    for (const NarrowProduct& product : group) mostRows = std::max(mostRows, product.a.rows);
    for (int64_t k = 0; k < all; k += most) {
        const int64_t depth = std::min(most, all - k), steps = kWord == Word::Float ? depth : (depth + 1) / 2;
        int64_t column = 0;
        for (std::size_t i = 0; i < group.size(); ++i) {
            if (i > 0 && isSame(group[i].b, group[i - 1].b)) continue;
            pack<kPanelColumns, kWord>(group[i].b.transposed(), 0, group[i].b.columns, k, depth,
                                       panelsOfB + column * steps, unscalesOfB + column);
            column += panelsAcross(group[i].b.columns);
        }
        for (int64_t m = 0; m < mostRows; m += kBlockRows) {
            column = 0;
            const Matrix* packed = nullptr;
            for (std::size_t i = 0; i < group.size(); ++i) {
                const NarrowProduct& product = group[i];
                if (i > 0 && !isSame(product.b, group[i - 1].b)) column += panelsAcross(group[i - 1].b.columns);
                const int64_t rows = std::min(kBlockRows, product.a.rows - m);
                if (rows <= 0) continue;
                if (!packed || !isSame(product.a, *packed))
                    pack<kPanelRows, kWord>(product.a, m, rows, k, depth, panelsOfA, unscalesOfA);
                packed = &product.a;
                const bool isTurned = product.a.columnStride != 1;
                const PanelRows left{panelsOfA, isTurned ? kPanelRows : lineWords(steps), isTurned};
                blockProduct<kWord>(product, m, rows, steps, left, panelsOfB + column * steps,
                                    {unscalesOfA, unscalesOfB + column}, k == 0 && product.store == Store::Set);
            }
        }
    }
}

template <Word kWord>
void productsIn(std::span<const NarrowProduct> products, float* workspace) {
    for (std::size_t first = 0; first < products.size();) {
        const NarrowProduct& product = products[first];
        if (product.b.columns > kBlockColumns) {  // by itself, in strips
            for (int64_t n = 0; n < product.b.columns; n += kBlockColumns) {
                NarrowProduct strip = product;
                strip.b.data = static_cast<const char*>(product.b.data) +
                               n * product.b.columnStride * (product.b.dtype == DType::Float32 ? 4 : 2);
                strip.b.columns = std::min(kBlockColumns, product.b.columns - n);
                strip.c += n;
                if (product.bias) strip.bias += n;
                groupProduct<kWord>({&strip, 1}, workspace);
            }
            ++first;
            continue;
        }
        std::size_t end = first + 1;
        for (int64_t columns = panelsAcross(product.b.columns);
             end < products.size() && products[end].a.columns == product.a.columns; ++end) {
            if (!isSame(products[end].b, products[end - 1].b)) columns += panelsAcross(products[end].b.columns);
            if (columns > kBlockColumns || products[end].b.columns > kBlockColumns) break;
        }
        groupProduct<kWord>(products.subspan(first, end - first), workspace);
        first = end;
    }
}

void productsOf(NarrowForm form, std::span<const NarrowProduct> products, float* workspace) {
    for (const NarrowProduct& p : products)
        for (int64_t m = 0; p.a.columns == 0 && p.store == Store::Set && m < p.a.rows; ++m)
            for (int64_t n = 0; n < p.b.columns; ++n) p.c[m * p.ldc + n] = p.bias ? p.bias[n] : 0.0f;
#if HWY_MAX_BYTES == 64 && defined(__x86_64__)
    if (form == NarrowForm::Bf16Instructions) return productsIn<Word::Bf16Pair>(products, workspace);
    if (form == NarrowForm::Fp16Instructions) return productsIn<Word::Fp16Pair>(products, workspace);
#endif
    (void)form;
    productsIn<Word::Float>(products, workspace);
}

}  // namespace
}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(productsOf);

namespace simd {

std::size_t productFloats(std::span<const NarrowProduct> products) {
    int64_t columns = 0;
    for (const NarrowProduct& product : products) columns += panelsAcross(product.b.columns);
    return static_cast<std::size_t>((kBlockRows + std::min(kBlockColumns, columns)) * kBlockDepth + kBlockRows + kBlockColumns + 16);
}

void products(NarrowForm form, std::span<const NarrowProduct> products, float* workspace) {
    HWY_DYNAMIC_DISPATCH(productsOf)(form, products, workspace);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
