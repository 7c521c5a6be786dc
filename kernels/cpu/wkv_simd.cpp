// WKV-6 and WKV-7 in chunks: within a chunk everything is a product of small matrices. The formulas are those of
// kernels/README.md, "The chunk"; names with a hat there are plain here.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/wkv_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels/cpu/tiles-inl.h"
#include "kernels/cpu/wkv_backends.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

// Tokens of a chunk. Wkv::Seven: log decay > -0.607, so half a chunk rescales by at most exp(9.7). Wkv::Six: by
// exp(40).
template <Wkv kOp>
inline constexpr int64_t kChunk = kOp == Wkv::Seven ? 32 : 16;

// The widest row of a head, and room to read a vector beyond it.
inline constexpr int64_t kMaxRow = 256;

// The room of one thread for a head of `padded` channels.
template <Wkv kOp>
class Room {
public:
    static constexpr int64_t kTokens = kChunk<kOp>;
    static constexpr int64_t kPairs =
        kOp == Wkv::Seven ? 2 : 1;  // q and a, k and b, v and the removed: one under the other
    static constexpr int64_t kRows = kPairs * kTokens;

    explicit Room(int64_t size) : padded((size + kPad - 1) / kPad * kPad) {}
    static int64_t floats(int64_t size) {
        Room room(size);
        return std::max<int64_t>(room.place(nullptr) + kPad, 4 * kMaxRow);  // kPad: to align it; a step takes four rows
    }
    // Where everything lies; how many floats that is.
    int64_t place(float* base) {
        const int64_t rows = kRows * padded, square = padded * padded;
        int64_t used = 0;
        const auto take = [&](float*& part, int64_t count) {
            part = base ? base + used : nullptr;
            used += (count + kPad - 1) / kPad * kPad;
        };
        take(decay, (kTokens + 1) * padded);
        take(inverse, kTokens * padded);
        take(middle, padded);
        take(last, padded);
        for (float** part : {&left, &right, &values, &out, &dleft, &dright, &dvalues, &dout}) take(*part, rows);
        take(flipped, rows);
        take(scores, kRows * kRows);
        take(dscores, kRows * kRows);
        for (float** part : {&state, &flippedState, &dstate, &flippedDstate, &nextState}) take(*part, square);
        return used;
    }

    int64_t padded;
    float *decay,
        *inverse;  // exp of the sum of log decays up to and with a token (row 0: before the first), middle taken off
    float *middle, *last;                // exp of that sum up to the middle; and of the chunk's sum, middle taken off
    float *left, *right, *values, *out;  // [a; q], [k; b], [v; removed], products
    float *dleft, *dright, *dvalues, *dout;
    float *flipped, *scores, *dscores;
    float *state, *flippedState, *dstate, *flippedDstate, *nextState;
};

// Vector i of a row of `size` floats that need not be aligned; zeros, and nothing, beyond its end.
HWY_INLINE V loadPart(const float* row, int64_t i, int64_t size) {
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    if (HWY_LIKELY(i + lanes <= size)) return hn::LoadU(d, row + i);
    HWY_ALIGN float part[kPad] = {};
    for (int64_t j = i; j < size; ++j) part[j - i] = row[j];
    return hn::Load(d, part);
}
HWY_INLINE void storePart(V value, float* row, int64_t i, int64_t size) {
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    if (HWY_LIKELY(i + lanes <= size)) return hn::StoreU(value, d, row + i);
    HWY_ALIGN float part[kPad];
    hn::Store(value, d, part);
    for (int64_t j = i; j < size; ++j) row[j] = part[j - i];
}

// 1 / x to the last bit or two: Newton's iteration, where a division would stall.
HWY_INLINE V reciprocal(V x) {
    const V two = hn::Set(D(), 2.0f);
    V inverse = hn::ApproximateReciprocal(x);
    inverse = hn::Mul(inverse, hn::NegMulAdd(x, inverse, two));
    return hn::Mul(inverse, hn::NegMulAdd(x, inverse, two));
}

