#include "kernels/pointwise.h"

#include "kernels/cpu/pointwise_backends.h"

namespace radlads::kernels {
namespace {

constexpr const char* kDiffer = "the tensors differ in shape or dtype";
constexpr const char* kNotRows = "the last dimension does not lie element after element";
constexpr const char* kOddRotation = "a head of an odd size cannot be rotated";
constexpr const char* kLargeHead = "a head has more than 256 channels, or none";
constexpr const char* kNoParameter = "a parameter is absent";

bool hasRows(const View& view) {
    return view && view.strides[3] == 1 && view.sizes[3] > 0;
}
bool isLike(const View& view, const View& like) {
    return hasRows(view) && std::equal(view.sizes, view.sizes + 4, like.sizes) && view.dtype == like.dtype;
}
bool isHead(int64_t size) {
    return size >= 1 && size <= kMostHeadSize;
}
// `like` with other heads.
bool isLikeWithHeads(const View& view, const View& like, int64_t heads) {
    View other = like;
    other.sizes[1] = heads;
    return isLike(view, other);
}

const char* whyNotSeven(const Prepare& op) {
    if (!isLike(op.rate, op.decay)) return kDiffer;
    if (!op.rateBase || (!op.balance && (!op.removal || !op.replacement))) return kNoParameter;
    if (!op.first && !op.mix) return nullptr;
    if (!op.v || !isLike(op.first, op.decay) || !isLike(op.mix, op.decay)) return kDiffer;
    return op.mixBase ? nullptr : kNoParameter;
}

}  // namespace

const char* whyNot(const RmsNorm& op) {
    if (!hasRows(op.x)) return kNotRows;
    if (op.residual && !isLike(op.residual, op.x)) return kDiffer;
    return op.weight ? nullptr : kNoParameter;
}

const char* whyNot(const SwiGlu& op) {
    if (!hasRows(op.gate)) return kNotRows;
    return isLike(op.up, op.gate) ? nullptr : kDiffer;
}

const char* whyNot(const Rope& op) {
    if (!hasRows(op.x)) return kNotRows;
    if (!op.rotation.cos || !op.rotation.sin) return kNoParameter;
    return op.x.sizes[3] % 2 == 0 ? nullptr : kOddRotation;
}

const char* whyNot(const HeadOutput& op) {
    if (!hasRows(op.y)) return kNotRows;
    if (!isHead(op.y.sizes[3])) return kLargeHead;
    if (!op.weight != !op.bias) return kNoParameter;
    return op.kind == HeadOutput::Gate::None || isLike(op.gate, op.y) ? nullptr : kDiffer;
}

const char* whyNot(const AlignLoss& op) {
    if (!hasRows(op.target)) return kNotRows;
    return isLike(op.output, op.target) ? nullptr : kDiffer;
}

const char* whyNot(const Prepare& op) {
    if (!hasRows(op.k) || !hasRows(op.decay)) return kNotRows;
    if (!isHead(op.k.sizes[3])) return kLargeHead;
    if (op.rotation.cos && op.k.sizes[3] % 2 != 0) return kOddRotation;
    if (op.k.sizes[1] < 1 || op.decay.sizes[1] % op.k.sizes[1] != 0) return "heads of k that do not divide the heads";
    if (!isLikeWithHeads(op.decay, op.k, op.decay.sizes[1])) return kDiffer;
    if ((op.q && !isLike(op.q, op.decay)) || (op.v && !isLike(op.v, op.k))) return kDiffer;
    if (!op.decayBase) return kNoParameter;
    return op.op == Wkv::Seven ? whyNotSeven(op) : nullptr;
}

const char* whyNot(const TokenShift& op) {
    if (!hasRows(op.x)) return kNotRows;
    if (op.x.sizes[1] != 1 || op.streams < 1 || op.streams > kMostStreams) return "more than 8 streams, or heads";
    if (op.m && !isLikeWithHeads(op.m, op.x, op.streams)) return kDiffer;
    View first = op.x;
    first.sizes[2] = 1;
    if (op.before && !isLike(op.before, first)) return kDiffer;
    return op.base ? nullptr : kNoParameter;
}

std::size_t rmsNormWorkspaceFloats(const RmsNorm& op) {
    return static_cast<std::size_t>(kParts * op.x.sizes[3]);
}
std::size_t prepareWorkspaceFloats(const Prepare& op) {
    return static_cast<std::size_t>(kPrepareSums * op.decay.sizes[1] * op.k.sizes[3]);
}

// The same call of one backend or the other.
#define RADLADS_BY_BACKEND(function, ...) \
    return backend == Backend::Simd ? simd::function(__VA_ARGS__) : reference::function(__VA_ARGS__)

void rmsNormForward(Backend backend, const RmsNorm& op, const RmsNormOutputs& outputs, const Parallel& parallel) {
    RADLADS_BY_BACKEND(rmsNormForward, op, outputs, parallel);
}
void rmsNormBackward(Backend backend, const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients,
                     float* workspace, const Parallel& parallel) {
    RADLADS_BY_BACKEND(rmsNormBackward, op, inverse, gradients, workspace, parallel);
}
void swiGluForward(Backend backend, const SwiGlu& op, const View& y, const Parallel& parallel) {
    RADLADS_BY_BACKEND(swiGluForward, op, y, parallel);
}
void swiGluBackward(Backend backend, const SwiGlu& op, const SwiGluGradients& gradients, const Parallel& parallel) {
    RADLADS_BY_BACKEND(swiGluBackward, op, gradients, parallel);
}
void rope(Backend backend, const Rope& op, const View& y, const Parallel& parallel) {
    RADLADS_BY_BACKEND(rope, op, y, parallel);
}
void headOutputForward(Backend backend, const HeadOutput& op, const View& out, const Parallel& parallel) {
    RADLADS_BY_BACKEND(headOutputForward, op, out, parallel);
}
void headOutputBackward(Backend backend, const HeadOutput& op, const HeadOutputGradients& gradients,
                        const Parallel& parallel) {
    RADLADS_BY_BACKEND(headOutputBackward, op, gradients, parallel);
}
double alignLoss(Backend backend, const AlignLoss& op, const Parallel& parallel) {
    RADLADS_BY_BACKEND(alignLoss, op, parallel);
}
void alignLossBackward(Backend backend, const AlignLoss& op, double dloss, const View& doutput,
                       const Parallel& parallel) {
    RADLADS_BY_BACKEND(alignLossBackward, op, dloss, doutput, parallel);
}
void prepareForward(Backend backend, const Prepare& op, const Prepared& outputs, const Parallel& parallel) {
    RADLADS_BY_BACKEND(prepareForward, op, outputs, parallel);
}
void prepareBackward(Backend backend, const Prepare& op, const PrepareGradients& gradients, float* workspace,
                     const Parallel& parallel) {
    RADLADS_BY_BACKEND(prepareBackward, op, gradients, workspace, parallel);
}
void tokenShiftForward(Backend backend, const TokenShift& op, const View* out, const Parallel& parallel) {
    RADLADS_BY_BACKEND(tokenShiftForward, op, out, parallel);
}
void tokenShiftBackward(Backend backend, const TokenShift& op, const TokenShiftGradients& gradients,
                        const Parallel& parallel) {
    RADLADS_BY_BACKEND(tokenShiftBackward, op, gradients, parallel);
}

}  // namespace radlads::kernels
