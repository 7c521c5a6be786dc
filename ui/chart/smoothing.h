// Exponential moving average of a column, without the bias to zero at its start (as TensorBoard smooths). Grows and
// shrinks with the column; a plain value.
#pragma once

#include "ui/chart/column.h"

namespace radlads::ui {

class Smoothing {
public:
    static constexpr double kMaxWeight = 0.999;

    double weight() const { return m_weight; }
    // 0: the values themselves; up to kMaxWeight. Another weight forgets everything: call update again.
    void setWeight(double weight);
    // Makes the average of all of `values`; those before `firstChanged` are known to be the same as last time.
    // starts: where the average begins anew, in order, as the steps of a run have losses that cannot be averaged.
    void update(const Column& values, size_t firstChanged, const std::vector<size_t>& starts = {});
    const Column& result() const { return m_result; }

private:
    struct State {
        double sum = 0, remaining = 1;  // of weights: the average is sum / (1 - remaining)
    };
    static constexpr size_t kKeepEvery = 1024;

    double m_weight = 0;
    State m_state;
    std::vector<State> m_kept;  // the state before value kKeepEvery · i, to go on from after a truncation
    Column m_result;
};

}  // namespace radlads::ui
