// A warp for a head of a token, forward; for a head of k and v and a few tokens, backward: it goes through the query
// heads of it, keeps the sums over its tokens of the parameters' gradients in registers, and what they add to k and v
// in shared memory.
#include <algorithm>

#include "kernels/gpu/prepare.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int kThreads = 128;
constexpr int kTokens = 4;            // of a piece of the backward pass
constexpr int64_t kMostWarps = 2048;  // of the backward pass; not of a device: its bits do not depend on it
constexpr float kDecayScale = 0.60653065971263342f;  // e^-1/2
constexpr int64_t kNarrowHead = 64;

struct Common {
    int64_t heads, kvHeads, group, tokens, rows, size;  // rows: of [batch, tokens]
    bool isSeven, isBalanced;
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
    int64_t parts;
};

template <class T>
GPU_DEVICE T* headOf(const DeviceView& view, const Common& p, int64_t row, int64_t head) {
    if (!view.data) return nullptr;
    return static_cast<T*>(view.data) + rowOf(view, row / p.tokens, head, row % p.tokens);
}

// Channels i to i + W - 1 of a head after the rotation of row t, or back.
template <int W, class T>
GPU_DEVICE void loadTurned(float (&x)[W], const T* head, const Common& p, int64_t t, int64_t i, bool back) {
    loadSome(x, head, i, p.size, 0);
    if (!p.rotation.cos) return;
    const int64_t half = p.size / 2;
    const float *cos = p.rotation.cos + t * p.rotation.stride, *sin = p.rotation.sin + t * p.rotation.stride;
    float other[W], c[W], s[W];
    if (half % W == 0) {
        const bool isFirst = i < half;
        loadSome(other, head, isFirst ? i + half : i - half, p.size, 0);
        loadSome(c, cos, isFirst ? i : i - half, half, 0);
        loadSome(s, sin, isFirst ? i : i - half, half, 0);
        GPU_UNROLL for (int e = 0; e < W; ++e) x[e] = x[e] * c[e] + (isFirst != back ? -s[e] : s[e]) * other[e];
        return;
    }
    GPU_UNROLL for (int e = 0; e < W; ++e) {
        const int64_t at = i + e;
        if (at >= p.size) continue;
        const bool isFirst = at < half;
        const float partner = get(head, isFirst ? at + half : at - half);
        const float sine = sin[isFirst ? at : at - half];
        x[e] = x[e] * cos[isFirst ? at : at - half] + (isFirst != back ? -sine : sine) * partner;
    }
}

// What becomes of W channels of a head of a token on its way.
template <int W>
struct Elements {
    float g[W], slope[W], rate[W], mix[W];  // log decay, its slope by its input
};
template <int W, class T>
GPU_DEVICE void loadElements(Elements<W>& x, const Common& p, int64_t row, int64_t h, int64_t i) {
    float base[W];
    const auto load = [&](float(&to)[W], const DeviceView& view, const float* bases) {
        loadSome(to, headOf<T>(view, p, row, h), i, p.size, 0);
        loadSome(base, bases + h * p.size, i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < W; ++e) to[e] += base[e];
    };
    load(x.g, p.decay, p.decayBase);
    GPU_UNROLL for (int e = 0; e < W; ++e) {
        if (p.isSeven) {
            const float s = sigmoid(x.g[e]);
            x.g[e] = -kDecayScale * s;
            x.slope[e] = x.g[e] * (1 - s);
        } else {
            const float g = -exponential(x.g[e]);
            x.g[e] = g < -5 ? -5.0f : g;
            x.slope[e] = g < -5 ? 0.0f : g;
        }
        x.rate[e] = x.mix[e] = 0;
    }
    if (p.isSeven) {
        load(x.rate, p.rate, p.rateBase);
        GPU_UNROLL for (int e = 0; e < W; ++e) x.rate[e] = sigmoid(x.rate[e]);
    }
    if (p.first.data) {
        load(x.mix, p.mix, p.mixBase);
        GPU_UNROLL for (int e = 0; e < W; ++e) x.mix[e] = sigmoid(x.mix[e]);
    }
}

