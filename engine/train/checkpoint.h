// Checkpoints of a run: RUN/checkpoints/NAME/{weights,optimizer}.safetensors and state.json with their sizes and CRCs. A directory
// appears by one rename, so it is whole or not there; the newest one whose files check out is where a run goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/weights.h"
#include "engine/protocol/result.h"

namespace radlads::train {

namespace fs = std::filesystem;

// Where a run stands: with the plan, all that decides the rest of it. No random state is needed: windows are a function of the
// sample number, and nothing else is drawn after setup.
struct Position {
    int64_t stepIndex = 0;
    int64_t update = 0;    // optimizer updates done in this step
    int64_t sample = 0;    // samples drawn in this step
    int64_t tokens = 0;    // tokens trained on in this step
    double learningRateFactor = 1.0;
    int64_t rollbacks = 0;
    double meanLoss = 0;   // running mean of the guard; 0: none yet
    int64_t meanCount = 0;
    std::optional<double> bestValidation;
    double trainedSeconds = 0;  // of this step, for rates and ETA alone
};

struct CheckpointInfo {
    fs::path directory;
    Position position;
    bool hasOptimizer = false;
};

// Writes weights, and moments unless empty. NoSpace leaves nothing behind.
Status saveCheckpoint(const fs::path& runDirectory, const Position& position, const std::string& planFingerprint, const model::Weights& weights,
                      const model::Weights& optimizer);
// Replaces a checkpoint's position alone (after a rollback changed the learning-rate factor).
Status rewritePosition(const CheckpointInfo& checkpoint, const std::string& planFingerprint);
// Newest first. Unreadable or damaged ones are left out and named in `damaged`.
std::vector<CheckpointInfo> listCheckpoints(const fs::path& runDirectory, const std::string& planFingerprint, std::vector<std::string>* damaged = nullptr);
struct LoadedCheckpoint {
    CheckpointInfo info;
    model::Weights weights, optimizer;
};
// Checks sizes and CRCs of the files while reading.
Result<LoadedCheckpoint> loadCheckpointFiles(const CheckpointInfo& info);
// Keeps the newest `keepLast`, the one named `best` if any, and removes half-written ones.
void pruneCheckpoints(const fs::path& runDirectory, const std::string& planFingerprint, int64_t keepLast);

}  // namespace radlads::train
