// Whole models: decoding with a state equals the parallel form, for every architecture and option.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/convert/setup.h"
#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/generate.h"
#include "engine/model/threads.h"
#include "tests/model/small_models.h"

namespace {

using namespace radlads;
using testing_models::perturbed;
using testing_models::smallTeacher;
using testing_models::studentPlan;

void expectDecodeEqualsParallel(const model::Weights& weights, const io::ModelConfig& config, const std::string& what) {
    const c10::NoGradGuard noGrad;
    at::manual_seed(3);
    const at::Tensor tokens = at::randint(config.vocabSize, {2, 45}, at::kLong);
    const at::Tensor parallel = model::logits(weights, config, tokens);
    model::DecoderState state = model::emptyState(config);
    std::vector<at::Tensor> pieces;
    // A prefill, single tokens, and a longer piece in the middle.
    for (int64_t start = 0, size = 17; start < tokens.size(1); start += size, size = start < 30 ? 1 : 6) {
        size = std::min(size, tokens.size(1) - start);
        pieces.push_back(model::logits(weights, config, tokens.narrow(1, start, size), {.state = &state}));
    }
    const double error = ((at::cat(pieces, 1) - parallel).abs().max() / parallel.abs().max()).item<double>();
    EXPECT_LE(error, 1e-4) << what;
    EXPECT_EQ(state.position, tokens.size(1));
}

TEST(Decoder, TeacherDecodeEqualsParallel) {
    const auto [config, weights] = smallTeacher(io::Family::Qwen2);
    expectDecodeEqualsParallel(weights, config, "qwen2");
}

TEST(Decoder, EveryStudentOptionDecodesAsItTrains) {
    using protocol::Architecture;
    using protocol::GateKind;
    using protocol::Variant;
    for (const io::Family family : {io::Family::Qwen2, io::Family::Qwen3}) {
        const auto [config, weights] = smallTeacher(family);
        for (const Architecture architecture : {Architecture::RadRwkv7, Architecture::RadRwkv6}) {
            for (const Variant variant : {Variant::Balanced, Variant::GroupNorm}) {
                for (const bool rope : {false, true}) {
                    for (const GateKind gate : {GateKind::None, GateKind::Full, GateKind::LowRank}) {
                        protocol::StudentPlan plan = studentPlan(architecture);
                        plan.variant = variant;
                        plan.rope = rope;
                        plan.gate = gate;
                        plan.attentionLayers = gate == GateKind::Full ? std::vector<int64_t>{1} : std::vector<int64_t>{};
                        const auto student = convert::studentConfig(config, plan);
                        ASSERT_TRUE(student) << student.error().message;
                        expectDecodeEqualsParallel(perturbed(convert::studentWeights(weights, *student, 5)), *student,
                                                   fmt::format("family {} architecture {} variant {} rope {} gate {}", static_cast<int>(family),
                                                               static_cast<int>(architecture), static_cast<int>(variant), rope, static_cast<int>(gate)));
                    }
                }
            }
        }
    }
}

TEST(Decoder, StudentStateStaysTheSameSizeAndTheCacheGrows) {
    const auto [config, weights] = smallTeacher(io::Family::Qwen2);
    const auto student = convert::studentConfig(config, studentPlan(protocol::Architecture::RadRwkv7));
    const model::Weights studentWeights = convert::studentWeights(weights, *student, 5);
    const std::vector<int32_t> shortPrompt(8, 1), longPrompt(64, 1);
    const auto bytes = [&](const model::Weights& w, const io::ModelConfig& c, const std::vector<int32_t>& prompt) {
        return model::generate(w, c, prompt, 4, {}).stateBytes;
    };
    EXPECT_EQ(bytes(studentWeights, *student, shortPrompt), bytes(studentWeights, *student, longPrompt));
    EXPECT_LT(bytes(weights, config, shortPrompt), bytes(weights, config, longPrompt));
}

TEST(Generate, SameSeedSameTextAndGreedyIsTheArgmax) {
    const auto [config, weights] = smallTeacher(io::Family::Qwen2);
    const std::vector<int32_t> prompt{3, 1, 4, 1, 5};
    const model::SamplingOptions sampled{.temperature = 1.0, .topK = 20, .topP = 0.9, .seed = 7};
    EXPECT_EQ(model::generate(weights, config, prompt, 20, sampled).tokens, model::generate(weights, config, prompt, 20, sampled).tokens);
    const auto greedy = model::generate(weights, config, prompt, 1, {});
    const c10::NoGradGuard noGrad;
    const at::Tensor logits = model::logits(weights, config, at::tensor({3, 1, 4, 1, 5}, at::kLong).unsqueeze(0));
    EXPECT_EQ(greedy.tokens.front(), logits[0][4].argmax().item<int64_t>());
}

TEST(Generate, AnEndTokenEndsUnlessItIsToBeIgnored) {
    auto [config, weights] = smallTeacher(io::Family::Qwen2);
    const std::vector<int32_t> prompt{3, 1, 4, 1, 5};
    const int32_t first = model::generate(weights, config, prompt, 1, {}).tokens.front();
    config.eosTokens = {first, config.vocabSize + 7};
    const auto ended = model::generate(weights, config, prompt, 5, {});
    EXPECT_TRUE(ended.ended);
    EXPECT_TRUE(ended.tokens.empty());
    const auto goesOn = model::generate(weights, config, prompt, 5, {.ignoreEnd = true});
    EXPECT_FALSE(goesOn.ended);
    EXPECT_EQ(goesOn.tokens.size(), 5u);
    EXPECT_EQ(std::count(goesOn.tokens.begin(), goesOn.tokens.end(), first), 0);
}

TEST(Rotary, Llama3ScalingFollowsTheThreeRanges) {
    auto [config, weights] = smallTeacher(io::Family::Llama);
    config.headDim = 64;
    config.rope = {.theta = 500000, .scaling = io::RopeConfig::Scaling::Llama3, .factor = 8, .lowFrequencyFactor = 1, .highFrequencyFactor = 4, .originalMaxPositions = 8192};
    const model::Rotary scaled = model::rotaryTable(config, 1, 1, at::kDouble);
    config.rope.scaling = io::RopeConfig::Scaling::None;
    const model::Rotary plain = model::rotaryTable(config, 1, 1, at::kDouble);
    const auto angle = [](const model::Rotary& r, int64_t j) { return std::atan2(r.sin[0][j].item<double>(), r.cos[0][j].item<double>()); };
    EXPECT_NEAR(angle(scaled, 0), angle(plain, 0), 1e-12);             // short wavelength: unchanged
    EXPECT_NEAR(angle(scaled, 31), angle(plain, 31) / 8, 1e-12);       // long: divided by the factor
    EXPECT_LT(angle(scaled, 16), angle(plain, 16));                    // between: smoothly
    EXPECT_GT(angle(scaled, 16), angle(plain, 16) / 8);
}

// What is kept from one call to the next must not show: other positions, bases, head sizes and dtypes in between.
TEST(Rotary, DependsOnItsArgumentsAlone) {
    auto [config, weights] = smallTeacher(io::Family::Llama);
    struct Call {
        double theta;
        int64_t headDim, start, length;
        at::ScalarType dtype;
    };
    const Call calls[] = {{10000, 16, 0, 7, at::kDouble},   {10000, 16, 5, 9, at::kDouble}, {10000, 16, 3, 2, at::kDouble},
                          {500000, 16, 3, 2, at::kDouble},  {10000, 8, 3, 2, at::kDouble},  {10000, 8, 3, 2, at::kFloat},
                          {10000, 8, 65530, 6, at::kFloat}, {10000, 8, 65530, 7, at::kFloat}};
    for (const Call& call : calls) {
        config.rope.theta = call.theta;
        config.headDim = call.headDim;
        const model::Rotary table = model::rotaryTable(config, call.start, call.length, call.dtype);
        ASSERT_EQ(table.cos.sizes(), (std::vector<int64_t>{call.length, call.headDim}));
        ASSERT_EQ(table.sin.scalar_type(), call.dtype);
        const double tolerance = call.dtype == at::kFloat ? 1e-7 : 1e-15;
        for (int64_t t = 0; t < call.length; ++t)
            for (int64_t i = 0; i < call.headDim; ++i) {
                const double j = static_cast<double>(i % (call.headDim / 2)), size = static_cast<double>(call.headDim);
                const double angle = static_cast<double>(call.start + t) * std::pow(call.theta, -2 * j / size);
                EXPECT_NEAR(table.cos[t][i].item<double>(), std::cos(angle), tolerance);
                EXPECT_NEAR(table.sin[t][i].item<double>(), std::sin(angle), tolerance);
            }
    }
}

}  // namespace
