// Learning rates against the check values of radlads.md 5.5.
#include "engine/train/schedule.h"

#include <gtest/gtest.h>

namespace {

using namespace radlads;
using protocol::LearningRatePlan;
using protocol::ScheduleKind;

constexpr int64_t kPerUpdate = 32 * 512, kTotal = 100'000'000;

TEST(Schedule, StepOneFollowsThePublishedQuarterCosine) {
    const LearningRatePlan plan;  // 1e-3 to 1e-5, cosine, 50 warm-up updates
    const struct {
        int64_t update;
        double rate;
    } expected[] = {{0, 1e-5}, {25, 5.05e-4}, {50, 1e-3}, {1000, 9.70e-4}, {3000, 7.24e-4}, {5000, 2.90e-4}, {6000, 3.66e-5}};
    for (const auto& [update, rate] : expected) EXPECT_NEAR(train::learningRates(plan, update, kPerUpdate, kTotal).main / rate, 1.0, 5e-3) << update;
}

TEST(Schedule, MixerFollowsTheSameCurveWithItsOwnEnds) {
    const LearningRatePlan plan{.initial = 1e-5, .final = 1e-5, .mixerInitial = 1e-4, .mixerFinal = 1e-5, .wait = 0.833, .endpoint = 0.875, .warmupSteps = 0};
    const auto at = [&](double fraction) { return train::learningRates(plan, static_cast<int64_t>(fraction * 10000), 100, 1'000'000); };
    EXPECT_DOUBLE_EQ(at(0.5).mixer, 1e-4);
    EXPECT_DOUBLE_EQ(at(0.5).main, 1e-5);
    EXPECT_DOUBLE_EQ(at(0.9).mixer, 1e-5);
    EXPECT_LT(at(0.854).mixer, 1e-4);
    EXPECT_GT(at(0.854).mixer, 1e-5);
}

TEST(Schedule, EveryCurveEndsAtTheFinalRate) {
    const struct {
        ScheduleKind kind;
        double middle;
    } curves[] = {{ScheduleKind::Cosine, 1e-5 + 9.9e-4 * 0.70710678}, {ScheduleKind::Linear, 5.05e-4}, {ScheduleKind::Exponential, 1e-4},
                  {ScheduleKind::OneMinusSqrt, 1e-5 + 9.9e-4 * (1 - 0.70710678)}};
    for (const auto& [kind, middle] : curves) {
        const LearningRatePlan plan{.schedule = kind, .warmupSteps = 0};
        EXPECT_NEAR(train::learningRates(plan, 0, 10, 1000).main, 1e-3, 1e-12);
        EXPECT_NEAR(train::learningRates(plan, 50, 10, 1000).main / middle, 1.0, 1e-6);
        EXPECT_NEAR(train::learningRates(plan, 100, 10, 1000).main, 1e-5, 1e-12);
    }
    const LearningRatePlan constant{.schedule = ScheduleKind::Constant, .warmupSteps = 0};
    EXPECT_DOUBLE_EQ(train::learningRates(constant, 99, 10, 1000).main, 1e-3);
}

}  // namespace
