#include "engine/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace radlads::train {
namespace {

// 1 at the start, 0 at the end of the curve; q in [0, 1]. The cosine is a quarter, as in the released code.
double remaining(protocol::ScheduleKind kind, double q) {
    switch (kind) {
        case protocol::ScheduleKind::Constant: return 1.0;
        case protocol::ScheduleKind::Cosine: return std::cos(std::numbers::pi / 2.0 * q);
        case protocol::ScheduleKind::Linear: return 1.0 - q;
        case protocol::ScheduleKind::OneMinusSqrt: return 1.0 - std::sqrt(q);
        case protocol::ScheduleKind::Exponential: break;  // geometric, not a mix: see interpolate
    }
    return 1.0 - q;
}

double interpolate(protocol::ScheduleKind kind, double initial, double final, double q) {
    if (kind == protocol::ScheduleKind::Exponential) return initial * std::pow(final / initial, q);
    return final + (initial - final) * remaining(kind, q);
}

}  // namespace

LearningRates learningRates(const protocol::LearningRatePlan& plan, int64_t update, int64_t tokensPerUpdate, int64_t totalTokens) {
    const double warm = static_cast<double>(plan.warmupSteps * tokensPerUpdate), total = static_cast<double>(totalTokens);
    const double tokens = static_cast<double>(update * tokensPerUpdate);
    const double p = total > warm ? std::clamp((tokens - warm) / (total - warm), 0.0, 1.0) : 0.0;
    const double q = plan.endpoint > plan.wait ? std::clamp((p - plan.wait) / (plan.endpoint - plan.wait), 0.0, 1.0) : (p < plan.wait ? 0.0 : 1.0);
    const double warmUp = update < plan.warmupSteps ? 0.01 + 0.99 * static_cast<double>(update) / static_cast<double>(plan.warmupSteps) : 1.0;
    return {warmUp * interpolate(plan.schedule, plan.initial, plan.final, q),
            warmUp * interpolate(plan.schedule, plan.mixerInitial.value_or(plan.initial), plan.mixerFinal.value_or(plan.final), q)};
}

}  // namespace radlads::train
