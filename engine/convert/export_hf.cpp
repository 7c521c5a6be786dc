#include "engine/convert/export_hf.h"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "engine/run/run_directory.h"

namespace radlads::convert {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTokenizerFiles[] = {"tokenizer.json",         "tokenizer_config.json", "vocab.json",         "merges.txt",
                                           "special_tokens_map.json", "added_tokens.json",     "chat_template.jinja"};
constexpr const char* kPythonFiles[] = {"configuration_radlads.py", "modeling_radlads.py"};

Status copyFile(const fs::path& from, const fs::path& to) {
    RADLADS_TRY_ASSIGN(const std::string bytes, run::readFile(from, uint64_t{256} << 20));
    return run::writeFileAtomically(to, bytes);
}

std::string generationConfig(const io::ModelConfig& config) {
    nlohmann::ordered_json value{{"_from_model_config", true}};
    if (config.bosToken) value["bos_token_id"] = *config.bosToken;
    if (config.eosTokens.size() == 1) value["eos_token_id"] = config.eosTokens.front();
    if (config.eosTokens.size() > 1) value["eos_token_id"] = config.eosTokens;
    return value.dump(2) + "\n";
}

Status fill(const fs::path& directory, const model::Weights& weights, const io::ModelConfig& config, const fs::path& tokenizerDirectory,
            io::Dtype dtype, const model::SaveProgress& progress) {
    RADLADS_TRY(model::saveWeights(directory / "model.safetensors", weights, dtype, {{"format", "pt"}}, progress));
    io::ModelConfig stored = config;
    stored.torchDtype = dtype == io::Dtype::BF16 ? "bfloat16" : dtype == io::Dtype::F16 ? "float16" : "float32";
    RADLADS_TRY(run::writeFileAtomically(directory / "config.json", io::writeModelConfig(stored)));
    RADLADS_TRY(run::writeFileAtomically(directory / "generation_config.json", generationConfig(config)));
    for (const char* name : kTokenizerFiles) {
        if (fs::exists(tokenizerDirectory / name)) RADLADS_TRY(copyFile(tokenizerDirectory / name, directory / name));
    }
    if (!config.isStudent()) return {};
    for (const char* name : kPythonFiles) RADLADS_TRY(copyFile(run::resourcesDirectory() / "hf" / name, directory / name));
    return {};
}

// A student gives way to a student. A decoder that was trained from the start gives way to any model: nothing in it tells who wrote it.
bool mayReplace(const fs::path& directory, const io::ModelConfig& config) {
    std::error_code error;
    if (!config.student) return fs::exists(directory / "config.json", error);
    const auto present = io::readModelConfig(directory);
    return present && present->student;
}

}  // namespace

Status exportHuggingFace(const fs::path& directory, const model::Weights& weights, const io::ModelConfig& config,
                         const fs::path& tokenizerDirectory, io::Dtype dtype, const model::SaveProgress& progress) {
    std::error_code error;
    const bool exists = fs::exists(directory, error);
    if (exists && !fs::is_empty(directory, error) && !mayReplace(directory, config)) {
        return invalidInput("{} exists and is no student that this program has written; choose another path, so that nothing of yours is overwritten",
                            directory.string());
    }
    const fs::path normal = directory.has_filename() ? directory : directory.parent_path();
    const fs::path temporary = normal.parent_path() / fmt::format(".{}.writing-{}", normal.filename().string(), ::getpid());
    fs::remove_all(temporary, error);
    if (!fs::create_directories(temporary, error)) return systemError("creating " + temporary.string(), error.value());
    if (auto status = fill(temporary, weights, config, tokenizerDirectory, dtype, progress); !status) {
        fs::remove_all(temporary, error);
        return status;
    }
    if (exists) fs::remove_all(normal, error);
    if (::rename(temporary.c_str(), normal.c_str()) != 0) {
        const int reason = errno;
        fs::remove_all(temporary, error);
        return systemError("renaming to " + normal.string(), reason);
    }
    return {};
}

}  // namespace radlads::convert
