// The learning rate over a step, as the engine computes it (engine/train/schedule.cpp), for drawing. Pure functions.
#pragma once

#include "engine/protocol/plan.h"

namespace radlads::ui {

struct CurvePoint {
    double main = 0, mixer = 0;
};

// The rates of update number `update` (0, 1, ...) of a step of totalTokens: the curve between wait and endpoint over
// the tokens after the warm-up, times 0.01 + 0.99 update / warmupSteps during the warm-up. "cosine" is a quarter
// cosine.
CurvePoint learningRatesAt(const protocol::LearningRatePlan& plan, double update, double tokensPerUpdate,
                           double totalTokens);

// Optimizer updates of a step: the step ends at the first update at or after its tokens.
double updatesOf(const protocol::StepPlan& step);

}  // namespace radlads::ui
