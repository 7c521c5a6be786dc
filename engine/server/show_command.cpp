// show: a run's plan, where it stands, and what its journal tells of steps, checkpoints and evaluations.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/server/arguments.h"
#include "engine/server/commands.h"
#include "engine/server/display.h"
#include "engine/server/run_view.h"

namespace radlads::server {
namespace {

using nlohmann::json;

constexpr size_t kShownEvents = 10;  // of checkpoints and of evaluations

struct StepFigures {
    std::optional<double> loss, validationLoss, tokens;
};

// What the journal says, in memory that does not grow with it.
struct JournalSummary {
    std::vector<StepFigures> steps;  // as many as the plan has
    std::deque<json> checkpoints, evaluations, warnings;
    uint64_t skippedLines = 0;
};

std::optional<double> numberAt(const json& event, const char* key) {
    const auto found = event.find(key);
    if (found == event.end() || !found->is_number()) return std::nullopt;
    return found->get<double>();
}

std::string textAt(const json& event, const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_string() ? printable(found->get<std::string>()) : std::string();
}

// The figures of the step that an event names by its number from 0; null if the plan has no such step.
StepFigures* stepOf(JournalSummary& summary, const json& event) {
    const auto index = event.find("step_index");
    const bool known =
        index != event.end() && index->is_number_unsigned() && index->get<uint64_t>() < summary.steps.size();
    return known ? &summary.steps[index->get<size_t>()] : nullptr;
}

void addFigures(JournalSummary& summary, const json& event) {
    StepFigures* step = stepOf(summary, event);
    if (!step) return;
    if (const auto loss = numberAt(event, "loss")) step->loss = loss;
    if (const auto loss = numberAt(event, "validation_loss")) step->validationLoss = loss;
    if (const auto tokens = numberAt(event, "tokens")) step->tokens = tokens;
}

void keepLast(std::deque<json>& kept, const json& event) {
    kept.push_back(event);
    if (kept.size() > kShownEvents) kept.pop_front();
}

Result<JournalSummary> readJournal(const fs::path& directory, size_t steps) {
    JournalSummary summary;
    summary.steps.resize(steps);
    run::JournalReader reader(directory / "events.ndjson");
    for (;;) {
        RADLADS_TRY_ASSIGN(const std::vector<json> events, reader.next());
        if (events.empty()) break;
        for (const json& event : events) {
            const std::string name = textAt(event, "event");
            if (name == "metrics" || name == "evaluation") addFigures(summary, event);
            if (name == "checkpoint.saved") keepLast(summary.checkpoints, event);
            if (name == "evaluation") keepLast(summary.evaluations, event);
            if (name == "warning" || name == "rollback") keepLast(summary.warnings, event);
        }
    }
    summary.skippedLines = reader.skippedLines();
    return summary;
}

std::string stepsText(const protocol::Plan& plan, const JournalSummary& journal) {
    std::vector<std::vector<std::string>> rows{
        {"STEP", "TOKENS", "DONE", "LENGTH", "BATCH", "RATE", "LOSS", "VALIDATION"}};
    for (size_t i = 0; i < plan.steps.size(); ++i) {
        const protocol::StepPlan& step = plan.steps[i];
        const StepFigures& figures = journal.steps[i];
        rows.push_back({fmt::format("{} {}", i + 1, toString(step.kind)), countText(static_cast<double>(step.tokens)),
                        figures.tokens ? countText(*figures.tokens) : "-", fmt::format("{}", step.sequenceLength),
                        fmt::format("{}", step.batchSize),
                        fmt::format("{:g} to {:g}", step.learningRate.initial, step.learningRate.final),
                        figures.loss ? numberText(*figures.loss) : "-",
                        figures.validationLoss ? numberText(*figures.validationLoss) : "-"});
    }
    return tableText(rows);
}

std::string eventsText(const char* title, const std::deque<json>& events) {
    if (events.empty()) return "";
    std::string text = fmt::format("\n{}:\n", title);
    for (const json& event : events) {
        std::string figures;
        for (auto entry = event.begin(); entry != event.end(); ++entry) {
            if (entry.key() == "seq" || entry.key() == "time" || entry.key() == "event" || entry->is_null()) continue;
            const std::string value = entry->is_string() ? entry->get<std::string>()
                                      : entry->is_number_float()
                                          ? numberText(entry->get<double>())
                                          : entry->dump(-1, ' ', false, json::error_handler_t::replace);
            figures += fmt::format("  {} {}", entry.key(), value.size() > 200 ? value.substr(0, 200) + "..." : value);
        }
        text += fmt::format("  {}{}\n", textAt(event, "time"), printable(figures));
    }
    return text;
}

std::string headText(const run::RunInfo& info, const std::optional<protocol::Plan>& plan) {
    const run::RunSummary& summary = info.summary;
    std::string text = fmt::format("{}\n", printable(info.directory.filename().string()));
    const auto line = [&](const char* label, const std::string& value) {
        text += fmt::format("  {:<10} {}\n", label, value);
    };
    line("directory", printable(info.directory.string()));
    line("state", fmt::format("{}, {:.0f} % done", toString(info.state), 100 * progressOf(info)));
    if (!summary.message.empty()) line("message", printable(summary.message));
    if (plan) {
        if (!plan->teacher.path.empty()) line("teacher", printable(plan->teacher.path));
        line("student",
             fmt::format("{}{}", toString(plan->student.architecture),
                         plan->student.variant ? fmt::format(", {}", toString(*plan->student.variant)) : ""));
        for (const protocol::SourcePlan& source : plan->data.sources) line("data", printable(source.path));
    }
    if (info.state == run::RunState::Running && summary.tokensPerSecond)
        line("speed", countText(*summary.tokensPerSecond) + " tok/s");
    if (info.state == run::RunState::Running && summary.etaSeconds) line("left", durationText(*summary.etaSeconds));
    if (summary.rollbacks > 0) line("rollbacks", fmt::format("{}", summary.rollbacks));
    line("created", printable(summary.created));
    return text;
}

json figureJson(const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
}

nlohmann::ordered_json showJson(const run::RunInfo& info, const std::optional<protocol::Plan>& plan,
                                const JournalSummary& journal) {
    nlohmann::ordered_json document = infoJson(info);
    document["steps"] = nlohmann::ordered_json::array();
    for (const StepFigures& step : journal.steps)
        document["steps"].push_back({{"loss", figureJson(step.loss)},
                                     {"validation_loss", figureJson(step.validationLoss)},
                                     {"tokens", figureJson(step.tokens)}});
    document["checkpoints"] = journal.checkpoints;
    document["evaluations"] = journal.evaluations;
    document["warnings"] = journal.warnings;
    document["skipped_lines"] = journal.skippedLines;
    document["plan"] =
        plan ? nlohmann::ordered_json::parse(protocol::writePlan(*plan)) : nlohmann::ordered_json(nullptr);
    return document;
}

}  // namespace

Status showCommand(const Words& words) {
    const Usage usage{"show",
                      {"RUN"},
                      "Shows one run: its plan, where it stands, losses of its steps, checkpoints and evaluations.",
                      {kRunsOption, kJsonOption},
                      "RUN is a directory, or the name (or the start of it) that `radlads-engine list` shows.\n"};
    RADLADS_TRY_ASSIGN(const Arguments arguments, parseArguments(usage, words));
    if (arguments.wantsHelp()) {
        fmt::print("{}", helpText(usage));
        return {};
    }
    RADLADS_TRY_ASSIGN(const run::RunInfo info, findInfo(arguments));
    std::optional<protocol::Plan> plan;
    auto read = readPlan(info.directory);
    if (read) plan = std::move(*read);
    RADLADS_TRY_ASSIGN(const JournalSummary journal, readJournal(info.directory, plan ? plan->steps.size() : 0));
    if (arguments.has("--json")) {
        fmt::print("{}\n",
                   showJson(info, plan, journal).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
        return {};
    }
    fmt::print("{}\n{}", headText(info, plan),
               plan ? stepsText(*plan, journal) : printable(read.error().message) + "\n");
    fmt::print("{}{}{}", eventsText("Checkpoints", journal.checkpoints), eventsText("Evaluations", journal.evaluations),
               eventsText("Warnings", journal.warnings));
    if (journal.skippedLines > 0)
        fmt::print("\n{} damaged lines of the journal were left out.\n", journal.skippedLines);
    return {};
}

}  // namespace radlads::server