// One sequence of one head.
template <Wkv kOp>
class Head {
    static constexpr bool kDelta = kOp == Wkv::Seven;
    static constexpr int64_t kTokens = Room<kOp>::kTokens, kRows = Room<kOp>::kRows;
    // Rows of q in left, of the removed in values.
    static constexpr int64_t kQ = kDelta ? kTokens : 0;

public:
    Head(const WkvInputs& inputs, const Sequence& sequence, int64_t head, float* workspace)
        : m_inputs(inputs), m_sequence(sequence), m_head(head), m_size(inputs.q.sizes[3]), m_room(m_size) {
        const auto address = reinterpret_cast<std::uintptr_t>(workspace);
        m_room.place(workspace + (address % 64 == 0 ? 0 : (64 - address % 64) / sizeof(float)));
        m_padded = m_room.padded;
    }

    // saved: of this head, or null. There the states between the chunks stay where they are made.
    void forward(const WkvOutputs& outputs, float* saved) {
        float* state = saved ? saved : m_room.nextState;
        loadState(m_inputs.state, state);
        for (int64_t start = 0; start < m_sequence.length; start += kTokens) {
            const int64_t count = std::min(kTokens, m_sequence.length - start);
            loadChunk(start, count);
            scaleRows(state, m_room.middle, m_room.state);
            computeScores();
            computeOutput();
            for (int64_t t = 0; t < count; ++t)
                std::memcpy(row(outputs.y, start + t), m_room.out + (kQ + t) * m_padded, bytesOfRow());
            // state <- last (state + right^T values)
            product<true>(m_padded, kRows, m_padded, {m_room.right, 1, m_padded}, m_room.values, m_padded, m_room.state,
                          m_padded);
            if (kDelta && saved)
                std::memcpy(state + m_padded * m_padded, m_room.values + kTokens * m_padded,
                            static_cast<std::size_t>(kTokens) * bytesOfPaddedRow());
            if (saved) state += savedFloatsOfChunk(m_padded);
            scaleRows(m_room.state, m_room.last, state);
        }
        if (outputs.state) storeState(state, outputs.state);
    }

    void backward(const float* saved, const WkvGradients& gradients) {
        const int64_t chunks = (m_sequence.length + kTokens - 1) / kTokens;
        loadState(gradients.dstate, m_room.dstate);
        for (int64_t chunk = chunks - 1; chunk >= 0; --chunk) {
            const int64_t start = chunk * kTokens, count = std::min(kTokens, m_sequence.length - start);
            const float* own = saved + chunk * savedFloatsOfChunk(m_padded);
            loadChunk(start, count);
            computeScores();
            if constexpr (kDelta)
                std::memcpy(m_room.values + kTokens * m_padded, own + m_padded * m_padded,
                            static_cast<std::size_t>(kTokens) * bytesOfPaddedRow());
            const float* next = own + savedFloatsOfChunk(m_padded);  // the state after the chunk, [keys, values]
            backwardOfChunk(own, next, start, count, gradients);
        }
        if (gradients.dstate0) storeState(m_room.dstate, gradients.dstate0);
    }

    static int64_t savedFloatsOfChunk(int64_t padded) { return padded * padded + (kDelta ? kTokens * padded : 0); }
    static int64_t savedFloats(int64_t padded, int64_t chunks) {
        return chunks * savedFloatsOfChunk(padded) + padded * padded;
    }

private:
    float* row(const View& view, int64_t t) const { return view.at(m_sequence.batch, m_head, m_sequence.start + t); }
    std::size_t bytesOfRow() const { return static_cast<std::size_t>(m_size) * sizeof(float); }
    std::size_t bytesOfPaddedRow() const { return static_cast<std::size_t>(m_padded) * sizeof(float); }
    std::size_t bytesOfState() const { return static_cast<std::size_t>(m_padded) * bytesOfPaddedRow(); }

