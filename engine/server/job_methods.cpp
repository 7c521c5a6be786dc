// Jobs: model.download, evaluate.start, generate.start, export.start, teacher.convert, plan.probe, job.cancel.
#include "engine/server/download_job.h"
#include "engine/server/engine.h"
#include "engine/server/method_table.h"
#include "engine/server/places.h"
#include "engine/server/plan_fault.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;
constexpr std::size_t kMaxPrompt = 100 << 10;  // an argument of a program has at most 128 KiB

Answer started(const tl::expected<std::string, RpcError>& job) {
    if (!job) return tl::unexpected(job.error());
    return ordered_json{{"job", *job}};
}

// "--name=VALUE" for a number that was given.
void addNumber(Params& params, const char* key, const char* option, double low, double high,
               std::vector<std::string>& words) {
    if (const auto value = params.optionalNumber(key, low, high)) words.push_back(fmt::format("{}={}", option, *value));
}
void addCount(Params& params, const char* key, const char* option, std::vector<std::string>& words) {
    if (params.has(key)) words.push_back(fmt::format("{}={}", option, params.integer(key, 0, 0, int64_t{1} << 30)));
}
void addText(Params& params, const char* key, const char* option, std::vector<std::string>& words) {
    if (const auto value = params.optionalText(key); value && !value->empty())
        words.push_back(fmt::format("{}={}", option, *value));
}

Answer generate(const Call& call) {
    Params params(call.params);
    const std::string model = params.text("model"), prompt = params.text("prompt");
    std::vector<std::string> words{"generate", "--stream", "--prompt=" + prompt};
    addCount(params, "tokens", "--tokens", words);
    addNumber(params, "temperature", "--temp", 0, 100, words);
    addCount(params, "top_k", "--top-k", words);
    addNumber(params, "top_p", "--top-p", 0, 1, words);
    addNumber(params, "min_p", "--min-p", 0, 1, words);
    addNumber(params, "repeat_penalty", "--repeat-penalty", 0, 100, words);
    addCount(params, "seed", "--seed", words);
    if (params.flag("ignore_eos", false)) words.push_back("--ignore-eos");
    addText(params, "stage", "--stage", words);
    if (prompt.size() > kMaxPrompt || prompt.find('\0') != std::string::npos)
        params.wrong("prompt", "a text of at most 100 KiB without NUL");
    if (params.fault()) return tl::unexpected(*params.fault());
    const auto path = modelPath(call.engine.control().library(), model, "model");
    if (!path) return tl::unexpected(path.error());
    words.insert(words.end(), {"--", *path});
    return started(call.engine.jobs().startWorker(call.session, words, WorkerOutput::Stream, WorkerLife::WithEngine));
}

Answer evaluate(const Call& call) {
    Params params(call.params);
    const RunLibrary& library = call.engine.control().library();
    const auto run = params.optionalText("run");
    const std::string model = run ? params.text("model", "") : params.text("model");
    std::vector<std::string> words{"evaluate", "--stream"};
    std::string tasks;
    for (const std::string& task : params.texts("tasks")) tasks += (tasks.empty() ? "" : ",") + task;
    if (!tasks.empty()) words.push_back("--tasks=" + tasks);
    addCount(params, "windows", "--windows", words);
    addCount(params, "sequence_length", "--sequence-length", words);
    addCount(params, "seed", "--seed", words);
    addText(params, "stage", "--stage", words);
    const auto against = params.optionalText("against");
    const std::vector<std::string> data = params.texts("data");
    if (params.fault()) return tl::unexpected(*params.fault());
    for (const std::string& source : data) {
        const auto path = sourcePath(source, "data");
        if (!path) return tl::unexpected(path.error());
        words.push_back("--data=" + *path);
    }
    if (against && !against->empty()) {
        const auto path = modelPath(library, *against, "against");
        if (!path) return tl::unexpected(path.error());
        words.push_back("--against=" + *path);
    }
    // The report is kept in the run, whichever model it is of.
    std::string subject = model;
    if (run) {
        const auto directory = library.find(*run);
        if (!directory) return tl::unexpected(directory.error());
        words.push_back("--record=" + directory->string());
        if (model.empty()) subject = *run;
    }
    const auto path = modelPath(library, subject, model.empty() ? "run" : "model");
    if (!path) return tl::unexpected(path.error());
    words.insert(words.end(), {"--", *path});
    return started(call.engine.jobs().startWorker(call.session, words, WorkerOutput::Stream, WorkerLife::Own));
}

