// Adam against its textbook form in double, and updates that do not depend on threads.
#include "engine/train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/model/compat.h"
#include "engine/model/device.h"
#include "engine/model/kernel_choice.h"
#include "engine/train/updater.h"
#include "tests/model/small_models.h"

namespace {

using namespace radlads;

model::Weights parameters() {
    at::manual_seed(1);
    model::Weights weights{{"model.layers.0.self_attn.q_proj.weight", at::randn({7, 5})}, {"model.norm.weight", at::randn({13})}, {"frozen", at::randn({3})}};
    for (auto& [name, tensor] : weights) tensor.set_requires_grad(name != "frozen");
    return weights;
}

TEST(Optimizer, FollowsAdamWWithTwoGroupsAndDecayOnMatricesOnly) {
    model::Weights weights = parameters();
    const protocol::AdamPlan adam;
    train::Optimizer optimizer(weights, adam, 0.1);
    std::map<std::string, at::Tensor> value, first, second;
    for (const auto& [name, tensor] : weights) {
        value[name] = tensor.detach().to(at::kDouble).clone();
        first[name] = at::zeros_like(value[name]);
        second[name] = at::zeros_like(value[name]);
    }
    for (int step = 1; step <= 5; ++step) {
        model::Weights gradients;
        const train::LearningRates rates{1e-2 / step, 3e-2 / step};
        for (const auto& [name, tensor] : weights) {
            if (name == "frozen") continue;
            gradients[name] = at::randn(tensor.sizes());
            const at::Tensor g = gradients[name].to(at::kDouble) * 0.5;
            const double rate = name.find("self_attn") == std::string::npos ? rates.main : rates.mixer;
            first[name] = first[name] * 0.9 + g * 0.1;
            second[name] = second[name] * 0.95 + g * g * 0.05;
            if (tensor.dim() == 2) value[name] = value[name] * (1 - rate * 0.1);
            value[name] = value[name] - rate * (first[name] / (1 - std::pow(0.9, step))) / ((second[name] / (1 - std::pow(0.95, step))).sqrt() + 1e-8);
        }
        optimizer.update(gradients, 0.5, rates, 2);
    }
    for (const auto& [name, tensor] : weights) EXPECT_LE((tensor.detach().to(at::kDouble) - value[name]).abs().max().item<double>(), 2e-6) << name;
}

TEST(Optimizer, RestoredStateGoesOnBitIdentical) {
    model::Weights a = parameters(), b = parameters();
    train::Optimizer first(a, {}, 0.0), second(b, {}, 0.0);
    const auto step = [](train::Optimizer& optimizer, const model::Weights& weights, uint64_t seed) {
        at::manual_seed(seed);
        model::Weights gradients;
        for (const auto& [name, tensor] : weights) {
            if (tensor.requires_grad()) gradients[name] = at::randn(tensor.sizes());
        }
        optimizer.update(gradients, 1.0, {1e-3, 1e-3}, 1);
    };
    step(first, a, 5);
    for (auto& [name, tensor] : b) {
        const c10::NoGradGuard noGrad;
        tensor.copy_(a[name]);
    }
    ASSERT_TRUE(second.restore(first.state(), first.updates()));
    step(first, a, 6);
    step(second, b, 6);
    for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b[name])) << name;
}

TEST(Optimizer, RefusesStateOfAnotherModel) {
    model::Weights weights = parameters();
    train::Optimizer optimizer(weights, {}, 0.0);
    EXPECT_FALSE(optimizer.restore({}, 3));
}

TEST(Updater, TheBitsDoNotDependOnThreads) {
    const auto [config, teacher] = testing_models::smallTeacher(io::Family::Qwen2);
    model::Weights weights = model::cloneWeights(teacher);
    for (auto& [name, tensor] : weights) tensor.set_requires_grad(true);
    protocol::StepPlan step;
    step.sequenceLength = 16;
    step.batchSize = 6;
    step.microBatchSize = 2;
    std::vector<int32_t> batch(6 * 17);
    for (size_t i = 0; i < batch.size(); ++i) batch[i] = static_cast<int32_t>(i * 7 % 61);
    const auto loss = [&](const at::Tensor& tokens) { return convert::crossEntropyLoss({weights, config}, tokens); };
    const auto one = train::batchGradients(batch, step, loss, 1), three = train::batchGradients(batch, step, loss, 3);
    EXPECT_EQ(one.loss, three.loss);
    EXPECT_EQ(one.norm, three.norm);
    for (const auto& [name, gradient] : one.gradients) EXPECT_TRUE(at::equal(gradient, three.gradients.at(name))) << name;
    // And the sum over micro-batches is the gradient of the whole batch.
    step.microBatchSize = 6;
    const auto whole = train::batchGradients(batch, step, loss, 1);
    EXPECT_NEAR(whole.loss, one.loss, 1e-5);
    EXPECT_NEAR(whole.norm / one.norm, 1.0, 1e-4);
}

model::Weights someGradients(uint64_t seed) {
    at::manual_seed(seed);
    return {{"model.embed_tokens.weight", at::randn({300, 700})}, {"model.layers.0.mlp.up_proj.weight", at::randn({7, 9})}, {"model.norm.weight", at::randn({1})}};
}

