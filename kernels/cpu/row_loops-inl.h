// Loops over the vectors of a row, of one dtype or the other, that need not be aligned nor padded: included by
// Highway's foreach_target.
#if defined(RADLADS_KERNELS_ROW_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RADLADS_KERNELS_ROW_LOOPS_INL_H_
#undef RADLADS_KERNELS_ROW_LOOPS_INL_H_
#else
#define RADLADS_KERNELS_ROW_LOOPS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

HWY_INLINE int64_t lanesOf() {
    return static_cast<int64_t>(hn::Lanes(D()));
}

// A whole vector of a row, from element i.
struct Whole {
    int64_t i;
    template <class T>
    HWY_INLINE V load(const T* row) const {
        return loadVector(row + i);
    }
    template <class T>
    HWY_INLINE void store(V value, T* row) const {
        storeVector(value, row + i);
    }
    HWY_INLINE V only(V value) const { return value; }
};
// The last vector of a row that is not whole: zeros, and nothing, beyond its end.
struct Part {
    int64_t i, count;
    template <class T>
    HWY_INLINE V load(const T* row) const {
        HWY_ALIGN T part[kPad] = {};
        for (int64_t j = 0; j < count; ++j) part[j] = row[i + j];
        return loadVector(part);
    }
    template <class T>
    HWY_INLINE void store(V value, T* row) const {
        HWY_ALIGN T part[kPad];
        storeVector(value, part);
        for (int64_t j = 0; j < count; ++j) row[i + j] = part[j];
    }
    HWY_INLINE V only(V value) const {
        return hn::IfThenElseZero(hn::FirstN(D(), static_cast<std::size_t>(count)), value);
    }
};
// work(Whole or Part) of every vector of a row of `size` elements.
template <class Work>
HWY_INLINE void forRow(int64_t size, const Work& work) {
    const int64_t lanes = lanesOf();
    int64_t i = 0;
    for (; i + lanes <= size; i += lanes) work(Whole{i});
    if (i < size) work(Part{i, size - i});
}

HWY_INLINE V sumOf(V value) {
    return hn::SumOfLanes(D(), value);
}
HWY_INLINE V sigmoid(V x) {
    const D d;
    const V one = hn::Set(d, 1.0f);
    return reciprocal(hn::Add(one, shortExp(hn::Min(hn::Neg(x), hn::Set(d, 87.0f)))));
}

// The two halves of a row turned against each other (Rope), or a row scaled where there is no rotation. kBack: the
// other way.
template <bool kBack, class From, class To>
HWY_INLINE void turnRow(const From* from, To* to, int64_t size, const float* cos, const float* sin, float scale) {
    const D d;
    const V factor = hn::Set(d, scale);
    if (!cos) {
        forRow(size, [&](auto at) HWY_ATTR { at.store(hn::Mul(at.load(from), factor), to); });
        return;
    }
    const int64_t half = size / 2;
    forRow(half, [&](auto at) HWY_ATTR {
        const V a = hn::Mul(at.load(from), factor), b = hn::Mul(at.load(from + half), factor);
        const V c = at.load(cos), s = kBack ? hn::Neg(at.load(sin)) : at.load(sin);
        at.store(hn::NegMulAdd(b, s, hn::Mul(a, c)), to);
        at.store(hn::MulAdd(a, s, hn::Mul(b, c)), to + half);
    });
}

// Adds a vector to a row of sums.
template <class At>
HWY_INLINE void addTo(float* sums, At at, V value) {
    at.store(hn::Add(at.load(sums), value), sums);
}
// Sums over many tokens in two levels: of up to kFlush tokens in `part`, and of those in `total`.
class TokenSums {
public:
    static constexpr int64_t kFlush = 64;
    // total: null if nobody wants it; part is written all the same.
    TokenSums(float* part, float* total, int64_t size) : m_part(part), m_total(total), m_size(size) {
        std::fill(m_part, m_part + size, 0.0f);
        if (m_total) std::fill(m_total, m_total + size, 0.0f);
    }
    float* part() const { return m_part; }
    void endToken() {
        if (++m_tokens == kFlush) flush();
    }
    void flush() {
        for (int64_t i = 0; m_total && i < m_size; ++i) m_total[i] += m_part[i];
        std::fill(m_part, m_part + m_size, 0.0f);
        m_tokens = 0;
    }

private:
    float *m_part, *m_total;
    int64_t m_size, m_tokens = 0;
};

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RADLADS_KERNELS_ROW_LOOPS_INL_H_
