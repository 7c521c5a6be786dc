// wkv6's chunks by themselves: scaled tensors and scores (wkv_tiles.h, wkv6_blocks.h).
#include "kernels/gpu/wkv6_blocks.h"

namespace radlads::kernels::gpu::tiles {
namespace {

// The k' of a row of blocks, times its f, lie one row after another: block I needs 16 (I + 1).
GPU_BOTH constexpr int rowsBefore(int block) {
    return kTile * (block * (block + 1) / 2);
}

template <int N>
struct Room {
    static constexpr int T = kTokens<N>, S = N + kPad, kRows = rowsBefore(kBlocks<N>);
    BFloat16 *q, *k;
    float *parts, *anchors;
    GPU_DEVICE Room() {
        q = reinterpret_cast<BFloat16*>(sharedMemory()), k = q + T * S;
        parts = reinterpret_cast<float*>(k + kRows * S), anchors = parts + Strip<N>::kAll * N;
    }
    static constexpr std::size_t kBytes =
        (T + kRows) * S * sizeof(BFloat16) + (Strip<N>::kAll + kBlocks<N>)*N * sizeof(float);
};

template <int N>
GPU_KERNEL_TOGETHER(kThreads, 4)
prepareKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    const Room<N> room;
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    {
        const Decays decays = sumDecays(p, chunk, strip, room.parts);
        if (strip.first == 0)
            GPU_UNROLL for (int c = 0; c < 2; ++c) p.decays[chunk.index * N + strip.channel + c] =
                exponential(decays.all[c]);
        keepAnchors(decays, strip, room.anchors);
        writeTile<N>(nullptr, 0, p.vs + tile, strip, read(p, p.v, chunk, strip));
        const Values q = read(p, p.q, chunk, strip), k = read(p, p.k, chunk, strip);
        Values x;
        forStrip([&](int i, int c) { x.x[i][c] = q.x[i][c] * exponential(decays.gi.x[i][c]); });
        writeTile<N>(nullptr, 0, p.qs + tile, strip, x);
        forStrip([&](int i, int c) { x.x[i][c] = k.x[i][c] * exponential(decays.all[c] - decays.gi.x[i][c]); });
        writeTile<N>(nullptr, 0, p.ks + tile, strip, x);
        sync();
        const Values up = exponents(decays, strip, room.anchors);
        forStrip([&](int i, int c) { x.x[i][c] = q.x[i][c] * exponential(up.x[i][c]); });
        writeTile<N>(room.q, S, nullptr, strip, x);
        forStrip([&](int i, int c) { x.x[i][c] = k.x[i][c] * exponential(-up.x[i][c]); });
        for (int block = strip.first / kTile; block < kBlocks<N>; ++block) {
            writeTile<N>(room.k + rowsBefore(block) * S, S, nullptr, strip, x);
            const float* gn = room.anchors + block * N + strip.channel;
            if (block + 1 < kBlocks<N>) {
                const float f[2] = {exponential(gn[N] - gn[0]), exponential(gn[N + 1] - gn[1])};
                forStrip([&](int i, int c) { x.x[i][c] *= f[c]; });
            }
        }
    }
    sync();
    for (int which = warp(); which < Room<N>::kRows / kTile; which += blockWarps()) {
        int block = 0;
        while (rowsBefore(block + 1) <= which * kTile) ++block;
        const int first = which * kTile - rowsBefore(block), row = block * kTile;
        Accumulator sums;
        gpu::clear(sums);
        GPU_UNROLL for (int c = 0; c < N; c += kTile) {
            Fragment left, right;
            loadA(left, room.q + row * S + c, S);
            loadBTransposed(right, room.k + which * kTile * S + c, S);
            mma(sums, left, right);
        }
        forPairs(sums, [&](int i, int j, float x, float y) {
            const int last = row + i - first;  // column of the diagonal; behind it there may be anything
            vectors::store(p.aqk + small + (row + i) * T + first + j,
                           vectors::Pack<1>{{narrow(j <= last ? x : 0.0f, j + 1 <= last ? y : 0.0f)}});
        });
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
