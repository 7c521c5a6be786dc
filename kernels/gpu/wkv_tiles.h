// The recurrences in chunks on matrix units: what its kernels share. Private to the library.
//
// With gi the running sum of the log decays within a chunk, ge the same without the token's own and gl its last (h: the
// state before the chunk, D: the gradient of the state behind it; products with ' are element by element):
//
//   wkv7:  q^ = q' exp(gi)  a^ = a' exp(ge)  k^ = k' exp(-gi)  b^ = b' exp(-gi)     exponents of at most 64 times 0.607
//          [Aqk Aqb; Aak Aab] = [q^; a^] [k^; b^]^T, lower, strictly in the rows of a        M = (1 - Aab)^-1
//          W = M a^      U = M (Aak V)      X = U + W h      y = q^ h + Aqk V + Aqb X      h <- exp(gl)' (h + k^T V +
//          b^T X)
//   wkv6:  q^ = q' exp(gi)  k^ = k' exp(gl - gi)      y = q^ h + Aqk V      h <- exp(gl)' h + k^T V
//          Aqk by blocks of 16 tokens, with factors anchored at a block's first token (wkv6_blocks.h)
//
// Kernels: prepare (every chunk by itself), scan (chunk after chunk, a block for 64 values), output (every chunk).
// Backward: products with dy (every chunk), scan the other way, then the gradients of every chunk. Tiles are bfloat16,
// contiguous, [chunk][head][rows][columns], padded with zeros; sums, decays, states and the inverse are float32.
#pragma once

#include "kernels/gpu/mma.h"
#include "kernels/gpu/vectors.h"
#include "kernels/gpu/wkv_forms.h"

