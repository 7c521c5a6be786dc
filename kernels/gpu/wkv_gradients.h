// What the gradients of the keys share between the recurrences (wkv7_gradients.hip, wkv6_gradients.hip). Private to the
// library.
#pragma once

#include "kernels/gpu/wkv_tiles.h"

namespace radlads::kernels::gpu::tiles {

constexpr int kHalf = 64;  // values of a state at a time

// The sum over values of h' D for every key, by the threads of a key. `to`: [N], shared; a barrier has to follow.
template <int N>
GPU_DEVICE void sumStates(const Tiles& p, const Chunk& chunk, float* to) {
    constexpr int kShare = kThreads / N;
    const int key = thread() / kShare, first = thread() % kShare * (N / kShare);
    const int64_t row = chunk.index * N * N + key * N + first;
    float sum = 0;
    for (int j = 0; j < N / kShare; ++j) sum += widen(p.h[row + j]) * widen(p.ds[row + j]);
    for (int step = kShare / 2; step > 0; step /= 2) sum += shuffle(sum, lane() ^ step);
    if (thread() % kShare == 0) to[key] = sum;
}

// x += left states^T; shared: `room` [N][kHalf], `one` [tokens][N].
template <int N, int T>
GPU_DEVICE void addInter(const Chunk& chunk, const BFloat16* states, const BFloat16* left, Sums<T, N>& x,
                         BFloat16* room, BFloat16* one) {
    constexpr int S = N + kPad, SH = kHalf + kPad;
    for (int value = 0; value < N; value += kHalf) {
        sync();
        load<N, kHalf>(room, SH, states + chunk.index * N * N + value, N);
        if (value == 0) load<T, N>(one, S, left + chunk.index * T * N, N);
        sync();
        multiply<kHalf, Lies::Straight, Lies::Turned>(x, one + value, S, room, SH);
    }
}

// f(i, sum) for the tokens of the strip, by way of shared memory, so that channels follow each other: [tokens][N + 4].
template <int N, int T, class F>
GPU_DEVICE void walk(Sums<T, N>& from, float* room, const Strip<N>& strip, F f) {
    sync();
    forEach(from, [&](int i, int j, float x) { room[i * (N + 4) + j] = x; });
    sync();
    GPU_UNROLL for (int i = 0; i < kTile; ++i) f(i, room[(strip.first + i) * (N + 4) + strip.channel]);
}

// The sum of `mine` over the strips of the channel. `room`: [tokens / 16][N], shared.
template <int N>
GPU_DEVICE float sumOfStrips(float mine, const Strip<N>& strip, float* room, bool onlyLater) {
    sync();
    room[strip.first / kTile * N + strip.channel] = mine;
    sync();
    float sum = 0;
    GPU_UNROLL for (int i = 0; i < kTokens<N> / kTile; ++i) {
        if (!onlyLater || i > strip.first / kTile) sum += room[i * N + strip.channel];
    }
    return sum;
}

template <int N>
GPU_DEVICE void putAt(const Tiles& p, const DeviceView& to, const Chunk& chunk, const Strip<N>& strip, int i, float x) {
    if (strip.first + i < chunk.tokens && strip.channel < p.size)
        put(to, rowOf(to, chunk.batch, chunk.head, chunk.first + strip.first + i) + strip.channel, x);
}

// dg: the sums from the chunk's end of `dg`, and `end`, less `own`.
template <int N>
GPU_DEVICE void putDecays(const Tiles& p, const Chunk& chunk, const Strip<N>& strip, float (&dg)[kTile],
                          const float (&own)[kTile], float end, float* room) {
    float later = 0;
    GPU_UNROLL for (int i = kTile - 1; i >= 0; --i) {
        later += dg[i];
        dg[i] = later;
    }
    end += sumOfStrips(later, strip, room, true);
    GPU_UNROLL for (int i = 0; i < kTile; ++i) putAt(p, p.dg, chunk, strip, i, dg[i] + end - own[i]);
}

}  // namespace radlads::kernels::gpu::tiles
