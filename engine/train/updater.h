// One optimizer update: a batch cut into micro-batches, each with its own graph on its own thread, gradients summed in a fixed order.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "engine/convert/losses.h"
#include "engine/train/gradients.h"
#include "engine/train/optimizer.h"

namespace radlads::train {

// tokens [b, T + 1] int64 -> loss and gradients of one micro-batch, the mean over its tokens.
using LossFunction = std::function<convert::LossAndGradients(const at::Tensor& tokens)>;

// The gradient of the mean loss is gradients * scale: the optimizer multiplies, instead of a pass of its own.
struct BatchGradients {
    double loss = 0;
    std::vector<double> perLayer;
    model::Weights gradients;
    double scale = 1;
    SquareSums squares;  // of gradients, without scale
    double norm = 0;     // of the gradient of the mean loss
    std::vector<double> normsByLayer() const;
    bool finite() const;
};

// The micro-batch that a step uses: the plan's, or the largest divisor of the batch with about 1024 tokens that leaves two or more.
int64_t resolveMicroBatch(const protocol::StepPlan& step);

// batch: batchSize x (sequenceLength + 1) ids, row-major. The bits of the result do not depend on `threads`.
BatchGradients batchGradients(std::span<const int32_t> batch, const protocol::StepPlan& step, const LossFunction& loss, size_t threads);
at::Tensor toTokens(std::span<const int32_t> ids, int64_t rows);

}  // namespace radlads::train
