// hardware.precision bf16: what is rounded, what is not, and that the float32 masters lose nothing.
#include "engine/train/compute_weights.h"

#include <gtest/gtest.h>

#include "engine/convert/losses.h"
#include "engine/model/compat.h"
#include "engine/model/ops.h"
#include "engine/train/session.h"
#include "engine/train/updater.h"
#include "tests/model/small_models.h"

namespace {

using namespace radlads;
using testing_models::smallTeacher;
using testing_models::studentPlan;

at::Tensor rounded(const at::Tensor& x) {
    return x.to(at::kBFloat16).to(at::kFloat);
}
double relativeError(const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b.to(at::kDouble)).norm().item<double>() / std::max(b.to(at::kDouble).norm().item<double>(), 1e-30);
}

// Products of rounded operands with float32 sums: what differs is the rounding of the result alone (2^-9 at most).
TEST(HalvedLinear, IsTheProductOfTheRoundedOperands) {
    at::manual_seed(1);
    for (const auto& [rows, in, out] : {std::array<int64_t, 3>{1, 1, 1}, {7, 33, 5}, {64, 160, 96}, {130, 257, 31}}) {
        const at::Tensor x = at::randn({rows, in}).requires_grad_(true), bias = at::randn({out});
        at::Tensor weight = at::randn({out, in}).to(at::kBFloat16).requires_grad_(true);
        const at::Tensor y = model::linear(x, weight, bias);
        ASSERT_EQ(y.scalar_type(), at::kFloat);
        const at::Tensor exact = rounded(x.detach()).matmul(weight.detach().to(at::kFloat).t());
        EXPECT_LT(relativeError(y.detach() - bias, exact), 4e-3) << rows;
        const at::Tensor dy = at::randn({rows, out});
        const auto gradients = model::gradients({y}, {x, weight}, {dy});
        EXPECT_EQ(gradients[0].scalar_type(), at::kFloat);
        EXPECT_LT(relativeError(gradients[0], rounded(dy).matmul(weight.detach().to(at::kFloat))), 4e-3) << rows;
        EXPECT_LT(relativeError(gradients[1], rounded(dy).t().matmul(rounded(x.detach()))), 4e-3) << rows;
    }
}

TEST(ComputeWeights, InFloat32AreTheMastersThemselves) {
    const auto [config, masters] = smallTeacher(io::Family::Qwen2);
    train::ComputeWeights compute(masters, protocol::Precision::Fp32);
    compute.refresh(1);
    EXPECT_EQ(&compute.get(), &masters);
}

TEST(ComputeWeights, FollowTheMastersRounded) {
    auto [config, masters] = smallTeacher(io::Family::Qwen2);
    train::ComputeWeights compute(masters, protocol::Precision::Bf16);
    for (int round = 0; round < 2; ++round) {
        for (auto& [name, tensor] : masters) {
            tensor.set_requires_grad(round == 1);
            tensor.detach().add_(0.01);
        }
        compute.refresh(2);
        ASSERT_EQ(compute.get().size(), masters.size());
        int64_t halved = 0;
        for (const auto& [name, tensor] : compute.get()) {
            const at::Tensor& master = masters.at(name);
            ASSERT_EQ(master.scalar_type(), at::kFloat);
            EXPECT_EQ(tensor.requires_grad(), master.requires_grad()) << name;
            if (!train::isHalved(name)) {
                EXPECT_TRUE(tensor.is_same(master)) << name;
                continue;
            }
            ++halved;
            EXPECT_EQ(tensor.scalar_type(), at::kBFloat16) << name;
            EXPECT_TRUE(tensor.detach().to(at::kFloat).equal(rounded(master.detach()))) << name;
        }
        EXPECT_EQ(halved, 7 * config.layers);
    }
}

