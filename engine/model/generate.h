// Recurrent decoding: one token at a time, constant memory for a student. Sampling options as in llama.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/model/decoder.h"

namespace radlads::model {

struct SamplingOptions {
    double temperature = 0.0;  // 0: greedy
    int64_t topK = 0;          // 0: off
    double topP = 1.0, minP = 0.0;
    double repeatPenalty = 1.0;
    int64_t repeatLastN = 64;
    uint64_t seed = 0;
    bool ignoreEnd = false;  // end tokens are never drawn: the text goes on to its last token
};

struct GenerationResult {
    std::vector<int32_t> tokens;
    double promptSeconds = 0, generateSeconds = 0;
    int64_t stateBytes = 0;  // what the model keeps at the end: the recurrent state, or the key-value cache
    bool ended = false;      // stopped at an end token
};

// What an observer sees after a piece of the prompt (no token) and after each token that was sampled.
struct GenerationProgress {
    std::optional<int32_t> token;
    int64_t contextTokens = 0;  // that the model has read so far; a sampled token is read before the next one is drawn
    int64_t stateBytes = 0;     // what it keeps of them
    double seconds = 0;         // since the first token was drawn
};
// False stops.
using GenerationObserver = std::function<bool(const GenerationProgress&)>;

// Reads the prompt in chunked form, then samples up to maxTokens.
GenerationResult generate(const Weights& weights, const io::ModelConfig& config, std::span<const int32_t> prompt, int64_t maxTokens,
                          const SamplingOptions& options, const GenerationObserver& observer = {});

}  // namespace radlads::model
