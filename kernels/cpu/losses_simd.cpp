// The losses over a vocabulary with Highway, a row of logits at a time: one pass for the sums, which are scaled anew
// when a block of the row has a larger maximum; a second, which finds the row in the cache, for the gradient.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/losses_simd.cpp"
#include <hwy/foreach_target.h>
// The order matters: the lines above compile what follows once for every instruction set.
#include <hwy/highway.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "kernels/cpu/exp-inl.h"
#include "kernels/cpu/losses_backends.h"
#include "kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace radlads::kernels::HWY_NAMESPACE {

// Elements that are added in float32 before their sums go on in double; a multiple of kUnroll vectors, and those of
// two rows stay in the nearest cache.
inline constexpr int64_t kBlock = 2048;
inline constexpr int kUnroll = 4;

// Vector i of a row of `count` logits; -inf, which adds to no sum, beyond its end.
template <class T>
HWY_INLINE V loadLogits(const T* row, int64_t i, int64_t count) {
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
    if (HWY_LIKELY(i + lanes <= count)) return loadVector(row + i);
    HWY_ALIGN float part[kPad];
    std::fill(part, part + kPad, -std::numeric_limits<float>::infinity());
    for (int64_t j = i; j < count; ++j) part[j - i] = toFloat(row[j]);
    return hn::Load(D(), part);
}

// The largest of elements start to end, or `least`.
template <class T>
HWY_INLINE float maximum(const T* row, int64_t start, int64_t end, float least) {
    const D d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    V max[kUnroll];
    for (V& m : max) m = hn::Set(d, least);
    int64_t i = start;
    for (; i + kUnroll * lanes <= end; i += kUnroll * lanes)
        for (int u = 0; u < kUnroll; ++u) max[u] = hn::Max(loadVector(row + i + u * lanes), max[u]);
    for (; i < end; i += lanes) max[0] = hn::Max(loadLogits(row, i, end), max[0]);
    return hn::GetLane(hn::MaxOfLanes(d, hn::Max(hn::Max(max[0], max[1]), hn::Max(max[2], max[3]))));
}

HWY_INLINE double sumOf(const V* parts) {
    const D d;
    HWY_ALIGN float lanes[kPad];
    hn::Store(hn::Add(hn::Add(parts[0], parts[1]), hn::Add(parts[2], parts[3])), d, lanes);
    double sum = 0;
    for (std::size_t l = 0; l < hn::Lanes(d); ++l) sum += lanes[l];
    return sum;
}

// The lowest number: what is masked stays below it.
inline constexpr float kLowest = std::numeric_limits<float>::lowest();

// One token. kTeacher: the other row is a teacher's; else there is none, and a label.
template <class S, class T, bool kTeacher>
class Row {
public:
    Row(S* student, const T* teacher, int64_t count) : m_student(student), m_teacher(teacher), m_count(count) {
        for (int64_t start = 0; start < count; start += kBlock) addBlock(start, std::min(count, start + kBlock));
    }

    double distill() const { return m_product / m_teacherSum - std::log(m_teacherSum) + std::log(m_sum); }
    double crossEntropy(int64_t label) const { return m_max - toFloat(m_student[label]) + std::log(m_sum); }

    void distillGradient(double scale) { writeGradient(scale / m_sum, scale / m_teacherSum); }
    void crossEntropyGradient(int64_t label, double scale) {
        const double q = std::exp(static_cast<double>(toFloat(m_student[label])) - m_max) / m_sum;
        writeGradient(scale / m_sum, 0);
        m_student[label] = fromFloat<S>(static_cast<float>(scale * (q - 1.0)));
    }

private:
    void addBlock(int64_t start, int64_t end) {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        raise(start, end);
        const V max = hn::Set(d, m_max), teacherMax = hn::Set(d, m_teacherMax);
        V student[kUnroll], teacher[kUnroll], product[kUnroll];
        for (int u = 0; u < kUnroll; ++u) student[u] = teacher[u] = product[u] = hn::Zero(d);
        const auto add = [&](int u, V x, V y) HWY_ATTR {
            const V above = hn::Sub(x, max);
            student[u] = hn::Add(student[u], shortExp(above));
            if constexpr (kTeacher) {
                const V teacherAbove = hn::Sub(y, teacherMax), t = shortExp(teacherAbove);
                teacher[u] = hn::Add(teacher[u], t);
                const V term = hn::MulAdd(t, hn::Sub(teacherAbove, above), product[u]);
                product[u] = hn::IfThenElse(hn::Eq(t, hn::Zero(d)), product[u], term);
            }
        };
        int64_t i = start;
        for (; i + kUnroll * lanes <= end; i += kUnroll * lanes)
            for (int u = 0; u < kUnroll; ++u) {
                V y = hn::Zero(d);
                if constexpr (kTeacher) y = loadVector(m_teacher + i + u * lanes);
                add(u, loadVector(m_student + i + u * lanes), y);
            }
        for (; i < end; i += lanes) {
            V y = hn::Zero(d);
            if constexpr (kTeacher) y = loadLogits(m_teacher, i, end);
            add(0, loadLogits(m_student, i, end), y);
        }
        m_sum += sumOf(student);
        if constexpr (kTeacher) m_teacherSum += sumOf(teacher), m_product += sumOf(product);
    }