class HalvedTraining : public testing::TestWithParam<protocol::Architecture> {
protected:
    HalvedTraining() {
        std::tie(m_config, m_teacher) = smallTeacher(io::Family::Qwen2);
        m_student = *convert::studentConfig(m_config, studentPlan(GetParam()));
        m_masters = testing_models::perturbed(convert::studentWeights(m_teacher, m_student, 3));
        for (auto& [name, tensor] : m_masters) tensor.set_requires_grad(true);
        at::manual_seed(5);
        const at::Tensor ids = at::randint(61, {8 * 33}, at::kInt);
        m_batch.assign(ids.data_ptr<int32_t>(), ids.data_ptr<int32_t>() + ids.numel());
        m_step.batchSize = 8;
        m_step.sequenceLength = 32;
        m_step.microBatchSize = 2;
    }
    train::BatchGradients gradients(const train::ComputeWeights& compute, size_t threads) const {
        const auto loss = [&](const at::Tensor& tokens) { return convert::distillLoss({m_teacher, m_config}, {compute.get(), m_student}, tokens); };
        return train::batchGradients(m_batch, m_step, loss, threads);
    }

    io::ModelConfig m_config, m_student;
    model::Weights m_teacher, m_masters;
    std::vector<int32_t> m_batch;
    protocol::StepPlan m_step;
};

TEST_P(HalvedTraining, GradientsAreThoseOfFloat32NearlyAndDoNotDependOnThreads) {
    train::ComputeWeights whole(m_masters, protocol::Precision::Fp32), halved(m_masters, protocol::Precision::Bf16);
    halved.refresh(1);
    const train::BatchGradients exact = gradients(whole, 1), one = gradients(halved, 1), two = gradients(halved, 2);
    EXPECT_NEAR(one.loss, exact.loss, 0.02 * exact.loss);
    EXPECT_EQ(one.loss, two.loss);
    ASSERT_EQ(one.gradients.size(), exact.gradients.size());
    double error = 0, norm = 0;
    for (const auto& [name, gradient] : one.gradients) {
        ASSERT_EQ(gradient.scalar_type(), at::kFloat) << name;
        EXPECT_TRUE(gradient.equal(two.gradients.at(name))) << name;
        const at::Tensor& other = exact.gradients.at(name);
        error += std::pow((gradient - other).norm().item<double>(), 2);
        norm += std::pow(other.norm().item<double>(), 2);
    }
    EXPECT_LT(std::sqrt(error / norm), 0.05);
    EXPECT_GT(error, 0) << "nothing was rounded";
}

// An update below half a unit in the last place of bfloat16 changes the masters; enough of them change the copies.
TEST_P(HalvedTraining, SmallUpdatesAddUpInTheMasters) {
    const std::string name = "model.layers.0.mlp.up_proj.weight";
    const at::Tensor before = m_masters.at(name).detach().clone();
    train::ComputeWeights compute(m_masters, protocol::Precision::Bf16);
    compute.refresh(1);
    const at::Tensor copy = compute.get().at(name).detach().clone();
    train::Optimizer optimizer(m_masters, {}, 0);
    const train::BatchGradients batch = gradients(compute, 1);
    const auto changed = [&] { return compute.get().at(name).detach().ne(copy).to(at::kDouble).mean().item<double>(); };
    optimizer.update(batch.gradients, 1.0, {1e-6, 1e-6}, 1);
    compute.refresh(1);
    EXPECT_GT(m_masters.at(name).detach().ne(before).to(at::kDouble).mean().item<double>(), 0.9);
    EXPECT_LT(changed(), 0.1);
    for (int i = 0; i < 3000; ++i) optimizer.update(batch.gradients, 1.0, {1e-6, 1e-6}, 1);
    compute.refresh(1);
    EXPECT_GT(changed(), 0.9);
}

INSTANTIATE_TEST_SUITE_P(Students, HalvedTraining, testing::Values(protocol::Architecture::RadRwkv6, protocol::Architecture::RadRwkv7),
                         [](const auto& given) { return given.param == protocol::Architecture::RadRwkv6 ? "Six" : "Seven"; });

TEST(CheckSupported, Bf16IsForProcessorsThatMultiplyIt) {
    protocol::Plan plan;
    plan.hardware.precision = protocol::Precision::Bf16;
    const auto with = [](std::vector<std::string> features) { return run::Machine{.processor = "Some CPU", .features = std::move(features)}; };
    EXPECT_TRUE(train::checkSupported(plan, with({"avx2", "avx512f", "avx512_bf16"})));
    EXPECT_TRUE(train::checkSupported(plan, with({"avx2", "amx_bf16"})));
    const Status refused = train::checkSupported(plan, with({"avx2", "avx512f"}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "hardware.precision: bf16 needs a processor with AVX512_BF16 or AMX, and Some CPU has neither; use \"fp32\"");
}

}  // namespace