// The key's part in the state, per element of R(k).
template <int W>
GPU_DEVICE void strengthOf(float (&x)[W], const Elements<W>& of, const float (&replacement)[W], const Common& p) {
    GPU_UNROLL for (int e = 0; e < W; ++e) {
        if (p.isBalanced)
            x[e] = of.rate[e] - expm1f(of.g[e]);
        else
            x[e] = p.isSeven ? 1 + (of.rate[e] - 1) * replacement[e] : 1.0f;
    }
}
// Ones where the parameter is absent.
template <int W>
GPU_DEVICE void loadParameter(float (&x)[W], const float* parameter, const Common& p, int64_t h, int64_t i) {
    GPU_UNROLL for (int e = 0; e < W; ++e) x[e] = 1;
    if (parameter) loadSome(x, parameter + h * p.size, i, p.size, 0);
}

// 1 / |R(k) removal|
template <int W, class T>
GPU_DEVICE float inverseLength(const Common& p, const T* key, int64_t t, int64_t h) {
    float x[W], removal[W], squares = 0;
    for (int64_t i = lane() * W; i < p.size; i += warpLanes() * W) {
        loadTurned(x, key, p, t, i, false);
        loadParameter(removal, p.removal, p, h, i);
        GPU_UNROLL for (int e = 0; e < W; ++e) squares += x[e] * removal[e] * (x[e] * removal[e]);
    }
    return 1 / sqrtf(warpSum(squares) + 1e-24f);
}

template <class T, int W>
GPU_KERNEL(kThreads)
forwardKernel(Forward p) {
    const int64_t index = blockX() * blockWarps() + warp();
    if (index >= p.rows * p.heads) return;
    const int64_t row = index / p.heads, h = index % p.heads, j = h / p.group, t = row % p.tokens;
    const T* key = headOf<T>(p.k, p, row, j);
    const float inverse = p.isSeven ? inverseLength<W>(p, key, t, h) : 1.0f;
    Elements<W> of;
    float x[W], y[W], parameter[W];
    for (int64_t i = lane() * W; i < p.size; i += warpLanes() * W) {
        if (p.q.data) {
            loadTurned(x, headOf<T>(p.q, p, row, h), p, t, i, false);
            GPU_UNROLL for (int e = 0; e < W; ++e) x[e] *= p.queryScale;
            storeSome(headOf<T>(p.outQ, p, row, h), i, p.size, x);
        }
        loadElements<W, T>(of, p, row, h, i);
        storeSome(headOf<float>(p.outG, p, row, h), i, p.size, of.g);
        loadTurned(x, key, p, t, i, false);
        loadParameter(parameter, p.replacement, p, h, i);
        strengthOf(y, of, parameter, p);
        GPU_UNROLL for (int e = 0; e < W; ++e) y[e] *= x[e];
        storeSome(headOf<T>(p.outK, p, row, h), i, p.size, y);
        if (p.isSeven) {
            loadParameter(parameter, p.removal, p, h, i);
            GPU_UNROLL for (int e = 0; e < W; ++e) {
                x[e] *= -inverse * parameter[e];
                y[e] = -x[e] * of.rate[e];
            }
            storeSome(headOf<T>(p.outA, p, row, h), i, p.size, x);
            storeSome(headOf<T>(p.outB, p, row, h), i, p.size, y);
        }
        if (!p.v.data) continue;
        loadSome(x, headOf<T>(p.v, p, row, j), i, p.size, 0);
        if (p.first.data) {
            loadSome(y, headOf<T>(p.first, p, row, h), i, p.size, 0);
            GPU_UNROLL for (int e = 0; e < W; ++e) x[e] += (y[e] - x[e]) * of.mix[e];
        }
        storeSome(headOf<T>(p.outV, p, row, h), i, p.size, x);
    }
}

// The sums of a warp's lane over its tokens: the gradients of decayBase, rateBase, mixBase, removal, replacement.
template <int W>
struct ParameterSums {
    float x[kMostLists][W];
};

