#include "engine/train/run_loop.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/convert/export_hf.h"
#include "engine/model/compat.h"
#include "engine/run/run_directory.h"
#include "engine/train/guard.h"
#include "engine/train/schedule.h"

namespace radlads::train {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(200);
constexpr auto kSummaryInterval = std::chrono::seconds(2);

double secondsBetween(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

const char* stepName(protocol::StepKind kind) {
    switch (kind) {
        case protocol::StepKind::Align: return "align";
        case protocol::StepKind::Distill: return "distill";
        case protocol::StepKind::Extend: return "extend";
        case protocol::StepKind::Pretrain: return "pretrain";
    }
    return "";
}

int64_t peakMemoryBytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return int64_t{usage.ru_maxrss} * 1024;
}

int64_t usedMemoryBytes() {
    std::ifstream file("/proc/self/statm");
    int64_t total = 0, resident = 0;
    file >> total >> resident;
    return resident * 4096;
}

// What a command or a signal asks for between two updates.
enum class Request { None, Pause, Resume, Stop, Checkpoint };

class RunLoop {
public:
    RunLoop(fs::path directory, const RunOptions& options) : m_directory(std::move(directory)), m_options(options) {}
    Result<RunEnd> execute();

private:
    Status open();
    Status restore();
    Result<RunEnd> runSteps();
    Result<RunEnd> runStep();
    Status applyUpdate(Optimizer& optimizer, const protocol::StepPlan& step, const BatchGradients& batch, double waitSeconds);
    Status rollBack(Optimizer& optimizer, const std::string& reason);
    Status finishStep();
    Status validate(const protocol::StepPlan& step, const data::BatchSampler& sampler, const std::optional<data::BatchSampler>& separate);
    Status checkpoint(const Optimizer* optimizer);
    // Runs `action` again and again while the disk is full, as a paused run; nothing is lost.
    Status whileSpaceLasts(const std::string& what, const std::function<Status()>& action);
    Status emit(const std::string& event, json fields);
    Status writeState(const std::string& state, const std::string& message = "");
    Request nextRequest();
    Result<Request> pause();
    bool checkpointDue() const;
    void say(const std::string& line) const {
        if (m_options.onMessage) m_options.onMessage(line);
    }
    const protocol::StepPlan& step() const { return m_plan.steps[static_cast<size_t>(m_position.stepIndex)]; }
    bool done() const { return m_position.stepIndex >= static_cast<int64_t>(m_plan.steps.size()); }

