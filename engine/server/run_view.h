// What several commands need to know of a run.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/run/run_directory.h"
#include "engine/server/arguments.h"

namespace radlads::server {

namespace fs = std::filesystem;

// --runs, or the default.
fs::path runsDirectory(const Arguments& arguments);
// The run that the first positional argument names.
Result<run::RunInfo> findInfo(const Arguments& arguments);
Result<protocol::Plan> readPlan(const fs::path& runDirectory);
// The share of all tokens of the plan that are trained, 0 to 1; of the present step if the plan cannot be read.
double progressOf(const run::RunInfo& info);
// run.json with the directory and the state as it is, not as it was written.
nlohmann::ordered_json infoJson(const run::RunInfo& info);

}  // namespace radlads::server
