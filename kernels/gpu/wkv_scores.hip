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
    BFloat16* one = reinterpret_cast<BFloat16*>(sharedMemory());
    BFloat16 *r = one + T * S, *dy = r + T * S, *v = dy + T * S;
    Sums<T, N> dv;
    if (kSeven) {
        load<T, T>(one, ST, p.m + small, T);
        load<T, N>(r, S, p.dx + tile, N);
        sync();
        clear(dv);
        multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dv, one, ST, r, S);
        sync();
        forEach(dv, [&](int i, int j, float x) { r[i * S + j] = narrow(x); });
    }
    load<T, T>(one, ST, p.aqk + small, T);
    load<T, N>(dy, S, p.dys + tile, N);
    load<T, N>(v, S, p.vs + tile, N);
    sync();
    if (kSeven) store<T, N>(p.dx + tile, N, r, S);
    Sums<T, T> scores;
    const auto products = [&](BFloat16* to, const BFloat16* left, bool isStrict) {
        clear(scores);
        multiply<N, Lies::Straight, Lies::Turned, Part::LowerResult>(scores, left, S, v, S);
        forEach(scores, [&](int i, int j, float x) {
            to[small + i * T + j] = narrow(j < i || (j == i && !isStrict) ? x : 0.0f);
        });
    };
    clear(dv);
    products(p.daqk, dy, false);
    multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dv, one, ST, dy, S);
    if (kSeven) {
        products(p.daak, r, true);
        sync();
        load<T, T>(one, ST, p.aak + small, T);
        load<T, N>(v, S, p.x + tile, N);
        sync();
        products(p.daqb, dy, false);
        products(p.daab, r, true);
        multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dv, one, ST, r, S);
    }
    sync();
    load<T, N>(one, S, p.ks + tile, N);
    for (int key = 0; key < N; key += 64) {  // D in parts over dy and v
        if (key > 0) sync();
        load<64, N>(dy, S, p.ds + chunk.index * N * N + key * N, N);
        sync();
        multiply<64, Lies::Straight, Lies::Straight>(dv, one + key, S, dy, S);
    }
    static_assert(64 * S <= 2 * T * S);
    const int64_t row = rowOf(p.dv, chunk.batch, chunk.head, chunk.first);
    static_assert(T * (N + 4) * sizeof(float) <= 4 * T * S * sizeof(BFloat16));
    putRows(dv, reinterpret_cast<float*>(sharedMemory()), p.dv, row, chunk.tokens, p.size);
}

}  // namespace

template <int N>
const char* backwardScores(bool isSeven, const Tiles& p, void* stream) {
    constexpr std::size_t kShared = 4 * kTokens<N> * (N + kPad) * sizeof(BFloat16);
    return launch(isSeven ? backwardScoresKernel<N, true> : backwardScoresKernel<N, false>,
                  {p.sequences.chunks * p.heads, 1}, kThreads, kShared, stream, p);
}
template const char* backwardScores<64>(bool, const Tiles&, void*);
template const char* backwardScores<128>(bool, const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
