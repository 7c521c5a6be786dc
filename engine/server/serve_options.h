// What serve and attach have in common.
#pragma once

#include "engine/server/arguments.h"
#include "engine/server/socket_place.h"

namespace radlads::server {

inline constexpr Option kSocketOption{"--socket", 0, Takes::One, "PATH",
                                      "the local socket (default: $XDG_RUNTIME_DIR/radlads/engine.sock)"};

inline fs::path socketPath(const Arguments& arguments) {
    const auto given = arguments.value("--socket");
    return given ? fs::absolute(*given) : defaultSocketPath();
}

}  // namespace radlads::server
