// generate, evaluate, export.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/convert/export_hf.h"
#include "engine/data/sampler.h"
#include "engine/evaluate/perplexity.h"
#include "engine/evaluate/skill_table.h"
#include "engine/io/tokenizer.h"
#include "engine/model/compat.h"
#include "engine/model/generate.h"
#include "engine/model/threads.h"
#include "engine/run/run_directory.h"
#include "engine/train/session.h"
#include "engine/worker/command.h"
#include "engine/worker/export_check.h"
#include "engine/worker/progress.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

// A model directory, a run (its model), or "demo" (the embedded teacher).
fs::path modelDirectory(const std::string& path) {
    if (path == "demo") return train::resolveTeacherPath(path);
    const fs::path directory(path);
    return fs::exists(directory / "plan.json") && fs::exists(directory / "model") ? directory / "model" : directory;
}

struct LoadedModel {
    model::Checkpoint checkpoint;
    io::Tokenizer tokenizer;
    convert::ModelView view() const { return {checkpoint.weights, checkpoint.config}; }
};
Result<LoadedModel> loadModel(const std::string& path) {
    const fs::path directory = modelDirectory(path);
    LoadedModel loaded;
    RADLADS_TRY_ASSIGN(loaded.checkpoint, model::loadCheckpoint(directory));
    RADLADS_TRY_ASSIGN(loaded.tokenizer, io::Tokenizer::load(directory));
    return loaded;
}

struct GenerateOptions {
    std::string model, prompt;
    int64_t tokens = 128;
    model::SamplingOptions sampling{.temperature = 0.8, .topK = 40, .topP = 0.95, .minP = 0.05};
    bool json = false, raw = false, special = false;
};

Result<int> generateText(const GenerateOptions& options) {
    RADLADS_TRY_ASSIGN(const LoadedModel loaded, loadModel(options.model));
    std::vector<int32_t> prompt = loaded.tokenizer.encode(options.prompt, true);
    if (prompt.empty()) {
        const auto start = loaded.tokenizer.bosToken() ? loaded.tokenizer.bosToken() : loaded.tokenizer.eosToken();
        if (!start) return invalidInput("--prompt is empty and the tokenizer has no start token; give at least one character");
        prompt = {*start};
    }
    if (*std::max_element(prompt.begin(), prompt.end()) >= loaded.checkpoint.config.vocabSize) {
        return invalidInput("{}: its tokenizer has ids beyond the model's vocabulary of {}; the directory mixes two models", options.model,
                            loaded.checkpoint.config.vocabSize);
    }
    if (!options.json && !options.raw) std::cout << options.prompt << std::flush;
    // A token may hold part of a character, of four bytes at most: it waits for the rest.
    std::vector<int32_t> pending;
    const auto onToken = [&](int32_t id) {
        if (!options.json) {
            pending.push_back(id);
            const std::string text = loaded.tokenizer.decode(pending, !options.special);
            if (!text.ends_with("\xEF\xBF\xBD") || pending.size() >= 4) {
                std::cout << text << std::flush;
                pending.clear();
            }
        }
        return interrupts().load() == 0;
    };
    const model::GenerationResult result =
        model::generate(loaded.checkpoint.weights, loaded.checkpoint.config, prompt, options.tokens, options.sampling, onToken);
    const double rate = static_cast<double>(result.tokens.size()) / std::max(result.generateSeconds, 1e-9);
    if (options.json) {
        printJson({{"prompt", options.prompt}, {"text", loaded.tokenizer.decode(result.tokens, !options.special)}, {"tokens", result.tokens},
                   {"prompt_tokens", prompt.size()}, {"prompt_seconds", result.promptSeconds}, {"tokens_per_second", rate},
                   {"state_bytes", result.stateBytes}, {"ended", result.ended}});
    } else {
        std::cout << loaded.tokenizer.decode(pending, !options.special) << "\n";
        fmt::print(stderr, "{} prompt tokens in {:.2f} s, {} tokens at {:.1f} tok/s, {} of {}\n", prompt.size(), result.promptSeconds, result.tokens.size(),
                   rate, formatBytes(static_cast<double>(result.stateBytes)), loaded.checkpoint.config.isStudent() ? "state" : "key-value cache");
    }
    return interrupts().load() > 0 ? 130 : 0;
}

