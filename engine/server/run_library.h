// The runs of one directory: their records, kept up to date by watching the files.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "engine/server/directory_watch.h"
#include "engine/server/rpc.h"
#include "engine/server/run_record.h"

namespace radlads::server {

// What the records need to know that is in no file.
struct RunFacts {
    std::function<bool(const std::string& run)> isStarting;
    std::function<std::optional<std::size_t>(const std::string& run)> queuePosition;
};

// The name of a directory below the runs directory: never a path, never hidden.
bool isRunName(const std::string& run);

// Owned by the Engine, in the main thread. The files are the truth; a change of one is told at most four times a second
// a run. Everything is also looked at every few seconds, for file systems that tell nothing.
class RunLibrary : public QObject {
    Q_OBJECT
public:
    RunLibrary(fs::path runsDirectory, RunFacts facts, QObject* parent = nullptr);

    const fs::path& directory() const { return m_directory; }
    // The directory of a run by its name. A name is never a path.
    tl::expected<fs::path, RpcError> find(const std::string& run) const;
    // Null if there is no such run (any more).
    const nlohmann::ordered_json* record(const std::string& run);
    // The newest first.
    std::vector<std::string> names();
    // The run that run.start made with this key.
    std::optional<std::string> startedWith(const std::string& key);
    // Something about the run has changed: its record is made anew and told soon.
    void touch(const std::string& run);
    // From here on a record is at least as new as every event that a journal holds by now.
    void catchUp() { m_watch.readEvents(); }
    // Looks for new and vanished runs now.
    void scan();

Q_SIGNALS:
    void changed(const std::string& run);
    void removed(const std::string& run);
    void journalGrew(const std::string& run);

private:
    struct Entry {
        explicit Entry(fs::path path) : maker(std::move(path)) {}
        RunRecordMaker maker;
        nlohmann::ordered_json record;
        bool isFresh = false;
        std::string told;  // the record as it was last told
    };
    void onFileChanged(const std::string& key, const std::string& file);
    void add(const std::string& run);
    void refresh(const std::string& run, Entry& entry);
    void flush();
    void poll();

    fs::path m_directory;
    RunFacts m_facts;
    DirectoryWatch m_watch;
    std::map<std::string, Entry> m_entries;
    std::set<std::string> m_touched;
    QTimer m_flushTimer, m_pollTimer;
    QElapsedTimer m_sinceFlush;
    int m_polls = 0;
    bool m_isWatched = false;  // the runs directory itself
};

}  // namespace radlads::server
