// plan new: a complete plan from a preset. Reads no teacher and no data.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/protocol/text.h"
#include "engine/run/run_directory.h"
#include "engine/server/arguments.h"
#include "engine/server/commands.h"
#include "engine/server/display.h"
#include "engine/server/presets.h"

namespace radlads::server {
namespace {

namespace fs = std::filesystem;
using protocol::Plan;

const Usage& planUsage() {
    static const Usage usage{
        "plan new",
        {},
        "Writes a plan: every key with its value, made from a preset.",
        {{"--teacher", 0, Takes::One, "DIR", "the model to convert (a Hugging Face directory), or \"demo\""},
         {"--student", 0, Takes::One, "A", "rad-rwkv7 or rad-rwkv6 (default: the preset's, else rad-rwkv7)"},
         {"--data", 0, Takes::Many, "SRC", "text, jsonl (also .gz, .zst), a directory of those, or a binidx prefix"},
         {"--preset", 0, Takes::One, "P", "which preset (default: paper-rwkv7 or paper-rwkv6); --presets lists them"},
         {"--presets", 0, Takes::Nothing, "", "list the presets and end"},
         {"--variant", 0, Takes::One, "V", "balanced or groupnorm"},
         {"--name", 0, Takes::One, "N", "the name of the run (default: made of teacher and student)"},
         {"--tokens-scale", 0, Takes::One, "X", "multiply the tokens of every step"},
         {"--set", 0, Takes::Many, "KEY=VALUE", "change any key, as in steps.0.batch_size=16"},
         {"--output", 'o', Takes::One, "FILE", "where the plan goes (default: plan.json; - is the standard output)"},
         {"--force", 0, Takes::Nothing, "", "replace the file if it is there"},
         kJsonOption},
        "Example: radlads-engine plan new --teacher Qwen2.5-0.5B --data texts/ --preset small-one-gpu -o plan.json\n"};
    return usage;
}

// Plans are run from anywhere, so paths are written in full; "demo" and "demo:..." are no paths.
std::string fullPath(const std::string& path) {
    if (path == "demo" || path.starts_with("demo:") || path.empty()) return path;
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error);
    std::string text = error ? path : absolute.lexically_normal().string();
    if (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

std::string jsonText(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Sets a key from an option of its own; a message then names the option, not the key.
Status setFromOption(Plan& plan, const std::string& key, const char* option, const std::string& value) {
    Status set = protocol::setPlanKey(plan, key + "=" + jsonText(value));
    if (set) return set;
    Error error = std::move(set.error());
    const std::string place = key + ": ";
    if (const auto at = error.message.rfind(place); at != std::string::npos)
        error.message = std::string(option) + ": " + error.message.substr(at + place.size());
    return tl::unexpected(std::move(error));
}

Status applyStudent(Plan& plan, const Arguments& arguments) {
    if (const auto student = arguments.value("--student")) {
        const protocol::Architecture before = plan.student.architecture;
        RADLADS_TRY(setFromOption(plan, "student.architecture", "--student", *student));
        // The preset's options are those of its own architecture.
        if (plan.student.architecture != before) {
            const protocol::Architecture architecture = plan.student.architecture;
            plan.student = {};
            plan.student.architecture = architecture;
        }
    }
    if (const auto variant = arguments.value("--variant"))
        RADLADS_TRY(setFromOption(plan, "student.variant", "--variant", *variant));
    return {};
}

Status scaleTokens(Plan& plan, const Arguments& arguments) {
    const auto text = arguments.value("--tokens-scale");
    if (!text) return {};
    double scale = 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), scale);
    if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || !(scale > 0) || !(scale <= 1e6))
        return invalidInput(
            "--tokens-scale {}: expected a number above 0 and at most 1000000; see `radlads-engine plan new --help`",
            protocol::quote(*text));
    for (protocol::StepPlan& step : plan.steps) {
        const double tokens = std::round(static_cast<double>(step.tokens) * scale);
        step.tokens = static_cast<int64_t>(std::clamp(tokens, 1.0, 1e15));
    }
    return {};
}

std::string defaultName(const Plan& plan) {
    const std::string teacher = fs::path(plan.teacher.path).filename().string();
    return fmt::format("{}-{}", teacher.substr(0, 60), toString(plan.student.architecture));
}

Result<Plan> makePlan(const Arguments& arguments) {
    const auto teacher = arguments.value("--teacher");
    if (!teacher || teacher->empty()) return invalidInput("--teacher is missing; see `radlads-engine plan new --help`");
    const std::vector<std::string> sources = arguments.values("--data");
    if (sources.empty()) return invalidInput("--data is missing; see `radlads-engine plan new --help`");
    const auto preset = arguments.value("--preset");
    const std::string standard =
        arguments.value("--student").value_or("rad-rwkv7") == "rad-rwkv6" ? "paper-rwkv6" : "paper-rwkv7";
    RADLADS_TRY_ASSIGN(Plan plan, readPreset(preset.value_or(standard)));
    plan.teacher.path = fullPath(*teacher);
    plan.data.sources.clear();
    for (const std::string& source : sources) plan.data.sources.push_back({fullPath(source), {}, "text", 1.0});
    RADLADS_TRY(applyStudent(plan, arguments));
    RADLADS_TRY(scaleTokens(plan, arguments));
    plan.name = defaultName(plan);
    if (const auto name = arguments.value("--name")) RADLADS_TRY(setFromOption(plan, "name", "--name", *name));
    for (const std::string& assignment : arguments.values("--set")) RADLADS_TRY(protocol::setPlanKey(plan, assignment));
    RADLADS_TRY(protocol::resolvePlan(plan));
    return plan;
}

Status writeNewFile(const fs::path& file, const std::string& text, bool force) {
    std::error_code error;
    if (!force && fs::exists(fs::symlink_status(file, error)))
        return invalidInput("{} exists already; give another name with -o, or --force to replace it", file.string());
    return run::writeFileAtomically(file, text);
}

void report(const Plan& plan, const std::string& file, bool json) {
    double tokens = 0;
    for (const protocol::StepPlan& step : plan.steps) tokens += static_cast<double>(step.tokens);
    if (json) {
        const nlohmann::ordered_json document = {{"plan", file},
                                                 {"name", plan.name},
                                                 {"student", toString(plan.student.architecture)},
                                                 {"steps", plan.steps.size()},
                                                 {"tokens", tokens}};
        fmt::print("{}\n", document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
        return;
    }
    fmt::print("Wrote {}: {} to {}, {} {}, {} tokens.\nNext: radlads-engine check {}\n", printable(file),
               printable(plan.teacher.path), toString(plan.student.architecture), plan.steps.size(),
               plan.steps.size() == 1 ? "step" : "steps", countText(tokens), printable(file));
}

void listPresets(bool json) {
    const std::vector<std::string> names = presetNames();
    if (json)
        fmt::print("{}\n", nlohmann::json(names).dump());
    else
        for (const std::string& name : names) fmt::print("{}\n", name);
}

}  // namespace

Status planCommand(const Words& words) {
    if (words.empty()) return invalidInput("`plan` needs the word `new`; see `radlads-engine plan new --help`");
    const bool help = words[0] == "--help" || words[0] == "-h";
    if (!help && words[0] != "new")
        return invalidInput("there is no command \"plan\" {}; see `radlads-engine plan new --help`",
                            protocol::quote(words[0]));
    RADLADS_TRY_ASSIGN(const Arguments arguments,
                       parseArguments(planUsage(), Words(words.begin() + (help ? 0 : 1), words.end())));
    if (arguments.wantsHelp()) {
        fmt::print("{}", helpText(planUsage()));
        return {};
    }
    const bool json = arguments.has("--json");
    if (arguments.has("--presets")) {
        listPresets(json);
        return {};
    }
    RADLADS_TRY_ASSIGN(const Plan plan, makePlan(arguments));
    const std::string output = arguments.value("--output").value_or("plan.json");
    if (output == "-") {
        fmt::print("{}", protocol::writePlan(plan));
        return {};
    }
    RADLADS_TRY(writeNewFile(output, protocol::writePlan(plan), arguments.has("--force")));
    report(plan, output, json);
    return {};
}

}  // namespace radlads::server
