// The recurrences: every backend and instruction set against the reference, the reference against finite differences,
// and what a kernel may touch.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernels/wkv.h"

namespace radlads::kernels {
namespace {

constexpr Wkv kOps[] = {Wkv::Six, Wkv::Seven};
constexpr float kGuard = 1234.5f;
constexpr int64_t kGuardFloats = 64;

const char* nameOf(Wkv op) {
    return op == Wkv::Six ? "wkv6" : "wkv7";
}

std::string textOf(Wkv op, int64_t tokens, int64_t size) {
    return std::string(nameOf(op)) + " T " + std::to_string(tokens) + " N " + std::to_string(size);
}

// A tensor between guard bands, its elements NaN until somebody writes them.
class Tensor {
public:
    Tensor() = default;
    Tensor(int64_t batch, int64_t heads, int64_t rows, int64_t columns)
        : m_bytes(static_cast<std::size_t>(batch * heads * rows * columns + 2 * kGuardFloats), kGuard),
          m_shape{batch, heads, rows, columns} {
        std::fill(begin(), end(), std::nanf(""));
    }
    View view() { return contiguous(begin(), m_shape[0], m_shape[1], m_shape[2], m_shape[3]); }
    // The same tensor lying as [batch, tokens, heads, size].
    View interleaved() {
        View view = this->view();
        view.strides[0] = m_shape[1] * m_shape[2] * m_shape[3];
        view.strides[1] = m_shape[3];
        view.strides[2] = m_shape[1] * m_shape[3];
        return view;
    }
    float* begin() { return m_bytes.data() + kGuardFloats; }
    float* end() { return m_bytes.data() + m_bytes.size() - kGuardFloats; }
    std::size_t size() const { return m_bytes.size() - 2 * kGuardFloats; }
    float& operator[](std::size_t i) { return begin()[i]; }
    bool isWhole() const {  // every element written, no guard touched
        for (std::size_t i = 0; i < m_bytes.size(); ++i) {
            const bool isGuard = i < kGuardFloats || i >= m_bytes.size() - kGuardFloats;
            if (isGuard ? m_bytes[i] != kGuard : !std::isfinite(m_bytes[i])) return false;
        }
        return true;
    }

private:
    std::vector<float> m_bytes;
    int64_t m_shape[4] = {};
};

struct Shape {
    int64_t batch = 2, heads = 2, tokens = 0, size = 0;
    std::vector<int64_t> segments = {};
    bool hasState = true;
    int64_t sequences() const { return segments.empty() ? batch : static_cast<int64_t>(segments.size()) - 1; }
};

class Case {
public:
    Case(Wkv which, const Shape& size, unsigned seed = 1) : op(which), shape(size), m_random(seed) {
        const auto random = [&](float scale) {
            Tensor tensor(shape.batch, shape.heads, shape.tokens, shape.size);
            std::normal_distribution<float> normal(0, scale);
            for (float& x : tensor) x = normal(m_random);
            return tensor;
        };
        const float small = 1.0f / std::sqrt(static_cast<float>(shape.size));
        q = random(1), k = random(small), v = random(1), dy = random(1), g = random(1), a = random(1), b = random(1);
        std::uniform_real_distribution<float> uniform(0, 1);
        for (float& x : g)
            x = op == Wkv::Seven ? -0.6065f * uniform(m_random) : -5.0f * uniform(m_random) * uniform(m_random);
        const std::size_t width = static_cast<std::size_t>(shape.size);
        for (std::size_t r = 0; r < a.size(); r += width) {  // a = -kappa, b = kappa times a rate; |kappa| = 1
            float norm = 1e-12f;
            for (std::size_t i = 0; i < width; ++i) norm += a[r + i] * a[r + i];
            for (std::size_t i = 0; i < width; ++i) {
                a[r + i] /= std::sqrt(norm);
                b[r + i] = -a[r + i] * uniform(m_random);
            }
        }
        state = Tensor(shape.sequences(), shape.heads, shape.size, shape.size);
        dstate = state;
        std::normal_distribution<float> normal(0, 1);
        for (Tensor* tensor : {&state, &dstate})
            for (float& x : *tensor) x = normal(m_random);
    }
    WkvInputs inputs() {
        WkvInputs in{q.view(), g.view(), k.view(), v.view(), {}, {}, {}, {}};
        if (op == Wkv::Seven) in.a = a.view(), in.b = b.view();
        if (shape.hasState) in.state = state.view();
        if (!shape.segments.empty())
            in.segments = {shape.segments.data(), static_cast<int64_t>(shape.segments.size()) - 1};
        return in;
    }
    Tensor tokens() const { return Tensor(shape.batch, shape.heads, shape.tokens, shape.size); }

