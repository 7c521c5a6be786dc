// Setup: from a teacher to a student with the teacher's attention weights (radlads.md 2.1, 2.4, 3.1, 5.0), and fresh softmax
// decoders for pre-training.
#pragma once

#include <cstdint>

#include "engine/model/weights.h"
#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::convert {

// The student's config: the teacher's decoder with the plan's mixer. The plan must be resolved. InvalidInput where the teacher
// cannot carry the student (a kept layer out of range, a head size that the mixer does not take).
Result<io::ModelConfig> studentConfig(const io::ModelConfig& teacher, const protocol::StudentPlan& plan);
// Every tensor that the teacher has is copied, the rest drawn by the tables of radlads.md 2.1 and 3.1 from `seed`.
model::Weights studentWeights(const model::Weights& teacher, const io::ModelConfig& student, uint64_t seed);

// A Qwen2-shaped decoder and its random weights: embeddings N(0, 0.5), matrices N(0, 1/fan-in), output projections divided by
// sqrt(2 layers), head N(0, 0.02). With plan.inductionStart (two layers or more, biases) head 0
// of layer 0 starts by looking at the previous token and head 0 of layer 1 by looking for what followed the current token before.
io::ModelConfig freshConfig(const protocol::ModelPlan& plan, int64_t vocabSize);
model::Weights freshWeights(const io::ModelConfig& config, const protocol::ModelPlan& plan, uint64_t seed);

}  // namespace radlads::convert
