#include "engine/io/convert_gguf.h"

#include <fcntl.h>
#include <fmt/ranges.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/io/gguf_metadata.h"
#include "engine/io/mapped_file.h"
#include "engine/io/tokenizer.h"
#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::io {
namespace {

// How long an axis is, by its meaning.
enum class Axis { None, Vocabulary, Hidden, Intermediate, QueryWidth, KeyWidth, HeadDim };

int64_t length(Axis axis, const ModelConfig& config) {
    switch (axis) {
        case Axis::Vocabulary:
            return config.vocabSize;
        case Axis::Hidden:
            return config.hiddenSize;
        case Axis::Intermediate:
            return config.intermediateSize;
        case Axis::QueryWidth:
            return config.attentionWidth();
        case Axis::KeyWidth:
            return config.kvHeads * config.headDim;
        case Axis::HeadDim:
            return config.headDim;
        case Axis::None:
            break;
    }
    return 0;
}

// Which rows llama.cpp interleaves for architecture llama.
enum class Interleaved { No, Queries, Keys };

struct TensorRow {
    const char* gguf;
    const char* huggingFace;
    std::array<Axis, 2> shape;             // the second is None for vectors
    bool ModelConfig::*present = nullptr;  // nullptr: always
    Interleaved interleaved = Interleaved::No;
};

constexpr TensorRow kModelTensors[] = {
    {"token_embd.weight", "model.embed_tokens.weight", {Axis::Vocabulary, Axis::Hidden}},
    {"output_norm.weight", "model.norm.weight", {Axis::Hidden, Axis::None}},
};
constexpr TensorRow kOutputTensor = {"output.weight", "lm_head.weight", {Axis::Vocabulary, Axis::Hidden}};

// Below blk.N. and model.layers.N.
constexpr TensorRow kLayerTensors[] = {
    {"attn_norm.weight", "input_layernorm.weight", {Axis::Hidden, Axis::None}},
    {"ffn_norm.weight", "post_attention_layernorm.weight", {Axis::Hidden, Axis::None}},
    {"attn_q.weight", "self_attn.q_proj.weight", {Axis::QueryWidth, Axis::Hidden}, nullptr, Interleaved::Queries},
    {"attn_k.weight", "self_attn.k_proj.weight", {Axis::KeyWidth, Axis::Hidden}, nullptr, Interleaved::Keys},
    {"attn_v.weight", "self_attn.v_proj.weight", {Axis::KeyWidth, Axis::Hidden}},
    {"attn_output.weight", "self_attn.o_proj.weight", {Axis::Hidden, Axis::QueryWidth}},
    {"attn_q.bias",
     "self_attn.q_proj.bias",
     {Axis::QueryWidth, Axis::None},
     &ModelConfig::qkvBias,
     Interleaved::Queries},
    {"attn_k.bias", "self_attn.k_proj.bias", {Axis::KeyWidth, Axis::None}, &ModelConfig::qkvBias, Interleaved::Keys},
    {"attn_v.bias", "self_attn.v_proj.bias", {Axis::KeyWidth, Axis::None}, &ModelConfig::qkvBias},
    {"attn_output.bias", "self_attn.o_proj.bias", {Axis::Hidden, Axis::None}, &ModelConfig::outputBias},
    {"attn_q_norm.weight", "self_attn.q_norm.weight", {Axis::HeadDim, Axis::None}, &ModelConfig::qkNorm},
    {"attn_k_norm.weight", "self_attn.k_norm.weight", {Axis::HeadDim, Axis::None}, &ModelConfig::qkNorm},
    {"ffn_gate.weight", "mlp.gate_proj.weight", {Axis::Intermediate, Axis::Hidden}},
    {"ffn_up.weight", "mlp.up_proj.weight", {Axis::Intermediate, Axis::Hidden}},
    {"ffn_down.weight", "mlp.down_proj.weight", {Axis::Hidden, Axis::Intermediate}},
    {"ffn_gate.bias", "mlp.gate_proj.bias", {Axis::Intermediate, Axis::None}, &ModelConfig::mlpBias},
    {"ffn_up.bias", "mlp.up_proj.bias", {Axis::Intermediate, Axis::None}, &ModelConfig::mlpBias},
    {"ffn_down.bias", "mlp.down_proj.bias", {Axis::Hidden, Axis::None}, &ModelConfig::mlpBias},
};

// llama.cpp stores row 2j + s of a head where Hugging Face has row s N/2 + j (s = 0, 1): each row back to its place.
void undoInterleaving(std::span<float> values, int64_t heads, int64_t headDim) {
    const auto rows = static_cast<size_t>(headDim);
    const size_t perHead = values.size() / static_cast<size_t>(heads), width = perHead / rows;
    std::vector<float> stored(perHead);
    for (size_t head = 0; head < static_cast<size_t>(heads); ++head) {
        const auto block = values.subspan(head * perHead, perHead);
        std::copy(block.begin(), block.end(), stored.begin());
        for (size_t row = 0; row < rows; ++row) {
            const size_t j = row % (rows / 2), s = row / (rows / 2);
            const auto from = stored.begin() + static_cast<std::ptrdiff_t>((2 * j + s) * width);
            std::copy_n(from, width, block.begin() + static_cast<std::ptrdiff_t>(row * width));
        }
    }
}

// Narrows the float32 values at the front of `bytes` in place. Failed if a finite value becomes infinite.
Status narrow(std::vector<std::byte>& bytes, Dtype dtype, const std::string& name) {
    if (dtype == Dtype::F32) return {};
    const size_t count = bytes.size() / sizeof(float);
    const auto convert = dtype == Dtype::F16 ? floatToF16 : floatToBf16;
    const uint16_t infinity = dtype == Dtype::F16 ? 0x7c00 : 0x7f80;
    for (size_t i = 0; i < count; ++i) {
        float value;
        std::memcpy(&value, bytes.data() + i * sizeof(float), sizeof(float));
        const uint16_t bits = convert(value);
        if ((bits & 0x7fff) == infinity && std::isfinite(value))
            return invalidInput("The value {} in the tensor {} is too large for {}; convert to F32 or BF16.", value,
                                name, toString(dtype));
        std::memcpy(bytes.data() + i * sizeof(bits), &bits, sizeof(bits));
    }
    bytes.resize(count * sizeof(uint16_t));
    return {};
}

class Conversion {
public:
    Conversion(const GgufContent& content, const std::string& where, const ModelConfig& config, Dtype dtype,
               const ConversionProgress& progress)
        : m_content(content), m_where(where), m_config(config), m_dtype(dtype), m_progress(progress) {}

