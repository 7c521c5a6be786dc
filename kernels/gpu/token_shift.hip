// A thread has a few channels: of one token forward; of a part of the tokens backward, for the sums over them.
#include <algorithm>

#include "kernels/gpu/prepare.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int64_t kMostParts = 256;  // of the tokens; not of a device: its bits do not depend on it
constexpr int kMostStreams = 8;
constexpr int kMany = 4;

struct Shift {
    int64_t tokens, rows, size, parts;  // rows: of [batch, tokens]
    int streams;
    DeviceView x, before, m, dx, dm, dbefore;
    const float* base;
    DeviceView of[kMostStreams];  // outputs, or their gradients
    float* sums;                  // [parts, streams, size]
};

template <class T>
GPU_DEVICE T* at(const DeviceView& view, int64_t b, int64_t stream, int64_t t) {
    return static_cast<T*>(view.data) + rowOf(view, b, stream, t);
}

// x of the token before.
template <class T>
GPU_DEVICE void loadEarlier(float (&x)[kMany], const Shift& p, int64_t b, int64_t t, int64_t i) {
    GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] = 0;
    if (t > 0)
        loadSome(x, at<T>(p.x, b, 0, t - 1), i, p.size, 0);
    else if (p.before.data)
        loadSome(x, at<T>(p.before, b, 0, 0), i, p.size, 0);
}
// The part that the token before has in a stream.
template <class T>
GPU_DEVICE void loadShare(float (&x)[kMany], const Shift& p, int64_t b, int stream, int64_t t, int64_t i) {
    float m[kMany];
    loadSome(x, p.base + stream * p.size, i, p.size, 0);
    if (!p.m.data) return;
    loadSome(m, at<T>(p.m, b, stream, t), i, p.size, 0);
    GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] += m[e];
}

template <class T>
GPU_KERNEL(kRowThreads)
forwardKernel(const Shift p) {
    const int64_t units = (p.size + kMany - 1) / kMany, unit = blockX() * kRowThreads + thread();
    const int64_t row = unit / units, i = unit % units * kMany, b = row / p.tokens, t = row % p.tokens;
    if (row >= p.rows) return;
    float x[kMany], earlier[kMany], share[kMany];
    loadSome(x, at<T>(p.x, b, 0, t), i, p.size, 0);
    loadEarlier<T>(earlier, p, b, t, i);
    for (int c = 0; c < p.streams; ++c) {
        loadShare<T>(share, p, b, c, t, i);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) share[e] = x[e] + (earlier[e] - x[e]) * share[e];
        storeSome(at<T>(p.of[c], b, 0, t), i, p.size, share);
    }
}

template <class T>
GPU_KERNEL(kRowThreads)
backwardKernel(const Shift p) {
    const int64_t i = (blockX() * kRowThreads + thread()) * kMany, part = blockY();
    if (i >= p.size) return;
    float x[kMany], earlier[kMany], share[kMany], dout[kMany], dx[kMany], dbefore[kMany], sums[kMostStreams][kMany];
    GPU_UNROLL for (int c = 0; c < kMostStreams; ++c) GPU_UNROLL for (int e = 0; e < kMany; ++e) sums[c][e] = 0;
    for (int64_t row = p.rows * part / p.parts; row < p.rows * (part + 1) / p.parts; ++row) {
        const int64_t b = row / p.tokens, t = row % p.tokens;
        loadSome(x, at<T>(p.x, b, 0, t), i, p.size, 0);
        loadEarlier<T>(earlier, p, b, t, i);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) dx[e] = dbefore[e] = 0;
        GPU_UNROLL for (int c = 0; c < kMostStreams; ++c) {
            if (c >= p.streams) continue;
            loadShare<T>(share, p, b, c, t, i);
            loadSome(dout, at<T>(p.of[c], b, 0, t), i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) {
                dx[e] += dout[e] * (1 - share[e]);
                dbefore[e] += dout[e] * share[e];
                dout[e] *= earlier[e] - x[e];
                sums[c][e] += dout[e];
            }
            if (p.m.data) storeSome(at<T>(p.dm, b, c, t), i, p.size, dout);
            if (t + 1 == p.tokens) continue;
            loadShare<T>(share, p, b, c, t + 1, i);
            loadSome(dout, at<T>(p.of[c], b, 0, t + 1), i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) dx[e] += dout[e] * share[e];
        }
        storeSome(at<T>(p.dx, b, 0, t), i, p.size, dx);
        if (t == 0 && p.dbefore.data) storeSome(at<T>(p.dbefore, b, 0, 0), i, p.size, dbefore);
    }
    GPU_UNROLL for (int c = 0; c < kMostStreams; ++c) if (c < p.streams)
        storeSome(p.sums + (part * p.streams + c) * p.size, i, p.size, sums[c]);
}

// --- On the host ----------------------------------------------------------------------------------------------------

Shift shiftOf(const TokenShift& op, const View* of) {
    Shift p{};
    p.tokens = op.x.sizes[2], p.rows = op.x.sizes[0] * p.tokens, p.size = op.x.sizes[3];
    p.parts = std::min(kMostParts, p.rows), p.streams = static_cast<int>(op.streams);
    p.x = DeviceView(op.x), p.before = DeviceView(op.before), p.m = DeviceView(op.m), p.base = op.base;
    for (int c = 0; c < p.streams; ++c) p.of[c] = DeviceView(of[c]);
    return p;
}

}  // namespace

const char* tokenShiftForward(const TokenShift& op, const View* out, void* stream) {
    const Shift p = shiftOf(op, out);
    const int64_t units = p.rows * ((p.size + kMany - 1) / kMany);
    return launch(p.x.isBFloat16 ? forwardKernel<BFloat16> : forwardKernel<float>,
                  {(units + kRowThreads - 1) / kRowThreads, 1}, kRowThreads, 0, stream, p);
}

std::size_t tokenShiftWorkspaceFloats(const TokenShift& op) {
    return static_cast<std::size_t>(std::min(kMostParts, op.x.sizes[0] * op.x.sizes[2]) * op.streams * op.x.sizes[3]);
}

const char* tokenShiftBackward(const TokenShift& op, const TokenShiftGradients& gradients, float* workspace,
                               void* stream) {
    Shift p = shiftOf(op, gradients.dout);
    p.dx = DeviceView(gradients.dx), p.dm = DeviceView(gradients.dm), p.dbefore = DeviceView(gradients.dbefore);
    p.sums = workspace;
    const int64_t channels = kRowThreads * kMany;
    const Grid grid{(p.size + channels - 1) / channels, p.parts};
    if (const char* error =
            launch(p.x.isBFloat16 ? backwardKernel<BFloat16> : backwardKernel<float>, grid, kRowThreads, 0, stream, p))
        return error;
    if (!gradients.dbase) return nullptr;
    const int64_t width = op.streams * p.size;
    return sumParts({workspace, p.parts, width, width, {gradients.dbase}}, 1, stream);
}

}  // namespace radlads::kernels::gpu
