// Deleted runs: RUNS/.trash/RUN, whole, until somebody removes them there.
#pragma once

#include <filesystem>
#include <string>

#include "engine/protocol/result.h"

namespace radlads::server {

namespace fs = std::filesystem;

// Moves a run there by one rename; a name that is taken gets "~2", "~3" and so on. Returns its place. Busy while a
// worker holds the run. run: a name, not a path.
Result<fs::path> moveToTrash(const fs::path& runsDirectory, const std::string& run);
// Moves the run of that name that was deleted last back. InvalidInput if there is none, or if a run has its name now.
Status restoreFromTrash(const fs::path& runsDirectory, const std::string& run);

}  // namespace radlads::server
