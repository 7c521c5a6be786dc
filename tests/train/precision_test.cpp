// hardware.precision bf16 and fp16: what is rounded, what is not, and that the float32 masters lose nothing.
#include <gtest/gtest.h>

#include "engine/convert/losses.h"
#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/device.h"
#include "engine/model/kernel_choice.h"
#include "engine/model/ops.h"
#include "engine/model/precision.h"
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
// The kernels of one name, until it ends.
struct ForcedKernels {
    explicit ForcedKernels(model::KernelChoice choice) { model::forceKernels(choice); }
    explicit ForcedKernels(const std::string& name) {
        for (const auto choice : {model::KernelChoice::Torch, model::KernelChoice::Reference, model::KernelChoice::Simd})
            if (name == model::toString(choice)) model::forceKernels(choice);
    }
    ~ForcedKernels() { model::forceKernels({}); }
};
double relativeError(const at::Tensor& a, const at::Tensor& b) {
    return (a.to(at::kDouble) - b.to(at::kDouble)).norm().item<double>() / std::max(b.to(at::kDouble).norm().item<double>(), 1e-30);
}

// Exactly the product of the rounded operands, but for the order of its sums; nothing else is rounded.
TEST(Bf16Linear, IsTheProductOfTheRoundedOperandsForwardAndBackward) {
    at::manual_seed(1);
    for (const char* form : {"simd", "torch", "reference"}) {
        const ForcedKernels forced(form);
        for (const auto& [rows, in, out] : {std::array<int64_t, 3>{1, 1, 1}, {7, 33, 5}, {64, 160, 96}, {130, 257, 31}}) {
            const model::PrecisionScope scope(protocol::Precision::Bf16);
            const at::Tensor x = at::randn({rows, in}).requires_grad_(true), weight = at::randn({out, in}).requires_grad_(true);
            const at::Tensor bias = at::randn({out}).requires_grad_(true), dy = at::randn({rows, out});
            const at::Tensor y = model::linear(x, weight, bias);
            EXPECT_LT(relativeError(y.detach(), rounded(x.detach()).matmul(rounded(weight.detach()).t()) + bias.detach()), 1e-6) << form;
            const auto gradients = model::gradients({y}, {x, weight, bias}, {dy});
            EXPECT_LT(relativeError(gradients[0], rounded(dy).matmul(rounded(weight.detach()))), 1e-6) << form;
            EXPECT_LT(relativeError(gradients[1], rounded(dy).t().matmul(rounded(x.detach()))), 1e-6) << form;
            EXPECT_LT(relativeError(gradients[2], dy.sum(0)), 1e-6) << form;
            for (const at::Tensor& gradient : gradients) EXPECT_EQ(gradient.scalar_type(), at::kFloat);
        }
    }
}

TEST(Bf16Linear, TakesAnyShapeAndStrideAndASingleGradient) {
    const model::PrecisionScope scope(protocol::Precision::Bf16);
    const at::Tensor x = at::randn({3, 4, 2, 6}).transpose(1, 3).requires_grad_(true), weight = at::randn({2, 5}).t().contiguous();
    const at::Tensor y = model::linear(x.select(2, 0).narrow(2, 1, 2), weight);
    EXPECT_EQ(y.sizes(), at::IntArrayRef({3, 6, 5}));
    const at::Tensor rows = rounded(x.detach().select(2, 0).narrow(2, 1, 2).contiguous());
    EXPECT_LT(relativeError(y.detach(), rows.matmul(rounded(weight).t())), 1e-6);
    const auto gradients = model::gradients({y}, {x}, {at::ones_like(y)});
    EXPECT_EQ(gradients[0].sizes(), x.sizes());
    EXPECT_FALSE(model::linear(x.detach().select(2, 0).narrow(2, 1, 2), weight).requires_grad());
}

