#include <gtest/gtest.h>

#include "engine/io/gguf.h"
#include "tests/io/gguf_builder.h"

namespace radlads::io {
namespace {

using radlads::testing::bytesOf;
using radlads::testing::GgufBuilder;
using radlads::testing::ggufString;

Result<GgufContent> parse(const std::string& file) {
    return parseGguf(std::as_bytes(std::span(file)), "test.gguf");
}

GgufBuilder small() {
    GgufBuilder builder;
    builder.value("u8", 0, bytesOf<uint8_t>(200));
    builder.value("i8", 1, bytesOf<int8_t>(-3));
    builder.value("u16", 2, bytesOf<uint16_t>(65535));
    builder.value("i16", 3, bytesOf<int16_t>(-300));
    builder.u32("u32", 4000000000u);
    builder.value("i32", 5, bytesOf<int32_t>(-5));
    builder.f32("f32", 1.5f);
    builder.boolean("bool", true);
    builder.text("text", "h\xc3\xa9");
    builder.texts("texts", {"a", "", "bc"});
    builder.i32s("i32s", {1, -2, 3});
    builder.value("u64", 10, bytesOf<uint64_t>(UINT64_MAX));
    builder.value("i64", 11, bytesOf<int64_t>(INT64_MIN));
    builder.value("f64", 12, bytesOf<double>(0.1));
    builder.floats("matrix", {2, 3}, {1, 2, 3, 4, 5, 6});
    builder.floats("vector", {2}, {7, 8});
    return builder;
}

TEST(Gguf, ReadsEveryValueTypeAndTensorsInRowMajorShape) {
    const std::string file = small().build();
    const auto content = parse(file);
    ASSERT_TRUE(content) << content.error().message;
    const auto& values = content->metadata;
    EXPECT_EQ(std::get<uint64_t>(values.at("u8")), 200u);
    EXPECT_EQ(std::get<int64_t>(values.at("i8")), -3);
    EXPECT_EQ(std::get<uint64_t>(values.at("u16")), 65535u);
    EXPECT_EQ(std::get<int64_t>(values.at("i16")), -300);
    EXPECT_EQ(std::get<uint64_t>(values.at("u32")), 4000000000u);
    EXPECT_EQ(std::get<int64_t>(values.at("i32")), -5);
    EXPECT_EQ(std::get<double>(values.at("f32")), 1.5);
    EXPECT_TRUE(std::get<bool>(values.at("bool")));
    EXPECT_EQ(std::get<std::string_view>(values.at("text")), "h\xc3\xa9");
    EXPECT_EQ(std::get<GgufArray>(values.at("texts")).strings, (std::vector<std::string_view>{"a", "", "bc"}));
    EXPECT_EQ(std::get<GgufArray>(values.at("i32s")).integers(), (std::vector<int64_t>{1, -2, 3}));
    EXPECT_TRUE(std::get<GgufArray>(values.at("texts")).integers().empty());
    EXPECT_EQ(std::get<uint64_t>(values.at("u64")), UINT64_MAX);
    EXPECT_EQ(std::get<int64_t>(values.at("i64")), INT64_MIN);
    EXPECT_EQ(std::get<double>(values.at("f64")), 0.1);

    const GgufTensor& matrix = content->tensors.at("matrix");
    EXPECT_EQ(matrix.shape, (std::vector<int64_t>{2, 3}));
    std::vector<float> out(6);
    dequantize(matrix, out);
    EXPECT_EQ(out, (std::vector<float>{1, 2, 3, 4, 5, 6}));
    const GgufTensor& vector = content->tensors.at("vector");
    EXPECT_EQ((reinterpret_cast<const char*>(vector.data.data()) - file.data()) % 32, 0);
    std::vector<float> two(2);
    dequantize(vector, two);
    EXPECT_EQ(two, (std::vector<float>{7, 8}));
}

TEST(Gguf, ReadsVersionTwoAndOtherAlignments) {
    for (const uint64_t alignment : {1, 8, 64, 4096}) {
        GgufBuilder builder;
        builder.version = 2;
        builder.alignment = alignment;
        builder.u32("general.alignment", static_cast<uint32_t>(alignment));
        builder.floats("a", {1}, {3});
        builder.floats("b", {1}, {4});
        const std::string file = builder.build();
        const auto content = parse(file);
        ASSERT_TRUE(content) << content.error().message;
        float value = 0;
        dequantize(content->tensors.at("b"), std::span(&value, 1));
        EXPECT_EQ(value, 4.0f) << alignment;
    }
}

TEST(Gguf, RefusesAFileCutAtAnyByteOfItsContent) {
    GgufBuilder builder = small();
    const std::string file = builder.build();
    const size_t lastPadding = 32 - 8;  // after the two floats of the last tensor, which nothing needs
    for (size_t size = 0; size < file.size() - lastPadding; ++size) {
        const auto content = parse(file.substr(0, size));
        ASSERT_FALSE(content) << size;
        EXPECT_EQ(content.error().code, ErrorCode::InvalidInput);
        EXPECT_NE(content.error().message.find("test.gguf"), std::string::npos);
    }
    EXPECT_TRUE(parse(file.substr(0, file.size() - lastPadding)));
}

TEST(Gguf, RefusesHostileFilesAndNamesTheReason) {
    const auto changed = [](auto change) {
        GgufBuilder builder;
        change(builder);
        return builder.build();
    };
    const auto counts = [](uint64_t tensors, uint64_t values) {
        return GgufBuilder().build(tensors, values) + std::string(100, '\0');
    };
    const std::string four(4, '\0'), eight(8, '\0');
    struct Case {
        const char* promise;
        std::string file;
        const char* reason;
    };
    const Case cases[] = {
        {"other magic", "GGML" + small().build().substr(4), "begin with GGUF"},
        {"version 1", changed([](auto& b) { b.version = 1; }), "version 1"},
        {"version 4", changed([](auto& b) { b.version = 4; }), "version 4"},
        {"big endian", changed([](auto& b) { b.version = 0x03000000; }), "big-endian"},
        {"2^63 values", counts(0, uint64_t{1} << 63), "can hold"},
        {"2^64-1 tensors", counts(UINT64_MAX, 0), "can hold"},
        {"a million values in 100 bytes", counts(0, 1'000'000), "can hold"},
        {"unknown value type", changed([](auto& b) { b.value("a", 13, std::string(8, '\0')); }), "type 13"},
        {"array of arrays", changed([](auto& b) { b.value("a", 9, bytesOf<uint32_t>(9) + bytesOf<uint64_t>(0)); }),
         "array of type 9"},
        {"array of unknown type",
         changed([](auto& b) { b.value("a", 9, bytesOf<uint32_t>(99) + bytesOf<uint64_t>(0)); }), "array of type 99"},
        {"array count overflows", changed([](auto& b) {
             b.value("a", 9, bytesOf<uint32_t>(10) + bytesOf<uint64_t>((uint64_t{1} << 61) + 1) + std::string(8, '\0'));
         }),
         "ends inside"},
        {"string array beyond the file",
         changed([](auto& b) { b.value("a", 9, bytesOf<uint32_t>(8) + bytesOf<uint64_t>(1000) + ggufString("x")); }),
         "ends inside"},
        {"string beyond the file", changed([](auto& b) { b.value("a", 8, bytesOf<uint64_t>(UINT64_MAX)); }),
         "ends inside"},
        {"key twice", changed([](auto& b) {
             b.u32("a", 1);
             b.u32("a", 1);
         }),
         "twice"},
        {"tensor twice", changed([](auto& b) {
             b.floats("a", {1}, {1});
             b.floats("a", {1}, {1});
         }),
         "twice"},
        {"alignment 0", changed([](auto& b) { b.u32("general.alignment", 0); }), "power of two"},
        {"alignment 24", changed([](auto& b) { b.u32("general.alignment", 24); }), "power of two"},
        {"alignment 2^31", changed([](auto& b) { b.u32("general.alignment", 1u << 31); }), "power of two"},
        {"alignment is a text", changed([](auto& b) { b.text("general.alignment", "32"); }), "power of two"},
        {"no dimensions", changed([&](auto& b) { b.tensor("a", {}, 0, four); }), "0 dimensions"},
        {"five dimensions", changed([&](auto& b) {
             b.tensor("a", {1, 1, 1, 1, 1}, 0, four);
         }),
         "5 dimensions"},
        {"extent 0", changed([&](auto& b) {
             b.tensor("a", {2, 0}, 0, "");
         }),
         "empty or too large"},
        {"extent 2^63", changed([&](auto& b) { b.tensor("a", {uint64_t{1} << 63}, 0, four); }), "empty or too large"},
        {"product overflows", changed([&](auto& b) {
             b.tensor("a", {uint64_t{1} << 32, uint64_t{1} << 32}, 0, four);
         }),
         "empty or too large"},
        {"bytes overflow", changed([&](auto& b) { b.tensor("a", {uint64_t{1} << 62}, 0, four); }), "too large"},
        {"beyond the file", changed([&](auto& b) { b.tensor("a", {1000}, 0, four); }), "ends after the end"},
        {"gap", changed([&](auto& b) { b.tensorAt("a", {1}, 0, four, 32); }), "must be at 0"},
        {"overlap", changed([&](auto& b) {
             b.tensor("a", {1}, 0, four);
             b.tensorAt("b", {1}, 0, four, 0);
         }),
         "must be at 32"},
        {"huge offset", changed([&](auto& b) { b.tensorAt("a", {1}, 0, four, UINT64_MAX - 31); }), "must be at 0"},
        {"unsupported type by name", changed([&](auto& b) { b.tensor("a", {256}, 10, std::string(84, '\0')); }),
         "Q2_K"},
        {"removed type by number", changed([&](auto& b) { b.tensor("a", {32}, 4, eight); }), "unknown (4)"},
        {"rows that are no whole blocks", changed([&](auto& b) {
             b.tensor("a", {32, 33}, 8, std::string(34 * 33, '\0'));
         }),
         "whole blocks"},
    };
    for (const Case& c : cases) {
        const auto content = parse(c.file);
        ASSERT_FALSE(content) << c.promise;
        EXPECT_EQ(content.error().code, ErrorCode::InvalidInput) << c.promise;
        EXPECT_NE(content.error().message.find(c.reason), std::string::npos)
            << c.promise << ": " << content.error().message;
    }
}

}  // namespace
}  // namespace radlads::io
