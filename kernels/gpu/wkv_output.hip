// The outputs of every chunk, and what the way back begins with: dy as tiles and its products with Aqb (wkv_tiles.h).
#include "kernels/gpu/wkv_tiles.h"

namespace radlads::kernels::gpu::tiles {
namespace {

constexpr int kColumns = 64;  // of a block
constexpr int kStride = kColumns + kPad;

// y = q^ h + Aqk V + Aqb X.
template <int N, bool kSeven>
GPU_KERNEL(kThreads)
outputKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const int64_t value = blockY() * kColumns;
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    BFloat16* q = reinterpret_cast<BFloat16*>(sharedMemory());
    BFloat16 *h = q + T * S, *scores = h + N * kStride, *v = scores + T * ST;
    load<T, N>(q, S, p.qs + tile, N);
    load<N, kColumns>(h, kStride, p.h + chunk.index * N * N + value, N);
    load<T, T>(scores, ST, p.aqk + small, T);
    load<T, kColumns>(v, kStride, p.vs + tile + value, N);
    sync();
    Sums<T, kColumns> y;
    clear(y);
    multiply<N, Lies::Straight, Lies::Straight>(y, q, S, h, kStride);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(y, scores, ST, v, kStride);
    if (kSeven) {
        sync();
        load<T, T>(q, ST, p.aqb + small, T);
        load<T, kColumns>(h, kStride, p.x + tile + value, N);
        sync();
        multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(y, q, ST, h, kStride);
    }
    const int64_t row = rowOf(p.y, chunk.batch, chunk.head, chunk.first) + value;
    static_assert(T * (kColumns + 4) * sizeof(float) <= (T * S + N * kStride) * sizeof(BFloat16));
    putRows(y, reinterpret_cast<float*>(sharedMemory()), p.y, row, chunk.tokens, p.size - value);
}

// dy as tiles; dX = Aqb^T dy, to which the scan adds b^ D.
template <int N, bool kSeven>
GPU_KERNEL(kThreads)
backwardProductsKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    const int64_t tile = chunk.index * T * N;
    BFloat16* dy = reinterpret_cast<BFloat16*>(sharedMemory());
    BFloat16* scores = dy + T * S;
    GPU_UNROLL for (int i = 0; i < kTile; ++i) dy[(strip.first + i) * S + strip.channel] =
        narrow(valueAt(p, p.dy, chunk, strip, i));
    if (kSeven) load<T, T>(scores, ST, p.aqb + chunk.index * T * T, T);
    sync();
    store<T, N>(p.dys + tile, N, dy, S);
    if (!kSeven) return;
    Sums<T, N> dx;
    clear(dx);
    multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dx, scores, ST, dy, S);
    sync();
    forEach(dx, [&](int i, int j, float x) { dy[i * S + j] = narrow(x); });
    sync();
    store<T, N>(p.dx + tile, N, dy, S);
}

}  // namespace

template <int N>
const char* output(bool isSeven, const Tiles& p, void* stream) {
    constexpr int T = kTokens<N>;
    constexpr std::size_t kShared = (T * (N + kPad) + N * kStride + T * (T + kPad) + T * kStride) * sizeof(BFloat16);
    return launch(isSeven ? outputKernel<N, true> : outputKernel<N, false>,
                  {p.sequences.chunks * p.heads, N / kColumns}, kThreads, kShared, stream, p);
}
template <int N>
const char* backwardProducts(bool isSeven, const Tiles& p, void* stream) {
    constexpr int T = kTokens<N>;
    constexpr std::size_t kShared = (T * (N + kPad) + T * (T + kPad)) * sizeof(BFloat16);
    return launch(isSeven ? backwardProductsKernel<N, true> : backwardProductsKernel<N, false>,
                  {p.sequences.chunks * p.heads, 1}, kThreads, kShared, stream, p);
}
template const char* output<64>(bool, const Tiles&, void*);
template const char* output<128>(bool, const Tiles&, void*);
template const char* backwardProducts<64>(bool, const Tiles&, void*);
template const char* backwardProducts<128>(bool, const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
