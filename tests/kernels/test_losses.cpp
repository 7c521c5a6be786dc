// The losses over a vocabulary: every backend, dtype and instruction set against the reference, the reference against
// finite differences, masked and extreme logits, and what a kernel may touch.
#include <random>

#include "kernels/losses.h"
#include "tests/kernels/guarded.h"

namespace radlads::kernels {
namespace {

using testing::forEachInstructionSet;
using testing::Guarded;
using testing::relativeError;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kVocabularies[] = {1, 2, 7, 15, 16, 17, 64, 100, 1003, 2048, 4111};

template <class T>
constexpr DType kDType = std::is_same_v<T, float> ? DType::Float32 : DType::BFloat16;

// Logits of n tokens, rows `stride` apart.
template <class T>
struct Logits {
    Logits(int64_t n, int64_t v, int64_t gap, double spread, unsigned seed)
        : tokens(n), vocabulary(v), stride(v + gap), memory(std::max<int64_t>(1, n * stride)) {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal(0, spread);
        for (std::size_t i = 0; i < memory.size(); ++i) memory.set(i, 77.0);  // between the rows: not to be touched
        for (int64_t t = 0; t < n; ++t)
            for (int64_t i = 0; i < v; ++i) set(t, i, normal(random));
    }
    View view() { return {memory.data(), {1, 1, tokens, vocabulary}, {0, 0, stride, 1}, kDType<T>}; }
    void set(int64_t t, int64_t v, double x) { memory.set(static_cast<std::size_t>(t * stride + v), x); }
    double at(int64_t t, int64_t v) const { return memory[static_cast<std::size_t>(t * stride + v)]; }
    std::vector<double> values() const {
        std::vector<double> all;
        for (int64_t t = 0; t < tokens; ++t)
            for (int64_t v = 0; v < vocabulary; ++v) all.push_back(at(t, v));
        return all;
    }
    bool gapsAreWhole() const {
        for (int64_t t = 0; t < tokens; ++t)
            for (int64_t v = vocabulary; v < stride; ++v)
                if (at(t, v) != 77.0) return false;
        return memory.guardsAreWhole();
    }
    int64_t tokens, vocabulary, stride;
    Guarded<T> memory;
};

template <class S, class T>
struct Case {
    Case(int64_t n, int64_t v, double spread = 3, int64_t gap = 3)
        : student(n, v, gap, spread, 1), teacher(n, v, gap + 2, spread, 2) {
        for (int64_t t = 0; t < n; ++t) labels.push_back((t * 37 + 5) % v);
    }
    LossInputs distill() { return {student.view(), teacher.view(), nullptr}; }
    LossInputs labelled() { return {student.view(), {}, labels.data()}; }
    LossInputs inputs(bool withTeacher) { return withTeacher ? distill() : labelled(); }
    Logits<S> student;
    Logits<T> teacher;
    std::vector<int64_t> labels;
};

struct Result {
    explicit Result(int64_t n) : perToken(n) {}
    double loss = 0;
    Guarded<double> perToken;
    std::vector<double> gradient;
};

template <class S, class T>
Result compute(Backend backend, Case<S, T> c, bool withTeacher, double scale = 1, const Parallel& parallel = serial()) {
    const int64_t n = c.student.tokens;
    EXPECT_EQ(whyNot(backend, c.inputs(withTeacher)), nullptr);
    Result alone(n), result(n);
    const std::vector<double> teacher = c.teacher.values();
    alone.loss = vocabularyLoss(backend, c.inputs(withTeacher), alone.perToken.data(), parallel);
    result.loss = vocabularyLossGradient(backend, c.inputs(withTeacher), scale, result.perToken.data(), parallel);
    EXPECT_TRUE(alone.perToken.sameBits(result.perToken)) << "the loss without a gradient is another";
    EXPECT_TRUE(result.perToken.guardsAreWhole() && c.student.gapsAreWhole() && c.teacher.gapsAreWhole());
    const std::vector<double> after = c.teacher.values();
    EXPECT_TRUE(teacher.empty() || std::memcmp(teacher.data(), after.data(), teacher.size() * sizeof(double)) == 0);
    result.gradient = c.student.values();
    return result;
}

template <class S, class T>
void expectLikeReference(const Case<S, T>& c, const std::string& what) {
    for (const bool withTeacher : {true, false}) {
        const Result expected = compute(Backend::Reference, c, withTeacher, 0.25);
        const Result actual = compute(Backend::Simd, c, withTeacher, 0.25);
        const std::string text = what + (withTeacher ? " distill" : " labels");
        for (std::size_t t = 0; t < expected.perToken.size(); ++t)
            EXPECT_NEAR(actual.perToken[t], expected.perToken[t], 2e-6 + 1e-6 * expected.perToken[t])
                << text << " " << t;
        EXPECT_NEAR(actual.loss, expected.loss, 1e-5 + 1e-6 * expected.loss) << text;
        // bfloat16 gradients may fall on the other side of a rounding.
        const double tolerance = std::is_same_v<S, float> ? 1e-6 : 2e-4;
        if (c.student.vocabulary > 1) {
            EXPECT_LT(relativeError(actual.gradient, expected.gradient), tolerance) << text;
        }
        for (const double x : actual.gradient) EXPECT_TRUE(std::isfinite(x)) << text;
    }
}

template <class S, class T>
void everySize(const char* name) {
    for (const int64_t vocabulary : kVocabularies)
        for (const int64_t tokens : {1, 3})
            expectLikeReference(Case<S, T>(tokens, vocabulary), std::string(name) + " V " + std::to_string(vocabulary));
    expectLikeReference(Case<S, T>(2, 152064), std::string(name) + " V 152064");
}

TEST(Losses, EveryVocabularyAndDtypeIsTheReference) {
    everySize<float, float>("float32");
    everySize<BFloat16, BFloat16>("bfloat16");
    everySize<float, BFloat16>("bfloat16 teacher");
    everySize<BFloat16, float>("bfloat16 student");
}

TEST(Losses, EveryInstructionSetIsTheReference) {
    forEachInstructionSet([](const std::string& name) {
        for (const int64_t vocabulary : {1, 7, 1003, 4111}) {
            expectLikeReference(Case<float, float>(3, vocabulary), name);
            expectLikeReference(Case<BFloat16, BFloat16>(3, vocabulary), name + " bfloat16");
        }
    });
}

TEST(Losses, TheNumberOfThreadsChangesNoBit) {
    for (const Backend backend : {Backend::Reference, Backend::Simd})
        for (const bool withTeacher : {true, false}) {
            const Case<float, float> c(29, 517);
            const Result one = compute(backend, c, withTeacher),
                         many = compute(backend, c, withTeacher, 1, testing::threads(3));
            EXPECT_EQ(one.loss, many.loss);
            EXPECT_TRUE(one.perToken.sameBits(many.perToken));
            EXPECT_EQ(one.gradient, many.gradient);
        }
}

TEST(Losses, ExtremeLogitsAreTheReference) {
    for (const double size : {1e4, -1e4, 3e38}) {
        Case<float, float> c(2, 300, 1);
        for (int64_t v = 0; v < 300; v += 3) c.student.set(0, v, size), c.teacher.set(1, v, size / 2);
        if (size < 1e10) expectLikeReference(c, "logits of " + std::to_string(size));
        // Without a teacher even the largest floats stay finite.
        const Result expected = compute(Backend::Reference, c, false), actual = compute(Backend::Simd, c, false);
        EXPECT_NEAR(actual.perToken[1], expected.perToken[1], 1e-5);
        EXPECT_LT(relativeError(actual.gradient, expected.gradient), 1e-6);
    }
    Case<float, float> same(2, 1003, 50);
    for (int64_t t = 0; t < 2; ++t)
        for (int64_t v = 0; v < 1003; ++v) same.teacher.set(t, v, same.student.at(t, v));
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        const Result result = compute(backend, same, true);
        EXPECT_NEAR(result.loss, 0, 1e-12);
        for (const double x : result.gradient) EXPECT_NEAR(x, 0, 1e-7);
    }
}

TEST(Losses, MaskedLogitsAddNothingUnlessTheStudentAloneMasksThem) {
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        Case<float, float> c(3, 70);
        for (const int64_t v : {0, 33, 69}) c.teacher.set(0, v, -kInfinity);
        for (const int64_t v : {0, 33, 69}) c.teacher.set(1, v, -kInfinity), c.student.set(1, v, -kInfinity);
        c.student.set(2, 69, -kInfinity);
        const Result masked = compute(backend, c, true);
        EXPECT_TRUE(std::isfinite(masked.perToken[0]) && std::isfinite(masked.perToken[1]));
        EXPECT_EQ(masked.perToken[2], kInfinity);
        EXPECT_EQ(masked.loss, kInfinity);
        for (const double x : masked.gradient) EXPECT_TRUE(std::isfinite(x));
        EXPECT_EQ(masked.gradient[70 + 33], 0);      // masked by both
        EXPECT_GT(masked.gradient[33], 0);           // by the teacher: the student's probability goes down
        EXPECT_LT(masked.gradient[2 * 70 + 69], 0);  // by the student: up
        // Row 1 is the row without the masked entries.
        Case<float, float> shorter(1, 67);
        for (int64_t v = 0, to = 0; v < 70; ++v) {
            if (v == 0 || v == 33 || v == 69) continue;
            shorter.student.set(0, to, c.student.at(1, v)), shorter.teacher.set(0, to++, c.teacher.at(1, v));
        }
        EXPECT_NEAR(compute(backend, shorter, true).loss, masked.perToken[1], 1e-5);
        // A masked label.
        c.labels[2] = 69;
        EXPECT_EQ(compute(backend, c, false).perToken[2], kInfinity);
    }
}