    // The maxima of the row up to `end`; the sums before follow them.
    void raise(int64_t start, int64_t end) {
        const float max = maximum(m_student, start, end, m_max);
        const double by = static_cast<double>(max) - m_max;
        if (by > 0) m_sum *= std::exp(-by);
        m_max = max;
        if constexpr (kTeacher) {
            const float teacherMax = maximum(m_teacher, start, end, m_teacherMax);
            const double teacherBy = static_cast<double>(teacherMax) - m_teacherMax;
            m_product += m_teacherSum * (by - teacherBy);
            if (teacherBy > 0) {
                m_product *= std::exp(-teacherBy);
                m_teacherSum *= std::exp(-teacherBy);
            }
            m_teacherMax = teacherMax;
        }
    }

    // exp(student - max) studentScale - exp(teacher - max) teacherScale
    void writeGradient(double studentScale, double teacherScale) {
        const D d;
        const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
        const V max = hn::Set(d, m_max), teacherMax = hn::Set(d, m_teacherMax);
        const V q = hn::Set(d, static_cast<float>(studentScale)), p = hn::Set(d, static_cast<float>(teacherScale));
        const auto gradient = [&](V x, V y) HWY_ATTR {
            const V e = hn::Mul(shortExp(hn::Sub(x, max)), q);
            if constexpr (kTeacher) return hn::NegMulAdd(shortExp(hn::Sub(y, teacherMax)), p, e);
            return e;
        };
        int64_t i = 0;
        for (; i + kUnroll * lanes <= m_count; i += kUnroll * lanes)
            for (int u = 0; u < kUnroll; ++u) {
                const int64_t at = i + u * lanes;
                V y = hn::Zero(d);
                if constexpr (kTeacher) y = loadVector(m_teacher + at);
                storeVector(gradient(loadVector(m_student + at), y), m_student + at);
            }
        for (; i < m_count; i += lanes) {
            V y = hn::Zero(d);
            if constexpr (kTeacher) y = loadLogits(m_teacher, i, m_count);
            storePart(gradient(loadLogits(m_student, i, m_count), y), m_student, i, m_count);
        }
    }

    S* m_student;
    const T* m_teacher;
    int64_t m_count;
    float m_max = kLowest, m_teacherMax = kLowest;
    double m_sum = 0, m_teacherSum = 0;  // of exp(logit - max)
    double m_product = 0;                // of exp(teacher - its max) ((teacher - its max) - (student - max))
};

template <class S, class T, bool kTeacher>
void rows(const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel) {
    const int64_t tokens = inputs.student.sizes[2], count = inputs.student.sizes[3];
    std::atomic<int64_t> next{0};
    parallel.run(std::min(parallel.threads, tokens), [&](int64_t) {
        for (int64_t t = next++; t < tokens; t = next++) {
            Row<S, T, kTeacher> row(inputs.student.at<S>(0, 0, t), kTeacher ? inputs.teacher.at<T>(0, 0, t) : nullptr,
                                    count);
            if constexpr (kTeacher) {
                losses[t] = row.distill();
                if (scale) row.distillGradient(*scale);
            } else {
                losses[t] = row.crossEntropy(inputs.labels[t]);
                if (scale) row.crossEntropyGradient(inputs.labels[t], *scale);
            }
        }
    });
}

template <class S>
void rowsOfStudent(const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel) {
    if (!inputs.teacher) return rows<S, float, false>(inputs, scale, losses, parallel);
    if (inputs.teacher.dtype == DType::Float32) return rows<S, float, true>(inputs, scale, losses, parallel);
    rows<S, BFloat16, true>(inputs, scale, losses, parallel);
}

void tokenLossesOf(const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel) {
    if (inputs.student.dtype == DType::Float32) return rowsOfStudent<float>(inputs, scale, losses, parallel);
    rowsOfStudent<BFloat16>(inputs, scale, losses, parallel);
}

}  // namespace radlads::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace radlads::kernels {

HWY_EXPORT(tokenLossesOf);

namespace simd {

void tokenLosses(const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel) {
    HWY_DYNAMIC_DISPATCH(tokenLossesOf)(inputs, scale, losses, parallel);
}

}  // namespace simd
}  // namespace radlads::kernels
#endif  // HWY_ONCE
