// The losses of kernels/gpu against the reference. On fibers both warp sizes and several orders.
#include "kernels/gpu/losses.h"
#include "tests/kernels/gpu_support.h"

namespace radlads::kernels::gpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kBetween = 77;  // between the rows: not to be touched

// Logits on the host, rounded to their dtype, rows `stride` apart.
struct Logits {
    Logits(int64_t n, int64_t v, int64_t gap, DType type, unsigned seed, float spread = 3)
        : tokens(n), vocabulary(v), stride(v + gap), dtype(type), values(static_cast<std::size_t>(n * stride)) {
        std::mt19937 random(seed);
        std::normal_distribution<float> normal(0, spread);
        std::fill(values.begin(), values.end(), kBetween);
        for (int64_t t = 0; t < n; ++t)
            for (int64_t i = 0; i < v; ++i) set(t, i, normal(random));
    }
    float& at(int64_t t, int64_t v) { return values[static_cast<std::size_t>(t * stride + v)]; }
    void set(int64_t t, int64_t v, float x) {
        at(t, v) = dtype == DType::Float32 ? x : toFloat(fromFloat<BFloat16>(x));
    }
    View view(void* data, DType type) const { return {data, {1, 1, tokens, vocabulary}, {0, 0, stride, 1}, type}; }
    DeviceTensor onDevice() const {
        DeviceTensor device(1, 1, tokens, stride, dtype);
        device.write(values);
        return device;
    }
    int64_t tokens, vocabulary, stride;
    DType dtype;
    std::vector<float> values;
};

struct Case {
    Case(int64_t n, int64_t v, DType s = DType::Float32, DType t = DType::Float32, int64_t gap = 3)
        : student(n, v, gap, s, 1), teacher(n, v, gap + 2, t, 2) {
        for (int64_t i = 0; i < n; ++i) labels.push_back((i * 37 + 5) % v);
    }
    Logits student, teacher;
    std::vector<int64_t> labels;
};

struct Result {
    double sum = 0;
    std::vector<double> losses;
    std::vector<float> student;  // the gradient, with what lies between its rows
};

constexpr double kScale = 0.25;

Result reference(Case c, bool withTeacher) {
    Result r;
    r.losses.resize(c.labels.size());
    LossInputs inputs{c.student.view(c.student.values.data(), DType::Float32), {}, nullptr};
    if (withTeacher)
        inputs.teacher = c.teacher.view(c.teacher.values.data(), DType::Float32);
    else
        inputs.labels = c.labels.data();
    r.sum = kernels::vocabularyLossGradient(Backend::Reference, inputs, kScale, r.losses.data(), serial());
    r.student = c.student.values;
    return r;
}

Result compute(const Case& c, bool withTeacher, const Way& way) {
    way.use();
    const DeviceTensor student = c.student.onDevice(), teacher = c.teacher.onDevice();
    const DeviceArray<int64_t> labels(c.labels);
    const DeviceArray<double> losses(c.labels.size()), alone(c.labels.size()), sums(2);
    LossInputs inputs{c.student.view(student.data(), c.student.dtype), {}, nullptr};
    if (withTeacher)
        inputs.teacher = c.teacher.view(teacher.data(), c.teacher.dtype);
    else
        inputs.labels = labels.data();
    EXPECT_EQ(whyNot(inputs), nullptr);
    const auto expectDone = [&](const char* error) { EXPECT_EQ(error, nullptr) << error << " " << way.name; };
    expectDone(vocabularyLoss(inputs, alone.data(), sums.data(), nullptr));
    EXPECT_EQ(synchronise(), nullptr);
    EXPECT_TRUE(isSameBits(student.read(), c.student.values)) << "the loss alone changes the logits";
    expectDone(vocabularyLossGradient(inputs, kScale, losses.data(), sums.data() + 1, nullptr));
    EXPECT_EQ(synchronise(), nullptr);
    EXPECT_TRUE(student.isGuarded() && teacher.isGuarded() && losses.isGuarded() && sums.isGuarded());
    EXPECT_TRUE(isSameBits(teacher.read(), c.teacher.values));
    EXPECT_EQ(labels.read(), c.labels);
    Result r{sums.read()[1], losses.read(), student.read()};
    EXPECT_TRUE(isSameBits(alone.read(), r.losses)) << "the loss without a gradient is another";
    for (int64_t t = 0; t < c.student.tokens; ++t)
        for (int64_t i = c.student.vocabulary; i < c.student.stride; ++i)
            EXPECT_EQ(r.student[static_cast<std::size_t>(t * c.student.stride + i)], kBetween);
    return r;
}

