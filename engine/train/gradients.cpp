#include "engine/train/gradients.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "engine/model/compat.h"
#include "engine/model/kernel_calls.h"
#include "engine/model/kernel_choice.h"
#include "engine/train/passes.h"

namespace radlads::train {
namespace {

// Eight partial sums in double: the order is fixed, so the bits are too.
double sumOfSquares(const float* values, int64_t count) {
    constexpr int64_t kLanes = 8;
    double lanes[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        for (int64_t j = 0; j < kLanes; ++j) lanes[j] += static_cast<double>(values[i + j]) * static_cast<double>(values[i + j]);
    }
    double sum = 0;
    for (; i < count; ++i) sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    for (const double lane : lanes) sum += lane;
    return sum;
}

// Float32, owned and contiguous: the optimizer reads plain memory, and a sum must not write into a graph's buffer.
void own(at::Tensor& gradient) {
    if (gradient.scalar_type() != at::kFloat) gradient = gradient.to(at::kFloat);
    if (!gradient.is_contiguous() || gradient.use_count() > 1) gradient = gradient.clone(at::MemoryFormat::Contiguous);
}

// The sums of squares of `gradients`, those with a part after it has been added.
SquareSums pass(const model::Weights& gradients, const model::Weights& parts, size_t threads) {
    SquareSums result;
    if (model::kernelsInUse() == model::KernelChoice::Torch) {
        for (const auto& [name, gradient] : gradients) {
            if (const auto part = parts.find(name); part != parts.end()) gradient.add_(part->second);
            result.emplace(name, gradient.device().is_cpu() ? sumOfSquares(gradient.data_ptr<float>(), gradient.numel())
                                                            : gradient.to(at::kDouble).square().sum().item<double>());
        }
        return result;
    }
    if (gradients.empty()) return result;
    std::vector<kernels::GradientTensor> tensors;
    for (const auto& [name, gradient] : gradients) {
        const auto part = parts.find(name);
        tensors.push_back({gradient.data_ptr<float>(), part == parts.end() ? nullptr : part->second.data_ptr<float>(), gradient.numel()});
    }
    const std::vector<double> sums = model::calls::squareSums(gradients.begin()->second, tensors, onThreads(threads));
    size_t i = 0;
    for (const auto& [name, gradient] : gradients) result.emplace(name, sums[i++]);
    return result;
}

}  // namespace

SquareSums squareSums(const model::Weights& gradients, size_t threads) {
    return pass(gradients, {}, threads);
}

SquareSums addGradients(model::Weights& sum, model::Weights part, size_t threads) {
    for (auto it = part.begin(); it != part.end();) {
        if (const auto [found, fresh] = sum.emplace(it->first, it->second); fresh) {
            it = part.erase(it);
            own(found->second);
        } else {
            it->second = it->second.to(at::kFloat).contiguous();
            ++it;
        }
    }
    return pass(sum, part, threads);
}

double gradientNorm(const SquareSums& squares) {
    double sum = 0;
    for (const auto& [name, square] : squares) sum += square;
    return std::sqrt(sum);
}

std::vector<double> gradientNormsByLayer(const SquareSums& squares) {
    constexpr std::string_view kPrefix = "model.layers.";
    std::vector<double> norms;
    for (const auto& [name, square] : squares) {
        if (!name.starts_with(kPrefix)) continue;
        size_t layer = 0;
        const char* digits = name.data() + kPrefix.size();
        if (std::from_chars(digits, name.data() + name.size(), layer).ec != std::errc()) continue;
        norms.resize(std::max(norms.size(), layer + 1));
        norms[layer] += square;
    }
    for (double& norm : norms) norm = std::sqrt(norm);
    return norms;
}

}  // namespace radlads::train