    // [keys, values], zero where the view is absent or ends.
    void loadState(const View& from, float* to) const {
        std::memset(to, 0, bytesOfState());
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

    // Either may lie in `saved`, which need not be aligned.
    void scaleRows(const float* from, const float* factors, float* to) const {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        for (int64_t i = 0; i < m_padded; ++i) {
            const V factor = hn::Set(d, factors[i]);
            for (int64_t j = i * m_padded; j < (i + 1) * m_padded; j += lanes)
                hn::StoreU(hn::Mul(hn::LoadU(d, from + j), factor), d, to + j);
        }
    }
    void scaleColumns(float* matrix, const float* factors) const {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        for (int64_t i = 0; i < m_padded; ++i)
            for (int64_t j = 0; j < m_padded; j += lanes) {
                float* at = matrix + i * m_padded + j;
                hn::Store(hn::Mul(hn::Load(d, at), hn::Load(d, factors + j)), d, at);
            }
    }

    // The inputs of a chunk with their decays on them. Tokens after the end are zeros, which change no state.
    void loadChunk(int64_t start, int64_t count) {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), padded = m_padded;
        float* sums = m_room.decay + padded;  // row t + 1 of decay
        std::memset(m_room.decay, 0, bytesOfPaddedRow());
        for (int64_t t = 0; t < kTokens; ++t) {
            if (t >= count) {
                std::memcpy(sums + t * padded, sums + (t - 1) * padded, bytesOfPaddedRow());
                continue;
            }
            const float* g = row(m_inputs.g, start + t);
            for (int64_t i = 0; i < padded; i += lanes) {
                float* at = sums + t * padded + i;
                hn::Store(hn::Add(loadPart(g, i, m_size), hn::Load(d, at - padded)), d, at);
            }
        }
        const float* centre = sums + (kTokens / 2 - 1) * padded;
        for (int64_t i = 0; i < padded; i += lanes) {
            const V middle = hn::Load(d, centre + i);
            hn::Store(hn::Exp(d, middle), d, m_room.middle + i);
            for (int64_t t = -1; t < kTokens; ++t) {
                float* at = sums + t * padded + i;
                const V factor = hn::Exp(d, hn::Sub(hn::Load(d, at), middle));
                hn::Store(factor, d, at);
                if (t >= 0) hn::Store(reciprocal(factor), d, m_room.inverse + t * padded + i);
            }
            hn::Store(hn::Load(d, sums + (kTokens - 1) * padded + i), d, m_room.last + i);
        }
        loadScaled(m_inputs.q, start, count, sums, m_room.left + kQ * padded);
        loadScaled(m_inputs.k, start, count, m_room.inverse, m_room.right);
        loadScaled(m_inputs.v, start, count, nullptr, m_room.values);
        if constexpr (kDelta) {
            loadScaled(m_inputs.a, start, count, m_room.decay, m_room.left);  // a sees the state before its token
            loadScaled(m_inputs.b, start, count, m_room.inverse, m_room.right + kTokens * padded);
        }
    }

    void loadScaled(const View& from, int64_t start, int64_t count, const float* factors, float* to) const {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        for (int64_t t = 0; t < kTokens; ++t, to += m_padded) {
            if (t >= count) {
                std::memset(to, 0, bytesOfPaddedRow());
                continue;
            }
            const float* source = row(from, start + t);
            for (int64_t i = 0; i < m_padded; i += lanes) {
                const V value = loadPart(source, i, m_size);
                hn::Store(factors ? hn::Mul(value, hn::Load(d, factors + t * m_padded + i)) : value, d, to + i);
            }
        }
    }

