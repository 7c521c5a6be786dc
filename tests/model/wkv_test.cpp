// The two recurrences: chunked equals token by token, any length, with states; the hand-computed vectors; finite differences.
#include <gtest/gtest.h>

#include "engine/model/compat.h"
#include "engine/model/device.h"
#include "engine/model/kernel_choice.h"
#include "engine/model/wkv.h"

namespace {

using namespace radlads::model;

constexpr int64_t kLengths[] = {1, 2, 15, 16, 17, 31, 32, 33, 64, 100};

at::Tensor random(at::IntArrayRef shape) {
    return at::randn(shape, at::kDouble);
}

struct Inputs {
    at::Tensor r, logDecay, k, v, alpha, beta, state;
    std::vector<at::Tensor> all() const { return {r, logDecay, k, v, alpha, beta, state}; }
};

Inputs wkv7Inputs(int64_t length, int64_t size) {
    at::manual_seed(static_cast<uint64_t>(length));
    Inputs in;
    in.r = random({2, 3, length, size});
    in.logDecay = -0.606531 * at::sigmoid(random({2, 3, length, size}));
    in.k = random({2, 3, length, size});
    in.v = random({2, 3, length, size});
    const at::Tensor kappa = random({2, 3, length, size});
    in.alpha = -kappa / kappa.norm(2, -1, true);
    in.beta = -in.alpha * at::sigmoid(random({2, 3, length, size}));
    in.state = random({2, 3, size, size});
    return in;
}

void expectClose(const at::Tensor& a, const at::Tensor& b, double tolerance, const std::string& what) {
    EXPECT_LE(((a - b).abs().max() / b.abs().max().clamp_min(1e-300)).item<double>(), tolerance) << what;
}

void requireGradients(const std::vector<at::Tensor>& tensors) {
    for (const at::Tensor& tensor : tensors) tensor.set_requires_grad(true);
}

at::Tensor weighted(const WkvOutput& out, const at::Tensor& c, const at::Tensor& d) {
    return (out.y * c).sum() + (out.state * d).sum();
}

TEST(Wkv7, ChunkedEqualsRecurrentWithGradientsAtEveryLength) {
    for (const int64_t length : kLengths) {
        const Inputs in = wkv7Inputs(length, 8);
        requireGradients(in.all());
        const at::Tensor c = random({2, 3, length, 8}), d = random({2, 3, 8, 8});
        const WkvOutput a = wkv7Chunked(in.r, in.logDecay, in.k, in.v, in.alpha, in.beta, in.state);
        const WkvOutput b = wkv7Recurrent(in.r, in.logDecay, in.k, in.v, in.alpha, in.beta, in.state);
        const std::string what = "length " + std::to_string(length);
        expectClose(a.y, b.y, 1e-11, what);
        expectClose(a.state, b.state, 1e-11, what);
        const auto ga = gradients({weighted(a, c, d)}, in.all()), gb = gradients({weighted(b, c, d)}, in.all());
        for (size_t i = 0; i < ga.size(); ++i) expectClose(ga[i], gb[i], 1e-9, what + " gradient " + std::to_string(i));
    }
}

TEST(Wkv7, StrongestDecayOverLongSequencesStaysFiniteInFloat) {
    Inputs in = wkv7Inputs(512, 16);
    in.logDecay = at::full_like(in.logDecay, -0.606531);
    const auto f = [](const at::Tensor& x) { return x.to(at::kFloat); };
    const WkvOutput a = wkv7Chunked(f(in.r), f(in.logDecay), f(in.k), f(in.v), f(in.alpha), f(in.beta), f(in.state));
    const WkvOutput b = wkv7Recurrent(in.r, in.logDecay, in.k, in.v, in.alpha, in.beta, in.state);
    expectClose(a.y.to(at::kDouble), b.y, 1e-5, "y");
}

// radlads.md 4.4: N = 2, T = 3, from the published formulas.
at::Tensor table(std::vector<double> values) {
    return at::tensor(values, at::kDouble).reshape({1, 1, 3, 2});
}

TEST(Wkv7, HandComputedVectors) {
    const at::Tensor e = table({-2, 1, 0.5, -1, 3, 0}), v = table({0.5, -1, 2, 1, -0.25, 0.75}), r = table({1, 0.5, -1, 2, 0.25, -0.75});
    const at::Tensor a = table({0.5, 0.5, 0.9, 0.1, 0.2, 0.7}), logDecay = -0.6065306597126334 * at::sigmoid(e);
    const at::Tensor kappa = table({0.447214, -0.894427, 0.894427, 0.447214, -0.83205, 0.5547});
    const at::Tensor balanced = table({0.569748, -1.716311, 0.607227, 0.062628, -0.958274, 0.961597});
    const WkvOutput out = wkv7Chunked(r, logDecay, balanced, v, -kappa, kappa * a);
    EXPECT_LE((out.y - table({-0.144204, 0.288407, -2.709514, 3.00917, 0.254146, -1.278934})).abs().max().item<double>(), 5e-6);
    const at::Tensor state = at::tensor({0.824144, -0.064147, -0.575608, 1.513376}, at::kDouble).reshape({1, 1, 2, 2});
    EXPECT_LE((out.state - state).abs().max().item<double>(), 5e-6);
}

TEST(Wkv6, HandComputedVectors) {
    const at::Tensor d = table({-2, 1, 0.5, -1, 3, 0}), v = table({0.5, -1, 2, 1, -0.25, 0.75}), r = table({1, 0.5, -1, 2, 0.25, -0.75});
    const at::Tensor logDecay = at::clamp_min(-d.exp(), -5.0);
    const at::Tensor k = table({1, -2, 0.5, 0.25, -1.5, 1}) * (1.0 - logDecay.exp());
    const WkvOutput out = wkv6Chunked(r * std::pow(2.0, -0.5), logDecay, k, v);
    EXPECT_LE((out.y - table({-0.285471, 0.570943, -1.276414, 1.669113, 0.246739, -0.715789})).abs().max().item<double>(), 5e-6);
}

TEST(Wkv6, ChunkedEqualsRecurrentWithGradientsAtEveryLength) {
    for (const int64_t length : kLengths) {
        at::manual_seed(static_cast<uint64_t>(length));
        const at::Tensor q = random({2, 3, length, 8}), k = random({2, 3, length, 8}), v = random({2, 3, length, 8});
        const at::Tensor logDecay = -5.0 * at::rand({2, 3, length, 8}, at::kDouble), state = random({2, 3, 8, 8});
        const std::vector<at::Tensor> all{q, logDecay, k, v, state};
        requireGradients(all);
        const at::Tensor c = random({2, 3, length, 8}), d = random({2, 3, 8, 8});
        const WkvOutput a = wkv6Chunked(q, logDecay, k, v, state), b = wkv6Recurrent(q, logDecay, k, v, state);
        const std::string what = "length " + std::to_string(length);
        expectClose(a.y, b.y, 1e-11, what);
        expectClose(a.state, b.state, 1e-11, what);
        const auto ga = gradients({weighted(a, c, d)}, all), gb = gradients({weighted(b, c, d)}, all);
        for (size_t i = 0; i < ga.size(); ++i) expectClose(ga[i], gb[i], 1e-9, what + " gradient " + std::to_string(i));
    }
}

TEST(Wkv6, ClampedDecayThroughoutStaysFiniteInFloatWithGradients) {
    at::manual_seed(1);
    const at::Tensor q = at::randn({1, 2, 64, 8}), k = at::randn({1, 2, 64, 8}), v = at::randn({1, 2, 64, 8});
    const at::Tensor logDecay = at::full({1, 2, 64, 8}, -5.0);
    requireGradients({q, k, v, logDecay});
    const WkvOutput a = wkv6Chunked(q, logDecay, k, v);
    for (const at::Tensor& gradient : gradients({a.y.sum()}, {q, k, v, logDecay})) EXPECT_TRUE(at::isfinite(gradient).all().item<bool>());
    expectClose(a.y, wkv6Recurrent(q, logDecay, k, v).y, 1e-5, "y");
}

TEST(Wkv7, GradientsAgreeWithFiniteDifferences) {
    const Inputs in = wkv7Inputs(5, 3);
    const at::Tensor c = random({2, 3, 5, 3}), d = random({2, 3, 3, 3});
    const auto value = [&] { return weighted(wkv7Chunked(in.r, in.logDecay, in.k, in.v, in.alpha, in.beta, in.state), c, d); };
    requireGradients(in.all());
    const auto analytic = gradients({value()}, in.all());
    const c10::NoGradGuard noGrad;
    constexpr double h = 1e-6;
    for (size_t i = 0; i < analytic.size(); ++i) {
        at::Tensor flat = in.all()[i].view({-1});
        for (int64_t j = 0; j < flat.numel(); j += 7) {
            const double before = flat[j].item<double>();
            flat[j] = before + h;
            const double up = value().item<double>();
            flat[j] = before - h;
            const double down = value().item<double>();
            flat[j] = before;
            EXPECT_NEAR((up - down) / (2 * h), analytic[i].reshape({-1})[j].item<double>(), 1e-6) << "input " << i << " element " << j;
        }
    }
}

// The kernels in use, float32: outputs, states and all gradients as those of the token loop in double.
TEST(WkvKernels, AreTheRecurrencesWithTheirGradients) {
    const auto toFloat = [](const at::Tensor& x) { return x.detach().to(at::kFloat).requires_grad_(true); };
    for (const KernelChoice choice : kernelsOf(at::kCPU)) {
        if (choice == KernelChoice::Torch) continue;
        forceKernels(choice);
        for (const bool hasState : {true, false})
            for (const int64_t length : {1, 17, 70}) {
                if (!hasState && length == 1) continue;  // the decay of nothing has no gradient to compare with
                Inputs in = wkv7Inputs(length, 12);
                const at::Tensor c = random({2, 3, length, 12}), d = random({2, 3, 12, 12});
                if (!hasState) in.state = at::Tensor();
                std::vector<at::Tensor> exact = in.all();
                if (!hasState) exact.pop_back();
                requireGradients(exact);
                std::vector<at::Tensor> inputs;
                for (const at::Tensor& x : exact) inputs.push_back(toFloat(x));
                const at::Tensor state = hasState ? inputs[6] : at::Tensor();
                const auto compare = [&](const WkvOutput& actual, const WkvOutput& expected, const std::vector<at::Tensor>& leaves,
                                         const std::vector<at::Tensor>& exactLeaves, const std::string& what) {
                    expectClose(actual.y.to(at::kDouble), expected.y, 3e-6, what);
                    expectClose(actual.state.to(at::kDouble), expected.state, 3e-6, what);
                    const auto ga = gradients({weighted(actual, c.to(at::kFloat), d.to(at::kFloat))}, leaves);
                    const auto gb = gradients({weighted(expected, c, d)}, exactLeaves);
                    for (size_t i = 0; i < ga.size(); ++i) {
                        ASSERT_TRUE(ga[i].defined()) << what << " gradient " << i;
                        expectClose(ga[i].to(at::kDouble), gb[i], 1e-5, what + " gradient " + std::to_string(i));
                    }
                };
                const std::string what = std::string(toString(choice)) + " length " + std::to_string(length);
                compare(wkv7(inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], inputs[5], state),
                        wkv7Recurrent(in.r, in.logDecay, in.k, in.v, in.alpha, in.beta, in.state), inputs, exact, "wkv7 " + what);
                const std::vector<size_t> six = hasState ? std::vector<size_t>{0, 1, 2, 3, 6} : std::vector<size_t>{0, 1, 2, 3};
                std::vector<at::Tensor> leaves, exactLeaves;
                for (const size_t i : six) leaves.push_back(inputs[i]), exactLeaves.push_back(exact[i]);
                compare(wkv6(inputs[0], inputs[1], inputs[2], inputs[3], state), wkv6Recurrent(in.r, in.logDecay, in.k, in.v, in.state), leaves,
                        exactLeaves, "wkv6 " + what);
            }
    }
    forceKernels(std::nullopt);
}

// As a mixer hands them over: heads beside each other in a token, some inputs without a gradient, the last state unused.
TEST(WkvKernels, TakeViewsAndOnlyTheGradientsThatAreWanted) {
    const at::Tensor wide = at::randn({2, 20, 3 * 16}, at::kFloat).requires_grad_(true);
    const auto heads = [](const at::Tensor& x) { return x.reshape({2, 20, 3, 16}).transpose(1, 2); };
    const at::Tensor decay = -at::rand({2, 3, 20, 16}, at::kFloat), v = at::randn({2, 3, 16, 20}, at::kFloat).transpose(2, 3);
    const auto slope = [&](const WkvOutput& out) { return gradients({out.y.sum()}, {wide}).front(); };
    const at::Tensor a = slope(wkv6(heads(wide), decay, heads(wide), v)), b = slope(wkv6Recurrent(heads(wide), decay, heads(wide), v));
    expectClose(a, b, 1e-5, "gradient through both");
    const c10::NoGradGuard noGrad;
    EXPECT_FALSE(wkv6(heads(wide), decay, heads(wide), v).y.requires_grad());
}

}  // namespace
