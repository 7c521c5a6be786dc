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
#include "kernels/cpu/rows-inl.h"

#ifndef RADLADS_KERNELS_PRODUCTS_BLOCKS_
#define RADLADS_KERNELS_PRODUCTS_BLOCKS_
namespace radlads::kernels::simd {
// Elements of the operands that are packed at a time: rows of A, depth, columns of B (a multiple of every panel).
inline constexpr int64_t kBlockRows = 192, kBlockDepth = 384, kBlockColumns = 1536;
inline constexpr int64_t kMostColumns = 48;  // of a panel of B
}  // namespace radlads::kernels::simd
#endif

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {
namespace {

using simd::kBlockColumns;
using simd::kBlockDepth;
using simd::kBlockRows;
using simd::kPanelRows;

constexpr int64_t kLanes = HWY_MAX_BYTES / 4;
// Sums of a tile: rows x vectors.
constexpr int64_t kTileRows = kLanes == 16 ? 8 : 4;
constexpr int kPanelVectors = 3;
constexpr int64_t kPanelColumns = kPanelVectors * kLanes;
static_assert(kBlockColumns % kPanelColumns == 0 && kBlockRows % kPanelRows == 0 && kBlockDepth % kPad == 0);

HWY_INLINE V rounded(V value) {
    return hn::BitCast(D(), hn::And(roundedWords(value), hn::Set(Words(), 0xffff0000u)));
}
HWY_INLINE V loadRounded(const float* row, int64_t i, int64_t size) {
    return rounded(loadPart(row, i, size));
}
HWY_INLINE V loadRounded(const BFloat16* row, int64_t i, int64_t size) {
    return loadPart(row, i, size);
}

// A block of an operand: elements one after another along `depth`, or along the lines of its panels (rows of A, columns
// of B). Panels: [panel][step][kWidth].
template <class T, int64_t kWidth, bool kPairs>
class Packer {
public:
    // from: element (line 0, depth 0); stride: of what is not contiguous.
    static void alongDepth(const T* from, int64_t stride, int64_t lines, int64_t depth, float* to) {
        HWY_ALIGN float stage[kPanelRows * kBlockDepth];
        const int64_t steps = kPairs ? (depth + 1) / 2 : depth;
        for (int64_t line = 0; line < lines; line += kLanes) {
            const int64_t here = std::min(kLanes, lines - line);
            const int64_t width = (steps + 3) / 4 * 4;  // of a staged line, in words
            for (int64_t l = 0; l < kLanes; ++l)
                stageLine(l < here ? from + (line + l) * stride : nullptr, depth, width, stage + l * kBlockDepth);
            float* panel = to + line / kWidth * steps * kWidth + line % kWidth;
            int64_t k = 0;
            for (; k + 4 <= steps; k += 4) turn(stage + k, panel + k * kWidth, 4);
            if (k < steps) turn(stage + k, panel + k * kWidth, steps - k);
        }
    }

    static void alongLines(const T* from, int64_t stride, int64_t lines, int64_t depth, float* to) {
        const int64_t steps = kPairs ? (depth + 1) / 2 : depth;
        for (int64_t line = 0; line < lines; line += kWidth) {
            float* panel = to + line / kWidth * steps * kWidth;
            for (int64_t step = 0; step < steps; ++step)
                for (int64_t l = 0; l < kWidth; l += kLanes) {
                    V word = hn::Zero(D());
                    if (line + l < lines) word = wordOf(from, stride, line + l, lines, step, depth);
                    hn::Store(word, D(), panel + step * kWidth + l);
                }
        }
    }

private:
    static HWY_INLINE V wordOf(const T* from, int64_t stride, int64_t line, int64_t lines, int64_t step,
                               int64_t depth) {
        if constexpr (!kPairs) {
            return loadRounded(from + step * stride, line, lines);
        } else {
            const Words words;
            const T* first = from + 2 * step * stride;
            const auto low = hn::ShiftRight<16>(hn::BitCast(words, loadRounded(first, line, lines)));
            if (2 * step + 1 == depth) return hn::BitCast(D(), low);
            return hn::BitCast(D(), hn::Or(low, hn::BitCast(words, loadRounded(first + stride, line, lines))));
        }
    }

    // A line as words, zeros beyond its end; null: zeros.
    static HWY_INLINE void stageLine(const T* line, int64_t depth, int64_t width, float* to) {
        if (!line) {
            std::fill(to, to + width, 0.0f);
            return;
        }
        for (int64_t k = 0; k < (kPairs ? 2 : 1) * width; k += kLanes) {
            const V value = k < depth ? loadRounded(line, k, depth) : hn::Zero(D());
            if constexpr (kPairs)
                storeVector(value, reinterpret_cast<BFloat16*>(to) + k);
            else
                hn::StoreU(value, D(), to + k);
        }
    }

    // kLanes staged lines of four words -> `steps` vectors of a word of each.
    static HWY_INLINE void turn(const float* from, float* to, int64_t steps) {
        const D d;
        const hn::Repartition<double, D> wide;
        const V r0 = loadRows(from, kBlockDepth), r1 = loadRows(from + kBlockDepth, kBlockDepth),
                r2 = loadRows(from + 2 * kBlockDepth, kBlockDepth), r3 = loadRows(from + 3 * kBlockDepth, kBlockDepth);
        const auto l01 = hn::BitCast(wide, hn::InterleaveLower(d, r0, r1));
        const auto l23 = hn::BitCast(wide, hn::InterleaveLower(d, r2, r3));
        const auto h01 = hn::BitCast(wide, hn::InterleaveUpper(d, r0, r1));
        const auto h23 = hn::BitCast(wide, hn::InterleaveUpper(d, r2, r3));
        hn::Store(hn::BitCast(d, hn::InterleaveLower(wide, l01, l23)), d, to);
        if (steps > 1) hn::Store(hn::BitCast(d, hn::InterleaveUpper(wide, l01, l23)), d, to + kWidth);
        if (steps > 2) hn::Store(hn::BitCast(d, hn::InterleaveLower(wide, h01, h23)), d, to + 2 * kWidth);
        if (steps > 3) hn::Store(hn::BitCast(d, hn::InterleaveUpper(wide, h01, h23)), d, to + 3 * kWidth);
    }
};

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

// Depth of a block, a multiple of kPad, such that the blocks are about alike.
int64_t blockDepth(int64_t depth) {
    const int64_t blocks = std::max<int64_t>(1, (depth + kBlockDepth - 1) / kBlockDepth);
    return ((depth + blocks - 1) / blocks + kPad - 1) / kPad * kPad;
}

template <bool kPairs>
void productIn(const Matrix& a, const Matrix& b, float* c, int64_t ldc, Store store, float* workspace) {
    const Matrix columnsOfB = b.transposed();
    float* const panelsOfA = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(workspace) + 63) / 64 * 64);
    float* const panelsOfB = panelsOfA + kBlockRows * kBlockDepth;
    const int64_t most = blockDepth(a.columns);
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