TEST(Losses, WhatIsNoNumberShowsInItsRowAlone) {
    const double nan = std::nan("");
    for (const Backend backend : {Backend::Reference, Backend::Simd})
        for (const double bad : {nan, kInfinity})
            for (const bool ofTeacher : {true, false})
                for (const bool withTeacher : {true, false}) {
                    if (ofTeacher && !withTeacher) continue;
                    for (const int64_t where : {0, 40, 99}) {
                        Case<float, float> c(3, 100);
                        if (ofTeacher)
                            c.teacher.set(1, where, bad);
                        else
                            c.student.set(1, where, bad);
                        const Result result = compute(backend, c, withTeacher);
                        EXPECT_TRUE(std::isnan(result.perToken[1]) && std::isnan(result.loss));
                        EXPECT_TRUE(std::isfinite(result.perToken[0]) && std::isfinite(result.perToken[2]));
                        for (std::size_t i = 0; i < 300; ++i)
                            EXPECT_EQ(std::isnan(result.gradient[i]), i >= 100 && i < 200) << i;
                    }
                }
    for (const Backend backend : {Backend::Reference, Backend::Simd}) {
        Case<float, float> c(1, 50);
        for (int64_t v = 0; v < 50; ++v) c.student.set(0, v, -kInfinity);
        EXPECT_TRUE(std::isnan(compute(backend, c, true).loss));
        EXPECT_TRUE(std::isnan(compute(backend, c, false).loss));
    }
}