namespace radlads::kernels::gpu::tiles {

constexpr int kThreads = 256;
constexpr int kPad = 8;      // of a row in shared memory: no bank conflicts
constexpr int kValues = 64;  // of a block of a scan

// A chunk's tokens for heads of up to N channels.
template <int N>
constexpr int kTokens = N == 64 ? 64 : 32;

struct Tiles {
    Sequences sequences;
    int64_t heads = 0, size = 0;
    DeviceView q, g, k, v, a, b, state, y, lastState;
    DeviceView dy, dstate, dq, dg, dk, dv, da, db, dstate0;
    // Saved. [tokens][N]: the scaled tensors, v, W, X (first U).
    BFloat16 *qs = nullptr, *as = nullptr, *ks = nullptr, *bs = nullptr, *vs = nullptr, *w = nullptr, *x = nullptr;
    BFloat16 *aqk = nullptr, *aqb = nullptr, *aak = nullptr, *m = nullptr;  // [tokens][tokens]
    BFloat16* h = nullptr;                                                  // [N][N]
    float* decays = nullptr;                                                // [N]: exp(gl)
    // Backward's own: [tokens][N]: dy, dX (then M^T dX); [N][N]: D; [tokens][tokens].
    BFloat16 *dys = nullptr, *dx = nullptr, *ds = nullptr;
    BFloat16 *daqk = nullptr, *daqb = nullptr, *daak = nullptr, *daab = nullptr;
};

// The kernels' launches, for heads of up to N channels: 64 or 128.
template <int N>
const char* prepare6(const Tiles& p, void* stream);
template <int N>
const char* prepare7(const Tiles& p, void* stream);
template <int N>
const char* scan(bool isSeven, const Tiles& p, void* stream);
template <int N>
const char* output(bool isSeven, const Tiles& p, void* stream);
template <int N>
const char* backwardProducts(bool isSeven, const Tiles& p, void* stream);
template <int N>
const char* backwardScan(bool isSeven, const Tiles& p, void* stream);
template <int N>
const char* backwardScores(bool isSeven, const Tiles& p, void* stream);
template <int N>
const char* gradients6(const Tiles& p, void* stream);
template <int N>
const char* gradients7(const Tiles& p, void* stream);

// --- Device
// -----------------------------------------------------------------------------------------------------------

// The chunk of a block, of which `parts` that follow each other work on the same. Blocks are counted in 32 bits, which
// divide several times faster than 64.
struct Chunk {
    int64_t head, first, index, batch;  // index: of chunk and head, among tiles
    int tokens, part;
};
template <int N>
GPU_DEVICE Chunk chunkOf(const Tiles& p, uint32_t parts = 1) {
    const uint32_t block = static_cast<uint32_t>(blockX()), index = block / parts;
    const uint32_t heads = static_cast<uint32_t>(p.heads), chunk = index / heads;
    const Sequence sequence = sequenceAt(p.sequences, sequenceOf(p.sequences, chunk));
    const int64_t before = (chunk - sequence.chunksBefore) * kTokens<N>, left = sequence.length - before;
    return {index % heads,
            sequence.start + before,
            index,
            sequence.batch,
            static_cast<int>(left < kTokens<N> ? left : kTokens<N>),
            static_cast<int>(block % parts)};
}

#if defined(GPU_CUDA)
using Eight = uint4;
#elif defined(GPU_HIP)
typedef uint32_t Eight __attribute__((ext_vector_type(4)));
#else
struct alignas(16) Eight {
    uint32_t x[4];
};
#endif
// A tile between global and shared memory, 8 elements at a time.
template <int R, int C>
GPU_DEVICE void load(BFloat16* to, int toStride, const BFloat16* from, int64_t fromStride) {
    for (int i = thread(); i < R * (C / 8); i += kThreads) {
        const int row = i / (C / 8), column = i % (C / 8) * 8;
        *reinterpret_cast<Eight*>(to + row * toStride + column) =
            *reinterpret_cast<const Eight*>(from + row * fromStride + column);
    }
}
template <int R, int C>
GPU_DEVICE void store(BFloat16* to, int64_t toStride, const BFloat16* from, int fromStride) {
    for (int i = thread(); i < R * (C / 8); i += kThreads) {
        const int row = i / (C / 8), column = i % (C / 8) * 8;
        *reinterpret_cast<Eight*>(to + row * toStride + column) =
            *reinterpret_cast<const Eight*>(from + row * fromStride + column);
    }
}

// The same to shared memory by copyLater().
template <int R, int C>
GPU_DEVICE void send(BFloat16* to, int toStride, const BFloat16* from, int64_t fromStride) {
    GPU_UNROLL for (int u = 0; u < (R * (C / 8) + kThreads - 1) / kThreads; ++u) {
        const int i = thread() + u * kThreads, row = i / (C / 8), column = i % (C / 8) * 8;
        if (i < R * (C / 8)) copyLater(to + row * toStride + column, from + row * fromStride + column);
    }
}

// A tile on its way to shared memory: read while other work goes on, written when there is room.
template <int R, int C>
struct Coming {
    static constexpr int kAll = R * (C / 8), kMine = kAll / kThreads > 0 ? kAll / kThreads : 1;
    Eight x[kMine];
    GPU_DEVICE void read(const BFloat16* from, int64_t stride) {
        GPU_UNROLL for (int u = 0; u < kMine; ++u) {
            const int i = thread() + u * kThreads;
            if (i < kAll) x[u] = *reinterpret_cast<const Eight*>(from + i / (C / 8) * stride + i % (C / 8) * 8);
        }
    }
    GPU_DEVICE void write(BFloat16* to, int stride) const {
        GPU_UNROLL for (int u = 0; u < kMine; ++u) {
            const int i = thread() + u * kThreads;
            if (i < kAll) *reinterpret_cast<Eight*>(to + i / (C / 8) * stride + i % (C / 8) * 8) = x[u];
        }
    }
};

// An R x C matrix of sums over the warps of a block; a warp's tiles follow each other in a row where they can.
template <int R, int C>
struct Sums {
    static constexpr int kAll = R / kTile * (C / kTile);
    static constexpr int kWarps = kThreads * kFragment / (kTile * kTile);
#if defined(GPU_FIBERS)
    static constexpr int kMine = kAll / 4 > 0 ? kAll / 4 : 1;
    static int mine() {
        return kAll / blockWarps() > 0 ? kAll / blockWarps() : 1;
    }
#else
    static constexpr int kMine = kAll / kWarps > 0 ? kAll / kWarps : 1;
    GPU_DEVICE static constexpr int mine() {
        return kMine;
    }
#endif
    static_assert(kAll < 8 || kAll % 8 == 0);
    Accumulator tiles[kMine];
};
template <int R, int C>
GPU_DEVICE void clear(Sums<R, C>& sums) {
    GPU_UNROLL for (int i = 0; i < Sums<R, C>::kMine; ++i) gpu::clear(sums.tiles[i]);
}
// f(row, column, sum) for every sum that the thread has.
template <int R, int C, class F>
GPU_DEVICE void forEach(Sums<R, C>& sums, F f) {
    GPU_UNROLL for (int i = 0; i < Sums<R, C>::mine(); ++i) {
        const int tile = warp() * Sums<R, C>::mine() + i;
        GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) {
            const int row = tile / (C / kTile) * kTile + rowOf(e), column = tile % (C / kTile) * kTile + columnOf(e);
            if (tile < Sums<R, C>::kAll) f(row, column, sums.tiles[i].x[e]);
        }
    }
}

