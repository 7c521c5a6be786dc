#include "engine/server/run_view.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace radlads::server {

fs::path runsDirectory(const Arguments& arguments) {
    const auto given = arguments.value("--runs");
    return given ? fs::path(*given) : run::defaultRunsDirectory();
}

Result<run::RunInfo> findInfo(const Arguments& arguments) {
    RADLADS_TRY_ASSIGN(const fs::path directory, run::findRun(runsDirectory(arguments), arguments.positional(0)));
    std::error_code error;
    const fs::path absolute = fs::weakly_canonical(directory, error);
    return run::inspectRun(error ? directory : absolute);
}

Result<protocol::Plan> readPlan(const fs::path& runDirectory) {
    const fs::path file = runDirectory / "plan.json";
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(file, 4 << 20));
    return protocol::parsePlan(text, file.string());
}

double progressOf(const run::RunInfo& info) {
    const run::RunSummary& summary = info.summary;
    if (info.state == run::RunState::Finished) return 1.0;
    double done = static_cast<double>(summary.tokens), all = static_cast<double>(summary.totalTokens);
    if (const auto plan = readPlan(info.directory)) {
        all = 0;
        for (size_t i = 0; i < plan->steps.size(); ++i) {
            const auto tokens = static_cast<double>(plan->steps[i].tokens);
            all += tokens;
            if (static_cast<int64_t>(i) < summary.stepIndex) done += tokens;
        }
    }
    return all > 0 ? std::clamp(done / all, 0.0, 1.0) : 0.0;
}

nlohmann::ordered_json infoJson(const run::RunInfo& info) {
    nlohmann::ordered_json document = run::toJson(info.summary);
    document["state"] = toString(info.state);
    document["directory"] = info.directory.string();
    document["progress"] = progressOf(info);
    return document;
}

}  // namespace radlads::server
