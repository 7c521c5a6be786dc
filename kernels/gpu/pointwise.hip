#include <algorithm>

#include "kernels/gpu/pointwise.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

// --- SwiGLU ---------------------------------------------------------------------------------------------------------

struct Glu {
    RowOrder order;
    Divisor units;  // of a row
    int size;
    DeviceView gate, up, y, dy, dgate, dup;
};

template <class T>
GPU_KERNEL(kRowThreads)
swiGluKernel(const Glu p) {
    const int64_t unit = blockX() * kRowThreads + thread(), r = p.units.quotient(unit);
    const int i = static_cast<int>(unit - r * p.units.value) * kMany;
    if (r >= p.order.rows) return;
    const Place place(p.order, r);
    Raw<T, kMany> gates, ups, dys;
    gates.load(place.at<T>(p.gate), i, p.size);
    ups.load(place.at<T>(p.up), i, p.size);
    float x[kMany], y[kMany];
    if (p.y.data) {
        GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] = ups[e] * gates[e] * sigmoid(gates[e]);
        storeSome(place.at<T>(p.y), i, p.size, x);
        return;
    }
    dys.load(place.at<T>(p.dy), i, p.size);
    GPU_UNROLL for (int e = 0; e < kMany; ++e) {
        const float s = sigmoid(gates[e]), silu = gates[e] * s;
        x[e] = dys[e] * silu;
        y[e] = dys[e] * ups[e] * (s + silu * (1 - s));
    }
    storeSome(place.at<T>(p.dup), i, p.size, x);
    storeSome(place.at<T>(p.dgate), i, p.size, y);
}

Glu gluOf(const SwiGlu& op) {
    Glu p{};
    p.order = orderInMemory(op.gate), p.size = static_cast<int>(op.gate.sizes[3]);
    p.units = Divisor((p.size + kMany - 1) / kMany);
    p.gate = DeviceView(op.gate), p.up = DeviceView(op.up);
    return p;
}
const char* launchGlu(const Glu& p, void* stream) {
    return launch(p.gate.isBFloat16 ? swiGluKernel<BFloat16> : swiGluKernel<float>,
                  {(p.order.rows * p.units.value + kRowThreads - 1) / kRowThreads, 1}, kRowThreads, 0, stream, p);
}

// --- RoPE -----------------------------------------------------------------------------------------------------------

struct Turn {
    RowOrder order;
    Divisor units;  // of half a row
    int half;
    DeviceView x, y;
    Rotation rotation;
    float scale, side;  // -1: backward
};

template <class T>
GPU_KERNEL(kRowThreads)
ropeKernel(const Turn p) {
    const int64_t unit = blockX() * kRowThreads + thread(), r = p.units.quotient(unit);
    const int i = static_cast<int>(unit - r * p.units.value) * kMany;
    if (r >= p.order.rows) return;
    const Place place(p.order, r);
    const T* x = place.at<T>(p.x);
    T* y = place.at<T>(p.y);
    const int64_t angles = place.t * p.rotation.stride;
    Raw<T, kMany> firsts, seconds;
    Raw<float, kMany> cos, sin;
    firsts.load(x, i, p.half);
    seconds.load(x + p.half, i, p.half);
    cos.load(p.rotation.cos + angles, i, p.half);
    sin.load(p.rotation.sin + angles, i, p.half);
    float a[kMany], b[kMany];
    GPU_UNROLL for (int e = 0; e < kMany; ++e) {
        const float turn = p.side * sin[e];
        a[e] = p.scale * (firsts[e] * cos[e] - seconds[e] * turn);
        b[e] = p.scale * (seconds[e] * cos[e] + firsts[e] * turn);
    }
    storeSome(y, i, p.half, a);
    storeSome(y + p.half, i, p.half, b);
}

// --- The distance of rows -------------------------------------------------------------------------------------------

struct Align {
    RowOrder order;
    int lanes, size;
    DeviceView target, output, doutput;
    double* distances;  // sums of those of a block
    const float* factor;
    float dloss;  // with the share of a row
};

template <class T, int kHeld>
GPU_KERNEL(kRowThreads)
alignKernel(const Align p) {
    const Team team(p.lanes);
    const TeamRow row(p.order, blockX() * team.count + team.number, p.size);
    const T* target = row.place.at<T>(p.target);
    const T* output = row.place.at<T>(p.output);
    Raw<T, kMany> targets[kHeld], outputs[kHeld];
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
        targets[h].load(target, team.at(h), row.size);
        outputs[h].load(output, team.at(h), row.size);
    }
    float d[kHeld][kMany], squares = 0;
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) GPU_UNROLL for (int e = 0; e < kMany; ++e) {
        d[h][e] = outputs[h][e] - targets[h][e];
        squares += d[h][e] * d[h][e];
    }
    const float distance = sqrtf(team.sum(squares, reinterpret_cast<float*>(sharedMemory())) + 1e-24f);
    if (p.distances) {
        double* room = reinterpret_cast<double*>(sharedMemory());
        const double mine = team.member == 0 && row.size > 0 ? distance : 0.0;
        const double sum = blockSumOfDoubles(mine, room);
        if (thread() == 0) p.distances[blockX()] = sum;
        return;
    }
    T* doutput = row.place.at<T>(p.doutput);
    const float factor = (p.factor ? p.dloss * *p.factor : p.dloss) / distance;
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
        GPU_UNROLL for (int e = 0; e < kMany; ++e) d[h][e] *= factor;
        storeSome(doutput, team.at(h), row.size, d[h]);
    }
}

