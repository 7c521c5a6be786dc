// evaluate: perplexity, agreement with a teacher, and the demo's skills; of a run at any of its stages.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/data/sampler.h"
#include "engine/evaluate/perplexity.h"
#include "engine/evaluate/skill_samples.h"
#include "engine/evaluate/skill_table.h"
#include "engine/run/files.h"
#include "engine/train/session.h"
#include "engine/worker/command.h"
#include "engine/worker/evaluation_record.h"
#include "engine/worker/model_source.h"
#include "engine/worker/progress.h"
#include "engine/worker/stream.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int64_t kSkillWindowTokens = 256;

struct EvaluateOptions {
    std::string model, against, stage, record, device = "auto", textKey = "text", format = "auto";
    std::vector<std::string> tasks{"perplexity"}, data;
    int64_t length = 512, windows = 64;
    bool hasLength = false;
    uint64_t seed = 20001;
    bool json = false, stream = false, quiet = false;
    bool plain() const { return !json && !stream; }
    bool wants(const char* task) const { return std::find(tasks.begin(), tasks.end(), task) != tasks.end(); }
};

bool interrupted() {
    return interrupts().load() > 0;
}

tl::unexpected<Error> stoppedError() {
    return tl::unexpected(Error{ErrorCode::Interrupted, "the evaluation was stopped before its end; nothing of it was kept"});
}

// The windows of all scores of one evaluation, counted through, with the rate of those that run now.
class ScoreProgress {
public:
    ScoreProgress(ProgressDisplay& display, size_t totalWindows) : m_display(display), m_total(totalWindows) {}
    // Begins a score: what is said while it goes on, and the tokens of its windows.
    void begin(std::string label, int64_t tokensPerWindow) {
        m_label = std::move(label);
        m_tokens = tokensPerWindow;
        m_base = m_done;
        m_start = Clock::now();
    }
    // False once an end was asked for.
    bool operator()(size_t done) {
        m_done = m_base + done;
        const double seconds = std::max(1e-6, std::chrono::duration<double>(Clock::now() - m_start).count());
        const double rate = static_cast<double>(done) / seconds;  // windows a second
        m_display.show(m_label, static_cast<double>(m_done), static_cast<double>(m_total),
                       formatCount(rate * static_cast<double>(m_tokens)) + " tok/s", static_cast<double>(m_total - std::min(m_total, m_done)) / rate);
        return !interrupted();
    }

private:
    ProgressDisplay& m_display;
    std::string m_label;
    size_t m_total, m_done = 0, m_base = 0;
    int64_t m_tokens = 0;
    Clock::time_point m_start{};
};

struct TextWindows {
    std::vector<std::vector<int32_t>> windows;  // each length + 1 ids
    int64_t length = 0;
    std::vector<std::string> data;  // what they come from
    bool heldOut = false;           // of a run's own data: windows that no step was trained on
};

// Which text perplexity is measured on: --data, or for a run what its training held out.
struct TextSource {
    std::vector<protocol::SourcePlan> sources;
    std::vector<double> weights;
    int64_t length = 512, heldOutWindows = 0;
};

Result<TextSource> textSource(const EvaluateOptions& options, const LoadedModel& loaded) {
    TextSource source;
    source.length = options.length;
    for (const std::string& path : options.data) {
        protocol::SourcePlan plan;
        plan.path = path;
        plan.textKey = options.textKey;
        source.sources.push_back(plan);
    }
    if (source.sources.empty()) {
        if (!loaded.run) return invalidInput("the task perplexity needs --data with a text, jsonl or binidx source");
        const protocol::Plan& plan = loaded.run->plan;
        int64_t longest = 0;
        for (const protocol::StepPlan& step : plan.steps) longest = std::max(longest, step.sequenceLength);
        if (!options.hasLength) source.length = longest;
        source.sources = plan.data.validation.sources;
        if (source.sources.empty()) {
            if (plan.data.validation.windows == 0) {
                return invalidInput("the run {} held no text out of its training; give --data for the task perplexity", loaded.run->run.string());
            }
            source.sources = plan.data.sources;
            // As in training (Session::sampler): so many tokens at the ends of the sources were never trained on.
            source.heldOutWindows = (plan.data.validation.windows * longest + source.length - 1) / source.length;
        }
    }
    for (const protocol::SourcePlan& plan : source.sources) source.weights.push_back(options.data.empty() ? plan.weight : 1.0);
    return source;
}

