// The recurrences of kernels/gpu against the reference, in every form. On fibers both warp sizes and several orders.
#include "kernels/gpu/wkv.h"
#include "tests/kernels/gpu_support.h"

namespace radlads::kernels::gpu {
namespace {

constexpr Wkv kOps[] = {Wkv::Six, Wkv::Seven};

struct FormCase {
    Form form;
    const char* name;
    double tolerance;
};
constexpr FormCase kForms[] = {{Form::Scalar, "scalar", 3e-6}, {Form::Tiles, "tiles", 8e-3}};

struct Shape {
    int64_t batch = 1, heads = 2, tokens = 0, size = 0;
    std::vector<int64_t> segments = {};
    bool hasState = true, isTurned = false;  // turned: tokens before heads
    DType dtype = DType::Float32;
    int64_t sequences() const { return segments.empty() ? batch : static_cast<int64_t>(segments.size()) - 1; }
};

using Values = std::vector<float>;

// Inputs as the students make them, on the host and on the device, rounded to their dtype; the reference's results.
class Case {
public:
    Case(Wkv which, const Shape& size, float strongest = 0) : op(which), shape(size), m_random(1) {
        const float small = 1.0f / std::sqrt(static_cast<float>(shape.size));
        Values q = normal(1), k = normal(small), v = normal(1), a = normal(1), b(a.size()), g(a.size()), dy = normal(1);
        std::uniform_real_distribution<float> uniform(0, 1);
        for (float& x : g)
            x = op == Wkv::Seven ? -0.6065f * uniform(m_random) : -5.0f * uniform(m_random) * uniform(m_random);
        if (strongest < 0) std::fill(g.begin(), g.end(), strongest);
        const std::size_t width = static_cast<std::size_t>(shape.size);
        for (std::size_t r = 0; r < a.size(); r += width) {  // a = -kappa, b = kappa times a rate; |kappa| = 1
            float norm = 1e-12f;
            for (std::size_t i = 0; i < width; ++i) norm += a[r + i] * a[r + i];
            for (std::size_t i = 0; i < width; ++i) {
                a[r + i] /= std::sqrt(norm);
                b[r + i] = -a[r + i] * uniform(m_random);
            }
        }
        for (auto [values, to] :
             {std::pair{&q, &in.q}, {&g, &in.g}, {&k, &in.k}, {&v, &in.v}, {&a, &in.a}, {&b, &in.b}})
            if (op == Wkv::Seven || (to != &in.a && to != &in.b)) *to = keep(*values);
        m_dy = keep(dy);
        Values state(static_cast<std::size_t>(shape.sequences() * shape.heads * shape.size * shape.size));
        std::normal_distribution<float> of;
        for (float& x : state) x = of(m_random);
        View firstState = keep(state, true);
        for (float& x : state) x = of(m_random);
        m_dstate = keep(state, true);
        if (shape.hasState) in.state = firstState;
        if (!shape.segments.empty())
            in.segments = {shape.segments.data(), static_cast<int64_t>(shape.segments.size()) - 1};
    }

    std::string text() const {
        return std::string(op == Wkv::Six ? "wkv6" : "wkv7") + " T " + std::to_string(shape.tokens) + " N " +
               std::to_string(shape.size) + (shape.dtype == DType::BFloat16 ? " bfloat16" : "");
    }
    DeviceTensor tokens() const {
        return DeviceTensor(shape.batch, shape.heads, shape.tokens, shape.size, shape.dtype);
    }
    DeviceTensor states() const { return DeviceTensor(shape.sequences(), shape.heads, shape.size, shape.size); }

