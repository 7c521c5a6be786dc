// A matrix times a vector: every backend, dtype and instruction set against the reference, and what a kernel may touch.
#include <random>

#include "kernels/matvec.h"
#include "tests/kernels/guarded.h"

namespace radlads::kernels {
namespace {

using testing::Guarded;

// Rows `gap` elements apart; NaN between them, which no result may meet.
template <class T>
struct Case {
    Case(int64_t m, int64_t k, int64_t gap, bool withBias)
        : rows(m), columns(k), weight(m * (k + gap) + 1), x(k), bias(m) {
        std::mt19937 random(static_cast<unsigned>(m * 31 + k));
        std::normal_distribution<double> normal(0, 1);
        for (int64_t r = 0; r < m; ++r)
            for (int64_t c = 0; c < k; ++c) weight.set(static_cast<std::size_t>(r * (k + gap) + c), normal(random));
        for (int64_t c = 0; c < k; ++c) x.set(static_cast<std::size_t>(c), normal(random));
        for (int64_t r = 0; r < m; ++r) bias.set(static_cast<std::size_t>(r), normal(random));
        const DType dtype = std::is_same_v<T, float> ? DType::Float32 : DType::BFloat16;
        inputs = {{weight.data(), {1, 1, m, k}, {0, 0, k + gap, 1}, dtype}, x.data(), withBias ? bias.data() : nullptr};
    }
    Guarded<float> result(Backend backend, const Parallel& parallel = serial()) const {
        Guarded<float> y(rows);
        EXPECT_EQ(whyNot(backend, inputs), nullptr);
        matVec(backend, inputs, y.data(), parallel);
        EXPECT_TRUE(y.guardsAreWhole() && y.isWritten());
        return y;
    }
    int64_t rows, columns;
    Guarded<T> weight;
    Guarded<float> x, bias;
    MatVecInputs inputs;
};

template <class T>
void expectLikeReference(const std::string& what) {
    for (const int64_t rows : {0, 1, 3, 4, 7, 64, 131})
        for (const int64_t columns : {1, 5, 16, 33, 100, 1003})
            for (const bool withBias : {false, true}) {
                const Case<T> c(rows, columns, columns % 3, withBias);
                const Guarded<float> expected = c.result(Backend::Reference), actual = c.result(Backend::Simd);
                const std::string text = what + " " + std::to_string(rows) + " x " + std::to_string(columns);
                for (std::size_t r = 0; r < actual.size(); ++r)
                    EXPECT_NEAR(actual[r], expected[r], 1e-6 * std::sqrt(static_cast<double>(columns)) * 4) << text;
                EXPECT_TRUE(actual.sameBits(c.result(Backend::Simd, testing::threads(3)))) << text;
                EXPECT_TRUE(expected.sameBits(c.result(Backend::Reference, testing::threads(2)))) << text;
            }
}

TEST(MatVec, EverySizeDtypeAndInstructionSetIsTheReference) {
    testing::forEachInstructionSet([](const std::string& name) {
        expectLikeReference<float>(name);
        expectLikeReference<BFloat16>(name + " bfloat16");
    });
}

TEST(MatVec, TheReferenceIsTheSum) {
    Case<float> c(2, 3, 1, true);
    const double values[] = {1, 2, 3, 0, 4, 5, 6};
    for (std::size_t i = 0; i < 7; ++i) c.weight.set(i, values[i]);
    for (std::size_t i = 0; i < 3; ++i) c.x.set(i, static_cast<double>(i) - 0.5);
    c.bias.set(0, 10), c.bias.set(1, 20);
    const Guarded<float> y = c.result(Backend::Reference);
    EXPECT_EQ(y[0], 10 - 0.5 + 1 + 4.5);
    EXPECT_EQ(y[1], 20 - 2 + 2.5 + 9);
}

TEST(MatVec, WhatIsNotComputedIsRefused) {
    const Case<float> c(4, 8, 0, false);
    MatVecInputs wrong = c.inputs;
    wrong.weight.strides[3] = 2;
    EXPECT_NE(whyNot(Backend::Simd, wrong), nullptr);
    wrong = c.inputs;
    wrong.weight.sizes[1] = 2;
    EXPECT_NE(whyNot(Backend::Simd, wrong), nullptr);
    wrong = c.inputs;
    wrong.x = nullptr;
    EXPECT_NE(whyNot(Backend::Simd, wrong), nullptr);
}

}  // namespace
}  // namespace radlads::kernels
