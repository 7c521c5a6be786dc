// In the place of the Highway files on machines without Highway, where the kernels of GPUs are tested and measured: the
// vectorised backend is the reference there.
#include "kernels/cpu/adamw_backends.h"
#include "kernels/cpu/losses_backends.h"
#include "kernels/cpu/matvec_backends.h"
#include "kernels/cpu/pointwise_backends.h"
#include "kernels/cpu/wkv_backends.h"

namespace radlads::kernels {

const char* simdTarget() {
    return "none (built without Highway)";
}

namespace simd {

std::size_t savedFloats(Wkv, const WkvInputs&) {
    return 0;
}
std::size_t scratchFloats(Wkv, int64_t) {
    return 0;
}
void forward(Wkv op, const WkvInputs& inputs, const WkvOutputs& outputs, float*, const Parallel& parallel) {
    reference::forward(op, inputs, outputs, parallel);
}
void backward(Wkv op, const WkvInputs& inputs, const float*, const WkvGradients& gradients, float*,
              const Parallel& parallel) {
    reference::backward(op, inputs, gradients, parallel);
}
void tokenLosses(const LossInputs& inputs, const double* scale, double* losses, const Parallel& parallel) {
    reference::tokenLosses(inputs, scale, losses, parallel);
}
void adamBlock(const AdamTensor& tensor, const AdamStep& step, int64_t start, int64_t end) {
    reference::adamBlock(tensor, step, start, end);
}
double squareSumOfBlock(const GradientTensor& tensor, int64_t start, int64_t end) {
    return reference::squareSumOfBlock(tensor, start, end);
}
void matVecRows(const MatVecInputs& inputs, float* y, int64_t start, int64_t end) {
    reference::matVecRows(inputs, y, start, end);
}

void rmsNormForward(const RmsNorm& op, const RmsNormOutputs& outputs, const Parallel& parallel) {
    reference::rmsNormForward(op, outputs, parallel);
}
void rmsNormBackward(const RmsNorm& op, const float* inverse, const RmsNormGradients& gradients, float* workspace,
                     const Parallel& parallel) {
    reference::rmsNormBackward(op, inverse, gradients, workspace, parallel);
}
void swiGluForward(const SwiGlu& op, const View& y, const Parallel& parallel) {
    reference::swiGluForward(op, y, parallel);
}
void swiGluBackward(const SwiGlu& op, const SwiGluGradients& gradients, const Parallel& parallel) {
    reference::swiGluBackward(op, gradients, parallel);
}
void rope(const Rope& op, const View& y, const Parallel& parallel) {
    reference::rope(op, y, parallel);
}
void headOutputForward(const HeadOutput& op, const View& out, const Parallel& parallel) {
    reference::headOutputForward(op, out, parallel);
}
void headOutputBackward(const HeadOutput& op, const HeadOutputGradients& gradients, const Parallel& parallel) {
    reference::headOutputBackward(op, gradients, parallel);
}
double alignLoss(const AlignLoss& op, const Parallel& parallel) {
    return reference::alignLoss(op, parallel);
}
void alignLossBackward(const AlignLoss& op, double dloss, const View& doutput, const Parallel& parallel) {
    reference::alignLossBackward(op, dloss, doutput, parallel);
}
void prepareForward(const Prepare& op, const Prepared& outputs, const Parallel& parallel) {
    reference::prepareForward(op, outputs, parallel);
}
void prepareBackward(const Prepare& op, const PrepareGradients& gradients, float* workspace, const Parallel& parallel) {
    reference::prepareBackward(op, gradients, workspace, parallel);
}
void tokenShiftForward(const TokenShift& op, const View* out, const Parallel& parallel) {
    reference::tokenShiftForward(op, out, parallel);
}
void tokenShiftBackward(const TokenShift& op, const TokenShiftGradients& gradients, const Parallel& parallel) {
    reference::tokenShiftBackward(op, gradients, parallel);
}

}  // namespace simd
}  // namespace radlads::kernels
