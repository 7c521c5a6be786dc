// A thread has a few channels: forward of a token; backward it goes through some tokens against their order, with what
// the token behind has for this one in registers.
#include <algorithm>

#include "kernels/gpu/prepare.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int64_t kMostParts = 512;  // of the tokens, backward; not of a device: its bits do not depend on it
constexpr int kShiftThreads = 192;   // few enough for two blocks of the backward pass on a multiprocessor
constexpr int kMostStreams = 8;

struct Shift {
    Divisor tokens, columns;  // columns: blocks that share the channels of a token
    int64_t rows, rounds;     // rows: of [batch, tokens]; rounds: of a thread
    int size, streams;
    DeviceView x, before, m, dx, dm, dbefore;
    const float* base;
    DeviceView of[kMostStreams];  // outputs, or their gradients
    float* sums;                  // [parts, streams, size]
};

// A thread's channels i to i + W - 1, and its tokens.
template <class T>
struct Strip {
    static constexpr int W = kWidth<T>;
    const Shift& p;
    int i;
    int64_t part, start, end, b = 0, t = 0;

    GPU_DEVICE explicit Strip(const Shift& shift) : p(shift), part(p.columns.quotient(blockX())) {
        i = static_cast<int>((blockX() - part * p.columns.value) * blockThreads() + thread()) * W;
        start = part * p.rounds;
        end = start + p.rounds < p.rows ? start + p.rounds : p.rows;
    }
    GPU_DEVICE void goTo(int64_t row) { b = p.tokens.quotient(row), t = row - b * p.tokens.value; }
    GPU_DEVICE void goBack() {
        if (t-- == 0) --b, t = p.tokens.value - 1;
    }
    GPU_DEVICE T* at(const DeviceView& view, int64_t stream, int64_t token) const {
        return static_cast<T*>(view.data) + rowOf(view, static_cast<uint32_t>(b), stream, static_cast<uint32_t>(token));
    }
    GPU_DEVICE void store(const DeviceView& view, int64_t stream, const float (&x)[W]) const {
        storeSome(at(view, stream, t), i, p.size, x);
    }
    // x of the token before.
    GPU_DEVICE void loadEarlier(Raw<T, W>& x) const {
        x.clear();
        if (t > 0)
            x.load(at(p.x, 0, t - 1), i, p.size);
        else if (p.before.data)
            x.load(at(p.before, 0, 0), i, p.size);
    }
    // m of a stream, or zeros.
    GPU_DEVICE void loadM(Raw<T, W>& m, int c, int64_t token) const {
        if (p.m.data)
            m.load(at(p.m, c, token), i, p.size);
        else
            m.clear();
    }
    GPU_DEVICE void loadBase(float (&x)[W], int c) const { loadSome(x, p.base + c * p.size, i, p.size, 0); }
};

// kStreams: of them at most.
template <class T, int kStreams>
GPU_KERNEL(kShiftThreads)
forwardKernel(const Shift p) {
    constexpr int W = Strip<T>::W;
    Strip<T> at(p);
    if (at.i >= p.size) return;
    at.goTo(at.start);
    Raw<T, W> x, earlier, m[kStreams];
    x.load(at.at(p.x, 0, at.t), at.i, p.size);
    at.loadEarlier(earlier);
    GPU_UNROLL for (int c = 0; c < kStreams; ++c) {
        m[c].clear();
        if (c < p.streams) at.loadM(m[c], c, at.t);
    }
    float base[W], out[W];
    GPU_UNROLL for (int c = 0; c < kStreams; ++c) {
        if (c >= p.streams) continue;
        at.loadBase(base, c);
        GPU_UNROLL for (int e = 0; e < W; ++e) out[e] = x[e] + (earlier[e] - x[e]) * (base[e] + m[c][e]);
        at.store(p.of[c], 0, out);
    }
}

