// What the files of a model say about it, without loading a weight.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/io/model_config.h"
#include "engine/io/safetensors.h"
#include "engine/io/tokenizer.h"
#include "engine/run/estimate.h"

namespace radlads::worker {

// The sizes that estimates are made from. A config with a student gives that student; its tiedEmbeddings are the config's.
run::ModelShape modelShape(const io::ModelConfig& config);

std::string describeDecoder(const io::ModelConfig& config);              // "qwen2, 24 layers, hidden 896, ..."
std::string describeStudent(const io::StudentConfig& student);           // "rad-rwkv7 groupnorm, RoPE, ..."
nlohmann::ordered_json configJson(const io::ModelConfig& config);

// Why the weights cannot be loaded with this config, one clause each: missing tensors, other shapes, dtypes that are not read.
std::vector<std::string> tensorProblems(const io::ModelConfig& config, const io::Safetensors& file);
// Tensors that a model of this config does not use.
std::vector<std::string> unusedTensors(const io::ModelConfig& config, const io::Safetensors& file);
// Where the tokenizer and the config disagree: vocabulary size, end tokens.
std::vector<std::string> tokenizerProblems(const io::ModelConfig& config, const io::Tokenizer& tokenizer);

}  // namespace radlads::worker
