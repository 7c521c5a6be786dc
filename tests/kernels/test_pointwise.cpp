// The element-wise ops: every backend and instruction set against the reference, the reference against finite
// differences, and what a kernel may touch.
#include <gtest/gtest.h>

#include <algorithm>

#include "guarded.h"
#include "pointwise_cases.h"

namespace radlads::kernels::testing::pointwise {
namespace {

// float32: a few roundings; bfloat16: now and then a value next to a boundary is rounded to its other side.
double toleranceOf(DType dtype) {
    return dtype == DType::Float32 ? 3e-6 : 4e-3;
}

std::string textOf(const Size& size) {
    return " B " + std::to_string(size.batch) + " H " + std::to_string(size.heads) + " T " +
           std::to_string(size.tokens) + " N " + std::to_string(size.size) +
           (size.dtype == DType::BFloat16 ? " bfloat16" : "") + (size.interleaved ? " interleaved" : "");
}

void compute(Case& c, Backend backend, const Parallel& parallel = serial()) {
    ASSERT_EQ(c.whyNot(c), nullptr) << c.name;
    c.forward(c, backend, parallel);
    c.backward(c, backend, parallel);
}

std::vector<Tensor*> results(Case& c) {
    std::vector<Tensor*> list;
    for (std::vector<Tensor>* tensors : {&c.outputs, &c.gradients})
        for (Tensor& tensor : *tensors) list.push_back(&tensor);
    return list;
}

// Relative to the norm; `floor`: to that of elements of this size, where they are differences of equal numbers.
double errorOf(const Tensor& a, const Tensor& b, double floor) {
    double error = 0, norm = floor * floor * static_cast<double>(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        error += std::pow(static_cast<double>(a.get(i)) - b.get(i), 2);
        norm += std::pow(static_cast<double>(b.get(i)), 2);
    }
    return std::sqrt(error / std::max(norm, 1e-30));
}

void expectLikeReference(const Case& problem, const Size& size, const std::string& what = "") {
    Case expected = problem, actual = problem;
    compute(expected, Backend::Reference);
    compute(actual, Backend::Simd);
    const std::vector<Tensor*> a = results(actual), b = results(expected);
    const double floor = size.size <= 2 ? 0.5 : 0;  // a head of one channel has no direction and no variance
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!b[i]->exists()) continue;
        EXPECT_TRUE(b[i]->isWhole()) << what << problem.name << textOf(size) << " reference, result " << i;
        EXPECT_TRUE(a[i]->isWhole()) << what << problem.name << textOf(size) << " result " << i;
        EXPECT_LT(errorOf(*a[i], *b[i], floor), toleranceOf(size.dtype))
            << what << problem.name << textOf(size) << " result " << i;
    }
}

const Size kSizes[] = {
    {.size = 1},
    {.batch = 1, .heads = 1, .tokens = 1, .size = 2},
    {.size = 6, .interleaved = true},
    {.batch = 1, .heads = 3, .tokens = 5, .size = 33, .group = 2},
    {.batch = 1, .heads = 2, .tokens = 70, .size = 64, .group = 3, .interleaved = true},
    {.batch = 2, .heads = 1, .tokens = 131, .size = 20},
    {.batch = 1, .heads = 1, .tokens = 4, .size = 256, .group = 2},
};

TEST(Pointwise, EverySizeAndDtypeIsTheReference) {
    for (Size size : kSizes)
        for (const DType dtype : {DType::Float32, DType::BFloat16}) {
            size.dtype = dtype;
            for (const Case& c : allCases(size)) expectLikeReference(c, size);
        }
}

// Rows that are not heads are of any width.
TEST(Pointwise, WideRowsAreTheReference) {
    for (const int64_t width : {257, 1000, 1024}) {
        const Size size{.batch = 1, .heads = 1, .tokens = 37, .size = width};
        for (const Case& c : {rmsNormCase(size, false), rmsNormCase(size, true), swiGluCase(size), alignLossCase(size),
                              tokenShiftCase(size, 5, true, true), tokenShiftCase(size, 1, false, false)})
            expectLikeReference(c, size);
    }
}

TEST(Pointwise, EveryInstructionSetIsTheReference) {
    forEachInstructionSet([](const std::string& name) {
        for (const DType dtype : {DType::Float32, DType::BFloat16}) {
            const Size size{.tokens = 7, .size = 38, .group = 2, .dtype = dtype};
            for (const Case& c : allCases(size)) expectLikeReference(c, size, name + " ");
        }
    });
}

