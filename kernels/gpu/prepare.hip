// Some lanes of a warp have a head of a token, each eight channels of it in registers. Backward, a block has the query
// heads of a head of k and v: it goes through some tokens, keeps the sums over them of the parameters' gradients in
// registers, and adds what its heads have for k and v in shared memory.
#include <algorithm>

#include "kernels/gpu/prepare.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int kBackwardThreads = 192;  // few enough for two blocks on a multiprocessor
constexpr int64_t kMostBlocks = 512;   // of the backward pass; not of a device: its bits do not depend on it
constexpr float kDecayScale = 0.60653065971263342f;  // e^-1/2

enum class Form { Six, Seven, Tuned };  // Tuned: wkv7 with removal and replacement

struct Common {
    Divisor heads, kvHeads, group, tokens;  // group: query heads of a head of k and v
    int64_t rows;                           // of [batch, tokens]
    int size, lanes;
    bool isBalanced;
    DeviceView q, k, v, decay, rate, mix, first;
    const float *decayBase, *rateBase, *mixBase, *removal, *replacement;
    Rotation rotation;
    float queryScale;
};
struct Forward : Common {
    DeviceView outQ, outG, outK, outV, outA, outB;
};
struct Backward : Common {
    DeviceView ofQ, ofG, ofK, ofV, ofA, ofB;
    DeviceView dq, dk, dv, ddecay, drate, dmix, dfirst;
    float* sums;  // [parts, 5, heads, size]
    int64_t rounds;
    int headsAtOnce, slots;  // of a block: query heads, and tokens
};

// Where a lane is: channels i to i + kMany - 1 of head h, whose keys and values are head j. size 0: nowhere.
struct At {
    uint32_t b = 0, t = 0, h = 0, j = 0;
    int i = 0, size = 0;

    GPU_DEVICE void goTo(const Common& p, int64_t row, int64_t head) {
        size = row < p.rows ? p.size : 0;
        const int64_t within = row < p.rows ? row : p.rows - 1;
        const int64_t batch = p.tokens.quotient(within);
        b = static_cast<uint32_t>(batch), t = static_cast<uint32_t>(within - batch * p.tokens.value);
        h = static_cast<uint32_t>(head), j = static_cast<uint32_t>(p.group.quotient(head));
    }
    template <class T>
    GPU_DEVICE T* of(const DeviceView& view, uint32_t head) const {
        return static_cast<T*>(view.data) + rowOf(view, b, head, t);
    }
    template <class T>
    GPU_DEVICE void load(float (&x)[kMany], const DeviceView& view) const {
        loadSome(x, of<T>(view, h), i, size, 0);
    }
    template <class T>
    GPU_DEVICE void store(const DeviceView& view, const float (&x)[kMany]) const {
        storeSome(of<T>(view, h), i, size, x);
    }
    // Of a parameter.
    GPU_DEVICE void load(float (&x)[kMany], const float* parameter) const {
        loadSome(x, parameter + int64_t{h} * size, i, size, 0);
    }
};
GPU_DEVICE float laneSum(float value, int lanes) {
    for (int step = lanes / 2; step > 0; step /= 2) value += shuffle(value, lane() ^ step);
    return value;
}

// The rotation of a token's channels: x cos + sin times the channel in the other half.
struct Turn {
    float cos[kMany], sin[kMany];

    GPU_DEVICE Turn(const Common& p, const At& at) {
        GPU_UNROLL for (int e = 0; e < kMany; ++e) cos[e] = 1, sin[e] = 0;
        if (!p.rotation.cos || at.size == 0) return;
        const int half = at.size / 2;
        const int64_t row = int64_t{at.t} * p.rotation.stride;
        if (half % kMany == 0) {
            const int first = at.i < half ? at.i : at.i - half;
            loadSome(cos, p.rotation.cos + row, first, half, 0);
            loadSome(sin, p.rotation.sin + row, first, half, 0);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) if (at.i < half) sin[e] = -sin[e];
            return;
        }
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            const int channel = at.i + e, first = channel < half ? channel : channel - half;
            if (channel >= at.size) continue;
            cos[e] = p.rotation.cos[row + first];
            sin[e] = channel < half ? -p.rotation.sin[row + first] : p.rotation.sin[row + first];
        }
    }
};
// The channels of a lane, and those of the other half that are turned into them.
template <class T>
struct Turned {
    Raw<T, kMany> own, other;