struct EvaluateOptions {
    std::string model, against, textKey = "text", format = "auto";
    std::vector<std::string> tasks{"perplexity"}, data;
    int64_t length = 512, windows = 64;
    uint64_t seed = 20001;
    bool json = false, quiet = false;
};

Result<std::vector<std::vector<int32_t>>> textWindows(const EvaluateOptions& options, const LoadedModel& loaded, ProgressDisplay& progress) {
    std::vector<data::TokenStore> stores;
    for (const std::string& path : options.data) {
        protocol::SourcePlan source;
        source.path = path;
        source.textKey = options.textKey;
        RADLADS_TRY_ASSIGN(data::TokenStore store, data::openSource(source, loaded.tokenizer, true, loaded.checkpoint.config.vocabSize, run::cacheDirectory(),
                                                                    progress.prepareCallback()));
        if (store.maxToken() >= loaded.checkpoint.config.vocabSize) {
            return invalidInput("{}: token id {} is outside the model's vocabulary of {}", path, store.maxToken(), loaded.checkpoint.config.vocabSize);
        }
        stores.push_back(std::move(store));
    }
    const std::vector<double> weights(stores.size(), 1.0);
    RADLADS_TRY_ASSIGN(const data::BatchSampler sampler,
                       data::BatchSampler::create(stores, weights, protocol::SamplerKind::Shuffle, options.length, options.seed, 0));
    std::vector<std::vector<int32_t>> windows(static_cast<size_t>(std::min(options.windows, sampler.windowsPerEpoch())));
    for (size_t i = 0; i < windows.size(); ++i) {
        windows[i].resize(static_cast<size_t>(options.length) + 1);
        sampler.sample(static_cast<int64_t>(i), windows[i]);
    }
    return windows;
}

ordered_json perplexityJson(const evaluate::PerplexityResult& result) {
    return {{"perplexity", result.perplexity()}, {"mean_loss", result.meanLoss}, {"standard_error", result.standardError}, {"tokens", result.tokens}};
}

Status evaluateText(const EvaluateOptions& options, const LoadedModel& loaded, const LoadedModel* teacher, ordered_json& report) {
    ProgressDisplay progress(!options.quiet);
    RADLADS_TRY_ASSIGN(const auto windows, textWindows(options, loaded, progress));
    const auto start = std::chrono::steady_clock::now();
    const auto onWindow = [&](size_t done, size_t total) {
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        const double rate = static_cast<double>(done) / seconds;
        progress.show("evaluating", static_cast<double>(done), static_cast<double>(total),
                      fmt::format("{} tok/s", formatCount(rate * static_cast<double>(options.length))), static_cast<double>(total - done) / rate);
        return interrupts().load() == 0;
    };
    const std::optional<convert::ModelView> against = teacher ? std::optional(teacher->view()) : std::nullopt;
    const evaluate::WindowScores scores = evaluate::scoreWindows(loaded.view(), against, windows, model::defaultThreads(), onWindow);
    progress.finish();
    report["perplexity"] = perplexityJson(scores.model);
    if (!options.json) {
        fmt::print("perplexity        {:.3f}  (mean loss {:.4f} ± {:.4f}, {} windows of {} tokens)\n", scores.model.perplexity(), scores.model.meanLoss,
                   scores.model.standardError, windows.size(), options.length);
    }
    if (!scores.teacher) return {};
    report["teacher_perplexity"] = perplexityJson(*scores.teacher);
    report["agreement"] = {{"next_token", scores.agreement->agreement}, {"standard_error", scores.agreement->standardError}, {"mean_kl", scores.agreement->meanKl}};
    if (!options.json) {
        fmt::print("teacher's         {:.3f}  (ratio {:.4f})\n", scores.teacher->perplexity(), scores.model.perplexity() / scores.teacher->perplexity());
        fmt::print("same next token   {:.2f} % ± {:.2f}\n", 100 * scores.agreement->agreement, 100 * scores.agreement->standardError);
        fmt::print("mean KL           {:.4f} nats a token\n", scores.agreement->meanKl);
    }
    return {};
}