    fs::path m_directory;
    const RunOptions& m_options;
    std::optional<run::RunLock> m_lock;
    std::optional<run::JournalWriter> m_journal;
    std::optional<run::JournalReader> m_commands;
    protocol::Plan m_plan;
    std::string m_fingerprint;
    std::unique_ptr<Session> m_session;
    Position m_position;
    std::optional<LoadedCheckpoint> m_loaded;
    run::RunSummary m_summary;
    Clock::time_point m_updateStart, m_lastCheckpoint, m_lastSummary;
    int64_t m_tokensAtCheckpoint = 0;
    double m_rate = 0;  // tokens/s, smoothed
    std::optional<double> m_validation;
};

Status RunLoop::emit(const std::string& event, json fields) {
    return whileSpaceLasts("the journal", [&] { return m_journal->append(event, fields); });
}

Status RunLoop::writeState(const std::string& state, const std::string& message) {
    m_summary.state = state;
    m_summary.message = message;
    m_summary.stepIndex = m_position.stepIndex;
    m_summary.stepCount = static_cast<int64_t>(m_plan.steps.size());
    if (!done()) {
        m_summary.stepKind = stepName(step().kind);
        m_summary.totalTokens = step().tokens;
    }
    m_summary.update = m_position.update;
    m_summary.tokens = m_position.tokens;
    m_summary.rollbacks = m_position.rollbacks;
    m_summary.updated = run::utcNow();
    m_lastSummary = Clock::now();
    return run::writeSummary(m_directory, m_summary);
}

Status RunLoop::whileSpaceLasts(const std::string& what, const std::function<Status()>& action) {
    bool told = false;
    while (true) {
        Status status = action();
        if (status || status.error().code != ErrorCode::NoSpace) {
            if (told && status) {
                say("There is space again: the run goes on.");
                (void)writeState("running");
            }
            return status;
        }
        if (!told) {
            say(fmt::format("The disk of {} is full, so {} cannot be written ({}). The run is paused and loses nothing; free some space and it goes on by itself.",
                            m_directory.string(), what, status.error().message));
            (void)writeState("paused", "the disk is full");
            told = true;
        }
        if (m_options.interrupts && m_options.interrupts->load() > 0) return status;
        if (nextRequest() == Request::Stop) return status;
        std::this_thread::sleep_for(kPoll);
    }
}

Request RunLoop::nextRequest() {
    static const std::map<std::string, Request> requests{
        {"pause", Request::Pause}, {"resume", Request::Resume}, {"stop", Request::Stop}, {"checkpoint", Request::Checkpoint}};
    auto commands = m_commands->next(1);
    if (!commands || commands->empty()) return Request::None;
    const json& line = commands->front();
    const auto name = line.find("command");
    const auto found = name != line.end() && name->is_string() ? requests.find(name->get<std::string>()) : requests.end();
    if (found == requests.end()) {
        (void)m_journal->append("warning", {{"message", "a command was not understood and left out"}, {"command", line}});
        return Request::None;
    }
    (void)m_journal->append("log", {{"message", "command " + found->first + " received"}, {"id", line.value("id", json())}});
    return found->second;
}

Status RunLoop::open() {
    // Commands to a run that was not alive are void. What is written once the lock can be seen to be held is obeyed: hence the
    // size before it is taken.
    std::error_code error;
    const auto size = fs::file_size(m_directory / "commands.ndjson", error);
    m_commands.emplace(m_directory / "commands.ndjson", error ? 0 : size);
    RADLADS_TRY_ASSIGN(m_lock, run::RunLock::acquire(m_directory));
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(m_directory / "plan.json", 4 << 20));
    RADLADS_TRY_ASSIGN(m_plan, protocol::parsePlan(text, (m_directory / "plan.json").string()));
    RADLADS_TRY(protocol::resolvePlan(m_plan));
    m_fingerprint = planFingerprint(m_plan);
    RADLADS_TRY_ASSIGN(m_summary, run::readSummary(m_directory));
    RADLADS_TRY_ASSIGN(m_journal, run::JournalWriter::open(m_directory / "events.ndjson"));
    return {};
}

Status RunLoop::restore() {
    std::vector<std::string> damaged;
    for (const CheckpointInfo& info : listCheckpoints(m_directory, m_fingerprint, &damaged)) {
        auto loaded = loadCheckpointFiles(info);
        if (!loaded) {
            damaged.push_back(loaded.error().message);
            continue;
        }
        m_loaded = std::move(*loaded);
        break;
    }
    for (const std::string& message : damaged) {
        say("Warning: " + message);
        RADLADS_TRY(emit("warning", {{"message", message}}));
    }
    if (!m_loaded) {
        if (!damaged.empty()) return invalidInput("{}: no checkpoint can be used ({}); start a new run from its plan.json", m_directory.string(), damaged.front());
        return {};
    }
    m_position = m_loaded->info.position;
    for (auto& [name, tensor] : m_session->weights()) {
        const auto found = m_loaded->weights.find(name);
        if (found == m_loaded->weights.end() || found->second.sizes() != tensor.sizes()) {
            return invalidInput("{}: its {} does not fit the plan's student; the checkpoint belongs to another model", m_loaded->info.directory.string(), name);
        }
        tensor.copy_(found->second);
    }
    m_loaded->weights.clear();
    return {};
}

