// wkv7, backward, every chunk by itself: the gradients of its keys (wkv_tiles.h). With R, dA and D as saved:
//   dq^ = dy h^T + dAqk k^ + dAqb b^      da^ = R h^T + dAak k^ + dAab b^
//   dk^ = V D^T + dAqk^T q^ + dAak^T a^   db^ = X D^T + dAqb^T q^ + dAab^T a^
//   dq = dq^ exp(gi)   da = da^ exp(ge)   dk = dk^ exp(-gi)   db = db^ exp(-gi)
//   dg = sum from the chunk's end of (q^ dq^ + a^ da^ - k^ dk^ - b^ db^), less the token's own a^ da^, and
//        sum over values of h' D and over the chunk's tokens of k^ (V D^T) + b^ (X D^T)
// The tiles' rounded values stand on both sides of the difference, so that what should cancel does.
#include "kernels/gpu/wkv_gradients.h"

namespace radlads::kernels::gpu::tiles {
namespace {

template <int N>
GPU_KERNEL(kThreads)
gradientsKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad, SH = kHalf + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    BFloat16* large = reinterpret_cast<BFloat16*>(sharedMemory());  // [N][kHalf], or a tile
    BFloat16 *one = large + N * SH, *two = one + T * S;
    float* sums = reinterpret_cast<float*>(sharedMemory());  // [T][N + 4], over all of them
    static_assert(T * (N + 4) * sizeof(float) <= (N * SH + 2 * T * S) * sizeof(BFloat16) && T * S <= N * SH);
    float* room = reinterpret_cast<float*>(two + T * S);  // [T / 16][N], then [N]
    float* ends = room + T / kTile * N;

    sumStates<N>(p, chunk, ends);
    float gi[kTile];
    sumDecays(p, chunk, strip, gi, room);
    float end = ends[strip.channel];

    Sums<T, N> dq, da, dk, db;
    clear(dq), clear(da), clear(dk), clear(db);
    addInter<N>(chunk, p.h, p.dys, dq, large, one);
    addInter<N>(chunk, p.h, p.dx, da, large, one);
    addInter<N>(chunk, p.ds, p.vs, dk, large, one);
    addInter<N>(chunk, p.ds, p.x, db, large, one);
    const auto scaledAt = [&](const BFloat16* from, int i) {
        return widen(from[tile + (strip.first + i) * N + strip.channel]);
    };
    float part = 0;
    walk(dk, sums, strip, [&](int i, float sum) { part += sum * scaledAt(p.ks, i); });
    walk(db, sums, strip, [&](int i, float sum) { part += sum * scaledAt(p.bs, i); });
    end += sumOfStrips(part, strip, room, false);

    const auto intra = [&](const BFloat16* scaled, const BFloat16* first, const BFloat16* second) {
        sync();
        load<T, N>(large, S, scaled + tile, N);
        load<T, T>(one, ST, first + small, T);
        load<T, T>(two, ST, second + small, T);
        sync();
    };
    intra(p.ks, p.daqk, p.daak);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(dq, one, ST, large, S);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(da, two, ST, large, S);
    intra(p.bs, p.daqb, p.daab);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(dq, one, ST, large, S);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(da, two, ST, large, S);
    intra(p.qs, p.daqk, p.daqb);
    multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dk, one, ST, large, S);
    multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(db, two, ST, large, S);
    intra(p.as, p.daak, p.daab);
    multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dk, one, ST, large, S);
    multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(db, two, ST, large, S);

    float dg[kTile], own[kTile];
    walk(dq, sums, strip, [&](int i, float sum) {
        dg[i] = sum * scaledAt(p.qs, i);
        putAt(p, p.dq, chunk, strip, i, sum * exponential(gi[i]));
    });
    walk(da, sums, strip, [&](int i, float sum) {
        own[i] = sum * scaledAt(p.as, i);
        dg[i] += own[i];
        putAt(p, p.da, chunk, strip, i, sum * exponential(gi[i] - valueAt(p, p.g, chunk, strip, i)));
    });
    walk(dk, sums, strip, [&](int i, float sum) {
        dg[i] -= sum * scaledAt(p.ks, i);
        putAt(p, p.dk, chunk, strip, i, sum * exponential(-gi[i]));
    });
    walk(db, sums, strip, [&](int i, float sum) {
        dg[i] -= sum * scaledAt(p.bs, i);
        putAt(p, p.db, chunk, strip, i, sum * exponential(-gi[i]));
    });
    putDecays(p, chunk, strip, dg, own, end, room);
}

}  // namespace

template <int N>
const char* gradients7(const Tiles& p, void* stream) {
    constexpr int T = kTokens<N>;
    constexpr std::size_t kShared =
        (N * (kHalf + kPad) + 2 * T * (N + kPad)) * sizeof(BFloat16) + (T / kTile * N + N) * sizeof(float);
    return launch(gradientsKernel<N>, {p.sequences.chunks * p.heads, 1}, kThreads, kShared, stream, p);
}
template const char* gradients7<64>(const Tiles&, void*);
template const char* gradients7<128>(const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