    Wkv op;
    Shape shape;
    Tensor q, g, k, v, a, b, state, dy, dstate;

private:
    std::mt19937 m_random;
};

struct Results {
    Tensor y, state, dq, dg, dk, dv, da, db, dstate0;
    std::vector<std::pair<const char*, Tensor*>> all(Wkv op) {
        std::vector<std::pair<const char*, Tensor*>> list{
            {"y", &y}, {"state", &state}, {"dq", &dq}, {"dg", &dg}, {"dk", &dk}, {"dv", &dv}, {"dstate0", &dstate0}};
        if (op == Wkv::Seven) list.insert(list.end(), {{"da", &da}, {"db", &db}});
        return list;
    }
};

Results compute(Backend backend, Case& c, const WkvInputs& inputs, const Parallel& parallel = serial(),
                bool interleaved = false) {
    EXPECT_EQ(whyNot(backend, c.op, inputs), nullptr);
    Results r;
    for (Tensor* tensor : {&r.y, &r.dq, &r.dg, &r.dk, &r.dv, &r.da, &r.db}) *tensor = c.tokens();
    r.state = Tensor(c.shape.sequences(), c.shape.heads, c.shape.size, c.shape.size);
    r.dstate0 = r.state;
    const auto view = [&](Tensor& tensor) { return interleaved ? tensor.interleaved() : tensor.view(); };
    std::vector<float> saved(wkvSavedFloats(backend, c.op, inputs), std::nanf(""));
    std::vector<float> room(wkvWorkspaceFloats(backend, c.op, inputs, parallel.threads), std::nanf(""));
    wkvForward(backend, c.op, inputs, {view(r.y), r.state.view(), saved.data()}, room.data(), parallel);
    std::fill(room.begin(), room.end(), std::nanf(""));
    WkvGradients gradients{view(c.dy), c.dstate.view(), view(r.dq), view(r.dg), view(r.dk), view(r.dv), {},
                           {},         r.dstate0.view()};
    if (c.op == Wkv::Seven) gradients.da = view(r.da), gradients.db = view(r.db);
    wkvBackward(backend, c.op, inputs, saved.data(), gradients, room.data(), parallel);
    return r;
}

double relativeError(Tensor& a, Tensor& b) {
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        error += std::pow(static_cast<double>(a[i]) - b[i], 2);
        norm += std::pow(static_cast<double>(b[i]), 2);
    }
    return std::sqrt(error / std::max(norm, 1e-30));
}

void expectLikeReference(Case& c, const WkvInputs& inputs, const std::string& what, double tolerance = 5e-6) {
    Results expected = compute(Backend::Reference, c, inputs), actual = compute(Backend::Simd, c, inputs);
    const auto names = expected.all(c.op);
    const auto tensors = actual.all(c.op);
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_TRUE(names[i].second->isWhole()) << what << " reference " << names[i].first;
        EXPECT_TRUE(tensors[i].second->isWhole()) << what << " " << names[i].first;
        EXPECT_LT(relativeError(*tensors[i].second, *names[i].second), tolerance) << what << " " << names[i].first;
    }
}

TEST(Wkv, EverySizeAndLengthIsTheReference) {
    for (const Wkv op : kOps)
        for (const int64_t tokens : {1, 2, 15, 16, 17, 31, 32, 33, 64, 75})
            for (const int64_t size : {1, 3, 16, 20, 64, 100, 128, 256}) {
                if (size > 128 && tokens > 33) continue;
                Case c(op, {.batch = 1, .heads = 2, .tokens = tokens, .size = size});
                expectLikeReference(c, c.inputs(), textOf(op, tokens, size));
            }
}