    // What to write, one entry a tensor; every tensor of the file has to be used up.
    Result<std::vector<TensorToWrite>> plan() {
        for (const auto& row : kModelTensors) RADLADS_TRY(add(row, "", ""));
        if (!m_config.tieEmbeddings) RADLADS_TRY(add(kOutputTensor, "", ""));
        for (int64_t layer = 0; layer < m_config.layers; ++layer)
            for (const auto& row : kLayerTensors)
                if (!row.present || m_config.*row.present)
                    RADLADS_TRY(add(row, fmt::format("blk.{}.", layer), fmt::format("model.layers.{}.", layer)));
        m_used.insert("rope_freqs.weight");  // went into the configuration
        for (const auto& [name, tensor] : m_content.tensors)
            if (!m_used.contains(name))
                return invalidInput(
                    "{}: the tensor {} has no place in a {} model; the conversion would not be exact, so it is "
                    "refused.",
                    m_where, protocol::quote(name), toString(m_config.family));
        return std::move(m_tensors);
    }

private:
    Status add(const TensorRow& row, const std::string& ggufPrefix, const std::string& prefix) {
        const std::string name = ggufPrefix + row.gguf;
        const auto found = m_content.tensors.find(name);
        if (found == m_content.tensors.end())
            return invalidInput("{} lacks the tensor {}; it holds no whole {} model.", m_where, name,
                                toString(m_config.family));
        std::vector<int64_t> shape = {length(row.shape[0], m_config)};
        if (row.shape[1] != Axis::None) shape.push_back(length(row.shape[1], m_config));
        if (found->second.shape != shape)
            return invalidInput("{}: the tensor {} has the shape [{}] where the metadata asks for [{}]; it is damaged.",
                                m_where, name, fmt::join(found->second.shape, ", "), fmt::join(shape, ", "));
        m_used.insert(name);
        m_totalBytes += found->second.elementCount * static_cast<int64_t>(sizeBytes(m_dtype));
        m_tensors.push_back(
            {prefix + row.huggingFace, m_dtype, std::move(shape),
             [this, name, tensor = &found->second, kind = row.interleaved] { return convert(name, *tensor, kind); }});
        return {};
    }

    Result<std::vector<std::byte>> convert(const std::string& name, const GgufTensor& tensor, Interleaved interleaved) {
        std::vector<std::byte> bytes(static_cast<size_t>(tensor.elementCount) * sizeof(float));
        const std::span<float> values(reinterpret_cast<float*>(bytes.data()), static_cast<size_t>(tensor.elementCount));
        dequantize(tensor, values);
        if (m_config.family == Family::Llama && interleaved != Interleaved::No)
            undoInterleaving(values, interleaved == Interleaved::Queries ? m_config.heads : m_config.kvHeads,
                             m_config.headDim);
        RADLADS_TRY(narrow(bytes, m_dtype, name));
        m_doneBytes += static_cast<int64_t>(bytes.size());
        if (m_progress && !m_progress(m_doneBytes, m_totalBytes))
            return tl::unexpected(Error{ErrorCode::Interrupted, "The conversion was stopped; nothing was written."});
        return bytes;
    }

