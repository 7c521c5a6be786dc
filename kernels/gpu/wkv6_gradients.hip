// wkv6, backward, every chunk by itself: the gradients of its keys (wkv_tiles.h, wkv6_blocks.h). With E = exp(gi_i -
// gi_j):
//   dq_i = exp(gi) (dy h^T) + sum over j <= i of dAqk k_j E      dk_j = exp(gl - gi) (v D^T) + sum over i >= j of dAqk
//   q_i E dg = sum from the chunk's end of (q dq - k dk), and exp(gl) times the sum over values of h' D and the sum
//   over the
//        chunk's tokens of k^ (v D^T)
// Off the diagonal's blocks by tiles of q' and k', on them in float32. What should cancel in dg has the same rounded
// factors on both sides.
#include "kernels/gpu/wkv6_blocks.h"
#include "kernels/gpu/wkv_gradients.h"

namespace radlads::kernels::gpu::tiles {
namespace {

template <int N>
struct Room {
    static constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad, SH = kHalf + kPad;
    static constexpr int kInter = N * SH + T * S, kIntra = T * S + kAnchoredRows<N> * S + T * ST;
    static constexpr int kTiles = kInter > kIntra ? kInter : kIntra;
    BFloat16 *states, *one;               // for the products with states
    BFloat16 *scores, *q, *anchored;      // for those within the chunk, in the same place
    float *sums, *decays, *parts, *ends;  // [T][N + 4] over the tiles; gi: [T][N]; [T / 16][N]; [N]
    GPU_DEVICE Room() {
        states = reinterpret_cast<BFloat16*>(sharedMemory()), one = states + N * SH;
        scores = states, q = scores + T * ST, anchored = q + T * S;
        sums = reinterpret_cast<float*>(sharedMemory());
        decays = reinterpret_cast<float*>(states + kTiles);
        parts = decays + T * N, ends = parts + T / kTile * N;
    }
    static_assert(T * (N + 4) * sizeof(float) <= kTiles * sizeof(BFloat16));
    static constexpr std::size_t kBytes = kTiles * sizeof(BFloat16) + (T * N + T / kTile * N + N) * sizeof(float);
};

// dq += dA k' for the blocks of keys before the rows' own. A tile of sums after another.
template <int N, int T>
GPU_DEVICE void addQueries(Sums<T, N>& dq, const Room<N>& room) {
    constexpr int S = N + kPad, ST = T + kPad;
    GPU_UNROLL for (int i = 0; i < Sums<T, N>::mine(); ++i) {
        const int tile = warp() * Sums<T, N>::mine() + i;
        const int block = tile / (N / kTile), column = tile % (N / kTile) * kTile;
        for (int before = 0; before < block; ++before) {
            Fragment left, right;
            loadA(left, room.scores + block * kTile * ST + before * kTile, ST);
            loadB(right, room.anchored + (rowsBefore(block) + before * kTile) * S + column, S);
            mma(dq.tiles[i], left, right);
        }
    }
}

// For the blocks of rows after the keys' own, dA^T q': times exp(gn - gi) to dk, times k' to `both`.
template <int N, int T>
GPU_DEVICE void addKeys(Sums<T, N>& dk, Sums<T, N>& both, const Room<N>& room) {
    constexpr int S = N + kPad, ST = T + kPad;
    GPU_UNROLL for (int i = 0; i < Sums<T, N>::mine(); ++i) {
        const int tile = warp() * Sums<T, N>::mine() + i;
        const int block = tile / (N / kTile), column = tile % (N / kTile) * kTile;
        for (int later = block + 1; later < kBlocks<N>; ++later) {
            Fragment left, right;
            Accumulator sum;
            gpu::clear(sum);
            loadATransposed(left, room.scores + later * kTile * ST + block * kTile, ST);
            loadB(right, room.q + later * kTile * S + column, S);
            mma(sum, left, right);
            GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) {
                const int token = block * kTile + rowOf(e), channel = column + columnOf(e);
                const float gn = room.decays[later * kTile * N + channel];
                dk.tiles[i].x[e] += sum.x[e] * exponential(gn - room.decays[token * N + channel]);
                both.tiles[i].x[e] += sum.x[e] * widen(room.anchored[(rowsBefore(later) + token) * S + channel]);
            }
        }
    }
}

template <int N>
GPU_KERNEL(kThreads)
gradientsKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    const Room<N> room;
    const int64_t tile = chunk.index * T * N;