    GPU_DEVICE void load(const T* head, const Common& p, const At& at) {
        own.load(head, at.i, at.size);
        other.clear();
        if (!p.rotation.cos) return;
        const int half = at.size / 2;
        if (half % kMany == 0) {
            other.load(head, at.i < half ? at.i + half : at.i - half, at.size);
            return;
        }
        float x[kMany] = {};
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            const int channel = at.i + e;
            if (channel < at.size) x[e] = get(head, channel < half ? channel + half : channel - half);
        }
        other.set(x);
    }
    GPU_DEVICE float forward(const Turn& by, int e) const { return own[e] * by.cos[e] + other[e] * by.sin[e]; }
    GPU_DEVICE float back(const Turn& by, int e) const { return own[e] * by.cos[e] - other[e] * by.sin[e]; }
};

// An input that a parameter is added to.
template <class T>
GPU_DEVICE void widenWith(float (&x)[kMany], const Raw<T, kMany>& raw, const float* bases, const At& at) {
    at.load(x, bases);
    GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] += raw[e];
}
template <class T>
GPU_DEVICE void sigmoidWith(float (&x)[kMany], const Raw<T, kMany>& raw, const float* bases, const At& at) {
    widenWith(x, raw, bases, at);
    GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] = sigmoid(x[e]);
}

// What becomes of the channels of a lane on their way.
template <class T, Form kForm>
struct Elements {
    static constexpr bool kTuned = kForm == Form::Tuned;
    const Common& p;
    float g[kMany], fade[kMany], rate[kMany];  // log decay, exp(g) - 1 where that is wanted
    float removal[kMany], replacement[kMany];  // ones where they are absent

    GPU_DEVICE Elements(const Common& common, const At& at, const Raw<T, kMany>& decays, const Raw<T, kMany>& rates)
        : p(common) {
        widenWith(g, decays, p.decayBase, at);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            if (kForm != Form::Six) {
                g[e] = -kDecayScale * sigmoid(g[e]);
            } else {
                g[e] = -exponential(g[e]);
                g[e] = g[e] < -5 ? -5.0f : g[e];
            }
            fade[e] = !kTuned && p.isBalanced ? expm1f(g[e]) : 0.0f;
            rate[e] = 0, removal[e] = replacement[e] = 1;
        }
        if (kForm != Form::Six) sigmoidWith(rate, rates, p.rateBase, at);
        if (kTuned) at.load(removal, p.removal), at.load(replacement, p.replacement);
    }
    // Of g by its input; a decay that is held at its limit has none.
    GPU_DEVICE float slope(int e) const {
        if (kForm != Form::Six) return g[e] * (1 + g[e] * (1 / kDecayScale));
        return g[e] == -5 ? 0.0f : g[e];
    }
    // Of the key in the state, per element of R(k).
    GPU_DEVICE float strength(int e) const {
        if (kTuned) return 1 + (rate[e] - 1) * replacement[e];
        return p.isBalanced ? rate[e] - fade[e] : 1.0f;
    }
};

// 1 / |R(k) removal|
GPU_DEVICE float inverseLength(const float (&key)[kMany], const float (&removal)[kMany], int lanes) {
    float squares = 0;
    GPU_UNROLL for (int e = 0; e < kMany; ++e) squares += key[e] * removal[e] * (key[e] * removal[e]);
    return 1 / sqrtf(laneSum(squares, lanes) + 1e-24f);
}

