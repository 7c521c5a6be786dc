// The recurrences token by token in float32, as radlads.md 2.3 and 3.3 write them: what the tiles are measured against
// on a GPU, single tokens, and sizes that the tiles do not have.
//
// A line, a column of the state or a row of it, belongs to neighbouring lanes, `parts` of them: each has every parts-th
// element in registers, at most kPart. Sums along a line go over these lanes by shuffles; nothing else is reduced.
// Forward and the gradients that are sums over keys have columns, the gradients that are sums over values rows.
#include "kernels/gpu/wkv_forms.h"

namespace radlads::kernels::gpu::scalar {
namespace {

constexpr int64_t kChunk = 16;  // forward saves the state before every so many tokens
constexpr int kPart = 32;
constexpr int kThreads = 256;

struct Common {
    Sequences sequences;
    int64_t heads, size;
    int parts;
    bool isSeven;
    DeviceView q, g, k, v, a, b;
};
struct Forward : Common {
    DeviceView state, y, lastState;
    float *states, *removed;  // saved, optional: states before chunks; of every token and head
};
struct Columns : Common {
    DeviceView dy, dstate, dv, dstate0;
    float* dRemoved;
};
struct Rows : Common {
    DeviceView dy, dstate, dq, dg, dk, da, db;
    const float *states, *removed, *dRemoved;
    float* room;  // of every thread: its part of the states before each token of a chunk
};

// What of the state a thread has.
struct Mine {
    int parts, part;
    int64_t line, size;
    bool isLine;
};
GPU_DEVICE Mine mineOf(const Common& p) {
    const int parts = p.parts;
    const int64_t line = blockY() * (blockThreads() / parts) + thread() / parts;
    return {parts, thread() & (parts - 1), line, p.size, line < p.size};
}
GPU_DEVICE int at(const Mine& mine, int i) {
    return i * mine.parts + mine.part;
}
GPU_DEVICE bool isThere(const Mine& mine, int i) {
    return mine.isLine && at(mine, i) < mine.size;
}
GPU_DEVICE float lineSum(const Mine& mine, float x) {
    for (int step = mine.parts / 2; step > 0; step /= 2) x += shuffle(x, lane() ^ step);
    return x;
}

struct Place {
    int64_t index, head;
    Sequence sequence;
};
GPU_DEVICE Place placeOf(const Common& p) {
    const int64_t index = blockX() / p.heads;
    return {index, blockX() % p.heads, sequenceAt(p.sequences, index)};
}
GPU_DEVICE int64_t rowIn(const DeviceView& view, const Place& place, int64_t t) {
    return rowOf(view, place.sequence.batch, place.head, place.sequence.start + t);
}
// Of a float tensor [tokens, heads, size].
GPU_DEVICE int64_t rowIn(const Common& p, const Place& place, int64_t t) {
    return ((place.sequence.batch * p.sequences.tokens + place.sequence.start + t) * p.heads + place.head) * p.size;
}
GPU_DEVICE int64_t stateIn(const Common& p, const Place& place, int64_t chunk) {
    return ((place.sequence.chunksBefore + chunk) * p.heads + place.head) * p.size * p.size;
}

// A row of a token for all threads, zeros behind its end.
GPU_DEVICE void loadRow(float* to, const DeviceView& from, int64_t row, const Mine& mine) {
    for (int i = thread(); i < kPart * mine.parts; i += blockThreads())
        to[i] = i < mine.size ? get(from, row + i) : 0.0f;
}
GPU_DEVICE void loadRow(float* to, const float* from, const Mine& mine) {
    for (int i = thread(); i < kPart * mine.parts; i += blockThreads()) to[i] = i < mine.size ? from[i] : 0.0f;
}
GPU_DEVICE void loadDecay(float* to, const DeviceView& from, int64_t row, const Mine& mine) {
    for (int i = thread(); i < kPart * mine.parts; i += blockThreads())
        to[i] = i < mine.size ? exponential(get(from, row + i)) : 0.0f;
}
// The vectors of a token along the keys. Two sets of them in turn: one barrier a token.
struct Keys {
    float *q, *w, *k, *a, *b;
};
GPU_DEVICE Keys loadKeys(const Common& p, const Place& place, int64_t t, const Mine& mine) {
    const int padded = kPart * mine.parts;
    float* to = reinterpret_cast<float*>(sharedMemory()) + (t & 1) * 5 * padded;
    const Keys keys{to, to + padded, to + 2 * padded, to + 3 * padded, to + 4 * padded};
    loadRow(keys.q, p.q, rowIn(p.q, place, t), mine);
    loadDecay(keys.w, p.g, rowIn(p.g, place, t), mine);
    loadRow(keys.k, p.k, rowIn(p.k, place, t), mine);
    if (p.isSeven) {
        loadRow(keys.a, p.a, rowIn(p.a, place, t), mine);
        loadRow(keys.b, p.b, rowIn(p.b, place, t), mine);
    }
    sync();
    return keys;
}

GPU_KERNEL(kThreads) forwardKernel(Forward p) {
    const Place place = placeOf(p);
    const Mine mine = mineOf(p);
    float state[kPart];
    GPU_UNROLL for (int i = 0; i < kPart; ++i) {
        const bool isGiven = isThere(mine, i) && p.state.data;
        const int64_t from = stateOffset(p.state, p.isSeven, place.index, place.head, at(mine, i), mine.line);
        state[i] = isGiven ? get(p.state, from) : 0.0f;
    }
    for (int64_t t = 0; t < place.sequence.length; ++t) {
        const Keys keys = loadKeys(p, place, t, mine);
        if (p.states && t % kChunk == 0) {
            float* to = p.states + stateIn(p, place, t / kChunk) + mine.line;
            GPU_UNROLL for (int i = 0; i < kPart; ++i) if (isThere(mine, i)) to[at(mine, i) * mine.size] = state[i];
        }
        const float v = mine.isLine ? get(p.v, rowIn(p.v, place, t) + mine.line) : 0.0f;
        float removed = 0, y = 0;
        if (p.isSeven) {
            GPU_UNROLL for (int i = 0; i < kPart; ++i) removed += state[i] * keys.a[at(mine, i)];
            removed = lineSum(mine, removed);
            if (p.removed && mine.isLine && mine.part == 0) p.removed[rowIn(p, place, t) + mine.line] = removed;
        }
        GPU_UNROLL for (int i = 0; i < kPart; ++i) {
            const int key = at(mine, i);
            state[i] = state[i] * keys.w[key] + keys.k[key] * v;
            if (p.isSeven) state[i] += keys.b[key] * removed;
            y += state[i] * keys.q[key];
        }
        y = lineSum(mine, y);
        if (mine.isLine && mine.part == 0) put(p.y, rowIn(p.y, place, t) + mine.line, y);
    }
    if (!p.lastState.data) return;
    GPU_UNROLL for (int i = 0; i < kPart; ++i) if (isThere(mine, i)) put(
        p.lastState, stateOffset(p.lastState, p.isSeven, place.index, place.head, at(mine, i), mine.line), state[i]);
}

// dv, the gradients of the removed values and of the first state. d is the state's gradient.
GPU_KERNEL(kThreads) columnsKernel(Columns p) {
    const Place place = placeOf(p);
    const Mine mine = mineOf(p);
    float d[kPart];
    GPU_UNROLL for (int i = 0; i < kPart; ++i) {
        const bool isGiven = isThere(mine, i) && p.dstate.data;
        const int64_t from = stateOffset(p.dstate, p.isSeven, place.index, place.head, at(mine, i), mine.line);
        d[i] = isGiven ? get(p.dstate, from) : 0.0f;
    }
    for (int64_t t = place.sequence.length - 1; t >= 0; --t) {
        const Keys keys = loadKeys(p, place, t, mine);
        const float dy = mine.isLine ? get(p.dy, rowIn(p.dy, place, t) + mine.line) : 0.0f;
        float dv = 0, dRemoved = 0;
        GPU_UNROLL for (int i = 0; i < kPart; ++i) {
            const int key = at(mine, i);
            d[i] += keys.q[key] * dy;
            dv += d[i] * keys.k[key];
            if (p.isSeven) dRemoved += d[i] * keys.b[key];
            d[i] *= keys.w[key];
        }
        dv = lineSum(mine, dv);
        if (mine.isLine && mine.part == 0) put(p.dv, rowIn(p.dv, place, t) + mine.line, dv);
        if (!p.isSeven) continue;
        dRemoved = lineSum(mine, dRemoved);
        if (mine.isLine && mine.part == 0) p.dRemoved[rowIn(p, place, t) + mine.line] = dRemoved;
        GPU_UNROLL for (int i = 0; i < kPart; ++i) d[i] += keys.a[at(mine, i)] * dRemoved;
    }
    if (!p.dstate0.data) return;
    GPU_UNROLL for (int i = 0; i < kPart; ++i) if (isThere(mine, i))
        put(p.dstate0, stateOffset(p.dstate0, p.isSeven, place.index, place.head, at(mine, i), mine.line), d[i]);
}

// What a row takes of a token's keys.
struct Key {
    float q, w, k, a, b;
};
GPU_DEVICE Key keyOf(const Rows& p, const Place& place, int64_t t, const Mine& mine) {
    Key key{};
    if (!mine.isLine) return key;
    key.q = get(p.q, rowIn(p.q, place, t) + mine.line);
    key.w = exponential(get(p.g, rowIn(p.g, place, t) + mine.line));
    key.k = get(p.k, rowIn(p.k, place, t) + mine.line);
    if (p.isSeven) {
        key.a = get(p.a, rowIn(p.a, place, t) + mine.line);
        key.b = get(p.b, rowIn(p.b, place, t) + mine.line);
    }
    return key;
}

// dq, dg, dk, da, db. The states within a chunk are computed again from the one before it.
GPU_KERNEL(kThreads) rowsKernel(Rows p) {
    const Place place = placeOf(p);
    const Mine mine = mineOf(p);
    const int padded = kPart * mine.parts;
    float* v = reinterpret_cast<float*>(sharedMemory());
    float *removed = v + kChunk * padded, *dy = removed + kChunk * padded, *dRemoved = dy + padded;
    const int64_t stride = blockThreads();
    float* states = p.room + (blockY() * p.sequences.count * p.heads + blockX()) * kChunk * kPart * stride + thread();
    float d[kPart], state[kPart];
    GPU_UNROLL for (int i = 0; i < kPart; ++i) {
        const bool isGiven = isThere(mine, i) && p.dstate.data;
        const int64_t from = stateOffset(p.dstate, p.isSeven, place.index, place.head, mine.line, at(mine, i));
        d[i] = isGiven ? get(p.dstate, from) : 0.0f;
    }
    for (int64_t chunk = chunksOf(p.sequences, place.sequence.length) - 1; chunk >= 0; --chunk) {
        const int64_t first = chunk * kChunk, left = place.sequence.length - first;
        const int64_t tokens = left < kChunk ? left : kChunk;
        sync();
        for (int64_t t = 0; t < tokens; ++t) {
            loadRow(v + t * padded, p.v, rowIn(p.v, place, first + t), mine);
            if (p.isSeven) loadRow(removed + t * padded, p.removed + rowIn(p, place, first + t), mine);
        }
        sync();
        const float* from = p.states + stateIn(p, place, chunk) + mine.line * mine.size;
        GPU_UNROLL for (int i = 0; i < kPart; ++i) state[i] = isThere(mine, i) ? from[at(mine, i)] : 0.0f;
        for (int64_t t = 0; t < tokens; ++t) {
            const Key key = keyOf(p, place, first + t, mine);
            float* to = states + t * kPart * stride;
            GPU_UNROLL for (int i = 0; i < kPart; ++i) {
                to[i * stride] = state[i];
                state[i] = state[i] * key.w + key.k * v[t * padded + at(mine, i)];
                if (p.isSeven) state[i] += key.b * removed[t * padded + at(mine, i)];
            }
        }
        for (int64_t t = tokens - 1; t >= 0; --t) {
            const Key key = keyOf(p, place, first + t, mine);
            sync();
            loadRow(dy, p.dy, rowIn(p.dy, place, first + t), mine);
            if (p.isSeven) loadRow(dRemoved, p.dRemoved + rowIn(p, place, first + t), mine);
            sync();
            const float* old = states + t * kPart * stride;
            float dq = 0, dk = 0, dw = 0, da = 0, db = 0;
            GPU_UNROLL for (int i = 0; i < kPart; ++i) {  // `state` is the one after the token
                const int value = at(mine, i);
                const float before = old[i * stride];
                dq += state[i] * dy[value];
                d[i] += key.q * dy[value];
                dk += d[i] * v[t * padded + value];
                dw += d[i] * before;
                if (p.isSeven) {
                    db += d[i] * removed[t * padded + value];
                    da += before * dRemoved[value];
                    d[i] = d[i] * key.w + key.a * dRemoved[value];
                } else {
                    d[i] *= key.w;
                }
                state[i] = before;
            }
            dq = lineSum(mine, dq), dk = lineSum(mine, dk), dw = lineSum(mine, dw);
            if (p.isSeven) da = lineSum(mine, da), db = lineSum(mine, db);
            if (!mine.isLine || mine.part != 0) continue;
            put(p.dq, rowIn(p.dq, place, first + t) + mine.line, dq);
            put(p.dk, rowIn(p.dk, place, first + t) + mine.line, dk);
            put(p.dg, rowIn(p.dg, place, first + t) + mine.line, dw * key.w);
            if (!p.isSeven) continue;
            put(p.da, rowIn(p.da, place, first + t) + mine.line, da);
            put(p.db, rowIn(p.db, place, first + t) + mine.line, db);
        }
    }
}

// --- On the host
// ------------------------------------------------------------------------------------------------------

int partsOf(int64_t size) {
    int parts = 1;
    while (parts * kPart < size) parts *= 2;
    return parts;
}
int threadsOf(int64_t size) {  // whole warps
    const int64_t threads = (size * partsOf(size) + 63) / 64 * 64;
    return static_cast<int>(threads < kThreads ? threads : kThreads);
}
Grid gridOf(int64_t sequences, const WkvInputs& inputs) {
    const int64_t size = inputs.q.sizes[3], lines = threadsOf(size) / partsOf(size);
    return {sequences * inputs.q.sizes[1], (size + lines - 1) / lines};
}
std::size_t rowFloats(const WkvInputs& inputs) {
    return static_cast<std::size_t>(inputs.q.sizes[0] * inputs.q.sizes[1] * inputs.q.sizes[2] * inputs.q.sizes[3]);
}
std::size_t stateFloats(const WkvInputs& inputs) {
    return static_cast<std::size_t>(chunksInAll(inputs, kChunk) * inputs.q.sizes[1] * inputs.q.sizes[3] *
                                    inputs.q.sizes[3]);
}
const char* fill(Common& p, Wkv op, const WkvInputs& inputs, float* workspace, void* stream) {
    p.heads = inputs.q.sizes[1], p.size = inputs.q.sizes[3], p.parts = partsOf(p.size), p.isSeven = op == Wkv::Seven;
    p.q = DeviceView(inputs.q), p.g = DeviceView(inputs.g), p.k = DeviceView(inputs.k), p.v = DeviceView(inputs.v);
    p.a = DeviceView(inputs.a), p.b = DeviceView(inputs.b);
    return describe(inputs, kChunk, workspace, stream, p.sequences);
}

}  // namespace

std::size_t savedFloats(Wkv, const WkvInputs& inputs) {
    return stateFloats(inputs) + rowFloats(inputs);
}

std::size_t workspaceFloats(Wkv, const WkvInputs& inputs) {
    const int64_t sequences = inputs.segments.count > 0 ? inputs.segments.count : inputs.q.sizes[0];
    const Grid grid = gridOf(sequences, inputs);
    const int64_t room = grid.x * grid.y * kChunk * kPart * threadsOf(inputs.q.sizes[3]);
    return static_cast<std::size_t>(room) + rowFloats(inputs);
}

const char* forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace, void* stream) {
    Forward p{};
    if (const char* error = fill(p, op, inputs, workspace, stream)) return error;
    p.state = DeviceView(inputs.state), p.y = DeviceView(outputs.y), p.lastState = DeviceView(outputs.state);
    p.states = outputs.saved;
    p.removed = outputs.saved ? outputs.saved + stateFloats(inputs) : nullptr;
    const std::size_t shared = static_cast<std::size_t>(10 * kPart * p.parts) * sizeof(float);
    return launch(forwardKernel, gridOf(p.sequences.count, inputs), threadsOf(p.size), shared, stream, p);
}