TEST(Wkv, EveryInstructionSetIsTheReference) {
    const int64_t all = hwy::SupportedTargets();
    std::vector<std::string> seen;
    for (int64_t targets = all; targets != 0; targets &= targets - 1) {
        hwy::SetSupportedTargetsForTest(targets & -targets);
        if (std::find(seen.begin(), seen.end(), simdTarget()) != seen.end()) continue;
        seen.emplace_back(simdTarget());
        for (const Wkv op : kOps)
            for (const int64_t size : {20, 64}) {
                Case c(op, {.tokens = 50, .size = size});
                expectLikeReference(c, c.inputs(), seen.back() + " " + textOf(op, 50, size));
            }
    }
    hwy::SetSupportedTargetsForTest(0);
    EXPECT_FALSE(seen.empty());
}

TEST(Wkv, SegmentsAreSequencesOfTheirOwn) {
    for (const Wkv op : kOps) {
        Case c(op, {.batch = 1, .heads = 3, .tokens = 90, .size = 24, .segments = {0, 1, 40, 40, 73, 90}});
        expectLikeReference(c, c.inputs(), std::string(nameOf(op)) + " segments");
        // The first segment by itself gives the same.
        Results all = compute(Backend::Simd, c, c.inputs());
        WkvInputs one = c.inputs();
        for (View* view : {&one.q, &one.g, &one.k, &one.v, &one.a, &one.b}) view->sizes[2] = 1;
        one.segments = {};
        one.state.sizes[0] = 1;
        Tensor y(1, 3, 90, 24);
        View first = y.view();
        first.sizes[2] = 1;
        std::vector<float> saved(wkvSavedFloats(Backend::Simd, op, one)),
            room(wkvWorkspaceFloats(Backend::Simd, op, one, 1));
        wkvForward(Backend::Simd, op, one, {first, {}, saved.data()}, room.data(), serial());
        for (int64_t h = 0; h < 3; ++h)
            EXPECT_EQ(std::memcmp(first.at(0, h, 0), all.y.view().at(0, h, 0), 24 * sizeof(float)), 0) << nameOf(op);
    }
}

TEST(Wkv, TensorsMayLieWithTokensBeforeHeads) {
    for (const Wkv op : kOps) {
        Case c(op, {.tokens = 37, .size = 20}), turned = c;
        const auto turn = [&](Tensor& from, Tensor& to) {
            const View a = from.view(), b = to.interleaved();
            for (int64_t i = 0; i < 2; ++i)
                for (int64_t h = 0; h < 2; ++h)
                    for (int64_t t = 0; t < 37; ++t) std::memcpy(b.at(i, h, t), a.at(i, h, t), 20 * sizeof(float));
        };
        turn(c.q, turned.q), turn(c.g, turned.g), turn(c.k, turned.k), turn(c.v, turned.v);
        turn(c.a, turned.a), turn(c.b, turned.b), turn(c.dy, turned.dy);
        WkvInputs inputs = turned.inputs();
        inputs.q = turned.q.interleaved(), inputs.g = turned.g.interleaved(), inputs.k = turned.k.interleaved();
        inputs.v = turned.v.interleaved();
        if (op == Wkv::Seven) inputs.a = turned.a.interleaved(), inputs.b = turned.b.interleaved();
        Results straight = compute(Backend::Simd, c, c.inputs()),
                other = compute(Backend::Simd, turned, inputs, serial(), true);
        Tensor y = c.tokens(), dg = c.tokens();
        turn(straight.y, y), turn(straight.dg, dg);
        EXPECT_EQ(std::memcmp(y.begin(), other.y.begin(), y.size() * sizeof(float)), 0) << nameOf(op);
        EXPECT_EQ(std::memcmp(dg.begin(), other.dg.begin(), dg.size() * sizeof(float)), 0) << nameOf(op);
    }
}

