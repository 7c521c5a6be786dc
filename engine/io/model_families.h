// What the four supported decoder families say when config.json does not. Private to io.
#pragma once

#include <array>

#include "engine/io/model_config.h"

namespace radlads::io {

struct FamilyRow {
    Family family;
    const char* modelType;
    const char* architecture;
    // Defaults of absent keys (interop.md 3.2 and the configuration classes of transformers). kvHeads 0: the same as
    // heads; headDim 0: hidden_size / heads.
    int64_t vocabSize, intermediateSize, kvHeads, headDim, maxPositions;
    bool hasWindowSwitch;  // use_sliding_window decides whether sliding_window counts
    int64_t slidingWindow;
};

inline constexpr std::array<FamilyRow, 4> kFamilies = {{
    {Family::Qwen2, "qwen2", "Qwen2ForCausalLM", 151936, 22016, 32, 0, 32768, true, 4096},
    {Family::Qwen3, "qwen3", "Qwen3ForCausalLM", 151936, 22016, 32, 128, 32768, true, 4096},
    {Family::Llama, "llama", "LlamaForCausalLM", 32000, 11008, 0, 0, 2048, false, 0},
    {Family::Mistral, "mistral", "MistralForCausalLM", 32000, 14336, 8, 0, 131072, false, 4096},
}};

struct StudentRow {
    protocol::Architecture architecture;
    const char* modelType;
    const char* architectureName;
    const char* configClass;
};

inline constexpr std::array<StudentRow, 2> kStudents = {{
    {protocol::Architecture::RadRwkv6, "rwkv6qwen2", "RWKV6Qwen2ForCausalLM", "RWKV6Qwen2Config"},
    {protocol::Architecture::RadRwkv7, "rwkv7qwen2", "RWKV7Qwen2ForCausalLM", "RWKV7Qwen2Config"},
}};

const FamilyRow& row(Family family);
const StudentRow& row(protocol::Architecture architecture);  // not for Softmax

}  // namespace radlads::io
