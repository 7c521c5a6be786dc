// Who works on a run: an advisory lock that the kernel drops however its holder ends.
#pragma once

#include <filesystem>

#include "engine/protocol/result.h"
#include "engine/run/descriptor.h"

namespace radlads::run {

namespace fs = std::filesystem;

// The exclusive lock of a run: flock on DIR/lock, held by the worker. The kernel drops it however the process ends.
class RunLock {
public:
    // Busy, with the holder's pid, when taken (for longer than the moment that isHeld takes).
    static Result<RunLock> acquire(const fs::path& runDirectory);
    static bool isHeld(const fs::path& runDirectory);

private:
    explicit RunLock(Descriptor descriptor) : m_descriptor(std::move(descriptor)) {}
    Descriptor m_descriptor;
};

}  // namespace radlads::run
