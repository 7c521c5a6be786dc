#include "engine/worker/model_source.h"

#include <algorithm>
#include <charconv>

#include "engine/convert/setup.h"
#include "engine/model/device.h"
#include "engine/model/threads.h"
#include "engine/protocol/text.h"
#include "engine/run/run_directory.h"
#include "engine/train/checkpoint.h"
#include "engine/train/run_loop.h"
#include "engine/train/session.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kMaxPlanBytes = 4 << 20;

Result<std::string> stageName(const std::string& stage) {
    if (stage.empty() || stage == "now") return std::string("now");
    if (stage == "setup") return stage;
    std::string_view number = stage;
    if (number.starts_with("step ") || number.starts_with("step-")) number.remove_prefix(5);
    int64_t step = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), step);
    if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || step < 1) {
        return invalidInput("--stage {}: choose setup, the number of a step (1, 2, ..), or now", protocol::quote(stage));
    }
    return fmt::format("step {}", step);
}

Result<protocol::Plan> readPlan(const fs::path& run) {
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(run / "plan.json", kMaxPlanBytes));
    RADLADS_TRY_ASSIGN(protocol::Plan plan, protocol::parsePlan(text, (run / "plan.json").string()));
    RADLADS_TRY(protocol::resolvePlan(plan));
    return plan;
}

Status fromDirectory(const fs::path& directory, LoadedModel& loaded) {
    RADLADS_TRY_ASSIGN(loaded.checkpoint, model::loadCheckpoint(directory));
    RADLADS_TRY_ASSIGN(loaded.tokenizer, io::Tokenizer::load(directory));
    loaded.tokenizerDirectory = directory;
    return {};
}

// The student of the plan before any step; `weights` replace its own if given.
Status fromPlan(const protocol::Plan& plan, std::optional<model::Weights> weights, LoadedModel& loaded) {
    RADLADS_TRY_ASSIGN(loaded.tokenizer, io::Tokenizer::load(train::tokenizerPath(plan)));
    const fs::path tokenizer = train::tokenizerPath(plan);
    loaded.tokenizerDirectory = fs::is_directory(tokenizer) ? tokenizer : tokenizer.parent_path();
    const auto seed = static_cast<uint64_t>(plan.seed);
    if (plan.student.architecture == protocol::Architecture::Softmax) {
        io::ModelConfig config = convert::freshConfig(*plan.model, loaded.tokenizer.vocabSize());
        if (const auto eos = loaded.tokenizer.eosToken()) config.eosTokens = {*eos};
        if (!weights) weights = convert::freshWeights(config, *plan.model, seed);
        loaded.checkpoint = {std::move(config), std::move(*weights)};
        return {};
    }
    const fs::path teacherPath = train::resolveTeacherPath(plan.teacher.path);
    if (weights) {
        RADLADS_TRY_ASSIGN(const io::ModelConfig teacher, io::readModelConfig(teacherPath));
        RADLADS_TRY_ASSIGN(loaded.checkpoint.config, convert::studentConfig(teacher, plan.student));
        loaded.checkpoint.weights = std::move(*weights);
        return {};
    }
    RADLADS_TRY_ASSIGN(const model::Checkpoint teacher, model::loadCheckpoint(teacherPath));
    RADLADS_TRY_ASSIGN(loaded.checkpoint.config, convert::studentConfig(teacher.config, plan.student));
    loaded.checkpoint.weights = convert::studentWeights(teacher.weights, loaded.checkpoint.config, seed);
    return {};
}

Status fromNewestCheckpoint(RunStage& run, LoadedModel& loaded) {
    const auto checkpoints = train::listCheckpoints(run.run, train::planFingerprint(run.plan));
    if (checkpoints.empty()) {
        return invalidInput("{}: the run has neither a model nor a checkpoint yet; it writes its first checkpoint when its data is prepared",
                            run.run.string());
    }
    RADLADS_TRY_ASSIGN(train::LoadedCheckpoint checkpoint, train::loadCheckpointFiles(checkpoints.front()));
    const train::Position& position = checkpoint.info.position;
    run.position = RunStage::Position{position.stepIndex, position.update, position.tokens};
    return fromPlan(run.plan, std::move(checkpoint.weights), loaded);
}

// "step 2" -> RUN/steps/2-distill; for the last step of a run whose step models were not kept, its model.
Result<fs::path> stepDirectory(const RunStage& run) {
    const std::string number = run.stage.substr(5);
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(run.run / "steps", error)) {
        if (entry.path().filename().string().starts_with(number + "-") && entry.is_directory(error)) return entry.path();
    }
    if (number == std::to_string(run.plan.steps.size()) && fs::exists(run.run / "model" / "config.json", error)) return run.run / "model";
    return invalidInput("{}: there is no model of step {}; the run has {} {}, and the model of a step is there when the step has finished",
                        run.run.string(), number, run.plan.steps.size(), run.plan.steps.size() == 1 ? "step" : "steps");
}

Status fromRun(RunStage& run, LoadedModel& loaded) {
    std::error_code error;
    if (run.stage == "setup") return fromPlan(run.plan, {}, loaded);
    if (run.stage != "now") {
        RADLADS_TRY_ASSIGN(const fs::path directory, stepDirectory(run));
        return fromDirectory(directory, loaded);
    }
    if (fs::exists(run.run / "model" / "config.json", error)) return fromDirectory(run.run / "model", loaded);
    return fromNewestCheckpoint(run, loaded);
}

}  // namespace

std::optional<fs::path> runDirectory(const std::string& path) {
    std::error_code error;
    fs::path directory(path);
    if (!fs::exists(directory, error) && path != "demo" && path.find('/') == std::string::npos) {
        const auto found = run::findRun(run::defaultRunsDirectory(), path);
        if (!found) return {};
        directory = *found;
    }
    // A model directory never holds a plan.
    if (fs::exists(directory / "plan.json", error) && !fs::exists(directory / "config.json", error)) return directory;
    return {};
}

fs::path modelDirectory(const std::string& path) {
    if (path == "demo") return train::resolveTeacherPath(path);
    const auto run = runDirectory(path);
    return run ? *run / "model" : fs::path(path);
}

size_t LoadedModel::threads() const {
    return checkpoint.weights.at("model.norm.weight").device().is_cpu() ? model::defaultThreads() : 1;
}

Result<LoadedModel> loadModel(const std::string& path, const std::string& stage, const std::string& device) {
    RADLADS_TRY_ASSIGN(const at::Device place, model::openDevice(device, "--device"));
    LoadedModel loaded;
    const auto run = path == "demo" ? std::nullopt : runDirectory(path);
    RADLADS_TRY_ASSIGN(const std::string name, stageName(stage));
    if (!run) {
        if (!stage.empty() && name != "now") return invalidInput("--stage {}: {} is no run; only a run has stages", stage, path);
        RADLADS_TRY(fromDirectory(modelDirectory(path), loaded));
        model::moveTo(loaded.checkpoint.weights, place);
        return loaded;
    }
    RADLADS_TRY_ASSIGN(protocol::Plan plan, readPlan(*run));
    RunStage runStage{*run, std::move(plan), name, {}};
    RADLADS_TRY(fromRun(runStage, loaded));
    loaded.run = std::move(runStage);
    model::moveTo(loaded.checkpoint.weights, place);
    return loaded;
}

}  // namespace radlads::worker
