#include "engine/train/compute_weights.h"

#include <vector>

#include "engine/model/compat.h"
#include "engine/model/threads.h"

namespace radlads::train {

bool isHalved(const std::string& name) {
    return name.ends_with("_proj.weight");
}

void halve(model::Weights& weights) {
    for (auto& [name, tensor] : weights) {
        if (isHalved(name)) tensor = tensor.detach().to(at::kBFloat16);
    }
}

ComputeWeights::ComputeWeights(const model::Weights& masters, protocol::Precision precision)
    : m_masters(&masters), m_halved(precision == protocol::Precision::Bf16) {
    if (!m_halved) return;
    for (const auto& [name, tensor] : masters) m_weights.emplace(name, isHalved(name) ? at::empty_like(tensor, at::kBFloat16) : tensor);
}

void ComputeWeights::refresh(size_t threads) {
    if (!m_halved) return;
    std::vector<std::pair<const at::Tensor*, at::Tensor*>> pairs;
    for (auto& [name, tensor] : m_weights) {
        const at::Tensor& master = m_masters->at(name);
        if (isHalved(name)) pairs.emplace_back(&master, &tensor);
    }
    model::parallelTasks(pairs.size(), threads, [&](size_t i) {
        const at::NoGradGuard noGrad;
        const auto& [master, copy] = pairs[i];
        copy->set_requires_grad(false);
        copy->copy_(*master);
        copy->set_requires_grad(master->requires_grad());
    });
}

}  // namespace radlads::train
