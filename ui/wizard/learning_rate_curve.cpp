#include "ui/wizard/learning_rate_curve.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace radlads::ui {
namespace {

using protocol::ScheduleKind;

double between(ScheduleKind kind, double initial, double final, double q) {
    switch (kind) {
        case ScheduleKind::Constant:
            return initial;
        case ScheduleKind::Cosine:
            return final + (initial - final) * std::cos(std::numbers::pi / 2.0 * q);
        case ScheduleKind::Linear:
            return final + (initial - final) * (1.0 - q);
        case ScheduleKind::OneMinusSqrt:
            return final + (initial - final) * (1.0 - std::sqrt(q));
        case ScheduleKind::Exponential:
            return initial > 0 ? initial * std::pow(final / initial, q) : 0.0;
    }
    return initial;
}

}  // namespace

CurvePoint learningRatesAt(const protocol::LearningRatePlan& plan, double update, double tokensPerUpdate,
                           double totalTokens) {
    const double warmupSteps = static_cast<double>(plan.warmupSteps);
    const double warmupTokens = warmupSteps * tokensPerUpdate, tokens = update * tokensPerUpdate;
    const double p =
        totalTokens > warmupTokens ? std::clamp((tokens - warmupTokens) / (totalTokens - warmupTokens), 0.0, 1.0) : 0.0;
    const double q = plan.endpoint > plan.wait ? std::clamp((p - plan.wait) / (plan.endpoint - plan.wait), 0.0, 1.0)
                     : p < plan.wait           ? 0.0
                                               : 1.0;
    const double warmup = update < warmupSteps ? 0.01 + 0.99 * update / warmupSteps : 1.0;
    return {warmup * between(plan.schedule, plan.initial, plan.final, q),
            warmup * between(plan.schedule, plan.mixerInitial.value_or(plan.initial),
                             plan.mixerFinal.value_or(plan.final), q)};
}

double updatesOf(const protocol::StepPlan& step) {
    const double tokensPerUpdate = static_cast<double>(step.batchSize) * static_cast<double>(step.sequenceLength);
    return std::ceil(static_cast<double>(step.tokens) / std::max(1.0, tokensPerUpdate));
}

}  // namespace radlads::ui