    // scores = left right^T: of a token and those before it (a), and itself (q).
    void computeScores() {
        transpose(kRows, m_padded, m_room.right, m_padded, m_room.flipped, kRows);
        product<false>(kRows, m_padded, kRows, {m_room.left, m_padded, 1}, m_room.flipped, kRows, m_room.scores, kRows);
        maskScores(m_room.scores);
    }
    static void maskScores(float* scores) {
        for (int64_t t = 0; t < kRows; ++t) {
            const int64_t kept = kDelta && t < kTokens ? t : t - kQ + 1;
            for (int64_t part = 0; part < kRows; part += kTokens)
                std::fill(scores + t * kRows + part + kept, scores + t * kRows + part + kTokens, 0.0f);
        }
    }

    void computeOutput() {
        product<false>(kRows, m_padded, m_padded, {m_room.left, m_padded, 1}, m_room.state, m_padded, m_room.out,
                       m_padded);
        if constexpr (kDelta) {
            float* removed = m_room.values + kTokens * m_padded;
            product<true>(kTokens, kTokens, m_padded, {m_room.scores, kRows, 1}, m_room.values, m_padded, m_room.out,
                          m_padded, Range::Lower);
            std::memcpy(removed, m_room.out, static_cast<std::size_t>(kTokens) * bytesOfPaddedRow());
            solveUnitTriangular<false>(kTokens, m_padded, {m_room.scores + kTokens, kRows, 1}, removed, m_padded);
        }
        for (int64_t part = 0; part < kRows; part += kTokens)
            product<true>(kTokens, kTokens, m_padded, {m_room.scores + kQ * kRows + part, kRows, 1},
                          m_room.values + part * m_padded, m_padded, m_room.out + kQ * m_padded, m_padded,
                          Range::Lower);
    }

    void backwardOfChunk(const float* before, const float* after, int64_t start, int64_t count,
                         const WkvGradients& gradients) {
        const int64_t padded = m_padded;
        Room<kOp>& room = m_room;
        // d(last) last = the sum over values of state after and its gradient; both transposed: a sum over rows.
        transpose(padded, padded, room.dstate, padded, room.flippedDstate, padded);
        transpose(padded, padded, after, padded, room.flippedState, padded);
        sumOfProducts(room.flippedState, room.flippedDstate, room.nextState);
        scaleRows(room.dstate, room.last, room.dstate);
        scaleColumns(room.flippedDstate, room.last);
        transpose(padded, padded, before, padded, room.flippedState, padded);
        scaleColumns(room.flippedState, room.middle);

        loadScaled(gradients.dy, start, count, nullptr, room.dout + kQ * padded);
        const float* dy = room.dout + kQ * padded;
        // d[v; removed] = right dstate + scores of q^T dy
        product<false>(kRows, padded, padded, {room.right, padded, 1}, room.dstate, padded, room.dvalues, padded);
        for (int64_t part = 0; part < kRows; part += kTokens)
            product<true>(kTokens, kTokens, padded, {room.scores + kQ * kRows + part, 1, kRows}, dy, padded,
                          room.dvalues + part * padded, padded, Range::Upper);
        if constexpr (kDelta) {
            // dout of a: through the inverse, transposed.
            std::memcpy(room.dout, room.dvalues + kTokens * padded,
                        static_cast<std::size_t>(kTokens) * bytesOfPaddedRow());
            solveUnitTriangular<true>(kTokens, padded, {room.scores + kTokens, 1, kRows}, room.dout, padded);
            product<true>(kTokens, kTokens, padded, {room.scores, 1, kRows}, room.dout, padded, room.dvalues, padded,
                          Range::Upper);
        }
        transpose(kRows, padded, room.values, padded, room.flipped, kRows);
        product<false>(kRows, padded, kRows, {room.dout, padded, 1}, room.flipped, kRows, room.dscores, kRows);
        maskScores(room.dscores);
        product<false>(kRows, padded, padded, {room.dout, padded, 1}, room.flippedState, padded, room.dleft, padded);
        product<true>(kRows, kRows, padded, {room.dscores, kRows, 1}, room.right, padded, room.dleft, padded);
        product<false>(kRows, padded, padded, {room.values, padded, 1}, room.flippedDstate, padded, room.dright,
                       padded);
        product<true>(kRows, kRows, padded, {room.dscores, 1, kRows}, room.left, padded, room.dright, padded);
        // dstate <- middle (dstate + left^T dout)
        product<true>(padded, kRows, padded, {room.left, 1, padded}, room.dout, padded, room.dstate, padded);
        scaleRows(room.dstate, room.middle, room.dstate);
        storeGradients(start, count, gradients);
    }

