// Bytes of a stored file, decompressed on the way, and their lines: file -> gzip or zstd -> lines. Private to
// engine/data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::data {

enum class Compression { None, Gzip, Zstd };

// A stream of bytes. One thread.
class ByteReader {
public:
    virtual ~ByteReader() = default;
    // Up to out.size() (> 0) bytes; 0 only at the end. InvalidInput for a broken or truncated compressed stream.
    virtual Result<size_t> read(std::span<char> out) = 0;
    // Bytes taken from the file on the disk so far.
    virtual int64_t storedBytesRead() const = 0;
};

// Gzip may have several members, zstd several frames (and windows of up to 2 GiB).
Result<std::unique_ptr<ByteReader>> openBytes(const std::filesystem::path& path, Compression compression);

class LineReader {
public:
    LineReader(std::unique_ptr<ByteReader> bytes, std::string file);

    enum class Line {
        End,    // nothing left
        Whole,  // up to and with '\n', or the last line of the file
        Part,   // maxBytes bytes; the line goes on
    };
    // Appends the next line, or its next part, to `line`: at most maxBytes > 0. A UTF-8 byte order mark at the start of
    // the file is left out; one of UTF-16 is InvalidInput.
    Result<Line> next(std::string& line, size_t maxBytes);
    int64_t storedBytesRead() const { return m_bytes->storedBytesRead(); }
    const std::string& file() const { return m_file; }

private:
    Status fill();
    Status skipByteOrderMark();

    std::unique_ptr<ByteReader> m_bytes;
    std::string m_file;
    std::vector<char> m_buffer;
    size_t m_begin = 0, m_end = 0;  // what is not yet handed out, in m_buffer
    bool m_atStart = true;
};

}  // namespace radlads::data