// The kernels and the plain form give the same: sums, norms, and weights after an update.
TEST(Gradients, EveryFormIsTheSumInDouble) {
    for (const auto form : model::kernelsOf(at::kCPU)) {
        model::forceKernels(form);
        model::Weights sum;
        train::SquareSums squares;
        for (uint64_t micro = 0; micro < 3; ++micro) squares = train::addGradients(sum, someGradients(micro), 2);
        const model::Weights parts[] = {someGradients(0), someGradients(1), someGradients(2)};
        double all = 0;
        for (const auto& [name, gradient] : sum) {
            const at::Tensor expected = parts[0].at(name) + parts[1].at(name) + parts[2].at(name);
            EXPECT_TRUE(at::equal(gradient, expected)) << name << " " << model::toString(form);
            const double square = expected.to(at::kDouble).pow(2).sum().item<double>();
            EXPECT_NEAR(squares.at(name) / square, 1.0, 1e-12) << name;
            all += square;
        }
        EXPECT_NEAR(train::gradientNorm(squares), std::sqrt(all), 1e-9);
        EXPECT_EQ(squares, train::squareSums(sum, 1)) << "threads or the pass change it";
        model::forceKernels(std::nullopt);
    }
}

TEST(Gradients, WhatLivesElsewhereIsNotWrittenTo) {
    const at::Tensor shared = at::ones({4}), turned = at::arange(6, at::kFloat).view({2, 3}).t();
    model::Weights sum;
    train::addGradients(sum, {{"a", shared}, {"b", turned}}, 1);
    train::addGradients(sum, {{"a", shared}, {"b", turned}}, 1);
    EXPECT_TRUE(at::equal(shared, at::ones({4})));
    EXPECT_TRUE(at::equal(sum.at("a"), at::full({4}, 2.0f)));
    EXPECT_TRUE(at::equal(sum.at("b"), turned * 2)) << "a gradient that does not lie element after element";
}

TEST(Gradients, BFloat16BecomesFloat32AndWhatIsOwnedMovesIn) {
    model::Weights sum, part{{"narrow", at::full({3}, 1.5f).to(at::kBFloat16)}, {"wide", at::ones({3})}};
    const void* place = part.at("wide").data_ptr();
    train::addGradients(sum, std::move(part), 1);
    EXPECT_EQ(sum.at("wide").data_ptr(), place) << "copied without need";
    train::addGradients(sum, {{"narrow", at::full({3}, 0.25f).to(at::kBFloat16)}}, 1);
    EXPECT_EQ(sum.at("narrow").scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(sum.at("narrow"), at::full({3}, 1.75f)));
    EXPECT_TRUE(at::equal(sum.at("wide"), at::ones({3})));
}

TEST(Optimizer, EveryFormGivesTheSameWeightsForAnyThreads) {
    const auto after = [](model::KernelChoice form, size_t threads) {
        model::forceKernels(form);
        model::Weights weights = someGradients(9);
        for (auto& [name, tensor] : weights) tensor.set_requires_grad(true);
        train::Optimizer optimizer(weights, {}, 0.1);
        for (uint64_t step = 0; step < 3; ++step) optimizer.update(someGradients(step), 0.3, {1e-2, 1e-3}, threads);
        model::forceKernels(std::nullopt);
        return weights;
    };
    const model::Weights expected = after(model::KernelChoice::Torch, 1);
    for (const auto form : model::kernelsOf(at::kCPU)) {
        const model::Weights one = after(form, 1), three = after(form, 3);
        for (const auto& [name, tensor] : expected) {
            EXPECT_LE((one.at(name) - tensor).abs().max().item<double>(), 1e-6) << name;
            EXPECT_TRUE(at::equal(one.at(name), three.at(name))) << name;
        }
    }
}

TEST(Gradients, NormsByLayerAreThoseOfTheLayersGradientsAlone) {
    const model::Weights gradients{{"model.embed_tokens.weight", at::full({2, 2}, 5.0f)},
                                   {"model.layers.0.mlp.up_proj.weight", at::full({1, 4}, 3.0f)},
                                   {"model.layers.0.self_attn.q_proj.weight", at::full({4, 4}, 2.0f)},
                                   {"model.layers.10.mlp.up_proj.weight", at::full({1, 4}, 1.0f)}};
    const std::vector<double> norms = train::gradientNormsByLayer(train::squareSums(gradients, 2));
    ASSERT_EQ(norms.size(), 11u);
    EXPECT_DOUBLE_EQ(norms[0], 10.0);
    EXPECT_DOUBLE_EQ(norms[1], 0.0);
    EXPECT_DOUBLE_EQ(norms[10], 2.0);
    EXPECT_TRUE(train::gradientNormsByLayer({}).empty());
}

TEST(Updater, AutomaticMicroBatchDividesTheBatch) {
    for (const auto& [length, batch, expected] : {std::tuple{512, 32, 2}, std::tuple{128, 16, 8}, std::tuple{256, 2, 1}, std::tuple{4096, 3, 1}, std::tuple{64, 7, 1}}) {
        protocol::StepPlan step;
        step.sequenceLength = length;
        step.batchSize = batch;
        EXPECT_EQ(train::resolveMicroBatch(step), expected) << length << " " << batch;
    }
}

}  // namespace
