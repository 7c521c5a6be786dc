#include "ui/chart/chart_group.h"

#include <algorithm>
#include <cmath>

#include "ui/chart/chart.h"

namespace radlads::ui {
namespace {

constexpr double kClosest = 1e-9;  // the narrowest range, relative to where it is

}  // namespace

ChartGroup::ChartGroup(QObject* parent) : QObject(parent) {}

void ChartGroup::add(Chart* chart) {
    if (m_charts.contains(chart)) return;
    m_charts.append(chart);
    chart->joinGroup(this);
    if (m_charts.size() == 1) m_isLogX = chart->rememberedLogX();
    dataChanged();
}

void ChartGroup::remove(Chart* chart) {
    m_charts.removeAll(chart);
}

std::optional<std::pair<double, double>> ChartGroup::dataRange() const {
    std::optional<std::pair<double, double>> range;
    for (const Chart* chart : m_charts) {
        const auto own = chart->dataRange(m_isLogX ? Scale::Logarithmic : Scale::Linear);
        if (!own) continue;
        range = range ? std::pair{std::min(range->first, own->first), std::max(range->second, own->second)} : *own;
    }
    return range;
}

void ChartGroup::setUnit(XUnit unit) {
    if (unit == m_unit) return;
    const Chart* reference = nullptr;
    for (const Chart* chart : m_charts) {
        if (!reference && chart->dataRange(Scale::Linear)) reference = chart;
    }
    if (reference) {
        if (m_cursor) m_cursor = reference->pointAt(*m_cursor).value_or(XPoint{}).in(unit);
        if (!m_isFitted) {
            const auto lower = reference->pointAt(m_lower), upper = reference->pointAt(m_upper);
            if (lower && upper && lower->in(unit) < upper->in(unit)) {
                m_lower = lower->in(unit);
                m_upper = upper->in(unit);
            } else {
                m_isFitted = true;
            }
        }
    }
    m_unit = unit;
    Q_EMIT unitChanged();
    dataChanged();
    Q_EMIT cursorChanged();
}

void ChartGroup::applyRange(double lower, double upper) {
    if (!std::isfinite(lower) || !std::isfinite(upper)) return;
    const double least = std::max(std::abs(lower), std::abs(upper)) * kClosest + 1e-12;
    if (upper - lower < least) {
        const double middle = (lower + upper) / 2, half = lower == upper ? std::max(0.5, least) : least / 2;
        lower = middle - half;
        upper = middle + half;
        if (m_isLogX && lower <= 0) lower = upper / 10;
    }
    if (lower == m_lower && upper == m_upper) return;
    m_lower = lower;
    m_upper = upper;
    for (Chart* chart : m_charts) chart->scheduleReplot();
    Q_EMIT rangeChanged();
}

void ChartGroup::setFollowing(bool isFollowing) {
    if (isFollowing == m_isFollowing) return;
    m_isFollowing = isFollowing;
    Q_EMIT followingChanged(isFollowing);
}

void ChartGroup::setRange(double lower, double upper) {
    if (lower > upper) std::swap(lower, upper);
    m_isFitted = false;
    setFollowing(false);
    applyRange(lower, upper);
}

void ChartGroup::zoom(double factor, double centre) {
    const auto data = dataRange();
    if (!data) return;
    double lower, upper;
    if (m_isLogX && m_lower > 0 && centre > 0) {
        lower = centre * std::pow(m_lower / centre, factor);
        upper = centre * std::pow(m_upper / centre, factor);
    } else {
        lower = centre + (m_lower - centre) * factor;
        upper = centre + (m_upper - centre) * factor;
    }
    // Farther than everything is everything.
    if (factor > 1 && lower <= data->first && upper >= data->second) {
        fit();
        return;
    }
    setRange(lower, upper);
}

void ChartGroup::pan(double share) {
    if (m_isLogX && m_lower > 0) {
        const double factor = std::pow(m_upper / m_lower, share);
        setRange(m_lower * factor, m_upper * factor);
    } else {
        const double distance = (m_upper - m_lower) * share;
        setRange(m_lower + distance, m_upper + distance);
    }
}

void ChartGroup::fit() {
    m_isFitted = true;
    setFollowing(true);
    for (Chart* chart : m_charts) chart->fitY();
    dataChanged();
}

void ChartGroup::follow() {
    setFollowing(true);
    dataChanged();
}

void ChartGroup::setLogX(bool isLogX) {
    if (isLogX == m_isLogX) return;
    m_isLogX = isLogX;
    if (m_isLogX && m_lower <= 0) m_isFitted = true;
    for (Chart* chart : m_charts) {
        chart->rememberLogX(isLogX);
        chart->scheduleReplot();
    }
    Q_EMIT logXChanged(isLogX);
    dataChanged();
}

void ChartGroup::setCursor(std::optional<double> x) {
    if (x == m_cursor) return;
    m_cursor = x;
    for (Chart* chart : m_charts) chart->updateCursor();
    Q_EMIT cursorChanged();
}

QList<ReadOutValue> ChartGroup::readOut() const {
    QList<ReadOutValue> values;
    for (const Chart* chart : m_charts) values.append(chart->valuesAt(m_cursor));
    return values;
}

std::optional<XPoint> ChartGroup::readOutPoint() const {
    for (const Chart* chart : m_charts) {
        if (const auto point = chart->pointAt(m_cursor.value_or(std::numeric_limits<double>::infinity()))) return point;
    }
    return std::nullopt;
}

void ChartGroup::dataChanged() {
    const auto data = dataRange();
    if (!data) {
        if (m_isFitted) applyRange(m_isLogX ? 1 : 0, m_isLogX ? 10 : 1);
    } else if (m_isFitted) {
        applyRange(data->first, data->second);
    } else if (m_isFollowing) {
        const double shift = data->second - m_upper;
        if (m_isLogX && m_upper > 0) {
            applyRange(m_lower * data->second / m_upper, data->second);
        } else {
            applyRange(m_lower + shift, data->second);
        }
    }
    for (Chart* chart : m_charts) chart->scheduleReplot();
    Q_EMIT dataArrived();
}

}  // namespace radlads::ui
