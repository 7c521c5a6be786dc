// wkv6, backward, every chunk by itself: the gradients of its keys (wkv_tiles.h, wkv6_blocks.h). For blocks I, J:
//   x_I = exp(gn - c)' (dy h^T) + sum over J <= I of f_IJ' (dAqk k')         dq = exp(gi - gn + c)' x
//   z_J = exp(gl - gn + c)' (v D^T) + sum over I >= J of f_IJ' (dAqk^T q')    dk = exp(gn - gi - c)' z
//   dg = sum from the chunk's end of (q' x - k' z), and exp(gl) times the sum over values of h' D and the sum over the
//        chunk's tokens of k' exp(gl - gn + c)' (v D^T)
// What should cancel in dg has the same rounded factors on both sides.
#include "kernels/gpu/wkv6_blocks.h"
#include "kernels/gpu/wkv_gradients.h"

namespace radlads::kernels::gpu::tiles {
namespace {

// Stages of states and tiles, the last of dAqk; then sums and parts of strips lie over the other room.
template <int N>
struct Room {
    static constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad, SH = kHalf + kPad;
    static constexpr int kStates = N * SH, kStage = kStates + T * SH, kHalves = N / kHalf;
    static constexpr int kSums = T * (N + 8), kParts = Strip<N>::kAll * N;  // floats
    static constexpr int kOther = 2 * (kSums + kParts) > kStage ? 2 * (kSums + kParts) : kStage;
    static_assert(T * ST <= kStage);
    BFloat16 *stage, *other, *q, *k;
    float *sums, *parts, *anchors, *ends;  // anchors: gl behind those of the blocks
    GPU_DEVICE Room() {
        stage = reinterpret_cast<BFloat16*>(sharedMemory()), other = stage + kStage;
        sums = reinterpret_cast<float*>(other), parts = sums + kSums;
        q = other + kOther, k = q + T * S;
        anchors = reinterpret_cast<float*>(k + T * S), ends = anchors + (kBlocks<N> + 1) * N;
    }
    static constexpr std::size_t kBytes =
        (kStage + kOther + 2 * T * S) * sizeof(BFloat16) + (kBlocks<N> + 2) * N * sizeof(float);
    static_assert(kBytes <= kMostShared);
};

// f(block of tokens, column, tile) for the thread's tiles of sums.
template <int N, int T, class F>
GPU_DEVICE void forTiles(Sums<T, N>& sums, F f) {
    GPU_UNROLL for (int i = 0; i < Sums<T, N>::mine(); ++i) {
        const int tile = warp() * Sums<T, N>::mine() + i;
        f(tile / (N / kTile), tile % (N / kTile) * kTile, sums.tiles[i]);
    }
}
// x <- factor(column)' x
template <class F>
GPU_DEVICE void scale(Accumulator& x, int column, F factor) {
    GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) x.x[e] *= factor(column + columnOf(e));
}

template <int N>
GPU_KERNEL_TOGETHER(kThreads, N == 64 ? 3 : 2)
gradientsKernel(Tiles p) {
    using R = Room<N>;
    constexpr int T = R::T, S = R::S, ST = R::ST, SH = R::SH;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    const R room;
    const int64_t tile = chunk.index * T * N;
    const auto sendHalf = [&](BFloat16* to, const BFloat16* states, const BFloat16* left, int half) {
        send<N, kHalf>(to, SH, states + chunk.index * N * N + half * kHalf, N);
        send<T, kHalf>(to + R::kStates, SH, left + tile + half * kHalf, N);
    };
    Stages stages(room.stage, room.other, [&](BFloat16* to) { sendHalf(to, p.h, p.dys, 0); });
    sumStates<N>(p, chunk, room.ends);
    Values up;
    float end[2], toEnd[2];  // toEnd: gl - gn + c
    {
        const Decays decays = sumDecays(p, chunk, strip, room.parts);
        keepAnchors(decays, strip, room.anchors);
        if (strip.first == 0)
            GPU_UNROLL for (int c = 0; c < 2; ++c) room.anchors[kBlocks<N> * N + strip.channel + c] = decays.all[c];
        const Values q = read(p, p.q, chunk, strip), k = read(p, p.k, chunk, strip);
        sync();
        up = exponents(decays, strip, room.anchors);
        Values x;
        forStrip([&](int i, int c) { x.x[i][c] = q.x[i][c] * exponential(up.x[i][c]); });
        writeTile<N>(room.q, S, nullptr, strip, x);
        forStrip([&](int i, int c) { x.x[i][c] = k.x[i][c] * exponential(-up.x[i][c]); });
        writeTile<N>(room.k, S, nullptr, strip, x);
        GPU_UNROLL for (int c = 0; c < 2; ++c) {
            end[c] = room.ends[strip.channel + c] * exponential(decays.all[c]);
            toEnd[c] = decays.all[c] - room.anchors[strip.first / kTile * N + strip.channel + c] + kCentre;
        }
    }
    Sums<T, N> x, z;
    const auto addHalf = [&](Sums<T, N>& sums, const BFloat16* full) {
        multiply<kHalf, Lies::Straight, Lies::Turned>(sums, full + R::kStates, SH, full, SH);
    };
    clear(x), clear(z);
    for (int half = 0; half < R::kHalves; ++half)
        addHalf(x, stages.turn([&](BFloat16* to) {
            if (half + 1 < R::kHalves)
                sendHalf(to, p.h, p.dys, half + 1);
            else
                sendHalf(to, p.ds, p.vs, 0);
        }));
    const auto gn = [&](int block, int channel) { return room.anchors[block * N + channel]; };
    const auto addOther = [&](Accumulator& sums, int column, int row, int other, const Fragment& left,
                              const BFloat16* tiles) {
        Fragment right;
        Accumulator product;
        gpu::clear(product);
        loadB(right, tiles + other * kTile * S + column, S);
        mma(product, left, right);
        const int later = row > other ? row : other, earlier = row > other ? other : row;
        GPU_UNROLL for (int e = 0; e < fragmentElements(); ++e) {
            const int channel = column + columnOf(e);
            sums.x[e] += product.x[e] * exponential(gn(later, channel) - gn(earlier, channel));
        }
    };
    for (int half = 0; half < R::kHalves; ++half)
        addHalf(z, stages.turn([&](BFloat16* to) {
            if (half + 1 < R::kHalves)
                sendHalf(to, p.ds, p.vs, half + 1);
            else
                send<T, T>(to, ST, p.daqk + chunk.index * T * T, T);
        }));
    float part[2] = {};
    {
        const Values inter = walk(z, room.sums, strip), k = readTile(room.k, S, strip);
        forStrip([&](int i, int c) { part[c] += inter.x[i][c] * k.x[i][c]; });
        GPU_UNROLL for (int c = 0; c < 2; ++c) part[c] *= exponential(toEnd[c]);
    }
    sumOfStrips(part, strip, room.parts, false);
    GPU_UNROLL for (int c = 0; c < 2; ++c) end[c] += part[c];
    const BFloat16* scores = stages.turn([](BFloat16*) {});
    forTiles<N>(x, [&](int block, int column, Accumulator& sums) {
        scale(sums, column, [&](int channel) { return exponential(gn(block, channel) - kCentre); });
        for (int other = 0; other <= block; ++other) {
            Fragment left;
            loadA(left, scores + block * kTile * ST + other * kTile, ST);
            addOther(sums, column, block, other, left, room.k);
        }
    });
    forTiles<N>(z, [&](int block, int column, Accumulator& own) {
        scale(own, column,
              [&](int channel) { return exponential(gn(kBlocks<N>, channel) - gn(block, channel) + kCentre); });
        for (int other = block; other < kBlocks<N>; ++other) {
            Fragment left;
            loadATransposed(left, scores + other * kTile * ST + block * kTile, ST);
            addOther(own, column, block, other, left, room.q);
        }
    });
    Values dg, gradient = walk(x, room.sums, strip), factor = readTile(room.q, S, strip);
    forStrip([&](int i, int c) {
        dg.x[i][c] = gradient.x[i][c] * factor.x[i][c];
        gradient.x[i][c] *= exponential(up.x[i][c]);
    });
    write(p, p.dq, chunk, strip, gradient);
    gradient = walk(z, room.sums, strip), factor = readTile(room.k, S, strip);
    forStrip([&](int i, int c) {
        dg.x[i][c] -= gradient.x[i][c] * factor.x[i][c];
        gradient.x[i][c] *= exponential(-up.x[i][c]);
    });
    write(p, p.dk, chunk, strip, gradient);
    const float none[2] = {};
    writeDecays(p, chunk, strip, dg, none, end, room.parts);
}

}  // namespace

template <int N>
const char* gradients6(const Tiles& p, void* stream) {
    return launch(gradientsKernel<N>, {p.sequences.chunks * p.heads, 1}, kThreads, Room<N>::kBytes, stream, p);
}
template const char* gradients6<64>(const Tiles&, void*);
template const char* gradients6<128>(const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