// f(row, column, x, y) for the sums in neighbouring columns, column and column + 1. All lanes take part.
template <class F>
GPU_DEVICE void forPairs(const Accumulator& sums, F f) {
    if (warpLanes() == 32) {
        GPU_UNROLL for (int e = 0; e < 8 && e < kFragment; e += 2) f(rowOf(e), columnOf(e), sums.x[e], sums.x[e + 1]);
        return;
    }
    // A lane of 64 has four rows of a column: it gives two of them to its neighbour.
    const bool isOdd = (lane() & 1) != 0;
    GPU_UNROLL for (int e = 0; e < 2; ++e) {
        const float other = shuffle(isOdd ? sums.x[e] : sums.x[e + 2], lane() ^ 1);
        const float own = isOdd ? sums.x[e + 2] : sums.x[e];
        f(rowOf(isOdd ? e + 2 : e), columnOf(0) & ~1, isOdd ? other : own, isOdd ? own : other);
    }
}
template <int R, int C, class F>
GPU_DEVICE void forPairs(Sums<R, C>& sums, F f) {
    GPU_UNROLL for (int i = 0; i < Sums<R, C>::mine(); ++i) {
        const int tile = warp() * Sums<R, C>::mine() + i;
        const int row = tile / (C / kTile) * kTile, column = tile % (C / kTile) * kTile;
        if (tile < Sums<R, C>::kAll)
            forPairs(sums.tiles[i], [&](int r, int c, float x, float y) { f(row + r, column + c, x, y); });
    }
}
// Sums rounded to a tile, in shared or global memory.
template <int R, int C>
GPU_DEVICE void put(Sums<R, C>& sums, BFloat16* to, int stride) {
    forPairs(sums, [&](int i, int j, float x, float y) {
        vectors::store(to + i * stride + j, vectors::Pack<1>{{narrow(x, y)}});
    });
}
// Their lower part alone, zeros elsewhere; strictly the lower one where it says so.
template <int T>
GPU_DEVICE void putLower(Sums<T, T>& sums, BFloat16* to, int stride, bool isStrict) {
    forPairs(sums, [&](int i, int j, float x, float y) {
        const int last = isStrict ? i - 1 : i;
        vectors::store(to + i * stride + j, vectors::Pack<1>{{narrow(j <= last ? x : 0.0f, j + 1 <= last ? y : 0.0f)}});
    });
}

GPU_DEVICE BFloat16* bfloats(const DeviceView& view) {
    return static_cast<BFloat16*>(view.data);
}

// How an operand lies, and where it, or the result, is known to be zero or not wanted.
enum class Lies { Straight, Turned };
enum class Part { All, LowerResult, LowerLeft, UpperLeft };

// sums += A B, A [R][K], B [K][C]; what is Turned lies the other way round. In shared memory.
template <int K, Lies kA, Lies kB, Part kPart = Part::All, int R, int C>
GPU_DEVICE void multiply(Sums<R, C>& sums, const BFloat16* a, int strideA, const BFloat16* b, int strideB) {
    for (int k = 0; k < K; k += kTile) {
        Fragment left, right;
        GPU_UNROLL for (int i = 0; i < Sums<R, C>::mine(); ++i) {
            const int tile = warp() * Sums<R, C>::mine() + i;
            const int row = tile / (C / kTile) * kTile, column = tile % (C / kTile) * kTile;
            const bool isZero = (kPart == Part::LowerLeft && k > row) || (kPart == Part::UpperLeft && k < row);
            if (tile < Sums<R, C>::kAll && !isZero) {
                if (i % (C / kTile) == 0) {  // the first of a row
                    if (kA == Lies::Straight)
                        loadA(left, a + row * strideA + k, strideA);
                    else
                        loadATransposed(left, a + k * strideA + row, strideA);
                }
                if (kPart != Part::LowerResult || column <= row) {
                    if (kB == Lies::Straight)
                        loadB(right, b + k * strideB + column, strideB);
                    else
                        loadBTransposed(right, b + column * strideB + k, strideB);
                    mma(sums.tiles[i], left, right);
                }
            }
        }
    }
}

// Sums to a tensor's rows by way of `room`, float [R][C + 8], shared: neighbouring threads write neighbouring pairs.
template <int R, int C>
GPU_DEVICE void putRows(Sums<R, C>& sums, float* room, const DeviceView& to, int64_t row, int rows, int64_t columns) {
    sync();
    forPairs(sums, [&](int i, int j, float x, float y) {
        vectors::store(room + i * (C + 8) + j, vectors::Pack<2>{{bitsOf(x), bitsOf(y)}});
    });
    sync();
    const bool isPaired = to.isBFloat16 && ((row | to.strides[2]) & 1) == 0 && vectors::isAligned<2>(bfloats(to));
    GPU_UNROLL for (int u = 0; u < R * C / 2 / kThreads; ++u) {
        const int at = thread() + u * kThreads, i = at / (C / 2), j = at % (C / 2) * 2;
        const int64_t first = row + i * to.strides[2] + j;
        const float x = room[i * (C + 8) + j], y = room[i * (C + 8) + j + 1];
        if (i >= rows || j >= columns) continue;
        if (isPaired && j + 1 < columns) {
            vectors::store(bfloats(to) + first, vectors::Pack<1>{{narrow(x, y)}});
        } else {
            put(to, first, x);
            if (j + 1 < columns) put(to, first + 1, y);
        }
    }
}

}  // namespace radlads::kernels::gpu::tiles
