// Rows of activations, and the threads that share one: some lanes of a warp, or the whole block where rows are long.
#pragma once

#include "kernels/gpu/vectors.h"

namespace radlads::kernels::gpu {

inline constexpr int kRowThreads = 256;
inline constexpr std::size_t kRoomFloats = kRowThreads / 32;  // for the sums of a block

// A number that device code divides by: a multiplication for what is below 2^31, where a division of 64 bits is a
// hundred instructions.
struct Divisor {
    int64_t value = 1;
    uint32_t factor = 0, shift = 0;

    Divisor() = default;
    explicit Divisor(int64_t number) : value(number) {
        // 2^(32 + shift) / value, rounded up, less 2^32; of a larger number every quotient is 0
        while (shift < 31 && (int64_t{1} << shift) < value) ++shift;
        if (value > 0 && value >> 31 == 0)
            factor = static_cast<uint32_t>((uint64_t((int64_t{1} << shift) - value) << 32) / uint64_t(value) + 1);
    }
    // n is not negative.
    GPU_DEVICE int64_t quotient(int64_t n) const {
        if (n >> 31 != 0) return n / value;
        const uint32_t low = static_cast<uint32_t>(n);
        return (highProduct(low, factor) + low) >> shift;
    }
    GPU_DEVICE int64_t remainder(int64_t n) const { return n - quotient(n) * value; }
};

// Row r of [batch, heads, tokens] of them, in the order of a contiguous tensor; or in that of [batch, tokens, heads].
struct RowOrder {
    Divisor inner, outer;
    int64_t rows = 0;
    bool isPlain = false, headsAreInner = false;  // plain: tokens alone

    RowOrder() = default;
    explicit RowOrder(const View& view, bool headsInner = false)
        : inner(view.sizes[headsInner ? 1 : 2]),
          outer(view.sizes[headsInner ? 2 : 1]),
          rows(view.sizes[0] * view.sizes[1] * view.sizes[2]),
          isPlain(view.sizes[0] == 1 && view.sizes[1] == 1),
          headsAreInner(headsInner) {}
};
// The order in which the rows lie.
inline RowOrder orderInMemory(const View& view) {
    return RowOrder(view, view.strides[1] < view.strides[2]);
}
// A row: indices of 32 bits, so that their products with strides are few instructions.
struct Place {
    uint32_t b = 0, h = 0, t = 0;

    Place() = default;
    GPU_DEVICE Place(const RowOrder& order, int64_t r) {
        if (order.isPlain) {
            t = static_cast<uint32_t>(r);
            return;
        }
        const int64_t rest = order.inner.quotient(r), batch = order.outer.quotient(rest);
        const uint32_t x = static_cast<uint32_t>(r - rest * order.inner.value);
        const uint32_t y = static_cast<uint32_t>(rest - batch * order.outer.value);
        b = static_cast<uint32_t>(batch), h = order.headsAreInner ? x : y, t = order.headsAreInner ? y : x;
    }
    template <class T>
    GPU_DEVICE T* at(const DeviceView& view) const {
        if (!view.data) return nullptr;
        return static_cast<T*>(view.data) + rowOf(view, b, h, t);
    }
};

// Rows of up to kHeldRow elements are held in registers: kMany elements a lane, `held` times.
inline constexpr int kMany = 8;
inline constexpr int64_t kHeldRow = 8192;

// The threads of a row: some lanes of a warp, or the block. Host: how they are divided.
struct TeamShape {
    int lanes = 0, threads = kRowThreads, held = 0;  // lanes: 0, the block. held: 0, more than registers hold

    TeamShape() = default;
    // Lanes of a warp have as many elements as `most` allows.
    TeamShape(int64_t size, int most) {
        const int64_t units = (size + kMany - 1) / kMany;
        if (size > kHeldRow) return;
        if (units > 32 * most) {
            // A block, of warps of any size, that has no more threads than it needs.
            for (held = 1; units > kRowThreads * held;) held *= 2;
            threads = static_cast<int>((units + held * 64 - 1) / (held * 64) * 64);
            return;
        }
        for (lanes = 1; lanes < 32 && lanes < units;) lanes *= 2;
        for (held = 1; held * lanes < units;) held *= 2;
    }
    int64_t teams() const { return lanes == 0 ? 1 : threads / lanes; }  // of a block
    int64_t blocksFor(int64_t rows) const { return (rows + teams() - 1) / teams(); }
};
struct Team {
    int lanes, member, members, number, count;  // number: among those of the block

    GPU_DEVICE explicit Team(int theLanes)
        : lanes(theLanes),
          member(theLanes == 0 ? thread() : thread() & (theLanes - 1)),
          members(theLanes == 0 ? blockThreads() : theLanes),
          number(theLanes == 0 ? 0 : thread() / theLanes),
          count(theLanes == 0 ? 1 : blockThreads() / theLanes) {}
    // The element that the lane has first, the h-th time.
    GPU_DEVICE int at(int h) const { return (h * members + member) * kMany; }
    // Every member has the result; all threads of the block take part. room: a float of every warp.
    GPU_DEVICE float sum(float value, float* room) const {
        if (lanes == 0) return blockSum(value, room);
        for (int step = lanes / 2; step > 0; step /= 2) value += shuffle(value, lane() ^ step);
        return value;
    }
};
// Row r, or, behind the last, one of no elements.
struct TeamRow {
    int64_t index;
    int size;
    Place place;
    GPU_DEVICE TeamRow(const RowOrder& order, int64_t r, int rowSize)
        : index(r < order.rows ? r : order.rows - 1), size(r < order.rows ? rowSize : 0), place(order, index) {}
};

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