    // sums[i] = the sum over rows of a b, of each column.
    void sumOfProducts(const float* a, const float* b, float* sums) const {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        for (int64_t i = 0; i < m_padded; i += lanes) {
            V sum = hn::Zero(d);
            for (int64_t j = 0; j < m_padded; ++j)
                sum = hn::MulAdd(hn::Load(d, a + j * m_padded + i), hn::Load(d, b + j * m_padded + i), sum);
            hn::Store(sum, d, sums + i);
        }
    }

    // Takes the decays off again, and sums up the log decays' gradients from the chunk's end. nextState holds the
    // last's.
    void storeGradients(int64_t start, int64_t count, const WkvGradients& gradients) {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), padded = m_padded;
        const Room<kOp>& room = m_room;
        float* sum = room.nextState;
        for (int64_t t = kTokens - 1; t >= 0; --t) {
            const int64_t q = (kQ + t) * padded, k = t * padded, b = (kTokens + t) * padded;
            const auto store = [&](V value, const View& view, int64_t i) HWY_ATTR {
                if (t < count) storePart(value, row(view, start + t), i, m_size);
            };
            for (int64_t i = 0; i < padded; i += lanes) {
                const V inverse = hn::Load(d, room.inverse + t * padded + i);
                const V dq = hn::Load(d, room.dleft + q + i), dk = hn::Load(d, room.dright + k + i);
                V total = hn::Load(d, sum + i);
                total = hn::MulAdd(hn::Load(d, room.left + q + i), dq, total);
                total = hn::NegMulAdd(hn::Load(d, room.right + k + i), dk, total);
                store(hn::Mul(dq, hn::Load(d, room.decay + (t + 1) * padded + i)), gradients.dq, i);
                store(hn::Mul(dk, inverse), gradients.dk, i);
                store(hn::Load(d, room.dvalues + k + i), gradients.dv, i);
                if constexpr (kDelta) {
                    const V da = hn::Load(d, room.dleft + k + i), db = hn::Load(d, room.dright + b + i);
                    total = hn::NegMulAdd(hn::Load(d, room.right + b + i), db, total);
                    store(total, gradients.dg, i);
                    total = hn::MulAdd(hn::Load(d, room.left + k + i), da, total);
                    store(hn::Mul(da, hn::Load(d, room.decay + t * padded + i)), gradients.da, i);
                    store(hn::Mul(db, inverse), gradients.db, i);
                } else {
                    store(total, gradients.dg, i);
                }
                hn::Store(total, d, sum + i);
            }
        }
    }

    const WkvInputs& m_inputs;
    Sequence m_sequence;
    int64_t m_head, m_size, m_padded = 0;
    Room<kOp> m_room;
};

HWY_INLINE float dot(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int64_t size) {
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), whole = size / lanes * lanes;
    V sum = hn::Zero(d);
    for (int64_t i = 0; i < whole; i += lanes) sum = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum);
    float total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (int64_t i = whole; i < size; ++i) total += a[i] * b[i];
    return total;
}

// to = from w + s b + c k, element by element; w or b may be absent (one, zero).
HWY_INLINE void updateRow(const float* from, const float* w, float s, const float* b, float c, const float* k,
                          float* to, int64_t size) {
    for (int64_t i = 0; i < size; ++i) {
        float sum = (from ? from[i] * (w ? w[i] : 1.0f) : 0.0f) + c * k[i];
        if (b) sum += s * b[i];
        to[i] = sum;
    }
}

