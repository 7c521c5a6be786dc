// Whole models by the fused kernels against LibTorch's operations, in float64 for truth: outputs and every gradient.
#include <gtest/gtest.h>

#include "engine/convert/losses.h"
#include "engine/convert/setup.h"
#include "engine/model/compat.h"
#include "engine/model/device.h"
#include "engine/model/decoder.h"
#include "engine/model/kernel_choice.h"
#include "tests/model/small_models.h"

namespace {

using namespace radlads;
using model::KernelChoice;
using protocol::Architecture;
using protocol::GateKind;
using testing_models::perturbed;
using testing_models::smallTeacher;
using testing_models::studentPlan;

model::Weights converted(const model::Weights& weights, at::ScalarType dtype) {
    model::Weights result;
    for (const auto& [name, tensor] : weights) result[name] = tensor.detach().to(dtype).clone().requires_grad_(true);
    return result;
}

struct Outcome {
    double loss = 0;
    model::Weights gradients;
};

// A weighted sum of the hidden states of a window, and of the next token behind its state; and its gradients.
Outcome outcomeOf(const model::Weights& weights, const io::ModelConfig& config) {
    const at::ScalarType dtype = weights.at("model.norm.weight").scalar_type();
    at::manual_seed(5);
    const at::Tensor tokens = at::randint(config.vocabSize, {2, 21}, at::kLong);
    const auto weight = [&](int64_t length) { return at::randn({2, length, config.hiddenSize}, at::kDouble).to(dtype); };
    model::DecoderState state = model::emptyState(config);
    const at::Tensor first = model::hiddenStates(weights, config, tokens.narrow(1, 0, 20), {.state = &state});
    const at::Tensor second = model::hiddenStates(weights, config, tokens.narrow(1, 20, 1), {.state = &state});
    const at::Tensor loss = (first * weight(20)).sum() + (second * weight(1)).sum();
    std::vector<std::string> names;
    std::vector<at::Tensor> inputs;
    for (const auto& [name, tensor] : weights) {
        names.push_back(name);
        inputs.push_back(tensor);
    }
    const std::vector<at::Tensor> gradients = model::gradients({loss}, inputs);
    Outcome outcome{loss.item<double>(), {}};
    for (size_t i = 0; i < names.size(); ++i)
        if (gradients[i].defined()) outcome.gradients[names[i]] = gradients[i].to(at::kDouble);
    return outcome;
}

void expectSame(const model::Weights& weights, const io::ModelConfig& config, const std::string& what) {
    const Outcome truth = outcomeOf(converted(weights, at::kDouble), config);
    for (const KernelChoice choice : model::kernelsOf(at::kCPU)) {
        model::forceKernels(choice);
        const Outcome outcome = outcomeOf(converted(weights, at::kFloat), config);
        const std::string name = what + " " + model::toString(choice);
        EXPECT_NEAR(outcome.loss, truth.loss, 1e-3 * std::max(1.0, std::abs(truth.loss))) << name;
        EXPECT_EQ(outcome.gradients.size(), truth.gradients.size()) << name;
        for (const auto& [parameter, gradient] : outcome.gradients) {
            const at::Tensor& expected = truth.gradients.at(parameter);
            ASSERT_EQ(gradient.sizes(), expected.sizes()) << name << " " << parameter;
            const double error = (gradient - expected).norm().item<double>() / std::max(expected.norm().item<double>(), 1e-6);
            EXPECT_LT(error, 1e-3) << name << " " << parameter;  // LibTorch itself in float32: up to 2e-4
        }
    }
    model::forceKernels(std::nullopt);
}

TEST(Fused, TeachersHaveTheGradientsOfLibTorch) {
    for (const io::Family family : {io::Family::Qwen2, io::Family::Qwen3}) {
        const auto [config, weights] = smallTeacher(family);
        expectSame(perturbed(weights), config, fmt::format("family {}", static_cast<int>(family)));
    }
}

TEST(Fused, EveryStudentOptionHasTheGradientsOfLibTorch) {
    struct Options {
        io::Family family;
        int64_t kvHeads;
        bool balance, groupNorm, rope, tokenShift;
        GateKind gate;
        std::vector<int64_t> kept;
    };
    // Each value of each option, the pairs that meet in one kernel together: balance and groups, norm and gate, rope and groups.
    const Options all[] = {
        {io::Family::Qwen2, 2, true, false, true, true, GateKind::LowRank, {}},
        {io::Family::Qwen2, 2, false, true, false, false, GateKind::Full, {}},
        {io::Family::Qwen2, 4, true, true, false, true, GateKind::None, {0}},
        {io::Family::Qwen3, 4, false, false, true, true, GateKind::Full, {}},
        {io::Family::Qwen3, 2, false, false, false, true, GateKind::None, {1}},
        {io::Family::Qwen2, 1, true, true, true, false, GateKind::LowRank, {}},
        {io::Family::Qwen2, 4, true, false, true, false, GateKind::Full, {}},
        {io::Family::Qwen3, 2, false, true, true, true, GateKind::LowRank, {}},
    };
    for (const Architecture architecture : {Architecture::RadRwkv7, Architecture::RadRwkv6}) {
        for (const Options& options : all) {
            const auto [config, weights] = smallTeacher(options.family, options.kvHeads);
            protocol::StudentPlan plan = studentPlan(architecture);
            plan.gate = options.gate;
            plan.attentionLayers = options.kept;
            auto student = convert::studentConfig(config, plan);
            ASSERT_TRUE(student) << student.error().message;
            student->student->balanceState = options.balance;
            student->student->groupNorm = options.groupNorm;
            student->student->rope = options.rope;
            student->student->tokenShift = options.tokenShift && architecture == Architecture::RadRwkv6;
            const std::string what = fmt::format("architecture {} family {} kv {} balance {} norm {} rope {} shift {} gate {}", static_cast<int>(architecture),
                                                 static_cast<int>(options.family), options.kvHeads, options.balance, options.groupNorm, options.rope,
                                                 options.tokenShift, static_cast<int>(options.gate));
            expectSame(perturbed(convert::studentWeights(weights, *student, 5)), *student, what);
        }
    }
}

// Step 1 walks the layers itself and carries the gradient of the shared values.
TEST(Fused, AlignmentHasTheGradientsOfLibTorch) {
    for (const Architecture architecture : {Architecture::RadRwkv7, Architecture::RadRwkv6}) {
        const auto [config, weights] = smallTeacher(io::Family::Qwen2);
        const auto student = convert::studentConfig(config, studentPlan(architecture));
        ASSERT_TRUE(student) << student.error().message;
        const model::Weights own = perturbed(convert::studentWeights(weights, *student, 5));
        const at::Tensor tokens = at::randint(config.vocabSize, {2, 19}, at::kLong);
        const auto aligned = [&, &teacherConfig = config, &teacherWeights = weights](at::ScalarType dtype, KernelChoice choice) {
            model::forceKernels(choice);
            const model::Weights teacher = converted(teacherWeights, dtype), trained = converted(own, dtype);
            const auto result = convert::alignLoss({teacher, teacherConfig}, {trained, *student}, tokens, protocol::Loss::AlignL2);
            model::forceKernels(std::nullopt);
            return result;
        };
        const auto truth = aligned(at::kDouble, KernelChoice::Torch);
        for (const KernelChoice choice : model::kernelsOf(at::kCPU)) {
            const auto result = aligned(at::kFloat, choice);
            EXPECT_NEAR(result.loss, truth.loss, 1e-5 * truth.loss) << model::toString(choice);
            ASSERT_EQ(result.gradients.size(), truth.gradients.size());
            for (const auto& [name, gradient] : result.gradients) {
                const at::Tensor& expected = truth.gradients.at(name);
                const double error = (gradient.to(at::kDouble) - expected).norm().item<double>() / std::max(expected.norm().item<double>(), 1e-9);
                EXPECT_LT(error, 2e-4) << model::toString(choice) << " " << name;
            }
        }
    }
}

}  // namespace
