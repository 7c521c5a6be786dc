// The ops of prepare.h with Highway: a head of a token at a time, its rows in the cache.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/prepare_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>

#include "kernels/cpu/pointwise_backends.h"
#include "kernels/cpu/row_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

inline constexpr float kDecayScale = 0.60653065971263342f;  // e^-1/2
inline constexpr float kLowestLogDecay = -5.0f;
inline constexpr float kHighestDecayInput = 10.0f;  // beyond it the decay is clamped anyway, and exp stays finite

// The parameters whose gradients are summed over tokens.
enum PrepareSum { kDecayBase, kRateBase, kMixBase, kRemoval, kReplacement };

// Log decay, and its slope by its input.
struct Decay {
    V g, slope;
};
template <Wkv kOp>
HWY_INLINE Decay decayOf(V z) {
    const D d;
    if constexpr (kOp == Wkv::Seven) {
        const V s = sigmoid(z), g = hn::Mul(s, hn::Set(d, -kDecayScale));
        return {g, hn::Mul(g, hn::Sub(hn::Set(d, 1.0f), s))};
    } else {
        const V g = hn::Neg(shortExp(hn::Min(z, hn::Set(d, kHighestDecayInput))));
        const V lowest = hn::Set(d, kLowestLogDecay);
        return {hn::Max(g, lowest), hn::IfThenElseZero(hn::Ge(g, lowest), g)};
    }
}

// One head of one token: where its rows lie, and what it needs of them.
template <Wkv kOp, class T>
class PreparedHead {
    static constexpr bool kDelta = kOp == Wkv::Seven;

public:
    explicit PreparedHead(const Prepare& op)
        : m_op(op), m_size(op.k.sizes[3]), m_group(op.decay.sizes[1] / op.k.sizes[1]) {}

    // R(k) of a token, for the heads of a group.
    HWY_INLINE void loadKey(int64_t b, int64_t j, int64_t t) {
        turnRow<false>(m_op.k.at<T>(b, j, t), m_key, m_size, cosOf(t), sinOf(t), 1.0f);
    }

    HWY_INLINE void forward(const Prepared& out, int64_t b, int64_t h, int64_t t) {
        const D d;
        const V one = hn::Set(d, 1.0f);
        if (m_op.q)
            turnRow<false>(m_op.q.at<T>(b, h, t), out.q.at<T>(b, h, t), m_size, cosOf(t), sinOf(t),
                           static_cast<float>(m_op.queryScale));
        const int64_t at0 = h * m_size;
        const V inverse = kDelta ? inverseLength(h) : one;
        const T* decay = m_op.decay.at<T>(b, h, t);
        float* g = out.g.at<float>(b, h, t);
        T* k = out.k.at<T>(b, h, t);
        forRow(m_size, [&](auto at) HWY_ATTR {
            const V key = at.load(m_key);
            const V logDecay = decayOf<kOp>(hn::Add(at.load(decay), at.load(m_op.decayBase + at0))).g;
            at.store(logDecay, g);
            V strength = m_op.balance ? hn::Sub(one, shortExp(logDecay)) : one;
            if constexpr (kDelta) {
                const V rate = sigmoid(hn::Add(at.load(m_op.rate.at<T>(b, h, t)), at.load(m_op.rateBase + at0)));
                const V kappa = hn::Mul(m_op.balance ? key : hn::Mul(key, at.load(m_op.removal + at0)), inverse);
                at.store(hn::Neg(kappa), out.a.at<T>(b, h, t));
                at.store(hn::Mul(kappa, rate), out.b.at<T>(b, h, t));
                strength = m_op.balance ? hn::Add(strength, rate)
                                        : hn::MulAdd(hn::Sub(rate, one), at.load(m_op.replacement + at0), strength);
            }
            at.store(hn::Mul(key, strength), k);
        });
        if (m_op.v) forwardOfValue(out, b, h, t);
    }

