// What the tests of the data path share: a directory of their own, compressed bytes, a small tokenizer.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/source.h"
#include "engine/data/token_store.h"
#include "engine/io/tokenizer.h"

namespace radlads::data::test {

namespace fs = std::filesystem;

class TempDirectory {
public:
    TempDirectory() {
        std::string name = (fs::temp_directory_path() / "radlads-data-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        m_path = name;
    }
    ~TempDirectory() {
        std::error_code error;
        fs::remove_all(m_path, error);
    }
    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    fs::path operator/(const std::string& name) const { return m_path / name; }
    const fs::path& path() const { return m_path; }

    fs::path write(const std::string& name, const std::string& bytes) const {
        const fs::path file = m_path / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << bytes;
        return file;
    }

private:
    fs::path m_path;
};

inline std::string readBytes(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Sets the modification time, so that no test waits for the clock.
inline void setModificationTime(const fs::path& path, int64_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

inline std::string gzip(const std::string& text) {
    z_stream stream{};
    EXPECT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(::deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

// windowLog 0: the library's choice.
inline std::string zstd(const std::string& text, int windowLog = 0) {
    ZSTD_CCtx* context = ::ZSTD_createCCtx();
    ::ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1);
    if (windowLog > 0) ::ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog);
    std::string out(::ZSTD_compressBound(text.size()) + 64, '\0');
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    ZSTD_inBuffer input{text.data(), text.size(), 0};
    // Continue first: with the size unknown at the start, the frame states its window.
    EXPECT_FALSE(::ZSTD_isError(::ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue)));
    EXPECT_EQ(::ZSTD_compressStream2(context, &output, &input, ZSTD_e_end), 0u);
    out.resize(output.pos);
    ::ZSTD_freeCCtx(context);
    return out;
}

inline protocol::SourcePlan plan(const fs::path& path) {
    protocol::SourcePlan source;
    source.path = path.string();
    return source;
}

inline std::vector<std::string> readDocuments(DocumentReader& reader) {
    std::vector<std::string> documents;
    std::string document;
    for (;;) {
        const auto more = reader.next(document);
        if (!more) ADD_FAILURE() << more.error().message;
        if (!more || !*more) return documents;
        documents.push_back(document);
    }
}

inline std::vector<std::string> readDocuments(const protocol::SourcePlan& source) {
    auto reader = DocumentReader::open(source);
    if (!reader) {
        ADD_FAILURE() << reader.error().message;
        return {};
    }
    return readDocuments(*reader);
}

// The error that reading a source to its end gives.
inline Error readError(const protocol::SourcePlan& source) {
    auto reader = DocumentReader::open(source);
    if (!reader) return reader.error();
    std::string document;
    for (;;) {
        const auto more = reader->next(document);
        if (!more) return more.error();
        if (!*more) return {ErrorCode::Failed, "no error at all"};
    }
}

constexpr int32_t kEos = 256;

// The id of a byte is its value; <|endoftext|> is 256, extraToken, if any, 257.
inline io::Tokenizer byteTokenizer(bool hasEos = true, const std::string& extraToken = "") {
    std::vector<std::string> characters(256);
    int extra = 256;
    for (int byte = 0; byte < 256; ++byte) {
        const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        const int code = printable ? byte : extra++;
        characters[static_cast<size_t>(byte)] =
            code < 128 ? std::string(1, static_cast<char>(code))
                       : std::string{static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
    }
    io::BpeModel model;
    model.vocabulary = characters;
    model.addedTokens = {{"<|endoftext|>", kEos, true}};
    if (!extraToken.empty()) model.addedTokens.push_back({extraToken, 257, true});
    const std::string config = hasEos ? R"({"eos_token": "<|endoftext|>"})" : "";
    const auto tokenizer = io::Tokenizer::parse(io::writeTokenizerJson(model), config, "tokenizer.json");
    if (!tokenizer) {
        ADD_FAILURE() << tokenizer.error().message;
        std::abort();
    }
    return *tokenizer;
}

inline std::vector<int32_t> readAll(const TokenStore& store) {
    std::vector<int32_t> tokens(static_cast<size_t>(store.size()));
    store.read(0, tokens);
    return tokens;
}

}  // namespace radlads::data::test