void evaluateSkills(const EvaluateOptions& options, const LoadedModel& loaded, const LoadedModel* teacher, ordered_json& report) {
    const auto windows = evaluate::skillWindows(loaded.tokenizer, options.windows, 256, options.seed);
    const size_t threads = model::defaultThreads();
    const LoadedModel& reference = teacher ? *teacher : loaded;
    const auto floor = evaluate::scoreSkills(reference.view(), windows, threads, true);
    std::vector<evaluate::SkillColumn> columns{{"teacher", evaluate::scoreSkills(reference.view(), windows, threads)}};
    if (teacher) columns.push_back({"student", evaluate::scoreSkills(loaded.view(), windows, threads)});
    report["skills"] = evaluate::skillsToJson(columns.back().scores);
    report["floor"] = evaluate::skillsToJson(floor);
    if (teacher) {
        report["teacher_skills"] = evaluate::skillsToJson(columns.front().scores);
        report["relative"] = evaluate::relativeToJson(columns.back().scores, columns.front().scores, floor);
    } else {
        columns.front().name = "model";
    }
    if (!options.json) std::cout << evaluate::skillTable(columns, floor);
}

Result<int> evaluateModel(const EvaluateOptions& options) {
    const bool perplexity = std::find(options.tasks.begin(), options.tasks.end(), "perplexity") != options.tasks.end();
    const bool skills = std::find(options.tasks.begin(), options.tasks.end(), "skills") != options.tasks.end();
    for (const std::string& task : options.tasks) {
        if (task != "perplexity" && task != "skills") return invalidInput("--tasks {}: there is no such task; choose perplexity (with agreement when --against is given) or skills (the demo's)", task);
    }
    if (perplexity && options.data.empty()) return invalidInput("the task perplexity needs --data with a text, jsonl or binidx source");
    RADLADS_TRY_ASSIGN(const LoadedModel loaded, loadModel(options.model));
    std::optional<LoadedModel> teacher;
    if (!options.against.empty()) {
        RADLADS_TRY_ASSIGN(teacher, loadModel(options.against));
        if (teacher->checkpoint.config.vocabSize != loaded.checkpoint.config.vocabSize) {
            return invalidInput("--against {}: its vocabulary has {} tokens and the model's {}; compare models with the same tokenizer", options.against,
                                teacher->checkpoint.config.vocabSize, loaded.checkpoint.config.vocabSize);
        }
    }
    ordered_json report{{"model", options.model}, {"seed", options.seed}};
    if (perplexity) RADLADS_TRY(evaluateText(options, loaded, teacher ? &*teacher : nullptr, report));
    if (skills) evaluateSkills(options, loaded, teacher ? &*teacher : nullptr, report);
    if (options.json) printJson(report);
    return interrupts().load() > 0 ? 130 : 0;
}

struct ExportOptions {
    std::string model, output, format = "hf", dtype = "float32";
    bool json = false;
};

Result<int> exportModel(const ExportOptions& options) {
    static const std::map<std::string, io::Dtype> dtypes{{"float32", io::Dtype::F32}, {"float16", io::Dtype::F16}, {"bfloat16", io::Dtype::BF16}};
    const auto dtype = dtypes.find(options.dtype);
    if (dtype == dtypes.end()) return invalidInput("--dtype {}: choose float32, float16 or bfloat16", options.dtype);
    if (options.format != "hf") return invalidInput("--format {}: only hf (a Hugging Face directory) can be written so far", options.format);
    const fs::path directory = modelDirectory(options.model);
    if (fs::exists(options.output) && fs::equivalent(directory, options.output)) return invalidInput("-o {} is the model itself; choose another directory", options.output);
    RADLADS_TRY_ASSIGN(const model::Checkpoint checkpoint, model::loadCheckpoint(directory));
    RADLADS_TRY(convert::exportHuggingFace(options.output, checkpoint.weights, checkpoint.config, directory, dtype->second));
    RADLADS_TRY_ASSIGN(const ExportCheck check, checkExport(checkpoint, options.output));
    if (options.json) {
        printJson({{"output", options.output}, {"format", "hf"}, {"dtype", options.dtype}, {"parameters", model::parameterCount(checkpoint.weights)},
                   {"verified_tokens", check.tokens}, {"reload_difference", check.reload}, {"recurrent_difference", check.recurrent}});
    } else {
        fmt::print("Wrote {} ({} parameters, {}).\nReloaded it and compared logits over {} tokens: largest difference {:.1e}{}.\n", options.output,
                   formatCount(static_cast<double>(model::parameterCount(checkpoint.weights))), options.dtype, check.tokens, check.reload,
                   checkpoint.config.isStudent() ? fmt::format("; chunked against token by token {:.1e}", check.recurrent) : "");
    }
    return 0;
}

}  // namespace

