// list, and the commands that are a line in a run's commands.ndjson.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/run/run_directory.h"
#include "engine/server/arguments.h"
#include "engine/server/commands.h"
#include "engine/server/display.h"
#include "engine/server/run_view.h"

namespace radlads::server {
namespace {

std::string optionalText(const std::optional<double>& value, std::string (*text)(double)) {
    return value ? text(*value) : "-";
}

std::vector<std::string> listRow(const run::RunInfo& info) {
    const run::RunSummary& summary = info.summary;
    const bool live = info.state == run::RunState::Running;
    const std::string step = summary.stepCount > 0
                                 ? fmt::format("{}/{} {}", std::min(summary.stepIndex + 1, summary.stepCount),
                                               summary.stepCount, printable(summary.stepKind))
                                 : "-";
    const auto age = secondsSince(summary.created);
    return {printable(info.directory.filename().string()),
            toString(info.state),
            step,
            fmt::format("{:.0f} %", 100 * progressOf(info)),
            optionalText(summary.loss, numberText),
            live ? optionalText(summary.tokensPerSecond, countText) : "-",
            live ? optionalText(summary.etaSeconds, durationText) : "-",
            age ? durationText(*age) : "-"};
}

constexpr const char* kEmptyState =
    "There are no runs in {} yet.\n"
    "Start one: `radlads-engine demo` converts the embedded teacher in a few minutes; `radlads-engine plan new --help` "
    "starts from a model of yours.\n";

std::string listText(const std::vector<run::RunInfo>& runs) {
    std::vector<std::vector<std::string>> rows{{"NAME", "STATE", "STEP", "PROGRESS", "LOSS", "TOK/S", "LEFT", "AGE"}};
    std::string notes;
    for (const run::RunInfo& info : runs) {
        rows.push_back(listRow(info));
        if (info.state == run::RunState::Failed && !info.summary.message.empty())
            notes +=
                fmt::format("{}: {}\n", printable(info.directory.filename().string()), printable(info.summary.message));
    }
    return tableText(rows) + (notes.empty() ? "" : "\n" + notes);
}

struct Remote {
    const char* command;
    const char* summary;
    const char* promise;  // what the worker does next
};
constexpr Remote kPause{"pause",
                        "Makes a run wait after its current update; `radlads-engine resume RUN` lets it go on.",
                        "it waits after the current update"};
constexpr Remote kStop{"stop", "Makes a run save a checkpoint and end; `radlads-engine resume RUN` goes on from there.",
                       "it saves a checkpoint and ends"};
constexpr Remote kCheckpoint{"checkpoint", "Makes a run save a checkpoint after its current update.",
                             "it saves a checkpoint after the current update"};
constexpr Remote kResume{"resume", "", "it goes on"};

Status tell(const Remote& remote, const fs::path& directory, bool json) {
    RADLADS_TRY(run::appendCommand(directory, remote.command, nlohmann::json::object()));
    const std::string name = directory.filename().string();
    if (json)
        fmt::print(
            "{}\n",
            nlohmann::ordered_json{
                {"run", name}, {"directory", directory.string()}, {"command", remote.command}, {"accepted", true}}
                .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    else
        fmt::print("{}: told {}; {}\n", remote.command, printable(name), remote.promise);
    return {};
}

Status remoteCommand(const Remote& remote, const Words& words) {
    const Usage usage{remote.command,
                      {"RUN"},
                      remote.summary,
                      {kRunsOption, kJsonOption},
                      "RUN is a directory, or the name (or the start of it) that `radlads-engine list` shows.\n"};
    RADLADS_TRY_ASSIGN(const Arguments arguments, parseArguments(usage, words));
    if (arguments.wantsHelp()) {
        fmt::print("{}", helpText(usage));
        return {};
    }
    RADLADS_TRY_ASSIGN(const run::RunInfo info, findInfo(arguments));
    if (!run::RunLock::isHeld(info.directory))
        return failed("run {} is not running (it is {}), so it cannot be told to {}",
                      printable(info.directory.filename().string()), toString(info.state), remote.command);
    return tell(remote, info.directory, arguments.has("--json"));
}

}  // namespace

Status listCommand(const Words& words) {
    const Usage usage{"list", {}, "Lists all runs, the newest first.", {kRunsOption, kJsonOption}, ""};
    RADLADS_TRY_ASSIGN(const Arguments arguments, parseArguments(usage, words));
    if (arguments.wantsHelp()) {
        fmt::print("{}", helpText(usage));
        return {};
    }
    const fs::path directory = runsDirectory(arguments);
    const std::vector<run::RunInfo> runs = run::listRuns(directory);
    if (arguments.has("--json")) {
        auto list = nlohmann::ordered_json::array();
        for (const run::RunInfo& info : runs) list.push_back(infoJson(info));
        fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    } else if (runs.empty()) {
        fmt::print(kEmptyState, directory.string());
    } else {
        fmt::print("{}", listText(runs));
    }
    return {};
}

Status pauseCommand(const Words& words) {
    return remoteCommand(kPause, words);
}
Status stopCommand(const Words& words) {
    return remoteCommand(kStop, words);
}
Status checkpointCommand(const Words& words) {
    return remoteCommand(kCheckpoint, words);
}

// The worker's options are not known here, so any word may be the run: the first one that names a live run is told.
Result<bool> resumeLiveRun(const Words& words) {
    fs::path runs = run::defaultRunsDirectory();
    bool json = false;
    for (size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--help" || words[i] == "-h") return false;
        json = json || words[i] == "--json";
        if (words[i] == "--runs" && i + 1 < words.size()) runs = words[i + 1];
        if (words[i].starts_with("--runs=")) runs = words[i].substr(7);
    }
    for (const std::string& word : words) {
        if (word.starts_with("-")) continue;
        const auto found = run::findRun(runs, word);
        if (!found || !run::RunLock::isHeld(*found)) continue;
        RADLADS_TRY(tell(kResume, *found, json));
        return true;
    }
    return false;
}

}  // namespace radlads::server
