#include <algorithm>

#include "kernels/gpu/wkv.h"
#include "kernels/gpu/wkv_forms.h"

namespace radlads::kernels::gpu {
namespace {

int64_t sequenceCount(const WkvInputs& inputs) {
    return inputs.segments.count > 0 ? inputs.segments.count : inputs.q.sizes[0];
}

}  // namespace

int64_t chunksInAll(const WkvInputs& inputs, int64_t chunk) {
    const Segments& segments = inputs.segments;
    if (segments.count == 0) return inputs.q.sizes[0] * ((inputs.q.sizes[2] + chunk - 1) / chunk);
    int64_t chunks = 0;
    for (int64_t s = 0; s < segments.count; ++s)
        chunks += (segments.starts[s + 1] - segments.starts[s] + chunk - 1) / chunk;
    return chunks;
}

std::size_t tableFloats(const WkvInputs& inputs) {
    return static_cast<std::size_t>(inputs.segments.count) * sizeof(Sequence) / sizeof(float);
}

const char* describe(const WkvInputs& inputs, int64_t chunk, float* workspace, void* stream, Sequences& sequences) {
    const Segments& segments = inputs.segments;
    sequences.count = sequenceCount(inputs);
    sequences.tokens = inputs.q.sizes[2];
    sequences.chunk = chunk;
    sequences.chunks = chunksInAll(inputs, chunk);
    sequences.each = (sequences.tokens + chunk - 1) / chunk;
    if (segments.count == 0) return nullptr;
    Sequence* table = reinterpret_cast<Sequence*>(workspace);
    sequences.table = table;
    constexpr int64_t kAtOnce = 256;
    Sequence some[kAtOnce];
    int64_t chunksBefore = 0;
    for (int64_t first = 0; first < segments.count; first += kAtOnce) {
        const int64_t count = std::min(kAtOnce, segments.count - first);
        for (int64_t i = 0; i < count; ++i) {
            const int64_t start = segments.starts[first + i], length = segments.starts[first + i + 1] - start;
            some[i] = {0, start, length, chunksBefore};
            chunksBefore += (length + chunk - 1) / chunk;
        }
        if (const char* error =
                copyToDevice(table + first, some, static_cast<std::size_t>(count) * sizeof(Sequence), stream))
            return error;
    }
    return nullptr;
}

namespace {

constexpr int64_t kLargestTile = 128;
constexpr int64_t kFewTokens = 16;

struct Entries {
    std::size_t (*savedFloats)(Wkv, const WkvInputs&);
    std::size_t (*workspaceFloats)(Wkv, const WkvInputs&);
    const char* (*forward)(Wkv, const WkvInputs&, const WkvOutputs&, float*, void*);
    const char* (*backward)(Wkv, const WkvInputs&, const float*, const WkvGradients&, float*, void*);
};
const Entries& entriesOf(Form form) {
    static const Entries scalarEntries{scalar::savedFloats, scalar::workspaceFloats, scalar::forward, scalar::backward};
    static const Entries tileEntries{tiles::savedFloats, tiles::workspaceFloats, tiles::forward, tiles::backward};
    return form == Form::Tiles ? tileEntries : scalarEntries;
}

}  // namespace

Form formFor(Wkv op, const WkvInputs& inputs) {
    const bool isWanted = inputs.q.dtype == DType::BFloat16 && inputs.q.sizes[2] > kFewTokens;
    return isWanted && !whyNot(Form::Tiles, op, inputs) ? Form::Tiles : Form::Scalar;
}

const char* whyNot(Form form, Wkv op, const WkvInputs& inputs) {
    if (form == Form::Tiles && inputs.q.sizes[3] > kLargestTile) return "a head has more than 128 channels";
    return kernels::whyNot(Backend::Reference, op, inputs);  // shapes, strides, dtypes, segments
}

std::size_t wkvSavedFloats(Form form, Wkv op, const WkvInputs& inputs) {
    return entriesOf(form).savedFloats(op, inputs);
}

std::size_t wkvWorkspaceFloats(Form form, Wkv op, const WkvInputs& inputs) {
    return tableFloats(inputs) + entriesOf(form).workspaceFloats(op, inputs);
}

const char* wkvForward(Form form, Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace,
                       void* stream) {
    return entriesOf(form).forward(op, inputs, outputs, workspace, stream);
}

const char* wkvBackward(Form form, Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                        float* workspace, void* stream) {
    return entriesOf(form).backward(op, inputs, saved, gradients, workspace, stream);
}

}  // namespace radlads::kernels::gpu
