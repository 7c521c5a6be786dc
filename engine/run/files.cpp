#include "engine/run/files.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "engine/run/descriptor.h"

namespace radlads::run {
namespace {

Status writeAll(int descriptor, std::string_view bytes, const std::string& what) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return systemError(what, errno);
        if (written == 0) return systemError(what, ENOSPC);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// A name that no other writer uses, in the same directory, within the 255 bytes of a file name.
fs::path temporaryName(const fs::path& target) {
    static std::atomic<unsigned> counter{0};
    const std::string name = target.filename().string().substr(0, 200);
    return target.parent_path() / fmt::format(".{}.{}-{}.tmp", name, ::getpid(), counter.fetch_add(1));
}

Status writeThrough(const fs::path& temporary, const fs::path& target, const std::string& bytes) {
    const std::string what = "writing " + target.string();
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file.valid()) return systemError(what, errno);
    struct stat existing {};
    if (::stat(target.c_str(), &existing) == 0 && ::fchmod(file.value(), existing.st_mode & 07777) != 0)
        return systemError(what, errno);
    RADLADS_TRY(writeAll(file.value(), bytes, what));
    if (::fsync(file.value()) != 0) return systemError(what, errno);
    if (::rename(temporary.c_str(), target.c_str()) != 0) return systemError(what, errno);
    return {};
}

// The base directory specification: a relative path in such a variable counts as not set.
fs::path baseDirectory(const char* variable, const char* underHome) {
    const char* value = std::getenv(variable);
    return value && *value == '/' ? fs::path(value) : homeDirectory() / underHome;
}

}  // namespace

Status syncDirectory(const fs::path& directory) {
    const fs::path path = directory.empty() ? "." : directory;
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor.valid()) return systemError("opening the directory " + path.string(), errno);
    // Some file systems have no such notion.
    if (::fsync(descriptor.value()) != 0 && errno != EINVAL && errno != ENOTSUP)
        return systemError("saving the directory " + path.string(), errno);
    return {};
}

fs::path homeDirectory() {
    if (const char* home = std::getenv("HOME"); home && *home == '/') return home;
    if (const passwd* entry = ::getpwuid(::getuid()); entry && entry->pw_dir) return entry->pw_dir;
    return "/tmp";
}

Status writeFileAtomically(const fs::path& path, const std::string& bytes) {
    std::error_code error, ignored;
    const fs::path target = fs::is_symlink(path, ignored) ? fs::weakly_canonical(path, error) : path;
    if (error) return systemError("writing " + path.string(), error.value());
    if (target.filename().empty()) return invalidInput("writing {} failed: the path names no file", path.string());
    if (fs::is_directory(target, ignored)) return invalidInput("writing {} failed: it is a directory", path.string());
    const fs::path temporary = temporaryName(target);
    if (Status written = writeThrough(temporary, target, bytes); !written) {
        ::unlink(temporary.c_str());
        return written;
    }
    return syncDirectory(target.parent_path());
}

Result<std::string> readFile(const fs::path& path, uint64_t maxBytes) {
    // O_NONBLOCK: opening a named pipe must not wait for a writer.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid() && (errno == ENOENT || errno == ENOTDIR))
        return invalidInput("there is no file {}", path.string());
    if (!file.valid()) return systemError("opening " + path.string(), errno);
    struct stat status {};
    if (::fstat(file.value(), &status) != 0) return systemError("reading " + path.string(), errno);
    if (!S_ISREG(status.st_mode)) return invalidInput("{} is not a regular file", path.string());

    constexpr std::size_t kChunk = 1 << 16;
    std::string bytes;
    for (;;) {
        const std::size_t start = bytes.size();
        bytes.resize(start + kChunk);
        const ssize_t count = ::read(file.value(), bytes.data() + start, kChunk);
        const int reason = errno;
        bytes.resize(start + (count > 0 ? static_cast<std::size_t>(count) : 0));
        if (count < 0 && reason == EINTR) continue;
        if (count < 0) return systemError("reading " + path.string(), reason);
        if (bytes.size() > maxBytes)
            return invalidInput("{} is too large: more than {} bytes", path.string(), maxBytes);
        if (count == 0) return bytes;
    }
}

std::string utcNow() {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto milliseconds = now.time_since_epoch().count() % 1000;
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                       milliseconds);
}

fs::path executableDirectory() {
    std::error_code error;
    const fs::path executable = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path() : executable.parent_path();
}

fs::path defaultRunsDirectory() {
    if (const char* runs = std::getenv("RADLADS_RUNS"); runs && *runs) return runs;
    return baseDirectory("XDG_DATA_HOME", ".local/share") / "radlads" / "runs";
}

fs::path cacheDirectory() {
    if (const char* cache = std::getenv("RADLADS_CACHE"); cache && *cache) return cache;
    return baseDirectory("XDG_CACHE_HOME", ".cache") / "radlads";
}

fs::path resourcesDirectory() {
    if (const char* resources = std::getenv("RADLADS_RESOURCES"); resources && *resources) return resources;
    const fs::path executable = executableDirectory();
    const fs::path installed = (executable / ".." / "share" / "radlads").lexically_normal();
    std::error_code error;
    for (const fs::path& candidate : {executable / "resources", installed, fs::path(RADLADS_SOURCE_RESOURCES)})
        if (fs::is_directory(candidate / "presets", error)) return candidate;
    return installed;
}

}  // namespace radlads::run