template <class T, Form kForm>
GPU_KERNEL_TOGETHER(kRowThreads, sizeof(T) == 2 ? 3 : 2)
forwardKernel(const Forward p) {
    constexpr bool kSeven = kForm != Form::Six;
    const Team team(p.lanes);
    const int64_t unit = blockX() * team.count + team.number, row = p.heads.quotient(unit);
    At at;
    at.i = team.member * kMany;
    at.goTo(p, row, unit - row * p.heads.value);
    const bool isMixed = kSeven && p.first.data;
    Turned<T> q = {}, k;
    Raw<T, kMany> decay, rate = {}, v = {}, mix = {}, first = {};
    k.load(at.of<T>(p.k, at.j), p, at);
    decay.load(at.of<T>(p.decay, at.h), at.i, at.size);
    if (kSeven) rate.load(at.of<T>(p.rate, at.h), at.i, at.size);
    if (p.q.data) q.load(at.of<T>(p.q, at.h), p, at);
    if (p.v.data) v.load(at.of<T>(p.v, at.j), at.i, at.size);
    if (isMixed) {
        mix.load(at.of<T>(p.mix, at.h), at.i, at.size);
        first.load(at.of<T>(p.first, at.h), at.i, at.size);
    }
    const Turn turn(p, at);
    float key[kMany], x[kMany], y[kMany];
    if (p.q.data) {
        GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] = q.forward(turn, e) * p.queryScale;
        at.store<T>(p.outQ, x);
    }
    GPU_UNROLL for (int e = 0; e < kMany; ++e) key[e] = k.forward(turn, e);
    const Elements<T, kForm> of(p, at, decay, rate);
    at.store<float>(p.outG, of.g);
    GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] = key[e] * of.strength(e);
    at.store<T>(p.outK, x);
    if (kSeven) {
        const float inverse = inverseLength(key, of.removal, p.lanes);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            x[e] = -inverse * of.removal[e] * key[e];
            y[e] = -x[e] * of.rate[e];
        }
        at.store<T>(p.outA, x);
        at.store<T>(p.outB, y);
    }
    if (!p.v.data) return;
    v.widenTo(x);
    if (isMixed) {
        sigmoidWith(y, mix, p.mixBase, at);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] += (first[e] - x[e]) * y[e];
    }
    at.store<T>(p.outV, x);
}

// The sums of a lane over its tokens: the gradients of decayBase, rateBase, mixBase, removal, replacement.
using ParameterSums = float[kMostLists][kMany];

// What a lane reads for the gradients of the query and the value, and works out; what is dv's goes to shared memory.
template <class T, Form kForm>
struct Values {
    Turned<T> ofQ;
    Raw<T, kMany> ofV, v, first, mix;

    GPU_DEVICE static bool isMixed(const Backward& p) { return kForm != Form::Six && p.first.data; }
    GPU_DEVICE void load(const Backward& p, const At& at) {
        if (p.q.data) ofQ.load(at.of<T>(p.ofQ, at.h), p, at);
        if (p.v.data) ofV.load(at.of<T>(p.ofV, at.h), at.i, at.size);
        if (!isMixed(p)) return;
        v.load(at.of<T>(p.v, at.j), at.i, at.size);
        first.load(at.of<T>(p.first, at.h), at.i, at.size);
        mix.load(at.of<T>(p.mix, at.h), at.i, at.size);
    }
    GPU_DEVICE void work(const Backward& p, const At& at, const Turn& turn, ParameterSums& sums, float* dvs) const {
        float dv[kMany], share[kMany], dmix[kMany];
        if (p.q.data) {
            GPU_UNROLL for (int e = 0; e < kMany; ++e) dv[e] = ofQ.back(turn, e) * p.queryScale;
            at.store<T>(p.dq, dv);
        }
        if (!p.v.data) return;
        ofV.widenTo(dv);
        if (isMixed(p)) {
            sigmoidWith(share, mix, p.mixBase, at);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) {
                const float rest = 1 - share[e];
                share[e] *= dv[e];
                dmix[e] = share[e] * (first[e] - v[e]) * rest;
                sums[2][e] += dmix[e];
                dv[e] -= share[e];
            }
            at.store<T>(p.dfirst, share);
            at.store<T>(p.dmix, dmix);
        }
        storeSome(dvs, 0, kMany, dv);
    }
};

// The same for the decay, the rate and the key, which goes to shared memory, rotated.
template <class T, Form kForm>
struct Keys {
    static constexpr bool kSeven = kForm != Form::Six, kTuned = kForm == Form::Tuned;
    Turned<T> k;
    Raw<T, kMany> decay, rate, ofK, ofA, ofB;
    Raw<float, kMany> ofG;