Result<TextWindows> textWindows(const EvaluateOptions& options, const LoadedModel& loaded, ProgressDisplay& progress) {
    RADLADS_TRY_ASSIGN(const TextSource source, textSource(options, loaded));
    TextWindows text;
    text.length = source.length;
    text.heldOut = source.heldOutWindows > 0;
    const bool appendEos = !loaded.run || loaded.run->plan.data.appendEos;
    const int64_t vocabSize = loaded.checkpoint.config.vocabSize;
    std::vector<data::TokenStore> stores;
    for (const protocol::SourcePlan& plan : source.sources) {
        RADLADS_TRY_ASSIGN(data::TokenStore store, data::openSource(plan, loaded.tokenizer, appendEos, std::max(vocabSize, loaded.tokenizer.vocabSize()),
                                                                    run::cacheDirectory(), progress.prepareCallback()));
        if (store.maxToken() >= vocabSize) {
            return invalidInput("{}: token id {} is outside the model's vocabulary of {}", plan.path, store.maxToken(), vocabSize);
        }
        stores.push_back(std::move(store));
        text.data.push_back(plan.path);
    }
    RADLADS_TRY_ASSIGN(const data::BatchSampler sampler,
                       data::BatchSampler::create(stores, source.weights, protocol::SamplerKind::Shuffle, source.length, options.seed, source.heldOutWindows));
    const int64_t available = text.heldOut ? sampler.validationWindows() : sampler.windowsPerEpoch();
    text.windows.resize(static_cast<size_t>(std::min(options.windows, available)));
    for (size_t i = 0; i < text.windows.size(); ++i) {
        text.windows[i].resize(static_cast<size_t>(source.length) + 1);
        if (text.heldOut) sampler.validationSample(static_cast<int64_t>(i), text.windows[i]);
        else sampler.sample(static_cast<int64_t>(i), text.windows[i]);
    }
    return text;
}

ordered_json perplexityJson(const evaluate::PerplexityResult& result) {
    return {{"perplexity", result.perplexity()}, {"mean_loss", result.meanLoss}, {"standard_error", result.standardError}, {"tokens", result.tokens}};
}

void printPerplexity(const evaluate::WindowScores& scores, const TextWindows& text) {
    fmt::print("perplexity        {:.3f}  (mean loss {:.4f} ± {:.4f}, {} windows of {} tokens)\n", scores.model.perplexity(), scores.model.meanLoss,
               scores.model.standardError, text.windows.size(), text.length);
    if (!scores.teacher) return;
    fmt::print("teacher's         {:.3f}  (ratio {:.4f})\n", scores.teacher->perplexity(), scores.model.perplexity() / scores.teacher->perplexity());
    fmt::print("same next token   {:.2f} % ± {:.2f}\n", 100 * scores.agreement->agreement, 100 * scores.agreement->standardError);
    fmt::print("mean KL           {:.4f} nats a token\n", scores.agreement->meanKl);
}

// One evaluation: what is compared, and what comes out of it.
class Evaluation {
public:
    Evaluation(const EvaluateOptions& options, const LoadedModel& loaded, const LoadedModel* teacher, EventStream& stream)
        : m_options(options), m_loaded(loaded), m_teacher(teacher), m_display(!options.quiet, stream) {}

    Result<ordered_json> execute() {
        const auto start = Clock::now();
        describe();
        TextWindows text;
        if (m_options.wants("perplexity")) {
            RADLADS_TRY_ASSIGN(text, textWindows(m_options, m_loaded, m_display));
        }
        const auto skillWindows = static_cast<size_t>(m_options.wants("skills") ? m_options.windows : 0);
        ScoreProgress progress(m_display, text.windows.size() + skillWindows * (m_teacher ? 3 : 2));
        if (m_options.wants("perplexity")) RADLADS_TRY(scoreText(text, progress));
        if (m_options.wants("skills")) RADLADS_TRY(scoreSkills(progress));
        m_display.finish();
        m_report["seconds"] = std::chrono::duration<double>(Clock::now() - start).count();
        return m_report;
    }

private:
    void describe() {
        m_report = {{"model", m_options.model}, {"run", nullptr}, {"stage", nullptr}, {"against", nullptr}, {"tasks", m_options.tasks},
                    {"seed", m_options.seed}, {"windows", m_options.windows}, {"time", run::utcNow()}};
        if (m_teacher) m_report["against"] = m_options.against;
        if (!m_loaded.run) return;
        m_report["run"] = m_loaded.run->run.filename().string();
        m_report["stage"] = m_loaded.run->stage;
        if (const auto& position = m_loaded.run->position) {
            m_report["position"] = {{"step_index", position->stepIndex}, {"update", position->update}, {"tokens", position->tokens}};
        }
    }