TEST(Pointwise, TheNumberOfThreadsChangesNoBit) {
    const Size size{.batch = 3, .heads = 5, .tokens = 67, .size = 24, .group = 2};
    for (const Case& c : allCases(size)) {
        Case one = c, many = c;
        compute(one, Backend::Simd);
        compute(many, Backend::Simd, threads(3));
        const std::vector<Tensor*> a = results(one), b = results(many);
        for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i]->bytes(), b[i]->bytes()) << c.name << " result " << i;
    }
}

// The loss is a weighted sum of the outputs.
double lossOf(Case& c) {
    c.forward(c, Backend::Reference, serial());
    double loss = 0;
    for (std::size_t o = 0; o < c.outputs.size(); ++o)
        for (std::size_t i = 0; i < c.outputs[o].size(); ++i)
            loss += static_cast<double>(c.outputs[o].get(i)) * c.outputGradients[o].get(i);
    return loss;
}

TEST(Pointwise, TheReferenceHasTheGradientsOfFiniteDifferences) {
    for (Case& c : allCases({.batch = 2, .heads = 2, .tokens = 3, .size = 4, .group = 2})) {
        compute(c, Backend::Reference);
        for (std::size_t input = 0; input < c.inputs.size(); ++input)
            for (std::size_t i = 0; c.gradients[input].exists() && i < c.inputs[input].size(); ++i) {
                const float old = c.inputs[input].get(i), step = 1.0f / 256;
                const auto at = [&](float x) {
                    c.inputs[input].set(i, x);
                    return lossOf(c);
                };
                const double slope = (at(old + step) - at(old - step)) / (2.0 * step);
                c.inputs[input].set(i, old);
                EXPECT_NEAR(c.gradients[input].get(i), slope, 2e-3 * std::max(1.0, std::abs(slope)))
                    << c.name << " input " << input << " at " << i;
            }
    }
}

// Far from where anything is steep: no NaN, no infinity, the bounds of radlads.md 2.2 and 3.2.
TEST(Pointwise, ExtremeInputsStayFinite) {
    for (const Wkv op : {Wkv::Six, Wkv::Seven}) {
        Case c = prepareCase({.tokens = 2, .size = 16}, {.op = op});
        for (const std::size_t input : {std::size_t{1}, std::size_t{3}, std::size_t{4}})
            for (std::size_t i = 0; i < c.inputs[input].size(); ++i)
                c.inputs[input].set(i, input == 1 ? 0.0f : (i % 2 ? 1e4f : -1e4f));
        expectLikeReference(c, {.tokens = 2, .size = 16});
        compute(c, Backend::Simd);
        for (std::size_t i = 0; i < c.outputs[1].size(); ++i) {
            EXPECT_LE(c.outputs[1].get(i), 0.0f);
            EXPECT_GE(c.outputs[1].get(i), op == Wkv::Six ? -5.0f : -0.60654f);
        }
    }
    Case same = alignLossCase({.size = 16});
    same.inputs[1] = same.inputs[0];
    compute(same, Backend::Simd);
    for (std::size_t i = 0; i < same.gradients[1].size(); ++i) EXPECT_EQ(same.gradients[1].get(i), 0.0f);
}

TEST(Pointwise, WhatIsNotComputedIsRefused) {
    const Size size{.size = 8};
    for (Case& c : allCases(size)) {
        const auto isParameter = [](Tensor& tensor) { return tensor.view().sizes[0] == 1; };
        const auto activations = std::count_if(c.inputs.begin(), c.inputs.end(),
                                               [&](Tensor& tensor) { return tensor.exists() && !isParameter(tensor); });
        for (std::size_t input = 0; input < c.inputs.size(); ++input) {
            if (!c.inputs[input].exists()) continue;
            Case wrong = c;
            if (activations > 1 && !isParameter(c.inputs[input])) {
                wrong.inputs[input] = Tensor(DType::BFloat16, 2, 2, 3, 5);  // not as the others are
                EXPECT_NE(wrong.whyNot(wrong), nullptr) << c.name << " input " << input;
            }
            wrong.inputs[input] = {};
            if (isParameter(c.inputs[input]) || activations == 1) {
                EXPECT_NE(wrong.whyNot(wrong), nullptr) << c.name << " without input " << input;
            }
        }
    }
    const Case wide = headOutputCase({.size = 257}, true, HeadOutput::Gate::None);
    Case copy = wide;
    EXPECT_NE(copy.whyNot(copy), nullptr);
    Case odd = ropeCase({.size = 7});
    EXPECT_NE(odd.whyNot(odd), nullptr);
    Case streams = tokenShiftCase(size, 9, false, false);
    EXPECT_NE(streams.whyNot(streams), nullptr);
}

}  // namespace
}  // namespace radlads::kernels::testing::pointwise
