#include "engine/run/run_directory.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "engine/protocol/text.h"

namespace radlads::run {
namespace {

struct StateName {
    RunState state;
    const char* name;
};
constexpr std::array<StateName, 7> kStateNames{{{RunState::New, "new"},
                                                {RunState::Running, "running"},
                                                {RunState::Paused, "paused"},
                                                {RunState::Finished, "finished"},
                                                {RunState::Stopped, "stopped"},
                                                {RunState::Failed, "failed"},
                                                {RunState::Interrupted, "interrupted"}}};

// The plan's name as a part of a file name.
std::string directoryName(const std::string& name) {
    constexpr std::size_t kMost = 64;
    std::string result;
    for (const unsigned char c : name.substr(0, kMost)) {
        const bool plain = std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
        result += plain && !(result.empty() && (c == '.' || c == '-')) ? static_cast<char>(c) : '-';
    }
    result.erase(0, result.find_first_not_of('-'));
    return result.empty() ? "run" : result;
}

bool isRun(const fs::path& directory) {
    std::error_code error;
    return fs::exists(directory / "run.json", error) || fs::exists(directory / "plan.json", error);
}

Status makeDirectories(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return systemError("making the directory " + directory.string(), error.value());
    return {};
}

// mkdir tells in one step whether the name was free, also beside another process that starts a run in the same second.
Result<fs::path> makeNumberedDirectory(const fs::path& runsDirectory, const std::string& name) {
    constexpr int kMostTries = 10000;
    for (int number = 1; number <= kMostTries; ++number) {
        const fs::path directory = runsDirectory / (number == 1 ? name : fmt::format("{}-{}", name, number));
        std::error_code error;
        if (fs::create_directory(directory, error)) return directory;
        if (error && error.value() != EEXIST)
            return systemError("making the directory " + directory.string(), error.value());
    }
    return failed("{} holds {} runs named {}; choose another name", runsDirectory.string(), kMostTries, name);
}

Result<fs::path> makeRunDirectory(const fs::path& runsDirectory, const std::string& planName,
                                  const std::optional<fs::path>& directory) {
    if (!directory) {
        RADLADS_TRY(makeDirectories(runsDirectory));
        const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
        return makeNumberedDirectory(runsDirectory,
                                     fmt::format("{}-{:%Y%m%d-%H%M%S}", directoryName(planName), fmt::gmtime(now)));
    }
    RADLADS_TRY(makeDirectories(*directory));
    std::error_code error;
    const bool empty = fs::is_empty(*directory, error);
    if (error) return systemError("reading the directory " + directory->string(), error.value());
    if (!empty) return invalidInput("{} is not empty; a new run needs a directory of its own", directory->string());
    return fs::path(*directory);
}

// "runs/a/" and "." have no last name of their own.
std::string lastName(const fs::path& directory) {
    std::error_code error;
    const fs::path absolute = fs::absolute(directory, error).lexically_normal();
    return absolute.has_filename() ? absolute.filename().string() : absolute.parent_path().filename().string();
}

RunState stateOf(const RunSummary& summary, bool held) {
    if (summary.state == "running") return held ? RunState::Running : RunState::Interrupted;
    if (summary.state == "new" && held) return RunState::Running;
    for (const StateName& entry : kStateNames)
        if (summary.state == entry.name) return entry.state;
    return RunState::Failed;
}

RunInfo brokenRun(const fs::path& directory, const Error& error) {
    RunInfo info{directory, {}, RunState::Failed};
    info.summary.id = info.summary.name = lastName(directory);
    info.summary.state = "failed";
    info.summary.message = error.message;
    return info;
}

std::vector<fs::path> runDirectories(const fs::path& runsDirectory) {
    std::vector<fs::path> result;
    std::error_code error;
    for (fs::directory_iterator entry(runsDirectory, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        if (entry->is_directory(ignored) && isRun(entry->path())) result.push_back(entry->path());
    }
    std::sort(result.begin(), result.end());
    return result;
}

}  // namespace

const char* toString(RunState state) {
    for (const StateName& entry : kStateNames)
        if (entry.state == state) return entry.name;
    return "?";
}

Result<fs::path> createRun(const fs::path& runsDirectory, const protocol::Plan& plan,
                           const std::optional<fs::path>& directory) {
    RADLADS_TRY_ASSIGN(const fs::path run, makeRunDirectory(runsDirectory, plan.name, directory));
    RunSummary summary;
    summary.id = lastName(run);
    summary.name = plan.name;
    summary.created = summary.updated = utcNow();
    summary.stepCount = static_cast<int64_t>(plan.steps.size());
    if (!plan.steps.empty()) {
        summary.stepKind = protocol::toString(plan.steps.front().kind);
        summary.totalTokens = plan.steps.front().tokens;
    }
    Status written = writeFileAtomically(run / "plan.json", protocol::writePlan(plan));
    if (written) written = writeSummary(run, summary);
    if (!written) {  // half a run is none
        std::error_code ignored;
        fs::remove(run / "plan.json", ignored);
        fs::remove(run, ignored);
        return tl::unexpected(std::move(written.error()));
    }
    return run;
}

Result<RunInfo> inspectRun(const fs::path& runDirectory) {
    if (!isRun(runDirectory)) return invalidInput("{} is no run: it has no run.json", runDirectory.string());
    RADLADS_TRY_ASSIGN(RunSummary summary, readSummary(runDirectory));
    const RunState state = stateOf(summary, RunLock::isHeld(runDirectory));
    return RunInfo{runDirectory, std::move(summary), state};
}

std::vector<RunInfo> listRuns(const fs::path& runsDirectory) {
    std::vector<RunInfo> runs;
    for (const fs::path& directory : runDirectories(runsDirectory)) {
        auto info = inspectRun(directory);
        runs.push_back(info ? std::move(*info) : brokenRun(directory, info.error()));
    }
    // RFC 3339 UTC sorts as text; broken runs have no time and come last.
    std::stable_sort(runs.begin(), runs.end(),
                     [](const RunInfo& a, const RunInfo& b) { return a.summary.created > b.summary.created; });
    return runs;
}

Result<fs::path> findRun(const fs::path& runsDirectory, const std::string& nameOrPath) {
    if (nameOrPath.empty()) return invalidInput("the name of the run is empty; `radlads-engine list` shows the names");
    if (isRun(nameOrPath)) return fs::path(nameOrPath);
    if (nameOrPath.find('/') != std::string::npos) return invalidInput("there is no run at {}", nameOrPath);
    std::vector<std::string> matches, names;
    for (const fs::path& directory : runDirectories(runsDirectory)) {
        names.push_back(directory.filename().string());
        if (names.back() == nameOrPath) return directory;
        if (names.back().starts_with(nameOrPath)) matches.push_back(names.back());
    }
    if (matches.size() == 1) return runsDirectory / matches.front();
    if (matches.size() > 1)
        return invalidInput("{} runs in {} start with {} ({}, {}, ...); give more of the name", matches.size(),
                            runsDirectory.string(), protocol::quote(nameOrPath), matches[0], matches[1]);
    const auto hint = protocol::nearest(nameOrPath, names);
    return invalidInput("there is no run {} in {}; {}", protocol::quote(nameOrPath), runsDirectory.string(),
                        hint ? "did you mean \"" + *hint + "\"?" : "`radlads-engine list` shows the names");
}

}  // namespace radlads::run
