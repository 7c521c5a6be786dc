// run PLAN and resume RUN.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/run/run_directory.h"
#include "engine/train/run_loop.h"
#include "engine/worker/command.h"
#include "engine/worker/progress.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;

struct RunCommandOptions {
    std::string plan, runs, directory, device, run;
    std::vector<std::string> assignments;
    bool json = false, quiet = false;
};

// Runs a directory to its end, with progress, and says how it ended.
Result<int> execute(const fs::path& directory, const RunCommandOptions& options) {
    ProgressDisplay progress(!options.quiet);
    progress.message(fmt::format("Run {}", directory.string()));
    train::RunOptions runOptions;
    runOptions.interrupts = &interrupts();
    runOptions.onUpdate = [&](const train::UpdateReport& report) { progress.update(report); };
    runOptions.onMessage = [&](const std::string& line) { progress.message(line); };
    runOptions.onPrepare = progress.prepareCallback();
    const auto end = train::executeRun(directory, runOptions);
    progress.finish();
    if (!end) return tl::unexpected(end.error());
    const char* state = *end == train::RunEnd::Finished ? "finished" : "stopped";
    if (options.json) {
        printJson({{"run", directory.string()}, {"state", state}, {"model", *end == train::RunEnd::Finished ? nlohmann::ordered_json((directory / "model").string()) : nullptr}});
    } else if (*end == train::RunEnd::Finished) {
        fmt::print("Finished: the model is in {}\n", (directory / "model").string());
    } else {
        fmt::print("Stopped with a checkpoint; go on with `radlads-engine resume {}`\n", directory.string());
    }
    return *end == train::RunEnd::Interrupted ? 130 : 0;
}

fs::path runsDirectory(const RunCommandOptions& options) {
    return options.runs.empty() ? run::defaultRunsDirectory() : fs::path(options.runs);
}

Result<int> runPlan(const RunCommandOptions& options) {
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(options.plan, 4 << 20));
    RADLADS_TRY_ASSIGN(protocol::Plan plan, protocol::parsePlan(text, options.plan));
    for (const std::string& assignment : options.assignments) RADLADS_TRY(protocol::setPlanKey(plan, assignment));
    if (!options.device.empty()) plan.hardware.device = options.device;
    RADLADS_TRY(protocol::resolvePlan(plan));
    RADLADS_TRY(train::checkSupported(plan));
    const auto directory = options.directory.empty() ? std::optional<fs::path>() : fs::path(options.directory);
    RADLADS_TRY_ASSIGN(const fs::path created, run::createRun(runsDirectory(options), plan, directory));
    return execute(created, options);
}

Result<int> resumeRun(const RunCommandOptions& options) {
    RADLADS_TRY_ASSIGN(const fs::path directory, run::findRun(runsDirectory(options), options.run));
    RADLADS_TRY_ASSIGN(const run::RunInfo info, run::inspectRun(directory));
    if (info.state == run::RunState::Finished) {
        fmt::print("{} is finished already: the model is in {}\n", directory.string(), (directory / "model").string());
        return 0;
    }
    return execute(directory, options);
}

}  // namespace

void addRunCommands(CLI::App& app, Action& action) {
    auto options = std::make_shared<RunCommandOptions>();
    const auto addCommon = [&](CLI::App* command) {
        command->add_option("--runs", options->runs, "directory of runs (default: RADLADS_RUNS, else ~/.local/share/radlads/runs)");
        command->add_flag("--json", options->json, "print the result as JSON; progress stays on stderr");
        command->add_flag("--quiet", options->quiet, "no progress");
    };
    CLI::App* run = app.add_subcommand("run", "Run a plan. Ctrl-C once: checkpoint and stop; twice: stop now");
    run->add_option("PLAN", options->plan, "plan.json")->required();
    run->add_option("--set", options->assignments, "KEY=VALUE changes a key of the plan, e.g. steps.0.tokens=1e6 (repeatable)")->allow_extra_args(false);
    run->add_option("--device", options->device, "auto, cpu or cuda:N");
    run->add_option("--directory", options->directory, "the run directory itself (default: a new one below --runs)");
    addCommon(run);
    run->callback([options, &action] { action = [options] { return runPlan(*options); }; });

    CLI::App* resume = app.add_subcommand("resume", "Go on with a run from its newest valid checkpoint, exactly");
    resume->add_option("RUN", options->run, "run directory, or its name or a unique start of it")->required();
    addCommon(resume);
    resume->callback([options, &action] { action = [options] { return resumeRun(*options); }; });
}

}  // namespace radlads::worker
