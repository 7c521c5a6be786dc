#include "engine/data/byte_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "engine/run/descriptor.h"

namespace radlads::data {
namespace {

constexpr size_t kChunk = 256 << 10;
constexpr int kMaxWindowLog = 31;

class FileBytes final : public ByteReader {
public:
    FileBytes(run::Descriptor descriptor, std::string path)
        : m_descriptor(std::move(descriptor)), m_path(std::move(path)) {}

    static Result<std::unique_ptr<FileBytes>> open(const std::filesystem::path& path) {
        // O_NONBLOCK: opening a named pipe must not wait for a writer.
        run::Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (!descriptor.valid()) return systemError("opening " + path.string(), errno);
        struct stat status {};
        if (::fstat(descriptor.value(), &status) != 0) return systemError("reading " + path.string(), errno);
        if (!S_ISREG(status.st_mode))
            return invalidInput("{} is not a regular file; copy its content to one", path.string());
        ::posix_fadvise(descriptor.value(), 0, 0, POSIX_FADV_SEQUENTIAL);  // only a hint: a refusal changes nothing
        return std::make_unique<FileBytes>(std::move(descriptor), path.string());
    }

    Result<size_t> read(std::span<char> out) override {
        for (;;) {
            const ssize_t count = ::read(m_descriptor.value(), out.data(), out.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return systemError("reading " + m_path, errno);
            m_offset += count;
            return static_cast<size_t>(count);
        }
    }
    int64_t storedBytesRead() const override { return m_offset; }
    const std::string& path() const { return m_path; }

private:
    run::Descriptor m_descriptor;
    std::string m_path;
    int64_t m_offset = 0;
};

// The compressed bytes that a decoder has not taken yet.
class CompressedInput {
public:
    explicit CompressedInput(std::unique_ptr<FileBytes> file) : m_file(std::move(file)), m_buffer(kChunk) {}

    // Reads on if everything was taken; leaves available() empty at the end of the file.
    Status fill() {
        if (m_begin < m_end) return {};
        RADLADS_TRY_ASSIGN(m_end, m_file->read(m_buffer));
        m_begin = 0;
        return {};
    }
    std::span<char> available() { return std::span(m_buffer).subspan(m_begin, m_end - m_begin); }
    void take(size_t count) { m_begin += count; }
    int64_t storedBytesRead() const { return m_file->storedBytesRead(); }
    const std::string& path() const { return m_file->path(); }

    tl::unexpected<Error> truncated() const {
        return invalidInput(
            "{} ends inside its compressed stream, after {} bytes: it is truncated; copy or download it again", path(),
            storedBytesRead());
    }
    tl::unexpected<Error> broken(std::string_view reason) const {
        const auto position = storedBytesRead() - static_cast<int64_t>(m_end - m_begin);
        return invalidInput("{} cannot be decompressed near byte {}: {}; copy or download it again", path(), position,
                            reason);
    }

private:
    std::unique_ptr<FileBytes> m_file;
    std::vector<char> m_buffer;
    size_t m_begin = 0, m_end = 0;
};

class GzipBytes final : public ByteReader {
public:
    explicit GzipBytes(std::unique_ptr<FileBytes> file) : m_input(std::move(file)) {}
    ~GzipBytes() override {
        if (m_ready) ::inflateEnd(&m_stream);
    }

    Result<size_t> read(std::span<char> out) override {
        if (!m_ready) {
            constexpr int kGzipOnly = 15 + 16;
            if (::inflateInit2(&m_stream, kGzipOnly) != Z_OK)
                return failed("no memory to decompress {}", m_input.path());
            m_ready = true;
        }
        for (;;) {
            RADLADS_TRY(m_input.fill());
            if (m_input.available().empty()) {
                if (!m_memberDone) return m_input.truncated();
                return size_t{0};
            }
            if (m_memberDone) {
                RADLADS_TRY_ASSIGN(const bool another, nextMember());
                if (!another) continue;
            }
            RADLADS_TRY_ASSIGN(const size_t count, inflateSome(out));
            if (count > 0) return count;
        }
    }
    int64_t storedBytesRead() const override { return m_input.storedBytesRead(); }

private:
    // After a member: another one begins, or nothing but zeros follows (padding of tapes and block devices).
    Result<bool> nextMember() {
        const auto bytes = m_input.available();
        if (const auto zeros =
                std::find_if(bytes.begin(), bytes.end(), [](char c) { return c != 0; }) - bytes.begin()) {
            m_input.take(static_cast<size_t>(zeros));
            m_padded = true;
            return false;
        }
        if (m_padded) return m_input.broken("bytes that belong to no stream follow its end");
        ::inflateReset(&m_stream);
        m_memberDone = false;
        return true;
    }

