// RMSNorm, and sums of the gradients of parameters over parts of the rows.
#include <algorithm>

#include "kernels/gpu/pointwise.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int64_t kMostParts = 512;  // blocks of the backward pass; not of a device: its bits do not depend on it
constexpr std::size_t kRoomFloats = kRowThreads / 32;
constexpr int64_t kSharedColumns = 8192;  // sums of columns that a block keeps in shared memory

struct Norm {
    RowOrder order;
    int64_t size;
    DeviceView x, residual, y, sum;
    const float* weight;
    float* inverse;
    float eps;
};

template <class T>
GPU_KERNEL(kRowThreads)
forwardKernel(Norm p) {
    constexpr int kMany = kWidth<T>;
    const Team team(p.size > kLongRow);
    if (team.index >= p.order.rows) return;
    const T* x = rowAt<T>(p.x, p.order, team.index);
    const T* residual = rowAt<T>(p.residual, p.order, team.index);
    T* y = rowAt<T>(p.y, p.order, team.index);
    T* sum = rowAt<T>(p.sum, p.order, team.index);
    float s[kMany], other[kMany], squares = 0;
    for (int64_t i = int64_t{team.member} * kMany; i < p.size; i += int64_t{team.members} * kMany) {
        loadSome(s, x, i, p.size, 0);
        if (residual) {
            loadSome(other, residual, i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) s[e] += other[e];
            storeSome(sum, i, p.size, s);
            loadSome(s, sum, i, p.size, 0);  // as rounded
        }
        GPU_UNROLL for (int e = 0; e < kMany; ++e) squares += s[e] * s[e];
    }
    squares = team.sum(squares, reinterpret_cast<float*>(sharedMemory()));
    const float inverse = 1 / sqrtf(squares / static_cast<float>(p.size) + p.eps);
    if (p.inverse && team.member == 0) p.inverse[team.index] = inverse;
    const T* from = residual ? sum : x;
    for (int64_t i = int64_t{team.member} * kMany; i < p.size; i += int64_t{team.members} * kMany) {
        loadSome(s, from, i, p.size, 0);
        loadSome(other, p.weight, i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) s[e] *= inverse * other[e];
        storeSome(y, i, p.size, s);
    }
}

struct NormGradients {
    RowOrder order;
    int64_t size;
    DeviceView x, dy, dsum, dx;
    const float *weight, *inverse;
    float* parts;  // of dweight, [blocks, size]; optional
    int64_t blocks;
    bool isShared;
};

// A thread has the same columns of every row, and so adds to its own sums alone.
template <class T>
GPU_KERNEL(kRowThreads)
backwardKernel(NormGradients p) {
    constexpr int kMany = kWidth<T>;
    float* room = reinterpret_cast<float*>(sharedMemory());
    const Team team(p.size > kLongRow);
    float* sums = p.isShared ? room + kRoomFloats + (team.isBlock ? 0 : warp()) * p.size : p.parts + blockX() * p.size;
    float x[kMany], dy[kMany], w[kMany], some[kMany];
    const int64_t step = int64_t{team.members} * kMany, first = int64_t{team.member} * kMany;
    if (p.parts)
        for (int64_t i = first; i < p.size; i += step)
            GPU_UNROLL for (int e = 0; e < kMany; ++e) if (i + e < p.size) sums[i + e] = 0;
    const int64_t teams = team.isBlock ? p.blocks : p.blocks * team.count;
    for (int64_t r = team.index; r < p.order.rows; r += teams) {
        const T* xRow = rowAt<T>(p.x, p.order, r);
        const T* dyRow = rowAt<T>(p.dy, p.order, r);
        const T* dsum = rowAt<T>(p.dsum, p.order, r);
        T* dx = rowAt<T>(p.dx, p.order, r);
        const float inverse = p.inverse[r];
        float along = 0;
        for (int64_t i = first; i < p.size; i += step) {
            loadSome(x, xRow, i, p.size, 0);
            loadSome(dy, dyRow, i, p.size, 0);
            loadSome(w, p.weight, i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) along += dy[e] * w[e] * x[e];
        }
        along = team.sum(along, room) * inverse / static_cast<float>(p.size);
        for (int64_t i = first; i < p.size; i += step) {
            loadSome(x, xRow, i, p.size, 0);
            loadSome(dy, dyRow, i, p.size, 0);
            if (p.parts)
                GPU_UNROLL for (int e = 0; e < kMany; ++e) if (i + e < p.size) sums[i + e] += dy[e] * x[e] * inverse;
            if (!dx) continue;
            loadSome(w, p.weight, i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) some[e] = 0;
            if (dsum) loadSome(some, dsum, i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) some[e] += inverse * (dy[e] * w[e] - x[e] * inverse * along);
            storeSome(dx, i, p.size, some);
        }
    }
    if (!p.parts || !p.isShared) return;
    sync();
    const int copies = team.isBlock ? 1 : blockWarps();
    for (int64_t i = thread(); i < p.size; i += kRowThreads) {
        float total = 0;
        for (int copy = 0; copy < copies; ++copy) total += room[kRoomFloats + copy * p.size + i];
        p.parts[blockX() * p.size + i] = total;
    }
}