    Status scoreText(const TextWindows& text, ScoreProgress& progress) {
        progress.begin("evaluating", text.length);
        const std::optional<convert::ModelView> against = m_teacher ? std::optional(m_teacher->view()) : std::nullopt;
        const evaluate::WindowScores scores = evaluate::scoreWindows(m_loaded.view(), against, text.windows, m_loaded.threads(),
                                                                     [&](size_t done, size_t) { return progress(done); });
        m_display.finish();
        if (scores.model.tokens == 0) return stoppedError();
        m_report["data"] = text.data;
        m_report["held_out"] = text.heldOut;
        m_report["sequence_length"] = text.length;
        m_report["perplexity"] = perplexityJson(scores.model);
        // What a model that knows nothing would have: every token as likely.
        m_report["chance"] = {{"perplexity", m_loaded.checkpoint.config.vocabSize}};
        if (scores.teacher) {
            m_report["teacher_perplexity"] = perplexityJson(*scores.teacher);
            m_report["agreement"] = {{"next_token", scores.agreement->agreement}, {"standard_error", scores.agreement->standardError},
                                     {"mean_kl", scores.agreement->meanKl}};
        }
        if (m_options.plain()) printPerplexity(scores, text);
        return {};
    }

    Status scoreSkills(ScoreProgress& progress) {
        const auto windows = evaluate::skillWindows(m_loaded.tokenizer, m_options.windows, kSkillWindowTokens, m_options.seed);
        const size_t threads = m_loaded.threads();
        const LoadedModel& reference = m_teacher ? *m_teacher : m_loaded;
        const auto score = [&](const char* label, convert::ModelView model, bool zeroMixers) {
            progress.begin(label, kSkillWindowTokens);
            return evaluate::scoreSkills(model, windows, threads, zeroMixers, [&](size_t done, size_t) { return progress(done); });
        };
        const auto floor = score("skills without mixers", reference.view(), true);
        std::vector<evaluate::SkillColumn> columns;
        if (!interrupted()) columns.push_back({"teacher", score(m_teacher ? "skills of the teacher" : "skills", reference.view(), false)});
        if (!interrupted() && m_teacher) columns.push_back({"student", score("skills of the student", m_loaded.view(), false)});
        if (interrupted()) return stoppedError();
        m_report["skills"] = evaluate::skillsToJson(columns.back().scores);
        m_report["floor"] = evaluate::skillsToJson(floor);
        if (m_teacher) {
            m_report["teacher_skills"] = evaluate::skillsToJson(columns.front().scores);
            m_report["relative"] = evaluate::relativeToJson(columns.back().scores, columns.front().scores, floor);
        } else {
            columns.front().name = "model";
        }
        const std::optional<convert::ModelView> against = m_teacher ? std::optional(m_teacher->view()) : std::nullopt;
        m_report["samples"] = evaluate::answersToJson(evaluate::sampleAnswers(m_loaded.view(), against, m_loaded.tokenizer, windows, threads));
        if (m_options.plain()) {
            m_display.finish();
            std::cout << evaluate::skillTable(columns, floor);
        }
        return {};
    }

    const EvaluateOptions& m_options;
    const LoadedModel& m_loaded;
    const LoadedModel* m_teacher;
    ProgressDisplay m_display;
    ordered_json m_report;
};

// Where the report is kept: --record, or the run that MODEL is.
Result<std::optional<fs::path>> recordDirectory(const EvaluateOptions& options, const LoadedModel& loaded) {
    if (options.record.empty()) return loaded.run ? std::optional(loaded.run->run) : std::nullopt;
    const auto run = runDirectory(options.record);
    if (!run) return invalidInput("--record {}: there is no run of that name or path", options.record);
    return std::optional(*run);
}

