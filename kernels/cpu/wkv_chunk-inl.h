// One sequence of one head in chunks, within which everything is a product of small matrices: included by Highway's
// foreach_target. The formulas are those of kernels/README.md, "The chunk"; names with a hat there are plain here.
#if defined(RADLADS_KERNELS_WKV_CHUNK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RADLADS_KERNELS_WKV_CHUNK_INL_H_
#undef RADLADS_KERNELS_WKV_CHUNK_INL_H_
#else
#define RADLADS_KERNELS_WKV_CHUNK_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/rows-inl.h"
#include "kernels/cpu/tiles-inl.h"
#include "kernels/cpu/wkv_backends.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

// A chunk is kBlocks blocks of kBlock tokens. A block's rows lie together, those of its first stream before those of
// its second: [a; q], [k; b], [v; removed], and for Wkv::Six q, k, v alone.
inline constexpr int64_t kBlock = 16, kBlocks = 2, kTokens = kBlock * kBlocks;

template <Wkv kOp>
struct Layout {
    static constexpr bool kDelta = kOp == Wkv::Seven;
    static constexpr int64_t kStreams = kDelta ? 2 : 1;
    static constexpr int64_t kWidth = kStreams * kBlock, kRows = kStreams * kTokens;
    // Of a block's rows: where q begins (k, v and a begin at 0), where b and the removed do.
    static constexpr int64_t kQ = kDelta ? kBlock : 0, kB = kBlock;
    // Wkv::Seven: one anchor, the chunk's start; the log decay is above -0.607, so 32 tokens rescale by exp(19.4) at
    // most. Wkv::Six, -5: every block has its own in its middle, exp(40); the rows of a later block are there once
    // more for each anchor before.
    static constexpr int64_t kLeftRows = kDelta ? kRows : kBlock * kBlocks * (kBlocks + 1) / 2;
    // The row of the left side where block r lies, to meet block s <= r of the right side.
    static constexpr int64_t left(int64_t r, int64_t s) {
        return kWidth * (kDelta ? r : s * kBlocks - s * (s - 1) / 2 + r - s);
    }
};

// The room of one thread for a head of `padded` channels.
template <Wkv kOp>
class Room {
    using L = Layout<kOp>;

public:
    explicit Room(int64_t size) : padded((size + kPad - 1) / kPad * kPad) {}
    static int64_t floats(int64_t size) { return Room(size).place(nullptr) + kPad; }  // kPad: to align it
    // Where everything lies; how many floats that is.
    int64_t place(float* base) {
        const int64_t rows = L::kRows * padded, square = padded * padded;
        int64_t used = 0;
        const auto take = [&](float*& part, int64_t count) {
            part = base ? base + used : nullptr;
            used += (count + kPad - 1) / kPad * kPad;
        };
        take(decay, (kTokens + 1) * padded);
        take(inverse, kTokens * padded);
        take(zeros, padded);
        take(spare, 5 * padded);
        for (float** part : {&anchors, &starts, &ends}) take(*part, L::kDelta ? 0 : kBlocks * padded);
        take(crossings, L::kDelta ? 0 : kBlocks * kBlocks * padded);
        take(last, padded);
        take(total, padded);
        take(left, L::kLeftRows * padded);
        take(dleft, L::kLeftRows * padded);
        if (L::kDelta) {
            stateLeft = left;
            dstateLeft = dleft;
        } else {
            take(stateLeft, rows);
            take(dstateLeft, rows);
        }
        for (float** part : {&right, &stateRight, &dright, &dstateRight, &values, &dvalues, &out, &dout})
            take(*part, rows);
        take(flipped, rows);
        take(scores, L::kRows * L::kRows);
        take(dscores, L::kRows * L::kRows);
        for (float** part : {&state, &flippedState, &dstate, &flippedDstate}) take(*part, square);
        return used;
    }