    // Adds to the key's and the value's gradients.
    HWY_INLINE void backward(const PrepareGradients& gradients, int64_t b, int64_t h, int64_t t, float* const* sums) {
        const D d;
        const Prepared& of = gradients.of;
        const V one = hn::Set(d, 1.0f);
        if (m_op.q)
            turnRow<true>(of.q.at<T>(b, h, t), gradients.dq.at<T>(b, h, t), m_size, cosOf(t), sinOf(t),
                          static_cast<float>(m_op.queryScale));
        const int64_t at0 = h * m_size;
        const V inverse = kDelta ? inverseLength(h) : one;
        const T *decay = m_op.decay.at<T>(b, h, t), *dk = of.k.at<T>(b, h, t);
        const float* dg = of.g.at<float>(b, h, t);
        T* ddecay = gradients.ddecay.at<T>(b, h, t);
        V along = hn::Zero(d);
        forRow(m_size, [&](auto at) HWY_ATTR {
            const V key = at.load(m_key), dstrength = hn::Mul(at.load(dk), key);
            const Decay own = decayOf<kOp>(hn::Add(at.load(decay), at.load(m_op.decayBase + at0)));
            V strength = one, dlog = at.load(dg);
            if (m_op.balance) {
                const V kept = shortExp(own.g);
                strength = hn::Sub(one, kept);
                dlog = hn::NegMulAdd(dstrength, kept, dlog);
            }
            const V dz = hn::Mul(dlog, own.slope);
            at.store(dz, ddecay);
            addTo(sums[kDecayBase], at, dz);
            if constexpr (kDelta) {
                const V rate = sigmoid(hn::Add(at.load(m_op.rate.at<T>(b, h, t)), at.load(m_op.rateBase + at0)));
                const V kappa = hn::Mul(m_op.balance ? key : hn::Mul(key, at.load(m_op.removal + at0)), inverse);
                const V db = at.load(of.b.at<T>(b, h, t));
                V drate = hn::Mul(db, kappa);
                if (m_op.balance) {
                    strength = hn::Add(strength, rate);
                    drate = hn::Add(drate, dstrength);
                } else {
                    const V replacement = at.load(m_op.replacement + at0), less = hn::Sub(rate, one);
                    strength = hn::MulAdd(less, replacement, one);
                    drate = hn::MulAdd(dstrength, replacement, drate);
                    addTo(sums[kReplacement], at, hn::Mul(dstrength, less));
                }
                drate = hn::Mul(drate, hn::Mul(rate, hn::Sub(one, rate)));
                at.store(drate, gradients.drate.at<T>(b, h, t));
                addTo(sums[kRateBase], at, drate);
                const V dkappa = hn::Sub(hn::Mul(db, rate), at.load(of.a.at<T>(b, h, t)));
                at.store(dkappa, m_dkappa);
                at.store(kappa, m_kappa);
                along = hn::MulAdd(dkappa, kappa, along);
            }
            at.store(hn::MulAdd(at.load(dk), strength, at.load(m_dkey)), m_dkey);
        });
        if constexpr (kDelta) backwardOfUnitKey(sumOf(along), inverse, at0, sums);
        if (m_op.v) backwardOfValue(gradients, b, h, t, sums);
    }

    void clearGradients() {
        std::fill(m_dkey, m_dkey + m_size, 0.0f);
        std::fill(m_dvalue, m_dvalue + m_size, 0.0f);
    }
    HWY_INLINE void storeGradients(const PrepareGradients& gradients, int64_t b, int64_t j, int64_t t) const {
        turnRow<true>(m_dkey, gradients.dk.at<T>(b, j, t), m_size, cosOf(t), sinOf(t), 1.0f);
        if (!m_op.v) return;
        T* dv = gradients.dv.at<T>(b, j, t);
        forRow(m_size, [&](auto at) HWY_ATTR { at.store(at.load(m_dvalue), dv); });
    }

    int64_t group() const { return m_group; }

private:
    const float* cosOf(int64_t t) const {
        return m_op.rotation.cos ? m_op.rotation.cos + t * m_op.rotation.stride : nullptr;
    }
    const float* sinOf(int64_t t) const {
        return m_op.rotation.sin ? m_op.rotation.sin + t * m_op.rotation.stride : nullptr;
    }

    HWY_INLINE V inverseLength(int64_t h) const {
        const D d;
        V squares = hn::Zero(d);
        forRow(m_size, [&](auto at) HWY_ATTR {
            const V key = m_op.balance ? at.load(m_key) : hn::Mul(at.load(m_key), at.load(m_op.removal + h * m_size));
            squares = hn::MulAdd(key, key, squares);
        });
        const V length = hn::Sqrt(hn::Add(sumOf(squares), hn::Set(d, 1e-24f)));
        return hn::Div(hn::Set(d, 1.0f), length);
    }