// In float16 where the processor has it, forward and backward; elsewhere, and by other forms, in float32.
TEST(Fp16Linear, IsTheProductNearlyForwardAndBackward) {
    at::manual_seed(1);
    for (const std::string form : {"simd", "torch", "reference"}) {
        const ForcedKernels forced(form);
        for (const auto& [rows, in, out] : {std::array<int64_t, 3>{64, 160, 96}, {130, 257, 31}}) {
            const at::Tensor x = at::randn({rows, in}).requires_grad_(true), weight = at::randn({out, in}).requires_grad_(true);
            const at::Tensor bias = at::randn({out}).requires_grad_(true), dy = at::randn({rows, out}) * 1e-7;
            at::Tensor y;
            {
                const model::PrecisionScope scope(protocol::Precision::Fp16);
                y = model::linear(x, weight, bias);
            }
            const auto gradients = model::gradients({y}, {x, weight, bias}, {dy});  // as it was, though the scope has ended
            const bool isFp16 = form == "simd" && kernels::hasFp16Instructions();
            const double tolerance = isFp16 ? 2e-3 : 1e-6;
            const auto expectNear = [&](const at::Tensor& ours, const at::Tensor& exact) {
                const double error = relativeError(ours, exact);
                EXPECT_LT(error, tolerance) << form;
                if (isFp16) {
                    EXPECT_GT(error, 1e-5) << "not in float16";
                }
                EXPECT_EQ(ours.scalar_type(), at::kFloat);
            };
            expectNear(y.detach(), x.detach().matmul(weight.detach().t()) + bias.detach());
            expectNear(gradients[0], dy.matmul(weight.detach()));
            expectNear(gradients[1], dy.t().matmul(x.detach()));
            EXPECT_LT(relativeError(gradients[2], dy.sum(0)), 1e-6) << form;
        }
    }
}

TEST(PrecisionScope, EndsAndNestsAndLeavesDoubleAlone) {
    const at::Tensor x = at::randn({5, 9}), weight = at::randn({4, 9}), exact = at::linear(x, weight);
    EXPECT_TRUE(model::linear(x, weight).equal(exact));
    {
        const model::PrecisionScope outer(protocol::Precision::Bf16);
        EXPECT_FALSE(model::linear(x, weight).equal(exact));
        {
            const model::PrecisionScope inner(protocol::Precision::Fp32);
            EXPECT_TRUE(model::linear(x, weight).equal(exact));
        }
        EXPECT_FALSE(model::linear(x, weight).equal(exact));
        const at::Tensor wide = x.to(at::kDouble);
        EXPECT_TRUE(model::linear(wide, weight.to(at::kDouble)).equal(at::linear(wide, weight.to(at::kDouble))));
    }
    EXPECT_TRUE(model::linear(x, weight).equal(exact));
}

// A teacher held in bfloat16 gives the bits that its float32 weights give in bf16, but for the embedding's own rounding.
TEST(Teacher, HeldInBfloat16ComputesAsItsRoundedWeights) {
    const auto [config, weights] = smallTeacher(io::Family::Qwen2);
    model::Weights held = model::cloneWeights(weights), same = model::cloneWeights(weights);
    model::holdInBfloat16(held);
    int64_t narrow = 0;
    for (auto& [name, tensor] : held) {
        if (tensor.dim() != 2) continue;
        EXPECT_EQ(tensor.scalar_type(), at::kBFloat16) << name;
        same.at(name) = tensor.to(at::kFloat);
        ++narrow;
    }
    EXPECT_EQ(narrow, 7 * config.layers + 2);
    const at::Tensor tokens = at::arange(40, at::kLong).reshape({2, 20});
    const c10::NoGradGuard noGrad;
    const at::Tensor ours = model::logits(held, config, tokens);
    EXPECT_EQ(ours.scalar_type(), at::kFloat);
    const model::PrecisionScope scope(protocol::Precision::Bf16);
    EXPECT_TRUE(ours.equal(model::logits(same, config, tokens)));
}

