// GGUF v2 and v3 (interop.md 1.2): a parser that checks every count, size and offset before use, and the dequantisers.
// No torch.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::io {

// The value types of the metadata, numbered as in the file.
enum class GgufType : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };
const char* toString(GgufType type);

// All views point into the bytes that were parsed. Elements of a string array are in `strings`, all others in `data`.
struct GgufArray {
    GgufType elementType = GgufType::U8;
    uint64_t count = 0;
    std::span<const std::byte> data;
    std::vector<std::string_view> strings;

    // The elements of an array of integers or booleans, widened; empty for other element types.
    std::vector<int64_t> integers() const;
};

// Unsigned and signed integers and floats of every width are widened.
using GgufValue = std::variant<uint64_t, int64_t, double, bool, std::string_view, GgufArray>;

// A tensor type that can be read: blocks of `blockSize` values along the last axis, `blockBytes` bytes each.
struct GgmlType {
    uint32_t id;
    const char* name;
    int64_t blockSize, blockBytes;
    void (*dequantizeBlock)(const std::byte* block, float* out);  // blockSize values
};
// nullptr for types that are not supported.
const GgmlType* findGgmlType(uint32_t id);
// The name of a type that ggml knows, supported or not; "unknown" for others.
const char* ggmlTypeName(uint32_t id);

struct GgufTensor {
    const GgmlType* type = nullptr;
    std::vector<int64_t> shape;       // row-major, as in PyTorch: the reverse of the file's ne
    std::span<const std::byte> data;  // into the bytes that were parsed
    int64_t elementCount = 0;
};

struct GgufContent {
    uint32_t version = 0;
    uint64_t alignment = 32;  // bytes
    std::map<std::string, GgufValue, std::less<>> metadata;
    std::map<std::string, GgufTensor, std::less<>> tensors;
};

// where: the file's name, for messages. Everything in the result points into `bytes`. InvalidInput for what is not a
// whole, consistent, little-endian GGUF file of version 2 or 3 with tensors of supported types only.
Result<GgufContent> parseGguf(std::span<const std::byte> bytes, const std::string& where);

// The values as float32, row-major. out: elementCount values.
void dequantize(const GgufTensor& tensor, std::span<float> out);

}  // namespace radlads::io
