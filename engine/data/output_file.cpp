#include "engine/data/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace radlads::data {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

// Whether the name still leads to the open file: its owner may have renamed or removed it before we had the lock.
bool isStillThere(int descriptor, const std::filesystem::path& path) {
    struct stat opened {
    }, named{};
    return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

}  // namespace

OutputFile::OutputFile(run::Descriptor descriptor, std::filesystem::path path)
    : m_descriptor(std::move(descriptor)), m_path(std::move(path)) {}

Result<OutputFile> OutputFile::open(const std::filesystem::path& path) {
    for (;;) {
        run::Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
        if (!descriptor.valid()) return systemError("creating " + path.string(), errno);
        if (::flock(descriptor.value(), LOCK_EX | LOCK_NB) != 0) {
            if (errno != EWOULDBLOCK) return systemError("locking " + path.string(), errno);
            return tl::unexpected(
                Error{ErrorCode::Busy,
                      fmt::format("{} is being written by another process; wait for it to end", path.string())});
        }
        if (isStillThere(descriptor.value(), path)) return OutputFile(std::move(descriptor), path);
    }
}

Status OutputFile::startAt(int64_t bytes) {
    m_buffer.clear();
    struct stat status {};
    if (::fstat(descriptor(), &status) != 0) return systemError("reading the size of " + m_path.string(), errno);
    if (status.st_size < bytes)
        return invalidInput("{} has {} bytes where {} are needed; remove it and start over", m_path.string(),
                            status.st_size, bytes);
    if (::ftruncate(descriptor(), bytes) != 0 || ::lseek(descriptor(), bytes, SEEK_SET) < 0)
        return systemError("cutting " + m_path.string(), errno);
    return {};
}

Status OutputFile::append(std::span<const std::byte> bytes) {
    m_buffer.insert(m_buffer.end(), bytes.begin(), bytes.end());
    return m_buffer.size() < kBufferBytes ? Status() : flush();
}

Status OutputFile::flush() {
    size_t done = 0;
    while (done < m_buffer.size()) {
        const ssize_t count = ::write(descriptor(), m_buffer.data() + done, m_buffer.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return systemError("writing " + m_path.string(), count < 0 ? errno : ENOSPC);
        done += static_cast<size_t>(count);
    }
    m_buffer.clear();
    return {};
}

Status OutputFile::sync() {
    RADLADS_TRY(flush());
    if (::fsync(descriptor()) != 0) return systemError("saving " + m_path.string(), errno);
    return {};
}

}  // namespace radlads::data