class NarrowTraining : public testing::TestWithParam<protocol::Architecture> {
protected:
    NarrowTraining() {
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
    train::BatchGradients gradients(protocol::Precision precision, size_t threads, protocol::StepKind kind = protocol::StepKind::Distill) const {
        const auto loss = [&](const at::Tensor& tokens) {
            const model::PrecisionScope scope(precision);
            if (kind == protocol::StepKind::Align)
                return convert::alignLoss({m_teacher, m_config}, {m_masters, m_student}, tokens.narrow(1, 0, 32), protocol::Loss::AlignL2);
            return convert::distillLoss({m_teacher, m_config}, {m_masters, m_student}, tokens);
        };
        return train::batchGradients(m_batch, m_step, loss, threads);
    }

    static std::vector<std::pair<protocol::Precision, protocol::StepKind>> cases() {
        using protocol::Precision, protocol::StepKind;
        std::vector<std::pair<Precision, StepKind>> all{{Precision::Bf16, StepKind::Align}, {Precision::Bf16, StepKind::Distill}};
        if (kernels::hasFp16Instructions()) all.insert(all.end(), {{Precision::Fp16, StepKind::Align}, {Precision::Fp16, StepKind::Distill}});
        return all;
    }

    io::ModelConfig m_config, m_student;
    model::Weights m_teacher, m_masters;
    std::vector<int32_t> m_batch;
    protocol::StepPlan m_step;
};

// By the processor's kernels, and by those of a GPU, for which what lies between products is bfloat16 too, where they are emulated.
TEST_P(NarrowTraining, GradientsAreThoseOfFloat32NearlyAndDoNotDependOnThreads) {
    using protocol::Precision;
    for (const model::KernelChoice kernels : model::kernelsOf(at::kCPU))
        for (const auto& [precision, kind] : cases()) {
            const bool isFp16 = precision == Precision::Fp16;
            if (kernels == model::KernelChoice::Reference || (isFp16 && kernels != model::KernelChoice::Simd)) continue;
            const train::BatchGradients exact = gradients(Precision::Fp32, 1, kind);
            const ForcedKernels forced(kernels);
            const train::BatchGradients one = gradients(precision, 1, kind), two = gradients(precision, 2, kind);
            const std::string what = fmt::format("{} {} {}", model::toString(kernels), protocol::toString(precision), protocol::toString(kind));
            EXPECT_NEAR(one.loss, exact.loss, 0.02 * exact.loss) << what;
            EXPECT_EQ(one.loss, two.loss) << what;
            ASSERT_EQ(one.gradients.size(), exact.gradients.size()) << what;
            double error = 0, norm = 0;
            for (const auto& [name, gradient] : one.gradients) {
                ASSERT_EQ(gradient.scalar_type(), at::kFloat) << name;
                EXPECT_TRUE(gradient.equal(two.gradients.at(name))) << what << " " << name;
                const at::Tensor& other = exact.gradients.at(name);
                error += std::pow((gradient - other).norm().item<double>(), 2);
                norm += std::pow(other.norm().item<double>(), 2);
            }
            // The direction of a small difference, which is what step 1 trains by, is less certain.
            EXPECT_LT(std::sqrt(error / norm), (kind == protocol::StepKind::Align ? 0.15 : 0.05) * (isFp16 ? 0.5 : 1)) << what;
            EXPECT_GT(error, 0) << "nothing was rounded: " << what;
        }
}

// An update below half a unit in the last place of bfloat16 changes the masters; enough of them change what is multiplied.
TEST_P(NarrowTraining, SmallUpdatesAddUpInTheMasters) {
    const at::Tensor& master = m_masters.at("model.layers.0.mlp.up_proj.weight");
    const at::Tensor before = master.detach().clone();
    train::Optimizer optimizer(m_masters, {}, 0);
    const train::BatchGradients batch = gradients(protocol::Precision::Bf16, 1);
    const auto changed = [&] { return rounded(master.detach()).ne(rounded(before)).to(at::kDouble).mean().item<double>(); };
    optimizer.update(batch.gradients, 1.0, {1e-6, 1e-6}, 1);
    EXPECT_GT(master.detach().ne(before).to(at::kDouble).mean().item<double>(), 0.9);
    EXPECT_LT(changed(), 0.1);
    for (int i = 0; i < 3000; ++i) optimizer.update(batch.gradients, 1.0, {1e-6, 1e-6}, 1);
    EXPECT_GT(changed(), 0.9);
}

INSTANTIATE_TEST_SUITE_P(Students, NarrowTraining, testing::Values(protocol::Architecture::RadRwkv6, protocol::Architecture::RadRwkv7),
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

TEST(CheckSupported, Fp16IsForProcessorsThatMultiplyIt) {
    protocol::Plan plan;
    plan.hardware.precision = protocol::Precision::Fp16;
    const auto with = [](std::vector<std::string> features) { return run::Machine{.processor = "Some CPU", .features = std::move(features)}; };
#ifdef RADLADS_FP16_INSTRUCTIONS
    EXPECT_TRUE(train::checkSupported(plan, with({"avx2", "avx512f", "avx512_fp16"})));
    const char* const why = "hardware.precision: fp16 needs a processor with AVX512_FP16, and Some CPU does not have it; use \"fp32\"";
#else
    const char* const why = "hardware.precision: fp16 is not in this build, whose compiler did not know AVX512_FP16; use \"fp32\"";
#endif
    const Status refused = train::checkSupported(plan, with({"avx2", "avx512f", "avx512_bf16"}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, why);
}

}  // namespace