// One head of a token, channels i to i + W - 1. along: the sum over channels of dkappa kappa. dkey, dv: of this lane.
template <int W, class T>
struct Pass {
    const Backward& p;
    int64_t row, t, h, j;
    float inverse;

    // dkappa, with what it needs.
    GPU_DEVICE void dkappa(float (&x)[W], const Elements<W>& of, int64_t i) const {
        float da[W];
        loadSome(x, headOf<T>(p.ofB, p, row, h), i, p.size, 0);
        loadSome(da, headOf<T>(p.ofA, p, row, h), i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < W; ++e) x[e] = x[e] * of.rate[e] - da[e];
    }
    GPU_DEVICE float along() const {
        Elements<W> of;
        float key[W], removal[W], d[W], sum = 0;
        for (int64_t i = lane() * W; i < p.size; i += warpLanes() * W) {
            loadElements<W, T>(of, p, row, h, i);
            loadTurned(key, headOf<T>(p.k, p, row, j), p, t, i, false);
            loadParameter(removal, p.removal, p, h, i);
            dkappa(d, of, i);
            GPU_UNROLL for (int e = 0; e < W; ++e) sum += d[e] * key[e] * removal[e] * inverse;
        }
        return warpSum(sum);
    }
    GPU_DEVICE void work(int64_t i, float alongAll, ParameterSums<W>& sums, float* dkey, float* dv) const {
        Elements<W> of;
        float key[W], removal[W], replacement[W], dk[W], x[W], y[W], toKey[W];
        loadElements<W, T>(of, p, row, h, i);
        loadTurned(key, headOf<T>(p.k, p, row, j), p, t, i, false);
        loadParameter(removal, p.removal, p, h, i);
        loadParameter(replacement, p.replacement, p, h, i);
        loadSome(dk, headOf<T>(p.ofK, p, row, h), i, p.size, 0);
        strengthOf(toKey, of, replacement, p);
        loadSome(x, headOf<float>(p.ofG, p, row, h), i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < W; ++e) {
            toKey[e] *= dk[e];
            if (p.isBalanced) x[e] -= dk[e] * key[e] * exponential(of.g[e]);
            x[e] *= of.slope[e];
            sums.x[0][e] += x[e];
        }
        storeSome(headOf<T>(p.ddecay, p, row, h), i, p.size, x);
        if (p.isSeven) {
            loadSome(x, headOf<T>(p.ofB, p, row, h), i, p.size, 0);
            dkappa(y, of, i);
            GPU_UNROLL for (int e = 0; e < W; ++e) {
                const float kappa = key[e] * removal[e] * inverse, rate = of.rate[e], strong = dk[e] * key[e];
                const float du = (y[e] - kappa * alongAll) * inverse;
                toKey[e] += du * removal[e];
                x[e] = (x[e] * kappa + strong * replacement[e]) * rate * (1 - rate);
                sums.x[1][e] += x[e];
                sums.x[3][e] += du * key[e];
                sums.x[4][e] += strong * (rate - 1);
            }
            storeSome(headOf<T>(p.drate, p, row, h), i, p.size, x);
        }
        GPU_UNROLL for (int e = 0; e < W; ++e) if (i + e < p.size) dkey[i + e] += toKey[e];
        if (!p.v.data) return;
        loadSome(x, headOf<T>(p.ofV, p, row, h), i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < W; ++e) if (i + e < p.size) dv[i + e] += x[e] * (1 - of.mix[e]);
        if (!p.first.data) return;
        loadSome(y, headOf<T>(p.first, p, row, h), i, p.size, 0);
        loadSome(key, headOf<T>(p.v, p, row, j), i, p.size, 0);
        GPU_UNROLL for (int e = 0; e < W; ++e) {
            const float share = x[e] * of.mix[e];
            y[e] = share * (y[e] - key[e]) * (1 - of.mix[e]);
            sums.x[2][e] += y[e];
            x[e] = share;
        }
        storeSome(headOf<T>(p.dfirst, p, row, h), i, p.size, x);
        storeSome(headOf<T>(p.dmix, p, row, h), i, p.size, y);
    }
};

