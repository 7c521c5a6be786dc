// demo: the whole protocol on the embedded teacher and generated text, ending in a table of teacher against student.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/evaluate/skill_table.h"
#include "engine/io/tokenizer.h"
#include "engine/model/compat.h"
#include "engine/model/device.h"
#include "engine/model/generate.h"
#include "engine/model/threads.h"
#include "engine/run/run_directory.h"
#include "engine/run/support.h"
#include "engine/train/run_loop.h"
#include "engine/worker/command.h"
#include "engine/worker/export_check.h"
#include "engine/worker/progress.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using nlohmann::ordered_json;

struct DemoOptions {
    std::string runs, student = "rad-rwkv7", variant, precision = "auto", device = "auto";
    int64_t seed = 1337, windows = 256;
    uint64_t evaluationSeed = 54321;
    bool compareSkipAlign = false, json = false, quiet = false;
};

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// "auto": fp16 on a processor that multiplies it twice as fast as fp32, which converts as well (README); fp32 elsewhere.
Result<std::string> demoPrecision(const DemoOptions& options) {
    if (options.precision != "auto") return options.precision;
    RADLADS_TRY_ASSIGN(const at::Device device, model::openDevice(options.device, "--device"));
    const bool hasFp16 = run::contains(run::supportOf(run::describeMachine()).precision, "fp16");
    return device.is_cpu() && hasFp16 ? "fp16" : "fp32";
}

Result<protocol::Plan> demoPlan(const DemoOptions& options) {
    if (options.student != "rad-rwkv7" && options.student != "rad-rwkv6") {
        return invalidInput("--student {}: choose rad-rwkv7 or rad-rwkv6", options.student);
    }
    const fs::path preset = run::resourcesDirectory() / "presets" / ("demo-" + options.student + ".json");
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(preset, 4 << 20));
    RADLADS_TRY_ASSIGN(protocol::Plan plan, protocol::parsePlan(text, preset.string()));
    plan.seed = options.seed;
    plan.hardware.device = options.device;
    RADLADS_TRY_ASSIGN(const std::string precision, demoPrecision(options));
    RADLADS_TRY(protocol::setPlanKey(plan, "hardware.precision=" + ordered_json(precision).dump()));
    if (options.variant == "balanced") plan.student.variant = protocol::Variant::Balanced;
    if (options.variant == "groupnorm") plan.student.variant = protocol::Variant::GroupNorm;
    RADLADS_TRY(protocol::resolvePlan(plan));
    return plan;
}

// One conversion with its scores after every stage.
struct Conversion {
    fs::path directory;
    std::vector<evaluate::SkillColumn> columns;  // teacher first
    std::vector<double> stepSeconds;             // training alone
    std::vector<int64_t> stepTokens;
    train::RunEnd end = train::RunEnd::Finished;
};

class Demo {
public:
    explicit Demo(const DemoOptions& options) : m_options(options), m_progress(!options.quiet) {}
    Result<int> execute();

private:
    Result<Conversion> convert(const protocol::Plan& plan);
    ordered_json sample(const Conversion& conversion, Status& status);
    ordered_json conversionJson(const Conversion& conversion) const;
    void print(const Conversion& conversion) const { std::cout << "\n" << evaluate::skillTable(conversion.columns, m_floor) << std::flush; }

    const DemoOptions& m_options;
    ProgressDisplay m_progress;
    std::vector<evaluate::SkillWindow> m_windows;
    evaluate::SkillScores m_floor;
};

Result<Conversion> Demo::convert(const protocol::Plan& plan) {
    Conversion conversion;
    const fs::path runs = m_options.runs.empty() ? run::defaultRunsDirectory() : fs::path(m_options.runs);
    RADLADS_TRY_ASSIGN(conversion.directory, run::createRun(runs, plan, {}));
    m_progress.message(fmt::format("Run {}", conversion.directory.string()));
    auto stageStart = Clock::now();
    train::RunOptions options;
    options.interrupts = &interrupts();
    options.onUpdate = [&](const train::UpdateReport& report) { m_progress.update(report); };
    options.onMessage = [&](const std::string& line) { m_progress.message(line); };
    options.onPrepare = m_progress.prepareCallback();
    options.onStage = [&](int64_t stepIndex, train::Session& session) -> Status {
        const size_t threads = session.threads();
        if (stepIndex < 0) {
            m_windows = evaluate::skillWindows(session.tokenizer(), m_options.windows, 256, m_options.evaluationSeed);
            m_floor = evaluate::scoreSkills(session.teacher(), m_windows, threads, true);
            conversion.columns.push_back({"teacher", evaluate::scoreSkills(session.teacher(), m_windows, threads)});
        } else {
            conversion.stepSeconds.push_back(secondsSince(stageStart));
            conversion.stepTokens.push_back(plan.steps[static_cast<size_t>(stepIndex)].tokens);
        }
        static const std::map<protocol::StepKind, const char*> names{
            {protocol::StepKind::Align, "step 1"}, {protocol::StepKind::Distill, "step 2"}, {protocol::StepKind::Extend, "step 3"}};
        const char* name = stepIndex < 0 ? "setup" : names.at(plan.steps[static_cast<size_t>(stepIndex)].kind);
        conversion.columns.push_back({name, evaluate::scoreSkills(session.model(), m_windows, threads)});
        const evaluate::SkillScores& teacher = conversion.columns.front().scores;
        const evaluate::SkillScores& now = conversion.columns.back().scores;
        m_progress.message(fmt::format("After {}: perplexity {:.3f} ({:.3f} of the teacher's), mean relative skill {:.3f}", name, now.perplexity(),
                                       now.perplexity() / teacher.perplexity(), evaluate::meanRelativeSkill(now, teacher, m_floor)));
        stageStart = Clock::now();
        return {};
    };
    RADLADS_TRY_ASSIGN(conversion.end, train::executeRun(conversion.directory, options));
    m_progress.finish();
    return conversion;
}