// One token of one head: the state is read and written once. decays: room for a row.
template <Wkv kOp>
void stepOf(const WkvInputs& inputs, const WkvOutputs& outputs, int64_t batch, int64_t head, float* decays,
            float* spare) {
    const int64_t size = inputs.q.sizes[3];
    const auto row = [&](const View& view) { return view.at(batch, head, 0); };
    const float *q = row(inputs.q), *g = row(inputs.g), *k = row(inputs.k), *v = row(inputs.v);
    float* y = row(outputs.y);
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t i = 0; i < size; i += lanes) hn::StoreU(hn::Exp(d, loadPart(g, i, size)), d, decays + i);
    const auto before = [&](int64_t i) { return inputs.state ? inputs.state.at(batch, head, i) : nullptr; };
    const auto after = [&](int64_t i) { return outputs.state ? outputs.state.at(batch, head, i) : spare; };
    if constexpr (kOp == Wkv::Seven) {  // row i of the state belongs to value i
        const float *a = row(inputs.a), *b = row(inputs.b);
        for (int64_t i = 0; i < size; ++i) {
            const float* old = before(i);
            float* now = after(i);
            updateRow(old, decays, old ? dot(old, a, size) : 0.0f, b, v[i], k, now, size);
            y[i] = dot(now, q, size);
        }
    } else {  // row i belongs to key i
        std::memset(y, 0, static_cast<std::size_t>(size) * sizeof(float));
        for (int64_t i = 0; i < size; ++i) {
            const float* old = before(i);
            float* now = after(i);
            const float w = decays[i];
            for (int64_t j = 0; j < size; ++j) {
                now[j] = (old ? old[j] * w : 0.0f) + k[i] * v[j];
                y[j] += q[i] * now[j];
            }
        }
    }
}

template <Wkv kOp, class Work>
void forEachHead(const WkvInputs& inputs, float* workspace, const Parallel& parallel, Work work) {
    const Sequences sequences(inputs, kChunk<kOp>);
    const int64_t heads = inputs.q.sizes[1], count = sequences.count() * heads,
                  room = Room<kOp>::floats(inputs.q.sizes[3]);
    std::atomic<int64_t> next{0};
    parallel.run(std::min(parallel.threads, count), [&](int64_t slot) {
        for (int64_t i = next++; i < count; i = next++) {
            const Sequence sequence = sequences.at(i / heads);
            Head<kOp> head(inputs, sequence, i % heads, workspace + slot * room);
            work(head, sequence, i % heads);
        }
    });
}

// Where a head's part of `saved` begins: heads of a sequence one after another.
template <Wkv kOp>
int64_t savedAt(const WkvInputs& inputs, const Sequence& sequence, int64_t head) {
    const int64_t padded = (inputs.q.sizes[3] + kPad - 1) / kPad * kPad, heads = inputs.q.sizes[1];
    const Sequences sequences(inputs, kChunk<kOp>);
    const int64_t before = sequence.chunksBefore - sequence.state;  // without the one more of each sequence
    return heads * (before * Head<kOp>::savedFloatsOfChunk(padded) + sequence.state * padded * padded) +
           head * Head<kOp>::savedFloats(padded, sequences.chunks(sequence.length));
}

