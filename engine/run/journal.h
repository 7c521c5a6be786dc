// events.ndjson and commands.ndjson: append-only lines of JSON, the only bus between the processes of this program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::run {

namespace fs = std::filesystem;

// Appends events: one JSON object a line with "seq" (strictly increasing, no holes), "time" (RFC 3339 UTC, ms), "event"
// (noun.verb) and the fields given. On open a torn last line is cut off and seq goes on after the last whole line. NaN
// and infinities are written as the strings "nan", "inf", "-inf". One writer (the holder of the RunLock); not
// thread-safe.
class JournalWriter {
public:
    static Result<JournalWriter> open(const fs::path& file);
    JournalWriter(JournalWriter&&) noexcept;
    JournalWriter& operator=(JournalWriter&&) noexcept;
    ~JournalWriter();
    // InvalidInput for a line of over 1 MiB (readers skip those). NoSpace when the disk is full; the journal is then
    // cut back to its last whole line, the sequence number is not used up, and the same append may be tried again.
    Status append(const std::string& event, const nlohmann::json& fields);
    Status sync();  // fsync
    uint64_t lastSequence() const;

private:
    struct State;
    explicit JournalWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

// A cursor over a journal that may still grow: whole lines only; a line of over 1 MiB, deeper than 32 brackets or not a
// JSON object is skipped and counted. Reads in pieces: never the whole file, and at most about 8 MiB of events a call.
class JournalReader {
public:
    explicit JournalReader(fs::path file, uint64_t offset = 0);
    // Up to maxEvents further events; empty when there is nothing new (or no file yet). InvalidInput when the file has
    // become shorter than what was read: it is another file now.
    Result<std::vector<nlohmann::json>> next(size_t maxEvents = 1000);
    uint64_t offset() const;  // in bytes: a new reader that starts there goes on without gap or repetition
    uint64_t skippedLines() const;

private:
    fs::path m_file;
    uint64_t m_offset = 0;    // where the next line starts
    uint64_t m_longLine = 0;  // bytes already seen of an over-long line that starts there
    uint64_t m_skipped = 0;
};

// Commands are lines of commands.ndjson: {"id": N, "time": ..., "command": "pause|resume|stop|checkpoint|set", ...}, id
// strictly increasing. Any process may append; the file itself is locked for the moment of writing. Busy if that takes
// over two seconds.
Status appendCommand(const fs::path& runDirectory, const std::string& command, const nlohmann::json& fields);

}  // namespace radlads::run