void addModelCommands(CLI::App& app, Action& action) {
    auto generate = std::make_shared<GenerateOptions>();
    CLI::App* command = app.add_subcommand("generate", "Continue a text, token by token, in constant memory for a student");
    command->add_option("MODEL", generate->model, "model directory, run directory, or demo")->required();
    command->add_option("-p,--prompt", generate->prompt, "the text to continue")->required();
    command->add_option("-n,--tokens", generate->tokens, "tokens to generate at most")->capture_default_str()->check(CLI::Range(int64_t{0}, int64_t{1} << 30));
    command->add_option("--temp", generate->sampling.temperature, "temperature; 0 is greedy")->capture_default_str()->check(CLI::NonNegativeNumber);
    command->add_option("--top-k", generate->sampling.topK, "0: off")->capture_default_str();
    command->add_option("--top-p", generate->sampling.topP, "1: off")->capture_default_str()->check(CLI::Range(0.0, 1.0));
    command->add_option("--min-p", generate->sampling.minP, "0: off")->capture_default_str()->check(CLI::Range(0.0, 1.0));
    command->add_option("--repeat-penalty", generate->sampling.repeatPenalty, "1: off")->capture_default_str()->check(CLI::PositiveNumber);
    command->add_option("--repeat-last-n", generate->sampling.repeatLastN, "tokens that the penalty looks back")->capture_default_str();
    command->add_option("-s,--seed", generate->sampling.seed, "seed of the draws")->capture_default_str();
    command->add_flag("--special", generate->special, "print special tokens");
    command->add_flag("--no-echo", generate->raw, "do not print the prompt");
    command->add_flag("--json", generate->json, "print JSON");
    command->callback([generate, &action] { action = [generate] { return generateText(*generate); }; });

    auto evaluate = std::make_shared<EvaluateOptions>();
    command = app.add_subcommand("evaluate", "Perplexity, agreement with a teacher, and the demo's skills");
    command->add_option("MODEL", evaluate->model, "model directory, run directory, or demo")->required();
    command->add_option("--against", evaluate->against, "the teacher to compare with");
    command->add_option("--tasks", evaluate->tasks, "perplexity, skills")->delimiter(',')->capture_default_str();
    command->add_option("--data", evaluate->data, "text for perplexity: file, directory or binidx prefix (repeatable)");
    command->add_option("--text-key", evaluate->textKey, "key of the text in jsonl")->capture_default_str();
    command->add_option("--sequence-length", evaluate->length, "tokens a window")->capture_default_str()->check(CLI::Range(int64_t{2}, int64_t{1} << 20));
    command->add_option("--windows", evaluate->windows, "how many windows at most")->capture_default_str()->check(CLI::PositiveNumber);
    command->add_option("--seed", evaluate->seed, "which windows or stories")->capture_default_str();
    command->add_flag("--json", evaluate->json, "print JSON");
    command->add_flag("--quiet", evaluate->quiet, "no progress");
    command->callback([evaluate, &action] { action = [evaluate] { return evaluateModel(*evaluate); }; });

    auto exporting = std::make_shared<ExportOptions>();
    command = app.add_subcommand("export", "Write a model for other software, reload it and compare its logits");
    command->add_option("MODEL", exporting->model, "run or model directory")->required();
    command->add_option("--format", exporting->format, "hf")->capture_default_str();
    command->add_option("--dtype", exporting->dtype, "float32, float16 or bfloat16")->capture_default_str();
    command->add_option("-o,--output", exporting->output, "directory to write")->required();
    command->add_flag("--json", exporting->json, "print JSON");
    command->callback([exporting, &action] { action = [exporting] { return exportModel(*exporting); }; });
}

}  // namespace radlads::worker
