// The parts that go chunk after chunk: states forward, their gradients backward. A block has kValues values of one head
// of one sequence; its state stays in registers in float32, and a copy in bfloat16 is an operand and is saved
// (wkv_tiles.h).
#include "kernels/gpu/wkv_tiles.h"

namespace radlads::kernels::gpu::tiles {
namespace {

constexpr int kStride = kValues + kPad;

template <int N>
struct Place {
    static constexpr int kParts = N / kValues;  // neighbours read the same keys
    int64_t index, head, value;
    Sequence sequence;
    GPU_DEVICE explicit Place(const Tiles& p)
        : index(blockX() / kParts / p.heads),
          head(blockX() / kParts % p.heads),
          value(blockX() % kParts * kValues),
          sequence(sequenceAt(p.sequences, index)) {}
    GPU_DEVICE int64_t tile(const Tiles& p, int64_t chunk) const {
        return (sequence.chunksBefore + chunk) * p.heads + head;
    }
};

template <int N>
GPU_DEVICE void read(Sums<N, kValues>& state, const Tiles& p, const DeviceView& from, bool isSeven,
                     const Place<N>& place) {
    forEach(state, [&](int i, int j, float& x) {
        const int64_t value = place.value + j;
        const bool isThere = from.data && i < p.size && value < p.size;
        x = isThere ? get(from, stateOffset(from, isSeven, place.index, place.head, i, value)) : 0.0f;
    });
}
template <int N>
GPU_DEVICE void write(Sums<N, kValues>& state, const Tiles& p, const DeviceView& to, bool isSeven,
                      const Place<N>& place) {
    if (!to.data) return;
    forEach(state, [&](int i, int j, float& x) {
        const int64_t value = place.value + j;
        if (i < p.size && value < p.size) put(to, stateOffset(to, isSeven, place.index, place.head, i, value), x);
    });
}
template <int N>
GPU_DEVICE void decay(Sums<N, kValues>& state, const float* decays) {
    forEach(state, [&](int i, int, float& x) { x *= decays[i]; });
}

// Shared: the state's copy, its decays, three tiles of the chunk over the keys and two over the values.
template <int N>
struct Room {
    static constexpr int kTile3 = kTokens<N> * (N + kPad), kTile2 = kTokens<N> * kStride;
    BFloat16 *state, *one, *two, *three, *left, *right;
    float* decays;
    GPU_DEVICE Room() {
        decays = reinterpret_cast<float*>(sharedMemory());
        state = reinterpret_cast<BFloat16*>(decays + N);
        one = state + N * kStride, two = one + kTile3, three = two + kTile3, left = three + kTile3;
        right = left + kTile2;
    }
    static constexpr std::size_t kBytes =
        N * sizeof(float) + (N * kStride + 3 * kTile3 + 2 * kTile2) * sizeof(BFloat16);
};

// What a chunk brings, read while the one before is worked on.
template <int N, bool kSeven>
struct Next {
    static constexpr int T = kTokens<N>, S = N + kPad;
    Coming<T, N> one, two, three;
    Coming<T, kValues> left, right;
    float decay;
    GPU_DEVICE void read(const Tiles& p, const Place<N>& place, int64_t tile, const BFloat16* keys,
                         const BFloat16* values, const BFloat16* x) {
        const int64_t first = tile * T * N;
        one.read(keys + first, N);
        left.read(values + first + place.value, N);
        decay = thread() < N ? p.decays[tile * N + thread()] : 0.0f;
        if (kSeven) {
            two.read(p.bs + first, N);
            three.read(p.w + first, N);
            right.read(x + first + place.value, N);
        }
    }
    GPU_DEVICE void write(const Room<N>& room) const {
        one.write(room.one, S);
        left.write(room.left, kStride);
        if (thread() < N) room.decays[thread()] = decay;
        if (kSeven) {
            two.write(room.two, S);
            three.write(room.three, S);
            right.write(room.right, kStride);
        }
    }
};

// x <- x + left state, in shared memory, and its tile; begins and ends with a barrier.
template <int N>
GPU_DEVICE void addState(const Room<N>& room, const BFloat16* left, BFloat16* to) {
    constexpr int T = kTokens<N>, S = N + kPad;
    Sums<T, kValues> x;
    sync();
    forEach(x, [&](int i, int j, float& u) { u = widen(room.right[i * kStride + j]); });
    multiply<N, Lies::Straight, Lies::Straight>(x, left, S, room.state, kStride);
    put(x, room.right, kStride);
    sync();
    store<T, kValues>(to, N, room.right, kStride);
}

template <int N, bool kSeven>
GPU_KERNEL(kThreads)
scanKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad;
    const Place<N> place(p);
    const Room<N> room;
    Sums<N, kValues> h;
    read(h, p, p.state, kSeven, place);
    const int64_t chunks = chunksOf(p.sequences, place.sequence.length);
    Next<N, kSeven> next;
    if (chunks > 0) next.read(p, place, place.tile(p, 0), p.ks, p.vs, p.x);
    for (int64_t c = 0; c < chunks; ++c) {
        const int64_t tile = place.tile(p, c);
        sync();
        next.write(room);
        put(h, room.state, kStride);
        if (c + 1 < chunks) next.read(p, place, place.tile(p, c + 1), p.ks, p.vs, p.x);
        if (kSeven)
            addState(room, room.three, p.x + tile * T * N + place.value);
        else
            sync();
        store<N, kValues>(p.h + tile * N * N + place.value, N, room.state, kStride);
        if (!kSeven) decay(h, room.decays);
        multiply<T, Lies::Turned, Lies::Straight>(h, room.one, S, room.left, kStride);
        if (kSeven) {
            multiply<T, Lies::Turned, Lies::Straight>(h, room.two, S, room.right, kStride);
            decay(h, room.decays);
        }
    }
    write(h, p, p.lastState, kSeven, place);
}

// wkv7 saves exp(gl)' D, wkv6 D: what the gradients of its k^ want.
template <int N, bool kSeven>
GPU_KERNEL(kThreads)
backwardScanKernel(Tiles p) {
    constexpr int T = kTokens<N>, S = N + kPad;
    const Place<N> place(p);
    const Room<N> room;
    Sums<N, kValues> d;
    read(d, p, p.dstate, kSeven, place);
    const int64_t last = chunksOf(p.sequences, place.sequence.length) - 1;
    Next<N, kSeven> next;
    if (last >= 0) next.read(p, place, place.tile(p, last), p.qs, p.dys, p.dx);
    for (int64_t c = last; c >= 0; --c) {
        const int64_t tile = place.tile(p, c);
        sync();
        next.write(room);
        if (c > 0) next.read(p, place, place.tile(p, c - 1), p.qs, p.dys, p.dx);
        sync();
        if (kSeven) decay(d, room.decays);
        put(d, room.state, kStride);
        if (!kSeven) decay(d, room.decays);
        if (kSeven)
            addState(room, room.two, p.dx + tile * T * N + place.value);
        else
            sync();
        store<N, kValues>(p.ds + tile * N * N + place.value, N, room.state, kStride);
        multiply<T, Lies::Turned, Lies::Straight>(d, room.one, S, room.left, kStride);
        if (kSeven) multiply<T, Lies::Turned, Lies::Straight>(d, room.three, S, room.right, kStride);
    }
    write(d, p, p.dstate0, kSeven, place);
}

template <int N>
Grid gridOf(const Tiles& p) {
    return {p.sequences.count * p.heads * Place<N>::kParts, 1};
}

}  // namespace

template <int N>
const char* scan(bool isSeven, const Tiles& p, void* stream) {
    return launch(isSeven ? scanKernel<N, true> : scanKernel<N, false>, gridOf<N>(p), kThreads, Room<N>::kBytes, stream,
                  p);
}
template <int N>
const char* backwardScan(bool isSeven, const Tiles& p, void* stream) {
    return launch(isSeven ? backwardScanKernel<N, true> : backwardScanKernel<N, false>, gridOf<N>(p), kThreads,
                  Room<N>::kBytes, stream, p);
}
template const char* scan<64>(bool, const Tiles&, void*);
template const char* scan<128>(bool, const Tiles&, void*);
template const char* backwardScan<64>(bool, const Tiles&, void*);
template const char* backwardScan<128>(bool, const Tiles&, void*);

}  // namespace radlads::kernels::gpu::tiles