ordered_json Demo::conversionJson(const Conversion& conversion) const {
    ordered_json stages = ordered_json::array();
    const evaluate::SkillScores& teacher = conversion.columns.front().scores;
    for (size_t i = 1; i < conversion.columns.size(); ++i) {
        ordered_json stage{{"stage", conversion.columns[i].name}, {"scores", evaluate::skillsToJson(conversion.columns[i].scores)},
                           {"relative", evaluate::relativeToJson(conversion.columns[i].scores, teacher, m_floor)}};
        if (i >= 2) {
            stage["seconds"] = conversion.stepSeconds[i - 2];
            stage["tokens"] = conversion.stepTokens[i - 2];
        }
        stages.push_back(std::move(stage));
    }
    return {{"run", conversion.directory.string()}, {"teacher", evaluate::skillsToJson(teacher)}, {"floor", evaluate::skillsToJson(m_floor)}, {"stages", stages}};
}

// Both models continue the same story; what each keeps of 64, 256 and 1024 tokens.
ordered_json Demo::sample(const Conversion& conversion, Status& status) {
    ordered_json result = ordered_json::object();
    const fs::path teacherPath = train::resolveTeacherPath("demo"), studentPath = conversion.directory / "model";
    auto tokenizer = io::Tokenizer::load(teacherPath);
    if (!tokenizer) {
        status = tl::unexpected(tokenizer.error());
        return result;
    }
    std::string prompt;
    for (const demo::Word& word : demo::story(m_options.evaluationSeed)) {
        if (prompt.size() > 240 && word.text == " .") break;
        prompt += word.text;
    }
    prompt += " .";
    const std::vector<int32_t> ids = tokenizer->encode(prompt);
    if (!m_options.json) fmt::print("\nA story begins:{}\n", prompt);
    for (const auto& [name, path] : {std::pair{"teacher", teacherPath}, std::pair{"student", studentPath}}) {
        auto checkpoint = model::loadCheckpoint(path);
        if (!checkpoint) {
            status = tl::unexpected(checkpoint.error());
            return result;
        }
        const model::GenerationResult text = model::generate(checkpoint->weights, checkpoint->config, ids, 48, {});
        const double rate = static_cast<double>(text.tokens.size()) / std::max(text.generateSeconds, 1e-9);
        std::vector<int64_t> kept;
        model::DecoderState state = model::emptyState(checkpoint->config);
        const c10::NoGradGuard noGrad;
        for (const int64_t length : {64, 256, 1024}) {
            const at::Tensor filler = at::full({1, length - state.position}, ids.front(), at::kLong);
            (void)model::hiddenStates(checkpoint->weights, checkpoint->config, filler, {.state = &state});
            kept.push_back(state.sizeBytes());
        }
        result[name] = {{"text", tokenizer->decode(text.tokens)}, {"tokens_per_second", rate}, {"state_bytes_after_64_256_1024_tokens", kept}};
        if (m_options.json) continue;
        fmt::print("\n{} goes on ({:.0f} tok/s; keeps {}, {}, {} after 64, 256, 1024 tokens):\n {}\n", name, rate, formatBytes(static_cast<double>(kept[0])),
                   formatBytes(static_cast<double>(kept[1])), formatBytes(static_cast<double>(kept[2])), tokenizer->decode(text.tokens));
    }
    result["prompt"] = prompt;
    return result;
}

