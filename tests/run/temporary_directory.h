// A directory of a test's own that goes with it, and the environment that points into it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace radlads::test {

namespace fs = std::filesystem;

class TemporaryDirectory : public ::testing::Test {
protected:
    TemporaryDirectory() {
        std::string pattern = (fs::temp_directory_path() / "radlads-test-XXXXXX").string();
        m_directory = ::mkdtemp(pattern.data());
    }
    ~TemporaryDirectory() override {
        std::error_code ignored;
        fs::remove_all(m_directory, ignored);
    }
    const fs::path& directory() const { return m_directory; }

    static std::string bytesOf(const fs::path& file) {
        std::ostringstream text;
        text << std::ifstream(file, std::ios::binary).rdbuf();
        return text.str();
    }
    static void put(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

private:
    fs::path m_directory;
};

}  // namespace radlads::test
