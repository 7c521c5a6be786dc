// The optimizer's passes in double, an element at a time: the definition of correct.
#include "kernels/cpu/adamw_backends.h"

namespace radlads::kernels::reference {
namespace {

double gradientAt(const void* data, DType dtype, int64_t i) {
    if (dtype == DType::Float32) return static_cast<const float*>(data)[i];
    return toFloat(static_cast<const BFloat16*>(data)[i]);
}

}  // namespace

void adamBlock(const AdamTensor& tensor, const AdamStep& step, int64_t start, int64_t end) {
    const AdamNumbers<double> n(tensor, step);
    for (int64_t i = start; i < end; ++i) {
        const double g = gradientAt(tensor.gradient, tensor.gradientType, i) * n.scale;
        const double first = n.beta1 * tensor.first[i] + n.rest1 * g;
        const double second = n.beta2 * tensor.second[i] + n.rest2 * g * g;
        const double root = std::sqrt(second) * n.rootCorrection + n.epsilon;
        tensor.first[i] = static_cast<float>(first);
        tensor.second[i] = static_cast<float>(second);
        tensor.value[i] = static_cast<float>(tensor.value[i] * n.keep - n.stepSize * first / root);
        if (tensor.rounded) tensor.rounded[i] = fromFloat<BFloat16>(tensor.value[i]);
    }
}

double squareSumOfBlock(const GradientTensor& tensor, int64_t start, int64_t end) {
    double sum = 0;
    for (int64_t i = start; i < end; ++i) {
        if (tensor.part) static_cast<float*>(tensor.data)[i] += tensor.part[i];
        const double g = gradientAt(tensor.data, tensor.dtype, i);
        sum += g * g;
    }
    return sum;
}

}  // namespace radlads::kernels::reference
