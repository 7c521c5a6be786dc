// A model as a Hugging Face directory: config.json, generation_config.json, model.safetensors, the teacher's tokenizer files, and for a
// student our plain-PyTorch modelling file (interop.md 2.1).
#pragma once

#include <filesystem>

#include "engine/model/weights.h"
#include "engine/protocol/result.h"

namespace radlads::convert {

// Builds the directory under a temporary name beside `directory` and renames it there. An existing directory is replaced only if it
// is such a model itself: a student by a student, never a teacher. tokenizerDirectory: where tokenizer.json lies. dtype: F32, F16 or BF16.
// progress: of the weights, by which nearly all of the time goes; Interrupted when it says false, with nothing left behind.
Status exportHuggingFace(const std::filesystem::path& directory, const model::Weights& weights, const io::ModelConfig& config,
                         const std::filesystem::path& tokenizerDirectory, io::Dtype dtype, const model::SaveProgress& progress = {});

}  // namespace radlads::convert
