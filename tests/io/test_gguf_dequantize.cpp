// Every block format against a plain formula of its definition: the value of element i, written without regard to speed
// and not sharing code with the dequantisers.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "engine/io/gguf.h"
#include "engine/io/safetensors.h"

namespace radlads::io {
namespace {

using Block = std::vector<uint8_t>;

double half(const Block& b, size_t at) {
    return f16ToFloat(static_cast<uint16_t>(b[at] | (b[at + 1] << 8)));
}
int nibble(const Block& b, size_t at, bool upper) {
    return upper ? b[at] / 16 : b[at] % 16;
}
int bit(const Block& b, size_t at, size_t index) {
    return (b[at + index / 8] >> (index % 8)) & 1;
}
int signedByte(const Block& b, size_t at) {
    return b[at] < 128 ? b[at] : b[at] - 256;
}

// The k-th of the eight 6-bit scales (or minima) in the 12 bytes at 4.
int scaleOf(const Block& b, size_t k) {
    return k < 4 ? b[4 + k] % 64 : b[8 + k] % 16 + 16 * (b[k] / 64);
}
int minimumOf(const Block& b, size_t k) {
    return k < 4 ? b[8 + k] % 64 : b[8 + k] / 16 + 16 * (b[4 + k] / 64);
}

struct Format {
    const char* name;
    uint32_t id;
    size_t values, bytes;
    std::vector<size_t> halves;  // where binary16 scales stand
    std::function<double(const Block&, size_t)> value;
};

const Format kFormats[] = {
    {"Q4_0",
     2,
     32,
     18,
     {0},
     [](const Block& b, size_t i) { return half(b, 0) * (nibble(b, 2 + i % 16, i >= 16) - 8); }},
    {"Q4_1",
     3,
     32,
     20,
     {0, 2},
     [](const Block& b, size_t i) { return half(b, 0) * nibble(b, 4 + i % 16, i >= 16) + half(b, 2); }},
    {"Q5_0",
     6,
     32,
     22,
     {0},
     [](const Block& b, size_t i) { return half(b, 0) * (nibble(b, 6 + i % 16, i >= 16) + 16 * bit(b, 2, i) - 16); }},
    {"Q5_1",
     7,
     32,
     24,
     {0, 2},
     [](const Block& b, size_t i) {
         return half(b, 0) * (nibble(b, 8 + i % 16, i >= 16) + 16 * bit(b, 4, i)) + half(b, 2);
     }},
    {"Q8_0", 8, 32, 34, {0}, [](const Block& b, size_t i) { return half(b, 0) * signedByte(b, 2 + i); }},
    {"Q4_K",
     12,
     256,
     144,
     {0, 2},
     [](const Block& b, size_t i) {
         const int q = nibble(b, 16 + i / 64 * 32 + i % 32, i % 64 >= 32);
         return half(b, 0) * scaleOf(b, i / 32) * q - half(b, 2) * minimumOf(b, i / 32);
     }},
    {"Q5_K",
     13,
     256,
     176,
     {0, 2},
     [](const Block& b, size_t i) {
         const int q = nibble(b, 48 + i / 64 * 32 + i % 32, i % 64 >= 32) + 16 * bit(b, 16 + i % 32, i / 32);
         return half(b, 0) * scaleOf(b, i / 32) * q - half(b, 2) * minimumOf(b, i / 32);
     }},
    {"Q6_K",
     14,
     256,
     210,
     {208},
     [](const Block& b, size_t i) {
         const size_t inHalf = i % 128;
         const int low = nibble(b, i / 128 * 64 + inHalf % 64, inHalf >= 64);
         const int high = b[128 + i / 128 * 32 + i % 32] /
                          (inHalf < 32   ? 1
                           : inHalf < 64 ? 4
                           : inHalf < 96 ? 16
                                         : 64) %
                          4;
         return half(b, 208) * signedByte(b, 192 + i / 16) * (low + 16 * high - 32);
     }},
};

std::vector<float> dequantized(const Format& format, const Block& bytes) {
    GgufTensor tensor;
    tensor.type = findGgmlType(format.id);
    tensor.elementCount = static_cast<int64_t>(bytes.size() / format.bytes * format.values);
    tensor.shape = {tensor.elementCount};
    tensor.data = std::as_bytes(std::span(bytes));
    std::vector<float> out(static_cast<size_t>(tensor.elementCount));
    dequantize(tensor, out);
    return out;
}

TEST(GgufDequantize, TheTableHasTheSizesOfTheFormats) {
    for (const Format& format : kFormats) {
        const GgmlType* type = findGgmlType(format.id);
        ASSERT_NE(type, nullptr) << format.name;
        EXPECT_STREQ(type->name, format.name);
        EXPECT_EQ(static_cast<size_t>(type->blockSize), format.values) << format.name;
        EXPECT_EQ(static_cast<size_t>(type->blockBytes), format.bytes) << format.name;
    }
    EXPECT_EQ(findGgmlType(10), nullptr);
    EXPECT_STREQ(ggmlTypeName(10), "Q2_K");
    EXPECT_STREQ(ggmlTypeName(4), "unknown");
}

TEST(GgufDequantize, EveryFormatIsItsFormulaOnRandomBlocks) {
    std::mt19937 random(11);
    for (const Format& format : kFormats) {
        for (int round = 0; round < 50; ++round) {
            Block bytes(format.bytes * 2);
            for (auto& byte : bytes) byte = static_cast<uint8_t>(random());
            for (size_t block = 0; block < 2; ++block)
                for (const size_t at : format.halves) {
                    const uint16_t scale =
                        floatToF16(static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 500.0f);
                    std::memcpy(bytes.data() + block * format.bytes + at, &scale, sizeof(scale));
                }
            const std::vector<float> out = dequantized(format, bytes);
            ASSERT_EQ(out.size(), 2 * format.values);
            for (size_t i = 0; i < out.size(); ++i) {
                const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(i / format.values * format.bytes);
                const double expected =
                    format.value(Block(begin, begin + static_cast<std::ptrdiff_t>(format.bytes)), i % format.values);
                ASSERT_NEAR(out[i], expected, 1e-6 * std::abs(expected) + 2e-4) << format.name << " value " << i;
            }
        }
    }
}

// Blocks small enough to check by hand, with d = 2 and m (or dmin) = 1 or 0.5.
TEST(GgufDequantize, HandBuiltBlocksHaveTheValuesTheyShould) {
    const uint8_t two[2] = {0x00, 0x40}, one[2] = {0x00, 0x3c}, oneHalf[2] = {0x00, 0x38};
    const auto put = [](Block& block, size_t at, const uint8_t(&value)[2]) {
        block[at] = value[0], block[at + 1] = value[1];
    };
    {
        Block block(18);
        put(block, 0, two);
        block[2] = 0xf0;  // value 0: 0, value 16: 15
        const auto out = dequantized(kFormats[0], block);
        EXPECT_EQ(out[0], -16.0f);
        EXPECT_EQ(out[16], 14.0f);
    }
    {
        Block block(20);
        put(block, 0, two), put(block, 2, one);
        block[4 + 3] = 0x5a;
        const auto out = dequantized(kFormats[1], block);
        EXPECT_EQ(out[0], 1.0f);
        EXPECT_EQ(out[3], 21.0f);
        EXPECT_EQ(out[19], 11.0f);
    }
    {
        Block block(22);
        put(block, 0, two);
        block[2] = 0x01, block[5] = 0x80, block[6] = 0x02, block[6 + 15] = 0x30;  // fifth bits of values 0 and 31
        const auto out = dequantized(kFormats[2], block);
        EXPECT_EQ(out[0], 4.0f);   // 2 (18 - 16)
        EXPECT_EQ(out[31], 6.0f);  // 2 (19 - 16)
        EXPECT_EQ(out[1], -32.0f);
    }
    {
        Block block(34);
        put(block, 0, oneHalf);
        block[2] = 0x80, block[3] = 0x7f;
        const auto out = dequantized(kFormats[4], block);
        EXPECT_EQ(out[0], -64.0f);
        EXPECT_EQ(out[1], 63.5f);
    }
    {
        Block block(144);
        put(block, 0, two), put(block, 2, oneHalf);
        block[4] = 3, block[8] = 4;                 // sub-block 0: scale 3, minimum 4
        block[4 + 1] = 0xc0, block[12 + 1] = 0x21;  // sub-block 5: scale 1 + 48, minimum 2
        block[16] = 0x07;                           // value 0: 7, value 32: 0
        block[16 + 2 * 32] = 0xe0;                  // value 160 (sub-block 5): 14
        const auto out = dequantized(kFormats[5], block);
        EXPECT_EQ(out[0], 2.0f * 3 * 7 - 0.5f * 4);
        EXPECT_EQ(out[1], -2.0f);
        EXPECT_EQ(out[32], 0.0f);
        EXPECT_EQ(out[160], 2.0f * 49 * 14 - 0.5f * 2);
    }
    {
        Block block(210);
        put(block, 208, two);
        block[192 + 6] = 0xff;                // scale of values 96..111: -1
        block[32] = 0x50, block[128] = 0xc0;  // value 96: low 5, high 3
        const auto out = dequantized(kFormats[7], block);
        EXPECT_EQ(out[96], -2.0f * (5 + 48 - 32));
        EXPECT_EQ(out[97], 64.0f);
        EXPECT_EQ(out[0], 0.0f);
    }
}

TEST(GgufDequantize, PlainFloatsKeepTheirValues) {
    const std::pair<uint32_t, Block> cases[] = {{0, {0, 0, 0x20, 0xc1}}, {1, {0x00, 0xc9}}, {30, {0x20, 0xc1}}};
    for (const auto& [id, bytes] : cases) {
        GgufTensor tensor{findGgmlType(id), {1}, std::as_bytes(std::span(bytes)), 1};
        float out = 0;
        dequantize(tensor, std::span(&out, 1));
        EXPECT_EQ(out, -10.0f) << id;
    }
}

}  // namespace
}  // namespace radlads::io
