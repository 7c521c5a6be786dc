#include <gtest/gtest.h>

#include <cstring>

#include "engine/io/mapped_file.h"
#include "engine/io/safetensors.h"
#include "tests/io/temporary_directory.h"

namespace radlads::io {
namespace {

using radlads::testing::TemporaryDirectory;

std::string fileOf(const std::string& header, size_t dataBytes) {
    const uint64_t size = header.size();
    return std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + header + std::string(dataBytes, '\1');
}

Result<SafetensorsContent> parse(const std::string& file) {
    return parseSafetensors(std::as_bytes(std::span(file)), "test.safetensors");
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

const std::string kTwoTensors =
    R"({"b":{"dtype":"F16","shape":[2,3],"data_offsets":[4,16]},"__metadata__":{"format":"pt"},)"
    R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
    R"("none":{"dtype":"I64","shape":[0,5],"data_offsets":[4,4]}}  )";

TEST(Safetensors, ReadsTensorsScalarsEmptyOnesAndMetadata) {
    const std::string file = fileOf(kTwoTensors, 16);
    const auto content = parse(file);
    ASSERT_TRUE(content) << content.error().message;
    ASSERT_EQ(content->tensors.size(), 3u);
    EXPECT_EQ(content->metadata.at("format"), "pt");
    const TensorInfo& b = content->tensors.at("b");
    EXPECT_EQ(b.dtype, Dtype::F16);
    EXPECT_EQ(b.shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(b.elementCount(), 6);
    EXPECT_EQ(b.data.size(), 12u);
    EXPECT_EQ(reinterpret_cast<const char*>(b.data.data()), file.data() + 8 + kTwoTensors.size() + 4);
    EXPECT_EQ(content->tensors.at("a").elementCount(), 1);
    EXPECT_EQ(content->tensors.at("none").elementCount(), 0);
    EXPECT_TRUE(content->tensors.at("none").data.empty());
}

TEST(Safetensors, RefusesAFileCutAtAnyByteOrGrownByOne) {
    const std::string file = fileOf(kTwoTensors, 16);
    for (size_t size = 0; size < file.size(); ++size) {
        const auto content = parse(file.substr(0, size));
        ASSERT_FALSE(content) << size;
        EXPECT_EQ(content.error().code, ErrorCode::InvalidInput);
        EXPECT_NE(content.error().message.find("test.safetensors"), std::string::npos);
    }
    EXPECT_FALSE(parse(file + "x"));
}

TEST(Safetensors, RefusesHostileHeadersAndNamesTheReason) {
    struct Case {
        const char* promise;
        std::string header;
        size_t dataBytes;
        const char* reason;  // a part of the message
    };
    const Case cases[] = {
        {"hole at the front", R"({"a":)" + tensor("F32", "[1]", "[4,8]") + "}", 8, "begins at data byte 4"},
        {"hole between", R"({"a":)" + tensor("U8", "[1]", "[0,1]") + R"(,"b":)" + tensor("U8", "[1]", "[2,3]") + "}", 3,
         "begins at"},
        {"overlap", R"({"a":)" + tensor("U8", "[2]", "[0,2]") + R"(,"b":)" + tensor("U8", "[2]", "[1,3]") + "}", 3,
         "begins at"},
        {"the same bytes twice",
         R"({"a":)" + tensor("U8", "[2]", "[0,2]") + R"(,"b":)" + tensor("U8", "[2]", "[0,2]") + "}", 2, "begins at"},
        {"end before begin",
         R"({"a":)" + tensor("U8", "[0]", "[0,0]") + R"(,"b":)" + tensor("U8", "[1]", "[0,-1]") + "}", 0, "negative"},
        {"reversed offsets",
         R"({"a":)" + tensor("U8", "[4]", "[0,4]") + R"(,"b":)" + tensor("U8", "[4]", "[4,0]") + "}", 4, "ends at"},
        {"beyond the file", R"({"a":)" + tensor("U8", "[9]", "[0,9]") + "}", 8, "ends at data byte 9"},
        {"bytes left over", R"({"a":)" + tensor("U8", "[2]", "[0,2]") + "}", 3, "after its last tensor"},
        {"data without tensors", "{}", 1, "after its last tensor"},
        {"shape and size differ", R"({"a":)" + tensor("F32", "[3]", "[0,8]") + "}", 8, "do not agree"},
        {"product overflows", R"({"a":)" + tensor("F32", "[4294967296,4294967296,4]", "[0,0]") + "}", 0,
         "do not agree"},
        {"bytes overflow", R"({"a":)" + tensor("F64", "[2305843009213693952]", "[0,0]") + "}", 0, "do not agree"},
        {"extent over 63 bits", R"({"a":)" + tensor("F32", "[9223372036854775808]", "[0,0]") + "}", 0, "2^63"},
        {"extent over 64 bits", R"({"a":)" + tensor("F32", "[18446744073709551616]", "[0,0]") + "}", 0, "whole number"},
        {"negative extent", R"({"a":)" + tensor("F32", "[-1]", "[0,0]") + "}", 0, "negative"},
        {"fraction", R"({"a":)" + tensor("F32", "[1.5]", "[0,4]") + "}", 4, "whole number"},
        {"text as extent", R"({"a":)" + tensor("F32", R"(["1"])", "[0,4]") + "}", 4, "text"},
        {"unknown dtype", R"({"a":)" + tensor("F8_E4M3", "[1]", "[0,1]") + "}", 1, "F8_E4M3"},
        {"name twice", R"({"a":)" + tensor("U8", "[0]", "[0,0]") + R"(,"a":)" + tensor("U8", "[0]", "[0,0]") + "}", 0,
         "twice"},
        {"dtype twice", R"({"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0, "twice"},
        {"shape twice", R"({"a":{"dtype":"U8","shape":[0],"shape":[0],"data_offsets":[0,0]}})", 0, "twice"},
        {"metadata twice", R"({"__metadata__":{},"__metadata__":{}})", 0, "twice"},
        {"metadata key twice", R"({"__metadata__":{"a":"1","a":"2"}})", 0, "twice"},
        {"metadata not a text", R"({"__metadata__":{"a":1}})", 0, "number"},
        {"metadata nested", R"({"__metadata__":{"a":{}}})", 0, "object"},
        {"no offsets", R"({"a":{"dtype":"U8","shape":[0]}})", 0, "lacks"},
        {"one offset", R"({"a":)" + tensor("U8", "[0]", "[0]") + "}", 0, "two numbers"},
        {"three offsets", R"({"a":)" + tensor("U8", "[0]", "[0,0,0]") + "}", 0, "two numbers"},
        {"unknown key", R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"strides":[1]}})", 0, "strides"},
        {"list in a list", R"({"a":)" + tensor("U8", "[[0]]", "[0,0]") + "}", 0, "list"},
        {"33 dimensions",
         R"({"a":)" + tensor("U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,1]") +
             "}",
         1, "32"},
        {"tensor is a number", R"({"a":5})", 0, "number"},
        {"tensor is null", R"({"a":null})", 0, "null"},
        {"a list at the top", "[]", 0, "no JSON object"},
        {"white space first", " {}", 0, "no JSON object"},
        {"empty header", "", 0, "no JSON object"},
        {"zero byte after the object", std::string("{}\0x", 4), 0, "no JSON object"},
        {"more after the object", "{} {}", 0, "JSON"},
        {"broken JSON", R"({"a")", 0, "JSON"},
        {"broken UTF-8", "{\"\xff\":5}", 0, "JSON"},
    };
    for (const Case& c : cases) {
        const auto content = parse(fileOf(c.header, c.dataBytes));
        ASSERT_FALSE(content) << c.promise;
        EXPECT_EQ(content.error().code, ErrorCode::InvalidInput) << c.promise;
        EXPECT_NE(content.error().message.find(c.reason), std::string::npos)
            << c.promise << ": " << content.error().message;
    }
}

TEST(Safetensors, RefusesHeaderLengthsBeyondTheLimitOrTheFile) {
    for (const uint64_t size : {uint64_t{100'000'001}, uint64_t{3}, UINT64_MAX, UINT64_MAX - 7}) {
        std::string file(10, '{');
        std::memcpy(file.data(), &size, sizeof(size));
        EXPECT_FALSE(parse(file)) << size;
    }
}

TEST(Safetensors, DeepNestingDoesNotRecurse) {
    EXPECT_FALSE(parse(fileOf(R"({"a":{"dtype":"U8","shape":)" + std::string(1'000'000, '['), 0)));
    std::string objects;
    for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
    EXPECT_FALSE(parse(fileOf(objects, 0)));
}

TEST(Safetensors, OpensTheGoldenTeacherDirectory) {
    const auto model = Safetensors::open(std::string(RADLADS_TEST_DATA) + "/golden/teacher");
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->tensors().size(), 39u);
    EXPECT_EQ(model->tensors().at("lm_head.weight").shape, (std::vector<int64_t>{199, 64}));
    EXPECT_EQ(model->metadata().at("format"), "pt");
    int64_t bytes = 0;
    for (const auto& [name, info] : model->tensors()) bytes += static_cast<int64_t>(info.data.size());
    EXPECT_EQ(model->totalBytes(), bytes);
}

// Two shards with a tensor each and an index over them; `shard` and `tensor` are what the index says of the second.
void writeShards(const TemporaryDirectory& directory, const std::string& shard, const std::string& tensorName) {
    directory.write("one.safetensors", fileOf(R"({"a":)" + tensor("U8", "[2]", "[0,2]") + "}", 2));
    directory.write("two.safetensors", fileOf(R"({"b":)" + tensor("U8", "[3]", "[0,3]") + "}", 3));
    directory.write("model.safetensors.index.json",
                    R"({"metadata":{"total_size":5,"other":[]},"weight_map":{"a":"one.safetensors",")" + tensorName +
                        R"(":")" + shard + R"("}})");
}

