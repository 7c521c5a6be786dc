// Adam with decoupled weight decay and bias correction (radlads.md 5.5), over float32 state dicts.
#pragma once

#include <string>
#include <vector>

#include "engine/model/weights.h"
#include "engine/protocol/plan.h"
#include "engine/train/schedule.h"

namespace radlads::train {

class Optimizer {
public:
    // weights: shared, updated in place; the parameters that require gradients. A name with ".self_attn." is in the mixer group.
    Optimizer(model::Weights& weights, const protocol::AdamPlan& adam, double weightDecay);

    // One update with gradients * scale. A parameter without a gradient stays as it is. The result does not depend on `threads`.
    void update(const model::Weights& gradients, double scale, const LearningRates& rates, size_t threads);

    int64_t updates() const { return m_updates; }
    // Moments by name: "NAME.m", "NAME.v"; for checkpoints.
    model::Weights state() const;
    Status restore(const model::Weights& state, int64_t updates);

private:
    struct Parameter {
        std::string name;
        at::Tensor value, firstMoment, secondMoment;
        bool mixer = false, decays = false;
    };
    void plainUpdate(const model::Weights& gradients, double scale, const LearningRates& rates, size_t threads);

    std::vector<Parameter> m_parameters;
    protocol::AdamPlan m_adam;
    double m_weightDecay = 0;
    int64_t m_updates = 0;
};

}  // namespace radlads::train
