// wkv7's chunks by themselves: scaled tensors, scores, the inverse, W and U (wkv_tiles.h).
#include "kernels/gpu/wkv_tiles.h"

namespace radlads::kernels::gpu::tiles {
namespace {

// a <- (1 - a)^-1 of a strictly lower [T][T], in place: blocks of 16 by substitution, then pairs of blocks, twice as
// large each time: the block below is the lower one's inverse times a times the upper one's. Ends with a barrier.
template <int T>
GPU_DEVICE void invert(float* a) {
    constexpr int kStride = T + 1;
    const int block = thread() / kTile, column = thread() % kTile;
    float* from = a + block * kTile * (kStride + 1);
    float x[kTile];
    if (block < T / kTile) {
        GPU_UNROLL for (int i = 0; i < kTile; ++i) {
            float sum = i == column ? 1.0f : 0.0f;
            GPU_UNROLL for (int l = 0; l < i; ++l) sum += from[i * kStride + l] * x[l];
            x[i] = sum;
        }
    }
    sync();
    if (block < T / kTile) {
        GPU_UNROLL for (int i = 0; i < kTile; ++i) from[i * kStride + column] = x[i];
    }
    sync();
    for (int half = kTile; half < T; half *= 2) {
        constexpr int kMost = T * T / 4 / kThreads > 0 ? T * T / 4 / kThreads : 1;
        const int outputs = T / (2 * half) * half * half;
        float sums[kMost];
        for (int turn = 0; turn < 2; ++turn) {
            GPU_UNROLL for (int u = 0; u < kMost; ++u) {
                const int i = thread() + u * kThreads;
                const int c = i % half, r = i / half % half, base = i < outputs ? i / (half * half) * 2 * half : 0;
                const float* left = a + (base + half + r) * kStride + base + (turn == 0 ? 0 : half);
                const float* right = a + (base + (turn == 0 ? 0 : half)) * kStride + base + c;
                float sum = 0;
                // First the block times the upper inverse, then the lower inverse times that.
                for (int l = 0; l < half; ++l) sum += left[l] * right[l * kStride];
                sums[u] = sum;
            }
            sync();
            GPU_UNROLL for (int u = 0; u < kMost; ++u) {
                const int i = thread() + u * kThreads;
                const int c = i % half, r = i / half % half, base = i / (half * half) * 2 * half;
                if (i < outputs) a[(base + half + r) * kStride + base + c] = sums[u];
            }
            sync();
        }
    }
}

template <int N>
GPU_KERNEL(kThreads)
prepareKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    BFloat16* q = reinterpret_cast<BFloat16*>(sharedMemory());
    BFloat16 *k = q + T * S, *b = q + 2 * T * S, *a = q + 3 * T * S;
    float* square = reinterpret_cast<float*>(sharedMemory());  // over q and k
    static_assert(T * (T + 1) * sizeof(float) <= 2 * T * S * sizeof(BFloat16));
    {
        float gi[kTile];
        const float gl = sumDecays(p, chunk, strip, gi, square);
        if (strip.first == 0) p.decays[chunk.index * N + strip.channel] = exponential(gl);
        float before = 0;
        GPU_UNROLL for (int i = 0; i < kTile; ++i) {
            const int at = (strip.first + i) * S + strip.channel;
            const float up = exponential(gi[i]), down = exponential(-gi[i]);
            if (i == 0) before = exponential(gi[0] - valueAt(p, p.g, chunk, strip, 0));
            q[at] = narrow(valueAt(p, p.q, chunk, strip, i) * up);
            k[at] = narrow(valueAt(p, p.k, chunk, strip, i) * down);
            b[at] = narrow(valueAt(p, p.b, chunk, strip, i) * down);
            a[at] = narrow(valueAt(p, p.a, chunk, strip, i) * before);
            before = up;
        }
    }
    sync();
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    store<T, N>(p.qs + tile, N, q, S);
    store<T, N>(p.ks + tile, N, k, S);
    store<T, N>(p.bs + tile, N, b, S);
    store<T, N>(p.as + tile, N, a, S);
    Sums<T, T> aab, scores;
    const auto keep = [&](BFloat16* to, bool isStrict) {
        forEach(scores, [&](int i, int j, float x) {
            to[small + i * T + j] = narrow(j < i || (j == i && !isStrict) ? x : 0.0f);
        });
    };
    clear(scores);
    multiply<N, Lies::Straight, Lies::Turned, Part::LowerResult>(scores, q, S, k, S);
    keep(p.aqk, false);
    clear(scores);
    multiply<N, Lies::Straight, Lies::Turned, Part::LowerResult>(scores, q, S, b, S);
    keep(p.aqb, false);
    clear(aab);
    multiply<N, Lies::Straight, Lies::Turned, Part::LowerResult>(aab, a, S, b, S);
    clear(scores);
    multiply<N, Lies::Straight, Lies::Turned, Part::LowerResult>(scores, a, S, k, S);
    keep(p.aak, true);
    sync();
    BFloat16 *v = q, *aak = b;
    forEach(scores, [&](int i, int j, float x) { aak[i * ST + j] = narrow(j < i ? x : 0.0f); });
    GPU_UNROLL for (int i = 0; i < kTile; ++i) v[(strip.first + i) * S + strip.channel] =
        narrow(valueAt(p, p.v, chunk, strip, i));
    sync();
    store<T, N>(p.vs + tile, N, v, S);
    Sums<T, N> sums;
    clear(sums);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(sums, aak, ST, v, S);
    sync();
    forEach(aab, [&](int i, int j, float x) { square[i * (T + 1) + j] = j < i ? x : 0.0f; });
    BFloat16* rest = b;  // Aak V
    forEach(sums, [&](int i, int j, float x) { rest[i * S + j] = narrow(x); });
    sync();
    invert<T>(square);
    BFloat16* m = q;
    float inverse[T * T / kThreads];
    GPU_UNROLL for (int i = 0; i < T * T / kThreads; ++i) {
        const int at = thread() + i * kThreads;
        inverse[i] = square[at / T * (T + 1) + at % T];
    }
    sync();
    GPU_UNROLL for (int i = 0; i < T * T / kThreads; ++i) {
        const int at = thread() + i * kThreads;
        m[at / T * ST + at % T] = narrow(inverse[i]);
    }
    sync();
    store<T, T>(p.m + small, T, m, ST);
    Sums<T, N> w;
    clear(w), clear(sums);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(w, m, ST, a, S);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(sums, m, ST, rest, S);
    sync();
    forEach(w, [&](int i, int j, float x) { a[i * S + j] = narrow(x); });
    forEach(sums, [&](int i, int j, float x) { rest[i * S + j] = narrow(x); });
    sync();
    store<T, N>(p.w + tile, N, a, S);
    store<T, N>(p.x + tile, N, rest, S);
}

}  // namespace

template <int N>
const char* prepare7(const Tiles& p, void* stream) {
    constexpr std::size_t kShared = 4 * kTokens<N> * (N + kPad) * sizeof(BFloat16);
    return launch(prepareKernel<N>, {p.sequences.chunks * p.heads, 1}, kThreads, kShared, stream, p);
}
template const char* prepare7<64>(const Tiles&, void*);
template const char* prepare7<128>(const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
