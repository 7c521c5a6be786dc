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

// A stage's room: a part of a state or a tile, then two parts of tiles or two squares.
template <int N>
struct Room {
    static constexpr int T = kTokens<N>, S = N + kPad, ST = T + kPad, SH = kHalf + kPad;
    static constexpr int kFirst = N * SH, kOther = T * SH, kAll = kFirst + 2 * kOther;
    static_assert(T * S <= kFirst && T * ST <= kOther && T * (N + 8) * sizeof(float) <= kAll * sizeof(BFloat16));
    static constexpr int kHalves = N / kHalf;
    static constexpr std::size_t kBytes = 2 * kAll * sizeof(BFloat16) + (Strip<N>::kAll + 1) * N * sizeof(float);
    static_assert(kBytes <= kMostShared);
};

template <int N>
GPU_KERNEL_TOGETHER(kThreads, 2)
gradientsKernel(Tiles p) {
    using R = Room<N>;
    constexpr int T = R::T, S = R::S, ST = R::ST, SH = R::SH;
    const Chunk chunk = chunkOf<N>(p);
    const Strip<N> strip;
    const int64_t tile = chunk.index * T * N, small = chunk.index * T * T;
    BFloat16* rooms = reinterpret_cast<BFloat16*>(sharedMemory());
    float *parts = reinterpret_cast<float*>(rooms + 2 * R::kAll), *ends = parts + Strip<N>::kAll * N;

    const auto sendInter = [&](BFloat16* to, const BFloat16* states, const BFloat16* one, const BFloat16* two,
                               int half) {
        send<N, kHalf>(to, SH, states + chunk.index * N * N + half * kHalf, N);
        send<T, kHalf>(to + R::kFirst, SH, one + tile + half * kHalf, N);
        send<T, kHalf>(to + R::kFirst + R::kOther, SH, two + tile + half * kHalf, N);
    };
    const auto sendIntra = [&](BFloat16* to, const BFloat16* scaled, const BFloat16* one, const BFloat16* two) {
        send<T, N>(to, S, scaled + tile, N);
        send<T, T>(to + R::kFirst, ST, one + small, T);
        send<T, T>(to + R::kFirst + R::kOther, ST, two + small, T);
    };
    Sums<T, N> first, second;
    const auto addInter = [&](const BFloat16* room) {
        multiply<kHalf, Lies::Straight, Lies::Turned>(first, room + R::kFirst, SH, room, SH);
        multiply<kHalf, Lies::Straight, Lies::Turned>(second, room + R::kFirst + R::kOther, SH, room, SH);
    };
    const auto addEarlier = [&](const BFloat16* room) {
        multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(first, room + R::kFirst, ST, room, S);
        multiply<T, Lies::Straight, Lies::Straight, Part::LowerLeft>(second, room + R::kFirst + R::kOther, ST, room, S);
    };
    const auto addLater = [&](const BFloat16* room) {
        multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(first, room + R::kFirst, ST, room, S);
        multiply<T, Lies::Turned, Lies::Straight, Part::UpperLeft>(second, room + R::kFirst + R::kOther, ST, room, S);
    };

    Stages stages(rooms, rooms + R::kAll, [&](BFloat16* to) { sendInter(to, p.h, p.dys, p.dx, 0); });
    sumStates<N>(p, chunk, ends);
    float before[2], end[2], toBefore[2];  // ge of the strip's first token; what of dg belongs to the strip before
    {
        const Decays decays = sumDecays(p, chunk, strip, parts);
        GPU_UNROLL for (int c = 0; c < 2; ++c) before[c] = decays.before[c], end[c] = ends[strip.channel + c];
    }
    Values dg;
    // A gradient before it is scaled, `f` of its products with what it belongs to, and the gradient itself.
    const auto walkThrough = [&](Sums<T, N>& sums, const BFloat16* scaled, auto factor, auto f) {
        float* room = reinterpret_cast<float*>(stages.now);
        const Values at = readTile(scaled + tile, N, strip);
        Values x = walk(sums, room, strip);
        forStrip([&](int i, int c) {
            const float product = x.x[i][c] * at.x[i][c];
            x.x[i][c] *= factor(i, c);
            f(i, c, product);
        });
        return x;
    };

    clear(first), clear(second);  // dq^, da^
    for (int half = 0; half < R::kHalves; ++half)
        addInter(stages.turn([&](BFloat16* to) {
            if (half + 1 < R::kHalves)
                sendInter(to, p.h, p.dys, p.dx, half + 1);
            else
                sendIntra(to, p.ks, p.daqk, p.daak);
        }));
    addEarlier(stages.turn([&](BFloat16* to) { sendIntra(to, p.bs, p.daqb, p.daab); }));
    addEarlier(stages.turn([&](BFloat16* to) { sendInter(to, p.ds, p.vs, p.x, 0); }));
    Values gi = sumDecaysAgain(p, chunk, strip, before);
    const auto up = [&](int i, int c) { return exponential(gi.x[i][c]); };
    const auto upBefore = [&](int i, int c) { return exponential(i == 0 ? before[c] : gi.x[i - 1][c]); };
    write(p, p.dq, chunk, strip,
          walkThrough(first, p.qs, up, [&](int i, int c, float product) { dg.x[i][c] = product; }));
    write(p, p.da, chunk, strip, walkThrough(second, p.as, upBefore, [&](int i, int c, float product) {
              addLaterAlone(dg, toBefore, i, c, product);
          }));

    clear(first), clear(second);  // dk^, db^
    for (int half = 0; half < R::kHalves; ++half)
        addInter(stages.turn([&](BFloat16* to) {
            if (half + 1 < R::kHalves)
                sendInter(to, p.ds, p.vs, p.x, half + 1);
            else
                sendIntra(to, p.qs, p.daqk, p.daqb);
        }));
    float part[2] = {};
    const auto one = [](int, int) { return 1.0f; };
    const auto addPart = [&](int, int c, float product) { part[c] += product; };
    walkThrough(first, p.ks, one, addPart);
    walkThrough(second, p.bs, one, addPart);
    sumOfStrips(part, strip, parts, false);
    GPU_UNROLL for (int c = 0; c < 2; ++c) end[c] += part[c];
    addLater(stages.turn([&](BFloat16* to) { sendIntra(to, p.as, p.daak, p.daab); }));
    addLater(stages.turn([](BFloat16*) {}));
    gi = sumDecaysAgain(p, chunk, strip, before);
    const auto down = [&](int i, int c) { return exponential(-gi.x[i][c]); };
    const auto subtract = [&](int i, int c, float product) { dg.x[i][c] -= product; };
    write(p, p.dk, chunk, strip, walkThrough(first, p.ks, down, subtract));
    write(p, p.db, chunk, strip, walkThrough(second, p.bs, down, subtract));
    writeDecays(p, chunk, strip, dg, toBefore, end, parts);
}

}  // namespace

template <int N>
const char* gradients7(const Tiles& p, void* stream) {
    return launch(gradientsKernel<N>, {p.sequences.chunks * p.heads, 1}, kThreads, Room<N>::kBytes, stream, p);
}
template const char* gradients7<64>(const Tiles&, void*);
template const char* gradients7<128>(const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