template <class T, int kStreams>
GPU_KERNEL_TOGETHER(kShiftThreads, 2)
backwardKernel(const Shift p) {
    constexpr int W = Strip<T>::W;
    Strip<T> at(p);
    if (at.i >= p.size) return;
    float dx[W], later[W], base[W], dm[W], sums[kStreams][W];
    Raw<T, W> x, earlier, m[kStreams] = {}, dout[kStreams] = {};
    GPU_UNROLL for (int c = 0; c < kStreams; ++c) GPU_UNROLL for (int e = 0; e < W; ++e) sums[c][e] = 0;
    at.goTo(at.end - 1);
    x.load(at.at(p.x, 0, at.t), at.i, p.size);
    // What the token behind has for this one.
    GPU_UNROLL for (int e = 0; e < W; ++e) later[e] = 0;
    GPU_UNROLL for (int c = 0; c < kStreams; ++c) {
        if (c >= p.streams || at.t + 1 == p.tokens.value) continue;
        at.loadBase(base, c);
        at.loadM(m[c], c, at.t + 1);
        dout[c].load(at.at(p.of[c], 0, at.t + 1), at.i, p.size);
        GPU_UNROLL for (int e = 0; e < W; ++e) later[e] += dout[c][e] * (base[e] + m[c][e]);
    }
    for (int64_t row = at.end - 1; row >= at.start; --row) {
        at.loadEarlier(earlier);
        GPU_UNROLL for (int c = 0; c < kStreams; ++c) {
            if (c >= p.streams) continue;
            at.loadM(m[c], c, at.t);
            dout[c].load(at.at(p.of[c], 0, at.t), at.i, p.size);
        }
        GPU_UNROLL for (int e = 0; e < W; ++e) dx[e] = at.t + 1 == p.tokens.value ? 0.0f : later[e], later[e] = 0;
        GPU_UNROLL for (int c = 0; c < kStreams; ++c) {
            if (c >= p.streams) continue;
            at.loadBase(base, c);
            GPU_UNROLL for (int e = 0; e < W; ++e) {
                const float mine = dout[c][e] * (base[e] + m[c][e]);
                dx[e] += dout[c][e] - mine;
                later[e] += mine;
                dm[e] = dout[c][e] * (earlier[e] - x[e]);
                sums[c][e] += dm[e];
            }
            if (p.m.data) at.store(p.dm, c, dm);
        }
        at.store(p.dx, 0, dx);
        if (at.t == 0 && p.dbefore.data) at.store(p.dbefore, 0, later);
        x = earlier;
        at.goBack();
        if (at.t + 1 == p.tokens.value && row > at.start) x.load(at.at(p.x, 0, at.t), at.i, p.size);
    }
    GPU_UNROLL for (int c = 0; c < kStreams; ++c) if (c < p.streams)
        storeSome(p.sums + (at.part * p.streams + c) * p.size, at.i, p.size, sums[c]);
}

// --- On the host ----------------------------------------------------------------------------------------------------

struct Launch {
    Shift shift;
    int64_t parts;
    int threads;
};
Launch launchOf(const TokenShift& op, const View* of, int64_t rounds) {
    Launch l{};
    Shift& p = l.shift;
    p.tokens = Divisor(op.x.sizes[2]), p.rows = op.x.sizes[0] * op.x.sizes[2], p.rounds = rounds;
    p.size = static_cast<int>(op.x.sizes[3]), p.streams = static_cast<int>(op.streams);
    p.x = DeviceView(op.x), p.before = DeviceView(op.before), p.m = DeviceView(op.m), p.base = op.base;
    for (int c = 0; of && c < p.streams; ++c) p.of[c] = DeviceView(of[c]);
    const int width = p.x.isBFloat16 ? kWidth<BFloat16> : kWidth<float>, units = (p.size + width - 1) / width;
    const int columns = (units + kShiftThreads - 1) / kShiftThreads;
    l.threads = (units + columns * 64 - 1) / (columns * 64) * 64;
    p.columns = Divisor(columns);
    l.parts = rounds > 0 ? (p.rows + rounds - 1) / rounds : 0;
    return l;
}
int64_t backwardRounds(const TokenShift& op) {
    return (op.x.sizes[0] * op.x.sizes[2] + kMostParts - 1) / kMostParts;
}

using Kernel = void (*)(const Shift);
const char* run(const Launch& l, Kernel one, Kernel five, Kernel most, void* stream) {
    const Kernel kernel = l.shift.streams == 1 ? one : l.shift.streams <= 5 ? five : most;
    return launch(kernel, {l.parts * l.shift.columns.value, 1}, l.threads, 0, stream, l.shift);
}

}  // namespace

const char* tokenShiftForward(const TokenShift& op, const View* out, void* stream) {
    const Launch l = launchOf(op, out, 1);
    if (l.shift.x.isBFloat16)
        return run(l, forwardKernel<BFloat16, 1>, forwardKernel<BFloat16, 5>, forwardKernel<BFloat16, kMostStreams>,
                   stream);
    return run(l, forwardKernel<float, 1>, forwardKernel<float, 5>, forwardKernel<float, kMostStreams>, stream);
}

std::size_t tokenShiftWorkspaceFloats(const TokenShift& op) {
    return static_cast<std::size_t>(launchOf(op, nullptr, backwardRounds(op)).parts * op.streams * op.x.sizes[3]);
}

const char* tokenShiftBackward(const TokenShift& op, const TokenShiftGradients& gradients, float* workspace,
                               void* stream) {
    Launch l = launchOf(op, gradients.dout, backwardRounds(op));
    Shift& p = l.shift;
    p.dx = DeviceView(gradients.dx), p.dm = DeviceView(gradients.dm), p.dbefore = DeviceView(gradients.dbefore);
    p.sums = workspace;
    const char* error = p.x.isBFloat16 ? run(l, backwardKernel<BFloat16, 1>, backwardKernel<BFloat16, 5>,
                                             backwardKernel<BFloat16, kMostStreams>, stream)
                                       : run(l, backwardKernel<float, 1>, backwardKernel<float, 5>,
                                             backwardKernel<float, kMostStreams>, stream);
    if (error || !gradients.dbase) return error;
    const int64_t width = op.streams * p.size;
    return sumParts({workspace, l.parts, width, width, {gradients.dbase}}, 1, stream);
}

}  // namespace radlads::kernels::gpu
