// Backward, every chunk by itself: the gradients of the scores and of v (wkv_tiles.h). With dX whole, after the scan:
//   R = M^T dX      [dAqk dAqb; dAak dAab] = [dy; R] [V X]^T, lower, strictly in the rows of R
//   dv = k^ D + Aqk^T dy + Aak^T R
// R takes dX's place.
#include "kernels/gpu/wkv_tiles.h"

namespace radlads::kernels::gpu::tiles {
namespace {

template <int N, bool kSeven>
GPU_KERNEL(kThreads)
backwardScoresKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    constexpr int kRoom = T * S;
    BFloat16* square = reinterpret_cast<BFloat16*>(sharedMemory());  // m, then Aak
    BFloat16 *r = square + kRoom, *dy = r + kRoom, *aqk = dy + kRoom, *v = aqk + kRoom, *x = v + kRoom;
    if (kSeven) {
        send<T, T>(square, ST, p.m + small, T);
        send<T, N>(r, S, p.dx + tile, N);
        send<T, N>(x, S, p.x + tile, N);
    }
    send<T, T>(aqk, ST, p.aqk + small, T);
    send<T, N>(dy, S, p.dys + tile, N);
    send<T, N>(v, S, p.vs + tile, N);
    awaitCopies();
    sync();
    Sums<T, N> dv;
    if (kSeven) {
        clear(dv);
        multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dv, square, ST, r, S);
        sync();
        put(dv, r, S);
        send<T, T>(square, ST, p.aak + small, T);
        sync();
        store<T, N>(p.dx + tile, N, r, S);
    }
    const auto products = [&](BFloat16* to, const BFloat16* left, const BFloat16* right, bool isStrict) {
        Sums<T, T> scores;
        clear(scores);
        multiply<N, Lies::Straight, Lies::Turned, Part::LowerResult>(scores, left, S, right, S);
        putLower(scores, to + small, T, isStrict);
    };
    products(p.daqk, dy, v, false);
    if (kSeven) {
        products(p.daqb, dy, x, false);
        products(p.daak, r, v, true);
        products(p.daab, r, x, true);
    }
    clear(dv);
    multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dv, aqk, ST, dy, S);
    if (kSeven) awaitCopies();
    sync();
    // k^, and D by 64 keys: over v and x, then over R and dy.
    BFloat16* keys = aqk;
    const BFloat16* states = p.ds + chunk.index * N * N;
    send<T, N>(keys, S, p.ks + tile, N);
    send<64, N>(v, S, states, N);
    if (kSeven) multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dv, square, ST, r, S);
    awaitCopies();
    sync();
    static_assert(64 * S <= 2 * kRoom && N <= 128);
    if (N > 64) send<64, N>(r, S, states + 64 * N, N);
    multiply<64, Lies::Straight, Lies::Straight>(dv, keys, S, v, S);
    if (N > 64) {
        awaitCopies();
        sync();
        multiply<64, Lies::Straight, Lies::Straight>(dv, keys + 64, S, r, S);
    }
    const int64_t row = rowOf(p.dv, chunk.batch, chunk.head, chunk.first);
    static_assert(T * (N + 8) * sizeof(float) <= 6 * kRoom * sizeof(BFloat16));
    putRows(dv, reinterpret_cast<float*>(sharedMemory()), p.dv, row, chunk.tokens, p.size);
}

}  // namespace

template <int N>
const char* backwardScores(bool isSeven, const Tiles& p, void* stream) {
    constexpr std::size_t kShared = 6 * kTokens<N> * (N + kPad) * sizeof(BFloat16);
    return launch(isSeven ? backwardScoresKernel<N, true> : backwardScoresKernel<N, false>,
                  {p.sequences.chunks * p.heads, 1}, kThreads, kShared, stream, p);
}
template const char* backwardScores<64>(bool, const Tiles&, void*);
template const char* backwardScores<128>(bool, const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
