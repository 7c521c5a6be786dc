// run.*: lists, starts, commands, and following a run.
#include <algorithm>

#include "engine/protocol/text.h"
#include "engine/run/run_directory.h"
#include "engine/server/engine.h"
#include "engine/server/method_table.h"
#include "engine/server/plan_fault.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMaxKey = 64;
constexpr std::size_t kMaxListBytes = 768 << 10;  // of records in one answer
constexpr int64_t kMaxSequence = int64_t{1} << 53;

bool isStartKey(const std::string& key) {
    return !key.empty() && key.size() <= kMaxKey && std::all_of(key.begin(), key.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_';
    });
}

tl::unexpected<RpcError> wrongPlan(RpcError error) {
    return tl::unexpected(std::move(error));
}

// The newest fit into the answer; the rest follow as run.changed if the session watches.
Answer list(const Call& call) {
    Params params(call.params);
    const bool watch = params.flag("watch", false);
    if (params.fault()) return tl::unexpected(*params.fault());
    RunLibrary& library = call.engine.control().library();
    library.catchUp();
    if (watch) call.session.watchRuns();
    auto records = ordered_json::array();
    std::size_t bytes = 0;
    for (const std::string& run : library.names()) {
        const ordered_json* record = library.record(run);
        if (!record) continue;
        bytes += bytes <= kMaxListBytes ? lineOf(*record).size() : 0;
        if (bytes <= kMaxListBytes)
            records.push_back(*record);
        else if (watch)
            call.session.onRunChanged(run);
    }
    return ordered_json{{"runs", records}, {"queue", call.engine.control().queue().order()}};
}

Answer start(const Call& call) {
    Params params(call.params);
    StartRequest request;
    request.key = params.text("key");
    const auto name = params.optionalText("name");
    request.queue = params.flag("queue", false);
    request.tags = params.texts("tags");
    if (!params.fault() && !isStartKey(request.key)) params.wrong("key", "1 to 64 of A-Z, a-z, 0-9, _ and -");
    if (params.fault()) return tl::unexpected(*params.fault());
    if (const Status checked = checkTags(request.tags); !checked)
        return tl::unexpected(toRpcError(checked.error(), "tags"));
    auto plan = resolvedPlanOf(params.at("plan"));
    if (!plan) return wrongPlan(plan.error());
    request.plan = std::move(*plan);
    if (name) {
        const std::string assignment = "name=" + nlohmann::json(*name).dump();
        if (const Status set = protocol::setPlanKey(request.plan, assignment); !set)
            return tl::unexpected(toRpcError(set.error(), "name"));
    }
    const auto run = call.engine.control().start(request);
    if (!run) return tl::unexpected(run.error());
    return ordered_json{{"run", *run}};
}

std::optional<std::string> runOf(const Call& call, Answer& refusal) {
    Params params(call.params);
    std::string run = params.text("run");
    if (!params.fault()) return run;
    refusal = tl::unexpected(*params.fault());
    return std::nullopt;
}

RunControl::Done answering(const Call& call) {
    return [reply = call.reply](const tl::expected<void, RpcError>& told) {
        reply.send(told ? Answer(ordered_json::object()) : Answer(tl::unexpected(told.error())));
    };
}

void tell(const Call& call, const char* command) {
    Answer refusal;
    const auto run = runOf(call, refusal);
    if (!run) return call.reply.send(refusal);
    call.engine.control().tell(*run, command, answering(call));
}

void pause(const Call& call) {
    tell(call, "pause");
}
void stop(const Call& call) {
    tell(call, "stop");
}
void checkpoint(const Call& call) {
    tell(call, "checkpoint");
}

Answer done(const tl::expected<void, RpcError>& result) {
    if (!result) return tl::unexpected(result.error());
    return ordered_json::object();
}

void resume(const Call& call) {
    Answer refusal;
    const auto run = runOf(call, refusal);
    if (!run) return call.reply.send(refusal);
    call.engine.control().resume(*run, answering(call));
}

Answer attach(const Call& call) {
    Params params(call.params);
    const std::string run = params.text("run");
    const int64_t after = params.integer("after_seq", 0, 0, kMaxSequence);
    if (params.fault()) return tl::unexpected(*params.fault());
    RunLibrary& library = call.engine.control().library();
    library.catchUp();
    const auto directory = library.find(run);
    if (!directory) return tl::unexpected(directory.error());
    const ordered_json* record = library.record(run);
    if (!record) return refuse(kMissingError, "run {} is gone", protocol::quote(run));
    const auto text = run::readFile(*directory / "plan.json", 4 << 20);
    ordered_json plan = text ? ordered_json::parse(*text, nullptr, false) : ordered_json();
    if (!plan.is_object()) plan = nullptr;
    call.session.attach(run, *directory / "events.ndjson", static_cast<uint64_t>(after));
    return ordered_json{{"run", *record}, {"plan", std::move(plan)}};
}

Answer detach(const Call& call) {
    Answer refusal;
    const auto run = runOf(call, refusal);
    if (!run) return refusal;
    call.session.detach(*run);
    return ordered_json::object();
}

Answer queue(const Call& call) {
    Params params(call.params);
    if (!params.has("order")) params.wrong("order", "a list of runs");
    std::vector<std::string> order = params.texts("order");
    if (params.fault()) return tl::unexpected(*params.fault());
    return done(call.engine.control().setQueue(std::move(order)));
}

// Changes labels.json of the run by `change`, which may refuse.
template <class Change>
Answer relabel(const Call& call, const std::string& run, Change change) {
    RunLibrary& library = call.engine.control().library();
    const auto directory = library.find(run);
    if (!directory) return tl::unexpected(directory.error());
    RunLabels labels = readLabels(*directory);
    change(labels);
    if (const Status written = writeLabels(*directory, labels); !written) return refuse(written.error());
    library.touch(run);
    return ordered_json::object();
}

Answer rename(const Call& call) {
    Params params(call.params);
    const std::string run = params.text("run"), name = params.text("name");
    if (params.fault()) return tl::unexpected(*params.fault());
    if (const Status checked = checkName(name); !checked) return tl::unexpected(toRpcError(checked.error(), "name"));
    return relabel(call, run, [&](RunLabels& labels) { labels.name = name; });
}

Answer label(const Call& call) {
    Params params(call.params);
    const std::string run = params.text("run");
    const auto tags = params.optionalTexts("tags");
    const auto notes = params.optionalText("notes");
    if (params.fault()) return tl::unexpected(*params.fault());
    if (const Status checked = tags ? checkTags(*tags) : Status(); !checked)
        return tl::unexpected(toRpcError(checked.error(), "tags"));
    if (const Status checked = notes ? checkNotes(*notes) : Status(); !checked)
        return tl::unexpected(toRpcError(checked.error(), "notes"));
    return relabel(call, run, [&](RunLabels& labels) {
        if (tags) labels.tags = *tags;
        if (notes) labels.notes = *notes;
    });
}

}  // namespace

std::vector<Method> runMethods() {
    return {{"run.list", list, nullptr},     {"run.start", start, nullptr},   {"run.pause", nullptr, pause},
            {"run.stop", nullptr, stop},     {"run.resume", nullptr, resume}, {"run.checkpoint", nullptr, checkpoint},
            {"run.attach", attach, nullptr}, {"run.detach", detach, nullptr}, {"run.queue", queue, nullptr},
            {"run.rename", rename, nullptr}, {"run.label", label, nullptr}};
}

}  // namespace radlads::server
