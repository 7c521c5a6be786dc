#include "engine/server/socket_place.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

namespace radlads::server {
namespace {

constexpr std::chrono::milliseconds kLockPatience{1000}, kLockInterval{10};
constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

Status checkLength(const fs::path& socket) {
    if (socket.string().size() <= kMaxSocketPath) return {};
    return invalidInput(
        "{}: the path of a socket has at most {} bytes, this one has {}; choose a shorter one with "
        "--socket",
        socket.string(), kMaxSocketPath, socket.string().size());
}

bool isOurDirectory(const fs::path& directory) {
    struct stat status {};
    return ::lstat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::getuid();
}

}  // namespace

fs::path defaultSocketPath() {
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime && *runtime == '/')
        return fs::path(runtime) / "radlads" / "engine.sock";
    const std::string user = std::to_string(::getuid());
    if (const fs::path runtime = fs::path("/run/user") / user; isOurDirectory(runtime))
        return runtime / "radlads" / "engine.sock";
    return fs::path("/tmp/radlads-" + user) / "engine.sock";
}

Status prepareSocketDirectory(const fs::path& socket) {
    RADLADS_TRY(checkLength(socket));
    const fs::path directory = socket.parent_path();
    if (!socket.is_absolute() || !socket.has_filename())
        return invalidInput("{}: the path of the socket must be absolute and name a file", socket.string());
    std::error_code error;
    if (directory.has_parent_path()) fs::create_directories(directory.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return systemError("making the directory " + directory.string(), errno);
    struct stat status {};
    if (::lstat(directory.c_str(), &status) != 0) return systemError("looking at " + directory.string(), errno);
    if (!S_ISDIR(status.st_mode))
        return failed(
            "{} is not a directory, so no socket can be made in it; remove it or choose another place with "
            "--socket",
            directory.string());
    if (status.st_uid != ::getuid())
        return failed("{} belongs to user {}, so a socket in it would not be safe; choose another place with --socket",
                      directory.string(), status.st_uid);
    if ((status.st_mode & 077) != 0)
        return failed(
            "{} is open to other users (mode {:04o}), so a socket in it would not be safe; `chmod 700 {}` or "
            "choose another place with --socket",
            directory.string(), status.st_mode & 07777, directory.string());
    return {};
}

Result<InstanceLock> InstanceLock::acquire(const fs::path& file, const std::string& what) {
    run::Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!descriptor.valid()) return systemError("opening " + file.string(), errno);
    // The lock of an engine that was killed lives on for a moment in a worker that it had just forked.
    const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
    while (::flock(descriptor.value(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return systemError("locking " + file.string(), errno);
        if (std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(kLockInterval);
            continue;
        }
        char buffer[16];
        const ssize_t count = ::pread(descriptor.value(), buffer, sizeof buffer, 0);
        std::string_view pid(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
        pid = pid.substr(0, pid.find_first_not_of("0123456789"));
        return tl::unexpected(
            Error{ErrorCode::Busy, fmt::format("another engine{} serves {} already; use that one, or end it first",
                                               pid.empty() ? "" : " (process " + std::string(pid) + ")", what)});
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // For people alone: the lock holds without it, on a full disk too.
    if (::ftruncate(descriptor.value(), 0) == 0)
        if (::pwrite(descriptor.value(), pid.data(), pid.size(), 0) < 0 && errno != ENOSPC && errno != EDQUOT)
            return systemError("writing " + file.string(), errno);
    return InstanceLock(std::move(descriptor));
}

std::optional<uid_t> peerUser(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return std::nullopt;
    return peer.uid;
}

Result<run::Descriptor> connectTo(const fs::path& socket) {
    RADLADS_TRY(checkLength(socket));
    run::Descriptor descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!descriptor.valid()) return systemError("making a socket", errno);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), kMaxSocketPath);
    while (::connect(descriptor.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno == EINTR) continue;
        if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR) return run::Descriptor();
        return systemError("connecting to " + socket.string(), errno);
    }
    if (peerUser(descriptor.value()) != ::getuid())
        return failed("{} is served by another user; nothing was sent to it", socket.string());
    return descriptor;
}

}  // namespace radlads::server
