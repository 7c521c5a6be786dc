#include <algorithm>

#include "kernels/gpu/wkv.h"
#include "kernels/gpu/wkv_forms.h"

namespace radlads::kernels::gpu {
namespace {

constexpr int64_t kLargestSize = 256;

bool isDType(DType dtype, DType main) {
    return dtype == main || dtype == DType::Float32;
}

const char* whyNotTensor(const View& view, const View& like, bool mayBeFloat32) {
    if (!view || !std::equal(view.sizes, view.sizes + 4, like.sizes)) return "the inputs differ in shape";
    if (view.strides[3] != 1) return "the last dimension does not lie element after element";
    if (mayBeFloat32 ? !isDType(view.dtype, like.dtype) : view.dtype != like.dtype) return "the inputs differ in dtype";
    return nullptr;
}

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

Form formFor(Wkv op, const WkvInputs& inputs) {
    static_cast<void>(op);
    static_cast<void>(inputs);
    return Form::Scalar;
}

const char* whyNot(Form form, Wkv op, const WkvInputs& inputs) {
    if (form != Form::Scalar) return "there are no tiles";
    if (!inputs.q || inputs.q.strides[3] != 1) return "the last dimension does not lie element after element";
    if (inputs.q.sizes[3] < 1 || inputs.q.sizes[3] > kLargestSize) return "a head has more than 256 channels, or none";
    for (const View* view : {&inputs.g, &inputs.k, &inputs.v, &inputs.a, &inputs.b}) {
        if (op == Wkv::Six && (view == &inputs.a || view == &inputs.b)) continue;
        if (const char* why = whyNotTensor(*view, inputs.q, view == &inputs.g)) return why;
    }
    const Segments& segments = inputs.segments;
    if (segments.count > 0 &&
        (inputs.q.sizes[0] != 1 || segments.starts[0] != 0 || segments.starts[segments.count] != inputs.q.sizes[2] ||
         !std::is_sorted(segments.starts, segments.starts + segments.count + 1)))
        return "the segments are not those of one row of tokens";
    const View& state = inputs.state;
    if (state && (state.sizes[0] != sequenceCount(inputs) || state.sizes[1] != inputs.q.sizes[1] ||
                  state.sizes[2] != inputs.q.sizes[3] || state.sizes[3] != inputs.q.sizes[3] || state.strides[3] != 1 ||
                  state.dtype != DType::Float32))
        return "the state has another shape, or is not float32";
    return nullptr;
}

std::size_t wkvSavedFloats(Form, Wkv, const WkvInputs& inputs) {
    return scalar::savedFloats(inputs);
}

std::size_t wkvWorkspaceFloats(Form, Wkv, const WkvInputs& inputs) {
    return tableFloats(inputs) + scalar::workspaceFloats(inputs);
}

const char* wkvForward(Form, Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace,
                       void* stream) {
    return scalar::forward(op, inputs, outputs, workspace, stream);
}

const char* wkvBackward(Form, Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                        float* workspace, void* stream) {
    return scalar::backward(op, inputs, saved, gradients, workspace, stream);
}

}  // namespace radlads::kernels::gpu
