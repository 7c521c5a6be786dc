// The optimizer's passes: every backend, dtype and instruction set against the reference, the reference against the
// textbook, bits that do not depend on threads, and what a kernel may touch.
#include <random>

#include "kernels/adamw.h"
#include "tests/kernels/guarded.h"

namespace radlads::kernels {
namespace {

using testing::forEachInstructionSet;
using testing::Guarded;
using testing::relativeError;

// Tensors of these sizes: none, parts of vectors, more than one block, the end of one.
const std::vector<int64_t> kSizes{1, 0, 7, 16, 1003, kParameterBlock, 2 * kParameterBlock + 5, 3};

void fill(Guarded<float>& tensor, unsigned seed, double scale, bool positive = false) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, scale);
    for (std::size_t i = 0; i < tensor.size(); ++i) {
        const double x = normal(random);
        tensor.set(i, positive ? std::abs(x) : x);
    }
}

struct Parameter {
    Parameter(int64_t size, unsigned seed)
        : value(size), first(size), second(size), gradient(size), narrow(size), rounded(size), count(size) {
        fill(value, seed, 1);
        fill(first, seed + 1, 0.1);
        fill(second, seed + 2, 0.01, true);
        fill(gradient, seed + 3, 1);
        for (std::size_t i = 0; i < gradient.size(); ++i) narrow.set(i, gradient[i]);
    }
    Guarded<float> value, first, second, gradient;
    Guarded<BFloat16> narrow, rounded;
    int64_t count;
};

struct Case {
    explicit Case(DType type = DType::Float32, bool withRounded = false, const std::vector<int64_t>& sizes = kSizes)
        : dtype(type), rounds(withRounded) {
        for (std::size_t i = 0; i < sizes.size(); ++i) parameters.emplace_back(sizes[i], static_cast<unsigned>(7 * i));
    }
    // Groups differ in rate, and every third has no decay.
    std::vector<AdamTensor> tensors() {
        std::vector<AdamTensor> list;
        for (Parameter& p : parameters) {
            AdamTensor tensor;
            tensor.value = p.value.data(), tensor.first = p.first.data(), tensor.second = p.second.data();
            tensor.gradient = dtype == DType::Float32 ? static_cast<void*>(p.gradient.data()) : p.narrow.data();
            tensor.gradientType = dtype;
            if (rounds) tensor.rounded = p.rounded.data();
            tensor.count = p.count;
            tensor.learningRate = 1e-2 / static_cast<double>(list.size() + 1);
            tensor.weightDecay = list.size() % 3 == 0 ? 0 : 0.1;
            list.push_back(tensor);
        }
        return list;
    }
    void update(Backend backend, const AdamStep& step, const Parallel& parallel = serial()) {
        const std::vector<AdamTensor> list = tensors();
        ASSERT_EQ(whyNot(backend, list.data(), static_cast<int64_t>(list.size()), step), nullptr);
        adamw(backend, list.data(), static_cast<int64_t>(list.size()), step, parallel);
    }
    DType dtype;
    bool rounds;
    std::vector<Parameter> parameters;
};

constexpr AdamStep kStep{0.9, 0.95, 1e-8, 0.37, 5};

void expectLikeReference(DType dtype, bool rounds, const std::string& what) {
    Case expected(dtype, rounds), actual(dtype, rounds);
    expected.update(Backend::Reference, kStep);
    actual.update(Backend::Simd, kStep);
    for (std::size_t p = 0; p < actual.parameters.size(); ++p) {
        Parameter &a = actual.parameters[p], &e = expected.parameters[p];
        EXPECT_LT(relativeError(a.value, e.value), 2e-7) << what << " " << p;
        EXPECT_LT(relativeError(a.first, e.first), 2e-7) << what << " " << p;
        EXPECT_LT(relativeError(a.second, e.second), 2e-7) << what << " " << p;
        EXPECT_TRUE(a.gradient.sameBits(e.gradient) && a.narrow.sameBits(e.narrow));
        for (Guarded<float>* tensor : {&a.value, &a.first, &a.second, &e.value, &e.first, &e.second})
            EXPECT_TRUE(tensor->guardsAreWhole() && tensor->isWritten()) << what << " " << p;
        for (Parameter* parameter : {&a, &e}) {
            EXPECT_TRUE(parameter->rounded.guardsAreWhole()) << what << " " << p;
            for (std::size_t i = 0; i < parameter->rounded.size(); ++i) {
                const float rounded = toFloat(fromFloat<BFloat16>(static_cast<float>(parameter->value[i])));
                if (rounds) {
                    ASSERT_EQ(parameter->rounded[i], rounded) << what << " " << p << " " << i;
                } else {
                    ASSERT_TRUE(std::isnan(parameter->rounded[i])) << what << " " << p << " " << i;
                }
            }
        }
    }
}