    GPU_DEVICE void load(const Backward& p, const At& at) {
        k.load(at.of<T>(p.k, at.j), p, at);
        decay.load(at.of<T>(p.decay, at.h), at.i, at.size);
        ofK.load(at.of<T>(p.ofK, at.h), at.i, at.size);
        ofG.load(at.of<float>(p.ofG, at.h), at.i, at.size);
        if (!kSeven) return;
        rate.load(at.of<T>(p.rate, at.h), at.i, at.size);
        ofA.load(at.of<T>(p.ofA, at.h), at.i, at.size);
        ofB.load(at.of<T>(p.ofB, at.h), at.i, at.size);
    }
    GPU_DEVICE void work(const Backward& p, const At& at, const Turn& turn, ParameterSums& sums, float* dkeys) const {
        float key[kMany], dk[kMany], x[kMany], dkey[kMany];
        GPU_UNROLL for (int e = 0; e < kMany; ++e) key[e] = k.forward(turn, e);
        const Elements<T, kForm> of(p, at, decay, rate);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            dkey[e] = of.strength(e) * ofK[e];
            dk[e] = ofK[e] * key[e];
            x[e] = ofG[e];
            if (!kTuned && p.isBalanced) x[e] -= dk[e] * (1 + of.fade[e]);
            x[e] *= of.slope(e);
            sums[0][e] += x[e];
        }
        at.store<T>(p.ddecay, x);
        if (kSeven) {
            float dkappa[kMany], along = 0;
            const float inverse = inverseLength(key, of.removal, p.lanes);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) {
                dkappa[e] = ofB[e] * of.rate[e] - ofA[e];
                along += dkappa[e] * key[e] * of.removal[e] * inverse;
            }
            along = laneSum(along, p.lanes);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) {
                const float kappa = key[e] * of.removal[e] * inverse, own = of.rate[e];
                const float du = (dkappa[e] - kappa * along) * inverse;
                dkey[e] += du * of.removal[e];
                x[e] = (ofB[e] * kappa + dk[e] * of.replacement[e]) * own * (1 - own);
                sums[1][e] += x[e];
                if (kTuned) sums[3][e] += du * key[e], sums[4][e] += dk[e] * (own - 1);
            }
            at.store<T>(p.drate, x);
        }
        storeSome(dkeys, 0, kMany, dkey);
    }
};

GPU_BOTH int64_t roomFloats(int threads, int slots, int size) {
    return 2 * (int64_t{threads} * kMany + slots * size);
}