// Of a row that registers do not hold.
template <class T>
GPU_KERNEL(kRowThreads)
longAlignKernel(const Align p) {
    const Place place(p.order, blockX());
    const T* target = place.at<T>(p.target);
    const T* output = place.at<T>(p.output);
    float a[kMany], b[kMany], squares = 0;
    for (int i = thread() * kMany; i < p.size; i += kRowThreads * kMany) {
        loadSome(a, target, i, p.size, 0);
        loadSome(b, output, i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) squares += (a[e] - b[e]) * (a[e] - b[e]);
    }
    const float distance = sqrtf(blockSum(squares, reinterpret_cast<float*>(sharedMemory())) + 1e-24f);
    if (p.distances) {
        if (thread() == 0) p.distances[blockX()] = distance;
        return;
    }
    T* doutput = place.at<T>(p.doutput);
    const float factor = (p.factor ? p.dloss * *p.factor : p.dloss) / distance;
    for (int i = thread() * kMany; i < p.size; i += kRowThreads * kMany) {
        loadSome(a, target, i, p.size, 0);
        loadSome(b, output, i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) b[e] = factor * (b[e] - a[e]);
        storeSome(doutput, i, p.size, b);
    }
}

constexpr int kMeanThreads = 1024;
GPU_KERNEL(kMeanThreads) meanKernel(const double* distances, int64_t count, double share, double* loss) {
    double mine = 0;
    GPU_UNROLL_BY_8 for (int64_t i = thread(); i < count; i += kMeanThreads) mine += distances[i];
    const double sum = blockSumOfDoubles(mine, reinterpret_cast<double*>(sharedMemory()));
    if (thread() == 0) *loss = sum * share;
}

// --- On the host ----------------------------------------------------------------------------------------------------

TeamShape shapeOf(const AlignLoss& op) {
    return TeamShape(op.target.sizes[3], 2);
}
Align alignOf(const AlignLoss& op) {
    Align p{};
    p.order = RowOrder(op.target), p.lanes = shapeOf(op).lanes, p.size = static_cast<int>(op.target.sizes[3]);
    p.target = DeviceView(op.target), p.output = DeviceView(op.output);
    return p;
}
template <class T>
auto alignKernelFor(int held) {
    using Kernel = void (*)(const Align);
    static constexpr Kernel kernels[] = {longAlignKernel<T>, alignKernel<T, 1>, alignKernel<T, 2>, nullptr,
                                         alignKernel<T, 4>};
    return kernels[held];
}
double shareOfRow(const Align& p) {
    return 1.0 / (static_cast<double>(p.order.rows) * std::sqrt(static_cast<double>(p.size)));
}
const char* launchAlign(const Align& p, const TeamShape& shape, void* stream) {
    return launch((p.target.isBFloat16 ? alignKernelFor<BFloat16> : alignKernelFor<float>)(shape.held),
                  {shape.blocksFor(p.order.rows), 1}, shape.threads, kRoomFloats * sizeof(double), stream, p);
}

}  // namespace

const char* swiGluForward(const SwiGlu& op, const View& y, void* stream) {
    Glu p = gluOf(op);
    p.y = DeviceView(y);
    return launchGlu(p, stream);
}

const char* swiGluBackward(const SwiGlu& op, const SwiGluGradients& gradients, void* stream) {
    Glu p = gluOf(op);
    p.dy = DeviceView(gradients.dy), p.dgate = DeviceView(gradients.dgate), p.dup = DeviceView(gradients.dup);
    return launchGlu(p, stream);
}

const char* rope(const Rope& op, const View& y, void* stream) {
    Turn p{};
    p.order = orderInMemory(op.x), p.half = static_cast<int>(op.x.sizes[3] / 2);
    p.units = Divisor((p.half + kMany - 1) / kMany);
    p.x = DeviceView(op.x), p.y = DeviceView(y), p.rotation = op.rotation;
    p.scale = static_cast<float>(op.scale), p.side = op.backward ? -1.0f : 1.0f;
    return launch(p.x.isBFloat16 ? ropeKernel<BFloat16> : ropeKernel<float>,
                  {(p.order.rows * p.units.value + kRowThreads - 1) / kRowThreads, 1}, kRowThreads, 0, stream, p);
}

std::size_t alignLossWorkspaceDoubles(const AlignLoss& op) {
    return static_cast<std::size_t>(shapeOf(op).blocksFor(RowOrder(op.target).rows));
}

const char* alignLoss(const AlignLoss& op, double* loss, double* workspace, void* stream) {
    const TeamShape shape = shapeOf(op);
    Align p = alignOf(op);
    p.distances = workspace;
    if (const char* error = launchAlign(p, shape, stream)) return error;
    return launch(meanKernel, {1, 1}, kMeanThreads, kMeanThreads / 32 * sizeof(double), stream, workspace,
                  shape.blocksFor(p.order.rows), shareOfRow(p), loss);
}

const char* alignLossBackward(const AlignLoss& op, double dloss, const float* factor, const View& doutput,
                              void* stream) {
    Align p = alignOf(op);
    p.doutput = DeviceView(doutput), p.factor = factor, p.dloss = static_cast<float>(dloss * shareOfRow(p));
    return launchAlign(p, shapeOf(op), stream);
}

}  // namespace radlads::kernels::gpu