TEST(SafetensorsDirectory, FollowsTheWeightMap) {
    const TemporaryDirectory directory;
    writeShards(directory, "two.safetensors", "b");
    const auto model = Safetensors::open(directory.path());
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->tensors().at("a").data.size(), 2u);
    EXPECT_EQ(model->tensors().at("b").data.size(), 3u);
    EXPECT_EQ(model->totalBytes(), 5);
    const Safetensors copy = *model;  // shares the maps
    EXPECT_EQ(copy.tensors().at("b").data.data(), model->tensors().at("b").data.data());
}

TEST(SafetensorsDirectory, AShardNameCannotLeaveTheDirectory) {
    const TemporaryDirectory directory;
    const auto outside =
        directory.path().parent_path() / (directory.path().filename().string() + "-outside.safetensors");
    std::filesystem::create_directory(directory.path() / "sub");
    for (const std::string& name :
         {"../" + outside.filename().string(), outside.string(), std::string(".."), std::string("."), std::string(""),
          std::string("sub/two.safetensors"), std::string("..\\\\two"), std::string("a\\u0000b")}) {
        writeShards(directory, name, "b");
        std::ofstream(outside, std::ios::binary) << fileOf(R"({"b":)" + tensor("U8", "[3]", "[0,3]") + "}", 3);
        const auto model = Safetensors::open(directory.path());
        ASSERT_FALSE(model) << name;
        EXPECT_NE(model.error().message.find("plain file name"), std::string::npos) << model.error().message;
    }
    std::filesystem::remove(outside);
}