template <class T, Form kForm>
GPU_KERNEL_TOGETHER(kBackwardThreads, 2)
backwardKernel(const Backward p) {
    const int columns = p.lanes * kMany, number = thread() / p.lanes;
    const int slot = number / p.headsAtOnce, headOfSlot = number - slot * p.headsAtOnce;
    // Of shared memory: what the lanes have for k and v, then the sums over the heads of a token.
    float* ofLanes = reinterpret_cast<float*>(sharedMemory());
    float* ofTokens = ofLanes + 2 * blockThreads() * kMany;
    const int64_t part = p.kvHeads.quotient(blockX()), j = blockX() - part * p.kvHeads.value;
    const int lists = p.v.data ? 2 : 1;
    const int64_t width = p.heads.value * p.size, group = p.group.value;
    const int64_t chunks = (group + p.headsAtOnce - 1) / p.headsAtOnce;
    float* sumsOfPart = p.sums + part * kMostLists * width;
    At at;
    at.i = (thread() - number * p.lanes) * kMany;
    float sums[kMostLists][kMany] = {}, x[kMany];
    for (int64_t round = 0; round < p.rounds; ++round) {
        const int64_t start = (part * p.rounds + round) * p.slots;
        for (int64_t chunk = 0; chunk < chunks; ++chunk) {
            const int64_t within = chunk * p.headsAtOnce + headOfSlot;
            const bool isHere = slot < p.slots && within < group;
            at.goTo(p, isHere ? start + slot : p.rows, j * group + (within < group ? within : 0));
            // Of several chunks of heads, a lane's sums are kept in memory.
            float* kept = sumsOfPart + int64_t{at.h} * p.size;
            if (chunks > 1) GPU_UNROLL for (int list = 0; list < kMostLists; ++list) {
                    GPU_UNROLL for (int e = 0; e < kMany; ++e) sums[list][e] = 0;
                    if (round > 0 && isHere) loadSome(sums[list], kept + list * width, at.i, p.size, 0);
                }
            // Registers hold all that is read for bfloat16 at once.
            Keys<T, kForm> keys = {};
            Values<T, kForm> values = {};
            keys.load(p, at);
            if (sizeof(T) == 2) values.load(p, at);
            const Turn turn(p, at);
            keys.work(p, at, turn, sums, ofLanes + thread() * kMany);
            if (sizeof(T) != 2) values.load(p, at);
            values.work(p, at, turn, sums, ofLanes + (blockThreads() + thread()) * kMany);
            if (chunks > 1 && isHere)
                GPU_UNROLL for (int list = 0; list < kMostLists; ++list)
                    storeSome(kept + list * width, at.i, p.size, sums[list]);
            sync();
            for (int s = 0; s < p.slots; ++s)
                for (int c = thread(); c < lists * p.size; c += blockThreads()) {
                    const int which = c < p.size ? 0 : 1;
                    const float* from = ofLanes + which * blockThreads() * kMany + s * p.headsAtOnce * columns;
                    float* to = ofTokens + 2 * s * p.size + c;
                    float sum = chunk > 0 ? *to : 0.0f;
                    for (int head = 0; head < p.headsAtOnce; ++head) sum += from[head * columns + c - which * p.size];
                    *to = sum;
                }
            sync();
        }
        // A token's keys and values, by the lanes that would have its first head.
        if (slot >= p.slots || headOfSlot != 0) continue;
        at.goTo(p, start + slot, j * group);
        const float* from = ofTokens + 2 * slot * p.size;
        Turned<float> sum;
        sum.load(from, p, at);
        const Turn turn(p, at);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) x[e] = sum.back(turn, e);
        storeSome(at.of<T>(p.dk, at.j), at.i, at.size, x);
        if (!p.v.data) continue;
        loadSome(x, from + p.size, at.i, at.size, 0);
        storeSome(at.of<T>(p.dv, at.j), at.i, at.size, x);
    }
    if (chunks > 1) return;
    // The tokens of a block in their order.
    GPU_UNROLL for (int list = 0; list < kMostLists; ++list) {
        sync();
        storeSome(ofLanes, thread() * kMany, blockThreads() * kMany, sums[list]);
        sync();
        for (int64_t head = 0; head < group; ++head)
            for (int c = thread(); c < p.size; c += blockThreads()) {
                float sum = 0;
                for (int s = 0; s < p.slots; ++s) sum += ofLanes[(s * p.headsAtOnce + head) * columns + c];
                sumsOfPart[list * width + (j * group + head) * p.size + c] = sum;
            }
    }
}

// --- On the host ----------------------------------------------------------------------------------------------------

void fill(Common& p, const Prepare& op) {
    p.heads = Divisor(op.decay.sizes[1]), p.kvHeads = Divisor(op.k.sizes[1]);
    p.group = Divisor(p.heads.value / p.kvHeads.value), p.tokens = Divisor(op.k.sizes[2]);
    p.rows = op.k.sizes[0] * op.k.sizes[2], p.size = static_cast<int>(op.k.sizes[3]);
    p.lanes = TeamShape(p.size, 1).lanes, p.isBalanced = op.balance;
    p.q = DeviceView(op.q), p.k = DeviceView(op.k), p.v = DeviceView(op.v);
    p.decay = DeviceView(op.decay), p.rate = DeviceView(op.rate);
    p.mix = DeviceView(op.mix), p.first = DeviceView(op.first);
    p.decayBase = op.decayBase, p.rateBase = op.rateBase, p.mixBase = op.mixBase;
    p.removal = op.removal, p.replacement = op.replacement;
    p.rotation = op.rotation, p.queryScale = static_cast<float>(op.queryScale);
}
Form formOf(const Prepare& op) {
    return op.op == Wkv::Six ? Form::Six : op.balance ? Form::Seven : Form::Tuned;
}

template <class P>
using Kernel = void (*)(const P);