Answer exportModel(const Call& call) {
    Params params(call.params);
    const std::string model = params.text("model"), output = params.text("output");
    std::vector<std::string> words{"export", "--stream"};
    addText(params, "format", "--format", words);
    addText(params, "dtype", "--dtype", words);
    addText(params, "stage", "--stage", words);
    if (params.fault()) return tl::unexpected(*params.fault());
    const auto target = absolutePath(output, "output");
    if (!target) return tl::unexpected(target.error());
    const auto path = modelPath(call.engine.control().library(), model, "model");
    if (!path) return tl::unexpected(path.error());
    words.insert(words.end(), {"--output=" + target->string(), "--", *path});
    return started(call.engine.jobs().startWorker(call.session, words, WorkerOutput::Stream, WorkerLife::Own));
}

Answer convertTeacher(const Call& call) {
    Params params(call.params);
    const std::string source = params.text("source"), output = params.text("output");
    if (params.fault()) return tl::unexpected(*params.fault());
    const auto from = absolutePath(source, "source"), to = absolutePath(output, "output");
    if (!from) return tl::unexpected(from.error());
    if (!to) return tl::unexpected(to.error());
    return started(call.engine.jobs().startWorker(
        call.session, {"convert-teacher", "--stream", "--output=" + to->string(), "--", from->string()},
        WorkerOutput::Stream, WorkerLife::Own));
}

Answer download(const Call& call) {
    Params params(call.params);
    DownloadOptions options;
    options.name = QString::fromStdString(params.text("name"));
    options.revision = QString::fromStdString(params.text("revision", "main"));
    if (params.fault()) return tl::unexpected(*params.fault());
    const std::string identity = options.name.toStdString() + "@" + options.revision.toStdString();
    return started(call.engine.jobs().startShared(call.session, identity, [&options] {
        auto* job = new DownloadJob(options);
        job->start();
        return job;
    }));
}

Answer probe(const Call& call) {
    Params params(call.params);
    const auto price = params.optionalNumber("cost_per_hour", 0, 1e6);
    if (params.fault()) return tl::unexpected(*params.fault());
    const auto plan = resolvedPlanOf(params.at("plan"));
    if (!plan) return tl::unexpected(plan.error());
    std::vector<std::string> words{"check", "--json"};
    if (price) words.push_back(fmt::format("--cost-per-hour={}", *price));
    words.push_back("/dev/stdin");
    return started(call.engine.jobs().startWorker(
        call.session, words, WorkerOutput::Document, WorkerLife::WithEngine, protocol::writePlan(*plan),
        [&rate = call.engine.rate()](const Answer& document) {
            if (!document || !document->contains("hardware")) return;
            const ordered_json& hardware = document->at("hardware");
            const auto found = hardware.is_object() ? hardware.find("sgemm_flops_per_second") : hardware.end();
            if (hardware.is_object() && found != hardware.end() && found->is_number()) rate.keep(found->get<double>());
        }));
}

Answer cancel(const Call& call) {
    Params params(call.params);
    const std::string job = params.text("job");
    if (params.fault()) return tl::unexpected(*params.fault());
    const auto cancelled = call.engine.jobs().cancel(job);
    if (!cancelled) return tl::unexpected(cancelled.error());
    return ordered_json::object();
}

}  // namespace

std::vector<Method> jobMethods() {
    return {{"model.download", download, nullptr},
            {"plan.probe", probe, nullptr},
            {"generate.start", generate, nullptr},
            {"evaluate.start", evaluate, nullptr},
            {"export.start", exportModel, nullptr},
            {"teacher.convert", convertTeacher, nullptr},
            {"job.cancel", cancel, nullptr}};
}

}  // namespace radlads::server
