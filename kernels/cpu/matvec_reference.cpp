// A matrix times a vector in double: the definition of correct.
#include "kernels/cpu/matvec_backends.h"

namespace radlads::kernels::reference {

void matVecRows(const MatVecInputs& inputs, float* y, int64_t start, int64_t end) {
    const View& weight = inputs.weight;
    for (int64_t r = start; r < end; ++r) {
        double sum = inputs.bias ? inputs.bias[r] : 0.0;
        for (int64_t c = 0; c < weight.sizes[3]; ++c) {
            const double w = weight.dtype == DType::Float32 ? weight.at<float>(0, 0, r)[c]
                                                            : toFloat(weight.at<BFloat16>(0, 0, r)[c]);
            sum += w * inputs.x[c];
        }
        y[r] = static_cast<float>(sum);
    }
}

}  // namespace radlads::kernels::reference
