#include "engine/run/estimate.h"

#include <algorithm>
#include <cmath>

namespace radlads::run {
namespace {

using protocol::Architecture;
using protocol::StepKind;

// The shape as doubles, in the letters of radlads.md: D hidden, A = H N, Akv = Hkv N, F feed-forward, V vocabulary, L
// layers.
struct Sizes {
    explicit Sizes(const ModelShape& shape)
        : D(double(shape.hidden)),
          A(double(shape.heads) * double(shape.headDim)),
          Akv(double(shape.kvHeads) * double(shape.headDim)),
          H(double(shape.heads)),
          N(double(shape.headDim)),
          F(double(shape.ffn)),
          V(double(shape.vocab)),
          L(double(shape.layers)) {}
    double D, A, Akv, H, N, F, V, L;
};

// Matrices count twice, as parameters and as work; vectors (biases, decays, norms) as parameters alone.
struct Parts {
    double matrices = 0, vectors = 0;
    double parameters() const { return matrices + vectors; }
};

Parts attention(const ModelShape& shape) {
    const Sizes s(shape);
    return {2 * s.D * s.A + 2 * s.D * s.Akv, (shape.qkvBias ? s.A + 2 * s.Akv : 0) + (shape.qkNorm ? 2 * s.N : 0)};
}

Parts feedForward(const ModelShape& shape) {
    const Sizes s(shape);
    return {3 * s.D * s.F, 0};
}

// A low-rank pair [D, r] [r, A].
double lowRank(const Sizes& s, int64_t rank) {
    return double(rank) * (s.D + s.A);
}

// What a mixer has beyond the teacher's projections (radlads.md 2.1, 3.1).
Parts mixerExtra(const ModelShape& shape) {
    const Sizes s(shape);
    const protocol::StudentPlan& student = shape.student;
    const protocol::LoraRanks& ranks = student.loraRanks;
    Parts parts;
    const auto gate = student.gate.value_or(protocol::GateKind::None);
    if (gate == protocol::GateKind::Full) parts.matrices += s.A * s.D;
    if (gate == protocol::GateKind::LowRank) parts.matrices += lowRank(s, ranks.gate);
    if (student.variant == protocol::Variant::GroupNorm) parts.vectors += 2 * s.A;  // ln_x
    parts.matrices += lowRank(s, ranks.decay);
    parts.vectors += s.A;  // the decay's base
    if (student.architecture == Architecture::RadRwkv7) {
        parts.matrices += lowRank(s, ranks.iclr) + lowRank(s, ranks.value);
        parts.vectors += 5 * s.A;  // a0, v0, k_k, k_a, r_k
    } else if (student.tokenShift.value_or(false)) {
        parts.matrices += 2 * 5 * double(ranks.tokenShift) * s.D;
        parts.vectors += 6 * s.D;
    }
    return parts;
}

// Decay, write and read of the N x N state of each head; RWKV-7 also reads and writes along its removal key.
double stateFlops(const ModelShape& shape) {
    const Sizes s(shape);
    const double perElement = shape.student.architecture == Architecture::RadRwkv7 ? 9 : 5;
    return perElement * s.H * s.N * s.N;
}

double keptLayers(const ModelShape& shape) {
    if (shape.student.architecture == Architecture::Softmax) return double(shape.layers);
    return std::min(double(shape.layers), double(shape.student.attentionLayers.size()));
}

double attentionForwardFlops(const ModelShape& shape, int64_t sequence) {
    return 2 * attention(shape).matrices + 2 * Sizes(shape).A * (double(sequence) + 1);
}

double headFlops(const ModelShape& shape) {
    return 2 * Sizes(shape).D * Sizes(shape).V;
}

double trainedParameters(const ModelShape& shape, const ParameterCounts& counts, const protocol::StepPlan& step) {
    if (step.kind == StepKind::Align || step.train == protocol::Trainable::Mixer) return counts.studentMixers;
    if (step.train == protocol::Trainable::All) return counts.student;
    const Sizes s(shape);
    const protocol::LoraRanks& ranks = shape.student.loraRanks;
    const bool shift = shape.student.architecture == Architecture::RadRwkv6 && shape.student.tokenShift.value_or(false);
    const double perLayer = s.A + lowRank(s, ranks.decay) + (shift ? s.D * (1 + 6 * double(ranks.tokenShift)) : 0);
    return perLayer * (s.L - keptLayers(shape));
}

// Numbers that one token leaves for the backward pass of one layer.
double mixerActivations(const ModelShape& shape) {
    constexpr double kStateEvery = 16;  // tokens between saved states (radlads.md 4.2)
    const Sizes s(shape);
    const bool seven = shape.student.architecture == Architecture::RadRwkv7;
    return 2 * s.D + 2 * s.Akv + (seven ? 10 : 7) * s.A + (seven ? 0 : 5 * s.D) + s.H * s.N * s.N / kStateEvery;
}
double attentionActivations(const ModelShape& shape, int64_t sequence) {
    const Sizes s(shape);
    return 2 * s.D + 2 * s.Akv + 4 * s.A + s.H * double(sequence);
}
double feedForwardActivations(const ModelShape& shape) {
    const Sizes s(shape);
    return 3 * s.D + 4 * s.F;
}

double activationsPerToken(const ModelShape& shape, const protocol::StepPlan& step, bool checkpointing) {
    const Sizes s(shape);
    const double kept = keptLayers(shape), mixed = s.L - kept;
    if (step.kind == StepKind::Align) return mixed * mixerActivations(shape);  // the teacher's stream leaves nothing
    const double mixer = mixerActivations(shape), softmax = attentionActivations(shape, step.sequenceLength),
                 rest = feedForwardActivations(shape);
    if (checkpointing) return s.L * s.D + std::max(mixed > 0 ? mixer : 0, kept > 0 ? softmax : 0) + rest;
    return mixed * mixer + kept * softmax + s.L * rest;
}

MemoryEstimate stepMemory(const ModelShape& shape, const ParameterCounts& counts, const protocol::Plan& plan,
                          const protocol::StepPlan& step, int64_t concurrent) {
    // A CPU multiplies the float32 masters themselves, rounded as they are read: bf16 leaves its memory as it is.
    const bool isCpu = plan.hardware.device == "auto" || plan.hardware.device == "cpu";
    const bool bf16 = plan.hardware.precision == protocol::Precision::Bf16 && !isCpu;
    const double weightBytes = bf16 ? 2 : 4, teacherBytes = plan.teacher.dtype == "bfloat16" ? 2 : 4;
    const double trained = trainedParameters(shape, counts, step);
    const double ranks = double(plan.hardware.ranks);
    const double optimizerShare = plan.hardware.sharding == "none" ? 1 : 1 / ranks;
    const double weightShare = plan.hardware.sharding == "full" ? 1 / ranks : 1;
    const double sequences =
        double(std::max<int64_t>(step.microBatchSize, 1)) * double(std::max<int64_t>(concurrent, 1));
    const double tokens = sequences * double(step.sequenceLength);

    MemoryEstimate memory;
    memory.weights = weightShare * counts.student * weightBytes;
    if (step.kind != StepKind::Pretrain) memory.weights += weightShare * counts.teacher * teacherBytes;
    memory.gradients = weightShare * trained * weightBytes;
    memory.moments = optimizerShare * trained * 8;
    memory.masters = bf16 ? optimizerShare * trained * 4 : 0;
    memory.activations =
        tokens * weightBytes * activationsPerToken(shape, step, plan.hardware.activationCheckpointing == "on");
    // Logits, their log-softmax and their gradient; in distillation also the teacher's logits and log-softmax. In fp32.
    const double copies = step.kind == StepKind::Align ? 0 : step.kind == StepKind::Distill ? 5 : 3;
    memory.logits = copies * tokens * 4 * double(shape.vocab);
    return memory;
}

// The student's backward pass costs twice its forward pass; recomputed activations cost one more forward pass.
double stepFlopsPerToken(const ModelShape& shape, const protocol::StepPlan& step, bool checkpointing) {
    const double passes = checkpointing ? 4 : 3;
    switch (step.kind) {
        case StepKind::Align:
            return teacherForwardFlops(shape, step.sequenceLength, false) +
                   3 * (double(shape.layers) - keptLayers(shape)) * mixerForwardFlops(shape);
        case StepKind::Distill:
            return teacherForwardFlops(shape, step.sequenceLength, true) +
                   passes * studentForwardFlops(shape, step.sequenceLength);
        case StepKind::Extend:
        case StepKind::Pretrain:
            break;
    }
    return passes * studentForwardFlops(shape, step.sequenceLength);
}

}  // namespace

ParameterCounts countParameters(const ModelShape& shape) {
    const Sizes s(shape);
    const double perLayer = feedForward(shape).parameters() + 2 * s.D;
    const double attentionLayer = attention(shape).parameters();
    const double embedding = s.V * s.D, finalNorm = s.D;
    ParameterCounts counts;
    counts.teacher = s.L * (perLayer + attentionLayer) + finalNorm + embedding * (shape.tiedEmbeddings ? 1 : 2);
    if (shape.student.architecture == Architecture::Softmax) {
        counts.student = counts.teacher;
        return counts;
    }
    const double kept = keptLayers(shape);
    counts.addedByStudent = (s.L - kept) * mixerExtra(shape).parameters();
    counts.studentMixers = (s.L - kept) * attentionLayer + counts.addedByStudent;
    counts.student = s.L * perLayer + kept * attentionLayer + counts.studentMixers + finalNorm + 2 * embedding;
    return counts;
}

double teacherForwardFlops(const ModelShape& shape, int64_t sequence, bool withHead) {
    return double(shape.layers) * (attentionForwardFlops(shape, sequence) + 2 * feedForward(shape).matrices) +
           (withHead ? headFlops(shape) : 0);
}

double mixerForwardFlops(const ModelShape& shape) {
    return 2 * (attention(shape).matrices + mixerExtra(shape).matrices) + stateFlops(shape);
}

double studentForwardFlops(const ModelShape& shape, int64_t sequence) {
    const double kept = keptLayers(shape), layers = double(shape.layers);
    const double mixers = layers > kept ? (layers - kept) * mixerForwardFlops(shape) : 0;
    return mixers + kept * attentionForwardFlops(shape, sequence) + layers * 2 * feedForward(shape).matrices +
           headFlops(shape);
}

PlanEstimate estimatePlan(const ModelShape& shape, const protocol::Plan& plan, int64_t concurrentMicroBatches) {
    PlanEstimate estimate;
    estimate.parameters = countParameters(shape);
    double mostTrained = 0;
    for (const protocol::StepPlan& step : plan.steps) {
        StepEstimate result;
        result.updates = std::ceil(double(step.tokens) / (double(step.batchSize) * double(step.sequenceLength)));
        result.trainedParameters = trainedParameters(shape, estimate.parameters, step);
        result.flopsPerToken = stepFlopsPerToken(shape, step, plan.hardware.activationCheckpointing == "on");
        result.flops = result.flopsPerToken * result.updates * double(step.batchSize) * double(step.sequenceLength);
        result.memory = stepMemory(shape, estimate.parameters, plan, step, concurrentMicroBatches);
        estimate.flops += result.flops;
        estimate.peakMemoryBytes = std::max(estimate.peakMemoryBytes, result.memory.total());
        mostTrained = std::max(mostTrained, result.trainedParameters);
        estimate.steps.push_back(result);
    }
    const double modelBytes = 4 * estimate.parameters.student;
    estimate.checkpointBytes = modelBytes + 8 * mostTrained;
    const double checkpoints = double(plan.checkpoints.keepLast) + (plan.checkpoints.keepBest ? 1 : 0) + 1;
    estimate.diskBytes = checkpoints * estimate.checkpointBytes + (1 + double(plan.exports.size())) * modelBytes;
    return estimate;
}

namespace {

// The largest divisor of the batch of at most so many tokens and sequences.
int64_t microBatchOf(const protocol::StepPlan& step, int64_t tokens, int64_t most) {
    for (int64_t size = std::clamp<int64_t>(tokens / step.sequenceLength, 1, most); size > 1; --size)
        if (step.batchSize % size == 0) return size;
    return 1;
}

}  // namespace

int64_t resolveMicroBatch(const protocol::StepPlan& step) {
    return step.microBatchSize > 0 ? step.microBatchSize : microBatchOf(step, 1024, std::max<int64_t>(1, step.batchSize / 2));
}

int64_t gpuMicroBatch(const protocol::StepPlan& step) {
    return step.microBatchSize > 0 ? step.microBatchSize : microBatchOf(step, 16384, std::max<int64_t>(1, step.batchSize));
}

protocol::LoraRanks resolveRanks(protocol::LoraRanks ranks, int64_t hiddenSize) {
    // nearbyint rounds halves to even, as Python's round() does in the reference.
    const auto formula = [hiddenSize](double exponent, double factor) {
        const double units = std::nearbyint(std::pow(static_cast<double>(hiddenSize), exponent) * factor / 32.0);
        return 32 * std::max<int64_t>(1, static_cast<int64_t>(units));
    };
    const auto fill = [&](int64_t& rank, double exponent, double factor) {
        if (rank == 0) rank = formula(exponent, factor);
    };
    fill(ranks.decay, 0.5, 1.8);
    fill(ranks.iclr, 0.5, 1.8);
    fill(ranks.tokenShift, 0.5, 1.8);
    fill(ranks.value, 0.5, 1.3);
    fill(ranks.gate, 0.8, 0.6);
    return ranks;
}

PlanDemand demandOf(const ModelShape& shape, const protocol::Plan& plan, int64_t threads) {
    PlanDemand demand;
    for (const protocol::StepPlan& step : plan.steps) {
        StepDemand result;
        result.microBatch = resolveMicroBatch(step);
        result.concurrent = std::clamp<int64_t>(step.batchSize / result.microBatch, 1, std::max<int64_t>(1, threads));
        protocol::Plan one = plan;
        one.steps = {step};
        one.steps.front().microBatchSize = result.microBatch;
        const PlanEstimate estimate = estimatePlan(shape, one, result.concurrent);
        result.estimate = estimate.steps.front();
        result.estimate.memory.gradients *= static_cast<double>(1 + result.concurrent);
        demand.parameters = estimate.parameters;
        demand.flops += result.estimate.flops;
        demand.peakMemoryBytes = std::max(demand.peakMemoryBytes, result.estimate.memory.total());
        demand.checkpointBytes = std::max(demand.checkpointBytes, estimate.checkpointBytes);
        demand.diskBytes = std::max(demand.diskBytes, estimate.diskBytes);
        demand.steps.push_back(result);
    }
    if (shape.student.architecture == Architecture::Softmax) demand.parameters.teacher = 0;
    demand.diskBytes += 4 * demand.parameters.student * static_cast<double>(plan.steps.size());
    return demand;
}

double estimateSeconds(double flops, double flopsPerSecond) {
    return flopsPerSecond > 0 ? flops / flopsPerSecond : 0;
}

double estimateCost(double seconds, double pricePerHour) {
    return seconds / 3600 * pricePerHour;
}

}  // namespace radlads::run
