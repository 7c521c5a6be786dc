// RMSNorm, and sums of the gradients of parameters over parts of the rows.
#include <algorithm>

#include "kernels/gpu/pointwise.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int64_t kMostParts = 1024;  // blocks of the backward pass; not of a device: its bits do not depend on it

struct Norm {
    RowOrder order;
    int lanes, size;
    DeviceView x, residual, y, sum;
    const float* weight;
    float* inverse;
    float eps;
};

template <class T, int kHeld>
GPU_KERNEL(kRowThreads)
forwardKernel(const Norm p) {
    const Team team(p.lanes);
    const TeamRow row(p.order, blockX() * team.count + team.number, p.size);
    const T* x = row.place.at<T>(p.x);
    const T* residual = row.place.at<T>(p.residual);
    T* y = row.place.at<T>(p.y);
    T* sum = row.place.at<T>(p.sum);
    Raw<T, kMany> xs[kHeld], residuals[kHeld];
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
        xs[h].load(x, team.at(h), row.size);
        residuals[h].clear();
        if (residual) residuals[h].load(residual, team.at(h), row.size);
    }
    float s[kHeld][kMany], other[kMany], squares = 0;
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
        xs[h].widenTo(s[h]);
        if (residual) {
            GPU_UNROLL for (int e = 0; e < kMany; ++e) s[h][e] += residuals[h][e];
            roundAs<T>(s[h]);
            storeSome(sum, team.at(h), row.size, s[h]);
        }
        GPU_UNROLL for (int e = 0; e < kMany; ++e) squares += s[h][e] * s[h][e];
    }
    squares = team.sum(squares, reinterpret_cast<float*>(sharedMemory()));
    const float inverse = 1 / sqrtf(squares / static_cast<float>(p.size) + p.eps);
    if (p.inverse && team.member == 0 && row.size > 0) p.inverse[row.index] = inverse;
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
        loadSome(other, p.weight, team.at(h), row.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) s[h][e] *= inverse * other[e];
        storeSome(y, team.at(h), row.size, s[h]);
    }
}

// Of a row that registers do not hold.
template <class T>
GPU_KERNEL(kRowThreads)
longForwardKernel(const Norm p) {
    const Place place(p.order, blockX());
    const T* x = place.at<T>(p.x);
    const T* residual = place.at<T>(p.residual);
    T* y = place.at<T>(p.y);
    T* sum = place.at<T>(p.sum);
    float s[kMany], other[kMany], squares = 0;
    for (int i = thread() * kMany; i < p.size; i += kRowThreads * kMany) {
        loadSome(s, x, i, p.size, 0);
        if (residual) {
            loadSome(other, residual, i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) s[e] += other[e];
            roundAs<T>(s);
            storeSome(sum, i, p.size, s);
        }
        GPU_UNROLL for (int e = 0; e < kMany; ++e) squares += s[e] * s[e];
    }
    squares = blockSum(squares, reinterpret_cast<float*>(sharedMemory()));
    const float inverse = 1 / sqrtf(squares / static_cast<float>(p.size) + p.eps);
    if (p.inverse && thread() == 0) p.inverse[blockX()] = inverse;
    const T* from = residual ? sum : x;
    for (int i = thread() * kMany; i < p.size; i += kRowThreads * kMany) {
        loadSome(s, from, i, p.size, 0);
        loadSome(other, p.weight, i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) s[e] *= inverse * other[e];
        storeSome(y, i, p.size, s);
    }
}

struct NormGradients {
    RowOrder order;
    int lanes, size;
    int64_t rounds;  // rows of a team
    DeviceView x, dy, dsum, dx;
    const float *weight, *inverse;
    float* parts;  // of dweight, [blocks, size]; optional
};

// A row of a team as it lies in memory.
template <class T, int kHeld>
struct RawRow {
    TeamRow row;
    float inverse;
    Raw<T, kMany> x[kHeld], dy[kHeld], dsum[kHeld];

    GPU_DEVICE RawRow(const NormGradients& p, const Team& team, int64_t round)
        : row(p.order, (blockX() * p.rounds + round) * team.count + team.number, p.size) {
        GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
            x[h].load(row.place.at<T>(p.x), team.at(h), row.size);
            dy[h].load(row.place.at<T>(p.dy), team.at(h), row.size);
            if (p.dsum.data)
                dsum[h].load(row.place.at<T>(p.dsum), team.at(h), row.size);
            else
                dsum[h].clear();
        }
        inverse = p.inverse[row.index];
    }
};