    const GgufContent& m_content;
    const std::string& m_where;
    const ModelConfig& m_config;
    Dtype m_dtype;
    const ConversionProgress& m_progress;
    std::vector<TensorToWrite> m_tensors;
    std::set<std::string, std::less<>> m_used;
    int64_t m_doneBytes = 0, m_totalBytes = 0;
};

// A directory that takes its final name in commit() and is removed if that is never reached.
class NewDirectory {
public:
    static Result<NewDirectory> create(const fs::path& target) {
        std::error_code error;
        if (fs::exists(target, error) && !(fs::is_directory(target, error) && fs::is_empty(target, error)))
            return invalidInput("{} exists and is not an empty directory; give a new name or empty it.",
                                target.string());
        const fs::path parent = target.parent_path();
        if (!parent.empty() && !fs::create_directories(parent, error) && error)
            return systemError("creating " + parent.string(), error.value());
        NewDirectory directory;
        directory.m_target = target;
        const fs::path temporary = parent / fmt::format(".{}.{}.partial", target.filename().string(), ::getpid());
        fs::remove_all(temporary, error);  // of an earlier process with the same number
        if (!fs::create_directory(temporary, error))
            return systemError("creating " + temporary.string(), error.value());
        directory.m_path = temporary;
        return directory;
    }
    NewDirectory(NewDirectory&& other) noexcept
        : m_target(std::move(other.m_target)), m_path(std::exchange(other.m_path, fs::path())) {}
    NewDirectory& operator=(NewDirectory&&) = delete;
    ~NewDirectory() {
        std::error_code ignored;
        if (!m_path.empty()) fs::remove_all(m_path, ignored);
    }

    const fs::path& path() const { return m_path; }

    // rename() replaces an empty directory and refuses any other.
    Status commit() {
        std::error_code error;
        fs::rename(m_path, m_target, error);
        if (error) return systemError("creating " + m_target.string(), error.value());
        m_path.clear();
        return run::syncDirectory(m_target.parent_path());
    }

private:
    NewDirectory() = default;
    fs::path m_target, m_path;
};

std::string generationConfig(const ModelConfig& config, const std::vector<int64_t>& stopTokens) {
    nlohmann::ordered_json document = nlohmann::ordered_json::object();
    if (config.bosToken) document["bos_token_id"] = *config.bosToken;
    if (stopTokens.size() == 1) document["eos_token_id"] = stopTokens[0];
    if (stopTokens.size() > 1) document["eos_token_id"] = stopTokens;
    if (config.paddingToken) document["pad_token_id"] = *config.paddingToken;
    return document.dump(2) + "\n";
}

const char* torchName(Dtype dtype) {
    switch (dtype) {
        case Dtype::F32:
            return "float32";
        case Dtype::BF16:
            return "bfloat16";
        case Dtype::F16:
            return "float16";
        default:
            return nullptr;
    }
}

}  // namespace

Status convertGgufTeacher(const fs::path& gguf, const fs::path& directory, Dtype outDtype,
                          const ConversionProgress& progress) {
    if (!torchName(outDtype))
        return invalidInput("Teachers are written as F32, BF16 or F16, not as {}; choose one of these.",
                            toString(outDtype));
    const std::string where = gguf.string();
    RADLADS_TRY_ASSIGN(const MappedFile file, MappedFile::open(gguf, AccessPattern::Sequential));
    RADLADS_TRY_ASSIGN(const GgufContent content, parseGguf(file.bytes(), where));
    const GgufMetadata metadata(content, where);
    RADLADS_TRY_ASSIGN(ModelConfig config, readGgufConfig(metadata));
    RADLADS_TRY_ASSIGN(const TokenizerFiles tokenizer, readGgufTokenizer(metadata, config));
    config.torchDtype = torchName(outDtype);
    Conversion conversion(content, where, config, outDtype, progress);
    RADLADS_TRY_ASSIGN(const std::vector<TensorToWrite> tensors, conversion.plan());

    // The directory's own name also when it was given with a slash at its end.
    const fs::path normal = directory.lexically_normal();
    RADLADS_TRY_ASSIGN(NewDirectory output,
                       NewDirectory::create(normal.has_filename() ? normal : normal.parent_path()));
    RADLADS_TRY(writeSafetensors(output.path() / "model.safetensors", tensors, {}));
    RADLADS_TRY(run::writeFileAtomically(output.path() / "config.json", writeModelConfig(config)));
    RADLADS_TRY(run::writeFileAtomically(output.path() / "generation_config.json",
                                         generationConfig(config, tokenizer.stopTokens)));
    RADLADS_TRY(run::writeFileAtomically(output.path() / "tokenizer.json", tokenizer.tokenizerJson));
    RADLADS_TRY(run::writeFileAtomically(output.path() / "tokenizer_config.json", tokenizer.tokenizerConfigJson));
    // What was written is read once more before it takes its name.
    RADLADS_TRY(Safetensors::open(output.path()));
    RADLADS_TRY(readModelConfig(output.path()));
    RADLADS_TRY(Tokenizer::load(output.path()));
    return output.commit();
}

}  // namespace radlads::io