void expectLikeReference(const Case& c, const std::vector<Way>& list, const std::string& what = "") {
    for (const bool withTeacher : {true, false}) {
        const Result expected = reference(c, withTeacher);
        for (const Way& way : list) {
            const Result actual = compute(c, withTeacher, way);
            const std::string text = what + " V " + std::to_string(c.student.vocabulary) +
                                     (withTeacher ? " distill, " : " labels, ") + way.name;
            for (std::size_t t = 0; t < expected.losses.size(); ++t)
                EXPECT_NEAR(actual.losses[t], expected.losses[t], 3e-6 + 1e-6 * expected.losses[t]) << text << " " << t;
            EXPECT_NEAR(actual.sum, expected.sum, 1e-5 + 1e-6 * expected.sum) << text;
            // What lies between the rows is the larger part of the norm: take it away.
            std::vector<float> a = actual.student, b = expected.student;
            for (std::size_t i = 0; i < b.size(); ++i)
                if (static_cast<int64_t>(i) % c.student.stride >= c.student.vocabulary) a[i] = b[i] = 0;
            for (const float x : a) EXPECT_TRUE(std::isfinite(x)) << text;
            if (c.student.vocabulary == 1) {
                EXPECT_LT(std::abs(a[0]), 1e-7) << text;
                continue;
            }
            const double tolerance = c.student.dtype == DType::Float32 ? 2e-6 : 3e-3;
            EXPECT_LT(relativeError(a, b), tolerance) << text;
        }
    }
}

TEST(GpuLosses, EveryVocabularyAndDtypeIsTheReference) {
    constexpr DType kTypes[] = {DType::Float32, DType::BFloat16};
    for (const DType student : kTypes)
        for (const DType teacher : kTypes)
            for (const auto& [tokens, vocabulary] :
                 {std::pair<int64_t, int64_t>{1, 1}, {3, 2}, {3, 7}, {2, 64}, {3, 1003}, {2, 4111}}) {
                const std::string what = student == teacher ? "same dtype" : "mixed";
                expectLikeReference(Case(tokens, vocabulary, student, teacher), ways(), what);
            }
}

TEST(GpuLosses, RowsThatLieWellAreReadSeveralElementsAtOnce) {
    for (const DType dtype : {DType::Float32, DType::BFloat16})
        for (const int64_t vocabulary : {4096, 4100}) {  // rows of a multiple of 16 bytes; of their last few elements
            Case c(2, vocabulary, dtype, dtype, 12);
            c.teacher = Logits(2, vocabulary, 12, dtype, 2);
            expectLikeReference(c, ways());
        }
    expectLikeReference(Case(1, 152064, DType::BFloat16, DType::BFloat16, 0), ways({32}));
}

TEST(GpuLosses, TheOrderOfThreadsAndBlocksChangesNoBit) {
    const Case c(5, 2500);
    for (const int lanes : {32, 64})
        for (const bool withTeacher : {true, false}) {
            const std::vector<Way> list = orders(lanes);
            const Result first = compute(c, withTeacher, list[0]);
            for (const Way& way : list) {
                const Result again = compute(c, withTeacher, way);
                EXPECT_EQ(again.sum, first.sum) << way.name;
                EXPECT_EQ(again.losses, first.losses) << way.name;
                EXPECT_TRUE(isSameBits(again.student, first.student)) << way.name;
            }
        }
}

TEST(GpuLosses, TheSumIsThatOfManyTokens) {
    const Case c(520, 2);  // more than a block has threads
    const Result result = compute(c, false, ways({64})[0]);
    double sum = 0;
    for (const double loss : result.losses) sum += loss;
    EXPECT_NEAR(result.sum, sum, 1e-12 * sum);
}

