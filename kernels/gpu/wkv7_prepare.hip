// wkv7's chunks by themselves: scaled tensors, scores, the inverse, W and U (wkv_tiles.h).
#include "kernels/gpu/wkv_strips.h"

namespace radlads::kernels::gpu::tiles {
namespace {

// A square of float32 in two of bfloat16, [T][T + kPad]: their sum has 16 bits of it, which three products of
// matrix units keep.
template <int T>
struct Halves {
    static constexpr int kStride = T + kPad;
    BFloat16 *high, *low;
    GPU_DEVICE int at(int block, int column) const { return block * kTile * kStride + column * kTile; }
    GPU_DEVICE void put(int i, float x) const {
        high[i] = narrow(x);
        low[i] = narrow(x - widen(high[i]));
    }
    GPU_DEVICE void put(int i, float x, float y) const {
        const uint32_t rounded = narrow(x, y);
        vectors::store(high + i, vectors::Pack<1>{{rounded}});
        const float restX = x - floatOf(rounded << 16), restY = y - floatOf(rounded & 0xffff0000u);
        vectors::store(low + i, vectors::Pack<1>{{narrow(restX, restY)}});
    }
    // Of a block, by a warp.
    GPU_DEVICE void put(int at, const Accumulator& sums) const {
        forPairs(sums, [&](int i, int j, float x, float y) { put(at + i * kStride + j, x, y); });
    }
    // sums += the block at `a` times that at `b`.
    GPU_DEVICE void multiply(Accumulator& sums, int a, int b) const {
        Fragment left, right, leftLow, rightLow;
        loadA(left, high + a, kStride), loadA(leftLow, low + a, kStride);
        loadB(right, high + b, kStride), loadB(rightLow, low + b, kStride);
        mma(sums, leftLow, right);
        mma(sums, left, rightLow);
        mma(sums, left, right);
    }
};

// a <- (1 - a)^-1 of a strictly lower [T][T] on its diagonal's blocks of 16 tokens, in place: substitution, a thread
// for a column.
template <int T>
GPU_DEVICE void invertDiagonal(const Halves<T>& a) {
    if (thread() >= (T > warpLanes() ? T : warpLanes())) return;  // whole warps
    const int block = thread() / kTile, column = thread() % kTile, at = block < T / kTile ? a.at(block, block) : 0;
    float x[kTile];
    GPU_UNROLL for (int i = 0; i < kTile; ++i) {
        float sum = i == column ? 1.0f : 0.0f;
        GPU_UNROLL for (int first = 0; first < i; first += 8) {
            float high[8], low[8];
            vectors::loadAligned(high, a.high + at + i * a.kStride + first);
            vectors::loadAligned(low, a.low + at + i * a.kStride + first);
            GPU_UNROLL for (int l = first; l < i && l < first + 8; ++l) sum +=
                (high[l - first] + low[l - first]) * x[l];
        }
        x[i] = sum;
    }
    syncWarp();
    if (block < T / kTile) {
        GPU_UNROLL for (int i = 0; i < kTile; ++i) a.put(at + i * a.kStride + column, x[i]);
    }
}
// The blocks below, once the diagonal's are inverted: M_IJ = M_II sum over J <= L < I of a_IL M_LJ, a warp for a column
// of blocks. a stays; M_IJ is left in the place (J, I), above the diagonal.
template <int T>
GPU_DEVICE void invertBelow(const Halves<T>& a) {
    for (int column = warp(); column < T / kTile - 1; column += blockWarps())
        for (int row = column + 1; row < T / kTile; ++row) {
            Accumulator sums, product;
            clear(sums), clear(product);
            for (int l = column; l < row; ++l) a.multiply(sums, a.at(row, l), a.at(column, l));
            a.put(a.at(column, row), sums);
            syncWarp();
            a.multiply(product, a.at(row, row), a.at(column, row));
            syncWarp();
            a.put(a.at(column, row), product);
            syncWarp();
        }
}
// What invertBelow() leaves, rounded, as it should lie: in shared memory, [T][T + kPad], and as a tile.
template <int T>
GPU_DEVICE void straighten(const Halves<T>& a, BFloat16* to, BFloat16* tile) {
    for (int i = thread(); i < T * (T / 8); i += kThreads) {
        const int row = i / (T / 8), column = i % (T / 8) * 8;
        Eight some{};
        if (column / kTile <= row / kTile)
            some = *reinterpret_cast<const Eight*>(a.high + a.at(column / kTile, row / kTile) +
                                                   row % kTile * a.kStride + column % kTile);
        *reinterpret_cast<Eight*>(to + row * a.kStride + column) = some;
        *reinterpret_cast<Eight*>(tile + row * T + column) = some;
    }
}

template <int N>
GPU_KERNEL_TOGETHER(kThreads, 4)
prepareKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    BFloat16* q = reinterpret_cast<BFloat16*>(sharedMemory());
    BFloat16 *k = q + T * S, *b = q + 2 * T * S, *a = q + 3 * T * S, *v = q + 4 * T * S;
    const Halves<T> halves{q, k};
    BFloat16 *aak = b, *m = k, *rest = v;  // Aak V
    {
        const Decays decays = sumDecays(p, chunk, strip, reinterpret_cast<float*>(q));
        if (strip.first == 0)
            GPU_UNROLL for (int c = 0; c < 2; ++c) p.decays[chunk.index * N + strip.channel + c] =
                exponential(decays.all[c]);
        Values x = read(p, p.a, chunk, strip), factors;
        forStrip([&](int i, int c) { x.x[i][c] *= exponential(decays.ge(i, c)); });
        writeTile(a, S, p.as + tile, strip, x);
        writeTile(v, S, p.vs + tile, strip, read(p, p.v, chunk, strip));
        x = read(p, p.b, chunk, strip);
        forStrip([&](int i, int c) { factors.x[i][c] = exponential(-decays.gi.x[i][c]); });
        forStrip([&](int i, int c) { x.x[i][c] *= factors.x[i][c]; });
        writeTile(b, S, p.bs + tile, strip, x);
        sync();  // for the sums of decays, which lie in q
        x = read(p, p.k, chunk, strip);
        forStrip([&](int i, int c) { x.x[i][c] *= factors.x[i][c]; });
        writeTile(k, S, p.ks + tile, strip, x);
        x = read(p, p.q, chunk, strip);
        forStrip([&](int i, int c) { x.x[i][c] *= exponential(decays.gi.x[i][c]); });
        writeTile(q, S, p.qs + tile, strip, x);
    }
    sync();
    {
        Sums<T, T> scores, aab;
        const auto products = [&](Sums<T, T>& sums, const BFloat16* left, const BFloat16* right) {
            clear(sums);
            multiply<N, Lies::Straight, Lies::Turned, Part::LowerResult>(sums, left, S, right, S);
        };
        products(scores, q, k);
        putLower(scores, p.aqk + small, T, false);
        products(scores, q, b);
        putLower(scores, p.aqb + small, T, false);
        products(aab, a, b);
        products(scores, a, k);
        putLower(scores, p.aak + small, T, true);
        sync();
        forPairs(aab, [&](int i, int j, float x, float y) {
            halves.put(i * ST + j, j < i ? x : 0.0f, j + 1 < i ? y : 0.0f);
        });
        putLower(scores, aak, ST, true);
    }
    sync();
    invertDiagonal(halves);
    Sums<T, N> sums;
    clear(sums);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(sums, aak, ST, v, S);
    sync();
    put(sums, rest, S);
    invertBelow(halves);
    sync();
    straighten(halves, m, p.m + small);
    sync();
    Sums<T, N> w;
    clear(w), clear(sums);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(w, m, ST, a, S);
    multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(sums, m, ST, rest, S);
    sync();
    put(w, a, S);
    put(sums, rest, S);
    sync();
    store<T, N>(p.w + tile, N, a, S);
    store<T, N>(p.x + tile, N, rest, S);
}

}  // namespace

template <int N>
const char* prepare7(const Tiles& p, void* stream) {
    constexpr std::size_t kShared = 5 * kTokens<N> * (N + kPad) * sizeof(BFloat16);
    return launch(prepareKernel<N>, {p.sequences.chunks * p.heads, 1}, kThreads, kShared, stream, p);
}
template const char* prepare7<64>(const Tiles&, void*);
template const char* prepare7<128>(const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