    // Through kappa = u / |u|.
    HWY_INLINE void backwardOfUnitKey(V along, V inverse, int64_t at0, float* const* sums) {
        forRow(m_size, [&](auto at) HWY_ATTR {
            V du = hn::Mul(hn::NegMulAdd(at.load(m_kappa), along, at.load(m_dkappa)), inverse);
            if (!m_op.balance) {
                addTo(sums[kRemoval], at, hn::Mul(du, at.load(m_key)));
                du = hn::Mul(du, at.load(m_op.removal + at0));
            }
            at.store(hn::Add(at.load(m_dkey), du), m_dkey);
        });
    }

    HWY_INLINE void forwardOfValue(const Prepared& out, int64_t b, int64_t h, int64_t t) const {
        const T* v = m_op.v.at<T>(b, h / m_group, t);
        T* to = out.v.at<T>(b, h, t);
        if (!m_op.first) {
            forRow(m_size, [&](auto at) HWY_ATTR { at.store(at.load(v), to); });
            return;
        }
        const T *mix = m_op.mix.at<T>(b, h, t), *first = m_op.first.at<T>(b, h, t);
        const float* base = m_op.mixBase + h * m_size;
        forRow(m_size, [&](auto at) HWY_ATTR {
            const V share = sigmoid(hn::Add(at.load(mix), at.load(base))), own = at.load(v);
            at.store(hn::MulAdd(hn::Sub(at.load(first), own), share, own), to);
        });
    }
    HWY_INLINE void backwardOfValue(const PrepareGradients& gradients, int64_t b, int64_t h, int64_t t,
                                    float* const* sums) {
        const T* dv = gradients.of.v.at<T>(b, h, t);
        if (!m_op.first) {
            forRow(m_size, [&](auto at) HWY_ATTR { at.store(hn::Add(at.load(m_dvalue), at.load(dv)), m_dvalue); });
            return;
        }
        const V one = hn::Set(D(), 1.0f);
        const T *v = m_op.v.at<T>(b, h / m_group, t), *mix = m_op.mix.at<T>(b, h, t);
        const T* first = m_op.first.at<T>(b, h, t);
        T *dmix = gradients.dmix.at<T>(b, h, t), *dfirst = gradients.dfirst.at<T>(b, h, t);
        const float* base = m_op.mixBase + h * m_size;
        forRow(m_size, [&](auto at) HWY_ATTR {
            const V share = sigmoid(hn::Add(at.load(mix), at.load(base))), dout = at.load(dv);
            const V dmixed = hn::Mul(dout, share), rest = hn::Sub(one, share);
            const V dz = hn::Mul(hn::Mul(dmixed, rest), hn::Sub(at.load(first), at.load(v)));
            at.store(dmixed, dfirst);
            at.store(dz, dmix);
            addTo(sums[kMixBase], at, dz);
            at.store(hn::MulAdd(dout, rest, at.load(m_dvalue)), m_dvalue);
        });
    }

    const Prepare& m_op;
    int64_t m_size, m_group;
    HWY_ALIGN float m_key[kMostHeadSize];
    HWY_ALIGN float m_kappa[kMostHeadSize];
    HWY_ALIGN float m_dkappa[kMostHeadSize];
    HWY_ALIGN float m_dkey[kMostHeadSize];
    HWY_ALIGN float m_dvalue[kMostHeadSize];
};

template <Wkv kOp, class T>
void forwardOf(const Prepare& op, const Prepared& out, const Parallel& parallel) {
    const int64_t groups = op.k.sizes[1];
    forEachTask(op.k.sizes[0] * groups, parallel, [&](int64_t task) HWY_ATTR {
        PreparedHead<kOp, T> head(op);
        const int64_t b = task / groups, j = task % groups;
        for (int64_t t = 0; t < op.k.sizes[2]; ++t) {
            head.loadKey(b, j, t);
            for (int64_t h = j * head.group(); h < (j + 1) * head.group(); ++h) head.forward(out, b, h, t);
        }
    });
}

