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
// sqrt(2 layers), head N(0, 0.02). With plan.inductionStart, head 0 of
// layer 0 attends to the previous token through its q and k biases (their rotated product is sum_i c^2 cos(theta_i (t - s - 1)), largest at
// s = t - 1), and head 0 of layer 1 compares the current token with what that head wrote, in the rotary dimensions that turn slowly.
io::ModelConfig freshConfig(const protocol::ModelPlan& plan, int64_t vocabSize);
model::Weights freshWeights(const io::ModelConfig& config, const protocol::ModelPlan& plan, uint64_t seed);

}  // namespace radlads::convert
