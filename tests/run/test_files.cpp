#include <sys/stat.h>

#include <algorithm>
#include <regex>

#include "engine/run/files.h"
#include "tests/run/file_size_limit.h"
#include "tests/run/temporary_directory.h"

namespace radlads::run {
namespace {

class Files : public test::TemporaryDirectory {
protected:
    size_t entries() const {
        return static_cast<size_t>(std::distance(fs::directory_iterator(directory()), fs::directory_iterator()));
    }
};

TEST_F(Files, AtomicWriteReplacesTheWholeFile) {
    const fs::path file = directory() / "a.json";
    const std::string bytes("new\0bytes", 9);
    put(file, "something that is longer than what follows");
    ASSERT_TRUE(writeFileAtomically(file, bytes));
    EXPECT_EQ(bytesOf(file), bytes);
    EXPECT_EQ(entries(), 1U) << "no temporary file stays";
}

TEST_F(Files, AtomicWriteKeepsModeAndSymbolicLink) {
    const fs::path file = directory() / "a", link = directory() / "link";
    put(file, "old");
    ::chmod(file.c_str(), 0640);
    fs::create_symlink(file, link);
    ASSERT_TRUE(writeFileAtomically(link, "new"));
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(bytesOf(file), "new");
    EXPECT_EQ(fs::status(file).permissions(), static_cast<fs::perms>(0640));
}

TEST_F(Files, AFullDiskLeavesTheOldFile) {
    const fs::path file = directory() / "a";
    put(file, "old");
    {
        const test::FileSizeLimit limit(1000);
        const Status written = writeFileAtomically(file, std::string(5000, 'x'));
        ASSERT_FALSE(written);
        EXPECT_EQ(written.error().code, ErrorCode::NoSpace);
    }
    EXPECT_EQ(bytesOf(file), "old");
    EXPECT_EQ(entries(), 1U) << "no temporary file stays";
    EXPECT_TRUE(writeFileAtomically(file, std::string(5000, 'x')));
}

TEST_F(Files, WritingWhereNothingCanBeIsAnError) {
    for (const fs::path& file : {directory() / "no" / "a", directory(), directory() / "a" / ""}) {
        const Status written = writeFileAtomically(file, "x");
        ASSERT_FALSE(written) << file;
        EXPECT_NE(written.error().message.find(directory().string()), std::string::npos);
    }
    EXPECT_EQ(entries(), 0U);
}

TEST_F(Files, ReadFileRefusesWhatIsTooLongOrNoFile) {
    const fs::path file = directory() / "a";
    put(file, std::string(100, 'x'));
    EXPECT_EQ(readFile(file, 100).value().size(), 100U);
    EXPECT_EQ(readFile(file, 99).error().message, file.string() + " is too large: more than 99 bytes");
    EXPECT_EQ(readFile(directory() / "b", 99).error().message, "there is no file " + (directory() / "b").string());
    EXPECT_EQ(readFile(directory(), 99).error().message, directory().string() + " is not a regular file");
    ASSERT_EQ(::mkfifo((directory() / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(readFile(directory() / "pipe", 99).error().code, ErrorCode::InvalidInput);
    EXPECT_EQ(readFile("/dev/zero", 99).error().code, ErrorCode::InvalidInput);
}

TEST_F(Files, TimeIsRfc3339WithMilliseconds) {
    EXPECT_TRUE(std::regex_match(utcNow(), std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ)"))) << utcNow();
    EXPECT_LE(utcNow(), utcNow());
}

TEST_F(Files, DirectoriesFollowTheEnvironment) {
    ::setenv("HOME", "/home/somebody", 1);
    for (const char* name : {"RADLADS_RUNS", "RADLADS_CACHE", "XDG_DATA_HOME", "XDG_CACHE_HOME"}) ::unsetenv(name);
    EXPECT_EQ(defaultRunsDirectory(), "/home/somebody/.local/share/radlads/runs");
    EXPECT_EQ(cacheDirectory(), "/home/somebody/.cache/radlads");
    ::setenv("XDG_DATA_HOME", "/xdg", 1);
    ::setenv("XDG_CACHE_HOME", "relative", 1);
    EXPECT_EQ(defaultRunsDirectory(), "/xdg/radlads/runs");
    EXPECT_EQ(cacheDirectory(), "/home/somebody/.cache/radlads") << "a relative XDG path counts as not set";
    ::setenv("RADLADS_RUNS", "/r", 1);
    ::setenv("RADLADS_CACHE", "/c", 1);
    EXPECT_EQ(defaultRunsDirectory(), "/r");
    EXPECT_EQ(cacheDirectory(), "/c");
    for (const char* name : {"RADLADS_RUNS", "RADLADS_CACHE", "XDG_DATA_HOME", "XDG_CACHE_HOME"}) ::unsetenv(name);
}

TEST_F(Files, ResourcesAreFoundFromABuild) {
    ::unsetenv("RADLADS_RESOURCES");
    EXPECT_TRUE(fs::exists(resourcesDirectory() / "presets" / "paper-rwkv7.json")) << resourcesDirectory();
    ::setenv("RADLADS_RESOURCES", "/somewhere", 1);
    EXPECT_EQ(resourcesDirectory(), "/somewhere");
    ::unsetenv("RADLADS_RESOURCES");
}

}  // namespace
}  // namespace radlads::run
