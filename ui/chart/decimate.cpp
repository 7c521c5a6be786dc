#include "ui/chart/decimate.h"

#include <algorithm>

namespace radlads::ui {
namespace {

constexpr size_t kFew = 4;  // so many points of a pixel column are drawn as they are

class Writer {
public:
    Writer(const XColumn& x, const Column& y, Scale scale, std::vector<PlotPoint>& points)
        : m_x(x), m_y(y), m_scale(scale), m_points(points) {}

    void point(size_t index) {
        const float y = m_y.at(index);
        const bool isDrawable = std::isfinite(y) && (m_scale == Scale::Linear || y > 0);
        m_points.push_back({m_x.at(index), isDrawable ? double(y) : std::numeric_limits<double>::quiet_NaN()});
    }
    void all(size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) point(i);
    }
    void column(size_t begin, size_t end) {
        if (end - begin <= kFew) return all(begin, end);
        point(begin);
        const Extremes extremes = m_y.extremes(begin + 1, end - 1);
        const double low = m_scale == Scale::Linear ? extremes.min : extremes.minPositive;
        if (low <= double(extremes.max)) {
            const double middle = (m_x.at(begin) + m_x.at(end - 1)) / 2;
            m_points.push_back({middle, low});
            m_points.push_back({middle, extremes.max});
        }
        point(end - 1);
    }

private:
    const XColumn& m_x;
    const Column& m_y;
    Scale m_scale;
    std::vector<PlotPoint>& m_points;
};

}  // namespace

double PixelColumns::edge(int column) const {
    const double share = double(column) / count;
    if (scale == Scale::Linear || lower <= 0) return lower + (upper - lower) * share;
    return lower * std::pow(upper / lower, share);
}

void decimate(const XColumn& x, const Column& y, const PixelColumns& columns, Scale yScale,
              std::vector<PlotPoint>& points) {
    points.clear();
    const size_t size = std::min(x.size(), y.size());
    if (size == 0 || columns.count < 1 || !(columns.lower <= columns.upper)) return;
    const size_t begin = std::min(x.lowerBound(columns.lower), size), end = std::min(x.upperBound(columns.upper), size);
    Writer writer(x, y, yScale, points);
    if (begin > 0) writer.point(begin - 1);
    if (end - begin <= size_t(columns.count)) {
        writer.all(begin, end);
    } else {
        size_t i = begin;
        for (int column = 0; column < columns.count && i < end; ++column) {
            const bool isLast = column + 1 == columns.count;
            const size_t next = isLast ? end : std::clamp(x.lowerBound(columns.edge(column + 1), i), i, end);
            if (next > i) writer.column(i, next);
            i = next;
        }
    }
    if (end < size) writer.point(end);
}

}  // namespace radlads::ui
