#include <algorithm>

#include "kernels/gpu/wkv_tiles.h"

namespace radlads::kernels::gpu::tiles {
namespace {

template <int N>
struct Launches {
    static const char* forward(Wkv op, const Tiles& p, void* stream) {
        const bool isSeven = op == Wkv::Seven;
        if (const char* error = isSeven ? prepare7<N>(p, stream) : prepare6<N>(p, stream)) return error;
        if (const char* error = scan<N>(isSeven, p, stream)) return error;
        return output<N>(isSeven, p, stream);
    }
    static const char* backward(Wkv op, const Tiles& p, void* stream) {
        const bool isSeven = op == Wkv::Seven;
        if (const char* error = backwardProducts<N>(isSeven, p, stream)) return error;
        if (const char* error = backwardScan<N>(isSeven, p, stream)) return error;
        if (const char* error = backwardScores<N>(isSeven, p, stream)) return error;
        return isSeven ? gradients7<N>(p, stream) : gradients6<N>(p, stream);
    }
};

// Hands out parts of a workspace, or counts what it would take.
class Parts {
public:
    explicit Parts(float* start) : m_start(start) {}
    template <class T>
    void take(T*& part, int64_t count) {
        if (m_start) part = reinterpret_cast<T*>(m_start + m_floats);
        m_floats += (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 16;
    }
    std::size_t floats() const { return m_floats; }

private:
    float* m_start;
    std::size_t m_floats = 0;
};

int64_t paddedSize(const WkvInputs& inputs) {
    return inputs.q.sizes[3] <= 64 ? 64 : 128;
}
int64_t tokensOf(const WkvInputs& inputs) {
    return inputs.q.sizes[3] <= 64 ? kTokens<64> : kTokens<128>;
}

std::size_t takeSaved(Tiles& p, Wkv op, const WkvInputs& inputs, float* start) {
    Parts parts(start);
    const int64_t chunks = chunksInAll(inputs, tokensOf(inputs)) * inputs.q.sizes[1], size = paddedSize(inputs);
    const int64_t rows = chunks * tokensOf(inputs) * size, scores = chunks * tokensOf(inputs) * tokensOf(inputs);
    for (BFloat16** part : {&p.qs, &p.ks, &p.vs}) parts.take(*part, rows);
    parts.take(p.aqk, scores);
    parts.take(p.h, chunks * size * size);
    parts.take(p.decays, chunks * size);
    if (op == Wkv::Six) return parts.floats();
    for (BFloat16** part : {&p.as, &p.bs, &p.w, &p.x}) parts.take(*part, rows);
    for (BFloat16** part : {&p.aqb, &p.aak, &p.m}) parts.take(*part, scores);
    return parts.floats();
}

std::size_t takeBackward(Tiles& p, Wkv op, const WkvInputs& inputs, float* start) {
    Parts parts(start);
    const int64_t chunks = chunksInAll(inputs, tokensOf(inputs)) * inputs.q.sizes[1], size = paddedSize(inputs);
    const int64_t rows = chunks * tokensOf(inputs) * size, scores = chunks * tokensOf(inputs) * tokensOf(inputs);
    parts.take(p.dys, rows);
    parts.take(p.ds, chunks * size * size);
    parts.take(p.daqk, scores);
    if (op == Wkv::Six) return parts.floats();
    parts.take(p.dx, rows);
    for (BFloat16** part : {&p.daqb, &p.daak, &p.daab}) parts.take(*part, scores);
    return parts.floats();
}

const char* fill(Tiles& p, const WkvInputs& inputs, float* workspace, void* stream) {
    p.heads = inputs.q.sizes[1], p.size = inputs.q.sizes[3];
    p.q = DeviceView(inputs.q), p.g = DeviceView(inputs.g), p.k = DeviceView(inputs.k), p.v = DeviceView(inputs.v);
    p.a = DeviceView(inputs.a), p.b = DeviceView(inputs.b), p.state = DeviceView(inputs.state);
    return describe(inputs, tokensOf(inputs), workspace, stream, p.sequences);
}

}  // namespace

std::size_t savedFloats(Wkv op, const WkvInputs& inputs) {
    Tiles p;
    return takeSaved(p, op, inputs, nullptr);
}

std::size_t workspaceFloats(Wkv op, const WkvInputs& inputs) {
    Tiles p;
    return std::max(takeSaved(p, op, inputs, nullptr), takeBackward(p, op, inputs, nullptr));
}

const char* forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace, void* stream) {
    Tiles p;
    if (const char* error = fill(p, inputs, workspace, stream)) return error;
    takeSaved(p, op, inputs, outputs.saved ? outputs.saved : workspace + tableFloats(inputs));
    p.y = DeviceView(outputs.y), p.lastState = DeviceView(outputs.state);
    const auto run = paddedSize(inputs) == 64 ? Launches<64>::forward : Launches<128>::forward;
    return run(op, p, stream);
}

const char* backward(Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                     float* workspace, void* stream) {
    Tiles p;
    if (const char* error = fill(p, inputs, workspace, stream)) return error;
    takeSaved(p, op, inputs, const_cast<float*>(saved));  // read alone
    takeBackward(p, op, inputs, workspace + tableFloats(inputs));
    p.dy = DeviceView(gradients.dy), p.dstate = DeviceView(gradients.dstate);
    p.dq = DeviceView(gradients.dq), p.dg = DeviceView(gradients.dg), p.dk = DeviceView(gradients.dk);
    p.dv = DeviceView(gradients.dv), p.da = DeviceView(gradients.da), p.db = DeviceView(gradients.db);
    p.dstate0 = DeviceView(gradients.dstate0);
    const auto run = paddedSize(inputs) == 64 ? Launches<64>::backward : Launches<128>::backward;
    return run(op, p, stream);
}

}  // namespace radlads::kernels::gpu::tiles
