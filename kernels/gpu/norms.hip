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
    const T* x = rowAt<T>(p.x, p.order, row.index);
    const T* residual = rowAt<T>(p.residual, p.order, row.index);
    T* y = rowAt<T>(p.y, p.order, row.index);
    T* sum = rowAt<T>(p.sum, p.order, row.index);
    float s[kHeld][kMany], other[kMany], squares = 0;
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) loadSome(s[h], x, team.at(h), row.size, 0);
    if (residual) {
        GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
            loadSome(other, residual, team.at(h), row.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) s[h][e] += other[e];
            roundAs<T>(s[h]);
        }
        GPU_UNROLL for (int h = 0; h < kHeld; ++h) storeSome(sum, team.at(h), row.size, s[h]);
    }
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) GPU_UNROLL for (int e = 0; e < kMany; ++e) squares += s[h][e] * s[h][e];
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
    const T* x = rowAt<T>(p.x, p.order, blockX());
    const T* residual = rowAt<T>(p.residual, p.order, blockX());
    T* y = rowAt<T>(p.y, p.order, blockX());
    T* sum = rowAt<T>(p.sum, p.order, blockX());
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

// dx of W elements of a row, for what is along the row: sum(dy w x) inverse / size.
template <class T>
GPU_DEVICE void storeGradient(const T* dsum, T* dx, int i, int size, const float (&x)[kMany], const float (&dy)[kMany],
                              const float (&w)[kMany], float inverse, float along) {
    if (!dx) return;
    float some[kMany];
    GPU_UNROLL for (int e = 0; e < kMany; ++e) some[e] = 0;
    if (dsum) loadSome(some, dsum, i, size, 0);
    GPU_UNROLL for (int e = 0; e < kMany; ++e) some[e] += inverse * (dy[e] * w[e] - x[e] * inverse * along);
    storeSome(dx, i, size, some);
}

// A thread has the same columns of all its rows, and their sums in registers.
template <class T, int kHeld>
GPU_KERNEL(kRowThreads)
backwardKernel(const NormGradients p) {
    float* room = reinterpret_cast<float*>(sharedMemory());
    const Team team(p.lanes);
    float x[kHeld][kMany], dy[kHeld][kMany], w[kHeld][kMany], sums[kHeld][kMany];
    GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
        loadSome(w[h], p.weight, team.at(h), p.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) sums[h][e] = 0;
    }
    for (int64_t round = 0; round < p.rounds; ++round) {
        const TeamRow row(p.order, (blockX() * p.rounds + round) * team.count + team.number, p.size);
        const T* xRow = rowAt<T>(p.x, p.order, row.index);
        const T* dyRow = rowAt<T>(p.dy, p.order, row.index);
        const float inverse = p.inverse[row.index];
        float along = 0;
        GPU_UNROLL for (int h = 0; h < kHeld; ++h) {
            loadSome(x[h], xRow, team.at(h), row.size, 0);
            loadSome(dy[h], dyRow, team.at(h), row.size, 0);
        }
        GPU_UNROLL for (int h = 0; h < kHeld; ++h) GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            along += dy[h][e] * w[h][e] * x[h][e];
            sums[h][e] += dy[h][e] * x[h][e] * inverse;
        }
        along = team.sum(along, room) * inverse / static_cast<float>(p.size);
        GPU_UNROLL for (int h = 0; h < kHeld; ++h)
            storeGradient(rowAt<T>(p.dsum, p.order, row.index), rowAt<T>(p.dx, p.order, row.index), team.at(h),
                          row.size, x[h], dy[h], w[h], inverse, along);
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
        const T* xRow = rowAt<T>(p.x, p.order, r);
        const T* dyRow = rowAt<T>(p.dy, p.order, r);
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
            storeGradient(rowAt<T>(p.dsum, p.order, r), rowAt<T>(p.dx, p.order, r), i, p.size, x, dy, w, inverse,
                          along);
            if (!to) continue;
            GPU_UNROLL for (int e = 0; e < kMany; ++e) sums[e] = 0;
            if (round > 0) loadSome(sums, to, i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) sums[e] += dy[e] * x[e] * inverse;
            storeSome(to, i, p.size, sums);
        }
    }
}

constexpr int kSumThreads = 1024, kGroups = 32;  // groups: of parts
GPU_KERNEL(kSumThreads) sumPartsKernel(const PartLists p) {
    constexpr int kColumns = kSumThreads / kGroups;
    float* room = reinterpret_cast<float*>(sharedMemory());
    const int column = thread() % kColumns, group = thread() / kColumns;
    const int64_t c = blockX() * kColumns + column;
    float* to = p.to[blockY()];
    if (!to) return;
    const float* from = p.from + blockY() * p.columns + c;
    float sum = 0;
    const int64_t parts = c < p.columns ? p.parts : 0;
    GPU_UNROLL_BY_8 for (int64_t part = group; part < parts; part += kGroups) sum += from[part * p.stride];
    room[thread()] = sum;
    sync();
    if (group != 0 || c >= p.columns) return;
    for (int g = 1; g < kGroups; ++g) sum += room[g * kColumns + column];
    to[c] = sum;
}

// --- On the host ----------------------------------------------------------------------------------------------------

template <class P>
using Kernel = void (*)(P);
template <class T>
Kernel<const Norm> forwardFor(int held) {
    static constexpr Kernel<const Norm> kernels[] = {longForwardKernel<T>, forwardKernel<T, 1>,
                                                     forwardKernel<T, 2>,  nullptr,
                                                     forwardKernel<T, 4>,  nullptr,
                                                     forwardKernel<T, 6>,  nullptr,
                                                     forwardKernel<T, 8>};
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
    const int64_t columns = kSumThreads / kGroups;
    return launch(sumPartsKernel, {(lists.columns + columns - 1) / columns, count}, kSumThreads,
                  kSumThreads * sizeof(float), stream, lists);
}

const char* rmsNormForward(const RmsNorm& op, const RmsNormOutputs& outputs, void* stream) {
    const TeamShape shape(op.x.sizes[3], 8);
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
