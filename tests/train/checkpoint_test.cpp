// Checkpoints: whole or not there, damaged ones passed over, other plans refused.
#include "engine/train/checkpoint.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/model/compat.h"
#include "tests/run/temporary_directory.h"

namespace {

using namespace radlads;
namespace fs = std::filesystem;

constexpr const char* kPlan = "0123456789abcdef";

model::Weights tensors(double value) {
    return {{"a", at::full({3, 4}, value)}, {"b", at::full({5}, value + 1)}};
}

class Checkpoint : public test::TemporaryDirectory {
protected:
    void save(int64_t update, double value) {
        ASSERT_TRUE(train::saveCheckpoint(directory(), {.stepIndex = 0, .update = update, .tokens = update * 10}, kPlan, tensors(value), tensors(-value)));
    }
    fs::path at(size_t index) const { return train::listCheckpoints(directory(), kPlan).at(index).directory; }
};

TEST_F(Checkpoint, NewestComesFirstAndReadsBackExactly) {
    save(5, 1.5);
    save(10, 2.5);
    const auto found = train::listCheckpoints(directory(), kPlan);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].position.update, 10);
    const auto loaded = train::loadCheckpointFiles(found[0]);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_TRUE(at::equal(loaded->weights.at("a"), tensors(2.5).at("a")));
    EXPECT_TRUE(at::equal(loaded->optimizer.at("b"), tensors(-2.5).at("b")));
    EXPECT_EQ(loaded->info.position.tokens, 100);
}

TEST_F(Checkpoint, AFlippedBitIsFoundAndATruncatedFileIsLeftOut) {
    save(5, 1.5);
    save(10, 2.5);
    {
        std::fstream file(at(0) / "weights.safetensors", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(-3, std::ios::end);
        file.put('\x55');
    }
    const auto loaded = train::loadCheckpointFiles(train::listCheckpoints(directory(), kPlan)[0]);
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message.find("checksum"), std::string::npos) << loaded.error().message;
    fs::resize_file(at(0) / "optimizer.safetensors", 20);
    std::vector<std::string> damaged;
    const auto found = train::listCheckpoints(directory(), kPlan, &damaged);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].position.update, 5);
    EXPECT_EQ(damaged.size(), 1u);
}

TEST_F(Checkpoint, StateThatIsNoJsonOrOfAnotherPlanIsLeftOut) {
    save(5, 1.5);
    EXPECT_TRUE(train::listCheckpoints(directory(), "fedcba9876543210").empty());
    std::ofstream(at(0) / "state.json") << "{\"schema\": \"radlads.checkpoint/1\", \"plan\": 3}";
    EXPECT_TRUE(train::listCheckpoints(directory(), kPlan).empty());
    fs::create_directories(directory() / "checkpoints" / "step01-update00000099");
    EXPECT_TRUE(train::listCheckpoints(directory(), kPlan).empty());
}

TEST_F(Checkpoint, PruningKeepsTheNewestAndRemovesHalfWrittenOnes) {
    for (int64_t update : {1, 2, 3, 4}) save(update, 1.0);
    fs::create_directories(directory() / "checkpoints" / ".writing-step01-update00000005");
    train::pruneCheckpoints(directory(), kPlan, 2);
    const auto found = train::listCheckpoints(directory(), kPlan);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[1].position.update, 3);
    EXPECT_FALSE(fs::exists(directory() / "checkpoints" / ".writing-step01-update00000005"));
}

TEST_F(Checkpoint, RewritingThePositionKeepsTheTensors) {
    save(5, 1.5);
    auto info = train::listCheckpoints(directory(), kPlan)[0];
    info.position.rollbacks = 2;
    info.position.learningRateFactor = 0.25;
    ASSERT_TRUE(train::rewritePosition(info, kPlan));
    const auto again = train::listCheckpoints(directory(), kPlan)[0];
    EXPECT_EQ(again.position.rollbacks, 2);
    EXPECT_EQ(again.position.learningRateFactor, 0.25);
    EXPECT_TRUE(train::loadCheckpointFiles(again));
}

}  // namespace