// Of shared memory: what is added to the keys and values of its tokens, and two numbers of each.
GPU_BOTH int64_t floatsOfWarp(int64_t size) {
    return 2 * kTokens * (size + 1);
}

template <class T, int W>
GPU_KERNEL(kThreads)
backwardKernel(const Backward p) {
    const int64_t part = blockX() * blockWarps() + warp(), j = blockY(), step = int64_t{warpLanes()} * W;
    float* dkeys = reinterpret_cast<float*>(sharedMemory()) + int64_t{warp()} * floatsOfWarp(p.size);
    float* dvs = dkeys + kTokens * p.size;
    float *inverses = dvs + kTokens * p.size, *alongs = inverses + kTokens;
    if (part >= p.parts) return;
    const int64_t pieces = (p.rows + kTokens - 1) / kTokens, width = p.heads * p.size;
    float* sumsOfPart = p.sums + part * kMostLists * width;
    float x[W];
    for (int64_t piece = part; piece < pieces; piece += p.parts) {
        const int64_t start = piece * kTokens, left = p.rows - start, count = left < kTokens ? left : kTokens;
        for (int64_t i = lane(); i < 2 * kTokens * p.size; i += warpLanes()) dkeys[i] = 0;
        syncWarp();
        for (int64_t h = j * p.group; h < (j + 1) * p.group; ++h) {
            syncWarp();
            for (int n = 0; p.isSeven && n < count; ++n) {
                const int64_t row = start + n, t = row % p.tokens;
                const float inverse = inverseLength<W>(p, headOf<T>(p.k, p, row, j), t, h);
                const float along = Pass<W, T>{p, row, t, h, j, inverse}.along();
                if (lane() == 0) inverses[n] = inverse, alongs[n] = along;
            }
            syncWarp();
            for (int64_t i = int64_t{lane()} * W; i < p.size; i += step) {
                ParameterSums<W> sums{};
                for (int n = 0; n < count; ++n) {
                    const int64_t row = start + n, t = row % p.tokens;
                    const Pass<W, T> pass{p, row, t, h, j, p.isSeven ? inverses[n] : 1.0f};
                    pass.work(i, p.isSeven ? alongs[n] : 0.0f, sums, dkeys + n * p.size, dvs + n * p.size);
                    if (!p.q.data) continue;
                    loadTurned(x, headOf<T>(p.ofQ, p, row, h), p, t, i, true);
                    GPU_UNROLL for (int e = 0; e < W; ++e) x[e] *= p.queryScale;
                    storeSome(headOf<T>(p.dq, p, row, h), i, p.size, x);
                }
                GPU_UNROLL for (int list = 0; list < kMostLists; ++list) {
                    float* to = sumsOfPart + list * width + h * p.size;
                    if (piece != part) {
                        loadSome(x, to, i, p.size, 0);
                        GPU_UNROLL for (int e = 0; e < W; ++e) sums.x[list][e] += x[e];
                    }
                    storeSome(to, i, p.size, sums.x[list]);
                }
            }
        }
        syncWarp();
        for (int64_t n = 0; n < count; ++n) {
            const int64_t row = start + n;
            for (int64_t i = int64_t{lane()} * W; i < p.size; i += step) {
                loadTurned(x, dkeys + n * p.size, p, row % p.tokens, i, true);
                storeSome(headOf<T>(p.dk, p, row, j), i, p.size, x);
                if (!p.v.data) continue;
                loadSome(x, dvs + n * p.size, i, p.size, 0);
                storeSome(headOf<T>(p.dv, p, row, j), i, p.size, x);
            }
        }
        syncWarp();
    }
}

// --- On the host ----------------------------------------------------------------------------------------------------

