// In the place of the Highway files on machines without Highway, where the kernels of GPUs are tested and measured: the
// vectorised backend is the reference there.
#include "kernels/cpu/adamw_backends.h"
#include "kernels/cpu/losses_backends.h"
#include "kernels/cpu/matvec_backends.h"
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

}  // namespace simd
}  // namespace radlads::kernels
