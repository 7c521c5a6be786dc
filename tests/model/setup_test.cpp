// What setup promises: the initial values of radlads.md 2.1 and 3.1, and what follows from them.
#include <gtest/gtest.h>

#include "engine/convert/losses.h"
#include "engine/model/decoder.h"
#include "engine/model/device.h"
#include "engine/model/kernel_choice.h"
#include "tests/model/small_models.h"

namespace {

using namespace radlads;
using protocol::Architecture;
using testing_models::smallTeacher;
using testing_models::studentPlan;

struct Pair {
    io::ModelConfig teacherConfig, studentConfig;
    model::Weights teacher, student;
    convert::ModelView teacherView() const { return {teacher, teacherConfig}; }
    convert::ModelView studentView() const { return {student, studentConfig}; }
};

Pair makePair(Architecture architecture) {
    auto [config, weights] = smallTeacher(io::Family::Qwen2);
    auto student = convert::studentConfig(config, studentPlan(architecture));
    EXPECT_TRUE(student);
    model::Weights studentWeights = convert::studentWeights(weights, *student, 5);
    return {config, *student, std::move(weights), std::move(studentWeights)};
}

at::Tensor someTokens() {
    at::manual_seed(9);
    return at::randint(61, {2, 33}, at::kLong);
}

TEST(Setup, CopiesEveryTeacherTensor) {
    for (const Architecture architecture : {Architecture::RadRwkv7, Architecture::RadRwkv6}) {
        const Pair pair = makePair(architecture);
        for (const auto& [name, tensor] : pair.teacher) EXPECT_TRUE(at::equal(tensor, pair.student.at(name))) << name;
    }
}

TEST(Setup, Rwkv7DecayStartsInTheDocumentedRange) {
    const Pair pair = makePair(Architecture::RadRwkv7);
    for (int64_t layer = 0; layer < 3; ++layer) {
        const at::Tensor w0 = pair.student.at(model::layerPrefix(layer) + "self_attn.w0");
        EXPECT_NEAR(w0.min().item<double>(), -6.5, 1e-5);
        EXPECT_NEAR(w0.max().item<double>(), -1.5, 1e-5);
    }
    EXPECT_EQ(pair.student.at("model.layers.0.self_attn.v0").abs().max().item<double>(), 0.0);
    EXPECT_EQ(pair.student.at("model.layers.1.self_attn.v0").min().item<double>(), 1.0);
}

TEST(Setup, Rwkv6TokenShiftIsTheIdentityAtTheStart) {
    Pair pair = makePair(Architecture::RadRwkv6);
    const c10::NoGradGuard noGrad;
    const at::Tensor before = model::logits(pair.student, pair.studentConfig, someTokens());
    pair.studentConfig.student->tokenShift = false;
    EXPECT_TRUE(at::equal(before, model::logits(pair.student, pair.studentConfig, someTokens())));
}

TEST(Setup, Rwkv7FirstAlignLossIsNearTheTeacherOutputSize) {
    // The low-rank gate starts near zero, so the mixer's output does too (radlads.md 3.1).
    const Pair pair = makePair(Architecture::RadRwkv7);
    const c10::NoGradGuard noGrad;
    const at::Tensor tokens = someTokens();
    double size = 0;
    at::Tensor h = model::embed(pair.teacher, pair.teacherConfig, tokens);
    const model::Rotary rotary = model::rotaryTable(pair.teacherConfig, 0, tokens.size(1), at::kFloat);
    for (int64_t layer = 0; layer < 3; ++layer) {
        const at::Tensor x = model::mixerInput(pair.teacher, pair.teacherConfig, layer, h);
        model::MixerContext context{pair.teacherConfig, layer, rotary};
        const at::Tensor out = model::mixerForward(model::Scope(pair.teacher, model::layerPrefix(layer) + "self_attn."), x, context);
        size += (out.norm(2, -1).mean() / std::sqrt(32.0)).item<double>() / 3;
        h = h + out;
        h = h + model::mlp(pair.teacher, pair.teacherConfig, layer, h);
    }
    EXPECT_NEAR(convert::alignLossValue(pair.teacherView(), pair.studentView(), tokens, protocol::Loss::AlignL2) / size, 1.0, 0.15);
}

TEST(Losses, KlIsZeroWhenStudentIsTheTeacher) {
    const Pair pair = makePair(Architecture::RadRwkv7);
    EXPECT_NEAR(convert::distillLossValue(pair.teacherView(), pair.teacherView(), someTokens()), 0.0, 1e-6);
    EXPECT_GT(convert::distillLossValue(pair.teacherView(), pair.studentView(), someTokens()), 1e-3);
}

TEST(Losses, AlignTrainsOnlyMixersAndCrossesLayersThroughTheValueResidual) {
    Pair pair = makePair(Architecture::RadRwkv7);
    pair.student = testing_models::perturbed(pair.student);
    for (auto& [name, tensor] : pair.student) tensor.set_requires_grad(name.find(".self_attn.") != std::string::npos);
    const auto result = convert::alignLoss(pair.teacherView(), pair.studentView(), someTokens(), protocol::Loss::AlignL2);
    for (const auto& [name, gradient] : result.gradients) EXPECT_NE(name.find(".self_attn."), std::string::npos);
    // The same loss with layer 0's values cut off from the layers above must give another gradient for its v_proj.
    pair.studentConfig.student->attentionLayers = {1, 2};
    const auto alone = convert::alignLoss(pair.teacherView(), pair.studentView(), someTokens(), protocol::Loss::AlignL2);
    const at::Tensor all = result.gradients.at("model.layers.0.self_attn.v_proj.weight") * 3, own = alone.gradients.at("model.layers.0.self_attn.v_proj.weight");
    EXPECT_GT((all - own).abs().max().item<double>(), 1e-6);
}

TEST(Losses, GradientsAgreeWithFiniteDifferencesInDouble) {
    Pair pair = makePair(Architecture::RadRwkv7);
    for (auto* weights : {&pair.teacher, &pair.student}) {
        for (auto& [name, tensor] : *weights) tensor = tensor.to(at::kDouble);
    }
    for (auto& [name, tensor] : pair.student) {
        tensor.add_(at::full_like(tensor, 0.01));
        tensor.set_requires_grad(true);
    }
    const at::Tensor tokens = someTokens();
    const auto check = [&](const convert::LossAndGradients& result, const std::string& name, const std::function<double()>& value) {
        at::Tensor flat = pair.student.at(name).detach().view({-1});
        for (int64_t j = 0; j < flat.numel(); j += flat.numel() / 3 + 1) {
            const double before = flat[j].item<double>(), h = 1e-6;
            flat[j] = before + h;
            const double up = value();
            flat[j] = before - h;
            const double down = value();
            flat[j] = before;
            EXPECT_NEAR((up - down) / (2 * h), result.gradients.at(name).reshape({-1})[j].item<double>(), 1e-7) << name << " " << j;
        }
    };
    const auto align = convert::alignLoss(pair.teacherView(), pair.studentView(), tokens, protocol::Loss::AlignL2);
    const auto kl = convert::distillLoss(pair.teacherView(), pair.studentView(), tokens);
    const auto ce = convert::crossEntropyLoss(pair.studentView(), tokens);
    for (const char* name : {"model.layers.0.self_attn.v_proj.weight", "model.layers.2.self_attn.w2", "model.layers.1.self_attn.g2"}) {
        check(align, name, [&] { return convert::alignLossValue(pair.teacherView(), pair.studentView(), tokens, protocol::Loss::AlignL2); });
        check(kl, name, [&] { return convert::distillLossValue(pair.teacherView(), pair.studentView(), tokens); });
    }
    for (const char* name : {"lm_head.weight", "model.norm.weight", "model.layers.1.mlp.up_proj.weight"}) {
        check(kl, name, [&] { return convert::distillLossValue(pair.teacherView(), pair.studentView(), tokens); });
        check(ce, name, [&] { return convert::crossEntropyLossValue(pair.studentView(), tokens); });
    }
}

// Float32 goes through the kernels; LibTorch's operations are another way to the same. More tokens than share logits at a time.
TEST(Losses, EveryFormGivesTheSameLossAndGradients) {
    Pair pair = makePair(Architecture::RadRwkv6);
    pair.student = testing_models::perturbed(pair.student);
    for (auto& [name, tensor] : pair.student) tensor.set_requires_grad(true);
    at::manual_seed(3);
    const at::Tensor tokens = at::randint(61, {3, 250}, at::kLong);
    const auto losses = [&](model::KernelChoice form) {
        model::forceKernels(form);
        std::vector<convert::LossAndGradients> results{convert::distillLoss(pair.teacherView(), pair.studentView(), tokens),
                                                       convert::crossEntropyLoss(pair.studentView(), tokens)};
        EXPECT_NEAR(convert::distillLossValue(pair.teacherView(), pair.studentView(), tokens), results[0].loss, 1e-12);
        EXPECT_NEAR(convert::crossEntropyLossValue(pair.studentView(), tokens), results[1].loss, 1e-12);
        model::forceKernels(std::nullopt);
        return results;
    };
    const auto expected = losses(model::KernelChoice::Torch);
    for (const auto form : model::kernelsOf(at::kCPU)) {
        const auto actual = losses(form);
        for (size_t i = 0; i < 2; ++i) {
            EXPECT_NEAR(actual[i].loss, expected[i].loss, 1e-5) << model::toString(form);
            ASSERT_EQ(actual[i].gradients.size(), expected[i].gradients.size());
            for (const auto& [name, gradient] : expected[i].gradients) {
                const double error = (actual[i].gradients.at(name) - gradient).norm().item<double>();
                EXPECT_LE(error, 1e-4 * gradient.norm().item<double>() + 1e-7) << name << " " << model::toString(form);
            }
        }
    }
}

}  // namespace
