// model.list, model.inspect, data.preview, file.list.
#include <algorithm>

#include "engine/protocol/text.h"
#include "engine/server/engine.h"
#include "engine/server/method_table.h"
#include "engine/server/model_list.h"
#include "engine/server/places.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;
constexpr std::size_t kMaxEntries = 5000;

Answer list(const Call& call) {
    return ordered_json{{"models", listModels(call.engine.control().library())}};
}

// Whether a model can be converted, from what `inspect` says of it.
ordered_json convertible(const ordered_json& document) {
    const std::string kind = document.value("kind", std::string());
    const ordered_json problems = document.value("problems", ordered_json::array());
    std::string reason;
    if (kind.starts_with("GGUF"))
        reason = "this is a GGUF file; convert it to a teacher directory first";
    else if (kind.find("student") != std::string::npos)
        reason = "this is a linear-attention student already; choose a softmax teacher";
    else if (!kind.starts_with("Hugging Face model"))
        reason = "this is no model directory (it is: " + kind + ")";
    else if (!problems.empty() && problems[0].is_string())
        reason = problems[0].get<std::string>();
    return {{"ok", reason.empty()}, {"reason", reason}};
}

void inspectModel(const Call& call) {
    Params params(call.params);
    const std::string text = params.text("path");
    if (params.fault()) return call.reply.send(tl::unexpected(*params.fault()));
    const auto path = modelPath(call.engine.control().library(), text, "path");
    if (!path) return call.reply.send(tl::unexpected(path.error()));
    std::string model = *path;
    std::error_code error;
    if (fs::exists(fs::path(model) / "run.json", error)) {  // of a run, its model
        model = (fs::path(model) / "model").string();
        if (!fs::exists(fs::path(model) / "config.json", error))
            return call.reply.send(tl::unexpected(RpcError{
                kMissingError, fmt::format("run {} has no model yet", protocol::quote(text)), "path"}));
    }
    call.engine.questions().ask({"inspect", "--json", "--no-scan", "--quiet", "--", model}, filesOfModel(model),
                                [reply = call.reply](const Answer& answer) {
                                    if (!answer) return reply.send(answer);
                                    ordered_json document = *answer;
                                    document["convertible"] = convertible(document);
                                    reply.send(document);
                                });
}

void previewData(const Call& call) {
    Params params(call.params);
    const std::string text = params.text("path");
    const std::string tokenizer = params.text("tokenizer", "");
    const std::string textKey = params.text("text_key", "text");
    const std::string format = params.text("format", "auto");
    const int64_t documents = params.integer("documents", 1000, 1, 1 << 30);
    if (params.fault()) return call.reply.send(tl::unexpected(*params.fault()));
    const auto path = sourcePath(text, "path");
    if (!path) return call.reply.send(tl::unexpected(path.error()));
    std::vector<std::string> words{"inspect", "--json", "--quiet", "--text-key=" + textKey, "--format=" + format,
                                   "--documents=" + std::to_string(documents)};
    if (!tokenizer.empty()) {
        const auto model = modelPath(call.engine.control().library(), tokenizer, "tokenizer");
        if (!model) return call.reply.send(tl::unexpected(model.error()));
        words.push_back("--tokenizer=" + *model);
    }
    words.insert(words.end(), {"--", *path});
    call.engine.questions().ask(words, {}, [reply = call.reply, text](const Answer& answer) {
        if (answer && !answer->contains("documents"))
            return reply.send(tl::unexpected(
                RpcError{kInputError,
                         fmt::format("{} is no text and no tokenised dataset (it is: {})", protocol::quote(text),
                                     answer->value("kind", std::string("unknown"))),
                         "path"}));
        reply.send(answer);
    });
}

const char* kindOf(const fs::path& path, bool isDirectory) {
    std::error_code error;
    if (isDirectory && fs::exists(path / "run.json", error)) return "run";
    if (isDirectory && fs::exists(path / "config.json", error)) return "model";
    const std::string name = path.filename().string();
    if (name.ends_with(".gguf")) return "gguf";
    for (const char* ending : {".txt", ".jsonl", ".json", ".gz", ".zst", ".idx"})
        if (!isDirectory && name.ends_with(ending)) return "text";
    return "other";
}

Answer listFiles(const Call& call) {
    Params params(call.params);
    const std::string text = params.text("path", "");
    if (params.fault()) return tl::unexpected(*params.fault());
    const auto path = absolutePath(text.empty() ? "~" : text, "path");
    if (!path) return tl::unexpected(path.error());
    std::error_code error;
    auto entries = ordered_json::array();
    for (fs::directory_iterator entry(*path, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        const bool isDirectory = entry->is_directory(ignored);
        const auto size = isDirectory ? 0 : entry->file_size(ignored);
        entries.push_back({{"name", entry->path().filename().string()},
                           {"directory", isDirectory},
                           {"size_bytes", isDirectory || ignored ? ordered_json() : ordered_json(size)},
                           {"kind", kindOf(entry->path(), isDirectory)}});
        if (entries.size() >= kMaxEntries) break;
    }
    if (error) return refuse(kMissingError, "{} cannot be read: {}", path->string(), error.message());
    std::sort(entries.begin(), entries.end(), [](const ordered_json& a, const ordered_json& b) {
        return a["name"].get_ref<const std::string&>() < b["name"].get_ref<const std::string&>();
    });
    return ordered_json{
        {"path", path->string()}, {"parent", path->parent_path().string()}, {"entries", std::move(entries)}};
}

}  // namespace

std::vector<Method> modelMethods() {
    return {{"model.list", list, nullptr},
            {"model.inspect", nullptr, inspectModel},
            {"data.preview", nullptr, previewData},
            {"file.list", listFiles, nullptr}};
}

}  // namespace radlads::server
