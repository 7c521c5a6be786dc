#include "engine/run/line_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/protocol/text.h"

namespace radlads::run {
namespace {

constexpr uint64_t kMaxNumber = uint64_t{1} << 53;

// Searches a file for newlines from its end to its start, a chunk at a time.
class BackwardSearch {
public:
    BackwardSearch(int descriptor, const std::string& name) : m_descriptor(descriptor), m_name(name) {}

    // The offset after the last newline below `end`, 0 if there is none.
    Result<uint64_t> lineStartBefore(uint64_t end) {
        while (end > 0) {
            RADLADS_TRY(load((end - 1) / kChunk * kChunk));
            if (m_chunk.size() < end - m_start) return failed("reading {} failed: it became shorter meanwhile", m_name);
            const auto found = std::string_view(m_chunk).substr(0, end - m_start).rfind('\n');
            if (found != std::string_view::npos) return m_start + found + 1;
            end = m_start;
        }
        return uint64_t{0};
    }

private:
    static constexpr uint64_t kChunk = 1 << 16;

    Status load(uint64_t start) {
        if (m_loaded && m_start == start) return {};
        m_chunk.resize(kChunk);
        const ssize_t count = ::pread(m_descriptor, m_chunk.data(), m_chunk.size(), static_cast<off_t>(start));
        if (count < 0) return systemError("reading " + m_name, errno);
        m_chunk.resize(static_cast<std::size_t>(count));
        m_start = start;
        m_loaded = true;
        return {};
    }

    int m_descriptor;
    std::string m_name;
    std::string m_chunk;
    uint64_t m_start = 0;
    bool m_loaded = false;
};

// Waits for other writers: they hold the file for the time of one line.
Status lockForWriting(int descriptor, const std::string& name) {
    using namespace std::chrono_literals;
    const auto deadline = std::chrono::steady_clock::now() + 2s;
    while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return systemError("locking " + name, errno);
        if (std::chrono::steady_clock::now() > deadline)
            return tl::unexpected(Error{ErrorCode::Busy, name + " is being written by another process; try again"});
        std::this_thread::sleep_for(2ms);
    }
    return {};
}

}  // namespace

std::optional<nlohmann::json> parseLine(std::string_view line) {
    if (!protocol::jsonDepthWithin(line, kMaxLineDepth)) return std::nullopt;
    auto value = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    if (!value.is_object()) return std::nullopt;
    return value;
}

Result<LineFile> LineFile::open(const std::filesystem::path& file, Sharing sharing) {
    Descriptor descriptor(
        ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
    if (!descriptor.valid() && errno == ELOOP)
        return invalidInput("{} is a symbolic link; put the file itself there", file.string());
    if (!descriptor.valid()) return systemError("opening " + file.string(), errno);
    struct stat status {};
    if (::fstat(descriptor.value(), &status) != 0) return systemError("opening " + file.string(), errno);
    if (!S_ISREG(status.st_mode)) return invalidInput("{} is not a regular file", file.string());
    if (sharing == Sharing::ManyWriters) RADLADS_TRY(lockForWriting(descriptor.value(), file.string()));
    LineFile result(std::move(descriptor), file.string());
    RADLADS_TRY(result.cutTornTail());
    return result;
}

Status LineFile::cutTornTail() {
    struct stat status {};
    if (::fstat(m_descriptor.value(), &status) != 0) return systemError("opening " + m_name, errno);
    const auto size = static_cast<uint64_t>(status.st_size);
    RADLADS_TRY_ASSIGN(m_size, BackwardSearch(m_descriptor.value(), m_name).lineStartBefore(size));
    return m_size < size ? cutBack() : Status{};
}

Status LineFile::cutBack() {
    while (::ftruncate(m_descriptor.value(), static_cast<off_t>(m_size)) != 0)
        if (errno != EINTR) return systemError("cutting a torn line off " + m_name, errno);
    return {};
}

Result<uint64_t> LineFile::lastNumber(const char* key) const {
    BackwardSearch search(m_descriptor.value(), m_name);
    std::string line;
    for (uint64_t end = m_size; end > 0;) {
        RADLADS_TRY_ASSIGN(const uint64_t start, search.lineStartBefore(end - 1));
        if (const uint64_t length = end - start; length > 1 && length <= kMaxLineBytes) {
            line.resize(length);
            const ssize_t count = ::pread(m_descriptor.value(), line.data(), length, static_cast<off_t>(start));
            if (count < 0) return systemError("reading " + m_name, errno);
            const auto object = parseLine(std::string_view(line).substr(0, static_cast<std::size_t>(count)));
            const auto number = object ? object->find(key) : nlohmann::json::const_iterator();
            if (object && number != object->end() && number->is_number_unsigned() &&
                number->get<uint64_t>() <= kMaxNumber)
                return number->get<uint64_t>();
        }
        end = start;
    }
    return uint64_t{0};
}

Status LineFile::append(std::string line) {
    line += '\n';
    if (line.size() > kMaxLineBytes)
        return invalidInput("a line of {} bytes is too long for {}; at most {} are read", line.size(), m_name,
                            kMaxLineBytes);
    std::size_t done = 0;
    while (done < line.size()) {
        const ssize_t count = ::write(m_descriptor.value(), line.data() + done, line.size() - done);
        if (count > 0) {
            done += static_cast<std::size_t>(count);
            continue;
        }
        const int reason = count == 0 ? ENOSPC : errno;
        if (reason == EINTR) continue;
        if (done > 0) RADLADS_TRY(cutBack());
        return systemError("writing " + m_name, reason);
    }
    m_size += line.size();
    return {};
}

Status LineFile::sync() {
    if (::fsync(m_descriptor.value()) != 0) return systemError("saving " + m_name, errno);
    return {};
}

}  // namespace radlads::run
