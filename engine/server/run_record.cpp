#include "engine/server/run_record.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/run/run_directory.h"
#include "engine/server/run_view.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;

constexpr int kMostFiles = 10000;  // counted for the size of a run

ordered_json figure(const std::optional<double>& value) {
    if (!value) return nullptr;
    if (std::isnan(*value)) return "nan";
    if (std::isinf(*value)) return *value > 0 ? "inf" : "-inf";
    return *value;
}

}  // namespace

std::string timeText(fs::file_time_type time) {
    const auto system = std::chrono::floor<std::chrono::milliseconds>(std::chrono::file_clock::to_sys(time));
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(system)),
                       system.time_since_epoch().count() % 1000);
}

void RunRecordMaker::readPlan() {
    std::error_code error;
    const auto time = fs::last_write_time(m_directory / "plan.json", error);
    if (!error && time == m_planTime && !m_plan.is_null()) return;
    m_planTime = time;
    m_plan = {{"plan_tokens", nullptr},
              {"step_tokens", ordered_json::array()},
              {"step_kinds", ordered_json::array()},
              {"teacher", nullptr},
              {"student", nullptr},
              {"variant", nullptr}};
    const auto plan = server::readPlan(m_directory);
    if (!plan) return;
    int64_t all = 0;
    for (const protocol::StepPlan& step : plan->steps) {
        all += step.tokens;
        m_plan["step_tokens"].push_back(step.tokens);
        m_plan["step_kinds"].push_back(toString(step.kind));
    }
    m_plan["plan_tokens"] = all;
    m_plan["teacher"] = plan->teacher.path;
    m_plan["student"] = toString(plan->student.architecture);
    if (plan->student.variant) m_plan["variant"] = toString(*plan->student.variant);
}

// The newest by its name, which holds step and update; the time is that of its state.json, written last.
ordered_json RunRecordMaker::newestCheckpoint() const {
    std::error_code error;
    fs::path newest;
    for (fs::directory_iterator entry(m_directory / "checkpoints", error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        if (entry->path().filename().string().starts_with(".") || !fs::exists(entry->path() / "state.json", ignored))
            continue;
        if (entry->path().filename() > newest.filename()) newest = entry->path();
    }
    if (newest.empty()) return nullptr;
    ordered_json result = {{"time", nullptr}, {"update", nullptr}, {"tokens", nullptr}, {"step_index", nullptr}};
    if (const auto time = fs::last_write_time(newest / "state.json", error); !error) result["time"] = timeText(time);
    const auto text = run::readFile(newest / "state.json", 1 << 20);
    const auto state = text ? ordered_json::parse(*text, nullptr, false) : ordered_json();
    if (!state.is_object() || !state.contains("position") || !state["position"].is_object()) return result;
    for (const char* key : {"update", "tokens", "step_index"})
        if (const auto found = state["position"].find(key);
            found != state["position"].end() && found->is_number_integer())
            result[key] = *found;
    return result;
}

// Files are added up once the run has ended: while it runs, checkpoints come and go.
ordered_json RunRecordMaker::sizeBytes(bool running) {
    if (running) {
        m_size.reset();
        return nullptr;
    }
    if (m_size) return *m_size;
    uint64_t sum = 0;
    int count = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(m_directory, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        if (++count > kMostFiles) return nullptr;
        if (!entry->is_symlink(ignored) && entry->is_regular_file(ignored)) {
            const auto size = entry->file_size(ignored);
            if (!ignored) sum += size;
        }
    }
    m_size = sum;
    return sum;
}

ordered_json RunRecordMaker::make(bool starting, std::optional<std::size_t> queuePosition) {
    readPlan();
    m_labels = readLabels(m_directory);
    auto inspected = run::inspectRun(m_directory);
    run::RunInfo info{m_directory, {}, run::RunState::Failed};
    if (inspected)
        info = std::move(*inspected);
    else
        info.summary.message = inspected.error().message;
    const run::RunSummary& summary = info.summary;
    const std::string directoryName = m_directory.filename().string();

    std::string state = toString(info.state);
    const bool held = info.state == run::RunState::Running || info.state == run::RunState::Paused;
    if (starting && !held) state = "running";
    if (queuePosition && info.state != run::RunState::Running) state = "queued";
    const bool running = state == "running";

    // Tokens of the steps before the present one, and of the present one so far.
    int64_t done = summary.tokens, all = summary.totalTokens;
    if (m_plan["plan_tokens"].is_number()) {
        all = m_plan["plan_tokens"].get<int64_t>();
        int64_t index = 0;
        for (const auto& tokens : m_plan["step_tokens"])
            if (index++ < summary.stepIndex) done += tokens.get<int64_t>();
    }
    if (info.state == run::RunState::Finished) done = all;
    std::error_code error;
    ordered_json record = {
        {"run", directoryName},
        {"id", summary.id.empty() ? directoryName : summary.id},
        {"name", !m_labels.name.empty() ? m_labels.name
                 : summary.name.empty() ? directoryName
                                        : summary.name},
        {"state", state},
        {"created", summary.created},
        {"updated", summary.updated},
        {"step_index", summary.stepIndex},
        {"step_count", summary.stepCount},
        {"step_kind", summary.stepKind},
        {"update", summary.update},
        {"tokens", summary.tokens},
        {"total_tokens", summary.totalTokens},
        {"loss", figure(summary.loss)},
        {"tokens_per_second", figure(summary.tokensPerSecond)},
        {"eta_seconds", figure(summary.etaSeconds)},
        {"rollbacks", summary.rollbacks},
        {"message", summary.message},
        {"directory", m_directory.string()},
        {"progress", all > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(all), 0.0, 1.0) : 0.0},
        {"plan_tokens", m_plan["plan_tokens"]},
        {"tokens_done", done},
        {"step_tokens", m_plan["step_tokens"]},
        {"step_kinds", m_plan["step_kinds"]},
        {"teacher", m_plan["teacher"]},
        {"student", m_plan["student"]},
        {"variant", m_plan["variant"]},
        {"tags", m_labels.tags},
        {"notes", m_labels.notes},
        {"queue_position", queuePosition ? ordered_json(*queuePosition) : ordered_json()},
        {"newest_checkpoint", newestCheckpoint()},
        {"has_model", fs::exists(m_directory / "model" / "config.json", error)},
        {"size_bytes", sizeBytes(running)}};
    return record;
}

}  // namespace radlads::server
