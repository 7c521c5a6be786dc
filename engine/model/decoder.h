// The decoder around the mixers: embedding, layers of mixer and MLP, final norm, head (radlads.md 1.1). Teacher and student alike.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "engine/model/mixers/mixer.h"
#include "engine/model/weights.h"

namespace radlads::model {

// What a model keeps of the tokens that it has read.
struct DecoderState {
    std::vector<MixerState> layers;
    int64_t position = 0;  // tokens read
    int64_t sizeBytes() const;
};
DecoderState emptyState(const io::ModelConfig& config);

struct ForwardOptions {
    DecoderState* state = nullptr;  // read and advanced; null: a fresh window
    Form form = Form::Chunked;
    bool zeroMixers = false;        // every mixer's output replaced by zero: the floor that a skill is measured from
};

// Everything is computed where the weights are; tokens may lie elsewhere.
// tokens [B, T] int64 -> the normalised hidden state before the head [B, T, D].
at::Tensor hiddenStates(const Weights& weights, const io::ModelConfig& config, const at::Tensor& tokens, const ForwardOptions& options = {});
// hidden [.., D] -> logits [.., V].
at::Tensor headLogits(const Weights& weights, const at::Tensor& hidden);
at::Tensor logits(const Weights& weights, const io::ModelConfig& config, const at::Tensor& tokens, const ForwardOptions& options = {});

// The pieces, for step 1, which walks the layers itself.
at::Tensor embed(const Weights& weights, const io::ModelConfig& config, const at::Tensor& tokens);
at::Tensor mlp(const Weights& weights, const io::ModelConfig& config, int64_t layer, const at::Tensor& h);
at::Tensor mixerInput(const Weights& weights, const io::ModelConfig& config, int64_t layer, const at::Tensor& h);

}  // namespace radlads::model
