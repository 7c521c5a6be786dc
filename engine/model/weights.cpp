#include "engine/model/weights.h"

#include <cstring>
#include <fmt/ranges.h>
#include <utility>

#include "engine/model/compat.h"
#include "engine/model/mixers/mixer.h"

namespace radlads::model {

std::string layerPrefix(int64_t layer) {
    return fmt::format("model.layers.{}.", layer);
}

const at::Tensor& Scope::operator[](const char* name) const {
    const auto found = m_weights->find(m_prefix + name);
    TORCH_CHECK(found != m_weights->end(), "the weights have no ", m_prefix, name);
    return found->second;
}

bool Scope::has(const char* name) const {
    return m_weights->contains(m_prefix + name);
}

std::vector<ParameterSpec> parameterSpecs(const io::ModelConfig& config) {
    const int64_t hidden = config.hiddenSize, inner = config.intermediateSize;
    std::vector<ParameterSpec> specs{{"model.embed_tokens.weight", {config.vocabSize, hidden}}};
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        const std::string prefix = layerPrefix(layer);
        specs.push_back({prefix + "input_layernorm.weight", {hidden}});
        for (ParameterSpec& spec : mixerParameters(config, layer)) specs.push_back({prefix + "self_attn." + spec.name, spec.shape});
        specs.push_back({prefix + "post_attention_layernorm.weight", {hidden}});
        specs.push_back({prefix + "mlp.gate_proj.weight", {inner, hidden}});
        specs.push_back({prefix + "mlp.up_proj.weight", {inner, hidden}});
        specs.push_back({prefix + "mlp.down_proj.weight", {hidden, inner}});
    }
    specs.push_back({"model.norm.weight", {hidden}});
    specs.push_back({"lm_head.weight", {config.vocabSize, hidden}});
    return specs;
}

Result<at::Tensor> toTensor(const io::TensorInfo& info, const std::string& where) {
    at::Tensor tensor = at::empty(info.shape, at::kFloat);
    auto status = io::toFloat32(info, {tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel())});
    if (!status) return invalidInput("{}: {}", where, status.error().message);
    return tensor;
}

namespace {

std::string shapeText(const std::vector<int64_t>& shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

Result<Weights> loadWeights(const io::Safetensors& file, const io::ModelConfig& config, const std::string& where) {
    Weights weights;
    for (const ParameterSpec& spec : parameterSpecs(config)) {
        auto found = file.tensors().find(spec.name);
        if (found == file.tensors().end() && spec.name == "lm_head.weight") found = file.tensors().find("model.embed_tokens.weight");
        if (found == file.tensors().end()) {
            return invalidInput("{}: the tensor {} is missing, which config.json asks for; is the download complete, and does config.json belong to it?",
                                where, spec.name);
        }
        if (found->second.shape != spec.shape) {
            return invalidInput("{}: the tensor {} has shape {} where config.json asks for {}; does config.json belong to these weights?",
                                where, spec.name, shapeText(found->second.shape), shapeText(spec.shape));
        }
        RADLADS_TRY_ASSIGN(at::Tensor tensor, toTensor(found->second, where + ": " + spec.name));
        if (!at::isfinite(tensor.sum()).item<bool>() && !at::isfinite(tensor).all().item<bool>()) {
            return invalidInput("{}: the tensor {} holds NaN or infinite values; the file is damaged or its training diverged, so use another checkpoint",
                                where, spec.name);
        }
        weights.emplace(spec.name, std::move(tensor));
    }
    return weights;
}

Result<Checkpoint> loadCheckpoint(const std::filesystem::path& directory) {
    RADLADS_TRY_ASSIGN(io::ModelConfig config, io::readModelConfig(directory));
    if (config.mlpBias) {
        return invalidInput("{}: config.json: mlp_bias true is not supported; use a model whose MLP has no biases", directory.string());
    }
    RADLADS_TRY_ASSIGN(const io::Safetensors file, io::Safetensors::open(directory));
    RADLADS_TRY_ASSIGN(Weights weights, loadWeights(file, config, directory.string()));
    return Checkpoint{std::move(config), std::move(weights)};
}

Status saveWeights(const std::filesystem::path& file, const Weights& weights, io::Dtype dtype,
                   const std::map<std::string, std::string>& metadata, const SaveProgress& progress) {
    std::vector<io::TensorToWrite> tensors;
    const int64_t total = parameterCount(weights);
    int64_t done = 0;
    for (const auto& [name, tensor] : weights) {
        const at::Tensor source = tensor.detach();
        auto bytes = [source, dtype, total, &done, &progress, &file]() -> Result<std::vector<std::byte>> {
            if (progress && !progress(done, total)) {
                return tl::unexpected(Error{ErrorCode::Interrupted, fmt::format("writing {} was stopped; nothing is left of it", file.string())});
            }
            done += source.numel();
            const at::ScalarType type = dtype == io::Dtype::F16 ? at::kHalf : dtype == io::Dtype::BF16 ? at::kBFloat16 : at::kFloat;
            const at::Tensor stored = source.to(at::kCPU, type).contiguous();
            std::vector<std::byte> out(stored.nbytes());
            if (!out.empty()) std::memcpy(out.data(), stored.data_ptr(), out.size());
            return out;
        };
        tensors.push_back({name, dtype, tensor.sizes().vec(), std::move(bytes)});
    }
    return io::writeSafetensors(file, tensors, metadata);
}

int64_t parameterCount(const Weights& weights) {
    int64_t count = 0;
    for (const auto& [name, tensor] : weights) count += tensor.numel();
    return count;
}

Weights cloneWeights(const Weights& weights) {
    Weights copy;
    for (const auto& [name, tensor] : weights) copy.emplace(name, tensor.detach().clone());
    return copy;
}

}  // namespace radlads::model
