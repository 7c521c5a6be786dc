#include <algorithm>

#include "kernels/gpu/pointwise.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

constexpr std::size_t kRoomBytes = kRowThreads / 32 * sizeof(float);

// --- SwiGLU ---------------------------------------------------------------------------------------------------------

struct Glu {
    RowOrder order;
    int64_t size;
    DeviceView gate, up, y, dy, dgate, dup;
};

template <class T>
GPU_KERNEL(kRowThreads)
swiGluKernel(Glu p) {
    constexpr int kMany = kWidth<T>;
    const int64_t i = (blockY() * kRowThreads + thread()) * kMany;
    if (i >= p.size) return;
    float gate[kMany], up[kMany];
    loadSome(gate, rowAt<T>(p.gate, p.order, blockX()), i, p.size, 0);
    loadSome(up, rowAt<T>(p.up, p.order, blockX()), i, p.size, 0);
    if (p.y.data) {
        GPU_UNROLL for (int e = 0; e < kMany; ++e) up[e] *= gate[e] / (1 + exponential(-gate[e]));
        storeSome(rowAt<T>(p.y, p.order, blockX()), i, p.size, up);
        return;
    }
    float dy[kMany], dup[kMany];
    loadSome(dy, rowAt<T>(p.dy, p.order, blockX()), i, p.size, 0);
    GPU_UNROLL for (int e = 0; e < kMany; ++e) {
        const float s = 1 / (1 + exponential(-gate[e]));
        dup[e] = dy[e] * gate[e] * s;
        gate[e] = dy[e] * up[e] * (s + gate[e] * s * (1 - s));
    }
    storeSome(rowAt<T>(p.dup, p.order, blockX()), i, p.size, dup);
    storeSome(rowAt<T>(p.dgate, p.order, blockX()), i, p.size, gate);
}

const char* launchGlu(const Glu& p, DType dtype, void* stream) {
    const int64_t elements = kRowThreads * (dtype == DType::BFloat16 ? kWidth<BFloat16> : kWidth<float>);
    return launch(dtype == DType::BFloat16 ? swiGluKernel<BFloat16> : swiGluKernel<float>,
                  {p.order.rows, (p.size + elements - 1) / elements}, kRowThreads, 0, stream, p);
}

// --- RoPE -----------------------------------------------------------------------------------------------------------

struct Turn {
    RowOrder order;
    int64_t half;
    DeviceView x, y;
    Rotation rotation;
    float scale, side;  // -1: backward
};

template <class T>
GPU_KERNEL(kRowThreads)
ropeKernel(Turn p) {
    constexpr int kMany = kWidth<T>;
    const int64_t units = (p.half + kMany - 1) / kMany, unit = blockX() * kRowThreads + thread();
    const int64_t r = unit / units, i = unit % units * kMany;
    if (r >= p.order.rows) return;
    const T* x = rowAt<T>(p.x, p.order, r);
    T* y = rowAt<T>(p.y, p.order, r);
    const int64_t angles = r % p.order.tokens * p.rotation.stride;
    float a[kMany], b[kMany], c[kMany], s[kMany];
    loadSome(a, x, i, p.half, 0);
    loadSome(b, x + p.half, i, p.half, 0);
    loadSome(c, p.rotation.cos + angles, i, p.half, 0);
    loadSome(s, p.rotation.sin + angles, i, p.half, 0);
    GPU_UNROLL for (int e = 0; e < kMany; ++e) {
        const float first = a[e], turn = p.side * s[e];
        a[e] = p.scale * (first * c[e] - b[e] * turn);
        b[e] = p.scale * (b[e] * c[e] + first * turn);
    }
    storeSome(y, i, p.half, a);
    storeSome(y + p.half, i, p.half, b);
}

// --- The distance of rows -------------------------------------------------------------------------------------------

struct Align {
    RowOrder order;
    int64_t size;
    DeviceView target, output, doutput;
    double* distances;
    const float* factor;
    float dloss;  // with the share of a row
};