Status RunLoop::checkpoint(const Optimizer* optimizer) {
    RADLADS_TRY(whileSpaceLasts("a checkpoint", [&] {
        return saveCheckpoint(m_directory, m_position, m_fingerprint, m_session->weights(), optimizer ? optimizer->state() : model::Weights());
    }));
    RADLADS_TRY(m_journal->sync());
    pruneCheckpoints(m_directory, m_fingerprint, m_plan.checkpoints.keepLast);
    m_lastCheckpoint = Clock::now();
    m_tokensAtCheckpoint = m_position.tokens;
    RADLADS_TRY(emit("checkpoint.saved", {{"step_index", m_position.stepIndex}, {"update", m_position.update}, {"tokens", m_position.tokens}}));
    return writeState(m_summary.state);
}

bool RunLoop::checkpointDue() const {
    const protocol::CheckpointPlan& plan = m_plan.checkpoints;
    if (plan.everyTokens > 0 && m_position.tokens - m_tokensAtCheckpoint >= plan.everyTokens) return true;
    return plan.everyMinutes > 0 && secondsBetween(m_lastCheckpoint, Clock::now()) >= plan.everyMinutes * 60;
}

Result<Request> RunLoop::pause() {
    RADLADS_TRY(writeState("paused"));
    RADLADS_TRY(emit("run.paused", {{"step_index", m_position.stepIndex}, {"update", m_position.update}, {"reason", "command"}}));
    say("Paused. `radlads-engine resume` goes on, `radlads-engine stop` ends the process; nothing is lost either way.");
    while (true) {
        if (m_options.interrupts && m_options.interrupts->load() > 0) return Request::Stop;
        const Request request = nextRequest();
        if (request == Request::Stop) return request;
        if (request == Request::Resume) {
            RADLADS_TRY(writeState("running"));
            RADLADS_TRY(emit("run.resumed", {{"step_index", m_position.stepIndex}, {"update", m_position.update}}));
            return request;
        }
        std::this_thread::sleep_for(kPoll);
    }
}

Status RunLoop::validate(const protocol::StepPlan& plan, const data::BatchSampler& sampler, const std::optional<data::BatchSampler>& separate) {
    m_validation.reset();
    const protocol::ValidationPlan& validation = m_plan.data.validation;
    if (validation.windows == 0 || validation.everySteps == 0) return {};
    const double loss = m_session->validationLoss(plan, separate ? *separate : sampler);
    m_validation = loss;
    const bool best = !m_position.bestValidation || loss < *m_position.bestValidation;
    if (best) m_position.bestValidation = loss;
    RADLADS_TRY(emit("evaluation", {{"step_index", m_position.stepIndex}, {"update", m_position.update}, {"validation_loss", loss}, {"best", best}}));
    if (!best || !m_plan.checkpoints.keepBest) return {};
    return whileSpaceLasts("the best model", [&] {
        return convert::exportHuggingFace(m_directory / "best", m_session->weights(), m_session->config(), m_session->tokenizerDirectory(), io::Dtype::F32);
    });
}

