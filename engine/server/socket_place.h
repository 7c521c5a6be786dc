// Where an engine listens, and that it is the only one there. Without Qt.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "engine/protocol/result.h"
#include "engine/run/descriptor.h"

namespace radlads::server {

namespace fs = std::filesystem;

// $XDG_RUNTIME_DIR/radlads/engine.sock, else /run/user/UID/radlads/..., else /tmp/radlads-UID/...
fs::path defaultSocketPath();

// Makes the directory of the socket with mode 0700. InvalidInput if the path is longer than the 107 bytes a socket's
// name may have; Failed if the directory is another user's, a link, or open to others.
Status prepareSocketDirectory(const fs::path& socket);

// An exclusive flock on a file, dropped by the kernel however the process ends. The file stays.
class InstanceLock {
public:
    // Busy with the holder's pid if it is taken. what: "the socket /path", for the message.
    static Result<InstanceLock> acquire(const fs::path& file, const std::string& what);

private:
    explicit InstanceLock(run::Descriptor descriptor) : m_descriptor(std::move(descriptor)) {}
    run::Descriptor m_descriptor;
};

// The user at the other end of a connected local socket.
std::optional<uid_t> peerUser(int socket);

// Connects to a listening engine; an invalid descriptor if none listens there.
Result<run::Descriptor> connectTo(const fs::path& socket);

}  // namespace radlads::server
