#include <gtest/gtest.h>

#include <cmath>

#include "engine/run/estimate.h"

namespace radlads::run {
namespace {

using protocol::Architecture;
using protocol::StepKind;

// Qwen2.5-7B (radlads.md 1.2) with the ranks of radlads.md 2.1.
ModelShape qwen7b(Architecture architecture) {
    ModelShape shape;
    shape.layers = 28;
    shape.hidden = 3584;
    shape.heads = 28;
    shape.kvHeads = 4;
    shape.headDim = 128;
    shape.ffn = 18944;
    shape.vocab = 152064;
    shape.student.architecture = architecture;
    shape.student.loraRanks = {96, 96, 64, 416, 96};
    const bool seven = architecture == Architecture::RadRwkv7;
    shape.student.variant = seven ? protocol::Variant::GroupNorm : protocol::Variant::Balanced;
    shape.student.rope = seven;
    shape.student.tokenShift = !seven;
    shape.student.gate = seven ? protocol::GateKind::LowRank : protocol::GateKind::Full;
    return shape;
}

protocol::Plan paperPlan() {
    protocol::Plan plan;
    for (const auto& [kind, tokens, length, batch] : {std::tuple{StepKind::Align, int64_t{100000000}, 512, 32},
                                                      {StepKind::Distill, 500000000, 512, 96},
                                                      {StepKind::Extend, 100000000, 16384, 96}}) {
        protocol::StepPlan step;
        step.kind = kind;
        step.tokens = tokens;
        step.sequenceLength = length;
        step.batchSize = batch;
        plan.steps.push_back(step);
    }
    return plan;
}

TEST(Estimate, CountsTheParametersOfAKnownModel) {
    // 7,615,616,512 is what the checkpoint holds.
    EXPECT_EQ(countParameters(qwen7b(Architecture::RadRwkv7)).teacher, 7615616512.0);
    ModelShape tied = qwen7b(Architecture::RadRwkv7);
    tied.tiedEmbeddings = true;
    EXPECT_EQ(countParameters(tied).teacher, 7615616512.0 - 152064.0 * 3584);
    EXPECT_EQ(countParameters(tied).student, countParameters(qwen7b(Architecture::RadRwkv7)).student)
        << "the student's head is untied";
}

TEST(Estimate, CountsTheTensorsOfTheMixers) {
    // The demo's shape, tensor by tensor from radlads.md 2.1 and 3.1: D = A = 128, Akv = 64, ranks 32.
    ModelShape shape;
    shape.layers = 2;
    shape.hidden = 128;
    shape.heads = 4;
    shape.kvHeads = 2;
    shape.headDim = 32;
    shape.ffn = 256;
    shape.vocab = 512;
    shape.student = qwen7b(Architecture::RadRwkv7).student;
    shape.student.loraRanks = {32, 32, 32, 32, 32};
    EXPECT_EQ(countParameters(shape).teacher, 427136.0) << "the embedded teacher";
    const double pair = 2 * 128 * 32;
    const double seven = 4 * pair + /* w0 a0 v0 */ 3 * 128 + /* k_k k_a r_k */ 3 * 128 + /* ln_x */ 2 * 128;
    EXPECT_EQ(countParameters(shape).addedByStudent, 2 * seven);
    shape.student = qwen7b(Architecture::RadRwkv6).student;
    shape.student.loraRanks = {32, 32, 32, 32, 32};
    const double six = pair + 128 + /* gate */ 128 * 128 + /* maa */ 6 * 128 + /* w1 w2 */ 2 * 5 * 32 * 128;
    EXPECT_EQ(countParameters(shape).addedByStudent, 2 * six);
    shape.student.attentionLayers = {1};
    EXPECT_EQ(countParameters(shape).addedByStudent, six);
    EXPECT_EQ(countParameters(shape).student, 427136.0 + six);
}

TEST(Estimate, ForwardWorkIsTwiceTheMatricesPlusAttention) {
    const ModelShape shape = qwen7b(Architecture::RadRwkv7);
    const double matrices = 28.0 * (2.0 * 3584 * 3584 + 2.0 * 3584 * 512 + 3.0 * 3584 * 18944);
    const double attention = 28.0 * 2 * 3584 * 513;
    EXPECT_EQ(teacherForwardFlops(shape, 512, false), 2 * matrices + attention);
    EXPECT_EQ(teacherForwardFlops(shape, 512, true), 2 * matrices + attention + 2.0 * 3584 * 152064);
}

TEST(Estimate, StepsCountTeacherAndStudentPasses) {
    const ModelShape shape = qwen7b(Architecture::RadRwkv7);
    const PlanEstimate estimate = estimatePlan(shape, paperPlan());
    ASSERT_EQ(estimate.steps.size(), 3U);
    EXPECT_EQ(estimate.steps[0].updates, 6104);
    EXPECT_EQ(estimate.steps[1].updates, 10173);
    EXPECT_EQ(estimate.steps[2].updates, 64);
    EXPECT_EQ(estimate.steps[0].flopsPerToken,
              teacherForwardFlops(shape, 512, false) + 3 * 28 * mixerForwardFlops(shape));
    EXPECT_EQ(estimate.steps[1].flopsPerToken,
              teacherForwardFlops(shape, 512, true) + 3 * studentForwardFlops(shape, 512));
    EXPECT_EQ(estimate.steps[2].flopsPerToken, 3 * studentForwardFlops(shape, 16384));
    EXPECT_EQ(estimate.steps[0].trainedParameters, estimate.parameters.studentMixers);
    EXPECT_EQ(estimate.steps[1].trainedParameters, estimate.parameters.student);
    double sum = 0;
    for (const StepEstimate& step : estimate.steps) sum += step.flops;
    EXPECT_EQ(estimate.flops, sum);
    // A state of constant size costs the same at any length.
    EXPECT_EQ(studentForwardFlops(shape, 512), studentForwardFlops(shape, 16384));
}

TEST(Estimate, RecomputingActivationsTradesMemoryForWork) {
    const ModelShape shape = qwen7b(Architecture::RadRwkv6);
    protocol::Plan plan = paperPlan();
    const PlanEstimate kept = estimatePlan(shape, plan);
    plan.hardware.activationCheckpointing = "on";
    const PlanEstimate recomputed = estimatePlan(shape, plan);
    EXPECT_LT(recomputed.steps[1].memory.activations, kept.steps[1].memory.activations / 5);
    EXPECT_EQ(recomputed.steps[1].flopsPerToken - kept.steps[1].flopsPerToken, studentForwardFlops(shape, 512));
    EXPECT_EQ(recomputed.steps[0].flopsPerToken, kept.steps[0].flopsPerToken);
}

TEST(Estimate, MemoryIsTheSumOfItsPartsAndScalesWithTheMicroBatch) {
    const ModelShape shape = qwen7b(Architecture::RadRwkv7);
    protocol::Plan plan = paperPlan();
    const PlanEstimate one = estimatePlan(shape, plan);
    const MemoryEstimate& memory = one.steps[1].memory;
    EXPECT_EQ(memory.weights, 4 * (one.parameters.student + one.parameters.teacher));
    EXPECT_EQ(memory.gradients, 4 * one.parameters.student);
    EXPECT_EQ(memory.moments, 8 * one.parameters.student);
    EXPECT_EQ(memory.masters, 0);
    EXPECT_EQ(memory.logits, 5 * 512.0 * 4 * 152064);
    EXPECT_EQ(memory.total(), memory.weights + memory.gradients + memory.moments + memory.activations + memory.logits);
    plan.steps[1].microBatchSize = 3;
    EXPECT_EQ(estimatePlan(shape, plan, 2).steps[1].memory.activations, 6 * memory.activations);
    double peak = 0;
    for (const StepEstimate& step : one.steps) peak = std::max(peak, step.memory.total());
    EXPECT_EQ(one.peakMemoryBytes, peak);
    plan.teacher.dtype = "bfloat16";
    plan.hardware.precision = protocol::Precision::Bf16;
    const MemoryEstimate onCpu = estimatePlan(shape, plan).steps[1].memory;
    EXPECT_EQ(onCpu.weights, 4 * one.parameters.student + 2 * one.parameters.teacher);
    EXPECT_EQ(onCpu.masters, 0);
    EXPECT_EQ(onCpu.activations, 3 * memory.activations);
    plan.hardware.device = "cuda:0";
    const MemoryEstimate onGpu = estimatePlan(shape, plan).steps[1].memory;
    EXPECT_EQ(onGpu.weights, 2 * (one.parameters.student + one.parameters.teacher));
    EXPECT_EQ(onGpu.masters, 4 * one.parameters.student);
}

TEST(Estimate, DiskHoldsTheCheckpointsKeptTheOneBeingWrittenAndTheModel) {
    protocol::Plan plan = paperPlan();
    const PlanEstimate estimate = estimatePlan(qwen7b(Architecture::RadRwkv7), plan);
    EXPECT_EQ(estimate.checkpointBytes, 12 * estimate.parameters.student);
    EXPECT_EQ(estimate.diskBytes, 3 * estimate.checkpointBytes + 4 * estimate.parameters.student);
    plan.checkpoints.keepBest = true;
    plan.exports = {{"hf", "/out"}};
    EXPECT_EQ(estimatePlan(qwen7b(Architecture::RadRwkv7), plan).diskBytes,
              4 * estimate.checkpointBytes + 8 * estimate.parameters.student);
}

TEST(Estimate, PretrainingNeedsNoTeacher) {
    ModelShape shape = qwen7b(Architecture::RadRwkv7);
    shape.student = {};
    shape.student.architecture = Architecture::Softmax;
    protocol::Plan plan = paperPlan();
    plan.steps.resize(1);
    plan.steps[0].kind = StepKind::Pretrain;
    const PlanEstimate estimate = estimatePlan(shape, plan);
    EXPECT_EQ(estimate.parameters.student, 7615616512.0);
    EXPECT_EQ(estimate.steps[0].memory.weights, 4 * 7615616512.0);
    EXPECT_EQ(estimate.steps[0].flopsPerToken, 3 * teacherForwardFlops(shape, 512, true));
}

TEST(Estimate, TimeAndCostFollowTheRate) {
    EXPECT_EQ(estimateSeconds(1e15, 1e12), 1000);
    EXPECT_EQ(estimateSeconds(1e15, 0), 0);
    EXPECT_EQ(estimateCost(7200, 2.5), 5);
}

}  // namespace
}  // namespace radlads::run
