// A GGUF teacher (llama.cpp architectures llama, qwen2, qwen3) to a complete Hugging Face directory. No torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "engine/io/safetensors.h"
#include "engine/protocol/result.h"

namespace radlads::io {

// Bytes of weights written so far, of all; false stops the conversion.
using ConversionProgress = std::function<bool(int64_t doneBytes, int64_t totalBytes)>;

// Writes config.json, generation_config.json, model.safetensors (all tensors in outDtype: F32, BF16 or F16),
// tokenizer.json and tokenizer_config.json. Quantised weights are expanded; F32 keeps their values exactly. The rows of
// q_proj and k_proj that llama.cpp interleaves for architecture llama are put back into half-split order
// (interop.md 1.2, 3.2). `directory` must not exist or be empty; it appears whole or not at all. InvalidInput for files
// that cannot be expressed exactly (other architectures, tokenizers or tensor types, unknown tensors, YaRN), NoSpace
// when the disk is full, Interrupted when progress says false.
Status convertGgufTeacher(const std::filesystem::path& gguf, const std::filesystem::path& directory, Dtype outDtype,
                          const ConversionProgress& progress = {});

}  // namespace radlads::io
