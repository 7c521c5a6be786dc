// What the matrix products share: the size of their tiles, and operands laid out in panels, which a tile reads in
// order. Included by Highway's foreach_target.
#if defined(RADLADS_KERNELS_PRODUCTS_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RADLADS_KERNELS_PRODUCTS_PACK_INL_H_
#undef RADLADS_KERNELS_PRODUCTS_PACK_INL_H_
#else
#define RADLADS_KERNELS_PRODUCTS_PACK_INL_H_
#endif

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
// A float32 that is read as it is, where others are rounded to bfloat16.
struct Exact {
    float value;
};
}  // namespace radlads::kernels::simd
#endif

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {
namespace {

using simd::kBlockDepth;
using simd::kPanelRows;

constexpr int64_t kLanes = HWY_MAX_BYTES / 4;
// Sums of a tile: rows x vectors.
constexpr int64_t kTileRows = kLanes == 16 ? 8 : 4;
constexpr int kPanelVectors = 3;
constexpr int64_t kPanelColumns = kPanelVectors * kLanes;

// Depth of a block, a multiple of kPad and at most `most`, such that the blocks are about alike.
HWY_INLINE int64_t blockDepth(int64_t depth, int64_t most) {
    const int64_t blocks = std::max<int64_t>(1, (depth + most - 1) / most);
    return ((depth + blocks - 1) / blocks + kPad - 1) / kPad * kPad;
}

HWY_INLINE V rounded(V value) {
    return hn::BitCast(D(), hn::And(roundedWords(value), hn::Set(Words(), 0xffff0000u)));
}
HWY_INLINE V loadOperand(const float* row, int64_t i, int64_t size) {
    return rounded(loadPart(row, i, size));
}
HWY_INLINE V loadOperand(const BFloat16* row, int64_t i, int64_t size) {
    return loadPart(row, i, size);
}

HWY_INLINE V loadOperand(const simd::Exact* row, int64_t i, int64_t size) {
    return loadPart(reinterpret_cast<const float*>(row), i, size);
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
            return loadOperand(from + step * stride, line, lines);
        } else {
            const Words words;
            const T* first = from + 2 * step * stride;
            const auto low = hn::ShiftRight<16>(hn::BitCast(words, loadOperand(first, line, lines)));
            if (2 * step + 1 == depth) return hn::BitCast(D(), low);
            return hn::BitCast(D(), hn::Or(low, hn::BitCast(words, loadOperand(first + stride, line, lines))));
        }
    }

    // A line as words, zeros beyond its end; null: zeros.
    static HWY_INLINE void stageLine(const T* line, int64_t depth, int64_t width, float* to) {
        if (!line) {
            std::fill(to, to + width, 0.0f);
            return;
        }
        for (int64_t k = 0; k < (kPairs ? 2 : 1) * width; k += kLanes) {
            const V value = k < depth ? loadOperand(line, k, depth) : hn::Zero(D());
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

}  // namespace
}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RADLADS_KERNELS_PRODUCTS_PACK_INL_H_
