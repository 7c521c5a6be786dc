// Where a download grows before it is a model: PARENT/.NAME.download/ with `lock`, `state.json` and `files/`, which
// becomes PARENT/NAME by one rename. Nothing there is trusted that state.json does not vouch for.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/protocol/result.h"
#include "engine/run/run_lock.h"
#include "engine/server/download_fetch.h"

namespace radlads::server {

// What a finished model's own record says (.radlads-download.json in its directory).
struct DownloadRecord {
    std::string name, revision, commit;
    std::vector<HubFile> files;
};
// Nothing when the directory has no record, or not all of its files.
std::optional<DownloadRecord> readDownloadRecord(const fs::path& modelDirectory);
// Whether the model that the list describes is the recorded one; a new model card does not make a new model.
bool isSameModel(const DownloadRecord& record, const HubListing& listing);

// One owner, one thread. Holds the lock as long as it lives.
class DownloadStage {
public:
    // target: the model's directory to be. Busy when another process is at it.
    static Result<DownloadStage> open(const fs::path& target);

    // What was got for another commit and has no checksum in the list is not taken for done.
    void setCommit(const std::string& commit);
    fs::path filePath(const std::string& name) const { return files() / name; }
    bool isDone(const HubFile& file) const;
    std::optional<PartRecord> partRecord(const std::string& name) const;
    int64_t partBytes(const std::string& name) const;
    Status setPart(const std::string& name, const PartRecord& record);
    Status setDone(const HubFile& file);
    // Removes what belongs to none of these files.
    Status keepOnly(const std::vector<HubFile>& wanted);
    // The stage becomes `target` (which must not be there, or be an empty directory) and is gone.
    Status publish(const fs::path& target, const DownloadRecord& record);
    // Without a model: what has come is dropped.
    void discard();

private:
    struct Entry {
        PartRecord part;
        bool isDone = false;
    };
    DownloadStage(fs::path directory, run::RunLock lock) : m_directory(std::move(directory)), m_lock(std::move(lock)) {}
    fs::path files() const { return m_directory / "files"; }
    void readState();
    Status writeState() const;

    fs::path m_directory;
    run::RunLock m_lock;
    std::string m_commit;
    std::map<std::string, Entry> m_entries;
};

}  // namespace radlads::server