void expectLikeReference(const std::string& what) {
    for (const DType dtype : {DType::Float32, DType::BFloat16})
        for (const bool rounds : {false, true}) expectLikeReference(dtype, rounds, what);
}

TEST(AdamW, EverySizeAndDtypeIsTheReference) {
    expectLikeReference("default");
}

TEST(AdamW, EveryInstructionSetIsTheReference) {
    forEachInstructionSet([](const std::string& name) { expectLikeReference(name); });
}

TEST(AdamW, TheReferenceIsTheTextbook) {
    Case c(DType::Float32, false, {5});
    Parameter& p = c.parameters[0];
    std::vector<double> value, first(5, 0.0), second(5, 0.0);
    for (std::size_t i = 0; i < 5; ++i) value.push_back(p.value[i]), p.first.set(i, 0), p.second.set(i, 0);
    for (int64_t t = 1; t <= 4; ++t) {
        AdamStep step = kStep;
        step.update = t;
        std::vector<AdamTensor> list = c.tensors();
        list[0].weightDecay = 0.1;
        adamw(Backend::Reference, list.data(), 1, step, serial());
        for (std::size_t i = 0; i < 5; ++i) {
            const double g = p.gradient[i] * 0.37, rate = 1e-2;
            first[i] = 0.9 * first[i] + 0.1 * g;
            second[i] = 0.95 * second[i] + 0.05 * g * g;
            const double mean = first[i] / (1 - std::pow(0.9, t)), square = second[i] / (1 - std::pow(0.95, t));
            value[i] -= rate * 0.1 * value[i] + rate * mean / (std::sqrt(square) + 1e-8);
            EXPECT_NEAR(p.value[i], value[i], 1e-6);
            EXPECT_NEAR(p.first[i], first[i], 1e-6);
            EXPECT_NEAR(p.second[i], second[i], 1e-6);
        }
    }
}

TEST(AdamW, TheNumberOfThreadsAndTheCutOfTensorsChangeNoBit) {
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        Case one(DType::Float32, true), many(DType::Float32, true);
        one.update(backend, kStep);
        many.update(backend, kStep, testing::threads(3));
        for (std::size_t p = 0; p < one.parameters.size(); ++p) {
            Parameter &a = one.parameters[p], &b = many.parameters[p];
            EXPECT_TRUE(a.value.sameBits(b.value) && a.first.sameBits(b.first) && a.second.sameBits(b.second) &&
                        a.rounded.sameBits(b.rounded))
                << p;
        }
        // An element's result does not depend on where in a vector it lies.
        Case whole(DType::Float32, false, {1003}), cut(DType::Float32, false, {1003});
        whole.update(backend, kStep);
        AdamTensor first = cut.tensors()[0], second = first;
        first.count = 501;
        second.value += 501, second.first += 501, second.second += 501, second.count -= 501;
        second.gradient = cut.parameters[0].gradient.data() + 501;
        const AdamTensor parts[] = {first, second};
        adamw(backend, parts, 2, kStep, serial());
        EXPECT_TRUE(whole.parameters[0].value.sameBits(cut.parameters[0].value));
    }
}

TEST(AdamW, ExtremeGradientsStayFiniteAndNaNsStayInTheirPlace) {
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        Case c(DType::Float32, false, {40});
        Parameter& p = c.parameters[0];
        const double extremes[] = {0.0, -0.0, 1e-30, -1e-30, 1e15, -1e15};
        for (std::size_t i = 0; i < 6; ++i) p.gradient.set(i, extremes[i]), p.first.set(i, 0), p.second.set(i, 0);
        p.gradient.set(20, std::nan(""));
        const double before = p.value[0] * (1.0 - 0.0);
        c.update(backend, kStep);
        for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(std::isnan(p.value[i]), i == 20) << i;
        EXPECT_EQ(p.value[0], before);  // no gradient, no moments, no decay: it stays
    }
}

