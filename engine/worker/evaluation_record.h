// A run's evaluations: RUN/evaluations/YYYYMMDD-HHMMSS-STAGE.json, one report a file.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/protocol/result.h"

namespace radlads::worker {

// Writes a report whole or not at all, under a name that no file there has; returns the path. time: RFC 3339 UTC, the
// report's own. stage: "setup", "step 1", .., "now".
Result<std::filesystem::path> recordEvaluation(const std::filesystem::path& run, const std::string& time, const std::string& stage,
                                               const nlohmann::ordered_json& report);

}  // namespace radlads::worker
