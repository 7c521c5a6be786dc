#include "ui/chart/column.h"

#include <algorithm>
#include <cstddef>

namespace radlads::ui {

void Extremes::add(float value) {
    if (!std::isfinite(value)) return;
    min = std::min(min, value);
    max = std::max(max, value);
    if (value > 0) minPositive = std::min(minPositive, value);
}

void Extremes::add(const Extremes& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    minPositive = std::min(minPositive, other.minPositive);
}

void Column::append(double value) {
    m_values.push_back(float(value));
    if (m_values.size() % kGroup != 0) return;
    Extremes group;
    for (size_t i = m_values.size() - kGroup; i < m_values.size(); ++i) group.add(m_values[i]);
    // A complete pair of groups completes one of the next level, and so on.
    for (size_t level = 0;; ++level) {
        if (level == m_levels.size()) m_levels.emplace_back();
        auto& groups = m_levels[level];
        groups.push_back(group);
        if (groups.size() % 2 != 0) return;
        group.add(groups[groups.size() - 2]);
    }
}

void Column::truncate(size_t count) {
    if (count >= m_values.size()) return;
    m_values.resize(count);
    for (size_t level = 0; level < m_levels.size(); ++level) m_levels[level].resize((count / kGroup) >> level);
}

Extremes Column::extremes(size_t begin, size_t end) const {
    end = std::min(end, m_values.size());
    Extremes result;
    size_t i = begin;
    while (i < end) {
        if (i % kGroup != 0 || i + kGroup > end) {
            result.add(m_values[i++]);
            continue;
        }
        size_t level = 0;
        while (level + 1 < m_levels.size() && i % (kGroup << (level + 1)) == 0 && i + (kGroup << (level + 1)) <= end)
            ++level;
        result.add(m_levels[level][(i / kGroup) >> level]);
        i += kGroup << level;
    }
    return result;
}

void XColumn::append(double value) {
    if (!m_values.empty() && !(value >= m_values.back())) value = m_values.back();
    if (!std::isfinite(value)) value = m_values.empty() ? 0 : m_values.back();
    m_values.push_back(value);
}

void XColumn::truncate(size_t count) {
    if (count < m_values.size()) m_values.resize(count);
}

size_t XColumn::lowerBound(double x, size_t from) const {
    return size_t(std::lower_bound(m_values.begin() + std::ptrdiff_t(from), m_values.end(), x) - m_values.begin());
}

size_t XColumn::upperBound(double x, size_t from) const {
    return size_t(std::upper_bound(m_values.begin() + std::ptrdiff_t(from), m_values.end(), x) - m_values.begin());
}

size_t XColumn::nearest(double x) const {
    const size_t above = upperBound(x);
    if (above == 0) return upperBound(m_values.front()) - 1;
    if (above == m_values.size()) return above - 1;
    return x - m_values[above - 1] <= m_values[above] - x ? above - 1 : upperBound(m_values[above]) - 1;
}

void XColumns::append(const XPoint& point) {
    steps.append(point.steps);
    tokens.append(point.tokens);
    hours.append(point.hours);
}

void XColumns::truncate(size_t count) {
    steps.truncate(count);
    tokens.truncate(count);
    hours.truncate(count);
}

}  // namespace radlads::ui
