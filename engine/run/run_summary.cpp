// run.json: the table of its keys, reading and writing.
#include <algorithm>
#include <array>
#include <charconv>

#include "engine/protocol/json_fields.h"
#include "engine/run/run_directory.h"

namespace radlads::run {
namespace {

constexpr std::size_t kMaxSummaryBytes = 1 << 20;
constexpr std::size_t kMaxSummaryDepth = 16;
constexpr std::string_view kSchemaName = "radlads.run/";
constexpr int kReadsUpTo = 1;  // of radlads.run/N

constexpr std::array kStates{"new", "running", "paused", "finished", "stopped", "failed"};

std::optional<std::string> stateName(const std::string& text) {
    if (std::find(kStates.begin(), kStates.end(), text) != kStates.end()) return std::nullopt;
    return "is no state of a run";
}

}  // namespace

constexpr auto fields(protocol::Tag<RunSummary>) {
    using protocol::field;
    constexpr protocol::Check count = protocol::between(0, 1e18);
    constexpr protocol::Check measure = {.nonFinite = true};
    return std::tuple{field("id", &RunSummary::id),
                      field("name", &RunSummary::name),
                      field("state", &RunSummary::state, protocol::textIs(stateName)),
                      field("created", &RunSummary::created),
                      field("updated", &RunSummary::updated),
                      field("step_index", &RunSummary::stepIndex, count),
                      field("step_count", &RunSummary::stepCount, count),
                      field("step_kind", &RunSummary::stepKind),
                      field("update", &RunSummary::update, count),
                      field("tokens", &RunSummary::tokens, count),
                      field("total_tokens", &RunSummary::totalTokens, count),
                      field("loss", &RunSummary::loss, measure),
                      field("tokens_per_second", &RunSummary::tokensPerSecond, measure),
                      field("eta_seconds", &RunSummary::etaSeconds, measure),
                      field("rollbacks", &RunSummary::rollbacks, count),
                      field("message", &RunSummary::message)};
}

namespace {

Status checkSchema(const nlohmann::json& document, const std::string& where) {
    const auto schema = document.is_object() ? document.find("schema") : document.end();
    std::string text;
    if (document.is_object() && schema != document.end() && schema->is_string()) text = schema->get<std::string>();
    int version = 0;
    if (std::string_view(text).starts_with(kSchemaName)) {
        const auto parsed = std::from_chars(text.data() + kSchemaName.size(), text.data() + text.size(), version);
        if (parsed.ec == std::errc::result_out_of_range)
            version = kReadsUpTo + 1;
        else if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
            version = 0;
    }
    if (version < 1)
        return invalidInput("{}: expected \"schema\": \"{}{}\"; this file does not describe a run", where, kSchemaName,
                            kReadsUpTo);
    if (version > kReadsUpTo)
        return invalidInput("{}: this run is schema {}; this program reads up to /{}: update Radlads Studio", where,
                            text.substr(0, kSchemaName.size() + 20), kReadsUpTo);
    return {};
}

}  // namespace

Result<RunSummary> readSummary(const fs::path& runDirectory) {
    const std::string where = (runDirectory / "run.json").string();
    RADLADS_TRY_ASSIGN(const std::string text, readFile(where, kMaxSummaryBytes));
    RADLADS_TRY_ASSIGN(const nlohmann::json document,
                       protocol::parseJson(text, where, kMaxSummaryBytes, kMaxSummaryDepth));
    RADLADS_TRY(checkSchema(document, where));
    RunSummary summary;
    if (auto read = protocol::readFields(document, "", protocol::UnknownKeys::Ignore, summary); !read)
        return invalidInput("{}: {}", where, read.error().message);
    return summary;
}

nlohmann::ordered_json toJson(const RunSummary& summary) {
    nlohmann::ordered_json document = {{"schema", fmt::format("{}{}", kSchemaName, kReadsUpTo)}};
    const nlohmann::ordered_json keys = protocol::writeFields(summary);
    for (auto entry = keys.begin(); entry != keys.end(); ++entry) document[entry.key()] = *entry;
    return document;
}

Status writeSummary(const fs::path& runDirectory, const RunSummary& summary) {
    return writeFileAtomically(
        runDirectory / "run.json",
        toJson(summary).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace radlads::run
