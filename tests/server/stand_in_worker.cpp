// Stands in for radlads-worker where a test is about the engine alone: `stand-in-worker resume DIRECTORY --quiet` holds
// the run's lock, writes its journal and summary and obeys its commands like the real one, but computes nothing and
// goes on until it is told to end.
//
// The test steers it by files in the run's directory: with `wait` there it does not take the lock yet; with `busy`
// there it writes an event every millisecond; with `finish` there it ends, the run finished; with `linger` there it
// keeps the lock although it has said its last word.
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/run/run_directory.h"

namespace {

namespace fs = std::filesystem;
using namespace radlads;
using nlohmann::json;

void pauseBriefly() {
    const timespec interval{0, 1'000'000};
    ::nanosleep(&interval, nullptr);
}

class Work {
public:
    static Result<Work> begin(const fs::path& run) {
        // Commands count from the moment on at which the lock is held.
        RADLADS_TRY_ASSIGN(run::RunLock lock, run::RunLock::acquire(run));
        RADLADS_TRY_ASSIGN(run::JournalWriter journal, run::JournalWriter::open(run / "events.ndjson"));
        std::error_code error;
        const auto size = fs::file_size(run / "commands.ndjson", error);
        Work work(run, std::move(lock), std::move(journal), error ? 0 : size);
        RADLADS_TRY_ASSIGN(work.m_summary, run::readSummary(run));
        RADLADS_TRY(work.tell("run.started", {{"resumed", work.m_journal.lastSequence() > 0}}, "running"));
        return work;
    }
    Status goOn() {
        while (!m_isAtEnd) {
            RADLADS_TRY_ASSIGN(const auto commands, m_commands.next());
            for (const json& command : commands) RADLADS_TRY(obey(command.value("command", "")));
            if (fs::exists(m_run / "finish") && !m_isAtEnd) RADLADS_TRY(end("run.finished", "finished"));
            if (fs::exists(m_run / "busy") && !m_isAtEnd) {
                RADLADS_TRY(
                    m_journal.append("metrics", {{"step_index", 0}, {"update", ++m_summary.update}, {"loss", 0.5}}));
            }
            pauseBriefly();
        }
        while (fs::exists(m_run / "linger")) pauseBriefly();
        return {};
    }

private:
    Work(fs::path run, run::RunLock lock, run::JournalWriter journal, uint64_t offset)
        : m_run(std::move(run)),
          m_lock(std::move(lock)),
          m_journal(std::move(journal)),
          m_commands(m_run / "commands.ndjson", offset) {}
    Status obey(const std::string& command) {
        if (command == "pause") return tell("run.paused", {}, "paused");
        if (command == "resume") return tell("run.resumed", {}, "running");
        if (command == "checkpoint") return tell("checkpoint.saved", {}, m_summary.state);
        return command == "stop" ? end("run.stopped", "stopped") : Status();
    }
    Status end(const char* event, const char* state) {
        m_isAtEnd = true;
        return tell(event, {}, state);
    }
    // State before event: who has read the event finds the state.
    Status tell(const char* event, json fields, const std::string& state) {
        m_summary.state = state;
        m_summary.updated = run::utcNow();
        RADLADS_TRY(run::writeSummary(m_run, m_summary));
        fields["step_index"] = 0;
        fields["update"] = m_summary.update;
        return m_journal.append(event, fields);
    }

    fs::path m_run;
    run::RunLock m_lock;
    run::JournalWriter m_journal;
    run::JournalReader m_commands;
    run::RunSummary m_summary;
    bool m_isAtEnd = false;
};

}  // namespace

int main(int count, char** words) {
    if (count < 3 || std::string(words[1]) != "resume") return 2;
    const fs::path run = words[2];
    while (fs::exists(run / "wait")) pauseBriefly();
    auto work = Work::begin(run);
    const Status ended = work ? work->goOn() : tl::unexpected(work.error());
    if (ended) return 0;
    std::fprintf(stderr, "radlads-engine: %s\n", ended.error().message.c_str());
    return 1;
}