template <class T>
GPU_KERNEL(kRowThreads)
alignKernel(Align p) {
    constexpr int kMany = kWidth<T>;
    float* room = reinterpret_cast<float*>(sharedMemory());
    const Team team(p.size > kLongRow);
    if (team.index >= p.order.rows) return;
    const T* target = rowAt<T>(p.target, p.order, team.index);
    const T* output = rowAt<T>(p.output, p.order, team.index);
    float a[kMany], b[kMany], squares = 0;
    for (int64_t i = int64_t{team.member} * kMany; i < p.size; i += int64_t{team.members} * kMany) {
        loadSome(a, target, i, p.size, 0);
        loadSome(b, output, i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) squares += (a[e] - b[e]) * (a[e] - b[e]);
    }
    const float distance = sqrtf(team.sum(squares, room) + 1e-24f);
    if (p.distances) {
        if (team.member == 0) p.distances[team.index] = distance;
        return;
    }
    T* doutput = rowAt<T>(p.doutput, p.order, team.index);
    const float factor = (p.factor ? p.dloss * *p.factor : p.dloss) / distance;
    for (int64_t i = int64_t{team.member} * kMany; i < p.size; i += int64_t{team.members} * kMany) {
        loadSome(a, target, i, p.size, 0);
        loadSome(b, output, i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) b[e] = factor * (b[e] - a[e]);
        storeSome(doutput, i, p.size, b);
    }
}

GPU_KERNEL(kRowThreads) meanKernel(const double* distances, int64_t count, double share, double* loss) {
    double mine = 0;
    for (int64_t i = thread(); i < count; i += kRowThreads) mine += distances[i];
    const double sum = blockSumOfDoubles(mine, reinterpret_cast<double*>(sharedMemory()));
    if (thread() == 0) *loss = sum * share;
}

Align alignOf(const AlignLoss& op) {
    Align p{};
    p.order = RowOrder(op.target), p.size = op.target.sizes[3];
    p.target = DeviceView(op.target), p.output = DeviceView(op.output);
    return p;
}
double shareOfRow(const Align& p) {
    return 1.0 / (static_cast<double>(p.order.rows) * std::sqrt(static_cast<double>(p.size)));
}
const char* launchAlign(const Align& p, void* stream) {
    return launch(p.target.isBFloat16 ? alignKernel<BFloat16> : alignKernel<float>,
                  {blocksForRows(p.order.rows, p.size), 1}, kRowThreads, kRoomBytes, stream, p);
}

}  // namespace

const char* swiGluForward(const SwiGlu& op, const View& y, void* stream) {
    Glu p{};
    p.order = RowOrder(op.gate), p.size = op.gate.sizes[3];
    p.gate = DeviceView(op.gate), p.up = DeviceView(op.up), p.y = DeviceView(y);
    return launchGlu(p, op.gate.dtype, stream);
}

const char* swiGluBackward(const SwiGlu& op, const SwiGluGradients& gradients, void* stream) {
    Glu p{};
    p.order = RowOrder(op.gate), p.size = op.gate.sizes[3];
    p.gate = DeviceView(op.gate), p.up = DeviceView(op.up), p.dy = DeviceView(gradients.dy);
    p.dgate = DeviceView(gradients.dgate), p.dup = DeviceView(gradients.dup);
    return launchGlu(p, op.gate.dtype, stream);
}

const char* rope(const Rope& op, const View& y, void* stream) {
    Turn p{};
    p.order = RowOrder(op.x), p.half = op.x.sizes[3] / 2;
    p.x = DeviceView(op.x), p.y = DeviceView(y), p.rotation = op.rotation;
    p.scale = static_cast<float>(op.scale), p.side = op.backward ? -1.0f : 1.0f;
    const int64_t many = p.x.isBFloat16 ? kWidth<BFloat16> : kWidth<float>;
    const int64_t units = p.order.rows * ((p.half + many - 1) / many);
    return launch(p.x.isBFloat16 ? ropeKernel<BFloat16> : ropeKernel<float>,
                  {(units + kRowThreads - 1) / kRowThreads, 1}, kRowThreads, 0, stream, p);
}

std::size_t alignLossWorkspaceDoubles(const AlignLoss& op) {
    return static_cast<std::size_t>(RowOrder(op.target).rows);
}

const char* alignLoss(const AlignLoss& op, double* loss, double* workspace, void* stream) {
    Align p = alignOf(op);
    p.distances = workspace;
    if (const char* error = launchAlign(p, stream)) return error;
    return launch(meanKernel, {1, 1}, kRowThreads, kRowThreads * sizeof(double), stream, workspace, p.order.rows,
                  shareOfRow(p), loss);
}

const char* alignLossBackward(const AlignLoss& op, double dloss, const float* factor, const View& doutput,
                              void* stream) {
    Align p = alignOf(op);
    p.doutput = DeviceView(doutput), p.factor = factor, p.dloss = static_cast<float>(dloss * shareOfRow(p));
    return launchAlign(p, stream);
}

}  // namespace radlads::kernels::gpu
