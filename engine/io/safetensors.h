// safetensors (interop.md 3.3): a mapped reader that checks every size before use, and an atomic streaming writer. No torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::io {

namespace fs = std::filesystem;

enum class Dtype { Bool, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64 };
const char* toString(Dtype dtype);  // "F32", ... as in the file
size_t sizeBytes(Dtype dtype);

struct TensorInfo {
    Dtype dtype = Dtype::F32;
    std::vector<int64_t> shape;       // empty: a scalar
    std::span<const std::byte> data;  // into the map; lives as long as the file object
    int64_t elementCount() const;
};

// Parses the header of a whole file image; the spans of the result point into `bytes`. where: for messages. (The fuzz target.)
struct SafetensorsContent {
    std::map<std::string, TensorInfo> tensors;
    std::map<std::string, std::string> metadata;
};
Result<SafetensorsContent> parseSafetensors(std::span<const std::byte> bytes, const std::string& where);

// One file, or a Hugging Face directory with model.safetensors or model.safetensors.index.json and its shards. Copyable: shares the maps.
class Safetensors {
public:
    static Result<Safetensors> open(const fs::path& fileOrDirectory);
    const std::map<std::string, TensorInfo>& tensors() const;
    const std::map<std::string, std::string>& metadata() const;  // of the single file, or of the first shard
    int64_t totalBytes() const;

private:
    struct Shared;
    std::shared_ptr<const Shared> m_shared;
};

// Element-wise conversion to float32 of F32, F16, BF16, F64; InvalidInput for other dtypes.
Status toFloat32(const TensorInfo& tensor, std::span<float> out);
float bf16ToFloat(uint16_t bits);
uint16_t floatToBf16(float value);  // round to nearest even, NaN kept quiet
float f16ToFloat(uint16_t bits);
uint16_t floatToF16(float value);

// What is written: `bytes(name)` is called once a tensor in file order, so that a model never has to be in memory twice.
struct TensorToWrite {
    std::string name;
    Dtype dtype = Dtype::F32;
    std::vector<int64_t> shape;
    std::function<Result<std::vector<std::byte>>()> bytes;  // exactly elementCount * sizeBytes
};
// Temporary name, fsync, rename; data 8-aligned; metadata {"format": "pt"} is added.
Status writeSafetensors(const fs::path& file, const std::vector<TensorToWrite>& tensors,
                        const std::map<std::string, std::string>& metadata);

}  // namespace radlads::io
