// The events of one run for one session: a cursor over events.ndjson. Without Qt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace radlads::server {

namespace fs = std::filesystem;

// Owned by a session. The journal stays the only copy of the events: nothing is kept here but the place in the file.
class RunFeed {
public:
    // Events with a seq of at most afterSeq are passed over.
    RunFeed(std::string run, fs::path journal, uint64_t afterSeq);

    const std::string& run() const { return m_run; }
    // Appends the lines of further run.event notifications, and of run.live when the end is reached for the first time:
    // about maxBytes, and one line more at most. Reads at most a few MiB a call. False when there was nothing new.
    bool pull(std::string& lines, std::size_t maxBytes);

private:
    void take(std::string_view line, std::string& lines);
    void announceEnd(std::string& lines);

    std::string m_run;
    std::string m_head;  // what stands before an event's line
    fs::path m_journal;
    uint64_t m_offset = 0;    // where the next line starts
    uint64_t m_longLine = 0;  // bytes seen of an over-long line that starts there
    uint64_t m_lastSeq;
    bool m_isLive = false;
};

// The "seq" of a journal's line; 0 if it has none. Looks at the start of the line first, where writers put it.
uint64_t sequenceOf(std::string_view line);

}  // namespace radlads::server
