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
// Columns of the panels of a block of B.
inline int64_t panelsAcross(int64_t columns) {
    return (std::min(columns, kBlockColumns) + kMostColumns - 1) / kMostColumns * kMostColumns;
}
// A float32 that is read as it is, where others are rounded to bfloat16.
struct Exact {
    float value;
};
// What a word of a panel is: an operand as float32, or those at depths k and k + 1, k in the lower half.
enum class Word { Float, Bf16Pair, Fp16Pair };
}  // namespace radlads::kernels::simd
#endif

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {
namespace {

using simd::kBlockDepth;
using simd::kPanelRows;
using simd::Start;

constexpr int64_t kLanes = HWY_MAX_BYTES / 4;
// Sums of a tile: rows x vectors.
constexpr int64_t kTileRows = kLanes == 16 ? 8 : 4;
constexpr int kPanelVectors = 3;
constexpr int64_t kPanelColumns = kPanelVectors * kLanes;

alignas(64) constexpr float kZeros[kPanelColumns] = {};

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

// A line of a block is multiplied by a power of two before it is rounded to float16, so that its largest magnitude lies
// in [8, 16); the tile multiplies its sums by the inverse. From the largest magnitude's bits: a line of what float32
// has no 24 bits for is zeros, one with an infinity or NaN is NaN, one from 2^(131 - extra) on infinite.
constexpr uint32_t kTargetExponent = 3, kLeastExponent = 27;
HWY_INLINE hn::Vec<Words> magnitudeBits(V value) {
    return hn::And(hn::BitCast(Words(), value), hn::Set(Words(), 0x7fffffffu));
}
HWY_INLINE V scaleOf(hn::Vec<Words> largest) {
    const Words words;
    const auto exponent = hn::Max(hn::ShiftRight<23>(largest), hn::Set(words, kLeastExponent));
    return hn::BitCast(D(), hn::ShiftLeft<23>(hn::Sub(hn::Set(words, 254 + kTargetExponent), exponent)));
}
// The inverse times 2^extra.
HWY_INLINE V unscaleOf(hn::Vec<Words> largest, uint32_t extra) {
    const Words words;
    const auto exponent = hn::Max(hn::ShiftRight<23>(largest), hn::Set(words, kLeastExponent));
    const auto inverse = hn::ShiftLeft<23>(hn::Min(hn::Add(exponent, hn::Set(words, extra - kTargetExponent)), hn::Set(words, 255u)));
    const auto isFinite = hn::Lt(largest, hn::Set(words, 0x7f800000u));
    return hn::BitCast(D(), hn::IfThenElse(isFinite, inverse, hn::Set(words, 0x7fc00000u)));
}

// Words between packed lines of `steps` words.
HWY_INLINE int64_t lineWords(int64_t steps) {
    return (steps + kLanes - 1) / kLanes * kLanes;
}

// A block of an operand: elements one after another along `depth`, or along the lines of its panels (rows of A, columns
// of B). Panels: [panel][step][kWidth]. Of Fp16Pair, unscales [lines, up to a multiple of kLanes] takes what the sums of
// a line are to be multiplied with, times 2^extra.
template <class T, int64_t kWidth, simd::Word kWord>
class Packer {
public:
    static constexpr bool kPairs = kWord != simd::Word::Float;

    // Lines along the depth as they are, lineWords() apart, and zeros to a whole number of tiles.
    static void lines(const T* from, int64_t stride, int64_t count, int64_t depth, float* to, float* unscales, uint32_t extra) {
        const int64_t width = lineWords(kPairs ? (depth + 1) / 2 : depth), rows = (count + kTileRows - 1) / kTileRows * kTileRows;
        for (int64_t l = 0; l < rows; ++l) stage(l < count ? from + l * stride : nullptr, depth, width, to + l * width, unscales + l, extra);
    }

    // from: element (line 0, depth 0); stride: of what is not contiguous.
    static void alongDepth(const T* from, int64_t stride, int64_t lines, int64_t depth, float* to,
                           float* unscales = nullptr, uint32_t extra = 0) {
        HWY_ALIGN float staged[kPanelRows * kBlockDepth];
        const int64_t steps = kPairs ? (depth + 1) / 2 : depth;
        for (int64_t line = 0; line < lines; line += kLanes) {
            const int64_t here = std::min(kLanes, lines - line);
            for (int64_t l = 0; l < kLanes; ++l)
                stage(l < here ? from + (line + l) * stride : nullptr, depth, lineWords(steps), staged + l * kBlockDepth,
                      unscales ? unscales + line + l : nullptr, extra);
            float* panel = to + line / kWidth * steps * kWidth + line % kWidth;
            int64_t k = 0;
            for (; k + 4 <= steps; k += 4) turn(staged + k, panel + k * kWidth, 4);
            if (k < steps) turn(staged + k, panel + k * kWidth, steps - k);
        }
    }

    static void alongLines(const T* from, int64_t stride, int64_t lines, int64_t depth, float* to,
                           float* unscales = nullptr, uint32_t extra = 0) {
        const int64_t padded = (lines + kWidth - 1) / kWidth * kWidth;
        int64_t line = 0;
        for (; line + kGroup * kLanes <= lines; line += kGroup * kLanes)
            vectorsOfLines<kGroup>(from, stride, line, lines, depth, to, unscales, extra);
        for (; line < padded; line += kLanes)
            vectorsOfLines<1>(from, stride, line, lines, depth, to, unscales, extra);
    }

private:
    static constexpr int kGroup = 6;  // vectors of lines that are read together: memory next to each other

    template <int kVectors>
    static HWY_INLINE void vectorsOfLines(const T* from, int64_t stride, int64_t line, int64_t lines, int64_t depth,
                                          float* to, float* unscales, uint32_t extra) {
        const int64_t steps = kPairs ? (depth + 1) / 2 : depth;
        V scales[kVectors] = {};
        if constexpr (kWord == simd::Word::Fp16Pair) {
            hn::Vec<Words> largest[kVectors];
            for (auto& each : largest) each = hn::Zero(Words());
            for (int64_t k = 0; k < depth && line < lines; ++k)
                for (int v = 0; v < kVectors; ++v)
                    largest[v] = hn::Max(largest[v], magnitudeBits(loadPart(from + k * stride, line + v * kLanes, kVectors > 1 ? line + (v + 1) * kLanes : lines)));
            for (int v = 0; v < kVectors; ++v) {
                scales[v] = scaleOf(largest[v]);
                hn::StoreU(unscaleOf(largest[v], extra), D(), unscales + line + v * kLanes);
            }
        }
        float* place[kVectors];
        for (int v = 0; v < kVectors; ++v) {
            const int64_t at = line + v * kLanes;
            place[v] = to + at / kWidth * steps * kWidth + at % kWidth;
        }
        for (int64_t step = 0; step < steps; ++step)
            for (int v = 0; v < kVectors; ++v) {
                const int64_t at = line + v * kLanes;
                const V word = at < lines ? wordOf<kVectors>(from, stride, at, lines, step, depth, scales[v]) : hn::Zero(D());
                hn::Store(word, D(), place[v] + step * kWidth);
            }
    }

    template <int kVectors>
    static HWY_INLINE V wordOf(const T* from, int64_t stride, int64_t line, int64_t lines, int64_t step, int64_t depth,
                               V scale) {
        const int64_t size = kVectors > 1 ? line + kLanes : lines;
        if constexpr (!kPairs) {
            return loadOperand(from + step * stride, line, size);
        } else {
            const Words words;
            const T* first = from + 2 * step * stride;
            const bool isLast = 2 * step + 1 == depth;
            if constexpr (kWord == simd::Word::Fp16Pair) {
                const auto low = halves(first, line, size, scale);
                if (isLast) return hn::BitCast(D(), low);
                return hn::BitCast(D(), hn::Or(low, hn::ShiftLeft<16>(halves(first + stride, line, size, scale))));
            } else {
                const auto low = hn::ShiftRight<16>(hn::BitCast(words, loadOperand(first, line, size)));
                if (isLast) return hn::BitCast(D(), low);
                return hn::BitCast(D(), hn::Or(low, hn::BitCast(words, loadOperand(first + stride, line, size))));
            }
        }
    }

    // float16 of elements times the scale, in the lower halves of words.
    static HWY_INLINE hn::Vec<Words> halves(const T* row, int64_t i, int64_t size, V scale) {
        const hn::Rebind<hwy::float16_t, D> narrow;
        const auto half = hn::DemoteTo(narrow, hn::Mul(loadPart(row, i, size), scale));
        return hn::PromoteTo(Words(), hn::BitCast(Halves(), half));
    }

    // The bits of the largest magnitude of a line, in every lane.
    static HWY_INLINE hn::Vec<Words> largestOf(const T* row, int64_t depth) {
        const Words words;
        auto largest = hn::Zero(words);
        for (int64_t k = 0; k < depth; k += kLanes) largest = hn::Max(largest, magnitudeBits(loadPart(row, k, depth)));
        return hn::MaxOfLanes(words, largest);
    }

    // A line as `width` words; null: zeros.
    static HWY_INLINE void stage(const T* line, int64_t depth, int64_t width, float* to, float* unscale, uint32_t extra) {
        V scale = hn::Zero(D());
        if constexpr (kWord == simd::Word::Fp16Pair) {
            const auto largest = line ? largestOf(line, depth) : hn::Zero(Words());
            scale = scaleOf(largest);
            *unscale = hn::GetLane(unscaleOf(largest, extra));
        }
        stageLine(line, depth, width, scale, to);
    }

    // A line as words, zeros beyond its end; null: zeros.
    static HWY_INLINE void stageLine(const T* line, int64_t depth, int64_t width, V scale, float* to) {
        if (!line) {
            std::fill(to, to + width, 0.0f);
            return;
        }
        for (int64_t k = 0; k < (kPairs ? 2 : 1) * width; k += kLanes) {
            if constexpr (kWord == simd::Word::Fp16Pair) {
                const hn::Rebind<hwy::float16_t, D> narrow;
                const V value = k < depth ? hn::Mul(loadPart(line, k, depth), scale) : hn::Zero(D());
                hn::StoreU(hn::DemoteTo(narrow, value), narrow, reinterpret_cast<hwy::float16_t*>(to) + k);
            } else {
                const V value = k < depth ? loadOperand(line, k, depth) : hn::Zero(D());
                if constexpr (kPairs)
                    storeVector(value, reinterpret_cast<BFloat16*>(to) + k);
                else
                    hn::StoreU(value, D(), to + k);
            }
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
