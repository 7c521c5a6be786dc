// The element-wise parts of the recurrences on matrix units: where channels belong to threads (wkv_tiles.h). Private to
// the library.
#pragma once

#include "kernels/gpu/vectors.h"
#include "kernels/gpu/wkv_tiles.h"

namespace radlads::kernels::gpu::tiles {

constexpr int kStrip = kTokens<64> * 64 / 2 / kThreads;  // tokens, whatever N

// A thread's place: two channels and kStrip tokens, so that a warp's accesses are whole rows, 4 bytes a lane.
template <int N>
struct Strip {
    static constexpr int kAll = kTokens<N> / kStrip;
    int channel, first;
    GPU_DEVICE Strip() : channel(thread() % (N / 2) * 2), first(thread() / (N / 2) * kStrip) {}
    static_assert(N / 2 * kAll == kThreads);
};

// What a thread has of a tensor: [token][channel].
struct Values {
    float x[kStrip][2];
};
// f(token, channel) for all.
template <class F>
GPU_DEVICE void forStrip(F f) {
    GPU_UNROLL for (int i = 0; i < kStrip; ++i) GPU_UNROLL for (int c = 0; c < 2; ++c) f(i, c);
}

namespace strips {

// The strip's first element and how many of its tokens and channels there are.
template <int N>
struct Rows {
    int64_t first, stride;
    int tokens, channels;
    GPU_DEVICE Rows(const Tiles& p, const DeviceView& view, const Chunk& chunk, const Strip<N>& strip)
        : first(rowOf(view, chunk.batch, chunk.head, chunk.first + strip.first) + strip.channel),
          stride(view.strides[2]),
          tokens(chunk.tokens - strip.first),
          channels(static_cast<int>(p.size) - strip.channel) {}
    // Whether two channels can be had at once.
    GPU_DEVICE bool isPaired(const DeviceView& view) const {
        const std::uintptr_t bytes = view.isBFloat16 ? 4 : 8;
        return channels > 1 && ((first | stride) & 1) == 0 &&
               (reinterpret_cast<std::uintptr_t>(view.data) & (bytes - 1)) == 0;
    }
};

}  // namespace strips

// What is not there is zero.
template <int N>
GPU_DEVICE Values read(const Tiles& p, const DeviceView& view, const Chunk& chunk, const Strip<N>& strip) {
    const strips::Rows<N> rows(p, view, chunk, strip);
    Values values;
    if (rows.isPaired(view) && view.isBFloat16) {
        const BFloat16* from = static_cast<const BFloat16*>(view.data) + rows.first;
        vectors::Pack<1> pairs[kStrip];
        GPU_UNROLL for (int i = 0; i < kStrip; ++i) {
            pairs[i].words[0] = 0;
            if (i < rows.tokens) pairs[i] = vectors::load<1>(from + i * rows.stride);
        }
        forStrip([&](int i, int c) {
            values.x[i][c] = floatOf(c == 0 ? pairs[i].words[0] << 16 : pairs[i].words[0] & 0xffff0000u);
        });
    } else if (rows.isPaired(view)) {
        const float* from = static_cast<const float*>(view.data) + rows.first;
        GPU_UNROLL for (int i = 0; i < kStrip; ++i) {
            vectors::Pack<2> pair{{0, 0}};
            if (i < rows.tokens) pair = vectors::load<2>(from + i * rows.stride);
            values.x[i][0] = floatOf(pair.words[0]), values.x[i][1] = floatOf(pair.words[1]);
        }
    } else {
        forStrip([&](int i, int c) {
            values.x[i][c] = i < rows.tokens && c < rows.channels ? get(view, rows.first + i * rows.stride + c) : 0.0f;
        });
    }
    return values;
}
template <int N>
GPU_DEVICE void write(const Tiles& p, const DeviceView& view, const Chunk& chunk, const Strip<N>& strip,
                      const Values& values) {
    const strips::Rows<N> rows(p, view, chunk, strip);
    if (rows.isPaired(view) && view.isBFloat16) {
        BFloat16* to = static_cast<BFloat16*>(view.data) + rows.first;
        GPU_UNROLL for (int i = 0; i < kStrip; ++i) if (i < rows.tokens)
            vectors::store(to + i * rows.stride, vectors::Pack<1>{{narrow(values.x[i][0], values.x[i][1])}});
    } else {
        forStrip([&](int i, int c) {
            if (i < rows.tokens && c < rows.channels) put(view, rows.first + i * rows.stride + c, values.x[i][c]);
        });
    }
}

// The strip of a tile, rows of `stride` elements.
template <int N>
GPU_DEVICE Values readTile(const BFloat16* tile, int stride, const Strip<N>& strip) {
    Values values;
    const BFloat16* from = tile + strip.first * stride + strip.channel;
    GPU_UNROLL for (int i = 0; i < kStrip; ++i) {
        const uint32_t pair = vectors::load<1>(from + i * stride).words[0];
        values.x[i][0] = floatOf(pair << 16), values.x[i][1] = floatOf(pair & 0xffff0000u);
    }
    return values;
}
// To a tile in shared memory, [tokens][stride], and one of global memory; either may be left out.
template <int N>
GPU_DEVICE void writeTile(BFloat16* shared, int stride, BFloat16* tile, const Strip<N>& strip, const Values& values) {
    GPU_UNROLL for (int i = 0; i < kStrip; ++i) {
        const vectors::Pack<1> pair{{narrow(values.x[i][0], values.x[i][1])}};
        if (shared) vectors::store(shared + (strip.first + i) * stride + strip.channel, pair);
        if (tile) vectors::store(tile + (strip.first + i) * N + strip.channel, pair);
    }
}

// Sums of the log decays: gi of the strip's tokens, that before the strip, gl.
struct Decays {
    Values gi;
    float before[2], all[2];
    // ge of the strip's token i.
    GPU_DEVICE float ge(int i, int c) const { return i == 0 ? before[c] : gi.x[i - 1][c]; }
};
// `room`: float [strips][N], shared; a barrier has to come before it is used again.
template <int N>
GPU_DEVICE Decays sumDecays(const Tiles& p, const Chunk& chunk, const Strip<N>& strip, float* room) {
    Decays sums{read(p, p.g, chunk, strip), {0, 0}, {0, 0}};
    GPU_UNROLL for (int i = 1; i < kStrip; ++i) GPU_UNROLL for (int c = 0; c < 2; ++c) sums.gi.x[i][c] +=
        sums.gi.x[i - 1][c];
    const int mine = strip.first / kStrip;
    GPU_UNROLL for (int c = 0; c < 2; ++c) room[mine * N + strip.channel + c] = sums.gi.x[kStrip - 1][c];
    sync();
    GPU_UNROLL for (int s = 0; s < Strip<N>::kAll; ++s) GPU_UNROLL for (int c = 0; c < 2; ++c) {
        const float part = room[s * N + strip.channel + c];
        if (s < mine) sums.before[c] += part;
        sums.all[c] += part;
    }
    forStrip([&](int i, int c) { sums.gi.x[i][c] += sums.before[c]; });
    return sums;
}

// gi once more, from what was before the strip: not kept in registers meanwhile.
template <int N>
GPU_DEVICE Values sumDecaysAgain(const Tiles& p, const Chunk& chunk, const Strip<N>& strip, const float (&before)[2]) {
    Values gi = read(p, p.g, chunk, strip);
    GPU_UNROLL for (int i = 1; i < kStrip; ++i) GPU_UNROLL for (int c = 0; c < 2; ++c) gi.x[i][c] += gi.x[i - 1][c];
    forStrip([&](int i, int c) { gi.x[i][c] += before[c]; });
    return gi;
}

// Sums as strips, by way of `room`: float [tokens][N + 8], shared, which may be used again behind a barrier.
template <int N, int T>
GPU_DEVICE Values walk(Sums<T, N>& from, float* room, const Strip<N>& strip) {
    sync();
    forPairs(from, [&](int i, int j, float x, float y) {
        vectors::store(room + i * (N + 8) + j, vectors::Pack<2>{{bitsOf(x), bitsOf(y)}});
    });
    sync();
    Values values;
    GPU_UNROLL for (int i = 0; i < kStrip; ++i) {
        const vectors::Pack<2> pair = vectors::load<2>(room + (strip.first + i) * (N + 8) + strip.channel);
        values.x[i][0] = floatOf(pair.words[0]), values.x[i][1] = floatOf(pair.words[1]);
    }
    return values;
}

}  // namespace radlads::kernels::gpu::tiles
