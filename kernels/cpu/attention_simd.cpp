// Causal attention of a block of queries with Highway: the scores of a head stay in the second-level cache, and those
// that nobody sees are not computed, but for a tile's corner.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>

#include <algorithm>
#include <limits>

#include "kernels/cpu/attention_backends.h"
#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/float_tiles-inl.h"

#ifndef RADLADS_KERNELS_ATTENTION_ROOM_
#define RADLADS_KERNELS_ATTENTION_ROOM_
namespace radlads::kernels::simd {
// Floats from one row of scores to the next: whole panels, and lines of the cache that do not meet those of other rows.
inline int64_t scoreStride(int64_t keys) {
    return (keys + 63) / 64 * 64 + 16 + kMostColumns;
}
}  // namespace radlads::kernels::simd
#endif

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {
namespace {

// A row of scores: the softmax of [from, to), 0 in the rest of [0, end). There is room for a vector beyond.
void softmaxRow(float* row, int64_t from, int64_t to, int64_t end) {
    const D d;
    const float least = -std::numeric_limits<float>::infinity();
    std::fill(row, row + from, least);
    std::fill(row + to, row + end + kLanes, least);
    V most = hn::Set(d, least);
    const int64_t start = from / kLanes * kLanes;
    for (int64_t i = start; i < to; i += kLanes) most = hn::Max(most, hn::LoadU(d, row + i));
    most = hn::MaxOfLanes(d, most);
    V sum = hn::Zero(d);
    for (int64_t i = start; i < to; i += kLanes) {
        const V power = shortExp(hn::Sub(hn::LoadU(d, row + i), most));
        hn::StoreU(power, d, row + i);
        sum = hn::Add(sum, power);
    }
    const V scale = hn::Set(d, 1.0f / hn::GetLane(hn::SumOfLanes(d, sum)));
    for (int64_t i = start; i < to; i += kLanes) hn::StoreU(hn::Mul(hn::LoadU(d, row + i), scale), d, row + i);
    std::fill(row, row + start, 0.0f);
    std::fill(row + to, row + end, 0.0f);
}

class QueryBlock {
public:
    QueryBlock(const Attention& op, const View& y, int64_t batch, int64_t head, int64_t token, float* scores)
        : m_op(op), m_y(y), m_batch(batch), m_head(head), m_token(token), m_scores(scores) {
        m_rows = std::min(kQueries, op.q.sizes[2] - token);
        m_first = seenKeys(op, token).from;
        m_keys = seen(m_rows - 1).to;
        m_stride = simd::scoreStride(op.k.sizes[2]);
        m_k = matrixOf(op.k);
        m_v = matrixOf(op.v);
    }

    void compute() {
        computeScores();
        for (int64_t m = 0; m < m_rows; ++m) softmaxRow(m_scores + m * m_stride, seen(m).from, seen(m).to, tileEnd(m));
        computeOutput();
    }

private:
    // The keys of the block from m_first on: [size, keys] of k, [keys, size] of v.
    Matrix matrixOf(const View& view) const {
        const float* from = view.at(m_batch, keyHead(m_op, m_head), m_first);
        return {from, m_keys, view.sizes[3], view.strides[2], 1, DType::Float32};
    }
    // Of row m, counted from m_first.
    SeenKeys seen(int64_t m) const {
        const SeenKeys keys = seenKeys(m_op, m_token + m);
        return {keys.from - m_first, keys.to - m_first};
    }
    // Where the last row of m's tile ends.
    int64_t tileEnd(int64_t m) const { return seen(std::min(m_rows, m / kTileRows * kTileRows + kTileRows) - 1).to; }
    const float* query(int64_t m) const { return m_op.q.at(m_batch, m_head, m_token + m); }

    // One tile: whole, or hanging over an edge.
    static void anyTile(int64_t rows, int64_t columns, int64_t depth, const LeftRows& a, const float* panel,
                        const Start& start, float* c, int64_t ldc) {
        if (rows == kTileRows && columns % kLanes == 0)
            kTiles[0][columns / kLanes - 1](depth, a.data, a.stride, panel, start, c, ldc);
        else
            floatEdge(rows, columns, depth, a, panel, start, c, ldc);
    }

    void computeScores() {
        HWY_ALIGN float panel[kPanelColumns * kDepth];
        const int64_t size = m_op.q.sizes[3], most = blockDepth(size, kDepth);
        for (int64_t n = 0; n < m_keys; n += kPanelColumns) {
            // Columns beyond the last key are zeros of the panel.
            const int64_t keys = std::min(kPanelColumns, m_keys - n), width = (keys + kLanes - 1) / kLanes * kLanes;
            for (int64_t k = 0; k < size; k += most) {
                const int64_t depth = std::min(most, size - k);
                packPanel(m_k.transposed(), n, keys, k, depth, panel);
                for (int64_t m = 0; m < m_rows; m += kTileRows) {
                    if (tileEnd(m) <= n || seen(m).from >= n + kPanelColumns) continue;
                    float* c = m_scores + m * m_stride + n;
                    const Start start = k == 0 ? Start{kZeros, 0} : Start{c, m_stride};
                    anyTile(std::min(kTileRows, m_rows - m), width, depth, {query(m) + k, m_op.q.strides[2], false},
                            panel, start, c, m_stride);
                }
            }
        }
    }

    void computeOutput() {
        HWY_ALIGN float panel[kPanelColumns * kDepth];
        const int64_t size = m_op.q.sizes[3], most = blockDepth(m_keys, kDepth), ldc = m_y.strides[2];
        // Panels about alike: a narrow one has too few sums under way.
        const int64_t panels = (size + kPanelColumns - 1) / kPanelColumns;
        const int64_t columns = ((size + panels - 1) / panels + kLanes - 1) / kLanes * kLanes;
        for (int64_t n = 0; n < size; n += columns)
            for (int64_t k = 0; k < m_keys; k += most) {
                const int64_t width = std::min(columns, size - n);
                packPanel(m_v, n, width, k, std::min(most, m_keys - k), panel);
                for (int64_t m = 0; m < m_rows; m += kTileRows) {
                    const int64_t depth = std::min(most, tileEnd(m) - k);
                    if (depth <= 0) continue;
                    float* c = m_y.at(m_batch, m_head, m_token + m) + n;
                    const Start start = k == 0 ? Start{kZeros, 0} : Start{c, ldc};
                    anyTile(std::min(kTileRows, m_rows - m), width, depth,
                            {m_scores + m * m_stride + k, m_stride, false}, panel, start, c, ldc);
                }
            }
    }

    const Attention& m_op;
    const View& m_y;
    int64_t m_batch, m_head, m_token, m_rows, m_first, m_keys, m_stride;
    float* m_scores;
    Matrix m_k, m_v;
};

void attentionBlockOf(const Attention& op, const View& y, int64_t batch, int64_t head, int64_t token, float* scores) {
    QueryBlock(op, y, batch, head, token, scores).compute();
}

}  // namespace
}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(attentionBlockOf);

namespace simd {

std::size_t attentionFloats(const Attention& op) {
    return static_cast<std::size_t>(kQueries * scoreStride(op.k.sizes[2]));
}
void attentionBlock(const Attention& op, const View& y, int64_t batch, int64_t head, int64_t token, float* workspace) {
    HWY_DYNAMIC_DISPATCH(attentionBlockOf)(op, y, batch, head, token, workspace);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
