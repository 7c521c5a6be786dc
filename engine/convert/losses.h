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

// What tokens are compared with: a teacher's hidden states [n, D'] and head [V, D'] for KL, or labels [n] int64 for cross-entropy.
struct HeadTargets {
    at::Tensor teacherHidden, teacherHead;
    at::Tensor labels;
};
struct HeadLoss {
    double loss = 0;
    at::Tensor hiddenGradient, headGradient;  // undefined if not wanted; that of a head that asks for none too
};
// The mean loss over n tokens with hidden states [n, D] under a head [V, D] (radlads.md 5.2, 5.4), and its gradients. The logits of all
// tokens never exist: chunks of tokens share 384 MB of them.
HeadLoss headLoss(const at::Tensor& hidden, const at::Tensor& head, const HeadTargets& targets, bool wantGradients);

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
