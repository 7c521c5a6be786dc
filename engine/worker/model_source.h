// Which model a command is to work with: a model directory, the embedded teacher, or a run at one of its stages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/convert/losses.h"
#include "engine/io/tokenizer.h"
#include "engine/model/weights.h"
#include "engine/protocol/plan.h"
#include "engine/protocol/result.h"

namespace radlads::worker {

// A run and the stage of it that was asked for.
struct RunStage {
    std::filesystem::path run;  // its directory
    protocol::Plan plan;        // as it ran
    std::string stage;          // "setup", "step 1", "step 2", .., "now"
    // Where the run stood, if the weights are a checkpoint's (stage "now" of an unfinished run).
    struct Position {
        int64_t stepIndex = 0, update = 0, tokens = 0;
    };
    std::optional<Position> position;
};

struct LoadedModel {
    model::Checkpoint checkpoint;
    io::Tokenizer tokenizer;
    std::filesystem::path tokenizerDirectory;
    std::optional<RunStage> run;  // if the path named a run
    convert::ModelView view() const { return {checkpoint.weights, checkpoint.config}; }
    // For work on many windows: a GPU has one queue.
    size_t threads() const;
};

// path: a model directory, "demo" (the embedded teacher), a run's directory, or the name of a run below the default runs
// directory. stage: "" or "now" (the run's model, before it has one its newest checkpoint), "setup" (the student before
// any step, made again from teacher and seed), "1", "step 1" or "step-1" (after that step). InvalidInput when a stage is
// asked of what is no run, or is not there yet.
// device: where its weights go, as hardware.device of a plan.
Result<LoadedModel> loadModel(const std::string& path, const std::string& stage = "", const std::string& device = "cpu");
// Where the model of that path would be read from, for messages and for comparing paths; a run's is RUN/model.
std::filesystem::path modelDirectory(const std::string& path);
// The run that a path names, if it is one.
std::optional<std::filesystem::path> runDirectory(const std::string& path);

}  // namespace radlads::worker
