// Recurrent decoding: one token at a time, constant memory for a student. Sampling options as in llama.cpp.
#pragma once

#include <cstdint>
#include <functional>
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
};

struct GenerationResult {
    std::vector<int32_t> tokens;
    double promptSeconds = 0, generateSeconds = 0;
    int64_t stateBytes = 0;  // what the model keeps at the end: the recurrent state, or the key-value cache
    bool ended = false;      // stopped at an end token
};

// Reads the prompt in chunked form, then samples up to maxTokens. onToken: called for each, false stops.
GenerationResult generate(const Weights& weights, const io::ModelConfig& config, std::span<const int32_t> prompt, int64_t maxTokens,
                          const SamplingOptions& options, const std::function<bool(int32_t)>& onToken = {});

}  // namespace radlads::model
