#include "ui/chart/smoothing.h"

#include <algorithm>

namespace radlads::ui {

void Smoothing::setWeight(double weight) {
    weight = std::clamp(std::isfinite(weight) ? weight : 0.0, 0.0, kMaxWeight);
    if (weight == m_weight) return;
    m_weight = weight;
    m_state = {};
    m_kept.clear();
    m_result = {};
}

void Smoothing::update(const Column& values, size_t firstChanged, const std::vector<size_t>& starts) {
    size_t start = std::min({firstChanged, m_result.size(), values.size()});
    if (start < m_result.size()) {
        start = start / kKeepEvery * kKeepEvery;
        m_state = m_kept[start / kKeepEvery];
        m_kept.resize(start / kKeepEvery);
        m_result.truncate(start);
    }
    auto next = std::lower_bound(starts.begin(), starts.end(), start);
    for (size_t i = start; i < values.size(); ++i) {
        if (next != starts.end() && *next == i) {
            m_state = {};
            ++next;
        }
        if (i % kKeepEvery == 0) m_kept.push_back(m_state);
        const double value = values.at(i);
        if (!std::isfinite(value)) {
            m_result.append(value);  // a gap stays a gap and spoils nothing after it
            continue;
        }
        m_state.sum = m_state.sum * m_weight + (1 - m_weight) * value;
        m_state.remaining *= m_weight;
        m_result.append(m_state.sum / (1 - m_state.remaining));
    }
}

}  // namespace radlads::ui