TEST(Wkv, WithoutAStateAndWithoutOptionalOutputs) {
    for (const Wkv op : kOps) {
        Case c(op, {.tokens = 40, .size = 16, .hasState = false});
        expectLikeReference(c, c.inputs(), nameOf(op));
        Results whole = compute(Backend::Simd, c, c.inputs());
        Tensor y = c.tokens();
        std::vector<float> room(wkvWorkspaceFloats(Backend::Simd, op, c.inputs(), 1));
        wkvForward(Backend::Simd, op, c.inputs(), {y.view(), {}, nullptr}, room.data(), serial());
        EXPECT_EQ(std::memcmp(y.begin(), whole.y.begin(), y.size() * sizeof(float)), 0) << nameOf(op);
    }
}

// A step is a chunk of one token by another way; a state may be written where it was read.
TEST(Wkv, StepsInPlaceAreTheSequence) {
    for (const Wkv op : kOps)
        for (const int64_t size : {1, 20, 64, 256}) {
            Case c(op, {.batch = 1, .tokens = 9, .size = size});
            Results whole = compute(Backend::Reference, c, c.inputs());
            Tensor state = c.state, y = c.tokens();
            std::vector<float> room(wkvWorkspaceFloats(Backend::Simd, op, c.inputs(), 1));
            for (int64_t t = 0; t < 9; ++t) {
                WkvInputs one = c.inputs();
                for (View* view : {&one.q, &one.g, &one.k, &one.v, &one.a, &one.b}) {
                    view->sizes[2] = 1;
                    if (*view) view->data = view->at(0, 0, t);
                }
                View out = y.view();
                out.sizes[2] = 1;
                out.data = out.at(0, 0, t);
                one.state = state.view();
                wkvForward(Backend::Simd, op, one, {out, state.view(), nullptr}, room.data(), serial());
            }
            EXPECT_LT(relativeError(y, whole.y), 2e-6) << textOf(op, 9, size);
            EXPECT_LT(relativeError(state, whole.state), 2e-6) << textOf(op, 9, size);
            EXPECT_TRUE(y.isWhole() && state.isWhole());
        }
}

// A tensor of bfloat16 between guard bands.
class HalfTensor {
public:
    explicit HalfTensor(Tensor& from, const View& like) : m_values(from.size() + 2 * kGuardFloats, kGuardHalf) {
        for (std::size_t i = 0; i < from.size(); ++i) begin()[i] = fromFloat<BFloat16>(from[i]);
        m_view = contiguous(begin(), like.sizes[0], like.sizes[1], like.sizes[2], like.sizes[3]);
    }
    const View& view() const { return m_view; }
    // What float results round to, and the guards whole.
    bool isRounded(Tensor& floats) const {
        for (std::size_t i = 0; i < m_values.size(); ++i) {
            const bool isGuard = i < kGuardFloats || i >= m_values.size() - kGuardFloats;
            const BFloat16 expected = isGuard ? kGuardHalf : fromFloat<BFloat16>(floats[i - kGuardFloats]);
            if (m_values[i].bits != expected.bits) return false;
        }
        return true;
    }

private:
    static constexpr BFloat16 kGuardHalf{0x1234};
    BFloat16* begin() { return m_values.data() + kGuardFloats; }
    std::vector<BFloat16> m_values;
    View m_view;
};

