// WKV-6 and WKV-7 with Highway: sequences in chunks (wkv_chunk-inl.h), and one token at a time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/wkv_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>
#if HWY_ARCH_X86
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels/cpu/wkv_backends.h"
#include "kernels/cpu/wkv_chunk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

// The widest row of a head.
inline constexpr int64_t kMaxRow = 256;

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

// One token of one head, all rows in float: the state is read and written once. spare: room for a row.
struct StepRows {
    const float *q, *w, *k, *v, *a, *b;  // w: the decay itself
    float *y, *spare;
};
template <Wkv kOp>
void stepOf(const WkvInputs& inputs, const WkvOutputs& outputs, int64_t batch, int64_t head, const StepRows& rows) {
    const int64_t size = inputs.q.sizes[3];
    const auto before = [&](int64_t i) { return inputs.state ? inputs.state.at(batch, head, i) : nullptr; };
    const auto after = [&](int64_t i) { return outputs.state ? outputs.state.at(batch, head, i) : rows.spare; };
    if constexpr (kOp == Wkv::Seven) {  // row i of the state belongs to value i
        for (int64_t i = 0; i < size; ++i) {
            const float* old = before(i);
            float* now = after(i);
            updateRow(old, rows.w, old ? dot(old, rows.a, size) : 0.0f, rows.b, rows.v[i], rows.k, now, size);
            rows.y[i] = dot(now, rows.q, size);
        }
    } else {  // row i belongs to key i
        std::memset(rows.y, 0, static_cast<std::size_t>(size) * sizeof(float));
        for (int64_t i = 0; i < size; ++i) {
            const float* old = before(i);
            float* now = after(i);
            const float w = rows.w[i];
            for (int64_t j = 0; j < size; ++j) {
                now[j] = (old ? old[j] * w : 0.0f) + rows.k[i] * rows.v[j];
                rows.y[j] += rows.q[i] * now[j];
            }
        }
    }
}

// Rows of one token in float: 8 of kMaxRow floats.
template <Wkv kOp>
void stepsOf(const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace) {
    const D d;
    const int64_t size = inputs.q.sizes[3], heads = inputs.q.sizes[1];
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t n = 0; n < inputs.q.sizes[0] * heads; ++n) {
        const int64_t batch = n / heads, head = n % heads;
        const auto load = [&](const View& view, float* to) HWY_ATTR {
            for (int64_t i = 0; view && i < size; i += lanes) {
                const V value = view.dtype == DType::BFloat16 ? loadPart(view.at<BFloat16>(batch, head, 0), i, size)
                                                              : loadPart(view.at(batch, head, 0), i, size);
                hn::StoreU(value, d, to + i);
            }
            return to;
        };
        float* row[8];
        for (int i = 0; i < 8; ++i) row[i] = workspace + i * kMaxRow;
        load(inputs.g, row[1]);
        for (int64_t i = 0; i < size; i += lanes) hn::StoreU(shortExp(hn::LoadU(d, row[1] + i)), d, row[1] + i);
        const StepRows rows{load(inputs.q, row[0]),
                            row[1],
                            load(inputs.k, row[2]),
                            load(inputs.v, row[3]),
                            load(inputs.a, row[4]),
                            load(inputs.b, row[5]),
                            row[6],
                            row[7]};
        stepOf<kOp>(inputs, outputs, batch, head, rows);
        for (int64_t i = 0; i < size; i += lanes) {
            const V y = hn::LoadU(d, rows.y + i);
            if (outputs.y.dtype == DType::BFloat16)
                storePart(y, outputs.y.at<BFloat16>(batch, head, 0), i, size);
            else
                storePart(y, outputs.y.at(batch, head, 0), i, size);
        }
    }
}

int64_t scratchOf(Wkv op, int64_t size) {
    const int64_t room = op == Wkv::Seven ? Room<Wkv::Seven>::floats(size) : Room<Wkv::Six>::floats(size);
    return std::max<int64_t>(room, 8 * kMaxRow);
}

// While it lives, this thread takes numbers below the normal ones for zero: what a strong decay leaves of a token is no
// reason to calculate a hundred times as long.
class SmallIsZero {
public:
#if HWY_ARCH_X86
    SmallIsZero() {
        _mm_setcsr(m_before | 0x8040);
    }
    ~SmallIsZero() {
        _mm_setcsr(m_before);
    }

private:
    unsigned m_before = _mm_getcsr();
#endif
};

template <Wkv kOp, class Work>
void forEachHead(const WkvInputs& inputs, float* workspace, const Parallel& parallel, Work work) {
    const Sequences sequences(inputs, kTokens);
    const int64_t heads = inputs.q.sizes[1], count = sequences.count() * heads,
                  room = scratchOf(kOp, inputs.q.sizes[3]);
    std::atomic<int64_t> next{0};
    parallel.run(std::min(parallel.threads, count), [&](int64_t slot) {
        [[maybe_unused]] const SmallIsZero smallIsZero;
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
    const Sequences sequences(inputs, kTokens);
    const int64_t before = sequence.chunksBefore - sequence.state;  // without the one more of each sequence
    return heads * (before * Head<kOp>::savedFloatsOfChunk(padded) + sequence.state * padded * padded) +
           head * Head<kOp>::savedFloats(padded, sequences.chunks(sequence.length));
}

template <Wkv kOp>
void forwardOf(const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace, const Parallel& parallel) {
    if (inputs.q.sizes[2] == 1 && inputs.segments.count == 0 && !outputs.saved) {
        stepsOf<kOp>(inputs, outputs, workspace);
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
template <Wkv kOp>
int64_t savedOf(const WkvInputs& inputs) {
    const int64_t padded = (inputs.q.sizes[3] + kPad - 1) / kPad * kPad, heads = inputs.q.sizes[1];
    const Sequences sequences(inputs, kTokens);
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