// How a block of the backward pass is divided.
struct Division {
    int headsAtOnce, slots, threads;
    int64_t rounds, parts;
};
Division divide(const Prepare& op) {
    const int lanes = TeamShape(op.k.sizes[3], 1).lanes, most = kBackwardThreads / lanes;
    const int64_t group = op.decay.sizes[1] / op.k.sizes[1], rows = op.k.sizes[0] * op.k.sizes[2];
    Division d{};
    d.headsAtOnce = static_cast<int>(std::min<int64_t>(group, most));
    d.slots = group > most ? 1 : most / d.headsAtOnce;
    d.threads = (lanes * d.headsAtOnce * d.slots + 63) / 64 * 64;
    const int64_t mostParts = std::max<int64_t>(1, kMostBlocks / op.k.sizes[1]);
    d.rounds = (rows + d.slots * mostParts - 1) / (d.slots * mostParts);
    d.parts = rows == 0 ? 0 : (rows + d.slots * d.rounds - 1) / (d.slots * d.rounds);
    return d;
}

}  // namespace

const char* prepareForward(const Prepare& op, const Prepared& outputs, void* stream) {
    Forward p{};
    fill(p, op);
    p.outQ = DeviceView(outputs.q), p.outG = DeviceView(outputs.g), p.outK = DeviceView(outputs.k);
    p.outV = DeviceView(outputs.v), p.outA = DeviceView(outputs.a), p.outB = DeviceView(outputs.b);
    static constexpr Kernel<Forward> kernels[2][3] = {
        {forwardKernel<float, Form::Six>, forwardKernel<float, Form::Seven>, forwardKernel<float, Form::Tuned>},
        {forwardKernel<BFloat16, Form::Six>, forwardKernel<BFloat16, Form::Seven>,
         forwardKernel<BFloat16, Form::Tuned>}};
    const TeamShape shape(p.size, 1);
    return launch(kernels[p.k.isBFloat16][static_cast<int>(formOf(op))], {shape.blocksFor(p.rows * p.heads.value), 1},
                  kRowThreads, 0, stream, p);
}

std::size_t prepareWorkspaceFloats(const Prepare& op) {
    return static_cast<std::size_t>(divide(op).parts * kMostLists * op.decay.sizes[1] * op.k.sizes[3]);
}

const char* prepareBackward(const Prepare& op, const PrepareGradients& gradients, float* workspace, void* stream) {
    const Division d = divide(op);
    Backward p{};
    fill(p, op);
    const Prepared& of = gradients.of;
    p.ofQ = DeviceView(of.q), p.ofG = DeviceView(of.g), p.ofK = DeviceView(of.k);
    p.ofV = DeviceView(of.v), p.ofA = DeviceView(of.a), p.ofB = DeviceView(of.b);
    p.dq = DeviceView(gradients.dq), p.dk = DeviceView(gradients.dk), p.dv = DeviceView(gradients.dv);
    p.ddecay = DeviceView(gradients.ddecay), p.drate = DeviceView(gradients.drate);
    p.dmix = DeviceView(gradients.dmix), p.dfirst = DeviceView(gradients.dfirst);
    p.sums = workspace, p.rounds = d.rounds, p.headsAtOnce = d.headsAtOnce, p.slots = d.slots;
    static constexpr Kernel<Backward> kernels[2][3] = {
        {backwardKernel<float, Form::Six>, backwardKernel<float, Form::Seven>, backwardKernel<float, Form::Tuned>},
        {backwardKernel<BFloat16, Form::Six>, backwardKernel<BFloat16, Form::Seven>,
         backwardKernel<BFloat16, Form::Tuned>}};
    const std::size_t shared = static_cast<std::size_t>(roomFloats(d.threads, d.slots, p.size)) * sizeof(float);
    const Grid grid{d.parts * p.kvHeads.value, 1};
    if (const char* error =
            launch(kernels[p.k.isBFloat16][static_cast<int>(formOf(op))], grid, d.threads, shared, stream, p))
        return error;
    const int64_t width = p.heads.value * p.size;
    return sumParts(
        {workspace,
         d.parts,
         width,
         kMostLists * width,
         {gradients.ddecayBase, gradients.drateBase, gradients.dmixBase, gradients.dremoval, gradients.dreplacement}},
        kMostLists, stream);
}

}  // namespace radlads::kernels::gpu
