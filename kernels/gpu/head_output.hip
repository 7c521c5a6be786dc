// What follows a recurrence: a few lanes of a warp have a head of a token, each eight channels of it in registers, and
// go through some of the tokens; the sums of the parameters' gradients stay in registers until the end.
#include <algorithm>

#include "kernels/gpu/pointwise.h"
#include "kernels/gpu/rows.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int kForwardRows = 4;        // of a group of lanes
constexpr int64_t kMostBlocks = 2048;  // of the backward pass; not of a device: its bits do not depend on it

struct Heads {
    Divisor heads, tokens;
    int64_t rows;     // of [batch, tokens]
    int size, lanes;  // of a head: channels, and the lanes that share it
    int rounds;       // rows of a group of lanes
    HeadOutput::Gate kind;
    DeviceView y, gate, out, dout, dy, dgate;
    const float *weight, *bias;
    float eps, scale;
    float* parts;  // of dweight and dbias, [parts, 2, heads, size]; optional
};

// Both over the lanes of a head.
GPU_DEVICE void headSums(float& a, float& b, int lanes) {
    for (int step = lanes / 2; step > 0; step /= 2) {
        const float otherA = shuffle(a, lane() ^ step), otherB = shuffle(b, lane() ^ step);
        a += otherA, b += otherB;
    }
}
GPU_DEVICE float headSum(float value, int lanes) {
    for (int step = lanes / 2; step > 0; step /= 2) value += shuffle(value, lane() ^ step);
    return value;
}

// The channels of a lane.
struct Lane {
    int member, group, groups;
    int64_t part;
    uint32_t head;
    float weight[kMany], bias[kMany];

    GPU_DEVICE explicit Lane(const Heads& p)
        : member(thread() & (p.lanes - 1)),
          group(thread() / p.lanes),
          groups(kRowThreads / p.lanes),
          part(p.heads.quotient(blockX())),
          head(static_cast<uint32_t>(blockX() - part * p.heads.value)) {
        GPU_UNROLL for (int e = 0; e < kMany; ++e) weight[e] = p.scale, bias[e] = 0;
        if (!p.weight) return;
        loadSome(weight, p.weight + head * p.size, first(), p.size, 0);
        loadSome(bias, p.bias + head * p.size, first(), p.size, 0);
    }
    GPU_DEVICE int first() const { return member * kMany; }
};

// A head of one token as it lies in memory. Lanes of a row behind the last take part in the sums, with channels that
// there are none of.
template <class T>
struct RawToken {
    Place place;
    int size;
    Raw<T, kMany> y, gate, dout;

    GPU_DEVICE RawToken(const Heads& p, const Lane& lane, int round) {
        const int64_t row = (lane.part * p.rounds + round) * lane.groups + lane.group;
        const int64_t within = row < p.rows ? row : p.rows - 1;
        const int64_t b = p.tokens.quotient(within);
        place.b = static_cast<uint32_t>(b), place.h = lane.head;
        place.t = static_cast<uint32_t>(within - b * p.tokens.value);
        size = row < p.rows ? p.size : 0;
        load(y, p.y, lane);
        load(gate, p.gate, lane);
        load(dout, p.dout, lane);
    }
    GPU_DEVICE void store(const DeviceView& view, const Lane& lane, const float (&x)[kMany]) const {
        if (view.data) storeSome(place.at<T>(view), lane.first(), size, x);
    }

private:
    GPU_DEVICE void load(Raw<T, kMany>& raw, const DeviceView& view, const Lane& lane) {
        if (view.data)
            raw.load(place.at<T>(view), lane.first(), size);
        else
            raw.clear();
    }
};
// Its channels normalised, and what z is multiplied with.
template <class T>
struct Token {
    float y[kMany], gate[kMany];
    float inverse = 1;

    GPU_DEVICE Token(const Heads& p, const Lane& lane, const RawToken<T>& raw) {
        raw.y.widenTo(y);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            if (p.kind == HeadOutput::Gate::Sigmoid)
                gate[e] = sigmoid(raw.gate[e]);
            else
                gate[e] = p.kind == HeadOutput::Gate::Plain ? raw.gate[e] : 1.0f;
        }
        if (!p.weight) return;
        const float share = 1 / static_cast<float>(p.size);
        float sum = 0, squares = 0;
        GPU_UNROLL for (int e = 0; e < kMany; ++e) sum += y[e];
        const float mean = headSum(sum, p.lanes) * share;
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            y[e] = lane.first() + e < raw.size ? y[e] - mean : 0.0f;
            squares += y[e] * y[e];
        }
        inverse = 1 / sqrtf(headSum(squares, p.lanes) * share + p.eps);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) y[e] *= inverse;
    }
};

// While a lane works on a token, the next is on its way.
template <class T>
GPU_KERNEL(kRowThreads)
forwardKernel(const Heads p) {
    const Lane lane(p);
    float z[kMany];
    RawToken<T> next(p, lane, 0);
    for (int round = 0; round < p.rounds; ++round) {
        const RawToken<T> raw = next;
        if (round + 1 < p.rounds) next = RawToken<T>(p, lane, round + 1);
        const Token<T> token(p, lane, raw);
        GPU_UNROLL for (int e = 0; e < kMany; ++e) z[e] = (token.y[e] * lane.weight[e] + lane.bias[e]) * token.gate[e];
        raw.store(p.out, lane, z);
    }
}