// A task is a head of k: it owns the columns of its parameters.
template <Wkv kOp, class T>
void backwardOf(const Prepare& op, const PrepareGradients& gradients, float* workspace, const Parallel& parallel) {
    using Head = PreparedHead<kOp, T>;
    const int64_t size = op.k.sizes[3], width = op.decay.sizes[1] * size;
    forEachTask(op.k.sizes[1], parallel, [&](int64_t j) HWY_ATTR {
        Head head(op);
        const int64_t first = j * head.group(), last = first + head.group(), columns = head.group() * size;
        const auto sumsOf = [&](int kind, float* total) {
            return TokenSums(workspace + kind * width + first * size, total ? total + first * size : nullptr, columns);
        };
        TokenSums sums[kPrepareSums] = {sumsOf(kDecayBase, gradients.ddecayBase),
                                        sumsOf(kRateBase, gradients.drateBase), sumsOf(kMixBase, gradients.dmixBase),
                                        sumsOf(kRemoval, gradients.dremoval),
                                        sumsOf(kReplacement, gradients.dreplacement)};
        for (int64_t b = 0; b < op.k.sizes[0]; ++b)
            for (int64_t t = 0; t < op.k.sizes[2]; ++t) {
                head.loadKey(b, j, t);
                head.clearGradients();
                for (int64_t h = first; h < last; ++h) {
                    float* parts[kPrepareSums];
                    for (int i = 0; i < kPrepareSums; ++i) parts[i] = sums[i].part() + (h - first) * size;
                    head.backward(gradients, b, h, t, parts);
                }
                head.storeGradients(gradients, b, j, t);
                for (TokenSums& sum : sums) sum.endToken();
            }
        for (TokenSums& sum : sums) sum.flush();
    });
}

template <class T>
void shiftForward(const TokenShift& op, const View* out, const Parallel& parallel) {
    const int64_t size = op.x.sizes[3];
    forEachTask(kParts, parallel, [&](int64_t part) HWY_ATTR {
        const PartOfRows rows = partOfRows(rowsOf(op.x), part);
        for (int64_t r = rows.from; r < rows.to; ++r) {
            const RowIndex row = rowIndex(op.x, r);
            const T* x = op.x.at<T>(row.b, 0, row.t);
            const T* before =
                row.t > 0 ? op.x.at<T>(row.b, 0, row.t - 1) : (op.before ? op.before.at<T>(row.b, 0, 0) : nullptr);
            forRow(size, [&](auto at) HWY_ATTR {
                const V own = at.load(x);
                const V delta = before ? hn::Sub(at.load(before), own) : hn::Neg(own);
                for (int64_t c = 0; c < op.streams; ++c) {
                    V share = at.load(op.base + c * size);
                    if (op.m) share = hn::Add(share, at.load(op.m.at<T>(row.b, c, row.t)));
                    at.store(hn::MulAdd(delta, share, own), out[c].at<T>(row.b, 0, row.t));
                }
            });
        }
    });
}