// With inputs that bfloat16 holds, every result is the float32 one rounded.
TEST(Wkv, HalvesAreRoundedFloats) {
    for (const Backend backend : {Backend::Reference, Backend::Simd})
        for (const Wkv op : kOps)
            for (const auto& [tokens, size] : {std::pair<int64_t, int64_t>{50, 20}, {33, 64}, {1, 16}, {1, 19}}) {
                const std::string what = textOf(op, tokens, size) + (backend == Backend::Simd ? " simd" : " reference");
                Case c(op, {.tokens = tokens, .size = size});
                for (Tensor* tensor : {&c.q, &c.k, &c.v, &c.a, &c.b, &c.dy, &c.g})
                    for (float& x : *tensor) x = toFloat(fromFloat<BFloat16>(x));
                Results floats = compute(backend, c, c.inputs());
                const View like = c.q.view();
                HalfTensor q(c.q, like), g(c.g, like), k(c.k, like), v(c.v, like), a(c.a, like), b(c.b, like);
                WkvInputs inputs{q.view(), g.view(), k.view(), v.view(), {}, {}, c.state.view(), {}};
                if (op == Wkv::Seven) inputs.a = a.view(), inputs.b = b.view();
                ASSERT_EQ(whyNot(backend, op, inputs), nullptr) << what;
                std::vector<float> saved(wkvSavedFloats(backend, op, inputs), std::nanf("")),
                    room(wkvWorkspaceFloats(backend, op, inputs, 1), std::nanf(""));
                Tensor empty = c.tokens();
                HalfTensor y(empty, like), dy(c.dy, like), dq(empty, like), dg(empty, like), dk(empty, like),
                    dv(empty, like), da(empty, like), db(empty, like);
                wkvForward(backend, op, inputs, {y.view(), {}, saved.data()}, room.data(), serial());
                WkvGradients gradients{dy.view(), c.dstate.view(), dq.view(), dg.view(), dk.view(), dv.view(), {}, {},
                                       {}};
                if (op == Wkv::Seven) gradients.da = da.view(), gradients.db = db.view();
                wkvBackward(backend, op, inputs, saved.data(), gradients, room.data(), serial());
                std::vector<std::pair<HalfTensor*, Tensor*>> pairs{
                    {&y, &floats.y}, {&dq, &floats.dq}, {&dg, &floats.dg}, {&dk, &floats.dk}, {&dv, &floats.dv}};
                if (op == Wkv::Seven) pairs.insert(pairs.end(), {{&da, &floats.da}, {&db, &floats.db}});
                for (std::size_t i = 0; i < pairs.size(); ++i)
                    EXPECT_TRUE(pairs[i].first->isRounded(*pairs[i].second)) << what << " result " << i;
                // Without saved room, one token goes the way of a step, whose sums have another order.
                HalfTensor step(empty, like);
                wkvForward(backend, op, inputs, {step.view(), {}, nullptr}, room.data(), serial());
                Tensor stepped = c.tokens();
                wkvForward(backend, op, c.inputs(), {stepped.view(), {}, nullptr}, room.data(), serial());
                EXPECT_TRUE(step.isRounded(stepped)) << what << " step";
            }
}

TEST(BFloat16, RoundsToTheNearestAndHalvesToEven) {
    const auto bits = [](float x) { return fromFloat<BFloat16>(x).bits; };
    EXPECT_EQ(bits(1.0f), 0x3f80);
    EXPECT_EQ(bits(1.00390625f), 0x3f80);  // half way, to even
    EXPECT_EQ(bits(1.01171875f), 0x3f82);  // half way, to even
    EXPECT_EQ(bits(1.005f), 0x3f81);
    EXPECT_EQ(bits(-1.005f), 0xbf81);
    EXPECT_EQ(bits(3.4e38f), 0x7f80);  // beyond the largest
    EXPECT_TRUE(std::isnan(toFloat(fromFloat<BFloat16>(std::nanf("")))));
    EXPECT_EQ(bits(std::numeric_limits<float>::infinity()), 0x7f80);
}

TEST(Wkv, TheNumberOfThreadsChangesNoBit) {
    const Parallel three{3, [](int64_t count, const std::function<void(int64_t)>& task) {
                             std::vector<std::thread> threads;
                             for (int64_t i = 0; i < count; ++i) threads.emplace_back(task, i);
                             for (std::thread& thread : threads) thread.join();
                         }};
    for (const Wkv op : kOps) {
        Case c(op, {.batch = 3, .heads = 5, .tokens = 70, .size = 32});
        Results one = compute(Backend::Simd, c, c.inputs()), many = compute(Backend::Simd, c, c.inputs(), three);
        const auto a = one.all(op), b = many.all(op);
        for (std::size_t i = 0; i < a.size(); ++i)
            EXPECT_EQ(std::memcmp(a[i].second->begin(), b[i].second->begin(), a[i].second->size() * sizeof(float)), 0)
                << nameOf(op) << " " << a[i].first;
    }
}

