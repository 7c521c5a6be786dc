// The element-wise ops as problems of one form: inputs, parameters, outputs, and the gradients of all.
#pragma once

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "kernels/pointwise.h"
#include "kernels/prepare.h"

namespace radlads::kernels::testing::pointwise {

inline constexpr std::size_t kGuardElements = 64;

// A tensor of either dtype between guard bands, NaN until somebody writes it.
class Tensor {
public:
    Tensor() = default;
    // [batch, heads, rows, columns]; interleaved: it lies as [batch, rows, heads, columns].
    Tensor(DType dtype, int64_t batch, int64_t heads, int64_t rows, int64_t columns, bool interleaved = false)
        : m_dtype(dtype), m_interleaved(interleaved), m_shape{batch, heads, rows, columns} {
        m_bytes.resize((size() + 2 * kGuardElements) * sizeOf(dtype), 0x5a);
        for (std::size_t i = 0; i < size(); ++i) set(i, std::nanf(""));
    }
    bool exists() const { return !m_bytes.empty(); }
    std::size_t size() const { return static_cast<std::size_t>(m_shape[0] * m_shape[1] * m_shape[2] * m_shape[3]); }
    View view() {
        if (!exists()) return {};
        const int64_t heads = m_shape[1], rows = m_shape[2], columns = m_shape[3];
        View view{data(), {m_shape[0], heads, rows, columns}, {heads * rows * columns, 0, 0, 1}, m_dtype};
        view.strides[1] = m_interleaved ? columns : rows * columns;
        view.strides[2] = m_interleaved ? heads * columns : columns;
        return view;
    }
    float* floats() { return exists() ? reinterpret_cast<float*>(data()) : nullptr; }
    // By place in memory.
    float get(std::size_t i) const {
        if (m_dtype == DType::Float32) return element<float>(i);
        return toFloat(element<BFloat16>(i));
    }
    void set(std::size_t i, float value) {
        const auto put = [&](auto narrow) { std::memcpy(data() + i * sizeof(narrow), &narrow, sizeof(narrow)); };
        m_dtype == DType::Float32 ? put(value) : put(fromFloat<BFloat16>(value));
    }
    const std::vector<uint8_t>& bytes() const { return m_bytes; }
    bool isWhole() const {  // every element written, no guard touched
        for (std::size_t i = 0; i < m_bytes.size(); ++i) {
            const std::size_t band = kGuardElements * sizeOf(m_dtype);
            if ((i < band || i >= m_bytes.size() - band) && m_bytes[i] != 0x5a) return false;
        }
        for (std::size_t i = 0; i < size(); ++i)
            if (!std::isfinite(get(i))) return false;
        return true;
    }

private:
    uint8_t* data() { return m_bytes.data() + kGuardElements * sizeOf(m_dtype); }
    template <class T>
    T element(std::size_t i) const {
        T value;
        std::memcpy(&value, m_bytes.data() + (kGuardElements + i) * sizeof(T), sizeof(T));
        return value;
    }
    DType m_dtype = DType::Float32;
    bool m_interleaved = false;
    int64_t m_shape[4] = {};
    std::vector<uint8_t> m_bytes;
};

struct Size {
    int64_t batch = 2, heads = 2, tokens = 3, size = 8, group = 1;
    DType dtype = DType::Float32;
    bool interleaved = false;
};

// An op with its tensors. inputs and gradients go together, as do outputs and their gradients; a tensor that does not
// exist is absent, or has no gradient.
struct Case {
    std::string name;
    std::vector<Tensor> inputs, gradients, outputs, outputGradients;
    std::function<const char*(Case&)> whyNot;
    std::function<void(Case&, Backend, const Parallel&)> forward, backward;
    std::vector<float> statistics = {};  // what forward leaves for backward

