// Opening a checkpoint: one safetensors file, or a Hugging Face directory with one or with an index and its shards.
#include <nlohmann/json.hpp>

#include "engine/io/mapped_file.h"
#include "engine/io/safetensors.h"
#include "engine/protocol/text.h"

namespace radlads::io {
namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr size_t kLargestIndex = size_t{64} << 20;
constexpr size_t kIndexDepth = 8;

// Why a directory without safetensors cannot be read, and what to do about it.
struct ForeignFile {
    const char* suffix;
    const char* advice;
};
constexpr ForeignFile kForeignFiles[] = {
    {".bin",
     "is a pickle file, which can run code when it is loaded and is not read; "
     "get the safetensors version of the model or save it again with safe_serialization=True"},
    {".pt", "is a pickle file, which can run code when it is loaded and is not read; save the model as safetensors"},
    {".pth", "is a pickle file, which can run code when it is loaded and is not read; save the model as safetensors"},
    {".gguf", "is a GGUF file; turn it into a safetensors directory with `radlads-engine convert-teacher` first"},
};

tl::unexpected<Error> noCheckpoint(const fs::path& directory) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
        const std::string name = entry.path().filename().string();
        for (const auto& foreign : kForeignFiles)
            if (name.ends_with(foreign.suffix))
                return invalidInput("{} has no {}, and its file {} {}.", directory.string(), kSingleFile,
                                    protocol::quote(name), foreign.advice);
    }
    return invalidInput("{} has neither {} nor {}; give the directory of a Hugging Face model.", directory.string(),
                        kSingleFile, kIndexFile);
}

// A shard lies in the directory of its index: anything that is not a plain file name could lead out of it.
bool isPlainFileName(const std::string& name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

// Tensor name to shard name, from the index.
Result<std::map<std::string, std::string>> readIndex(const fs::path& path) {
    RADLADS_TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
    const std::string where = path.string();
    const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
    RADLADS_TRY_ASSIGN(const nlohmann::json document, protocol::parseJson(text, where, kLargestIndex, kIndexDepth));
    if (!document.is_object() || !document.contains("weight_map") || !document["weight_map"].is_object())
        return invalidInput("{} has no weight_map object; get the index again.", where);

    std::map<std::string, std::string> shards;
    for (const auto& [tensor, shard] : document["weight_map"].items()) {
        if (!shard.is_string() || !isPlainFileName(shard.get_ref<const std::string&>()))
            return invalidInput(
                "{}: the weight_map entry of {} is not a plain file name in the same directory; "
                "get the index again.",
                where, protocol::quote(tensor));
        shards.emplace(tensor, shard.get<std::string>());
    }
    return shards;
}

}  // namespace

struct Safetensors::Shared {
    std::vector<MappedFile> files;
    SafetensorsContent content;
    int64_t totalBytes = 0;

    Result<SafetensorsContent> map(const fs::path& path) {
        RADLADS_TRY_ASSIGN(MappedFile file, MappedFile::open(path));
        files.push_back(std::move(file));
        return parseSafetensors(files.back().bytes(), path.string());
    }

    Status openShards(const fs::path& directory) {
        RADLADS_TRY_ASSIGN(const auto shardOf, readIndex(directory / kIndexFile));
        std::map<std::string, SafetensorsContent> shards;
        for (const auto& [tensor, name] : shardOf) {
            const auto [shard, isNew] = shards.try_emplace(name);
            if (isNew) {
                RADLADS_TRY_ASSIGN(shard->second, map(directory / name));
            }
            auto found = shard->second.tensors.find(tensor);
            if (found == shard->second.tensors.end())
                return invalidInput("{} lacks the tensor {} that {} says it holds; get the shard again.",
                                    (directory / name).string(), protocol::quote(tensor), kIndexFile);
            content.tensors.emplace(tensor, std::move(found->second));
        }
        if (!shards.empty()) content.metadata = std::move(shards.begin()->second.metadata);
        return {};
    }
};

Result<Safetensors> Safetensors::open(const fs::path& fileOrDirectory) {
    std::error_code error;
    auto shared = std::make_shared<Shared>();
    if (!fs::is_directory(fileOrDirectory, error)) {
        RADLADS_TRY_ASSIGN(shared->content, shared->map(fileOrDirectory));
    } else if (fs::exists(fileOrDirectory / kSingleFile, error)) {
        RADLADS_TRY_ASSIGN(shared->content, shared->map(fileOrDirectory / kSingleFile));
    } else if (fs::exists(fileOrDirectory / kIndexFile, error)) {
        RADLADS_TRY(shared->openShards(fileOrDirectory));
    } else {
        return noCheckpoint(fileOrDirectory);
    }
    for (const auto& [name, tensor] : shared->content.tensors)
        shared->totalBytes += static_cast<int64_t>(tensor.data.size());
    Safetensors result;
    result.m_shared = std::move(shared);
    return result;
}

const std::map<std::string, TensorInfo>& Safetensors::tensors() const {
    return m_shared->content.tensors;
}
const std::map<std::string, std::string>& Safetensors::metadata() const {
    return m_shared->content.metadata;
}
int64_t Safetensors::totalBytes() const {
    return m_shared->totalBytes;
}

}  // namespace radlads::io