TEST(Losses, TheReferenceHasTheGradientsOfFiniteDifferences) {
    for (const bool withTeacher : {true, false}) {
        Case<float, float> c(2, 9, 1);
        const Result result = compute(Backend::Reference, c, withTeacher, 2.0);
        std::vector<double> losses(2);
        for (int64_t t = 0; t < 2; ++t)
            for (int64_t v = 0; v < 9; ++v) {
                const double old = c.student.at(t, v), step = 1.0 / 256;
                c.student.set(t, v, old + step);
                const double above = vocabularyLoss(Backend::Reference, c.inputs(withTeacher), losses.data(), serial());
                c.student.set(t, v, old - step);
                const double below = vocabularyLoss(Backend::Reference, c.inputs(withTeacher), losses.data(), serial());
                c.student.set(t, v, old);
                EXPECT_NEAR(result.gradient[static_cast<std::size_t>(t * 9 + v)], 2 * (above - below) / (2 * step),
                            2e-5);
            }
    }
}

TEST(Losses, NoTokensAreNoLoss) {
    for (const Backend backend : {Backend::Reference, Backend::Simd})
        for (const bool withTeacher : {true, false}) {
            const Result result = compute(backend, Case<float, float>(0, 5), withTeacher);
            EXPECT_EQ(result.loss, 0);
        }
}

TEST(Losses, WhatIsNotComputedIsRefused) {
    Case<float, float> c(2, 8);
    const auto refused = [](const LossInputs& inputs) { return whyNot(Backend::Simd, inputs) != nullptr; };
    LossInputs wrong = c.distill();
    wrong.teacher.sizes[3] = 7;
    EXPECT_TRUE(refused(wrong)) << "another vocabulary";
    wrong = c.distill();
    wrong.student.strides[3] = 2;
    EXPECT_TRUE(refused(wrong)) << "elements apart";
    wrong = c.distill();
    wrong.teacher.strides[3] = 2;
    EXPECT_TRUE(refused(wrong)) << "a teacher's elements apart";
    wrong = c.distill();
    wrong.student.strides[2] = 4;
    EXPECT_TRUE(refused(wrong)) << "rows that overlap";
    wrong = c.distill();
    wrong.student.sizes[1] = 2;
    EXPECT_TRUE(refused(wrong)) << "heads";
    wrong = c.distill();
    wrong.labels = c.labels.data();
    EXPECT_TRUE(refused(wrong)) << "a teacher and labels";
    wrong = c.distill();
    wrong.teacher = {};
    EXPECT_TRUE(refused(wrong)) << "neither";
    wrong = c.labelled();
    for (const int64_t label : {-1, 8}) {
        c.labels[1] = label;
        EXPECT_TRUE(refused(wrong)) << label;
    }
    c.labels[1] = 7;
    EXPECT_FALSE(refused(wrong));
}

}  // namespace
}  // namespace radlads::kernels
