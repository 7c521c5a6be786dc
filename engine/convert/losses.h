// The losses of the three steps, with their gradients (radlads.md 5.1, 5.2, 5.4). Each call is one micro-batch; threads may call
// them at the same time on the same weights.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "engine/model/weights.h"
#include "engine/protocol/plan.h"

namespace radlads::convert {

// gradients: by parameter name; a trainable parameter that the loss does not use has none.
struct LossAndGradients {
    double loss = 0;
    std::vector<double> perLayer;  // align: each layer's loss; 0 for a layer that stays softmax
    model::Weights gradients;
};

struct ModelView {
    const model::Weights& weights;
    const io::ModelConfig& config;
};

// Step 1: mean over converted layers, tokens of ||teacher - student||_2 D^-1/2 (Loss::AlignMse: mean squared difference). tokens [B, T] int64.
// The teacher's stream feeds every layer; layers share gradient through the value residual alone, so one layer's graph is alive at a time.
LossAndGradients alignLoss(ModelView teacher, ModelView student, const at::Tensor& tokens, protocol::Loss loss);

// Step 2: mean over tokens of KL(teacher || student) over the vocabulary. tokens [B, T + 1] int64; the last is not read.
LossAndGradients distillLoss(ModelView teacher, ModelView student, const at::Tensor& tokens);
// Step 3 and pre-training: next-token cross-entropy. tokens [B, T + 1] int64.
LossAndGradients crossEntropyLoss(ModelView student, const at::Tensor& tokens);

// The same without gradients, for validation.
double alignLossValue(ModelView teacher, ModelView student, const at::Tensor& tokens, protocol::Loss loss);
double distillLossValue(ModelView teacher, ModelView student, const at::Tensor& tokens);
double crossEntropyLossValue(ModelView student, const at::Tensor& tokens);

}  // namespace radlads::convert