// A task is a strip of channels, from the last token to the first: what a token gives to the one before it is carried.
template <class T>
void shiftBackward(const TokenShift& op, const TokenShiftGradients& gradients, const Parallel& parallel) {
    constexpr int64_t kStrip = 128;
    const int64_t size = op.x.sizes[3], tokens = op.x.sizes[2];
    forEachTask((size + kStrip - 1) / kStrip, parallel, [&](int64_t strip) HWY_ATTR {
        const int64_t column = strip * kStrip, columns = std::min(kStrip, size - column);
        HWY_ALIGN float parts[kMostStreams][kStrip], carried[kStrip];
        const auto flush = [&] {
            for (int64_t c = 0; c < op.streams; ++c)
                for (int64_t i = 0; i < columns; ++i) {
                    gradients.dbase[c * size + column + i] += parts[c][i];
                    parts[c][i] = 0;
                }
        };
        for (int64_t c = 0; c < op.streams; ++c) {
            std::fill(gradients.dbase + c * size + column, gradients.dbase + c * size + column + columns, 0.0f);
            std::fill(parts[c], parts[c] + columns, 0.0f);
        }
        for (int64_t b = 0; b < op.x.sizes[0]; ++b) {
            std::fill(carried, carried + columns, 0.0f);
            for (int64_t t = tokens - 1; t >= 0; --t) {
                const T* x = op.x.at<T>(b, 0, t) + column;
                const T* before = t > 0 ? op.x.at<T>(b, 0, t - 1) : (op.before ? op.before.at<T>(b, 0, 0) : nullptr);
                if (before) before += column;
                T* dx = gradients.dx.at<T>(b, 0, t) + column;
                forRow(columns, [&](auto at) HWY_ATTR {
                    const V own = at.load(x);
                    const V delta = before ? hn::Sub(at.load(before), own) : hn::Neg(own);
                    V sum = at.load(carried), earlier = hn::Zero(D());
                    for (int64_t c = 0; c < op.streams; ++c) {
                        const V dout = at.load(gradients.dout[c].at<T>(b, 0, t) + column);
                        V share = at.load(op.base + c * size + column);
                        if (op.m) share = hn::Add(share, at.load(op.m.at<T>(b, c, t) + column));
                        const V dm = hn::Mul(dout, delta);
                        if (op.m) at.store(dm, gradients.dm.at<T>(b, c, t) + column);
                        addTo(parts[c], at, dm);
                        const V part = hn::Mul(dout, share);
                        earlier = hn::Add(earlier, part);
                        sum = hn::Add(sum, hn::Sub(dout, part));
                    }
                    at.store(sum, dx);
                    at.store(earlier, carried);
                });
                if ((tokens - t) % TokenSums::kFlush == 0) flush();
            }
            flush();
            if (!gradients.dbefore) continue;
            T* dbefore = gradients.dbefore.at<T>(b, 0, 0) + column;
            forRow(columns, [&](auto at) HWY_ATTR { at.store(at.load(carried), dbefore); });
        }
    });
}

template <Wkv kOp>
void forwardOfDtype(const Prepare& op, const Prepared& out, const Parallel& parallel) {
    op.k.dtype == DType::Float32 ? forwardOf<kOp, float>(op, out, parallel)
                                 : forwardOf<kOp, BFloat16>(op, out, parallel);
}
template <Wkv kOp>
void backwardOfDtype(const Prepare& op, const PrepareGradients& gradients, float* workspace, const Parallel& parallel) {
    op.k.dtype == DType::Float32 ? backwardOf<kOp, float>(op, gradients, workspace, parallel)
                                 : backwardOf<kOp, BFloat16>(op, gradients, workspace, parallel);
}

void prepareForwardOf(const Prepare& op, const Prepared& out, const Parallel& parallel) {
    op.op == Wkv::Seven ? forwardOfDtype<Wkv::Seven>(op, out, parallel) : forwardOfDtype<Wkv::Six>(op, out, parallel);
}
void prepareBackwardOf(const Prepare& op, const PrepareGradients& gradients, float* workspace,
                       const Parallel& parallel) {
    op.op == Wkv::Seven ? backwardOfDtype<Wkv::Seven>(op, gradients, workspace, parallel)
                        : backwardOfDtype<Wkv::Six>(op, gradients, workspace, parallel);
}
void tokenShiftForwardOf(const TokenShift& op, const View* out, const Parallel& parallel) {
    op.x.dtype == DType::Float32 ? shiftForward<float>(op, out, parallel) : shiftForward<BFloat16>(op, out, parallel);
}
void tokenShiftBackwardOf(const TokenShift& op, const TokenShiftGradients& gradients, const Parallel& parallel) {
    op.x.dtype == DType::Float32 ? shiftBackward<float>(op, gradients, parallel)
                                 : shiftBackward<BFloat16>(op, gradients, parallel);
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(prepareForwardOf);
HWY_EXPORT(prepareBackwardOf);
HWY_EXPORT(tokenShiftForwardOf);
HWY_EXPORT(tokenShiftBackwardOf);

namespace simd {

void prepareForward(const Prepare& op, const Prepared& outputs, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(prepareForwardOf)(op, outputs, parallel);
}
void prepareBackward(const Prepare& op, const PrepareGradients& gradients, float* workspace, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(prepareBackwardOf)(op, gradients, workspace, parallel);
}
void tokenShiftForward(const TokenShift& op, const View* out, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(tokenShiftForwardOf)(op, out, parallel);
}
void tokenShiftBackward(const TokenShift& op, const TokenShiftGradients& gradients, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(tokenShiftBackwardOf)(op, gradients, parallel);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