Result<int> evaluateModel(EvaluateOptions options) {
    for (const std::string& task : options.tasks) {
        if (task != "perplexity" && task != "skills") {
            return invalidInput("--tasks {}: there is no such task; choose perplexity (with agreement when --against is given) or skills (the demo's)", task);
        }
    }
    EventStream stream(options.stream);
    RADLADS_TRY_ASSIGN(const LoadedModel loaded, loadModel(options.model, options.stage, options.device));
    RADLADS_TRY_ASSIGN(const std::optional<fs::path> record, recordDirectory(options, loaded));
    if (options.wants("perplexity")) RADLADS_TRY(textSource(options, loaded));  // before minutes of other work
    // A run is compared with its own teacher unless told otherwise.
    if (options.against.empty() && loaded.run && loaded.run->plan.student.architecture != protocol::Architecture::Softmax) {
        options.against = loaded.run->plan.teacher.path;
    }
    std::optional<LoadedModel> teacher;
    if (!options.against.empty()) {
        RADLADS_TRY_ASSIGN(teacher, loadModel(options.against, "", options.device));
        if (teacher->checkpoint.config.vocabSize != loaded.checkpoint.config.vocabSize) {
            return invalidInput("--against {}: its vocabulary has {} tokens and the model's {}; compare models with the same tokenizer", options.against,
                                teacher->checkpoint.config.vocabSize, loaded.checkpoint.config.vocabSize);
        }
    }
    RADLADS_TRY_ASSIGN(ordered_json report, Evaluation(options, loaded, teacher ? &*teacher : nullptr, stream).execute());
    // Of an evaluation that was stopped what is printed is true of the windows that it scored; it is not the run's record.
    if (interrupted() && (options.stream || record)) return stoppedError();
    Status recorded;
    if (record) {
        const std::string stage = loaded.run ? loaded.run->stage : "now";
        if (report["run"].is_null()) {
            report["run"] = record->filename().string();
            report["stage"] = stage;
        }
        const auto file = recordEvaluation(*record, report["time"].get<std::string>(), stage, report);
        if (file && options.plain()) fmt::print("Kept as {}\n", file->string());
        if (!file) recorded = tl::unexpected(file.error());
    }
    // The report is shown even where it could not be kept.
    if (options.json) printJson(report);
    if (recorded) stream.result(report);
    RADLADS_TRY(recorded);
    return interrupted() ? 130 : 0;
}

}  // namespace

void addEvaluateCommand(CLI::App& app, Action& action) {
    auto options = std::make_shared<EvaluateOptions>();
    CLI::App* command = app.add_subcommand("evaluate", "Perplexity, agreement with a teacher, and the demo's skills");
    command->add_option("MODEL", options->model, "model directory, run directory, or demo")->required();
    command->add_option("--device", options->device, "auto, cpu or cuda:N")->capture_default_str();
    command->add_option("--against", options->against, "the teacher to compare with (default for a run: its own)");
    command->add_option("--stage", options->stage, "of a run: setup, the number of a step, or now (its model, before it has one its newest checkpoint)");
    command->add_option("--record", options->record, "also keep the report in this run's evaluations/ (default: MODEL, if it is a run)");
    command->add_option("--tasks", options->tasks, "perplexity, skills")->delimiter(',')->capture_default_str();
    command->add_option("--data", options->data, "text for perplexity: file, directory or binidx prefix (repeatable; default for a run: what it held out)");
    command->add_option("--text-key", options->textKey, "key of the text in jsonl")->capture_default_str();
    CLI::Option* length =
        command->add_option("--sequence-length", options->length, "tokens a window")->capture_default_str()->check(CLI::Range(int64_t{2}, int64_t{1} << 20));
    command->add_option("--windows", options->windows, "how many windows at most")->capture_default_str()->check(CLI::PositiveNumber);
    command->add_option("--seed", options->seed, "which windows or stories")->capture_default_str();
    CLI::Option* json = command->add_flag("--json", options->json, "print JSON");
    command->add_flag("--stream", options->stream, "print JSON lines while it goes: {\"event\": ..}, at last {\"result\": ..}")->excludes(json);
    command->add_flag("--quiet", options->quiet, "no progress");
    command->callback([options, length, &action] {
        options->hasLength = length->count() > 0;
        action = [options] { return evaluateModel(*options); };
    });
}

}  // namespace radlads::worker
