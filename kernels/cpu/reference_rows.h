// Elements of views as doubles, for the reference.
#pragma once

#include <cmath>
#include <vector>

#include "kernels/cpu/pointwise_backends.h"

namespace radlads::kernels::reference {

using Row = std::vector<double>;

inline double valueAt(const View& view, int64_t b, int64_t h, int64_t t, int64_t i) {
    if (view.dtype == DType::BFloat16) return toFloat(view.at<BFloat16>(b, h, t)[i]);
    return view.at<float>(b, h, t)[i];
}
inline void setAt(const View& view, int64_t b, int64_t h, int64_t t, int64_t i, double value) {
    const float narrow = static_cast<float>(value);
    if (view.dtype == DType::BFloat16)
        view.at<BFloat16>(b, h, t)[i] = fromFloat<BFloat16>(narrow);
    else
        view.at<float>(b, h, t)[i] = narrow;
}
// Zeros where the view is absent.
inline Row rowOf(const View& view, int64_t b, int64_t h, int64_t t, int64_t size) {
    Row row(static_cast<std::size_t>(size));
    for (int64_t i = 0; view && i < size; ++i) row[static_cast<std::size_t>(i)] = valueAt(view, b, h, t, i);
    return row;
}
// Nothing where the view is absent.
inline void setRow(const View& view, int64_t b, int64_t h, int64_t t, const Row& row) {
    for (std::size_t i = 0; view && i < row.size(); ++i) setAt(view, b, h, t, static_cast<int64_t>(i), row[i]);
}
// work(b, h, t) of every row.
template <class Work>
void forEachRow(const View& like, const Work& work) {
    for (int64_t b = 0; b < like.sizes[0]; ++b)
        for (int64_t h = 0; h < like.sizes[1]; ++h)
            for (int64_t t = 0; t < like.sizes[2]; ++t) work(b, h, t);
}

inline double sigmoid(double x) {
    return 1.0 / (1.0 + std::exp(-x));
}

// Row t of the rotation, or the same row where there is none; back: the other way.
inline Row turned(const Row& row, const Rotation& rotation, int64_t t, double scale, bool back) {
    Row out(row.size());
    const std::size_t half = row.size() / 2;
    for (std::size_t i = 0; i < row.size(); ++i) out[i] = scale * row[i];
    if (!rotation.cos) return out;
    for (std::size_t i = 0; i < half; ++i) {
        const std::size_t at = static_cast<std::size_t>(t * rotation.stride) + i;
        const double c = rotation.cos[at], s = back ? -rotation.sin[at] : rotation.sin[at];
        out[i] = scale * (row[i] * c - row[half + i] * s);
        out[half + i] = scale * (row[half + i] * c + row[i] * s);
    }
    return out;
}

// Sums of a parameter's gradient, written where they are wanted.
class Sums {
public:
    explicit Sums(int64_t size) : m_sums(static_cast<std::size_t>(size)) {}
    void add(int64_t i, double value) { m_sums[static_cast<std::size_t>(i)] += value; }
    void writeTo(float* to) const {
        for (std::size_t i = 0; to && i < m_sums.size(); ++i) to[i] = static_cast<float>(m_sums[i]);
    }

private:
    Row m_sums;
};

}  // namespace radlads::kernels::reference