// A thread has the same columns of all its rows, and their sums in registers. While it works on a row, the next is on
// its way.
template <class T, int kHeld>
GPU_KERNEL(kRowThreads)
backwardKernel(const NormGradients p) {
    float* room = reinterpret_cast<float*>(sharedMemory());
    const Team team(p.lanes);
    float w[kHeld][kMany], sums[kHeld][kMany], dx[kMany];
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
        loadSome(w[h], p.weight, team.at(h), p.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) sums[h][e] = 0;
    }
    RawRow<T, kHeld> next(p, team, 0);
    for (int64_t round = 0; round < p.rounds; ++round) {
        const RawRow<T, kHeld> raw = next;
        if (kHeld == 1 && round + 1 < p.rounds) next = RawRow<T, kHeld>(p, team, round + 1);
        float along = 0;
        GPU_UNROLL for (int h = 0; h < kHeld; ++h) GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            along += raw.dy[h][e] * w[h][e] * raw.x[h][e];
            sums[h][e] += raw.dy[h][e] * raw.x[h][e] * raw.inverse;
        }
        along = team.sum(along, room) * raw.inverse / static_cast<float>(p.size);
        GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
            if (!p.dx.data) continue;
            GPU_UNROLL for (int e = 0; e < kMany; ++e) dx[e] =
                raw.dsum[h][e] + raw.inverse * (raw.dy[h][e] * w[h][e] - raw.x[h][e] * raw.inverse * along);
            storeSome(raw.row.place.template at<T>(p.dx), team.at(h), raw.row.size, dx);
        }
        if (kHeld > 1 && round + 1 < p.rounds) next = RawRow<T, kHeld>(p, team, round + 1);
    }
    if (!p.parts) return;
    float* to = p.parts + blockX() * p.size;
    if (team.lanes == 0) {
        GPU_UNROLL for (int h = 0; h < kHeld; ++h) storeSome(to, team.at(h), p.size, sums[h]);
        return;
    }
    // The teams of a block in their order; such rows are held once.
    sync();
    storeSome(room, thread() * kMany, kRowThreads * kMany, sums[0]);
    sync();
    for (int i = thread(); i < p.size; i += blockThreads()) {
        float total = 0;
        for (int number = 0; number < team.count; ++number) total += room[number * team.lanes * kMany + i];
        to[i] = total;
    }
}

template <class T>
GPU_KERNEL(kRowThreads)
longBackwardKernel(const NormGradients p) {
    float* room = reinterpret_cast<float*>(sharedMemory());
    float x[kMany], dy[kMany], w[kMany], sums[kMany];
    float* to = p.parts ? p.parts + blockX() * p.size : nullptr;
    for (int64_t round = 0; round < p.rounds; ++round) {
        const int64_t r = blockX() * p.rounds + round;
        if (r >= p.order.rows) break;
        const Place place(p.order, r);
        const T* xRow = place.at<T>(p.x);
        const T* dyRow = place.at<T>(p.dy);
        const float inverse = p.inverse[r];
        float along = 0;
        for (int i = thread() * kMany; i < p.size; i += kRowThreads * kMany) {
            loadSome(x, xRow, i, p.size, 0);
            loadSome(dy, dyRow, i, p.size, 0);
            loadSome(w, p.weight, i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) along += dy[e] * w[e] * x[e];
        }
        along = blockSum(along, room) * inverse / static_cast<float>(p.size);
        for (int i = thread() * kMany; i < p.size; i += kRowThreads * kMany) {
            loadSome(x, xRow, i, p.size, 0);
            loadSome(dy, dyRow, i, p.size, 0);
            loadSome(w, p.weight, i, p.size, 0);
            if (T* dx = place.at<T>(p.dx)) {
                float some[kMany] = {};
                if (const T* dsum = place.at<T>(p.dsum)) loadSome(some, dsum, i, p.size, 0);
                GPU_UNROLL for (int e = 0; e < kMany; ++e) some[e] += inverse * (dy[e] * w[e] - x[e] * inverse * along);
                storeSome(dx, i, p.size, some);
            }
            if (!to) continue;
            GPU_UNROLL for (int e = 0; e < kMany; ++e) sums[e] = 0;
            if (round > 0) loadSome(sums, to, i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) sums[e] += dy[e] * x[e] * inverse;
            storeSome(to, i, p.size, sums);
        }
    }
}

