// The block formats of ggml. Every block holds its values along the last axis of the tensor; d and m are binary16
// scales.
#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "engine/io/gguf.h"
#include "engine/io/safetensors.h"

namespace radlads::io {
namespace {

template <class T>
T at(const std::byte* data, size_t offset = 0) {
    T value;
    std::memcpy(&value, data + offset, sizeof(T));
    return value;
}
float halfAt(const std::byte* data, size_t offset) {
    return f16ToFloat(at<uint16_t>(data, offset));
}
int low(std::byte value) {
    return std::to_integer<int>(value & std::byte{15});
}
int high(std::byte value) {
    return std::to_integer<int>(value >> 4);
}

void f32(const std::byte* block, float* out) {
    *out = at<float>(block);
}
void f16(const std::byte* block, float* out) {
    *out = f16ToFloat(at<uint16_t>(block));
}
void bf16(const std::byte* block, float* out) {
    *out = bf16ToFloat(at<uint16_t>(block));
}

// d, 32 signed bytes: d q.
void q8_0(const std::byte* block, float* out) {
    const float d = halfAt(block, 0);
    for (size_t i = 0; i < 32; ++i) out[i] = d * static_cast<float>(at<int8_t>(block, 2 + i));
}

// 16 bytes hold 32 nibbles: value i in the low half of byte i, value i + 16 in its high half.
// d, nibbles: d (q - 8).
void q4_0(const std::byte* block, float* out) {
    const float d = halfAt(block, 0);
    for (size_t i = 0; i < 16; ++i) {
        out[i] = d * static_cast<float>(low(block[2 + i]) - 8);
        out[i + 16] = d * static_cast<float>(high(block[2 + i]) - 8);
    }
}

// d, m, nibbles: d q + m.
void q4_1(const std::byte* block, float* out) {
    const float d = halfAt(block, 0), m = halfAt(block, 2);
    for (size_t i = 0; i < 16; ++i) {
        out[i] = d * static_cast<float>(low(block[4 + i])) + m;
        out[i + 16] = d * static_cast<float>(high(block[4 + i])) + m;
    }
}

// Bit i of a 32-bit word is the fifth bit of value i.
int fifth(uint32_t bits, size_t i) {
    return static_cast<int>((bits >> i) & 1) << 4;
}

// d, fifth bits, nibbles: d (q - 16).
void q5_0(const std::byte* block, float* out) {
    const float d = halfAt(block, 0);
    const auto bits = at<uint32_t>(block, 2);
    for (size_t i = 0; i < 16; ++i) {
        out[i] = d * static_cast<float>((low(block[6 + i]) | fifth(bits, i)) - 16);
        out[i + 16] = d * static_cast<float>((high(block[6 + i]) | fifth(bits, i + 16)) - 16);
    }
}

// d, m, fifth bits, nibbles: d q + m.
void q5_1(const std::byte* block, float* out) {
    const float d = halfAt(block, 0), m = halfAt(block, 2);
    const auto bits = at<uint32_t>(block, 4);
    for (size_t i = 0; i < 16; ++i) {
        out[i] = d * static_cast<float>(low(block[8 + i]) | fifth(bits, i)) + m;
        out[i + 16] = d * static_cast<float>(high(block[8 + i]) | fifth(bits, i + 16)) + m;
    }
}

struct ScaleAndMinimum {
    float scale, minimum;
};

// The 12 bytes of Q4_K and Q5_K hold eight 6-bit scales and eight 6-bit minima: those of sub-blocks 0..3 in the low
// bits of bytes 0..3 and 4..7; those of 4..7 in the nibbles of bytes 8..11 with their two high bits on top of the first
// eight bytes.
ScaleAndMinimum subBlock(const std::byte* block, size_t j) {
    const std::byte* packed = block + 4;
    const auto byte = [packed](size_t i) { return std::to_integer<int>(packed[i]); };
    const int scale = j < 4 ? byte(j) & 63 : (byte(j + 4) & 15) | ((byte(j - 4) >> 6) << 4);
    const int minimum = j < 4 ? byte(j + 4) & 63 : (byte(j + 4) >> 4) | ((byte(j) >> 6) << 4);
    return {halfAt(block, 0) * static_cast<float>(scale), halfAt(block, 2) * static_cast<float>(minimum)};
}

// d, dmin, scales, 128 bytes of nibbles. 8 sub-blocks of 32 values: d scale q - dmin minimum. Sub-blocks 2i and 2i + 1
// are the low and the high halves of the i-th 32 bytes.
void q4_K(const std::byte* block, float* out) {
    for (size_t j = 0; j < 8; ++j) {
        const auto [scale, minimum] = subBlock(block, j);
        const std::byte* nibbles = block + 16 + (j / 2) * 32;
        for (size_t i = 0; i < 32; ++i)
            out[j * 32 + i] = scale * static_cast<float>(j % 2 == 0 ? low(nibbles[i]) : high(nibbles[i])) - minimum;
    }
}

// As Q4_K with 32 bytes before the nibbles: bit j of byte i is the fifth bit of value i of sub-block j.
void q5_K(const std::byte* block, float* out) {
    const std::byte* fifths = block + 16;
    for (size_t j = 0; j < 8; ++j) {
        const auto [scale, minimum] = subBlock(block, j);
        const std::byte* nibbles = block + 48 + (j / 2) * 32;
        for (size_t i = 0; i < 32; ++i) {
            const int q =
                (j % 2 == 0 ? low(nibbles[i]) : high(nibbles[i])) | fifth(std::to_integer<uint32_t>(fifths[i]), j);
            out[j * 32 + i] = scale * static_cast<float>(q) - minimum;
        }
    }
}

// 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales (of 16 values each), d: d scale (q - 32). In
// each half of 128 values, quarter k (32 values) takes its nibbles from bytes (k % 2) 32 on, low halves for k < 2, and
// its bit pairs from bits 2k of the half's 32 bytes.
void q6_K(const std::byte* block, float* out) {
    const float d = halfAt(block, 208);
    for (size_t value = 0; value < 256; ++value) {
        const size_t half = value / 128, k = value % 128 / 32, i = value % 32;
        const std::byte nibbles = block[half * 64 + (k % 2) * 32 + i];
        const int pair = std::to_integer<int>(block[128 + half * 32 + i] >> static_cast<int>(2 * k)) & 3;
        const int q = ((k < 2 ? low(nibbles) : high(nibbles)) | (pair << 4)) - 32;
        out[value] = d * static_cast<float>(at<int8_t>(block, 192 + value / 16)) * static_cast<float>(q);
    }
}

constexpr std::array<GgmlType, 11> kTypes = {{
    {0, "F32", 1, 4, f32},
    {1, "F16", 1, 2, f16},
    {2, "Q4_0", 32, 18, q4_0},
    {3, "Q4_1", 32, 20, q4_1},
    {6, "Q5_0", 32, 22, q5_0},
    {7, "Q5_1", 32, 24, q5_1},
    {8, "Q8_0", 32, 34, q8_0},
    {12, "Q4_K", 256, 144, q4_K},
    {13, "Q5_K", 256, 176, q5_K},
    {14, "Q6_K", 256, 210, q6_K},
    {30, "BF16", 1, 2, bf16},
}};

struct UnsupportedType {
    uint32_t id;
    const char* name;
};
constexpr UnsupportedType kUnsupported[] = {
    {9, "Q8_1"},   {10, "Q2_K"},   {11, "Q3_K"},  {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"},
    {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"}, {23, "IQ4_XS"},  {24, "I8"},     {25, "I16"},
    {26, "I32"},   {27, "I64"},    {28, "F64"},   {29, "IQ1_M"}, {34, "TQ1_0"},   {35, "TQ2_0"},  {39, "MXFP4"},
};

}  // namespace

const GgmlType* findGgmlType(uint32_t id) {
    const auto found = std::find_if(kTypes.begin(), kTypes.end(), [id](const GgmlType& type) { return type.id == id; });
    return found == kTypes.end() ? nullptr : &*found;
}

const char* ggmlTypeName(uint32_t id) {
    if (const GgmlType* type = findGgmlType(id)) return type->name;
    for (const auto& type : kUnsupported)
        if (type.id == id) return type.name;
    return "unknown";
}

void dequantize(const GgufTensor& tensor, std::span<float> out) {
    assert(out.size() == static_cast<size_t>(tensor.elementCount));
    const auto blockSize = static_cast<size_t>(tensor.type->blockSize),
               blockBytes = static_cast<size_t>(tensor.type->blockBytes);
    for (size_t block = 0; block * blockSize < out.size(); ++block)
        tensor.type->dequantizeBlock(tensor.data.data() + block * blockBytes, out.data() + block * blockSize);
}

}  // namespace radlads::io
