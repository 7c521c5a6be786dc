// bfloat16: the upper half of a float32. Conversions round to the nearest, halves to even; NaN stays NaN.
#pragma once

#include <bit>
#include <cstdint>

namespace radlads::kernels {

struct BFloat16 {
    uint16_t bits = 0;
};

inline float toFloat(BFloat16 value) {
    return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16);
}
inline float toFloat(float value) {
    return value;
}

template <class T>
inline T fromFloat(float value);
template <>
inline float fromFloat<float>(float value) {
    return value;
}
template <>
inline BFloat16 fromFloat<BFloat16>(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<uint16_t>((bits >> 16) | 0x40u)};
    return {static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

}  // namespace radlads::kernels