Result<int> Demo::execute() {
    const auto start = Clock::now();
    if (!m_options.variant.empty() && m_options.variant != "balanced" && m_options.variant != "groupnorm") {
        return invalidInput("--variant {}: choose balanced or groupnorm", m_options.variant);
    }
    RADLADS_TRY_ASSIGN(const protocol::Plan plan, demoPlan(m_options));
    RADLADS_TRY_ASSIGN(const Conversion conversion, convert(plan));
    if (conversion.end != train::RunEnd::Finished) {
        fmt::print("Stopped with a checkpoint; go on with `radlads-engine resume {}`\n", conversion.directory.string());
        return conversion.end == train::RunEnd::Interrupted ? 130 : 0;
    }
    ordered_json report = conversionJson(conversion);
    report["student"] = m_options.student;
    report["variant"] = plan.student.variant == protocol::Variant::Balanced ? "balanced" : "groupnorm";
    report["precision"] = protocol::toString(plan.hardware.precision);
    report["evaluation_seed"] = m_options.evaluationSeed;
    if (!m_options.json) print(conversion);
    Status status;
    report["sample"] = sample(conversion, status);
    RADLADS_TRY(status);
    RADLADS_TRY_ASSIGN(const model::Checkpoint exported, model::loadCheckpoint(conversion.directory / "model"));
    RADLADS_TRY_ASSIGN(const ExportCheck check, checkExport(exported, conversion.directory / "model"));
    report["export"] = {{"path", (conversion.directory / "model").string()}, {"verified_tokens", check.tokens}, {"recurrent_difference", check.recurrent}};
    const double seconds = secondsSince(start);
    report["seconds"] = seconds;
    if (!m_options.json) {
        fmt::print("\nThe student is in {}; over {} tokens its chunked and token-by-token logits differ by {:.1e} (relative).\nThe demo took {}, its products in {}.\n",
                   (conversion.directory / "model").string(), check.tokens, check.recurrent, formatDuration(seconds), protocol::toString(plan.hardware.precision));
    }
    if (m_options.compareSkipAlign) {
        // The time of step 1 goes to step 2, at the rate that step 2 had: the same total on both sides.
        protocol::Plan skipped = plan;
        skipped.steps.erase(skipped.steps.begin());
        const double rate = static_cast<double>(conversion.stepTokens[1]) / conversion.stepSeconds[1];
        skipped.steps.front().tokens += static_cast<int64_t>(conversion.stepSeconds[0] * rate);
        skipped.name += "-skip-align";
        RADLADS_TRY(protocol::resolvePlan(skipped));
        RADLADS_TRY_ASSIGN(const Conversion without, convert(skipped));
        if (without.end != train::RunEnd::Finished) return without.end == train::RunEnd::Interrupted ? 130 : 0;
        report["without_align"] = conversionJson(without);
        const auto total = [](const Conversion& c) {
            double sum = 0;
            for (const double value : c.stepSeconds) sum += value;
            return sum;
        };
        if (!m_options.json) {
            fmt::print("\nWithout step 1, its time given to step 2 (training {:.0f} s against {:.0f} s; step 2 learning rate {:g}):\n", total(without), total(conversion),
                       skipped.steps.front().learningRate.initial);
            print(without);
        }
    }
    if (m_options.json) printJson(report);
    return 0;
}

}  // namespace

void addDemoCommand(CLI::App& app, Action& action) {
    auto options = std::make_shared<DemoOptions>();
    CLI::App* command = app.add_subcommand("demo", "Convert the embedded teacher by all three steps and show the result, in a few minutes");
    command->add_option("--student", options->student, "rad-rwkv7 or rad-rwkv6")->capture_default_str();
    command->add_option("--variant", options->variant, "balanced or groupnorm (default: groupnorm for rad-rwkv7, balanced for rad-rwkv6)");
    command->add_option("--precision", options->precision, "of the matrix products: fp32, bf16, fp16, or auto: fp16 on a processor that has it")->capture_default_str()->check(CLI::IsMember({"auto", "fp32", "bf16", "fp16"}));
    command->add_option("--device", options->device, "auto, cpu or cuda:N")->capture_default_str();
    command->add_option("--seed", options->seed, "training seed")->capture_default_str();
    command->add_option("--evaluation-seed", options->evaluationSeed, "seed of the stories that are scored")->capture_default_str();
    command->add_option("--windows", options->windows, "windows of 256 tokens that are scored")->capture_default_str()->check(CLI::Range(8, 4096));
    command->add_option("--runs", options->runs, "directory of runs");
    command->add_flag("--compare-skip-align", options->compareSkipAlign, "also convert without step 1 in the same total time");
    command->add_flag("--json", options->json, "print the result as JSON");
    command->add_flag("--quiet", options->quiet, "no progress");
    command->callback([options, &action] { action = [options] { return Demo(*options).execute(); }; });
}

}  // namespace radlads::worker
