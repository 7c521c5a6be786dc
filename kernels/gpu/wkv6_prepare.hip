// wkv6's chunks by themselves: scaled tensors and scores (wkv_tiles.h).
#include "kernels/gpu/wkv6_blocks.h"

namespace radlads::kernels::gpu::tiles {
namespace {

template <int N>
struct Room {
    static constexpr int T = kTokens<N>, S = N + kPad;
    float* sums;  // gi: [T][N]
    BFloat16 *q, *k, *anchored;
    GPU_DEVICE Room() {
        sums = reinterpret_cast<float*>(sharedMemory());
        q = reinterpret_cast<BFloat16*>(sums + T * N), k = q + T * S, anchored = k + T * S;
    }
    static constexpr int kAnchored = kAnchoredRows<N> > T ? kAnchoredRows<N> : T;  // v was there before
    static constexpr std::size_t kBytes = T * N * sizeof(float) + (2 * T + kAnchored) * S * sizeof(BFloat16);
};

template <int N>
GPU_KERNEL(kThreads)
prepareKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    const Room<N> room;
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    float gi[kTile], q[kTile], k[kTile];
    const float gl = sumDecays(p, chunk, strip, gi, room.sums);
    if (strip.first == 0) p.decays[chunk.index * N + strip.channel] = exponential(gl);
    GPU_UNROLL for (int i = 0; i < kTile; ++i) {
        const int row = strip.first + i, at = row * S + strip.channel;
        q[i] = valueAt(p, p.q, chunk, strip, i), k[i] = valueAt(p, p.k, chunk, strip, i);
        room.sums[row * N + strip.channel] = gi[i];
        room.q[at] = narrow(q[i] * exponential(gi[i]));
        room.k[at] = narrow(k[i] * exponential(gl - gi[i]));
        room.anchored[at] = narrow(valueAt(p, p.v, chunk, strip, i));
    }
    sync();
    store<T, N>(p.qs + tile, N, room.q, S);
    store<T, N>(p.ks + tile, N, room.k, S);
    store<T, N>(p.vs + tile, N, room.anchored, S);
    sync();
    // The blocks on the diagonal, a thread for a pair of tokens.
    GPU_UNROLL for (int i = 0; i < kTile; ++i) {
        const int at = (strip.first + i) * S + strip.channel;
        room.q[at] = narrow(q[i]);
        room.k[at] = narrow(k[i]);
    }
    sync();
    const int row = thread() / kTile, column = thread() % kTile;
    for (int block = 0; block < kBlocks<N>; ++block) {
        const int i = block * kTile + row, j = block * kTile + column;
        float sum = 0;
        if (column <= row)
            for (int c = 0; c < N; ++c)
                sum += widen(room.q[i * S + c]) * widen(room.k[j * S + c]) *
                       exponential(room.sums[i * N + c] - room.sums[j * N + c]);
        p.aqk[small + i * T + j] = narrow(sum);
    }
    sync();
    anchor(strip, q, k, gi, room.sums, room.q, room.anchored);
    sync();
    for (int which = warp(); which < kAnchoredRows<N> / kTile; which += blockWarps()) {
        int block = 1;
        while (rowsBefore(block + 1) <= which * kTile) ++block;
        const int first = which * kTile - rowsBefore(block);
        Accumulator sums;
        gpu::clear(sums);
        for (int c = 0; c < N; c += kTile) {
            Fragment left, right;
            loadA(left, room.q + block * kTile * S + c, S);
            loadBTransposed(right, room.anchored + which * kTile * S + c, S);
            mma(sums, left, right);
        }
        GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e)
            p.aqk[small + (block * kTile + rowOf(e)) * T + first + columnOf(e)] = narrow(sums.x[e]);
    }
}

}  // namespace

template <int N>
const char* prepare6(const Tiles& p, void* stream) {
    return launch(prepareKernel<N>, {p.sequences.chunks * p.heads, 1}, kThreads, Room<N>::kBytes, stream, p);
}
template const char* prepare6<64>(const Tiles&, void*);
template const char* prepare6<128>(const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
