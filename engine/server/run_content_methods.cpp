// run.*: what a run holds, and its deletion.
#include <algorithm>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/server/engine.h"
#include "engine/server/method_table.h"
#include "engine/server/run_series.h"
#include "engine/server/run_trash.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostFiles = 1000;
constexpr std::size_t kMaxReportBytes = 768 << 10;  // of all evaluations in one answer
constexpr std::size_t kMaxReportDepth = kMaxWireDepth - 4;
constexpr int64_t kMaxSequence = int64_t{1} << 53;

// The directory of the request's run, or why there is none.
tl::expected<fs::path, RpcError> runDirectory(const Call& call) {
    Params params(call.params);
    const std::string run = params.text("run");
    if (params.fault()) return tl::unexpected(*params.fault());
    return call.engine.control().library().find(run);
}

void series(const Call& call) {
    Params params(call.params);
    SeriesRequest request;
    request.keys = params.texts("keys");
    request.buckets = params.integer("buckets", request.buckets, 1, kMaxSeriesBuckets);
    request.afterSeq = static_cast<uint64_t>(params.integer("after_seq", 0, 0, kMaxSequence));
    if (request.keys.empty() || request.keys.size() > kMaxSeriesKeys)
        params.wrong("keys", fmt::format("1 to {} names of figures, such as \"loss\"", kMaxSeriesKeys));
    const auto directory = runDirectory(call);
    if (params.fault()) return call.reply.send(tl::unexpected(*params.fault()));
    if (!directory) return call.reply.send(tl::unexpected(directory.error()));
    call.engine.inBackground(
        [journal = *directory / "events.ndjson", request]() -> Answer {
            auto answer = readSeries(journal, request);
            if (!answer) return refuse(answer.error());
            return std::move(*answer);
        },
        call.reply);
}

Answer listRunFiles(const fs::path& directory) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code ignored;
        if (entry->is_symlink(ignored) || !entry->is_regular_file(ignored)) continue;
        if (paths.size() >= kMostFiles) break;
        paths.push_back(entry->path());
    }
    std::sort(paths.begin(), paths.end());
    auto list = ordered_json::array();
    for (const fs::path& path : paths) {
        std::error_code failed;
        const auto size = fs::file_size(path, failed);
        const auto time = failed ? fs::file_time_type() : fs::last_write_time(path, failed);
        if (failed) continue;  // it has gone meanwhile
        list.push_back({{"path", path.lexically_relative(directory).string()},
                        {"size_bytes", size},
                        {"modified", timeText(time)}});
    }
    return ordered_json{{"files", std::move(list)}};
}

void files(const Call& call) {
    const auto directory = runDirectory(call);
    if (!directory) return call.reply.send(tl::unexpected(directory.error()));
    call.engine.inBackground([path = *directory] { return listRunFiles(path); }, call.reply);
}

// The newest that fit into an answer, oldest first: their names begin with the time.
Answer evaluations(const Call& call) {
    const auto directory = runDirectory(call);
    if (!directory) return tl::unexpected(directory.error());
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator entry(*directory / "evaluations", error), end; !error && entry != end;
         entry.increment(error))
        if (entry->path().extension() == ".json" && !entry->path().filename().string().starts_with('.'))
            paths.push_back(entry->path());
    std::sort(paths.rbegin(), paths.rend());
    std::vector<ordered_json> reports;
    std::size_t bytes = 0;
    for (const fs::path& path : paths) {
        const auto text = run::readFile(path, kMaxReportBytes);
        if (!text || !protocol::jsonDepthWithin(*text, kMaxReportDepth)) continue;
        ordered_json report = ordered_json::parse(*text, nullptr, false);
        if (!report.is_object()) continue;
        bytes += lineOf(report).size();
        if (bytes > kMaxReportBytes) break;
        reports.push_back(std::move(report));
    }
    std::reverse(reports.begin(), reports.end());
    return ordered_json{{"evaluations", reports}};
}

Answer remove(const Call& call) {
    const auto directory = runDirectory(call);
    if (!directory) return tl::unexpected(directory.error());
    RunControl& control = call.engine.control();
    const std::string run = directory->filename().string();
    if (const auto left = control.leave(run); !left) return tl::unexpected(left.error());
    const auto trash = moveToTrash(control.library().directory(), run);
    if (!trash) return tl::unexpected(toRpcError(trash.error(), "run"));
    control.library().scan();
    return ordered_json{{"trash", trash->string()}};
}

Answer restore(const Call& call) {
    Params params(call.params);
    const std::string run = params.text("run");
    if (!params.fault() && !isRunName(run)) params.wrong("run", "the name of a run");
    if (params.fault()) return tl::unexpected(*params.fault());
    RunLibrary& library = call.engine.control().library();
    if (const Status restored = restoreFromTrash(library.directory(), run); !restored)
        return tl::unexpected(RpcError{restored.error().code == ErrorCode::InvalidInput ? kMissingError : kFailedError,
                                       restored.error().message, "run"});
    library.scan();
    return ordered_json::object();
}

}  // namespace

std::vector<Method> runContentMethods() {
    return {{"run.series", nullptr, series},
            {"run.files", nullptr, files},
            {"run.evaluations", evaluations, nullptr},
            {"run.delete", remove, nullptr},
            {"run.restore", restore, nullptr}};
}

}  // namespace radlads::server
