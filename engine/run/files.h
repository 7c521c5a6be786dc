// Whole files, written and read so that neither a crash nor a hostile file does harm; and the directories of this
// program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/protocol/result.h"

namespace radlads::run {

namespace fs = std::filesystem;

// Writes to a temporary name in the same directory, fsyncs file and directory, renames. Nothing half-written is ever
// seen. A symbolic link stays one: the file that it names is replaced. A process that may meet a limit on file sizes
// must ignore SIGXFSZ to get NoSpace instead of a signal.
Status writeFileAtomically(const fs::path& path, const std::string& bytes);
// The bytes of a regular file; InvalidInput when there is none or it holds more than maxBytes.
Result<std::string> readFile(const fs::path& path, uint64_t maxBytes);

// Makes the names in a directory durable, after a rename in it or a new file. The empty path is the current directory.
Status syncDirectory(const fs::path& directory);

// The time now as RFC 3339 UTC with milliseconds: "2025-05-07T12:34:56.789Z".
std::string utcNow();

// $HOME, else that of the password database, else /tmp.
fs::path homeDirectory();
// The directory of the running executable (symbolic links followed); empty if the system does not say.
fs::path executableDirectory();
// $RADLADS_RUNS, else $XDG_DATA_HOME/radlads/runs, else ~/.local/share/radlads/runs.
fs::path defaultRunsDirectory();
// $RADLADS_CACHE, else $XDG_CACHE_HOME/radlads, else ~/.cache/radlads.
fs::path cacheDirectory();
// The data directory with demo/ and presets/: $RADLADS_RESOURCES, else beside the executable, the installed
// share/radlads, or the source tree.
fs::path resourcesDirectory();

}  // namespace radlads::run
