#include "engine/run/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

namespace radlads::run {
namespace {

// What the holder wrote into the lock file; anything but digits is not repeated.
std::string holderText(int descriptor) {
    char buffer[16];
    const ssize_t count = ::pread(descriptor, buffer, sizeof buffer, 0);
    std::string_view digits(buffer, count > 0 ? static_cast<std::size_t>(count) : 0);
    digits = digits.substr(0, digits.find_first_not_of("0123456789"));
    return digits.empty() ? "another process" : "process " + std::string(digits);
}

// Whether the locked descriptor is still the file of that name: somebody may have removed it in between.
bool isStillThere(int descriptor, const fs::path& file) {
    struct stat opened {
    }, named{};
    return ::fstat(descriptor, &opened) == 0 && ::lstat(file.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

}  // namespace

Result<RunLock> RunLock::acquire(const fs::path& runDirectory) {
    using namespace std::chrono_literals;
    const fs::path file = runDirectory / "lock";
    const auto deadline = std::chrono::steady_clock::now() + 200ms;  // isHeld takes the lock for some microseconds
    for (;;) {
        Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
        if (!descriptor.valid() && errno == ENOENT)
            return invalidInput("there is no run directory {}", runDirectory.string());
        if (!descriptor.valid()) return systemError("opening " + file.string(), errno);
        if (::flock(descriptor.value(), LOCK_EX | LOCK_NB) == 0) {
            if (!isStillThere(descriptor.value(), file)) continue;
            // The pid is for people: the lock holds without it, on a full disk too.
            const std::string pid = std::to_string(::getpid()) + "\n";
            if (::ftruncate(descriptor.value(), 0) == 0)
                if (::pwrite(descriptor.value(), pid.data(), pid.size(), 0) < 0 && errno != ENOSPC && errno != EDQUOT)
                    return systemError("writing " + file.string(), errno);
            return RunLock(std::move(descriptor));
        }
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return systemError("locking " + file.string(), errno);
        if (std::chrono::steady_clock::now() > deadline)
            return tl::unexpected(
                Error{ErrorCode::Busy,
                      fmt::format("run {} is in use by {}; stop it with `radlads-engine stop {}` or wait",
                                  runDirectory.string(), holderText(descriptor.value()), runDirectory.string())});
        std::this_thread::sleep_for(5ms);
    }
}

bool RunLock::isHeld(const fs::path& runDirectory) {
    const Descriptor descriptor(
        ::open((runDirectory / "lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    return descriptor.valid() && ::flock(descriptor.value(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace radlads::run
