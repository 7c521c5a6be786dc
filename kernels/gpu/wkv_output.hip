// The outputs of every chunk, and what the way back begins with: dy as tiles and its products with Aqb (wkv_tiles.h).
#include "kernels/gpu/wkv_strips.h"

namespace radlads::kernels::gpu::tiles {
namespace {

constexpr int kColumns = 64;  // of a block
constexpr int kStride = kColumns + kPad;

// y = q^ h + Aqk V + Aqb X.
template <int N, bool kSeven>
GPU_KERNEL(kThreads)
outputKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad;
    const Chunk chunk = chunkOf<N>(p, N / kColumns);
    const int64_t value = chunk.part * kColumns;
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    BFloat16* q = reinterpret_cast<BFloat16*>(sharedMemory());
    BFloat16 *h = q + T * S, *scores = h + N * kStride, *v = scores + T * ST, *more = v + T * kStride,
             *x = more + T * ST;
    send<T, N>(q, S, p.qs + tile, N);
    send<N, kColumns>(h, kStride, p.h + chunk.index * N * N + value, N);
    send<T, T>(scores, ST, p.aqk + small, T);
    send<T, kColumns>(v, kStride, p.vs + tile + value, N);
    if (kSeven) {
        send<T, T>(more, ST, p.aqb + small, T);
        send<T, kColumns>(x, kStride, p.x + tile + value, N);
    }
    awaitCopies();
    sync();
    Sums<T, kColumns> y;
    clear(y);
    multiply<N, Lies::Straight, Lies::Straight>(y, q, S, h, kStride);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(y, scores, ST, v, kStride);
    if (kSeven) multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(y, more, ST, x, kStride);
    const int64_t row = rowOf(p.y, chunk.batch, chunk.head, chunk.first) + value;
    static_assert(T * (kColumns + 8) * sizeof(float) <= (T * S + N * kStride) * sizeof(BFloat16));
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
    writeTile(dy, S, p.dys + tile, strip, read(p, p.dy, chunk, strip));
    if (kSeven) load<T, T>(scores, ST, p.aqb + chunk.index * T * T, T);
    if (!kSeven) return;
    sync();
    Sums<T, N> dx;
    clear(dx);
    multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(dx, scores, ST, dy, S);
    sync();
    put(dx, dy, S);
    sync();
    store<T, N>(p.dx + tile, N, dy, S);
}

}  // namespace

template <int N>
const char* output(bool isSeven, const Tiles& p, void* stream) {
    constexpr int T = kTokens<N>;
    const std::size_t shared =
        (T * (N + kPad) + N * kStride + (isSeven ? 2 : 1) * T * (T + kPad + kStride)) * sizeof(BFloat16);
    return launch(isSeven ? outputKernel<N, true> : outputKernel<N, false>,
                  {p.sequences.chunks * p.heads * (N / kColumns), 1}, kThreads, shared, stream, p);
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
