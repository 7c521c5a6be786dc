// Conversions between float32 and the 16-bit formats, written without branches so that loops over them vectorise and
// without subnormal arithmetic so that a processor set to flush subnormals gives the same values.
#include <bit>
#include <cstring>

#include "engine/io/safetensors.h"

namespace radlads::io {
namespace {

constexpr uint32_t kFloatInfinity = 0x7f800000;
constexpr uint32_t kHalf =
    0x3f000000;  // the bits of 0.5f, whose unit in the last place is 2^-24: binary16's smallest value

template <class T, class Convert>
void convertAll(std::span<const std::byte> data, std::span<float> out, Convert convert) {
    for (size_t i = 0; i < out.size(); ++i) {
        T value;  // the data of a file need not be aligned
        std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
        out[i] = convert(value);
    }
}

}  // namespace

float bf16ToFloat(uint16_t bits) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t floatToBf16(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    const uint32_t quietNan = (bits >> 16) | 0x40;
    return static_cast<uint16_t>((bits & 0x7fffffff) > kFloatInfinity ? quietNan : rounded);
}

float f16ToFloat(uint16_t bits) {
    const uint32_t magnitude = bits & 0x7fff;
    const uint32_t normal = (magnitude << 13) + (112u << 23);
    const uint32_t special = (magnitude << 13) | kFloatInfinity;
    const auto subnormal = std::bit_cast<uint32_t>(std::bit_cast<float>(kHalf + magnitude) - 0.5f);
    const uint32_t result = magnitude >= 0x7c00 ? special : (magnitude < 0x0400 ? subnormal : normal);
    return std::bit_cast<float>(result | (static_cast<uint32_t>(bits & 0x8000) << 16));
}

uint16_t floatToF16(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const uint32_t magnitude = bits & 0x7fffffff;
    const uint32_t normal = (magnitude - (112u << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    const uint32_t nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
    // Below 2^-14 the sum with 0.5 is rounded at 2^-24, to nearest even, by the addition itself. Larger values take 0
    // here.
    const float small = magnitude < 0x38800000 ? std::bit_cast<float>(magnitude) : 0.0f;
    const uint32_t subnormal = std::bit_cast<uint32_t>(small + 0.5f) - kHalf;
    uint32_t result = magnitude < 0x38800000 ? subnormal : normal;
    if (magnitude >= 0x47800000) result = 0x7c00;
    if (magnitude > kFloatInfinity) result = nan;
    return static_cast<uint16_t>(result | ((bits >> 16) & 0x8000));
}

Status toFloat32(const TensorInfo& tensor, std::span<float> out) {
    if (out.size() * sizeBytes(tensor.dtype) != tensor.data.size())
        return failed("The tensor holds {} bytes, which are not {} values of type {}.", tensor.data.size(), out.size(),
                      toString(tensor.dtype));
    switch (tensor.dtype) {
        case Dtype::F32:
            if (!out.empty()) std::memcpy(out.data(), tensor.data.data(), tensor.data.size());
            return {};
        case Dtype::F16:
            convertAll<uint16_t>(tensor.data, out, f16ToFloat);
            return {};
        case Dtype::BF16:
            convertAll<uint16_t>(tensor.data, out, bf16ToFloat);
            return {};
        case Dtype::F64:
            convertAll<double>(tensor.data, out, [](double v) { return static_cast<float>(v); });
            return {};
        default:
            break;
    }
    return invalidInput("A tensor of type {} cannot be read as float32; give one of type F32, F16, BF16 or F64.",
                        toString(tensor.dtype));
}

}  // namespace radlads::io
