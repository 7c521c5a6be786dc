// Causal attention against sums in double: sizes, heads that share keys, windows, keys before the queries, strides.
#include <random>

#include "kernels/attention.h"
#include "tests/kernels/guarded.h"

namespace radlads::kernels {
namespace {

using testing::forEachInstructionSet;
using testing::Guarded;
using testing::relativeError;

struct Shape {
    int64_t batch, heads, keyHeads, queries, keys, size, window;
};
constexpr Shape kShapes[] = {{1, 1, 1, 1, 1, 1, 0},      {2, 2, 1, 7, 7, 5, 0},      {1, 4, 2, 33, 33, 64, 0},
                             {1, 2, 2, 65, 100, 16, 0},  {1, 1, 1, 257, 257, 48, 0}, {1, 2, 2, 40, 40, 33, 8},
                             {1, 1, 1, 300, 411, 7, 90}, {2, 3, 1, 24, 600, 32, 0},  {1, 1, 1, 50, 50, 256, 0},
                             {1, 1, 1, 20, 20, 200, 1}};

std::string textOf(const Shape& s) {
    std::string text;
    for (const int64_t part : {s.batch, s.heads, s.keyHeads, s.queries, s.keys, s.size, s.window})
        text += std::to_string(part) + " ";
    return text;
}

// [batch, tokens, heads, size] of random numbers, seen as [batch, heads, tokens, size]; NaN between rows.
class Input {
public:
    Input(int64_t batch, int64_t heads, int64_t tokens, int64_t size, unsigned seed, float scale) {
        const int64_t row = size + 3;
        m_values.assign(static_cast<std::size_t>(batch * heads * tokens * row), std::nanf(""));
        m_view = {
            m_values.data(), {batch, heads, tokens, size}, {tokens * heads * row, row, heads * row, 1}, DType::Float32};
        std::mt19937 random(seed);
        std::normal_distribution<float> normal(0, scale);
        for (int64_t b = 0; b < batch; ++b)
            for (int64_t h = 0; h < heads; ++h)
                for (int64_t t = 0; t < tokens; ++t)
                    for (int64_t i = 0; i < size; ++i) m_view.at(b, h, t)[i] = normal(random);
    }
    const View& view() const { return m_view; }

private:
    std::vector<float> m_values;
    View m_view;
};

struct Problem {
    explicit Problem(const Shape& s, float scale = 1)
        : shape(s),
          q(s.batch, s.heads, s.queries, s.size, 1, scale),
          k(s.batch, s.keyHeads, s.keys, s.size, 2, scale),
          v(s.batch, s.keyHeads, s.keys, s.size, 3, 1) {}
    Attention op() const { return {q.view(), k.view(), v.view(), shape.window}; }
    // [batch, queries, heads, size].
    Guarded<float> compute(Backend backend, const Parallel& parallel) const {
        EXPECT_EQ(whyNot(op()), nullptr);
        Guarded<float> y(shape.batch * shape.queries * shape.heads * shape.size);
        Guarded<float> workspace(static_cast<int64_t>(attentionWorkspaceFloats(backend, op(), parallel.threads)));
        const int64_t row = shape.heads * shape.size;
        attention(backend, op(),
                  {y.data(),
                   {shape.batch, shape.heads, shape.queries, shape.size},
                   {shape.queries * row, shape.size, row, 1},
                   DType::Float32},
                  workspace.data(), parallel);
        EXPECT_TRUE(y.guardsAreWhole());
        EXPECT_TRUE(y.isWritten());
        EXPECT_TRUE(workspace.guardsAreWhole());
        return y;
    }
    Shape shape;
    Input q, k, v;
};
std::vector<double> valuesOf(const Guarded<float>& y) {
    std::vector<double> all;
    for (std::size_t i = 0; i < y.size(); ++i) all.push_back(y[i]);
    return all;
}

TEST(Attention, EveryShapeMatchesTheReference) {
    forEachInstructionSet([](const std::string& name) {
        for (const Shape& shape : kShapes)
            for (const float scale : {0.3f, 2.0f}) {
                const Problem problem(shape, scale);
                const std::vector<double> ours = valuesOf(problem.compute(Backend::Simd, serial()));
                EXPECT_LT(relativeError(ours, valuesOf(problem.compute(Backend::Reference, serial()))), 4e-6)
                    << name << " " << textOf(shape);
            }
    });
}

// The definition: equal scores give the mean of the values that are seen.
TEST(Attention, EqualScoresGiveTheMeanOfTheSeenValues) {
    float zeros[6] = {}, values[] = {1, 2, 4, 8, 16, 32};
    const View q = contiguous(zeros, 1, 1, 4, 1), k = contiguous(zeros, 1, 1, 6, 1), v = contiguous(values, 1, 1, 6, 1);
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        const Attention whole{q, k, v, 0}, window{q, k, v, 2};
        std::vector<float> workspace(attentionWorkspaceFloats(backend, whole, 1) + 1);
        float y[4];
        attention(backend, whole, contiguous(y, 1, 1, 4, 1), workspace.data(), serial());
        EXPECT_FLOAT_EQ(y[0], 7.0f / 3);
        EXPECT_FLOAT_EQ(y[3], 63.0f / 6);
        attention(backend, window, contiguous(y, 1, 1, 4, 1), workspace.data(), serial());
        EXPECT_FLOAT_EQ(y[0], 3);
        EXPECT_FLOAT_EQ(y[3], 24);
    }
}

TEST(Attention, HugeScoresStayFinite) {
    const Problem problem({1, 2, 1, 40, 40, 64, 0}, 40);
    const std::vector<double> ours = valuesOf(problem.compute(Backend::Simd, serial()));
    EXPECT_LT(relativeError(ours, valuesOf(problem.compute(Backend::Reference, serial()))), 1e-3);
}

// What follows a token changes nothing, and threads change no bits.
TEST(Attention, ThreadsAndLaterTokensChangeNoBits) {
    const Problem problem({2, 2, 1, 300, 300, 32, 0});
    const Guarded<float> alone = problem.compute(Backend::Simd, serial());
    EXPECT_TRUE(alone.sameBits(problem.compute(Backend::Simd, testing::threads(3))));
    Problem changed({2, 2, 1, 300, 300, 32, 0});
    for (int64_t b = 0; b < 2; ++b)
        for (int64_t t = 121; t < 300; ++t)
            for (const View& view : {changed.k.view(), changed.v.view()}) std::fill_n(view.at(b, 0, t), 32, 1000.0f);
    std::vector<float> y(2 * 2 * 300 * 32), workspace(attentionWorkspaceFloats(Backend::Simd, changed.op(), 1));
    attention(Backend::Simd, changed.op(), contiguous(y.data(), 2, 2, 300, 32), workspace.data(), serial());
    for (int64_t b = 0; b < 2; ++b)
        for (int64_t h = 0; h < 2; ++h)
            for (int64_t t = 0; t < 121; ++t)
                for (int64_t i = 0; i < 32; ++i)
                    EXPECT_EQ(y[static_cast<std::size_t>(((b * 2 + h) * 300 + t) * 32 + i)],
                              alone[static_cast<std::size_t>(((b * 300 + t) * 2 + h) * 32 + i)]);
}

TEST(Attention, WhatCannotBeIsRefused) {
    float x[256] = {};
    const View four = contiguous(x, 1, 2, 4, 8), two = contiguous(x, 1, 2, 2, 8), one = contiguous(x, 1, 1, 4, 8);
    EXPECT_EQ(whyNot(Attention{two, four, four}), nullptr);
    EXPECT_EQ(whyNot(Attention{four, one, one}), nullptr);
    EXPECT_NE(whyNot(Attention{four, two, two}), nullptr);
    EXPECT_NE(whyNot(Attention{one, four, four}), nullptr);
    EXPECT_NE(whyNot(Attention{four, four, one}), nullptr);
    View halves = four;
    halves.dtype = DType::BFloat16;
    EXPECT_NE(whyNot(Attention{four, four, halves}), nullptr);
}

}  // namespace
}  // namespace radlads::kernels
