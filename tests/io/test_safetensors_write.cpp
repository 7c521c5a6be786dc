#include <gtest/gtest.h>

#include <cstring>

#include "engine/io/safetensors.h"
#include "tests/io/temporary_directory.h"
#include "tests/run/file_size_limit.h"

namespace radlads::io {
namespace {

using radlads::testing::readBytes;
using radlads::testing::TemporaryDirectory;

TensorToWrite tensorOf(const std::string& name, Dtype dtype, std::vector<int64_t> shape, const std::string& bytes) {
    const auto data = std::as_bytes(std::span(bytes));
    return {name, dtype, std::move(shape),
            [copy = std::vector<std::byte>(data.begin(), data.end())] { return Result<std::vector<std::byte>>(copy); }};
}

TEST(SafetensorsWriter, RoundTripsEveryDtypeAndShape) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "model.safetensors";
    const std::vector<TensorToWrite> tensors = {
        tensorOf("bool", Dtype::Bool, {3}, "abc"),
        tensorOf("f32 \"quoted\" \xc3\xa9", Dtype::F32, {2, 1}, "abcdefgh"),
        tensorOf("scalar", Dtype::F64, {}, "01234567"),
        tensorOf("bf16", Dtype::BF16, {1, 1, 1}, "xy"),
        tensorOf("empty", Dtype::I32, {0, 7}, ""),
        tensorOf("u8", Dtype::U8, {1}, "z"),
    };
    const Status written = writeSafetensors(path, tensors, {{"note", "a \"note\""}});
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(directory.entryCount(), 1u) << "a temporary file was left behind";

    const auto file = Safetensors::open(path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->metadata(), (std::map<std::string, std::string>{{"format", "pt"}, {"note", "a \"note\""}}));
    ASSERT_EQ(file->tensors().size(), tensors.size());
    for (const auto& tensor : tensors) {
        const TensorInfo& read = file->tensors().at(tensor.name);
        EXPECT_EQ(read.dtype, tensor.dtype);
        EXPECT_EQ(read.shape, tensor.shape);
        const auto bytes = tensor.bytes().value();
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), read.data.begin(), read.data.end())) << tensor.name;
        EXPECT_EQ(reinterpret_cast<uintptr_t>(read.data.data()) % sizeBytes(read.dtype), 0u)
            << tensor.name << " is not aligned";
    }
    uint64_t header = 0;
    std::memcpy(&header, readBytes(path).data(), sizeof(header));
    EXPECT_EQ(header % 8, 0u);
}

TEST(SafetensorsWriter, WritesAFileWithoutTensors) {
    const TemporaryDirectory directory;
    ASSERT_TRUE(writeSafetensors(directory.path() / "none.safetensors", {}, {}));
    const auto file = Safetensors::open(directory.path() / "none.safetensors");
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->tensors().empty());
    EXPECT_EQ(file->metadata().at("format"), "pt");
}

TEST(SafetensorsWriter, AFailureLeavesTheOldFileAndNothingElse) {
    const TemporaryDirectory directory;
    const auto path = directory.write("model.safetensors", "the old file");
    const TensorToWrite fails = {
        "b", Dtype::U8, {1}, [] { return Result<std::vector<std::byte>>(failed("no bytes")); }};
    const std::vector<TensorToWrite> cases[] = {
        {tensorOf("a", Dtype::U8, {1}, "a"), fails},
        {tensorOf("a", Dtype::U8, {2}, "a")},                                      // too few bytes
        {tensorOf("a", Dtype::U8, {1}, "a"), tensorOf("a", Dtype::U8, {1}, "b")},  // a name twice
        {tensorOf("__metadata__", Dtype::U8, {1}, "a")},
        {tensorOf("a", Dtype::U8, {-1}, "")},
        {tensorOf("a", Dtype::F64, {int64_t{1} << 61}, "")},
    };
    for (const auto& tensors : cases) {
        EXPECT_FALSE(writeSafetensors(path, tensors, {}));
        EXPECT_EQ(readBytes(path), "the old file");
        EXPECT_EQ(directory.entryCount(), 1u);
    }
}

TEST(SafetensorsWriter, AMissingDirectoryIsAnError) {
    const TemporaryDirectory directory;
    const Status status = writeSafetensors(directory.path() / "missing" / "model.safetensors", {}, {});
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("missing"), std::string::npos);
}

TEST(SafetensorsWriter, AFullDiskIsNoSpaceAndLeavesNothing) {
    const TemporaryDirectory directory;
    const auto path = directory.write("model.safetensors", "the old file");
    const Status status = [&] {
        const test::FileSizeLimit limit(64 << 10);
        return writeSafetensors(path, {tensorOf("a", Dtype::U8, {1 << 20}, std::string(1 << 20, 'x'))}, {});
    }();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::NoSpace);
    EXPECT_EQ(readBytes(path), "the old file");
    EXPECT_EQ(directory.entryCount(), 1u);
}

}  // namespace
}  // namespace radlads::io
