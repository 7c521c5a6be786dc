#include "engine/train/optimizer.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "engine/model/compat.h"
#include "engine/model/threads.h"

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

struct AdamStep {
    float beta1, beta2, epsilon, stepSize, rootCorrection, keep, scale;
};

void adamStep(float* __restrict value, float* __restrict first, float* __restrict second, const float* __restrict gradient, int64_t count,
              const AdamStep& step) {
    for (int64_t i = 0; i < count; ++i) {
        const float g = gradient[i] * step.scale;
        first[i] = step.beta1 * first[i] + (1.0f - step.beta1) * g;
        second[i] = step.beta2 * second[i] + (1.0f - step.beta2) * g * g;
        value[i] = value[i] * step.keep - step.stepSize * first[i] / (std::sqrt(second[i]) * step.rootCorrection + step.epsilon);
    }
}

}  // namespace

Optimizer::Optimizer(model::Weights& weights, const protocol::AdamPlan& adam, double weightDecay) : m_adam(adam), m_weightDecay(weightDecay) {
    for (auto& [name, tensor] : weights) {
        if (!tensor.requires_grad()) continue;
        const at::Tensor value = tensor.detach();  // shares the storage
        m_parameters.push_back({name, value, at::zeros_like(value), at::zeros_like(value), name.find(".self_attn.") != std::string::npos,
                                value.dim() == 2 && weightDecay != 0});
    }
}

double Optimizer::gradientNorm(const model::Weights& gradients) {
    double sum = 0;
    for (const auto& [name, gradient] : gradients) sum += sumOfSquares(gradient.data_ptr<float>(), gradient.numel());
    return std::sqrt(sum);
}

std::vector<double> Optimizer::gradientNormsByLayer(const model::Weights& gradients) {
    constexpr std::string_view kPrefix = "model.layers.";
    std::vector<double> norms;
    for (const auto& [name, gradient] : gradients) {
        if (!name.starts_with(kPrefix)) continue;
        size_t layer = 0;
        const char* digits = name.data() + kPrefix.size();
        if (std::from_chars(digits, name.data() + name.size(), layer).ec != std::errc()) continue;
        norms.resize(std::max(norms.size(), layer + 1));
        norms[layer] += sumOfSquares(gradient.data_ptr<float>(), gradient.numel());
    }
    for (double& norm : norms) norm = std::sqrt(norm);
    return norms;
}

void Optimizer::update(const model::Weights& gradients, double scale, const LearningRates& rates, size_t threads) {
    ++m_updates;
    const double correction1 = 1.0 - std::pow(m_adam.beta1, static_cast<double>(m_updates));
    const double correction2 = 1.0 - std::pow(m_adam.beta2, static_cast<double>(m_updates));
    model::parallelTasks(m_parameters.size(), threads, [&](size_t index) {
        Parameter& parameter = m_parameters[index];
        const auto found = gradients.find(parameter.name);
        if (found == gradients.end()) return;
        const double rate = parameter.mixer ? rates.mixer : rates.main;
        const AdamStep step{static_cast<float>(m_adam.beta1),
                            static_cast<float>(m_adam.beta2),
                            static_cast<float>(m_adam.epsilon),
                            static_cast<float>(rate / correction1),
                            static_cast<float>(1.0 / std::sqrt(correction2)),
                            parameter.decays ? static_cast<float>(1.0 - rate * m_weightDecay) : 1.0f,
                            static_cast<float>(scale)};
        adamStep(parameter.value.data_ptr<float>(), parameter.firstMoment.data_ptr<float>(), parameter.secondMoment.data_ptr<float>(),
                 found->second.data_ptr<float>(), parameter.value.numel(), step);
    });
}

model::Weights Optimizer::state() const {
    model::Weights state;
    for (const Parameter& parameter : m_parameters) {
        state.emplace(parameter.name + ".m", parameter.firstMoment);
        state.emplace(parameter.name + ".v", parameter.secondMoment);
    }
    return state;
}

Status Optimizer::restore(const model::Weights& state, int64_t updates) {
    for (Parameter& parameter : m_parameters) {
        for (auto [suffix, moment] : {std::pair{".m", &parameter.firstMoment}, std::pair{".v", &parameter.secondMoment}}) {
            const auto found = state.find(parameter.name + suffix);
            if (found == state.end() || found->second.sizes() != moment->sizes()) {
                return invalidInput("the checkpoint's optimizer state does not fit {}; it belongs to another plan", parameter.name);
            }
            moment->copy_(found->second);
        }
    }
    m_updates = updates;
    return {};
}

}  // namespace radlads::train