TEST(Wkv, TheStrongestDecayStaysFinite) {
    for (const Wkv op : kOps) {
        Case c(op, {.batch = 1, .tokens = 200, .size = 64});
        for (float& x : c.g) x = op == Wkv::Seven ? -0.60653f : -5.0f;
        // dg is a difference of nearly equal sums here: the chunk's decays cancel.
        expectLikeReference(c, c.inputs(), std::string(nameOf(op)) + " strongest decay", 5e-5);
        for (float& x : c.g) x = 0;
        if (op == Wkv::Seven) expectLikeReference(c, c.inputs(), "no decay");
    }
}

// The loss is a weighted sum of y and the last state; its derivative by central differences of the reference in double
// would need other inputs than floats: steps are large and differences compared loosely.
TEST(Wkv, TheReferenceHasTheGradientsOfFiniteDifferences) {
    for (const Wkv op : kOps) {
        Case c(op, {.batch = 1, .heads = 1, .tokens = 6, .size = 4});
        Results r = compute(Backend::Reference, c, c.inputs());
        const auto loss = [&] {
            Tensor y = c.tokens(), state(1, 1, 4, 4);
            wkvForward(Backend::Reference, op, c.inputs(), {y.view(), state.view(), nullptr}, nullptr, serial());
            double sum = 0;
            for (std::size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(y[i]) * c.dy[i];
            for (std::size_t i = 0; i < state.size(); ++i) sum += static_cast<double>(state[i]) * c.dstate[i];
            return sum;
        };
        std::vector<std::pair<Tensor*, Tensor*>> pairs{
            {&c.q, &r.dq}, {&c.g, &r.dg}, {&c.k, &r.dk}, {&c.v, &r.dv}, {&c.state, &r.dstate0}};
        if (op == Wkv::Seven) pairs.insert(pairs.end(), {{&c.a, &r.da}, {&c.b, &r.db}});
        for (std::size_t p = 0; p < pairs.size(); ++p)
            for (std::size_t i = 0; i < pairs[p].first->size(); ++i) {
                float& x = (*pairs[p].first)[i];
                const float old = x, step = 1.0f / 256;
                x = old + step;
                const double above = loss(), high = x;
                x = old - step;
                const double below = loss(), low = x;
                x = old;
                const double slope = (above - below) / (high - low);
                EXPECT_NEAR((*pairs[p].second)[i], slope, 2e-3 * std::max(1.0, std::abs(slope)))
                    << nameOf(op) << " input " << p << " at " << i;
            }
    }
}

TEST(Wkv, WhatIsNotComputedIsRefused) {
    for (const Wkv op : kOps) {
        Case c(op, {.tokens = 4, .size = 8});
        WkvInputs wrong = c.inputs();
        wrong.k.sizes[2] = 5;
        EXPECT_NE(whyNot(Backend::Simd, op, wrong), nullptr);
        wrong = c.inputs();
        wrong.v.strides[3] = 2;
        EXPECT_NE(whyNot(Backend::Simd, op, wrong), nullptr);
        wrong = c.inputs();
        wrong.state.sizes[3] = 7;
        EXPECT_NE(whyNot(Backend::Simd, op, wrong), nullptr);
        const int64_t starts[] = {0, 3};
        wrong = c.inputs();
        wrong.segments = {starts, 1};
        EXPECT_NE(whyNot(Backend::Simd, op, wrong), nullptr) << "a batch of two";
        Case large(op, {.batch = 1, .heads = 1, .tokens = 1, .size = 257});
        EXPECT_NE(whyNot(Backend::Simd, op, large.inputs()), nullptr);
    }
    Case c(Wkv::Seven, {.tokens = 4, .size = 8});
    WkvInputs wrong = c.inputs();
    wrong.b = {};
    EXPECT_NE(whyNot(Backend::Simd, Wkv::Seven, wrong), nullptr);
}

}  // namespace
}  // namespace radlads::kernels