template <class T>
GPU_KERNEL_TOGETHER(kRowThreads, 2)
backwardKernel(const Heads p) {
    const Lane lane(p);
    float d[kMany], dgate[kMany], dweight[kMany], dbias[kMany];
    GPU_UNROLL for (int e = 0; e < kMany; ++e) dweight[e] = dbias[e] = 0;
    RawToken<T> next(p, lane, 0);
    for (int round = 0; round < p.rounds; ++round) {
        const RawToken<T> raw = next;
        if (round + 1 < p.rounds) next = RawToken<T>(p, lane, round + 1);
        const Token<T> token(p, lane, raw);
        float mean = 0, along = 0;
        GPU_UNROLL for (int e = 0; e < kMany; ++e) {
            const float normal = token.y[e], gate = token.gate[e];
            const float slope = p.kind == HeadOutput::Gate::Sigmoid ? gate * (1 - gate) : 1.0f;
            d[e] = raw.dout[e];
            dgate[e] = d[e] * (normal * lane.weight[e] + lane.bias[e]) * slope;
            d[e] *= gate;
            dweight[e] += d[e] * normal;
            dbias[e] += d[e];
            d[e] *= lane.weight[e];
            mean += d[e];
            along += d[e] * normal;
        }
        raw.store(p.dgate, lane, dgate);
        if (p.weight) {
            headSums(mean, along, p.lanes);
            mean /= static_cast<float>(p.size), along /= static_cast<float>(p.size);
            GPU_UNROLL for (int e = 0; e < kMany; ++e) d[e] = token.inverse * (d[e] - mean - token.y[e] * along);
        }
        raw.store(p.dy, lane, d);
    }
    if (!p.parts) return;
    // The groups of a block in their order.
    float* room = reinterpret_cast<float*>(sharedMemory());
    const int64_t width = p.heads.value * p.size;
    float* to = p.parts + lane.part * 2 * width + lane.head * p.size;
    const int columns = p.lanes * kMany;
    GPU_UNROLL for (int list = 0; list < 2; ++list) {
        sync();
        storeSome(room, thread() * kMany, kRowThreads * kMany, list == 0 ? dweight : dbias);
        sync();
        float sum = 0;
        for (int group = 0; thread() < p.size && group < lane.groups; ++group) sum += room[group * columns + thread()];
        if (thread() < p.size) to[list * width + thread()] = sum;
    }
}

Heads headsOf(const HeadOutput& op) {
    Heads p{};
    p.heads = Divisor(op.y.sizes[1]), p.tokens = Divisor(op.y.sizes[2]);
    p.rows = op.y.sizes[0] * op.y.sizes[2], p.size = static_cast<int>(op.y.sizes[3]);
    for (p.lanes = 1; p.lanes * kMany < p.size;) p.lanes *= 2;
    p.kind = op.kind, p.y = DeviceView(op.y);
    if (op.kind != HeadOutput::Gate::None) p.gate = DeviceView(op.gate);
    p.weight = op.weight, p.bias = op.bias;
    p.eps = static_cast<float>(op.eps), p.scale = op.weight ? 1.0f : static_cast<float>(op.scale);
    return p;
}

// Parts of the rows for so many rows a group of lanes.
int64_t partsOf(const Heads& p) {
    const int64_t rows = int64_t{p.rounds} * kRowThreads / p.lanes;
    return (p.rows + rows - 1) / rows;
}
void setBackwardRounds(Heads& p) {
    const int64_t most = std::max<int64_t>(1, kMostBlocks / p.heads.value), groups = kRowThreads / p.lanes;
    p.rounds = static_cast<int>((p.rows + groups * most - 1) / (groups * most));
}

}  // namespace

const char* headOutputForward(const HeadOutput& op, const View& out, void* stream) {
    Heads p = headsOf(op);
    p.out = DeviceView(out), p.rounds = kForwardRows;
    return launch(p.y.isBFloat16 ? forwardKernel<BFloat16> : forwardKernel<float>, {partsOf(p) * p.heads.value, 1},
                  kRowThreads, 0, stream, p);
}

std::size_t headOutputWorkspaceFloats(const HeadOutput& op) {
    Heads p = headsOf(op);
    if (!op.weight || p.rows == 0) return 0;
    setBackwardRounds(p);
    return static_cast<std::size_t>(partsOf(p) * 2 * p.heads.value * p.size);
}

const char* headOutputBackward(const HeadOutput& op, const HeadOutputGradients& gradients, float* workspace,
                               void* stream) {
    Heads p = headsOf(op);
    if (p.rows == 0) return nullptr;
    setBackwardRounds(p);
    p.dout = DeviceView(gradients.dout), p.dy = DeviceView(gradients.dy);
    if (op.kind != HeadOutput::Gate::None) p.dgate = DeviceView(gradients.dgate);
    const bool hasSums = op.weight && (gradients.dweight || gradients.dbias);
    p.parts = hasSums ? workspace : nullptr;
    const std::size_t shared = hasSums ? kRowThreads * kMany * sizeof(float) : 0;
    if (const char* error = launch(p.y.isBFloat16 ? backwardKernel<BFloat16> : backwardKernel<float>,
                                   {partsOf(p) * p.heads.value, 1}, kRowThreads, shared, stream, p))
        return error;
    if (!hasSums) return nullptr;
    const int64_t width = p.heads.value * p.size;
    return sumParts({workspace, partsOf(p), width, 2 * width, {gradients.dweight, gradients.dbias}}, 2, stream);
}

}  // namespace radlads::kernels::gpu