template <Wkv kOp>
void forwardOf(const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace, const Parallel& parallel) {
    if (inputs.q.sizes[2] == 1 && inputs.segments.count == 0 && !outputs.saved) {
        const int64_t heads = inputs.q.sizes[1];
        for (int64_t i = 0; i < inputs.q.sizes[0] * heads; ++i)
            stepOf<kOp>(inputs, outputs, i / heads, i % heads, workspace, workspace + 2 * kMaxRow);
        return;
    }
    forEachHead<kOp>(inputs, workspace, parallel, [&](Head<kOp>& head, const Sequence& sequence, int64_t h) {
        head.forward(outputs, outputs.saved ? outputs.saved + savedAt<kOp>(inputs, sequence, h) : nullptr);
    });
}
template <Wkv kOp>
void backwardOf(const WkvInputs& inputs, const float* saved, const WkvGradients& gradients, float* workspace,
                const Parallel& parallel) {
    forEachHead<kOp>(inputs, workspace, parallel, [&](Head<kOp>& head, const Sequence& sequence, int64_t h) {
        head.backward(saved + savedAt<kOp>(inputs, sequence, h), gradients);
    });
}

void forwardSix(const WkvInputs& i, const WkvOutputs& o, float* w, const Parallel& p) {
    forwardOf<Wkv::Six>(i, o, w, p);
}
void forwardSeven(const WkvInputs& i, const WkvOutputs& o, float* w, const Parallel& p) {
    forwardOf<Wkv::Seven>(i, o, w, p);
}
void backwardSix(const WkvInputs& i, const float* s, const WkvGradients& g, float* w, const Parallel& p) {
    backwardOf<Wkv::Six>(i, s, g, w, p);
}
void backwardSeven(const WkvInputs& i, const float* s, const WkvGradients& g, float* w, const Parallel& p) {
    backwardOf<Wkv::Seven>(i, s, g, w, p);
}
int64_t scratchOf(Wkv op, int64_t size) {
    return op == Wkv::Seven ? Room<Wkv::Seven>::floats(size) : Room<Wkv::Six>::floats(size);
}
template <Wkv kOp>
int64_t savedOf(const WkvInputs& inputs) {
    const int64_t padded = (inputs.q.sizes[3] + kPad - 1) / kPad * kPad, heads = inputs.q.sizes[1];
    const Sequences sequences(inputs, kChunk<kOp>);
    const int64_t chunks = sequences.chunksInAll() - sequences.count();
    return heads * (chunks * Head<kOp>::savedFloatsOfChunk(padded) + sequences.count() * padded * padded);
}
int64_t savedFloatsOf(Wkv op, const WkvInputs& inputs) {
    return op == Wkv::Seven ? savedOf<Wkv::Seven>(inputs) : savedOf<Wkv::Six>(inputs);
}
const char* targetName() {
    return hwy::TargetName(HWY_TARGET);
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(forwardSix);
HWY_EXPORT(forwardSeven);
HWY_EXPORT(backwardSix);
HWY_EXPORT(backwardSeven);
HWY_EXPORT(scratchOf);
HWY_EXPORT(savedFloatsOf);
HWY_EXPORT(targetName);

namespace simd {

std::size_t savedFloats(Wkv op, const WkvInputs& inputs) {
    return static_cast<std::size_t>(HWY_DYNAMIC_DISPATCH(savedFloatsOf)(op, inputs));
}

std::size_t scratchFloats(Wkv op, int64_t size) {
    return static_cast<std::size_t>(HWY_DYNAMIC_DISPATCH(scratchOf)(op, size));
}

void forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace, const Parallel& parallel) {
    if (op == Wkv::Seven) return HWY_DYNAMIC_DISPATCH(forwardSeven)(inputs, outputs, workspace, parallel);
    HWY_DYNAMIC_DISPATCH(forwardSix)(inputs, outputs, workspace, parallel);
}

void backward(Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients, float* workspace,
              const Parallel& parallel) {
    if (op == Wkv::Seven) return HWY_DYNAMIC_DISPATCH(backwardSeven)(inputs, saved, gradients, workspace, parallel);
    HWY_DYNAMIC_DISPATCH(backwardSix)(inputs, saved, gradients, workspace, parallel);
}

}  // namespace simd

const char* simdTarget() {
    return HWY_DYNAMIC_DISPATCH(targetName)();
}

}  // namespace radlads::kernels
#endif  // HWY_ONCE
