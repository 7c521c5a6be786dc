// What a plan costs before it runs: parameters, floating-point operations, memory, disk, time. Arithmetic alone, no
// files. Counts are doubles: 72 B parameters times 700 M tokens do not fit an integer. One multiply-add is 2 FLOPs.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/protocol/plan.h"

namespace radlads::run {

// The sizes of a decoder and of its student; ranks are resolved (radlads.md 2.1), never 0.
struct ModelShape {
    int64_t layers = 0, hidden = 0, heads = 0, kvHeads = 0, headDim = 0, ffn = 0, vocab = 0;
    bool qkvBias = true, qkNorm = false, tiedEmbeddings = false;
    protocol::StudentPlan student;  // as resolvePlan leaves it, with resolved ranks; architecture softmax: no student
};

struct ParameterCounts {
    double teacher = 0;         // the softmax decoder
    double studentMixers = 0;   // all mixers of the student (kept attention layers not counted)
    double student = 0;         // the student with untied head: what steps 2 and 3 hold
    double addedByStudent = 0;  // parameters that the teacher has no counterpart for
};

// Bytes on one device. The parts add up to total().
struct MemoryEstimate {
    double weights = 0;      // the trained model and the teacher, which the worker keeps for the whole run
    double gradients = 0;    // of the trained parameters
    double moments = 0;      // two Adam moments of the trained parameters, fp32
    double masters = 0;      // fp32 copies of trained parameters when weights are bf16: on GPUs
    double activations = 0;  // of the micro-batches computed at a time
    double logits = 0;       // of these: the student's and, in distillation, the teacher's
    double total() const { return weights + gradients + moments + masters + activations + logits; }
};

struct StepEstimate {
    double updates = 0;  // tokens / (batch x sequence length), rounded up
    double trainedParameters = 0;
    double flopsPerToken = 0;  // forward and backward, teacher included
    double flops = 0;          // of the whole step
    MemoryEstimate memory;
};

struct PlanEstimate {
    ParameterCounts parameters;
    std::vector<StepEstimate> steps;
    double peakMemoryBytes = 0;  // the largest step
    double checkpointBytes = 0;  // one: fp32 weights and moments of the step that trains most
    double diskBytes = 0;        // all checkpoints kept, the one being written, and the final model (fp32)
    double flops = 0;
};

ParameterCounts countParameters(const ModelShape& shape);
// FLOPs of one token through the whole softmax decoder, forward, without and with the head; `sequence` sets the
// attention's cost: causal attention sees (sequence + 1) / 2 tokens on average.
double teacherForwardFlops(const ModelShape& shape, int64_t sequence, bool withHead);
// FLOPs of one token through one student mixer, forward: projections, low-rank parts and state.
double mixerForwardFlops(const ModelShape& shape);
// The whole student, forward, with its head.
double studentForwardFlops(const ModelShape& shape, int64_t sequence);

// plan: resolved. A micro_batch_size of 0 counts as one sequence; concurrentMicroBatches: how many a device computes at
// a time.
PlanEstimate estimatePlan(const ModelShape& shape, const protocol::Plan& plan, int64_t concurrentMicroBatches = 1);
// What a plan needs on one machine of so many threads: every step with the micro-batches that the worker takes.
struct StepDemand {
    StepEstimate estimate;  // gradients of every micro-batch in flight, beside their sum
    int64_t microBatch = 1, concurrent = 1;
};
struct PlanDemand {
    ParameterCounts parameters;  // teacher: 0 for a pretrain plan
    std::vector<StepDemand> steps;
    double flops = 0, peakMemoryBytes = 0, checkpointBytes = 0;
    double diskBytes = 0;  // with the model that is kept after each step
};
PlanDemand demandOf(const ModelShape& shape, const protocol::Plan& plan, int64_t threads);
// Sequences of a micro-batch when the step says 0: about 1024 tokens, a divisor of the batch, at most half of it.
int64_t resolveMicroBatch(const protocol::StepPlan& step);
// The same on a GPU: about 16,384 tokens, a divisor of the batch.
int64_t gpuMicroBatch(const protocol::StepPlan& step);
// rank(e, m) = 32 max(1, round(D^e m / 32)), radlads.md 2.1, for every rank that is 0 in `ranks`.
protocol::LoraRanks resolveRanks(protocol::LoraRanks ranks, int64_t hiddenSize);
// Seconds at a rate of flopsPerSecond; and what they cost at a price per hour.
double estimateSeconds(double flops, double flopsPerSecond);
double estimateCost(double seconds, double pricePerHour);

}  // namespace radlads::run
