#include "engine/train/guard.h"

#include <algorithm>
#include <cmath>

namespace radlads::train {
namespace {

constexpr int64_t kWarmUpdates = 20;   // before that the mean says nothing
constexpr double kMemory = 0.98;       // of the running mean

}  // namespace

std::string checkUpdate(const BatchGradients& batch, const protocol::GuardPlan& guard, Position& position) {
    if (std::isnan(batch.loss)) return "the loss is NaN";
    if (std::isinf(batch.loss)) return "the loss is infinite";
    if (!std::isfinite(batch.norm)) return "the gradient is not finite";
    const bool judged = guard.spikeFactor > 0 && position.meanCount >= kWarmUpdates;
    if (judged && batch.loss > guard.spikeFactor * position.meanLoss) {
        return fmt::format("the loss {:.4g} is over {:g} times its running mean {:.4g}", batch.loss, guard.spikeFactor, position.meanLoss);
    }
    ++position.meanCount;
    const double weight = std::max(1.0 - kMemory, 1.0 / static_cast<double>(position.meanCount));
    position.meanLoss += weight * (batch.loss - position.meanLoss);
    return {};
}

}  // namespace radlads::train
