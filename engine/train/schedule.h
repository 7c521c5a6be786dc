// Learning-rate schedules, exactly radlads.md 5.5.
#pragma once

#include <cstdint>

#include "engine/protocol/plan.h"

namespace radlads::train {

struct LearningRates {
    double main = 0, mixer = 0;
};

// The rates of update number `update` (0, 1, ...) of a step: progress is counted in tokens, p = (update * tokensPerUpdate - warm-up) /
// (total - warm-up), then the curve between lr_wait and lr_endpoint, times 0.01 + 0.99 update / warmup_steps during warm-up.
LearningRates learningRates(const protocol::LearningRatePlan& plan, int64_t update, int64_t tokensPerUpdate, int64_t totalTokens);

}  // namespace radlads::train