constexpr int kColumns = 32, kMostGroups = 32;  // of a block: groups of parts
GPU_KERNEL(kColumns* kMostGroups) sumPartsKernel(const PartLists p) {
    const int groups = blockThreads() / kColumns;
    float* room = reinterpret_cast<float*>(sharedMemory());
    const int column = thread() % kColumns, group = thread() / kColumns;
    const int64_t c = blockX() * kColumns + column;
    float* to = nullptr;
    GPU_UNROLL for (int list = 0; list < kMostLists; ++list) if (blockY() == list) to = p.to[list];
    if (!to) return;
    const float* from = p.from + blockY() * p.columns + c;
    float sum = 0;
    const int64_t parts = c < p.columns ? p.parts : 0;
    GPU_UNROLL_BY_8 for (int64_t part = group; part < parts; part += groups) sum += from[part * p.stride];
    room[thread()] = sum;
    sync();
    if (group != 0 || c >= p.columns) return;
    for (int g = 1; g < groups; ++g) sum += room[g * kColumns + column];
    to[c] = sum;
}

// --- On the host ----------------------------------------------------------------------------------------------------

template <class P>
using Kernel = void (*)(P);
template <class T>
Kernel<const Norm> forwardFor(int held) {
    static constexpr Kernel<const Norm> kernels[] = {longForwardKernel<T>, forwardKernel<T, 1>, forwardKernel<T, 2>,
                                                     nullptr, forwardKernel<T, 4>};
    return kernels[held];
}
template <class T>
Kernel<const NormGradients> backwardFor(int held) {
    static constexpr Kernel<const NormGradients> kernels[] = {longBackwardKernel<T>, backwardKernel<T, 1>,
                                                              backwardKernel<T, 2>, nullptr, backwardKernel<T, 4>};
    return kernels[held];
}

TeamShape backwardShape(const RmsNorm& op) {
    return TeamShape(op.x.sizes[3], 1);
}
int64_t roundsOf(const RmsNorm& op) {  // rows of a team of the backward pass
    const int64_t most = kMostParts * backwardShape(op).teams();
    return (RowOrder(op.x).rows + most - 1) / most;
}
int64_t partsFor(const RmsNorm& op) {
    const int64_t rows = roundsOf(op) * backwardShape(op).teams();
    return rows == 0 ? 0 : (RowOrder(op.x).rows + rows - 1) / rows;
}

}  // namespace

const char* sumParts(const PartLists& lists, int count, void* stream) {
    int groups = 2;
    while (groups < kMostGroups && groups * 8 < lists.parts) groups *= 2;
    return launch(sumPartsKernel, {(lists.columns + kColumns - 1) / kColumns, count}, groups * kColumns,
                  static_cast<std::size_t>(groups * kColumns) * sizeof(float), stream, lists);
}

const char* rmsNormForward(const RmsNorm& op, const RmsNormOutputs& outputs, void* stream) {
    const TeamShape shape(op.x.sizes[3], 2);
    Norm p{};
    p.order = RowOrder(op.x), p.lanes = shape.lanes, p.size = static_cast<int>(op.x.sizes[3]);
    p.x = DeviceView(op.x), p.residual = DeviceView(op.residual);
    p.y = DeviceView(outputs.y), p.sum = DeviceView(outputs.sum), p.inverse = outputs.inverse;
    p.weight = op.weight, p.eps = static_cast<float>(op.eps);
    return launch((p.x.isBFloat16 ? forwardFor<BFloat16> : forwardFor<float>)(shape.held),
                  {shape.blocksFor(p.order.rows), 1}, shape.threads, kRoomFloats * sizeof(float), stream, p);
}

std::size_t rmsNormWorkspaceFloats(const RmsNorm& op) {
    return static_cast<std::size_t>(partsFor(op) * op.x.sizes[3]);
}

const char* rmsNormBackward(const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients,
                            float* workspace, void* stream) {
    const TeamShape shape = backwardShape(op);
    NormGradients p{};
    p.order = RowOrder(op.x), p.lanes = shape.lanes, p.size = static_cast<int>(op.x.sizes[3]), p.rounds = roundsOf(op);
    p.x = DeviceView(op.x), p.dy = DeviceView(gradients.dy), p.dsum = DeviceView(gradients.dsum);
    p.dx = DeviceView(gradients.dx), p.weight = op.weight, p.inverse = inverse;
    p.parts = gradients.dweight ? workspace : nullptr;
    const std::size_t floats = shape.lanes == 0 ? kRoomFloats : kRowThreads * kMany;
    if (const char* error = launch((p.x.isBFloat16 ? backwardFor<BFloat16> : backwardFor<float>)(shape.held),
                                   {partsFor(op), 1}, shape.threads, floats * sizeof(float), stream, p))
        return error;
    if (!gradients.dweight) return nullptr;
    return sumParts({workspace, partsFor(op), p.size, p.size, {gradients.dweight}}, 1, stream);
}

}  // namespace radlads::kernels::gpu
