// Rows of activations, and the threads that share one: a warp, or the whole block where rows are long.
#pragma once

#include "kernels/gpu/vectors.h"

namespace radlads::kernels::gpu {

inline constexpr int kRowThreads = 256;
inline constexpr int64_t kLongRow = 1024;  // longer ones are a block's

// A number that device code divides by: a multiplication where a 32-bit one does, which a number of 64 bits would make
// a hundred instructions of.
struct Divisor {
    int64_t value = 1;
    uint32_t factor = 0, shift = 0;

    Divisor() = default;
    explicit Divisor(int64_t number) : value(number) {
        // 2^(32 + shift) / value, rounded up, less 2^32: exact for every number below 2^31
        while (shift < 31 && (int64_t{1} << shift) < value) ++shift;
        if (value > 0 && isSmall(value))
            factor = static_cast<uint32_t>((uint64_t((int64_t{1} << shift) - value) << 32) / uint64_t(value) + 1);
    }
    GPU_BOTH static bool isSmall(int64_t n) { return static_cast<uint64_t>(n) >> 31 == 0; }
    // n is not negative.
    GPU_BOTH int64_t quotient(int64_t n) const {
        if (!isSmall(n) || !isSmall(value)) return n / value;
        const uint32_t low = static_cast<uint32_t>(n);
        return (static_cast<uint32_t>(uint64_t{low} * factor >> 32) + low) >> shift;
    }
    GPU_BOTH int64_t remainder(int64_t n) const { return n - quotient(n) * value; }
};

// Row r of [batch, heads, tokens] of them, in the order of a contiguous tensor.
struct RowOrder {
    int64_t heads = 1, tokens = 1, rows = 0;

    RowOrder() = default;
    explicit RowOrder(const View& view)
        : heads(view.sizes[1]), tokens(view.sizes[2]), rows(view.sizes[0] * view.sizes[1] * view.sizes[2]) {}
};
template <class T>
GPU_DEVICE T* rowAt(const DeviceView& view, const RowOrder& order, int64_t r) {
    if (!view.data) return nullptr;
    const int64_t t = r % order.tokens, rest = r / order.tokens;
    return static_cast<T*>(view.data) + rowOf(view, rest / order.heads, rest % order.heads, t);
}

// The threads of one row.
struct Team {
    bool isBlock;
    int64_t index, count;  // of the teams of the grid
    int member, members;

    GPU_DEVICE explicit Team(bool isLong)
        : isBlock(isLong),
          index(isLong ? blockX() : blockX() * blockWarps() + warp()),
          count(isLong ? 1 : blockWarps()),
          member(isLong ? thread() : lane()),
          members(isLong ? blockThreads() : warpLanes()) {}
    // Every member has the result. room: shared memory for a float of every warp.
    GPU_DEVICE float sum(float value, float* room) const { return isBlock ? blockSum(value, room) : warpSum(value); }
};

// Blocks for so many rows: on a device with fewer lanes a warp, some have nothing to do.
inline int64_t blocksForRows(int64_t rows, int64_t size) {
    constexpr int64_t kWarps = kRowThreads / 64;
    return size > kLongRow ? rows : (rows + kWarps - 1) / kWarps;
}

// Adds up parts: to[c] = sum over p of from[p * stride + c], for each list of columns; in the order of the parts within
// each of a few groups. A launch for `count` lists, from + i * columns to to[i].
inline constexpr int kMostLists = 5;
struct PartLists {
    const float* from;
    int64_t parts, columns, stride;
    float* to[kMostLists];  // absent: not wanted
};
const char* sumParts(const PartLists& lists, int count, void* stream);

}  // namespace radlads::kernels::gpu
