// The run directory: plan.json, run.json, events.ndjson, commands.ndjson, lock, checkpoints/, model/. It is all that a
// run is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"
#include "engine/run/files.h"
#include "engine/run/journal.h"
#include "engine/run/run_lock.h"

namespace radlads::run {

enum class RunState {
    New,
    Running,
    Paused,
    Finished,
    Stopped,
    Failed,
    Interrupted
};  // Interrupted: says running, but nobody holds the lock
const char* toString(RunState state);

// run.json, the worker's own summary, replaced atomically at every checkpoint and change of state.
struct RunSummary {
    std::string id, name, state = "new";  // state as written: new running paused finished stopped failed
    std::string created, updated;         // RFC 3339 UTC
    int64_t stepIndex = 0, stepCount = 0;
    std::string stepKind;
    int64_t update = 0, tokens = 0, totalTokens = 0;  // within the step; totalTokens of the step
    std::optional<double> loss, tokensPerSecond, etaSeconds;
    int64_t rollbacks = 0;
    std::string message;  // the last error or the reason of a pause
};
Result<RunSummary> readSummary(const fs::path& runDirectory);
Status writeSummary(const fs::path& runDirectory, const RunSummary& summary);
// The keys of run.json, in its order.
nlohmann::ordered_json toJson(const RunSummary& summary);

struct RunInfo {
    fs::path directory;
    RunSummary summary;
    RunState state = RunState::New;
};
// Creates RUNS/NAME-YYYYMMDD-HHMMSS[-N] with plan.json and run.json (state new), or `directory` itself if given.
Result<fs::path> createRun(const fs::path& runsDirectory, const protocol::Plan& plan,
                           const std::optional<fs::path>& directory);
Result<RunInfo> inspectRun(const fs::path& runDirectory);
// Newest first. A directory that is no run is left out; a broken one is listed with its error in summary.message.
std::vector<RunInfo> listRuns(const fs::path& runsDirectory);
// Finds a run by path, or by its directory's name (or unique prefix) below runsDirectory.
Result<fs::path> findRun(const fs::path& runsDirectory, const std::string& nameOrPath);

}  // namespace radlads::run
