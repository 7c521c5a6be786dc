// State dicts: tensors by their released names ("model.layers.0.self_attn.q_proj.weight"). Everything that computes takes them by
// reference; nothing is hidden in module objects.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/io/model_config.h"
#include "engine/io/safetensors.h"
#include "engine/protocol/result.h"

namespace radlads::model {

using Weights = std::map<std::string, at::Tensor>;

std::string layerPrefix(int64_t layer);  // "model.layers.L."

// The tensors of one module: `prefix + name`. Borrowed; asserts that a required name is there (loading has checked it).
class Scope {
public:
    Scope(const Weights& weights, std::string prefix) : m_weights(&weights), m_prefix(std::move(prefix)) {}
    const at::Tensor& operator[](const char* name) const;
    bool has(const char* name) const;

private:
    const Weights* m_weights;
    std::string m_prefix;
};

// A name and shape that a model of this config holds, in the order of the released checkpoints.
struct ParameterSpec {
    std::string name;
    std::vector<int64_t> shape;
};
std::vector<ParameterSpec> parameterSpecs(const io::ModelConfig& config);

// A checkpoint in float32 (F32, F16, BF16, F64 on disk; every other dtype is refused). A tied head is given a copy of the
// embedding. A missing tensor, a wrong shape or a non-finite value is InvalidInput; `*.rotary_emb.inv_freq` and other names the model
// does not use are left out.
struct Checkpoint {
    io::ModelConfig config;
    Weights weights;
};
Result<Checkpoint> loadCheckpoint(const std::filesystem::path& directory);
Result<Weights> loadWeights(const io::Safetensors& file, const io::ModelConfig& config, const std::string& where);

// Any float tensor of a file as float32.
Result<at::Tensor> toTensor(const io::TensorInfo& info, const std::string& where);
// Elements written so far, of all; false stops the writing.
using SaveProgress = std::function<bool(int64_t done, int64_t total)>;
// dtype: F32, F16 or BF16 on disk. Interrupted when progress says false: then nothing is left behind.
Status saveWeights(const std::filesystem::path& file, const Weights& weights, io::Dtype dtype,
                   const std::map<std::string, std::string>& metadata = {}, const SaveProgress& progress = {});

int64_t parameterCount(const Weights& weights);
Weights cloneWeights(const Weights& weights);

}  // namespace radlads::model