    int64_t padded;
    // exp of the sum of log decays up to and with a token (row 0: before the first), its block's anchor taken off.
    float *decay, *inverse;
    // Each block's anchor, and exp of: it; the chunk's sum less it; the anchor of block r less that of block s (at s
    // kBlocks + r). Wkv::Seven has none. last: exp of the chunk's sum.
    float *anchors, *starts, *ends, *crossings, *last;
    float *zeros, *spare;                          // rows
    float* total;                                  // of the gradient of the log decays, from the end
    float *left, *right, *stateLeft, *stateRight;  // to meet each other; to meet the state
    float *values, *out, *flipped, *scores;        // flipped: a transpose
    float *dleft, *dright, *dstateLeft, *dstateRight, *dvalues, *dout, *dscores;
    float *state, *flippedState, *dstate, *flippedDstate;  // [keys, values]
};

template <Wkv kOp>
class Head {
    using L = Layout<kOp>;
    static constexpr bool kDelta = L::kDelta;
    static constexpr int64_t kWidth = L::kWidth, kRows = L::kRows, kQ = L::kQ, kB = L::kB;

public:
    Head(const WkvInputs& inputs, const Sequence& sequence, int64_t head, float* workspace)
        : m_inputs(inputs), m_sequence(sequence), m_head(head), m_size(inputs.q.sizes[3]), m_room(m_size) {
        const auto address = reinterpret_cast<std::uintptr_t>(workspace);
        m_room.place(workspace + (address % 64 == 0 ? 0 : (64 - address % 64) / sizeof(float)));
        m_padded = m_room.padded;
        std::memset(m_room.zeros, 0, bytesOfRows(1));
    }

    // saved: of this head, or null. There the states between the chunks stay where they are made.
    void forward(const WkvOutputs& outputs, float* saved) {
        float* state = saved ? saved : m_room.state;
        loadState(m_inputs.state, state);
        for (int64_t start = 0; start < m_sequence.length; start += kTokens) {
            const int64_t count = std::min(kTokens, m_sequence.length - start);
            loadChunk(start, count);
            computeScores();
            computeOutput(state);
            storeTokens(outputs.y, start, count, m_room.out, kQ);
            if (kDelta && saved) keepRemoved(state + m_padded * m_padded);
            float* next = saved ? state + savedFloatsOfChunk(m_padded) : state;
            product<Onto::Scaled>(m_padded, kRows, m_padded, {m_room.stateRight, 1, m_padded}, m_room.values, m_padded,
                                  next, m_padded, Range::Full, {state, m_room.last});
            state = next;
        }
        if (outputs.state) storeState(state, outputs.state);
    }

    void backward(const float* saved, const WkvGradients& gradients) {
        const int64_t chunks = (m_sequence.length + kTokens - 1) / kTokens;
        loadState(gradients.dstate, m_room.dstate);
        for (int64_t chunk = chunks - 1; chunk >= 0; --chunk) {
            const int64_t start = chunk * kTokens, count = std::min(kTokens, m_sequence.length - start);
            const float* before = saved + chunk * savedFloatsOfChunk(m_padded);
            const float* after = before + savedFloatsOfChunk(m_padded);
            loadChunk(start, count);
            computeScores();
            if (kDelta) restoreRemoved(before + m_padded * m_padded);
            // The chunk's sum of log decays scales the state after it as a whole.
            sumOfProducts(after, m_room.dstate, m_room.total);
            transpose(m_padded, m_padded, m_room.dstate, m_padded, m_room.flippedDstate, m_padded);
            transpose(m_padded, m_padded, before, m_padded, m_room.flippedState, m_padded);
            computeValueGradients(gradients.dy, start, count);
            computeKeyGradients();
            storeGradients(start, count, gradients);
        }
        if (gradients.dstate0) storeState(m_room.dstate, gradients.dstate0);
    }

    static int64_t savedFloatsOfChunk(int64_t padded) { return padded * padded + (kDelta ? kTokens * padded : 0); }
    static int64_t savedFloats(int64_t padded, int64_t chunks) {
        return chunks * savedFloatsOfChunk(padded) + padded * padded;
    }

private:
    std::size_t bytesOfRows(int64_t rows) const { return static_cast<std::size_t>(rows * m_padded) * sizeof(float); }

