// Rows of float32 or bfloat16, several elements a thread at once where they lie so that they can be; sums of blocks in
// double.
#pragma once

#include "kernels/gpu/gpu.h"

namespace radlads::kernels::gpu {

// Elements that a thread takes of rows of these types: 16 bytes of the widest.
template <class... T>
inline constexpr int kWidth = ((sizeof(T) == 2) && ...) ? 8 : 4;

namespace vectors {

// As many bytes as one access takes.
template <int Words>
struct alignas(4 * Words) Pack {
    uint32_t words[Words];
};
template <int Words>
GPU_DEVICE Pack<Words> load(const void* from) {
#ifdef GPU_FIBERS
    Pack<Words> pack;
    std::memcpy(&pack, from, sizeof pack);
    return pack;
#else
    return *static_cast<const Pack<Words>*>(from);
#endif
}
template <int Words>
GPU_DEVICE void store(void* to, const Pack<Words>& pack) {
#ifdef GPU_FIBERS
    std::memcpy(to, &pack, sizeof pack);
#else
    *static_cast<Pack<Words>*>(to) = pack;
#endif
}

template <int W>
GPU_DEVICE void loadAligned(float (&x)[W], const float* from) {
    constexpr int kWords = W < 4 ? W : 4;
    GPU_UNROLL for (int i = 0; i < W; i += kWords) {
        const Pack<kWords> pack = load<kWords>(from + i);
        GPU_UNROLL for (int e = 0; e < kWords; ++e) x[i + e] = floatOf(pack.words[e]);
    }
}
template <int W>
GPU_DEVICE void loadAligned(float (&x)[W], const BFloat16* from) {
    const Pack<W / 2> pack = load<W / 2>(from);
    GPU_UNROLL for (int e = 0; e < W / 2; ++e) {
        x[2 * e] = floatOf(pack.words[e] << 16);
        x[2 * e + 1] = floatOf(pack.words[e] & 0xffff0000u);
    }
}
template <int W>
GPU_DEVICE void storeAligned(float* to, const float (&x)[W]) {
    constexpr int kWords = W < 4 ? W : 4;
    GPU_UNROLL for (int i = 0; i < W; i += kWords) {
        Pack<kWords> pack;
        GPU_UNROLL for (int e = 0; e < kWords; ++e) pack.words[e] = bitsOf(x[i + e]);
        store(to + i, pack);
    }
}
template <int W>
GPU_DEVICE void storeAligned(BFloat16* to, const float (&x)[W]) {
    Pack<W / 2> pack;
    GPU_UNROLL for (int e = 0; e < W / 2; ++e) pack.words[e] = narrow(x[2 * e], x[2 * e + 1]);
    store(to, pack);
}

template <int W, class T>
GPU_DEVICE bool isAligned(const T* pointer) {
    constexpr std::uintptr_t kBytes = W * sizeof(T) < 16 ? W * sizeof(T) : 16;
    return (reinterpret_cast<std::uintptr_t>(pointer) & (kBytes - 1)) == 0;
}

}  // namespace vectors

// Elements i to i + W - 1 of a row of `size`; `rest` behind its end. Several at once if the row and i allow it.
template <int W, class T>
GPU_DEVICE void loadSome(float (&x)[W], const T* row, int64_t i, int64_t size, float rest) {
    if (i + W <= size && vectors::isAligned<W>(row + i)) {
        vectors::loadAligned(x, row + i);
        return;
    }
    GPU_UNROLL for (int e = 0; e < W; ++e) x[e] = i + e < size ? get(row, i + e) : rest;
}
template <int W, class T>
GPU_DEVICE void storeSome(T* row, int64_t i, int64_t size, const float (&x)[W]) {
    if (i + W <= size && vectors::isAligned<W>(row + i)) {
        vectors::storeAligned(row + i, x);
        return;
    }
    GPU_UNROLL for (int e = 0; e < W; ++e) if (i + e < size) put(row, i + e, x[e]);
}

// W elements as they lie in memory. All loads of a kernel before the first of them is widened: a thread then waits for
// memory once, and meanwhile keeps half the registers of floats for bfloat16.
template <class T, int W>
struct Raw {
    static constexpr int kWords = W * static_cast<int>(sizeof(T)) / 4;
    uint32_t words[kWords];

    // As loadSome: elements i to i + W - 1 of a row of `size`, `rest` behind its end.
    GPU_DEVICE void load(const T* row, int64_t i, int64_t size, float rest = 0) {
        constexpr int kStep = kWords < 4 ? kWords : 4;
        if (i + W <= size && vectors::isAligned<W>(row + i)) {
            GPU_UNROLL for (int w = 0; w < kWords; w += kStep) {
                const auto pack = vectors::load<kStep>(row + i + w * (4 / sizeof(T)));
                GPU_UNROLL for (int k = 0; k < kStep; ++k) words[w + k] = pack.words[k];
            }
            return;
        }
        float x[W];
        GPU_UNROLL for (int e = 0; e < W; ++e) x[e] = i + e < size ? get(row, i + e) : rest;
        set(x);
    }
    // Of values that T has.
    GPU_DEVICE void set(const float (&x)[W]) {
        GPU_UNROLL for (int w = 0; w < kWords; ++w) {
            if constexpr (sizeof(T) == 2)
                words[w] = bitsOf(x[2 * w]) >> 16 | (bitsOf(x[2 * w + 1]) & 0xffff0000u);
            else
                words[w] = bitsOf(x[w]);
        }
    }
    GPU_DEVICE void clear() { GPU_UNROLL for (int w = 0; w < kWords; ++w) words[w] = 0; }
    GPU_DEVICE float operator[](int e) const {
        if constexpr (sizeof(T) == 4)
            return floatOf(words[e]);
        else
            return floatOf(e % 2 == 0 ? words[e / 2] << 16 : words[e / 2] & 0xffff0000u);
    }
    template <int N = W>
    GPU_DEVICE void widenTo(float (&x)[N]) const {
        GPU_UNROLL for (int e = 0; e < W; ++e) x[e] = (*this)[e];
    }
};

// As T has them.
template <class T, int W>
GPU_DEVICE void roundAs(float (&x)[W]) {
    if constexpr (sizeof(T) == 2) {
        GPU_UNROLL for (int e = 0; e < W; e += 2) {
            const uint32_t pair = narrow(x[e], x[e + 1]);
            x[e] = floatOf(pair << 16), x[e + 1] = floatOf(pair & 0xffff0000u);
        }
    }
}

GPU_DEVICE double shuffle(double value, int from) {
    float halves[2];
    memcpy(halves, &value, sizeof value);
    for (float& half : halves) half = shuffle(half, from);
    memcpy(&value, halves, sizeof value);
    return value;
}
// Over the threads of a block of whole warps; `room` is shared memory for a double of every warp. Every thread has the
// result, and room may be used again at once.
GPU_DEVICE double blockSumOfDoubles(double value, double* room) {
    for (int step = warpLanes() / 2; step > 0; step /= 2) value += shuffle(value, lane() ^ step);
    sync();
    if (lane() == 0) room[warp()] = value;
    sync();
    double sum = 0;
    for (int i = 0; i < blockWarps(); ++i) sum += room[i];
    return sum;
}

}  // namespace radlads::kernels::gpu