TEST(GpuLosses, ExtremeLogitsAreTheReference) {
    for (const float size : {1e4f, -1e4f}) {
        Case c(2, 3000);
        for (int64_t v = 0; v < 3000; v += 3) c.student.set(0, v, size), c.teacher.set(1, v, size / 2);
        expectLikeReference(c, ways({32}), "logits of " + std::to_string(size));
    }
    // The maximum comes late: everything before it moves.
    Case late(1, 9000);
    for (int64_t v = 0; v < 9000; ++v)
        late.student.set(0, v, 0.002f * static_cast<float>(v)), late.teacher.set(0, v, 0.001f * static_cast<float>(v));
    expectLikeReference(late, ways({32}), "rising");
    Case same(2, 1003);
    for (int64_t t = 0; t < 2; ++t)
        for (int64_t v = 0; v < 1003; ++v) same.teacher.set(t, v, same.student.at(t, v));
    const Result result = compute(same, true, ways()[0]);
    EXPECT_EQ(result.sum, 0);
}

TEST(GpuLosses, MaskedLogitsAddNothingUnlessTheStudentAloneMasksThem) {
    constexpr int64_t kMasked[] = {0, 33, 69, 600, 2100, 3999};
    Case c(3, 4000);
    for (const int64_t v : kMasked) c.teacher.set(0, v, -kInfinity);
    for (const int64_t v : kMasked) c.teacher.set(1, v, -kInfinity), c.student.set(1, v, -kInfinity);
    for (int64_t v = 1000; v < 2048; ++v) c.teacher.set(0, v, -kInfinity);  // all that some threads have
    c.student.set(2, 69, -kInfinity);
    c.labels[2] = 69;
    for (const Way& way : ways()) {
        const Result expected = reference(c, true), masked = compute(c, true, way);
        for (std::size_t t = 0; t < 2; ++t) EXPECT_NEAR(masked.losses[t], expected.losses[t], 1e-5);
        EXPECT_EQ(masked.losses[2], kInfinity);
        EXPECT_EQ(masked.sum, kInfinity);
        for (std::size_t i = 0; i < masked.student.size(); ++i)
            EXPECT_NEAR(masked.student[i], expected.student[i], 1e-6) << i;
        EXPECT_EQ(compute(c, false, way).losses[2], kInfinity);
    }
}

TEST(GpuLosses, WhatIsNoNumberShowsInItsRowAlone) {
    const Way way = ways()[0];
    const auto expectOneRow = [](const Result& result, const std::string& what) {
        EXPECT_TRUE(std::isnan(result.losses[1]) && std::isnan(result.sum)) << what;
        EXPECT_TRUE(std::isfinite(result.losses[0]) && std::isfinite(result.losses[2])) << what;
        for (std::size_t i = 0; i < 309; ++i)
            if (i % 103 < 100) {
                EXPECT_EQ(std::isnan(result.student[i]), i >= 103 && i < 206) << what << " " << i;
            }
    };
    for (const float bad : {std::nanf(""), kInfinity})
        for (const int64_t where : {0, 40, 99})
            for (const bool ofTeacher : {true, false})
                for (const bool withTeacher : {true, false}) {
                    if (ofTeacher && !withTeacher) continue;
                    Case c(3, 100);
                    (ofTeacher ? c.teacher : c.student).set(1, where, bad);
                    expectOneRow(compute(c, withTeacher, way), std::to_string(bad));
                }
    Case none(3, 100);
    for (int64_t v = 0; v < 100; ++v) none.student.set(1, v, -kInfinity);
    for (const bool withTeacher : {true, false}) expectOneRow(compute(none, withTeacher, way), "nothing but -inf");
    for (const int64_t label : {-1, 100}) {
        Case c(3, 100);
        c.labels[1] = label;
        expectOneRow(compute(c, false, way), "no such label");
    }
}

TEST(GpuLosses, NoTokensAreNoLoss) {
    for (const bool withTeacher : {true, false}) EXPECT_EQ(compute(Case(0, 5), withTeacher, ways()[0]).sum, 0);
}

TEST(GpuLosses, WhatIsNotComputedIsRefused) {
    const Case c(2, 8);
    const DeviceTensor student = c.student.onDevice();
    const View view = c.student.view(student.data(), DType::Float32);
    EXPECT_NE(whyNot(LossInputs{view, {}, nullptr}), nullptr) << "neither a teacher nor labels";
    LossInputs wrong{view, view, nullptr};
    wrong.teacher.sizes[3] = 7;
    EXPECT_NE(whyNot(wrong), nullptr) << "another vocabulary";
    wrong = {view, view, nullptr};
    wrong.student.strides[3] = 2;
    EXPECT_NE(whyNot(wrong), nullptr) << "elements apart";
}

}  // namespace
}  // namespace radlads::kernels::gpu