    // [keys, values], zero where the view is absent or ends.
    void loadState(const View& from, float* to) const {
        std::memset(to, 0, bytesOfRows(m_padded));
        if (!from) return;
        for (int64_t i = 0; i < m_size; ++i)
            for (int64_t j = 0; j < m_size; ++j)
                to[i * m_padded + j] = stateAt(from, kOp, m_sequence.state, m_head, i, j);
    }
    void storeState(const float* from, const View& to) const {
        for (int64_t i = 0; i < m_size; ++i)
            for (int64_t j = 0; j < m_size; ++j)
                stateAt(to, kOp, m_sequence.state, m_head, i, j) = from[i * m_padded + j];
    }
    // The removed values of all tokens, which lie between the values: to one place, and back.
    void keepRemoved(float* saved) const {
        for (int64_t s = 0; s < kBlocks; ++s)
            std::memcpy(saved + s * kBlock * m_padded, m_room.values + (s * kWidth + kB) * m_padded,
                        bytesOfRows(kBlock));
    }
    void restoreRemoved(const float* saved) const {
        for (int64_t s = 0; s < kBlocks; ++s)
            std::memcpy(m_room.values + (s * kWidth + kB) * m_padded, saved + s * kBlock * m_padded,
                        bytesOfRows(kBlock));
    }

    // Calls work with a token's row of view, of the type that it has.
    template <class Work>
    HWY_INLINE void withRow(const View& view, int64_t t, Work work) const {
        const int64_t token = m_sequence.start + t;
        if (view.dtype == DType::BFloat16)
            work(view.at<BFloat16>(m_sequence.batch, m_head, token));
        else
            work(view.at<float>(m_sequence.batch, m_head, token));
    }

