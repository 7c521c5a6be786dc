#include "engine/server/run_library.h"

#include <algorithm>

#include "engine/protocol/text.h"

namespace radlads::server {
namespace {

using namespace std::chrono_literals;

constexpr auto kShortestInterval = 250ms;  // between two notices of the same run
constexpr auto kGathering = 20ms;          // a worker changes several files at a time
constexpr auto kPollInterval = 2s;
constexpr int kPollsPerScan = 5;
// The key of the runs directory itself: no run's name is empty.
const std::string kRunsKey;
constexpr const char* kSummaryFile = "run.json";

bool holdsRun(const fs::path& directory) {
    std::error_code error;
    return fs::exists(directory / kSummaryFile, error);
}

// Files that say nothing about the record.
bool isBeside(const std::string& file) {
    return file == "worker.log" || file == "commands.ndjson" || file.ends_with(".tmp");
}

}  // namespace

bool isRunName(const std::string& run) {
    return !run.empty() && run.size() <= 255 && run[0] != '.' && run.find('/') == std::string::npos &&
           run.find('\0') == std::string::npos;
}

RunLibrary::RunLibrary(fs::path runsDirectory, RunFacts facts, QObject* parent)
    : QObject(parent), m_directory(std::move(runsDirectory)), m_facts(std::move(facts)) {
    m_flushTimer.setSingleShot(true);
    connect(&m_watch, &DirectoryWatch::changed, this, &RunLibrary::onFileChanged);
    connect(&m_flushTimer, &QTimer::timeout, this, &RunLibrary::flush);
    connect(&m_pollTimer, &QTimer::timeout, this, &RunLibrary::poll);
    m_pollTimer.start(kPollInterval);
    scan();
}

tl::expected<fs::path, RpcError> RunLibrary::find(const std::string& run) const {
    if (!isRunName(run))
        return tl::unexpected(
            RpcError{kParamsError, fmt::format("{} is no name of a run", protocol::quote(run)), "run"});
    if (!holdsRun(m_directory / run))
        return tl::unexpected(RpcError{
            kMissingError, fmt::format("there is no run {} in {}", protocol::quote(run), m_directory.string()), "run"});
    return m_directory / run;
}

void RunLibrary::refresh(const std::string& run, Entry& entry) {
    if (entry.isFresh) return;
    entry.record = entry.maker.make(m_facts.isStarting(run), m_facts.queuePosition(run));
    entry.isFresh = true;
}

const nlohmann::ordered_json* RunLibrary::record(const std::string& run) {
    auto found = m_entries.find(run);
    if (found == m_entries.end()) {
        if (!isRunName(run) || !holdsRun(m_directory / run)) return nullptr;
        add(run);
        found = m_entries.find(run);
    }
    refresh(run, found->second);
    return &found->second.record;
}

std::vector<std::string> RunLibrary::names() {
    std::vector<std::pair<std::string, std::string>> byTime;
    for (auto& [run, entry] : m_entries) {
        refresh(run, entry);
        byTime.emplace_back(entry.record["created"].get<std::string>(), run);
    }
    std::sort(byTime.begin(), byTime.end(), std::greater<>());
    std::vector<std::string> names;
    for (auto& [time, run] : byTime) names.push_back(std::move(run));
    return names;
}

std::optional<std::string> RunLibrary::startedWith(const std::string& key) {
    scan();
    for (auto& [run, entry] : m_entries) {
        refresh(run, entry);
        if (entry.maker.labels().startKey == key) return run;
    }
    return std::nullopt;
}

void RunLibrary::add(const std::string& run) {
    m_entries.try_emplace(run, m_directory / run);
    m_watch.add(run, m_directory / run);
    touch(run);
}

void RunLibrary::scan() {
    if (!m_isWatched) m_isWatched = m_watch.add(kRunsKey, m_directory);
    std::set<std::string> there;
    std::error_code error;
    for (fs::directory_iterator entry(m_directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!isRunName(name)) continue;
        // A directory comes before its run.json, which is looked for again once it cannot be missed.
        if (!holdsRun(entry->path()) && !(m_watch.add(name, entry->path()) && holdsRun(entry->path()))) continue;
        there.insert(name);
    }
    for (const std::string& run : there)
        if (!m_entries.contains(run)) add(run);
    std::vector<std::string> gone;
    for (const auto& [run, entry] : m_entries)
        if (!there.contains(run)) gone.push_back(run);
    for (const std::string& run : gone) {
        m_watch.remove(run);
        m_entries.erase(run);
        m_touched.erase(run);
        Q_EMIT removed(run);
    }
}

void RunLibrary::touch(const std::string& run) {
    const auto found = m_entries.find(run);
    if (found == m_entries.end()) return;
    found->second.isFresh = false;
    m_touched.insert(run);
    if (m_flushTimer.isActive()) return;
    auto wait = std::chrono::milliseconds(kGathering);
    if (m_sinceFlush.isValid())
        wait = std::max(wait, kShortestInterval - std::chrono::milliseconds(m_sinceFlush.elapsed()));
    m_flushTimer.start(wait);
}

void RunLibrary::flush() {
    m_sinceFlush.start();
    const std::set<std::string> runs = std::exchange(m_touched, {});
    for (const std::string& run : runs) {
        const auto found = m_entries.find(run);
        if (found == m_entries.end()) continue;
        Entry& entry = found->second;
        if (!holdsRun(m_directory / run)) {
            scan();
            continue;
        }
        entry.isFresh = false;
        refresh(run, entry);
        std::string text = lineOf(entry.record);
        if (text == entry.told) continue;
        entry.told = std::move(text);
        Q_EMIT changed(run);
    }
}

void RunLibrary::onFileChanged(const std::string& key, const std::string& file) {
    if (key == kRunsKey) {
        if (file.empty()) m_isWatched = false;  // perhaps it was removed
        if (!file.starts_with('.')) scan();
        return;
    }
    if (!m_entries.contains(key)) {  // no run yet
        if (file == kSummaryFile) scan();
    } else if (file == "events.ndjson") {
        Q_EMIT journalGrew(key);
    } else if (file.empty()) {
        Q_EMIT journalGrew(key);
        touch(key);
    } else if (!isBeside(file)) {
        touch(key);
    }
}

void RunLibrary::poll() {
    if (++m_polls % kPollsPerScan == 0) scan();
    std::vector<std::string> live;
    for (const auto& [run, entry] : m_entries) {
        if (!entry.record.is_object()) continue;
        const auto& state = entry.record["state"].get_ref<const std::string&>();
        if (state == "running" || state == "paused") live.push_back(run);
    }
    for (const std::string& run : live) {
        touch(run);
        Q_EMIT journalGrew(run);
    }
}

}  // namespace radlads::server
