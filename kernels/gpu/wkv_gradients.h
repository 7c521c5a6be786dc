// What the gradients of the keys share between the recurrences (wkv7_gradients.hip, wkv6_gradients.hip). Private to the
// library.
#pragma once

#include "kernels/gpu/wkv_strips.h"

namespace radlads::kernels::gpu::tiles {

constexpr int kHalf = 64;  // values of a state at a time

// Two rooms for what comes in stages: one is worked on while the other is filled.
struct Stages {
    BFloat16 *now, *next;
    // send(to) begins to fill the first.
    template <class F>
    GPU_DEVICE Stages(BFloat16* one, BFloat16* other, F send) : now(other), next(one) {
        send(next);
    }
    // The room that is full; the one before it is free for send(to), what comes next.
    template <class F>
    GPU_DEVICE BFloat16* turn(F send) {
        awaitCopies();
        sync();
        BFloat16* full = next;
        next = now, now = full;
        send(next);
        return now;
    }
};

// The sum over values of h' D for every key, by the threads of a key. `to`: [N], shared; a barrier has to follow.
template <int N>
GPU_DEVICE void sumStates(const Tiles& p, const Chunk& chunk, float* to) {
    constexpr int kShare = kThreads / N;  // threads of a key: each has 8 values of every 8 kShare
    const int key = thread() / kShare, first = thread() % kShare * 8;
    const int64_t row = chunk.index * N * N + key * N + first;
    float sum = 0;
    GPU_UNROLL for (int j = 0; j < N; j += 8 * kShare) {
        float h[8], d[8];
        vectors::loadAligned(h, p.h + row + j);
        vectors::loadAligned(d, p.ds + row + j);
        GPU_UNROLL for (int e = 0; e < 8; ++e) sum += h[e] * d[e];
    }
    for (int step = kShare / 2; step > 0; step /= 2) sum += shuffle(sum, lane() ^ step);
    if (thread() % kShare == 0) to[key] = sum;
}

// The sum over the strips of the channel, or over those behind the own. `room`: [strips][N], shared.
template <int N>
GPU_DEVICE void sumOfStrips(float (&sum)[2], const Strip<N>& strip, float* room, bool onlyLater) {
    sync();
    GPU_UNROLL for (int c = 0; c < 2; ++c) room[strip.first / kStrip * N + strip.channel + c] = sum[c], sum[c] = 0;
    sync();
    GPU_UNROLL for (int s = 0; s < Strip<N>::kAll; ++s) if (!onlyLater || s > strip.first / kStrip)
        GPU_UNROLL for (int c = 0; c < 2; ++c) sum[c] += room[s * N + strip.channel + c];
}

// A strip's products into `dg`: those whose own token counts, and those of which only later tokens' count, which
// therefore go to the token before; `before`: to the strip before.
GPU_DEVICE void addLaterAlone(Values& dg, float (&before)[2], int i, int c, float product) {
    if (i == 0)
        before[c] = product;
    else
        dg.x[i - 1][c] += product;
}

// dg: the sums of `parts` from the token to the chunk's end, of `before` of the strips behind, and `end`.
template <int N>
GPU_DEVICE void writeDecays(const Tiles& p, const Chunk& chunk, const Strip<N>& strip, Values& parts,
                            const float (&before)[2], const float (&end)[2], float* room) {
    float later[2] = {};
    GPU_UNROLL for (int i = kStrip - 1; i >= 0; --i) GPU_UNROLL for (int c = 0; c < 2; ++c) {
        later[c] += parts.x[i][c];
        parts.x[i][c] = later[c];
    }
    GPU_UNROLL for (int c = 0; c < 2; ++c) later[c] += before[c];
    sumOfStrips(later, strip, room, true);
    forStrip([&](int i, int c) { parts.x[i][c] += later[c] + end[c]; });
    write(p, p.dg, chunk, strip, parts);
}

}  // namespace radlads::kernels::gpu::tiles