    std::vector<std::pair<const char*, Values>> reference() {
        WkvInputs host = in;
        for (View* view : {&host.q, &host.g, &host.k, &host.v, &host.a, &host.b, &host.state})
            if (*view) *view = onHost(*view);
        const std::size_t count = static_cast<std::size_t>(shape.batch * shape.heads * shape.tokens * shape.size);
        const std::size_t stateCount =
            static_cast<std::size_t>(shape.sequences() * shape.heads * shape.size * shape.size);
        std::vector<std::pair<const char*, Values>> r;
        for (const char* name : {"y", "dq", "dg", "dk", "dv", "da", "db"}) r.push_back({name, Values(count)});
        for (const char* name : {"state", "dstate0"}) r.push_back({name, Values(stateCount)});
        const auto view = [&](std::size_t i) {
            const int64_t rows = i < 7 ? shape.tokens : shape.size, first = i < 7 ? shape.batch : shape.sequences();
            return contiguous(r[i].second.data(), first, shape.heads, rows, shape.size);
        };
        wkvForward(Backend::Reference, op, host, {view(0), view(7), nullptr}, nullptr, serial());
        wkvBackward(Backend::Reference, op, host, nullptr,
                    {onHost(m_dy), onHost(m_dstate), view(1), view(2), view(3), view(4), view(5), view(6), view(8)},
                    nullptr, serial());
        if (op == Wkv::Six) r.erase(r.begin() + 5, r.begin() + 7);
        return r;
    }

    // The same tensors by name, computed on the device and checked to be whole.
    std::vector<std::pair<const char*, Values>> compute(Form form, const Way& way) {
        way.use();
        EXPECT_EQ(whyNot(form, op, in), nullptr) << text();
        std::vector<DeviceTensor> out;
        for (int i = 0; i < 7; ++i) out.push_back(tokens());
        out.push_back(states());
        out.push_back(states());
        const DeviceTensor saved = room(wkvSavedFloats(form, op, in));
        const auto newRoom = [&] { return room(wkvWorkspaceFloats(form, op, in)); };
        const DeviceTensor forwardRoom = newRoom(), backwardRoom = newRoom();
        const char* error =
            wkvForward(form, op, in, {out[0].view(), out[7].view(), saved.floats()}, forwardRoom.floats(), nullptr);
        EXPECT_EQ(error, nullptr) << error << " " << text() << " " << way.name;
        WkvGradients gradients{m_dy, m_dstate, out[1].view(), out[2].view(), out[3].view(), out[4].view(),
                               {},   {},       out[8].view()};
        if (op == Wkv::Seven) gradients.da = out[5].view(), gradients.db = out[6].view();
        error = wkvBackward(form, op, in, saved.floats(), gradients, backwardRoom.floats(), nullptr);
        EXPECT_EQ(error, nullptr) << error << " " << text() << " " << way.name;
        EXPECT_EQ(synchronise(), nullptr);
        EXPECT_TRUE(saved.isGuarded() && forwardRoom.isGuarded() && backwardRoom.isGuarded()) << text();
        std::vector<std::pair<const char*, Values>> r;
        const char* names[] = {"y", "dq", "dg", "dk", "dv", "da", "db", "state", "dstate0"};
        for (std::size_t i = 0; i < 9; ++i) {
            if (op == Wkv::Six && (i == 5 || i == 6)) continue;
            EXPECT_TRUE(out[i].isWhole()) << names[i] << " " << text() << " " << way.name;
            r.push_back({names[i], out[i].read()});
        }
        return r;
    }

    Wkv op;
    Shape shape;
    WkvInputs in;

private:
    Values normal(float scale) {
        Values values(static_cast<std::size_t>(shape.batch * shape.heads * shape.tokens * shape.size));
        std::normal_distribution<float> distribution(0, scale);
        for (float& x : values) x = distribution(m_random);
        return values;
    }
    View keep(Values values, bool isState = false) {
        m_device.push_back(isState ? states() : tokens());
        m_device.back().write(values);
        m_host.push_back(m_device.back().read());
        const bool isTurned = shape.isTurned && !isState;
        return isTurned ? m_device.back().interleaved() : m_device.back().view();
    }
    View onHost(const View& device) {
        for (std::size_t i = 0; i < m_device.size(); ++i)
            if (m_device[i].data() == device.data) {
                View host = device;
                host.data = m_host[i].data();
                host.dtype = DType::Float32;
                return host;
            }
        ADD_FAILURE() << "a view of no tensor";
        return {};
    }

