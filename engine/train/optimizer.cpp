#include "engine/train/optimizer.h"

#include <cmath>

#include "engine/model/compat.h"
#include "engine/model/kernel_calls.h"
#include "engine/model/kernel_choice.h"
#include "engine/train/passes.h"

namespace radlads::train {
namespace {

// Without the kernels.
struct PlainStep {
    float beta1, beta2, epsilon, stepSize, rootCorrection, keep, scale;
};

void plainStep(float* __restrict value, float* __restrict first, float* __restrict second, const float* __restrict gradient, int64_t count,
              const PlainStep& step) {
    for (int64_t i = 0; i < count; ++i) {
        const float g = gradient[i] * step.scale;
        first[i] = step.beta1 * first[i] + (1.0f - step.beta1) * g;
        second[i] = step.beta2 * second[i] + (1.0f - step.beta2) * g * g;
        value[i] = value[i] * step.keep - step.stepSize * first[i] / (std::sqrt(second[i]) * step.rootCorrection + step.epsilon);
    }
}

// The same on a GPU.
void plainStep(at::Tensor& value, at::Tensor& first, at::Tensor& second, const at::Tensor& gradient, const PlainStep& step) {
    const at::Tensor g = gradient * step.scale;
    first.mul_(step.beta1).add_(g, 1.0f - step.beta1);
    second.mul_(step.beta2).addcmul_(g, g, 1.0f - step.beta2);
    value.mul_(step.keep).addcdiv_(first, second.sqrt().mul_(step.rootCorrection).add_(step.epsilon), -step.stepSize);
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

void Optimizer::update(const model::Weights& gradients, double scale, const LearningRates& rates, size_t threads) {
    ++m_updates;
    if (model::kernelsInUse() == model::KernelChoice::Torch) return plainUpdate(gradients, scale, rates, threads);
    std::vector<kernels::AdamTensor> tensors;
    for (Parameter& parameter : m_parameters) {
        const auto found = gradients.find(parameter.name);
        if (found == gradients.end()) continue;
        kernels::AdamTensor tensor;
        tensor.value = parameter.value.data_ptr<float>();
        tensor.first = parameter.firstMoment.data_ptr<float>();
        tensor.second = parameter.secondMoment.data_ptr<float>();
        tensor.gradient = found->second.data_ptr<float>();
        tensor.count = parameter.value.numel();
        tensor.learningRate = parameter.mixer ? rates.mixer : rates.main;
        tensor.weightDecay = parameter.decays ? m_weightDecay : 0.0;
        tensors.push_back(tensor);
    }
    const kernels::AdamStep step{m_adam.beta1, m_adam.beta2, m_adam.epsilon, scale, m_updates};
    if (!tensors.empty()) model::calls::adamw(m_parameters.front().value, tensors, step, onThreads(threads));
}

void Optimizer::plainUpdate(const model::Weights& gradients, double scale, const LearningRates& rates, size_t threads) {
    const double correction1 = 1.0 - std::pow(m_adam.beta1, static_cast<double>(m_updates));
    const double correction2 = 1.0 - std::pow(m_adam.beta2, static_cast<double>(m_updates));
    model::parallelTasks(m_parameters.size(), threads, [&](size_t index) {
        Parameter& parameter = m_parameters[index];
        const auto found = gradients.find(parameter.name);
        if (found == gradients.end()) return;
        const double rate = parameter.mixer ? rates.mixer : rates.main;
        const PlainStep step{static_cast<float>(m_adam.beta1),
                            static_cast<float>(m_adam.beta2),
                            static_cast<float>(m_adam.epsilon),
                            static_cast<float>(rate / correction1),
                            static_cast<float>(1.0 / std::sqrt(correction2)),
                            parameter.decays ? static_cast<float>(1.0 - rate * m_weightDecay) : 1.0f,
                            static_cast<float>(scale)};
        if (!parameter.value.device().is_cpu()) return plainStep(parameter.value, parameter.firstMoment, parameter.secondMoment, found->second, step);
        plainStep(parameter.value.data_ptr<float>(), parameter.firstMoment.data_ptr<float>(), parameter.secondMoment.data_ptr<float>(),
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
