// Watches the loss: NaN or a spike means that the update must not happen.
#pragma once

#include <string>

#include "engine/protocol/plan.h"
#include "engine/train/checkpoint.h"
#include "engine/train/updater.h"

namespace radlads::train {

// Empty if the update may be applied (the running mean in `position` then moves on), else what is wrong, as a clause:
// "the loss is NaN", "the loss 9.1 is over 3 times its running mean 2.4".
std::string checkUpdate(const BatchGradients& batch, const protocol::GuardPlan& guard, Position& position);

}  // namespace radlads::train
