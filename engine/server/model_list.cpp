#include "engine/server/model_list.h"

#include <algorithm>
#include <set>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/server/download_hub.h"
#include "engine/server/download_stage.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kMostModels = 1000;
constexpr int kMostEntries = 10000;  // of one directory
constexpr std::size_t kMaxConfigBytes = 1 << 20;
constexpr std::size_t kMaxConfigDepth = 32;

std::vector<fs::path> entriesOf(const fs::path& directory) {
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        if (paths.size() >= kMostEntries) break;
        if (!entry->path().filename().string().starts_with('.')) paths.push_back(entry->path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

bool isModelDirectory(const fs::path& directory) {
    std::error_code error;
    return fs::exists(directory / "config.json", error) &&
           (fs::exists(directory / "model.safetensors", error) ||
            fs::exists(directory / "model.safetensors.index.json", error));
}

bool isGguf(const fs::path& file) {
    std::error_code error;
    return file.extension() == ".gguf" && fs::is_regular_file(file, error);
}

// Of the files in it, links followed: the files of the Hugging Face cache are links.
uint64_t sizeOf(const fs::path& model) {
    std::error_code error;
    if (!fs::is_directory(model, error)) {
        const auto size = fs::file_size(model, error);
        return error ? 0 : size;
    }
    uint64_t sum = 0;
    for (const fs::path& file : entriesOf(model)) {
        if (!fs::is_regular_file(file, error)) continue;
        const auto size = fs::file_size(file, error);
        if (!error) sum += size;
    }
    return sum;
}

bool isStudent(const fs::path& model) {
    const auto text = run::readFile(model / "config.json", kMaxConfigBytes);
    if (!text) return false;
    const auto config = protocol::parseJson(*text, "config.json", kMaxConfigBytes, kMaxConfigDepth);
    if (!config || !config->is_object()) return false;
    return config->contains("radlads_family");
}

class ModelList {
public:
    void add(const std::string& path, const fs::path& directory, const std::string& name, const char* source) {
        if (m_models.size() >= kMostModels || !m_seen.insert(directory.lexically_normal()).second) return;
        const bool gguf = isGguf(directory);
        m_models.push_back({{"path", path},
                            {"name", name},
                            {"source", source},
                            {"kind", gguf ? "gguf" : "hf"},
                            {"is_student", !gguf && isStudent(directory)},
                            {"size_bytes", sizeOf(directory)}});
    }
    void add(const fs::path& directory, const std::string& name, const char* source) {
        add(directory.string(), directory, name, source);
    }
    ordered_json take() { return std::move(m_models); }

private:
    ordered_json m_models = ordered_json::array();
    std::set<fs::path> m_seen;
};

void addDownloads(ModelList& models) {
    for (const fs::path& path : entriesOf(modelsDirectory())) {
        if (isGguf(path)) models.add(path, path.stem().string(), "download");
        if (!isModelDirectory(path)) continue;
        const auto record = readDownloadRecord(path);
        models.add(path, record ? record->name : path.filename().string(), "download");
    }
}

// models--OWNER--NAME/snapshots/COMMIT; refs/main names the commit that a program without a revision would take.
fs::path snapshotOf(const fs::path& repository) {
    constexpr std::size_t kMaxReference = 256;
    if (auto commit = run::readFile(repository / "refs" / "main", kMaxReference)) {
        while (!commit->empty() && std::isspace(static_cast<unsigned char>(commit->back()))) commit->pop_back();
        const bool isName = !commit->empty() && commit->find('/') == std::string::npos && (*commit)[0] != '.';
        std::error_code error;
        if (isName && fs::is_directory(repository / "snapshots" / *commit, error))
            return repository / "snapshots" / *commit;
    }
    const std::vector<fs::path> snapshots = entriesOf(repository / "snapshots");
    return snapshots.empty() ? fs::path() : snapshots.back();
}

void addHubCache(ModelList& models) {
    constexpr std::string_view kPrefix = "models--", kBetween = "--";
    for (const fs::path& repository : entriesOf(hubCacheDirectory())) {
        std::string name = repository.filename().string();
        if (!name.starts_with(kPrefix)) continue;
        name.erase(0, kPrefix.size());
        if (const auto split = name.find(kBetween); split != std::string::npos) name.replace(split, kBetween.size(), "/");
        const fs::path snapshot = snapshotOf(repository);
        if (snapshot.empty()) continue;
        if (isModelDirectory(snapshot)) models.add(snapshot, name, "cache");
        for (const fs::path& file : entriesOf(snapshot))
            if (isGguf(file)) models.add(file, name + "/" + file.filename().string(), "cache");
    }
}

void addRuns(RunLibrary& library, ModelList& models) {
    std::vector<std::string> teachers;
    for (const std::string& run : library.names()) {
        const ordered_json* record = library.record(run);
        if (!record) continue;
        const fs::path model = library.directory() / run / "model";
        if (isModelDirectory(model)) models.add(model, (*record)["name"].get<std::string>(), "run");
        if ((*record)["teacher"].is_string()) teachers.push_back((*record)["teacher"].get<std::string>());
    }
    for (const std::string& teacher : teachers)
        if (fs::path(teacher).is_absolute() && isModelDirectory(teacher))
            models.add(teacher, fs::path(teacher).lexically_normal().filename().string(), "recent");
}

}  // namespace

ordered_json listModels(RunLibrary& library) {
    ModelList models;
    if (const fs::path demo = run::resourcesDirectory() / "demo" / "teacher"; isModelDirectory(demo))
        models.add("demo", demo, "The demo's teacher", "demo");
    addDownloads(models);
    addHubCache(models);
    addRuns(library, models);
    return models.take();
}

}  // namespace radlads::server
