// What the guard lets through.
#include "engine/train/guard.h"

#include <gtest/gtest.h>

#include <limits>

namespace {

using namespace radlads;

train::BatchGradients batch(double loss, double norm = 1.0) {
    train::BatchGradients result;
    result.loss = loss;
    result.norm = norm;
    return result;
}

TEST(Guard, StopsNanInfinityAndSpikesAndLeavesTheMeanAlone) {
    train::Position position;
    const protocol::GuardPlan plan;
    for (int i = 0; i < 50; ++i) ASSERT_EQ(train::checkUpdate(batch(2.0), plan, position), "");
    EXPECT_DOUBLE_EQ(position.meanLoss, 2.0);
    EXPECT_EQ(train::checkUpdate(batch(std::numeric_limits<double>::quiet_NaN()), plan, position), "the loss is NaN");
    EXPECT_EQ(train::checkUpdate(batch(std::numeric_limits<double>::infinity()), plan, position), "the loss is infinite");
    EXPECT_EQ(train::checkUpdate(batch(2.0, std::numeric_limits<double>::quiet_NaN()), plan, position), "the gradient is not finite");
    EXPECT_EQ(train::checkUpdate(batch(6.1), plan, position), "the loss 6.1 is over 3 times its running mean 2");
    EXPECT_DOUBLE_EQ(position.meanLoss, 2.0);
    EXPECT_EQ(train::checkUpdate(batch(5.9), plan, position), "");
}

TEST(Guard, JudgesNoSpikeBeforeTheMeanMeansSomethingOrWhenSwitchedOff) {
    train::Position position;
    protocol::GuardPlan plan;
    EXPECT_EQ(train::checkUpdate(batch(1.0), plan, position), "");
    EXPECT_EQ(train::checkUpdate(batch(50.0), plan, position), "");
    plan.spikeFactor = 0;
    for (int i = 0; i < 50; ++i) ASSERT_EQ(train::checkUpdate(batch(1.0), plan, position), "");
    EXPECT_EQ(train::checkUpdate(batch(500.0), plan, position), "");
}

}  // namespace
