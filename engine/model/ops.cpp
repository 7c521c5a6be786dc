#include "engine/model/ops.h"

#include <bit>
#include <cmath>
#include <mutex>
#include <numbers>

#include "engine/model/compat.h"
#include "engine/model/fused_function.h"
#include "engine/model/fused_ops.h"
#include "engine/model/precision.h"
#include "engine/model/vector_product.h"

namespace radlads::model {
namespace {

Rotary computeRotary(const io::ModelConfig& config, int64_t start, int64_t length, const at::TensorOptions& like) {
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
    return {both.cos().to(like), both.sin().to(like)};
}

}  // namespace


at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double eps) {
    if (areForKernels({x, weight})) return fused::rmsNorm(x, weight, eps);
    return x * at::rsqrt((x * x).mean(-1, true) + eps) * weight;
}

Normed addRmsNorm(const at::Tensor& h, const at::Tensor& delta, const at::Tensor& weight, double eps) {
    if (areForKernels({h, delta, weight})) return fused::addRmsNorm(h, delta, weight, eps);
    const at::Tensor sum = h + delta;
    return {sum, rmsNorm(sum, weight, eps)};
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    if (isNarrowProduct(x, weight)) return narrowLinear(x, weight, bias);
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

at::Tensor headNorm(const at::Tensor& y, const at::Tensor& weight, const at::Tensor& bias, double eps) {
    const at::Tensor centred = y - y.mean(-1, true);
    const at::Tensor normalised = centred * at::rsqrt((centred * centred).mean(-1, true) + eps);
    return mergeHeads(normalised) * weight + bias;
}

Rotary rotaryTable(const io::ModelConfig& config, int64_t start, int64_t length, const at::TensorOptions& like) {
    constexpr int64_t kMostKept = 1 << 16;
    if (!like.device().is_cpu() || start + length > kMostKept) return computeRotary(config, start, length, like);
    static std::mutex mutex;
    static struct {
        io::RopeConfig rope;
        int64_t headDim = 0;
        Rotary table;
    } kept;
    const std::lock_guard lock(mutex);
    const bool fits = kept.table.cos.defined() && kept.rope == config.rope && kept.headDim == config.headDim &&
                      kept.table.cos.dtype() == like.dtype() && kept.table.cos.size(0) >= start + length;
    if (!fits) {
        const auto positions = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(start + length)));
        kept = {config.rope, config.headDim, computeRotary(config, 0, positions, like)};
    }
    return {kept.table.cos.narrow(0, start, length), kept.table.sin.narrow(0, start, length)};
}

at::Tensor applyRotary(const at::Tensor& x, const Rotary& rotary, double scale) {
    if (areForKernels({x, rotary.cos})) return fused::rotate(x, x.size(1), rotary, scale);
    const int64_t half = x.size(-1) / 2;
    const at::Tensor rotated = at::cat({-x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
    const at::Tensor y = x * rotary.cos + rotated * rotary.sin;
    return scale == 1.0 ? y : y * scale;
}

at::Tensor meanDistance(const at::Tensor& target, const at::Tensor& output) {
    if (areForKernels({target, output})) return fused::meanDistance(target, output);
    const at::Tensor difference = target.detach() - output;
    return ((difference * difference).sum(-1) + 1e-24).sqrt().mean() * std::pow(static_cast<double>(target.size(-1)), -0.5);
}

}  // namespace radlads::model