TEST(SafetensorsDirectory, NamesWhatAShardLacksAndShardsThatAreMissing) {
    const TemporaryDirectory directory;
    writeShards(directory, "two.safetensors", "c");
    auto model = Safetensors::open(directory.path());
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("\"c\""), std::string::npos) << model.error().message;
    writeShards(directory, "three.safetensors", "b");
    model = Safetensors::open(directory.path());
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("three.safetensors"), std::string::npos) << model.error().message;
}

TEST(SafetensorsDirectory, RefusesBrokenIndexes) {
    for (const char* index : {"", "[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{"a":5}})",
                              R"({"weight_map":{"a":"one.safetensors","a":"one.safetensors"}})"}) {
        const TemporaryDirectory directory;
        directory.write("model.safetensors.index.json", index);
        EXPECT_FALSE(Safetensors::open(directory.path())) << index;
    }
}

TEST(SafetensorsDirectory, RefusesPickleFilesAndGgufWithAdvice) {
    const std::pair<const char*, const char*> cases[] = {{"pytorch_model.bin", "pickle"},
                                                         {"pytorch_model-00001-of-00002.bin", "pickle"},
                                                         {"model.gguf", "convert-teacher"},
                                                         {"readme.txt", "Hugging Face"}};
    for (const auto& [name, advice] : cases) {
        const TemporaryDirectory directory;
        directory.write(name, "x");
        const auto model = Safetensors::open(directory.path());
        ASSERT_FALSE(model) << name;
        EXPECT_NE(model.error().message.find(advice), std::string::npos) << model.error().message;
    }
}

TEST(MappedFile, MapsReadsMovesAndRefusesWhatIsNoFile) {
    const TemporaryDirectory directory;
    auto file = MappedFile::open(directory.write("some", "abc"), AccessPattern::Sequential);
    ASSERT_TRUE(file);
    const std::byte* address = file->bytes().data();
    MappedFile moved = std::move(*file);
    EXPECT_EQ(moved.bytes().data(), address);
    EXPECT_TRUE(file->bytes().empty());
    moved = MappedFile::open(directory.write("other", "defg")).value();
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(moved.bytes().data()), moved.bytes().size()), "defg");

    const auto empty = MappedFile::open(directory.write("empty", ""));
    ASSERT_TRUE(empty);
    EXPECT_TRUE(empty->bytes().empty());
    for (const char* name : {"", "missing", "some/below"}) {
        const auto refused = MappedFile::open(directory.path() / name);
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput) << refused.error().message;
    }
}

}  // namespace
}  // namespace radlads::io