Status RunLoop::rollBack(Optimizer& optimizer, const std::string& reason) {
    const bool stop = m_plan.guard.nan == protocol::GuardAction::Stop || m_position.rollbacks >= m_plan.guard.maxRollbacks;
    if (stop) {
        return failed("step {} ({}), update {}: {}{}; lower steps[{}].learning_rate.initial and start again", m_position.stepIndex + 1, stepName(step().kind),
                      m_position.update, reason,
                      m_position.rollbacks > 0 ? fmt::format(" after {} rollbacks", m_position.rollbacks) : std::string(), m_position.stepIndex);
    }
    const int64_t from = m_position.update, rollbacks = m_position.rollbacks + 1;
    const double factor = m_position.learningRateFactor * m_plan.guard.learningRateFactor;
    const std::vector<CheckpointInfo> checkpoints = listCheckpoints(m_directory, m_fingerprint);
    for (CheckpointInfo info : checkpoints) {
        if (info.position.stepIndex != m_position.stepIndex) break;
        auto loaded = loadCheckpointFiles(info);
        if (!loaded) continue;
        for (auto& [name, tensor] : m_session->weights()) {
            const c10::NoGradGuard noGrad;
            tensor.copy_(loaded->weights.at(name));
        }
        m_position = info.position;
        m_position.rollbacks = rollbacks;
        m_position.learningRateFactor = factor;
        if (info.hasOptimizer) {
            RADLADS_TRY(optimizer.restore(loaded->optimizer, m_position.update));
        } else {
            optimizer = Optimizer(m_session->weights(), step().adam, step().weightDecay);
        }
        info.position = m_position;
        RADLADS_TRY(rewritePosition(info, m_fingerprint));
        say(fmt::format("{} at update {}: back to update {} with the learning rate times {:g} (rollback {} of {}).", reason, from, m_position.update, factor,
                        rollbacks, m_plan.guard.maxRollbacks));
        return emit("rollback", {{"step_index", m_position.stepIndex}, {"from_update", from}, {"to_update", m_position.update}, {"reason", reason},
                                 {"learning_rate_factor", factor}, {"rollbacks", rollbacks}});
    }
    return failed("step {}, update {}: {}, and no checkpoint of this step can be read to go back to", m_position.stepIndex + 1, from, reason);
}

Status RunLoop::applyUpdate(Optimizer& optimizer, const protocol::StepPlan& plan, const BatchGradients& batch, double waitSeconds) {
    const int64_t tokensPerUpdate = plan.batchSize * plan.sequenceLength;
    LearningRates rates = learningRates(plan.learningRate, m_position.update, tokensPerUpdate, plan.tokens);
    rates.main *= m_position.learningRateFactor;
    rates.mixer *= m_position.learningRateFactor;
    const double clip = plan.gradientClip > 0 && batch.norm > plan.gradientClip ? plan.gradientClip / batch.norm : 1.0;
    optimizer.update(batch.gradients, batch.scale * clip, rates, m_session->threads());
    m_position.update += 1;
    m_position.sample += plan.batchSize;
    m_position.tokens += tokensPerUpdate;

    const auto now = Clock::now();
    const double seconds = secondsBetween(m_updateStart, now);
    m_position.trainedSeconds += seconds;
    const double rate = static_cast<double>(tokensPerUpdate) / std::max(seconds, 1e-9);
    m_rate = m_rate == 0 ? rate : m_rate + 0.1 * (rate - m_rate);
    UpdateReport report{m_position.stepIndex, static_cast<int64_t>(m_plan.steps.size()), stepName(plan.kind), m_position.update,
                        (plan.tokens + tokensPerUpdate - 1) / tokensPerUpdate, m_position.tokens, plan.tokens, batch.loss, batch.norm, m_rate, {}, m_validation};
    report.etaSeconds = static_cast<double>(std::max<int64_t>(0, plan.tokens - m_position.tokens)) / m_rate;
    m_summary.loss = batch.loss;
    m_summary.tokensPerSecond = m_rate;
    m_summary.etaSeconds = report.etaSeconds;
    RADLADS_TRY(emit("metrics", {{"step_index", m_position.stepIndex}, {"update", m_position.update}, {"tokens", m_position.tokens}, {"loss", batch.loss},
                                 {"learning_rate", rates.main}, {"mixer_learning_rate", rates.mixer}, {"gradient_norm", batch.norm},
                                 {"tokens_per_second", rate}, {"memory_bytes", usedMemoryBytes()}, {"peak_memory_bytes", peakMemoryBytes()},
                                 {"data_wait_seconds", waitSeconds}, {"eta_seconds", *report.etaSeconds}}));
    if (m_position.update % 10 == 0 || m_position.tokens >= plan.tokens) {
        json layers = {{"step_index", m_position.stepIndex}, {"update", m_position.update}};
        if (!batch.perLayer.empty()) layers["losses"] = batch.perLayer;
        else layers["gradient_norms"] = batch.normsByLayer();
        RADLADS_TRY(emit("layers", std::move(layers)));
    }
    if (m_options.onUpdate) m_options.onUpdate(report);
    if (now - m_lastSummary >= kSummaryInterval) return writeState("running");
    return {};
}

