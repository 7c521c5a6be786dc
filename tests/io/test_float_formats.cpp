#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "engine/io/safetensors.h"

namespace radlads::io {
namespace {

// binary16 from its definition: (-1)^s 2^(e - 15) (1 + m / 1024), subnormal 2^-14 m / 1024.
float halfByDefinition(uint16_t bits) {
    const int exponent = (bits >> 10) & 31, mantissa = bits & 1023;
    const double sign = bits & 0x8000 ? -1.0 : 1.0;
    if (exponent == 31)
        return static_cast<float>(mantissa ? std::nan("") : sign * std::numeric_limits<double>::infinity());
    const double magnitude = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    return static_cast<float>(sign * magnitude);
}

// The narrow value nearest to x, ties to the even one, by looking at both neighbours. Widens with `widen`; the narrow
// values are ordered by their bits. `infinity` stands for the power of two after the largest finite value.
uint16_t nearest(float x, float (*widen)(uint16_t), uint16_t infinity, double afterLargest) {
    const double magnitude = std::abs(static_cast<double>(x));
    const auto value = [&](uint16_t bits) {
        return bits == infinity ? afterLargest : static_cast<double>(widen(bits));
    };
    uint16_t low = 0, high = infinity;
    while (high - low > 1) {
        const auto middle = static_cast<uint16_t>((low + high) / 2);
        (value(middle) <= magnitude ? low : high) = middle;
    }
    const double below = magnitude - value(low), above = value(high) - magnitude;
    uint16_t result = below < above ? low : high;
    if (below == above) result = low % 2 == 0 ? low : high;
    if (magnitude >= afterLargest) result = infinity;
    return static_cast<uint16_t>(result | (std::signbit(x) ? 0x8000 : 0));
}

std::vector<float> samples() {
    std::vector<float> values = {
        0.0f,          -0.0f,    1.0f,          65504.0f,  65519.996f,
        65520.0f,      65536.0f, 6.1e-5f,       5.96e-8f,  2.98e-8f,
        2.9802326e-8f, 1e-45f,   3.4028235e38f, -3.39e38f, std::numeric_limits<float>::infinity()};
    std::mt19937 random(7);
    for (int i = 0; i < 200000; ++i) {
        const auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
        if (!std::isnan(value)) values.push_back(value);
        values.push_back(static_cast<float>(static_cast<int32_t>(random())) *
                         std::ldexp(1.0f, -31 - static_cast<int>(random() % 30)));
    }
    for (int bits = 0; bits < 0x7bff; ++bits)  // every tie between two binary16 values
        values.push_back(
            (halfByDefinition(static_cast<uint16_t>(bits)) + halfByDefinition(static_cast<uint16_t>(bits + 1))) / 2);
    return values;
}

TEST(FloatFormats, EveryHalfBecomesItsValueAndComesBack) {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
        const auto half = static_cast<uint16_t>(bits);
        const float value = f16ToFloat(half), expected = halfByDefinition(half);
        if (std::isnan(expected)) {
            EXPECT_TRUE(std::isnan(value)) << bits;
            EXPECT_TRUE(std::isnan(f16ToFloat(floatToF16(value)))) << bits;
            continue;
        }
        EXPECT_EQ(std::bit_cast<uint32_t>(value), std::bit_cast<uint32_t>(expected)) << bits;
        EXPECT_EQ(floatToF16(value), half) << bits;
    }
}

TEST(FloatFormats, EveryBfloatComesBack) {
    for (uint32_t bits = 0; bits < 65536; ++bits) {
        const float value = bf16ToFloat(static_cast<uint16_t>(bits));
        EXPECT_EQ(std::bit_cast<uint32_t>(value), bits << 16);
        if (std::isnan(value))
            EXPECT_TRUE(std::isnan(bf16ToFloat(floatToBf16(value)))) << bits;
        else
            EXPECT_EQ(floatToBf16(value), bits);
    }
}

TEST(FloatFormats, RoundsToTheNearestHalfTiesToEven) {
    for (const float value : samples())
        EXPECT_EQ(floatToF16(value), nearest(value, f16ToFloat, 0x7c00, 65536.0)) << value;
}

TEST(FloatFormats, RoundsToTheNearestBfloatTiesToEven) {
    for (const float value : samples())
        EXPECT_EQ(floatToBf16(value), nearest(value, bf16ToFloat, 0x7f80, std::ldexp(1.0, 128))) << value;
}

TEST(FloatFormats, NanWithLowBitsOnlyStaysNan) {
    const auto nan = std::bit_cast<float>(0x7f800001u);
    EXPECT_TRUE(std::isnan(bf16ToFloat(floatToBf16(nan))));
    EXPECT_TRUE(std::isnan(f16ToFloat(floatToF16(nan))));
}

TEST(FloatFormats, ConvertsTensorsOfEveryFloatTypeAtAnyAlignment) {
    const std::vector<float> expected = {0.5f, -2.0f, 1.5f};
    const auto check = [&](Dtype dtype, auto narrow) {
        using Value = decltype(narrow(0.0f));
        std::vector<std::byte> bytes(1 + expected.size() * sizeof(Value));
        for (size_t i = 0; i < expected.size(); ++i) {
            const Value value = narrow(expected[i]);
            std::memcpy(bytes.data() + 1 + i * sizeof(Value), &value, sizeof(Value));
        }
        const TensorInfo tensor{dtype, {3}, std::span<const std::byte>(bytes).subspan(1)};
        std::vector<float> out(3);
        ASSERT_TRUE(toFloat32(tensor, out)) << toString(dtype);
        EXPECT_EQ(out, expected) << toString(dtype);
        std::vector<float> wrongSize(2);
        EXPECT_FALSE(toFloat32(tensor, wrongSize));
    };
    check(Dtype::F32, [](float v) { return v; });
    check(Dtype::F64, [](float v) { return static_cast<double>(v); });
    check(Dtype::F16, floatToF16);
    check(Dtype::BF16, floatToBf16);
}

TEST(FloatFormats, RefusesIntegersByName) {
    const std::vector<std::byte> bytes(8);
    std::vector<float> out(2);
    const Status status = toFloat32({Dtype::I32, {2}, bytes}, out);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(status.error().message.find("I32"), std::string::npos);
}

}  // namespace
}  // namespace radlads::io