template <class T>
void expectSquareSums(const std::string& what) {
    for (const bool adds : {false, true}) {
        if (adds && std::is_same_v<T, BFloat16>) continue;
        for (const Backend backend : {Backend::Reference, Backend::Simd}) {
            std::vector<Guarded<T>> gradients;
            std::vector<Guarded<float>> parts;
            std::vector<GradientTensor> tensors;
            std::vector<double> expected;
            for (const int64_t size : kSizes) {
                Guarded<float> values(size);
                fill(values, static_cast<unsigned>(size), 1);
                gradients.emplace_back(size);
                for (std::size_t i = 0; i < values.size(); ++i) gradients.back().set(i, values[i]);
                parts.emplace_back(size);
                fill(parts.back(), static_cast<unsigned>(size + 1), 1);
                double sum = 0;
                for (std::size_t i = 0; i < values.size(); ++i) {
                    double g = gradients.back()[i];
                    if (adds) g = static_cast<float>(g) + static_cast<float>(parts.back()[i]);
                    sum += g * g;
                }
                expected.push_back(sum);
            }
            for (std::size_t i = 0; i < kSizes.size(); ++i)
                tensors.push_back({gradients[i].data(), adds ? parts[i].data() : nullptr, kSizes[i],
                                   std::is_same_v<T, float> ? DType::Float32 : DType::BFloat16});
            const int64_t count = static_cast<int64_t>(tensors.size());
            ASSERT_EQ(whyNot(backend, tensors.data(), count), nullptr);
            const std::vector<Guarded<T>> before = gradients;
            std::vector<std::vector<double>> sums;
            for (const Parallel& parallel : {serial(), testing::threads(3)}) {
                Guarded<double> result(count), room(static_cast<int64_t>(squareSumsWorkspace(tensors.data(), count)));
                for (std::size_t i = 0; i < gradients.size(); ++i)
                    for (std::size_t j = 0; j < gradients[i].size(); ++j) gradients[i].set(j, before[i][j]);
                squareSums(backend, tensors.data(), count, result.data(), room.data(), parallel);
                EXPECT_TRUE(result.guardsAreWhole() && room.guardsAreWhole() && result.isWritten());
                sums.emplace_back(result.data(), result.data() + count);
            }
            for (std::size_t i = 0; i < expected.size(); ++i) {
                EXPECT_NEAR(sums[0][i], expected[i], 1e-13 * expected[i]) << what << " " << i;
                EXPECT_EQ(sums[0][i], sums[1][i]) << "threads change it";
                EXPECT_TRUE(gradients[i].guardsAreWhole() && parts[i].guardsAreWhole());
                for (std::size_t j = 0; j < gradients[i].size(); ++j) {
                    const float sum = static_cast<float>(before[i][j]) + static_cast<float>(parts[i][j]);
                    ASSERT_EQ(gradients[i][j], adds ? static_cast<double>(sum) : before[i][j]) << what;
                }
            }
        }
    }
}

TEST(SquareSums, EverySizeDtypeAndInstructionSetIsTheSumInDouble) {
    forEachInstructionSet([](const std::string& name) {
        expectSquareSums<float>(name);
        expectSquareSums<BFloat16>(name + " bfloat16");
    });
}

TEST(SquareSums, LargeNumbersDoNotOverflowAndNaNShows) {
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        Guarded<float> gradient(100);
        for (std::size_t i = 0; i < 100; ++i) gradient.set(i, 3e38);
        const GradientTensor tensor{gradient.data(), nullptr, 100};
        double sum = 0, room = 0;
        squareSums(backend, &tensor, 1, &sum, &room, serial());
        EXPECT_NEAR(sum / (100 * 9e76), 1, 1e-6);
        gradient.set(99, std::nan(""));
        squareSums(backend, &tensor, 1, &sum, &room, serial());
        EXPECT_TRUE(std::isnan(sum));
    }
}

TEST(AdamW, WhatIsNotComputedIsRefused) {
    Case c(DType::Float32, false, {4});
    const auto refused = [&](const AdamTensor& tensor, const AdamStep& step) {
        return whyNot(Backend::Simd, &tensor, 1, step) != nullptr;
    };
    const AdamTensor good = c.tensors()[0];
    EXPECT_FALSE(refused(good, kStep));
    AdamStep step = kStep;
    step.update = 0;
    EXPECT_TRUE(refused(good, step));
    step = kStep;
    step.beta2 = 1;
    EXPECT_TRUE(refused(good, step));
    AdamTensor wrong = good;
    wrong.second = nullptr;
    EXPECT_TRUE(refused(wrong, kStep));
    wrong = good;
    wrong.count = -1;
    EXPECT_TRUE(refused(wrong, kStep));
    GradientTensor gradient{c.parameters[0].narrow.data(), c.parameters[0].gradient.data(), 4, DType::BFloat16};
    EXPECT_NE(whyNot(Backend::Simd, &gradient, 1), nullptr) << "a sum in bfloat16";
    gradient = {nullptr, nullptr, 4};
    EXPECT_NE(whyNot(Backend::Simd, &gradient, 1), nullptr);
}

}  // namespace
}  // namespace radlads::kernels
