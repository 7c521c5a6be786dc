#include "kernels/wkv.h"

#include "kernels/cpu/wkv_backends.h"

namespace radlads::kernels {
namespace {

constexpr int64_t kLargestSize = 256;

bool isLike(const View& view, const View& like) {
    return view && std::equal(view.sizes, view.sizes + 4, like.sizes) && view.strides[3] == 1;
}

bool isState(const View& state, const WkvInputs& inputs) {
    const int64_t sequences = inputs.segments.count > 0 ? inputs.segments.count : inputs.q.sizes[0];
    const int64_t size = inputs.q.sizes[3];
    return state.sizes[0] == sequences && state.sizes[1] == inputs.q.sizes[1] && state.sizes[2] == size &&
           state.sizes[3] == size && state.strides[3] == 1;
}

bool areWhole(const Segments& segments, const View& q) {
    if (segments.count == 0) return true;
    if (q.sizes[0] != 1 || segments.starts[0] != 0 || segments.starts[segments.count] != q.sizes[2]) return false;
    return std::is_sorted(segments.starts, segments.starts + segments.count + 1);
}

}  // namespace

const char* whyNot(Backend, Wkv op, const WkvInputs& inputs) {
    if (!inputs.q || inputs.q.strides[3] != 1) return "the last dimension does not lie element after element";
    if (inputs.q.sizes[3] < 1 || inputs.q.sizes[3] > kLargestSize) return "a head has more than 256 channels, or none";
    for (const View* view : {&inputs.g, &inputs.k, &inputs.v})
        if (!isLike(*view, inputs.q)) return "the inputs differ in shape";
    if (op == Wkv::Seven)
        for (const View* view : {&inputs.a, &inputs.b})
            if (!isLike(*view, inputs.q)) return "the inputs differ in shape";
    if (inputs.state && inputs.state.dtype != DType::Float32) return "the state is not float32";
    if (!areWhole(inputs.segments, inputs.q)) return "the segments are not those of one row of tokens";
    if (inputs.state && !isState(inputs.state, inputs)) return "the state has another shape";
    return nullptr;
}

std::size_t wkvSavedFloats(Backend backend, Wkv op, const WkvInputs& inputs) {
    return backend == Backend::Simd ? simd::savedFloats(op, inputs) : 0;
}

std::size_t wkvWorkspaceFloats(Backend backend, Wkv op, const WkvInputs& inputs, int64_t threads) {
    return backend == Backend::Simd ? simd::scratchFloats(op, inputs.q.sizes[3]) * static_cast<std::size_t>(threads)
                                    : 0;
}

void wkvForward(Backend backend, Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float* workspace,
                const Parallel& parallel) {
    if (backend == Backend::Simd) return simd::forward(op, inputs, outputs, workspace, parallel);
    reference::forward(op, inputs, outputs, parallel);
}

void wkvBackward(Backend backend, Wkv op, const WkvInputs& inputs, const float* saved, const WkvGradients& gradients,
                 float* workspace, const Parallel& parallel) {
    if (backend == Backend::Simd) return simd::backward(op, inputs, saved, gradients, workspace, parallel);
    reference::backward(op, inputs, gradients, parallel);
}

}  // namespace radlads::kernels