    View in(std::size_t i) { return inputs[i].view(); }
    View out(std::size_t i) { return outputs[i].view(); }
    View din(std::size_t i) { return gradients[i].view(); }
    View dout(std::size_t i) { return outputGradients[i].view(); }
};

// Numbers of a normal distribution, and tensors of a size.
class Maker {
public:
    explicit Maker(const Size& size, unsigned seed = 1) : m_size(size), m_random(seed) {}
    Tensor activation(int64_t heads, double scale = 1) { return random(empty(heads), scale); }
    Tensor parameter(int64_t count, double scale = 1, double mean = 0) {
        return random(Tensor(DType::Float32, 1, 1, 1, count), scale, mean);
    }
    Tensor empty(int64_t heads) const { return empty(heads, m_size.dtype); }
    Tensor empty(int64_t heads, DType dtype) const {
        return Tensor(dtype, m_size.batch, heads, m_size.tokens, m_size.size, m_size.interleaved);
    }
    Tensor random(Tensor tensor, double scale, double mean = 0) {
        std::normal_distribution<double> normal(mean, scale);
        for (std::size_t i = 0; i < tensor.size(); ++i) tensor.set(i, static_cast<float>(normal(m_random)));
        return tensor;
    }
    // Gradients of the same shapes as the inputs, and random ones of the outputs.
    void finish(Case& c) {
        for (const Tensor& tensor : c.inputs) c.gradients.push_back(blank(tensor));
        for (const Tensor& tensor : c.outputs)
            c.outputGradients.push_back(tensor.exists() ? random(blank(tensor), 1) : Tensor());
    }
    static Tensor blank(Tensor tensor) {
        for (std::size_t i = 0; i < tensor.size(); ++i) tensor.set(i, std::nanf(""));
        return tensor;
    }

private:
    Size m_size;
    std::mt19937 m_random;
};

inline Case rmsNormCase(const Size& size, bool residual) {
    Maker make(size);
    Case c{residual ? "rms_norm with residual" : "rms_norm", {}, {}, {}, {}, {}, {}, {}};
    c.inputs = {make.activation(size.heads), residual ? make.activation(size.heads) : Tensor(),
                make.parameter(size.size, 0.3, 1)};
    c.outputs = {make.empty(size.heads), residual ? make.empty(size.heads) : Tensor()};
    make.finish(c);
    c.gradients[1] = {};  // that of x
    const auto op = [](Case& own) { return RmsNorm{own.in(0), own.in(1), own.inputs[2].floats(), 1e-5}; };
    c.whyNot = [op](Case& own) { return whyNot(op(own)); };
    c.forward = [op, size](Case& own, Backend backend, const Parallel& parallel) {
        own.statistics.assign(static_cast<std::size_t>(size.batch * size.heads * size.tokens), std::nanf(""));
        rmsNormForward(backend, op(own), {own.out(0), own.out(1), own.statistics.data()}, parallel);
    };
    c.backward = [op](Case& own, Backend backend, const Parallel& parallel) {
        RmsNorm norm = op(own);
        if (norm.residual) norm.x = own.out(1);
        norm.residual = {};
        std::vector<float> room(rmsNormWorkspaceFloats(norm), std::nanf(""));
        rmsNormBackward(backend, norm, own.statistics.data(),
                        {own.dout(0), own.dout(1), own.din(0), own.gradients[2].floats()}, room.data(), parallel);
    };
    return c;
}

inline Case swiGluCase(const Size& size) {
    Maker make(size);
    Case c{"swiglu", {make.activation(size.heads, 2), make.activation(size.heads)},
           {},       {make.empty(size.heads)},
           {},       {},
           {},       {}};
    make.finish(c);
    c.whyNot = [](Case& own) { return whyNot(SwiGlu{own.in(0), own.in(1)}); };
    c.forward = [](Case& own, Backend backend, const Parallel& parallel) {
        swiGluForward(backend, {own.in(0), own.in(1)}, own.out(0), parallel);
    };
    c.backward = [](Case& own, Backend backend, const Parallel& parallel) {
        swiGluBackward(backend, {own.in(0), own.in(1)}, {own.dout(0), own.din(0), own.din(1)}, parallel);
    };
    return c;
}

// Angles as of positions; rows of the table are wider than they need to be, as LibTorch's are.
struct Angles {
    explicit Angles(const Size& size) : stride(size.size) {
        for (int64_t t = 0; t < size.tokens; ++t)
            for (int64_t i = 0; i < stride; ++i) {
                const double angle = static_cast<double>(t + 1) * std::pow(0.7, static_cast<double>(i));
                cos.push_back(i < size.size / 2 ? static_cast<float>(std::cos(angle)) : std::nanf(""));
                sin.push_back(i < size.size / 2 ? static_cast<float>(std::sin(angle)) : std::nanf(""));
            }
    }
    Rotation rotation() const { return {cos.data(), sin.data(), stride}; }
    int64_t stride;
    std::vector<float> cos, sin;
};

inline Case ropeCase(const Size& size) {
    Maker make(size);
    Case c{"rope", {make.activation(size.heads)}, {}, {make.empty(size.heads)}, {}, {}, {}, {}};
    make.finish(c);
    const Angles angles(size);
    c.whyNot = [angles](Case& own) { return whyNot(Rope{own.in(0), angles.rotation(), 0.5, false}); };
    c.forward = [angles](Case& own, Backend backend, const Parallel& parallel) {
        rope(backend, {own.in(0), angles.rotation(), 0.5, false}, own.out(0), parallel);
    };
    c.backward = [angles](Case& own, Backend backend, const Parallel& parallel) {
        rope(backend, {own.dout(0), angles.rotation(), 0.5, true}, own.din(0), parallel);
    };
    return c;
}

inline Case headOutputCase(const Size& size, bool normed, HeadOutput::Gate kind) {
    Maker make(size);
    const bool gated = kind != HeadOutput::Gate::None;
    Case c{std::string("head_output") + (normed ? " normed" : "") + " gate " + std::to_string(static_cast<int>(kind)),
           {},
           {},
           {},
           {},
           {},
           {},
           {}};
    const int64_t width = size.heads * size.size;
    c.inputs = {make.activation(size.heads), gated ? make.activation(size.heads) : Tensor(),
                normed ? make.parameter(width, 0.3, 1) : Tensor(), normed ? make.parameter(width) : Tensor()};
    c.outputs = {make.empty(size.heads)};
    make.finish(c);
    const auto op = [normed, kind](Case& own) {
        return HeadOutput{own.in(0), own.inputs[2].floats(), own.inputs[3].floats(), 1e-3, normed ? 1 : 0.3, own.in(1),
                          kind};
    };
    c.whyNot = [op](Case& own) { return whyNot(op(own)); };
    c.forward = [op](Case& own, Backend backend, const Parallel& parallel) {
        headOutputForward(backend, op(own), own.out(0), parallel);
    };
    c.backward = [op](Case& own, Backend backend, const Parallel& parallel) {
        headOutputBackward(backend, op(own),
                           {own.dout(0), own.din(0), own.din(1), own.gradients[2].floats(), own.gradients[3].floats()},
                           parallel);
    };
    return c;
}

inline Case alignLossCase(const Size& size) {
    Maker make(size);
    Case c{"align_loss", {make.activation(size.heads), make.activation(size.heads)},
           {},           {Tensor(DType::Float32, 1, 1, 1, 1)},
           {},           {},
           {},           {}};
    make.finish(c);
    c.gradients[0] = {};
    c.whyNot = [](Case& own) { return whyNot(AlignLoss{own.in(0), own.in(1)}); };
    c.forward = [](Case& own, Backend backend, const Parallel& parallel) {
        own.outputs[0].set(0, static_cast<float>(alignLoss(backend, {own.in(0), own.in(1)}, parallel)));
    };
    c.backward = [](Case& own, Backend backend, const Parallel& parallel) {
        alignLossBackward(backend, {own.in(0), own.in(1)}, own.outputGradients[0].get(0), own.din(1), parallel);
    };
    return c;
}

struct PrepareOptions {
    Wkv op = Wkv::Seven;
    bool balance = true, rotated = true, query = true, value = true, mixed = true;
};

inline Case prepareCase(const Size& size, const PrepareOptions& options) {
    Maker make(size);
    const bool seven = options.op == Wkv::Seven, mixed = seven && options.mixed, tuned = seven && !options.balance;
    Case c{std::string("prepare") + (seven ? "7" : "6") + (options.balance ? " balanced" : "") +
               (options.rotated ? " rotated" : "") + (mixed ? " mixed" : "") + " group " + std::to_string(size.group),
           {},
           {},
           {},
           {},
           {},
           {},
           {}};
    const int64_t heads = size.heads * size.group, width = heads * size.size;
    const auto activation = [&](bool wanted, int64_t count) { return wanted ? make.activation(count) : Tensor(); };
    const auto parameter = [&](bool wanted) { return wanted ? make.parameter(width) : Tensor(); };
    c.inputs = {activation(options.query, heads),
                make.activation(size.heads),
                activation(options.value, size.heads),
                make.activation(heads),
                activation(seven, heads),
                activation(mixed, heads),
                activation(mixed, heads),
                parameter(true),
                parameter(seven),
                parameter(mixed),
                parameter(tuned),
                parameter(tuned)};
    const auto output = [&](bool wanted) { return wanted ? make.empty(heads) : Tensor(); };
    c.outputs = {output(options.query), make.empty(heads, DType::Float32),
                 make.empty(heads),     output(options.value),
                 output(seven),         output(seven)};
    make.finish(c);
    const Angles angles(size);
    const auto op = [angles, options](Case& own) {
        Prepare prepare;
        prepare.op = options.op;
        prepare.balance = options.balance;
        prepare.q = own.in(0), prepare.k = own.in(1), prepare.v = own.in(2);
        prepare.decay = own.in(3), prepare.rate = own.in(4), prepare.mix = own.in(5), prepare.first = own.in(6);
        prepare.decayBase = own.inputs[7].floats(), prepare.rateBase = own.inputs[8].floats();
        prepare.mixBase = own.inputs[9].floats();
        prepare.removal = own.inputs[10].floats(), prepare.replacement = own.inputs[11].floats();
        if (options.rotated) prepare.rotation = angles.rotation();
        prepare.queryScale = 0.4;
        return prepare;
    };
    c.whyNot = [op](Case& own) { return whyNot(op(own)); };
    c.forward = [op](Case& own, Backend backend, const Parallel& parallel) {
        prepareForward(backend, op(own), {own.out(0), own.out(1), own.out(2), own.out(3), own.out(4), own.out(5)},
                       parallel);
    };
    c.backward = [op](Case& own, Backend backend, const Parallel& parallel) {
        PrepareGradients g;
        g.of = {own.dout(0), own.dout(1), own.dout(2), own.dout(3), own.dout(4), own.dout(5)};
        g.dq = own.din(0), g.dk = own.din(1), g.dv = own.din(2), g.ddecay = own.din(3), g.drate = own.din(4);
        g.dmix = own.din(5), g.dfirst = own.din(6);
        g.ddecayBase = own.gradients[7].floats(), g.drateBase = own.gradients[8].floats();
        g.dmixBase = own.gradients[9].floats();
        g.dremoval = own.gradients[10].floats(), g.dreplacement = own.gradients[11].floats();
        const Prepare prepare = op(own);
        std::vector<float> room(prepareWorkspaceFloats(prepare), std::nanf(""));
        prepareBackward(backend, prepare, g, room.data(), parallel);
    };
    return c;
}

inline Case tokenShiftCase(const Size& size, int64_t streams, bool before, bool moved) {
    Maker make(size);
    Case c{"token_shift of " + std::to_string(streams) + (before ? " carried" : "") + (moved ? " moved" : ""),
           {},
           {},
           {},
           {},
           {},
           {},
           {}};
    c.inputs = {make.activation(1), before ? make.random(Tensor(size.dtype, size.batch, 1, 1, size.size), 1) : Tensor(),
                moved ? make.activation(streams) : Tensor(), make.parameter(streams * size.size)};
    for (int64_t i = 0; i < streams; ++i) c.outputs.push_back(make.empty(1));
    make.finish(c);
    const auto op = [streams](Case& own) {
        return TokenShift{own.in(0), own.in(1), own.in(2), own.inputs[3].floats(), streams};
    };
    const auto views = [](std::vector<Tensor>& tensors) {
        std::vector<View> list;
        for (Tensor& tensor : tensors) list.push_back(tensor.view());
        return list;
    };
    c.whyNot = [op](Case& own) { return whyNot(op(own)); };
    c.forward = [op, views](Case& own, Backend backend, const Parallel& parallel) {
        tokenShiftForward(backend, op(own), views(own.outputs).data(), parallel);
    };
    c.backward = [op, views](Case& own, Backend backend, const Parallel& parallel) {
        const std::vector<View> dout = views(own.outputGradients);
        tokenShiftBackward(backend, op(own),
                           {dout.data(), own.din(0), own.din(2), own.din(1), own.gradients[3].floats()}, parallel);
    };
    return c;
}

// Every op in every form, at a size.
inline std::vector<Case> allCases(const Size& size) {
    std::vector<Case> cases{rmsNormCase(size, false), rmsNormCase(size, true), swiGluCase(size), alignLossCase(size)};
    for (const auto kind : {HeadOutput::Gate::None, HeadOutput::Gate::Plain, HeadOutput::Gate::Sigmoid})
        for (const bool normed : {false, true}) cases.push_back(headOutputCase(size, normed, kind));
    const bool even = size.size % 2 == 0;
    if (even) cases.push_back(ropeCase(size));
    for (const Wkv op : {Wkv::Six, Wkv::Seven})
        for (const bool balance : {false, true})
            for (const bool whole : {false, true})
                cases.push_back(prepareCase(size, {op, balance, whole && even, whole, whole, whole}));
    cases.push_back(prepareCase(size, {.rotated = even, .mixed = false}));
    cases.push_back(prepareCase(size, {.balance = false, .rotated = false}));
    cases.push_back(tokenShiftCase(size, 1, false, false));
    cases.push_back(tokenShiftCase(size, 5, true, true));
    return cases;
}

}  // namespace radlads::kernels::testing::pointwise
