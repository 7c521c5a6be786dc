// The weights that a step computes with. In float32 they are the model's own. In bf16 (plan key hardware.precision) the
// projections of attention, mixers and MLPs are copies rounded to bfloat16, to the nearest, halves to even; the model's
// float32 weights stay the masters, which the optimizer changes and checkpoints keep. Embeddings, norms, low-rank
// matrices, recurrences, the head and the losses stay float32.
#pragma once

#include "engine/model/weights.h"
#include "engine/protocol/plan.h"

namespace radlads::train {

// Whether bf16 holds this tensor in half the bytes: "*_proj.weight".
bool isHalved(const std::string& name);
// Replaces those of a frozen model (plan key teacher.dtype) by their halves.
void halve(model::Weights& weights);

class ComputeWeights {
public:
    // masters: borrowed.
    ComputeWeights(const model::Weights& masters, protocol::Precision precision);
    // What the masters have become: their values and which of them ask for a gradient. Not while a step computes. The
    // copies stay the same tensors.
    void refresh(size_t threads);
    const model::Weights& get() const { return m_halved ? m_weights : *m_masters; }

private:
    const model::Weights* m_masters;
    bool m_halved;
    model::Weights m_weights;
};

}  // namespace radlads::train