Result<RunEnd> RunLoop::runStep() {
    const protocol::StepPlan& plan = step();
    const size_t index = static_cast<size_t>(m_position.stepIndex);
    RADLADS_TRY_ASSIGN(const data::BatchSampler sampler, m_session->sampler(index));
    RADLADS_TRY_ASSIGN(const std::optional<data::BatchSampler> separate, m_session->validationSampler(index));
    m_session->setTrainable(plan);
    Optimizer optimizer(m_session->weights(), plan.adam, plan.weightDecay);
    if (m_loaded && m_loaded->info.hasOptimizer) RADLADS_TRY(optimizer.restore(m_loaded->optimizer, m_position.update));
    m_loaded.reset();
    const LossFunction loss = m_session->lossFunction(plan);
    const size_t windowTokens = static_cast<size_t>(plan.sequenceLength + 1);
    std::vector<int32_t> batch(static_cast<size_t>(plan.batchSize) * windowTokens);
    m_tokensAtCheckpoint = m_position.tokens;
    m_lastCheckpoint = Clock::now();
    RADLADS_TRY(emit("step.started", {{"step_index", m_position.stepIndex}, {"kind", stepName(plan.kind)}, {"update", m_position.update},
                                      {"tokens", m_position.tokens}, {"total_tokens", plan.tokens}, {"sequence_length", plan.sequenceLength},
                                      {"batch_size", plan.batchSize}}));
    RADLADS_TRY(writeState("running"));
    if (m_position.update == 0) RADLADS_TRY(validate(plan, sampler, separate));

    while (m_position.tokens < plan.tokens) {
        m_updateStart = Clock::now();
        for (int64_t row = 0; row < plan.batchSize; ++row) {
            sampler.sample(m_position.sample + row, std::span(batch).subspan(static_cast<size_t>(row) * windowTokens, windowTokens));
        }
        const double waitSeconds = secondsBetween(m_updateStart, Clock::now());
        const BatchGradients gradients = batchGradients(batch, plan, loss, m_session->threads());
        if (const std::string wrong = checkUpdate(gradients, m_plan.guard, m_position); !wrong.empty()) {
            RADLADS_TRY(rollBack(optimizer, wrong));
            continue;
        }
        m_validation.reset();
        RADLADS_TRY(applyUpdate(optimizer, plan, gradients, waitSeconds));
        const int64_t every = m_plan.data.validation.everySteps;
        if (every > 0 && (m_position.update % every == 0 || m_position.tokens >= plan.tokens)) RADLADS_TRY(validate(plan, sampler, separate));

        Request request = nextRequest();
        const bool interrupted = m_options.interrupts && m_options.interrupts->load() > 0;
        if (interrupted || request != Request::None || checkpointDue()) RADLADS_TRY(checkpoint(&optimizer));
        if (request == Request::Pause) {
            RADLADS_TRY_ASSIGN(request, pause());
        }
        if (interrupted || (m_options.interrupts && m_options.interrupts->load() > 0)) return RunEnd::Interrupted;
        if (request == Request::Stop) return RunEnd::Stopped;
    }
    return RunEnd::Finished;
}

Status RunLoop::finishStep() {
    const int64_t finished = m_position.stepIndex;
    const protocol::StepPlan& plan = step();
    RADLADS_TRY(emit("step.finished", {{"step_index", finished}, {"kind", stepName(plan.kind)}, {"updates", m_position.update}, {"tokens", m_position.tokens},
                                       {"seconds", m_position.trainedSeconds}, {"loss", m_position.meanLoss}}));
    say(fmt::format("Step {} of {} ({}): {} updates, {:.2f} M tokens, {:.0f} s, mean loss {:.4f}.", finished + 1, m_plan.steps.size(), stepName(plan.kind),
                    m_position.update, static_cast<double>(m_position.tokens) / 1e6, m_position.trainedSeconds, m_position.meanLoss));
    if (m_options.keepStepModels) {
        const fs::path target = m_directory / "steps" / fmt::format("{}-{}", finished + 1, stepName(plan.kind));
        RADLADS_TRY(whileSpaceLasts("the step's model", [&] {
            return convert::exportHuggingFace(target, m_session->weights(), m_session->config(), m_session->tokenizerDirectory(), io::Dtype::F32);
        }));
    }
    if (m_options.onStage) RADLADS_TRY(m_options.onStage(finished, *m_session));
    m_position = Position{.stepIndex = finished + 1};
    return checkpoint(nullptr);
}