    Result<size_t> inflateSome(std::span<char> out) {
        const auto bytes = m_input.available();
        m_stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
        m_stream.avail_in = static_cast<uInt>(bytes.size());
        m_stream.next_out = reinterpret_cast<Bytef*>(out.data());
        m_stream.avail_out = static_cast<uInt>(std::min<size_t>(out.size(), kChunk));
        const auto room = m_stream.avail_out;
        const int status = ::inflate(&m_stream, Z_NO_FLUSH);
        m_input.take(bytes.size() - m_stream.avail_in);
        if (status == Z_MEM_ERROR) return failed("no memory to decompress {}", m_input.path());
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return m_input.broken(m_stream.msg ? m_stream.msg : "its gzip data is damaged");
        m_memberDone = status == Z_STREAM_END;
        return size_t{room - m_stream.avail_out};
    }

    CompressedInput m_input;
    z_stream m_stream{};
    bool m_ready = false;
    bool m_memberDone = false;
    bool m_padded = false;
};

class ZstdBytes final : public ByteReader {
public:
    explicit ZstdBytes(std::unique_ptr<FileBytes> file) : m_input(std::move(file)), m_context(::ZSTD_createDCtx()) {
        if (m_context) ::ZSTD_DCtx_setParameter(m_context.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
    }

    Result<size_t> read(std::span<char> out) override {
        if (!m_context) return failed("no memory to decompress {}", m_input.path());
        for (;;) {
            RADLADS_TRY(m_input.fill());
            const auto bytes = m_input.available();
            if (bytes.empty() && m_frameDone) return size_t{0};
            ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
            ZSTD_outBuffer decoded{out.data(), out.size(), 0};
            const size_t status = ::ZSTD_decompressStream(m_context.get(), &decoded, &in);
            if (::ZSTD_isError(status)) return m_input.broken(::ZSTD_getErrorName(status));
            m_input.take(in.pos);
            m_frameDone = status == 0;
            if (decoded.pos > 0) return decoded.pos;
            if (bytes.empty()) return m_input.truncated();
        }
    }
    int64_t storedBytesRead() const override { return m_input.storedBytesRead(); }

private:
    struct Free {
        void operator()(ZSTD_DCtx* context) const { ::ZSTD_freeDCtx(context); }
    };
    CompressedInput m_input;
    std::unique_ptr<ZSTD_DCtx, Free> m_context;
    bool m_frameDone = false;
};

}  // namespace

Result<std::unique_ptr<ByteReader>> openBytes(const std::filesystem::path& path, Compression compression) {
    RADLADS_TRY_ASSIGN(std::unique_ptr<FileBytes> file, FileBytes::open(path));
    switch (compression) {
        case Compression::Gzip:
            return std::make_unique<GzipBytes>(std::move(file));
        case Compression::Zstd:
            return std::make_unique<ZstdBytes>(std::move(file));
        case Compression::None:
            break;
    }
    return file;
}

LineReader::LineReader(std::unique_ptr<ByteReader> bytes, std::string file)
    : m_bytes(std::move(bytes)), m_file(std::move(file)), m_buffer(kChunk) {}

// Adds bytes behind the ones left; none are added at the end of the stream.
Status LineReader::fill() {
    if (m_begin == m_end) m_begin = m_end = 0;
    RADLADS_TRY_ASSIGN(const size_t count, m_bytes->read(std::span(m_buffer).subspan(m_end)));
    m_end += count;
    return {};
}

Status LineReader::skipByteOrderMark() {
    m_atStart = false;
    size_t before = 0;
    do {  // a decompressor may give less than the mark at once
        before = m_end;
        RADLADS_TRY(fill());
    } while (m_end < 3 && m_end > before);
    const std::string_view start(m_buffer.data(), m_end);
    if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
        return invalidInput("{} is in UTF-16; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8", m_file);
    if (start.starts_with("\xEF\xBB\xBF")) m_begin = 3;
    return {};
}

Result<LineReader::Line> LineReader::next(std::string& line, size_t maxBytes) {
    if (m_atStart) RADLADS_TRY(skipByteOrderMark());
    size_t appended = 0;
    for (;;) {
        if (m_begin == m_end) RADLADS_TRY(fill());
        if (m_begin == m_end) return appended > 0 ? Line::Whole : Line::End;
        if (appended == maxBytes) return Line::Part;
        const char* start = m_buffer.data() + m_begin;
        const size_t room = std::min(m_end - m_begin, maxBytes - appended);
        const void* newline = std::memchr(start, '\n', room);
        const size_t count = newline ? static_cast<size_t>(static_cast<const char*>(newline) - start) + 1 : room;
        line.append(start, count);
        m_begin += count;
        appended += count;
        if (newline) return Line::Whole;
    }
}

}  // namespace radlads::data