    // A token's row as padded floats: where it lies if it does so, else in `spare`; zeros after the end.
    HWY_INLINE const float* rowAt(const View& view, int64_t t, bool exists, float* spare) const {
        if (!exists) return m_room.zeros;
        const int64_t token = m_sequence.start + t;
        if (view.dtype == DType::Float32 && m_size == m_padded) return view.at(m_sequence.batch, m_head, token);
        withRow(view, t, [&](const auto* row) HWY_ATTR {
            for (int64_t i = 0; i < m_padded; i += static_cast<int64_t>(hn::Lanes(D())))
                hn::Store(loadPart(row, i, m_size), D(), spare + i);
        });
        return spare;
    }
    void storeTokens(const View& to, int64_t start, int64_t count, const float* from, int64_t first) const {
        const D d;
        for (int64_t t = 0; t < count; ++t) {
            const float* row = from + (t / kBlock * kWidth + first + t % kBlock) * m_padded;
            withRow(to, start + t, [&](auto* target) HWY_ATTR {
                for (int64_t i = 0; i < m_size; i += static_cast<int64_t>(hn::Lanes(d)))
                    storePart(hn::Load(d, row + i), target, i, m_size);
            });
        }
    }
    // The sums of the log decays (into decay) and what follows from them for each channel.
    void loadDecays(int64_t start, int64_t count) {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), padded = m_padded;
        const Room<kOp>& room = m_room;
        float* sums = room.decay + padded;  // row t + 1 of decay
        for (int64_t t = 0; t < kTokens; ++t) {
            const float* g = rowAt(m_inputs.g, start + t, t < count, room.spare);
            const float* before = t == 0 ? room.zeros : sums + (t - 1) * padded;
            for (int64_t i = 0; i < padded; i += lanes)
                hn::Store(hn::Add(hn::LoadU(d, g + i), hn::Load(d, before + i)), d, sums + t * padded + i);
        }
        for (int64_t i = 0; i < padded; i += lanes) {
            const V sum = hn::Load(d, sums + (kTokens - 1) * padded + i);
            hn::Store(shortExp(sum), d, room.last + i);
            hn::Store(hn::Set(d, 1.0f), d, room.decay + i);
            if constexpr (kDelta) continue;
            V anchors[kBlocks];
            for (int64_t s = 0; s < kBlocks; ++s) {
                anchors[s] = hn::Load(d, sums + (s * kBlock + kBlock / 2 - 1) * padded + i);
                hn::Store(anchors[s], d, room.anchors + s * padded + i);
                hn::Store(shortExp(anchors[s]), d, room.starts + s * padded + i);
                hn::Store(shortExp(hn::Sub(sum, anchors[s])), d, room.ends + s * padded + i);
                for (int64_t before = 0; before < s; ++before)
                    hn::Store(shortExp(hn::Sub(anchors[s], anchors[before])), d,
                              room.crossings + (before * kBlocks + s) * padded + i);
            }
        }
    }

    // The inputs of a chunk with their decays on them.
    void loadChunk(int64_t start, int64_t count) {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), padded = m_padded;
        const Room<kOp>& room = m_room;
        loadDecays(start, count);
        for (int64_t t = 0; t < kTokens; ++t) {
            const auto rowOf = [&](const View& view, int64_t n) {
                return rowAt(view, start + t, t < count, room.spare + n * padded);
            };
            const float *q = rowOf(m_inputs.q, 0), *k = rowOf(m_inputs.k, 1), *v = rowOf(m_inputs.v, 2);
            const float *a = kDelta ? rowOf(m_inputs.a, 3) : q, *b = kDelta ? rowOf(m_inputs.b, 4) : k;
            const int64_t s = t / kBlock, row = (s * kWidth + t % kBlock) * padded;
            const float* end = kDelta ? room.last : room.ends + s * padded;
            float *decay = room.decay + (t + 1) * padded, *inverse = room.inverse + t * padded;
            for (int64_t i = 0; i < padded; i += lanes) {
                V sum = hn::Load(d, decay + i);
                if (!kDelta) sum = hn::Sub(sum, hn::Load(d, room.anchors + s * padded + i));
                const V on = shortExp(sum), off = reciprocal(on), toEnd = hn::Load(d, end + i);
                hn::Store(on, d, decay + i);
                hn::Store(off, d, inverse + i);
                hn::Store(hn::LoadU(d, v + i), d, room.values + row + i);
                const V left = hn::Mul(hn::LoadU(d, q + i), on), right = hn::Mul(hn::LoadU(d, k + i), off);
                hn::Store(right, d, room.right + row + i);
                hn::Store(hn::Mul(right, toEnd), d, room.stateRight + row + i);
                if constexpr (kDelta) {
                    const int64_t second = row + kB * padded + i;
                    const V other = hn::Mul(hn::LoadU(d, b + i), off);
                    hn::Store(left, d, room.left + second);
                    hn::Store(other, d, room.right + second);
                    hn::Store(hn::Mul(other, toEnd), d, room.stateRight + second);
                    // a sees the state before its token.
                    hn::Store(hn::Mul(hn::LoadU(d, a + i), hn::Load(d, decay - padded + i)), d, room.left + row + i);
                } else {
                    hn::Store(left, d, room.left + (L::left(s, s) + t % kBlock) * padded + i);
                    hn::Store(hn::Mul(left, hn::Load(d, room.starts + s * padded + i)), d, room.stateLeft + row + i);
                    for (int64_t before = 0; before < s; ++before)
                        hn::Store(hn::Mul(left, hn::Load(d, room.crossings + (before * kBlocks + s) * padded + i)), d,
                                  room.left + (L::left(s, before) + t % kBlock) * padded + i);
                }
            }
        }
    }

    // Block (r, s) of scores, its first row and column.
    static int64_t scoreAt(int64_t r, int64_t s) { return r * kWidth * kRows + s * kWidth; }

    // scores = left right^T: of a token and those before it (a), and itself (q).
    void computeScores() {
        transpose(kRows, m_padded, m_room.right, m_padded, m_room.flipped, kRows);
        for (int64_t s = 0; s < kBlocks; ++s)
            product((kBlocks - s) * kWidth, m_padded, kWidth, {m_room.left + L::left(s, s) * m_padded, m_padded, 1},
                    m_room.flipped + s * kWidth, kRows, m_room.scores + scoreAt(s, s), kRows);
        maskScores(m_room.scores);
    }
    static void maskScores(float* scores) {
        for (int64_t s = 0; s < kBlocks; ++s)
            for (int64_t i = 0; i < kWidth; ++i) {
                const int64_t kept = kDelta && i < kQ ? i : i - kQ + 1;
                for (int64_t part = 0; part < kWidth; part += kBlock) {
                    float* row = scores + scoreAt(s, s) + i * kRows + part;
                    std::fill(row + kept, row + kBlock, 0.0f);
                }
            }
    }

    void computeOutput(const float* state) {
        const int64_t padded = m_padded;
        const Room<kOp>& room = m_room;
        product(kRows, padded, padded, {room.stateLeft, padded, 1}, state, padded, room.out, padded);
        for (int64_t r = 0; r < kBlocks; ++r) {
            const float* scores = room.scores + scoreAt(r, r);
            float *out = room.out + r * kWidth * padded, *values = room.values + r * kWidth * padded;
            if (r > 0)
                product<Onto::Same>(kWidth, r * kWidth, padded, {room.scores + scoreAt(r, 0), kRows, 1}, room.values,
                                    padded, out, padded);
            if constexpr (kDelta) {
                float* removed = values + kB * padded;
                product<Onto::Same>(kBlock, kBlock, padded, {scores, kRows, 1}, values, padded, out, padded,
                                    Range::Lower);
                std::memcpy(removed, out, bytesOfRows(kBlock));
                solveUnitTriangular<false>(kBlock, padded, {scores + kB, kRows, 1}, removed, padded);
            }
            product<Onto::Same>(kBlock, kWidth, padded, {scores + kQ * kRows, kRows, 1}, values, padded,
                                out + kQ * padded, padded, kDelta ? Range::Full : Range::Lower);
        }
    }

    // dout of a, and dvalues: from the last block to the first.
    void computeValueGradients(const View& dy, int64_t start, int64_t count) {
        const int64_t padded = m_padded;
        const Room<kOp>& room = m_room;
        for (int64_t t = 0; t < kTokens; ++t) {
            float* row = room.dout + (t / kBlock * kWidth + kQ + t % kBlock) * padded;
            std::memcpy(row, rowAt(dy, start + t, t < count, room.spare), bytesOfRows(1));
        }
        product(kRows, padded, padded, {room.stateRight, padded, 1}, room.dstate, padded, room.dvalues, padded);
        for (int64_t s = kBlocks - 1; s >= 0; --s) {
            const float* scores = room.scores + scoreAt(s, s);
            float *dout = room.dout + s * kWidth * padded, *dvalues = room.dvalues + s * kWidth * padded;
            if (s + 1 < kBlocks)
                product<Onto::Same>(kWidth, (kBlocks - 1 - s) * kWidth, padded,
                                    {room.scores + scoreAt(s + 1, s), 1, kRows}, dout + kWidth * padded, padded,
                                    dvalues, padded);
            product<Onto::Same>(kWidth, kBlock, padded, {scores + kQ * kRows, 1, kRows}, dout + kQ * padded, padded,
                                dvalues, padded, kDelta ? Range::Full : Range::Upper);
            if constexpr (kDelta) {  // through the inverse, transposed
                std::memcpy(dout, dvalues + kB * padded, bytesOfRows(kBlock));
                solveUnitTriangular<true>(kBlock, padded, {scores + kB, 1, kRows}, dout, padded);
                product<Onto::Same>(kBlock, kBlock, padded, {scores, 1, kRows}, dout, padded, dvalues, padded,
                                    Range::Upper);
            }
        }
    }

    void computeKeyGradients() {
        constexpr Onto kDleft = kDelta ? Onto::Same : Onto::Nothing;  // of Wkv::Seven it is dstateLeft
        const int64_t padded = m_padded;
        const Room<kOp>& room = m_room;
        transpose(kRows, padded, room.values, padded, room.flipped, kRows);
        for (int64_t s = 0; s < kBlocks; ++s)
            product((kBlocks - s) * kWidth, padded, kWidth, {room.dout + s * kWidth * padded, padded, 1},
                    room.flipped + s * kWidth, kRows, room.dscores + scoreAt(s, s), kRows);
        maskScores(room.dscores);
        product(kRows, padded, padded, {room.dout, padded, 1}, room.flippedState, padded, room.dstateLeft, padded);
        product(kRows, padded, padded, {room.values, padded, 1}, room.flippedDstate, padded, room.dstateRight, padded);
        for (int64_t s = 0; s < kBlocks; ++s) {
            const int64_t rows = (kBlocks - s) * kWidth, left = L::left(s, s) * padded, right = s * kWidth * padded;
            product<kDleft>(rows, kWidth, padded, {room.dscores + scoreAt(s, s), kRows, 1}, room.right + right, padded,
                            room.dleft + left, padded);
            product(kWidth, rows, padded, {room.dscores + scoreAt(s, s), 1, kRows}, room.left + left, padded,
                    room.dright + right, padded);
        }
        product<Onto::Scaled>(padded, kRows, padded, {room.stateLeft, 1, padded}, room.dout, padded, room.dstate,
                              padded, Range::Full, {room.dstate, room.last});
    }

    // sums[i] = the sum over columns of a b, of each row.
    void sumOfProducts(const float* a, const float* b, float* sums) const {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        for (int64_t i = 0; i < m_padded; ++i) {
            V sum = hn::Zero(d);
            for (int64_t j = i * m_padded; j < (i + 1) * m_padded; j += lanes)
                sum = hn::MulAdd(hn::LoadU(d, a + j), hn::Load(d, b + j), sum);
            sums[i] = hn::GetLane(hn::SumOfLanes(d, sum));
        }
    }

    // Takes the decays off again, and sums up the log decays' gradients from the chunk's end (into out).
    void storeGradients(int64_t start, int64_t count, const WkvGradients& gradients) const {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), padded = m_padded;
        const Room<kOp>& room = m_room;
        for (int64_t t = kTokens - 1; t >= 0; --t) {
            const int64_t s = t / kBlock, row = (s * kWidth + t % kBlock) * padded, q = row + kQ * padded;
            const int64_t left = (L::left(s, s) + kQ + t % kBlock) * padded;
            const float *decay = room.decay + (t + 1) * padded, *inverse = room.inverse + t * padded;
            const float* end = kDelta ? room.last : room.ends + s * padded;
            // Of a row of the right side, its anchor still on it.
            const auto rightAt = [&](int64_t at, int64_t i) HWY_ATTR {
                return hn::MulAdd(hn::Load(d, room.dstateRight + at + i), hn::Load(d, end + i),
                                  hn::Load(d, room.dright + at + i));
            };
            for (int64_t i = 0; i < padded; i += lanes) {
                V dq = hn::Load(d, room.dleft + left + i);
                if constexpr (!kDelta) {
                    dq =
                        hn::MulAdd(hn::Load(d, room.starts + s * padded + i), hn::Load(d, room.dstateLeft + q + i), dq);
                    for (int64_t before = 0; before < s; ++before)
                        dq = hn::MulAdd(hn::Load(d, room.crossings + (before * kBlocks + s) * padded + i),
                                        hn::Load(d, room.dleft + (L::left(s, before) + t % kBlock) * padded + i), dq);
                }
                const V off = hn::Load(d, inverse + i), dk = rightAt(row, i);
                V total = hn::Load(d, room.total + i);
                total = hn::MulAdd(hn::Load(d, room.left + left + i), dq, total);
                total = hn::NegMulAdd(hn::Load(d, room.right + row + i), dk, total);
                hn::Store(hn::Mul(dq, hn::Load(d, decay + i)), d, room.dstateLeft + q + i);
                hn::Store(hn::Mul(dk, off), d, room.dright + row + i);
                if constexpr (kDelta) {
                    const int64_t b = row + kB * padded;
                    const V da = hn::Load(d, room.dleft + row + i), db = rightAt(b, i);
                    total = hn::NegMulAdd(hn::Load(d, room.right + b + i), db, total);
                    hn::Store(total, d, room.out + row + i);
                    total = hn::MulAdd(hn::Load(d, room.left + row + i), da, total);
                    hn::Store(hn::Mul(da, hn::Load(d, decay - padded + i)), d, room.dstateLeft + row + i);
                    hn::Store(hn::Mul(db, off), d, room.dright + b + i);
                } else {
                    hn::Store(total, d, room.out + row + i);
                }
                hn::Store(total, d, room.total + i);
            }
        }
        storeTokens(gradients.dq, start, count, room.dstateLeft, kQ);
        storeTokens(gradients.dg, start, count, room.out, 0);
        storeTokens(gradients.dk, start, count, room.dright, 0);
        storeTokens(gradients.dv, start, count, room.dvalues, 0);
        if constexpr (kDelta) {
            storeTokens(gradients.da, start, count, room.dstateLeft, 0);
            storeTokens(gradients.db, start, count, room.dright, kB);
        }
    }

    const WkvInputs& m_inputs;
    Sequence m_sequence;
    int64_t m_head, m_size, m_padded = 0;
    Room<kOp> m_room;
};

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RADLADS_KERNELS_WKV_CHUNK_INL_H_