void fill(Common& p, const Prepare& op) {
    p.heads = op.decay.sizes[1], p.kvHeads = op.k.sizes[1], p.group = p.heads / p.kvHeads;
    p.tokens = op.k.sizes[2], p.rows = op.k.sizes[0] * p.tokens, p.size = op.k.sizes[3];
    p.isSeven = op.op == Wkv::Seven, p.isBalanced = op.balance;
    p.q = DeviceView(op.q), p.k = DeviceView(op.k), p.v = DeviceView(op.v);
    p.decay = DeviceView(op.decay), p.rate = DeviceView(op.rate);
    p.mix = DeviceView(op.mix), p.first = DeviceView(op.first);
    p.decayBase = op.decayBase, p.rateBase = op.rateBase, p.mixBase = op.mixBase;
    if (p.isSeven && !op.balance) p.removal = op.removal, p.replacement = op.replacement;
    if (!p.isSeven) p.first = p.mix = DeviceView();
    p.rotation = op.rotation, p.queryScale = static_cast<float>(op.queryScale);
}

template <class P>
using Kernel = void (*)(P);
template <class P>
Kernel<P> choose(const Common& p, Kernel<P> narrow, Kernel<P> wide, Kernel<P> narrowHalf, Kernel<P> wideHalf) {
    const bool isNarrow = p.size <= kNarrowHead;  // two channels a lane, else four
    return p.k.isBFloat16 ? (isNarrow ? narrowHalf : wideHalf) : (isNarrow ? narrow : wide);
}

constexpr int64_t kLeastWarps = kThreads / 64;  // of a block

int64_t partsFor(const Prepare& op) {
    const int64_t pieces = (op.k.sizes[0] * op.k.sizes[2] + kTokens - 1) / kTokens;
    return std::min(pieces, std::max<int64_t>(1, kMostWarps / op.k.sizes[1]));
}

}  // namespace

const char* prepareForward(const Prepare& op, const Prepared& outputs, void* stream) {
    Forward p{};
    fill(p, op);
    p.outQ = DeviceView(outputs.q), p.outG = DeviceView(outputs.g), p.outK = DeviceView(outputs.k);
    p.outV = DeviceView(outputs.v), p.outA = DeviceView(outputs.a), p.outB = DeviceView(outputs.b);
    const auto kernel = choose<Forward>(p, forwardKernel<float, 2>, forwardKernel<float, 4>, forwardKernel<BFloat16, 2>,
                                        forwardKernel<BFloat16, 4>);
    return launch(kernel, {(p.rows * p.heads + kLeastWarps - 1) / kLeastWarps, 1}, kThreads, 0, stream, p);
}

std::size_t prepareWorkspaceFloats(const Prepare& op) {
    return static_cast<std::size_t>(partsFor(op) * kMostLists * op.decay.sizes[1] * op.k.sizes[3]);
}

const char* prepareBackward(const Prepare& op, const PrepareGradients& gradients, float* workspace, void* stream) {
    Backward p{};
    fill(p, op);
    const Prepared& of = gradients.of;
    p.ofQ = DeviceView(of.q), p.ofG = DeviceView(of.g), p.ofK = DeviceView(of.k);
    p.ofV = DeviceView(of.v), p.ofA = DeviceView(of.a), p.ofB = DeviceView(of.b);
    p.dq = DeviceView(gradients.dq), p.dk = DeviceView(gradients.dk), p.dv = DeviceView(gradients.dv);
    p.ddecay = DeviceView(gradients.ddecay), p.drate = DeviceView(gradients.drate);
    p.dmix = DeviceView(gradients.dmix), p.dfirst = DeviceView(gradients.dfirst);
    p.sums = workspace, p.parts = partsFor(op);
    const auto kernel = choose<const Backward>(p, backwardKernel<float, 2>, backwardKernel<float, 4>,
                                               backwardKernel<BFloat16, 2>, backwardKernel<BFloat16, 4>);
    const std::size_t shared = static_cast<std::size_t>(kThreads / 32 * floatsOfWarp(p.size)) * sizeof(float);
    const Grid grid{(p.parts + kLeastWarps - 1) / kLeastWarps, p.kvHeads};
    if (const char* error = launch(kernel, grid, kThreads, shared, stream, p)) return error;
    const int64_t width = p.heads * p.size;
    return sumParts(
        {workspace,
         p.parts,
         width,
         kMostLists * width,
         {gradients.ddecayBase, gradients.drateBase, gradients.dmixBase, gradients.dremoval, gradients.dreplacement}},
        kMostLists, stream);
}

}  // namespace radlads::kernels::gpu
