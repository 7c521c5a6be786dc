// Small random models for tests.
#pragma once

#include <utility>

#include "engine/convert/setup.h"
#include "engine/model/compat.h"
#include "engine/protocol/plan.h"

namespace radlads::testing_models {

inline std::pair<io::ModelConfig, model::Weights> smallTeacher(io::Family family, int64_t kvHeads = 2) {
    const protocol::ModelPlan plan{.hiddenSize = 32, .layers = 3, .heads = 4, .kvHeads = kvHeads, .headDim = 8, .intermediateSize = 48};
    io::ModelConfig config = convert::freshConfig(plan, 61);
    config.family = family;
    config.qkvBias = family == io::Family::Qwen2;
    config.qkNorm = family == io::Family::Qwen3;
    return {config, convert::freshWeights(config, plan, 11)};
}

inline protocol::StudentPlan studentPlan(protocol::Architecture architecture) {
    protocol::StudentPlan plan;
    plan.architecture = architecture;
    plan.variant = architecture == protocol::Architecture::RadRwkv7 ? protocol::Variant::GroupNorm : protocol::Variant::Balanced;
    plan.loraRanks = {.decay = 4, .iclr = 4, .value = 4, .gate = 4, .tokenShift = 4};
    return plan;
}

// Every parameter moved a little, so that nothing is at its special starting value.
inline model::Weights perturbed(model::Weights weights) {
    at::manual_seed(17);
    for (auto& [name, tensor] : weights) tensor.add_(at::randn(tensor.sizes()) * 0.1);
    return weights;
}

}  // namespace radlads::testing_models
