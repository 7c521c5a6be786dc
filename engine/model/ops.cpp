#include "engine/model/ops.h"

#include <cmath>
#include <numbers>

#include "engine/model/compat.h"
#include "engine/model/precision.h"
#include "engine/model/vector_product.h"

namespace radlads::model {

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps) {
    return x * at::rsqrt((x * x).mean(-1, true) + eps) * weight;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    if (isBf16Product(x, weight)) return bf16Linear(x, weight, bias);
    if (isVectorProduct(x, weight, bias)) return vectorProduct(x, weight, bias);
    return at::linear(x, weight, bias.defined() ? c10::optional<at::Tensor>(bias) : c10::nullopt);
}

at::Tensor splitHeads(const at::Tensor& x, int64_t heads) {
    return x.reshape({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
}

at::Tensor mergeHeads(const at::Tensor& x) {
    return x.transpose(1, 2).reshape({x.size(0), x.size(2), -1});
}

at::Tensor repeatHeads(const at::Tensor& x, int64_t heads) {
    const int64_t group = heads / x.size(1);
    if (group == 1) return x;
    return x.unsqueeze(2).expand({-1, -1, group, -1, -1}).reshape({x.size(0), heads, x.size(2), x.size(3)});
}

at::Tensor swiglu(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& down) {
    return model::linear(at::silu(model::linear(x, gate)) * model::linear(x, up), down);
}

at::Tensor headNorm(const at::Tensor& y, const at::Tensor& weight, const at::Tensor& bias, double eps) {
    const at::Tensor centred = y - y.mean(-1, true);
    const at::Tensor normalised = centred * at::rsqrt((centred * centred).mean(-1, true) + eps);
    return mergeHeads(normalised) * weight + bias;
}

Rotary rotaryTable(const io::ModelConfig& config, int64_t start, int64_t length, at::ScalarType dtype) {
    const int64_t half = config.headDim / 2;
    std::vector<double> frequencies(half);
    const io::RopeConfig& rope = config.rope;
    for (int64_t j = 0; j < half; ++j) {
        double frequency = std::pow(rope.theta, -2.0 * static_cast<double>(j) / static_cast<double>(config.headDim));
        if (rope.scaling == io::RopeConfig::Scaling::Linear) frequency /= rope.factor;
        if (rope.scaling == io::RopeConfig::Scaling::Llama3) {
            const double wavelength = 2.0 * std::numbers::pi / frequency;
            const double original = static_cast<double>(rope.originalMaxPositions);
            if (wavelength > original / rope.lowFrequencyFactor) {
                frequency /= rope.factor;
            } else if (wavelength > original / rope.highFrequencyFactor) {
                const double s = (original / wavelength - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor);
                frequency = (1.0 - s) * frequency / rope.factor + s * frequency;
            }
        }
        frequencies[j] = frequency;
    }
    const auto options = at::TensorOptions().dtype(at::kDouble);
    const at::Tensor positions = at::arange(start, start + length, options).unsqueeze(1);
    const at::Tensor angles = positions * at::from_blob(frequencies.data(), {1, half}, options);
    const at::Tensor both = at::cat({angles, angles}, 1);
    return {both.cos().to(dtype), both.sin().to(dtype)};
}

at::Tensor applyRotary(const at::Tensor& x, const Rotary& rotary) {
    const int64_t half = x.size(-1) / 2;
    const at::Tensor rotated = at::cat({-x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
    return x * rotary.cos + rotated * rotary.sin;
}

}  // namespace radlads::model