    std::mt19937 m_random;
    std::vector<DeviceTensor> m_device;
    std::vector<Values> m_host;
    View m_dy, m_dstate;
};

void expectLikeReference(Case& c, const FormCase& form, const std::vector<Way>& list, double tolerance) {
    const auto expected = c.reference();
    for (const Way& way : list) {
        const auto actual = c.compute(form.form, way);
        ASSERT_EQ(actual.size(), expected.size());
        for (std::size_t i = 0; i < actual.size(); ++i)
            EXPECT_LT(relativeError(actual[i].second, expected[i].second), tolerance)
                << form.name << " " << expected[i].first << " " << c.text() << " " << way.name;
    }
}

TEST(GpuWkv, EverySizeAndLengthIsTheReference) {
    for (const FormCase& form : kForms)
        for (const Wkv op : kOps)
            for (const auto& [tokens, size] :
                 {std::pair<int64_t, int64_t>{1, 16}, {17, 20}, {100, 16}, {65, 64}, {40, 128}}) {
                Case c(op, {.tokens = tokens, .size = size});
                expectLikeReference(c, form, ways(), form.tolerance);
            }
    for (const Wkv op : kOps)
        for (const int64_t size : {1, 3, 200, 256}) {
            Case c(op, {.heads = 1, .tokens = 18, .size = size});
            expectLikeReference(c, kForms[0], ways({64}), kForms[0].tolerance);
        }
}

TEST(GpuWkv, BFloat16TensorsAreRoundedOnce) {
    for (const FormCase& form : kForms)
        for (const Wkv op : kOps) {
            Case c(op, {.batch = 2, .tokens = 40, .size = 20, .dtype = DType::BFloat16});
            expectLikeReference(c, form, ways({32}), form.tolerance + 2.5e-3);
        }
}

TEST(GpuWkv, TheOrderOfThreadsAndBlocksChangesNoBit) {
    for (const FormCase& form : kForms)
        for (const Wkv op : kOps)
            for (const int lanes : {32, 64}) {
                Case c(op, {.batch = 2, .tokens = 70, .size = 20});
                const std::vector<Way> list = orders(lanes);
                const auto first = c.compute(form.form, list[0]);
                for (const Way& way : list) {
                    const auto again = c.compute(form.form, way);
                    for (std::size_t i = 0; i < first.size(); ++i)
                        EXPECT_TRUE(isSameBits(again[i].second, first[i].second))
                            << form.name << " " << first[i].first << " " << c.text() << " " << way.name;
                }
            }
}

TEST(GpuWkv, SegmentsAreSequencesOfTheirOwn) {
    for (const FormCase& form : kForms)
        for (const Wkv op : kOps) {
            Case c(op, {.tokens = 150, .size = 24, .segments = {0, 1, 40, 40, 113, 150}});
            expectLikeReference(c, form, ways({64}), form.tolerance);
        }
    std::vector<int64_t> many;
    for (int64_t s = 0; s <= 300; ++s) many.push_back(s / 2);  // more than are described at once
    Case c(Wkv::Six, {.heads = 1, .tokens = 150, .size = 4, .segments = many});
    expectLikeReference(c, kForms[0], ways({32}), kForms[0].tolerance);
}

TEST(GpuWkv, TensorsMayLieWithTokensBeforeHeads) {
    for (const FormCase& form : kForms)
        for (const Wkv op : kOps) {
            Case c(op, {.heads = 3, .tokens = 33, .size = 16, .isTurned = true});
            expectLikeReference(c, form, ways({64}), form.tolerance);
            const Way way = ways()[0];
            way.use();
            DeviceTensor straight = c.tokens(), turned = c.tokens();
            const DeviceTensor work = room(wkvWorkspaceFloats(form.form, op, c.in));
            EXPECT_EQ(wkvForward(form.form, op, c.in, {straight.view(), {}, nullptr}, work.floats(), nullptr), nullptr);
            EXPECT_EQ(wkvForward(form.form, op, c.in, {turned.interleaved(), {}, nullptr}, work.floats(), nullptr),
                      nullptr);
            EXPECT_TRUE(turned.isWhole());
            const Values a = straight.read(), b = turned.read();
            for (std::size_t h = 0; h < 3; ++h)
                for (std::size_t t = 0; t < 33; ++t)
                    EXPECT_EQ(std::memcmp(&a[(h * 33 + t) * 16], &b[(t * 3 + h) * 16], 16 * sizeof(float)), 0);
        }
}

TEST(GpuWkv, WithoutAStateAndWithoutOptionalOutputs) {
    for (const FormCase& form : kForms)
        for (const Wkv op : kOps) {
            Case c(op, {.tokens = 40, .size = 16, .hasState = false});
            expectLikeReference(c, form, ways({32}), form.tolerance);
            const auto whole = c.compute(form.form, ways()[0]);
            DeviceTensor y = c.tokens();
            const DeviceTensor work = room(wkvWorkspaceFloats(form.form, op, c.in));
            EXPECT_EQ(wkvForward(form.form, op, c.in, {y.view(), {}, nullptr}, work.floats(), nullptr), nullptr);
            EXPECT_TRUE(isSameBits(y.read(), whole[0].second)) << c.text();
        }
}

TEST(GpuWkv, StepsInPlaceAreTheSequence) {
    for (const Wkv op : kOps) {
        Case c(op, {.tokens = 9, .size = 20});
        ways({64})[0].use();
        const auto whole = c.reference();
        DeviceTensor state = c.states(), y = c.tokens();
        EXPECT_EQ(copy(state.data(), c.in.state.data, state.read().size() * sizeof(float)), nullptr);
        for (int64_t t = 0; t < 9; ++t) {
            WkvInputs one = c.in;
            for (View* view : {&one.q, &one.g, &one.k, &one.v, &one.a, &one.b}) {
                view->sizes[2] = 1;
                if (*view) view->data = view->at(0, 0, t);
            }
            View out = y.view();
            out.sizes[2] = 1;
            out.data = out.at(0, 0, t);
            one.state = state.view();
            const DeviceTensor work = room(wkvWorkspaceFloats(Form::Scalar, op, one));
            ASSERT_EQ(formFor(op, one), Form::Scalar);
            ASSERT_EQ(wkvForward(Form::Scalar, op, one, {out, state.view(), nullptr}, work.floats(), nullptr), nullptr);
        }
        EXPECT_LT(relativeError(y.read(), whole[0].second), 3e-6) << c.text();
        EXPECT_LT(relativeError(state.read(), whole[whole.size() - 2].second), 3e-6) << c.text();
        EXPECT_TRUE(y.isWhole() && state.isWhole());
    }
}

TEST(GpuWkv, TheStrongestDecayStaysFinite) {
    for (const FormCase& form : kForms)
        for (const Wkv op : kOps) {
            Case strong(op, {.heads = 1, .tokens = 130, .size = 16}, op == Wkv::Seven ? -0.60653f : -5.0f);
            expectLikeReference(strong, form, ways({32}), form.tolerance);
        }
}

TEST(GpuWkv, TheFormIsThatOfTheInputs) {
    for (const Wkv op : kOps) {
        const auto form = [&](int64_t tokens, int64_t size, DType dtype) {
            Case c(op, {.heads = 1, .tokens = tokens, .size = size, .dtype = dtype});
            return formFor(op, c.in);
        };
        EXPECT_EQ(form(40, 64, DType::BFloat16), Form::Tiles);
        EXPECT_EQ(form(40, 64, DType::Float32), Form::Scalar);
        EXPECT_EQ(form(1, 64, DType::BFloat16), Form::Scalar);
        EXPECT_EQ(form(40, 200, DType::BFloat16), Form::Scalar);
    }
}

TEST(GpuWkv, WhatIsNotComputedIsRefused) {
    for (const FormCase& form : kForms)
        for (const Wkv op : kOps) {
            Case c(op, {.batch = 2, .tokens = 4, .size = 8});
            const auto expectRefused = [&](auto change) {
                WkvInputs wrong = c.in;
                change(wrong);
                EXPECT_NE(whyNot(form.form, op, wrong), nullptr);
            };
            expectRefused([](WkvInputs& wrong) { wrong.k.sizes[2] = 5; });
            expectRefused([](WkvInputs& wrong) { wrong.v.strides[3] = 2; });
            expectRefused([](WkvInputs& wrong) { wrong.state.dtype = DType::BFloat16; });
            expectRefused([](WkvInputs& wrong) { wrong.state.sizes[3] = 7; });
            Case large(op, {.heads = 1, .tokens = 1, .size = form.form == Form::Tiles ? 129 : 257});
            EXPECT_NE(whyNot(form.form, op, large.in), nullptr);
            const int64_t starts[] = {0, 3};
            expectRefused([&](WkvInputs& wrong) { wrong.segments = {starts, 1}; });
        }
}

}  // namespace
}  // namespace radlads::kernels::gpu