constexpr int kGroups = 8;  // of parts
GPU_KERNEL(kRowThreads) sumPartsKernel(const PartLists p) {
    constexpr int kColumns = kRowThreads / kGroups;
    float* room = reinterpret_cast<float*>(sharedMemory());
    const int column = thread() % kColumns, group = thread() / kColumns;
    const int64_t c = blockX() * kColumns + column;
    float* to = p.to[blockY()];
    if (!to) return;
    const float* from = p.from + blockY() * p.columns;
    float sum = 0;
    for (int64_t part = group; c < p.columns && part < p.parts; part += kGroups) sum += from[part * p.stride + c];
    room[thread()] = sum;
    sync();
    if (group != 0 || c >= p.columns) return;
    for (int g = 1; g < kGroups; ++g) sum += room[g * kColumns + column];
    to[c] = sum;
}

int64_t partsFor(const RmsNorm& op) {
    return std::min(kMostParts, blocksForRows(RowOrder(op.x).rows, op.x.sizes[3]));
}

}  // namespace

const char* sumParts(const PartLists& lists, int count, void* stream) {
    const int64_t columns = kRowThreads / kGroups;
    return launch(sumPartsKernel, {(lists.columns + columns - 1) / columns, count}, kRowThreads,
                  kRowThreads * sizeof(float), stream, lists);
}

const char* rmsNormForward(const RmsNorm& op, const RmsNormOutputs& outputs, void* stream) {
    Norm p{};
    p.order = RowOrder(op.x), p.size = op.x.sizes[3];
    p.x = DeviceView(op.x), p.residual = DeviceView(op.residual);
    p.y = DeviceView(outputs.y), p.sum = DeviceView(outputs.sum), p.inverse = outputs.inverse;
    p.weight = op.weight, p.eps = static_cast<float>(op.eps);
    return launch(p.x.isBFloat16 ? forwardKernel<BFloat16> : forwardKernel<float>,
                  {blocksForRows(p.order.rows, p.size), 1}, kRowThreads, kRoomFloats * sizeof(float), stream, p);
}

std::size_t rmsNormWorkspaceFloats(const RmsNorm& op) {
    return static_cast<std::size_t>(partsFor(op) * op.x.sizes[3]);
}

const char* rmsNormBackward(const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients,
                            float* workspace, void* stream) {
    NormGradients p{};
    p.order = RowOrder(op.x), p.size = op.x.sizes[3];
    p.x = DeviceView(op.x), p.dy = DeviceView(gradients.dy), p.dsum = DeviceView(gradients.dsum);
    p.dx = DeviceView(gradients.dx), p.weight = op.weight, p.inverse = inverse;
    p.parts = gradients.dweight ? workspace : nullptr;
    p.blocks = partsFor(op);
    const int64_t copies = p.size > kLongRow ? 1 : kRowThreads / 32;
    p.isShared = copies * p.size <= kSharedColumns;
    const std::size_t floats = kRoomFloats + (p.isShared ? static_cast<std::size_t>(copies * p.size) : 0);
    if (const char* error = launch(p.x.isBFloat16 ? backwardKernel<BFloat16> : backwardKernel<float>, {p.blocks, 1},
                                   kRowThreads, floats * sizeof(float), stream, p))
        return error;
    if (!gradients.dweight) return nullptr;
    return sumParts({workspace, p.blocks, p.size, p.size, {gradients.dweight}}, 1, stream);
}

}  // namespace radlads::kernels::gpu
