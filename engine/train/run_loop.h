// A run from its directory: the steps of its plan one after another, journalled, checkpointed, guarded, and open to commands.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "engine/protocol/result.h"
#include "engine/train/session.h"

namespace radlads::train {

enum class RunEnd { Finished, Stopped, Interrupted };

// What an observer on a terminal sees of one update; the journal holds the same.
struct UpdateReport {
    int64_t stepIndex = 0, stepCount = 0;
    std::string stepKind;
    int64_t update = 0, totalUpdates = 0, tokens = 0, totalTokens = 0;
    double loss = 0, gradientNorm = 0, tokensPerSecond = 0;
    std::optional<double> etaSeconds;  // of the step
    std::optional<double> validationLoss;
};

struct RunOptions {
    // Signals received so far (Ctrl-C): 1 asks for a checkpoint and a stop.
    const std::atomic<int>* interrupts = nullptr;
    std::function<void(const UpdateReport&)> onUpdate;
    std::function<void(const std::string&)> onMessage;  // one line for people
    data::ProgressCallback onPrepare;
    // After setup (stepIndex -1) and after each step, with the model as it is then.
    std::function<Status(int64_t stepIndex, Session& session)> onStage;
    // Keep the model of every finished step in RUN/steps/N-KIND.
    bool keepStepModels = true;
};

// Starts a new run directory or goes on from its newest valid checkpoint. Holds the run's lock. The final model is RUN/model.
Result<RunEnd> executeRun(const std::filesystem::path& runDirectory, const RunOptions& options);

// Of the plan's parts that decide the weights: a checkpoint of another plan is refused.
std::string planFingerprint(const protocol::Plan& plan);

}  // namespace radlads::train