const char* backward(Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                     float* workspace, void* stream) {
    Columns c{};
    if (const char* error = fill(c, op, inputs, workspace, stream)) return error;
    c.dy = DeviceView(gradients.dy), c.dstate = DeviceView(gradients.dstate);
    c.dv = DeviceView(gradients.dv), c.dstate0 = DeviceView(gradients.dstate0);
    c.dRemoved = workspace + tableFloats(inputs);
    const Grid grid = gridOf(c.sequences.count, inputs);
    const std::size_t shared = static_cast<std::size_t>(10 * kPart * c.parts) * sizeof(float);
    if (const char* error = launch(columnsKernel, grid, threadsOf(c.size), shared, stream, c)) return error;
    Rows r{};
    static_cast<Common&>(r) = c;
    r.dy = c.dy, r.dstate = c.dstate;
    r.dq = DeviceView(gradients.dq), r.dg = DeviceView(gradients.dg), r.dk = DeviceView(gradients.dk);
    r.da = DeviceView(gradients.da), r.db = DeviceView(gradients.db);
    r.states = saved, r.removed = saved + stateFloats(inputs), r.dRemoved = c.dRemoved;
    r.room = c.dRemoved + rowFloats(inputs);
    const std::size_t rows = static_cast<std::size_t>((2 * kChunk + 2) * kPart * r.parts) * sizeof(float);
    return launch(rowsKernel, grid, threadsOf(r.size), rows, stream, r);
}

}  // namespace radlads::kernels::gpu::scalar