Result<RunEnd> RunLoop::runSteps() {
    while (!done()) {
        RADLADS_TRY_ASSIGN(const RunEnd end, runStep());
        if (end != RunEnd::Finished) return end;
        RADLADS_TRY(finishStep());
    }
    RADLADS_TRY(whileSpaceLasts("the model", [&] {
        return convert::exportHuggingFace(m_directory / "model", m_session->weights(), m_session->config(), m_session->tokenizerDirectory(), io::Dtype::F32);
    }));
    for (const protocol::ExportPlan& target : m_plan.exports) {
        RADLADS_TRY(whileSpaceLasts("the export " + target.path, [&] {
            return convert::exportHuggingFace(target.path, m_session->weights(), m_session->config(), m_session->tokenizerDirectory(), io::Dtype::F32);
        }));
    }
    return RunEnd::Finished;
}

Result<RunEnd> RunLoop::execute() {
    RADLADS_TRY(open());
    m_summary.state = "running";
    auto end = [&]() -> Result<RunEnd> {
        RADLADS_TRY_ASSIGN(m_session, Session::open(m_plan, m_options.onPrepare));
        m_plan = m_session->plan();
        RADLADS_TRY(restore());
        const bool resumed = m_loaded.has_value();
        RADLADS_TRY(emit("run.started", {{"name", m_plan.name}, {"resumed", resumed}, {"step_index", m_position.stepIndex}, {"update", m_position.update},
                                         {"parameters", model::parameterCount(m_session->weights())}, {"threads", m_session->threads()}}));
        if (resumed) say(fmt::format("Resuming at step {}, update {}.", m_position.stepIndex + 1, m_position.update));
        if (!resumed) {
            RADLADS_TRY(checkpoint(nullptr));
            if (m_options.onStage) RADLADS_TRY(m_options.onStage(-1, *m_session));
        }
        return runSteps();
    }();
    if (!end) {
        // A full disk or Ctrl-C while preparing is no failure of the run: it can be resumed.
        const bool stopped = end.error().code == ErrorCode::NoSpace || end.error().code == ErrorCode::Interrupted;
        (void)m_journal->append(stopped ? "run.stopped" : "run.failed", {{"message", end.error().message}, {"step_index", m_position.stepIndex}, {"update", m_position.update}});
        (void)writeState(stopped ? "stopped" : "failed", end.error().message);
        return tl::unexpected(end.error());
    }
    const bool finished = *end == RunEnd::Finished;
    RADLADS_TRY(emit(finished ? "run.finished" : "run.stopped", {{"step_index", m_position.stepIndex}, {"update", m_position.update}}));
    RADLADS_TRY(m_journal->sync());
    RADLADS_TRY(writeState(finished ? "finished" : "stopped"));
    return *end;
}

}  // namespace

std::string planFingerprint(const protocol::Plan& plan) {
    protocol::Plan relevant = plan;
    relevant.name.clear();
    relevant.hardware = {};
    relevant.checkpoints = {};
    relevant.evaluation = {};
    relevant.exports = {};
    relevant.data.validation.everySteps = 0;
    const std::string text = protocol::writePlan(relevant);
    uint64_t hash = 1469598103934665603ull;  // FNV-1a
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    return fmt::format("{:016x}", hash);
}

Result<RunEnd> executeRun(const fs::path& runDirectory, const RunOptions& options) {
    return RunLoop(runDirectory, options).execute();
}

}  // namespace radlads::train