    sumStates<N>(p, chunk, room.ends);
    float gi[kTile], dq[kTile], dk[kTile], dg[kTile];
    const float gl = sumDecays(p, chunk, strip, gi, room.parts);
    GPU_UNROLL for (int i = 0; i < kTile; ++i) room.decays[(strip.first + i) * N + strip.channel] = gi[i];
    float end = room.ends[strip.channel] * exponential(gl);

    const auto scaledAt = [&](const BFloat16* from, int i) {
        return widen(from[tile + (strip.first + i) * N + strip.channel]);
    };
    Sums<T, N> sums;
    clear(sums);
    addInter<N>(chunk, p.h, p.dys, sums, room.states, room.one);
    walk(sums, room.sums, strip, [&](int i, float sum) {
        dq[i] = sum * exponential(gi[i]);
        dg[i] = sum * scaledAt(p.qs, i);
    });
    clear(sums);
    addInter<N>(chunk, p.ds, p.vs, sums, room.states, room.one);
    float part = 0;
    walk(sums, room.sums, strip, [&](int i, float sum) {
        const float both = sum * scaledAt(p.ks, i);
        dk[i] = sum * exponential(gl - gi[i]);
        dg[i] -= both;
        part += both;
    });
    end += sumOfStrips(part, strip, room.parts, false);

    float q[kTile], k[kTile];
    GPU_UNROLL for (int i = 0; i < kTile; ++i) q[i] = valueAt(p, p.q, chunk, strip, i),
                                               k[i] = valueAt(p, p.k, chunk, strip, i);
    load<T, T>(room.scores, ST, p.daqk + chunk.index * T * T, T);
    anchor(strip, q, k, gi, room.decays, room.q, room.anchored);
    sync();
    // The blocks on the diagonal belong to the strips.
    const BFloat16* own = room.scores + strip.first * (ST + 1);
    GPU_UNROLL for (int i = 0; i < kTile; ++i) {
        GPU_UNROLL for (int j = 0; j <= i; ++j) {
            const float x = widen(own[i * ST + j]) * exponential(gi[i] - gi[j]);
            const float both = x * q[i] * k[j];
            dq[i] += x * k[j];
            dk[j] += x * q[i];
            dg[i] += both;
            dg[j] -= both;
        }
    }
    float rounded[kTile];
    GPU_UNROLL for (int i = 0; i < kTile; ++i) rounded[i] = widen(room.q[(strip.first + i) * S + strip.channel]);
    Sums<T, N> keys, both;
    clear(sums), clear(keys), clear(both);
    addQueries<N>(sums, room);
    addKeys<N>(keys, both, room);
    walk(sums, room.sums, strip, [&](int i, float sum) {
        dq[i] += sum * exponential(gi[i] - gi[0]);
        dg[i] += sum * rounded[i];
    });
    walk(keys, room.sums, strip, [&](int i, float sum) { dk[i] += sum; });
    walk(both, room.sums, strip, [&](int i, float sum) { dg[i] -= sum; });
    GPU_UNROLL for (int i = 0; i < kTile; ++i) {
        putAt(p, p.dq, chunk, strip, i, dq[i]);
        putAt(p, p.dk, chunk, strip, i, dk[i]);
    }
    const float none[kTile] = {};
    putDecays(p, chunk, strip, dg, none, end, room.parts);
}

}  // namespace

template <int N>
const char* gradients6(const Tiles& p, void* stream) {
    return launch(gradientsKernel<N>, {p.sequences.chunks * p.heads, 1}, kThreads, Room<N>::kBytes, stream, p);
}
template const char* gradients6<64>(const Tiles&, void*);
template const char* gradients6<128>(const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
