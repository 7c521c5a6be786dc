// tail: the journal as lines for people or as it is, also while it grows.
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/protocol/text.h"
#include "engine/run/descriptor.h"
#include "engine/server/arguments.h"
#include "engine/server/commands.h"
#include "engine/server/display.h"
#include "engine/server/run_view.h"

namespace radlads::server {
namespace {

using nlohmann::json;

volatile sig_atomic_t interrupted = 0;

// While it lives, Ctrl-C only ends the wait of `waitForChange`: no event is printed by half.
class InterruptGuard {
public:
    InterruptGuard() {
        struct sigaction action {};
        action.sa_handler = [](int) { interrupted = 1; };
        ::sigaction(SIGINT, &action, nullptr);
        ::sigaction(SIGTERM, &action, nullptr);
        sigset_t blocked;
        ::sigemptyset(&blocked);
        ::sigaddset(&blocked, SIGINT);
        ::sigaddset(&blocked, SIGTERM);
        ::sigprocmask(SIG_BLOCK, &blocked, &m_before);
    }
    // Until something in the directory changes, a signal comes, or a second has passed (network file systems tell
    // nothing).
    void waitForChange(int notifications) {
        pollfd entry{notifications, POLLIN, 0};
        const timespec second{1, 0};
        if (::ppoll(&entry, notifications >= 0 ? 1 : 0, &second, &m_before) <= 0) return;
        std::array<char, 4096> discarded;
        while (::read(notifications, discarded.data(), discarded.size()) > 0) {
        }
    }

private:
    sigset_t m_before{};
};

// How well-known figures are shown; every other single value is shown as it is.
struct Figure {
    const char* key;
    const char* label;
    std::string (*text)(double);
    const char* unit;
};
std::string stepText(double index) {
    return fmt::format("{:.0f}", index + 1);
}
constexpr std::array<Figure, 10> kFigures{{{"step_index", "step", stepText, ""},
                                           {"tokens", "tokens", countText, ""},
                                           {"total_tokens", "of", countText, ""},
                                           {"tokens_per_second", "", countText, " tok/s"},
                                           {"eta_seconds", "left", durationText, ""},
                                           {"seconds", "took", durationText, ""},
                                           {"memory_bytes", "memory", countText, "B"},
                                           {"peak_memory_bytes", "peak memory", countText, "B"},
                                           {"size_bytes", "size", countText, "B"},
                                           {"bytes", "size", countText, "B"}}};

std::string figureText(const std::string& key, const json& value) {
    if (value.is_structured()) return "";
    if (value.is_null()) return "";
    if (value.is_number())
        for (const Figure& figure : kFigures)
            if (key == figure.key)
                return fmt::format("{}{}{}{}", figure.label, *figure.label ? " " : "", figure.text(value.get<double>()),
                                   figure.unit);
    std::string label = printable(key);
    for (char& c : label)
        if (c == '_') c = ' ';
    if (value.is_number_float()) return fmt::format("{} {}", label, numberText(value.get<double>()));
    if (value.is_string())
        return key == "message" ? printable(value.get<std::string>())
                                : fmt::format("{} {}", label, printable(value.get<std::string>()));
    return fmt::format("{} {}", label, value.dump());
}

std::string textAt(const json& event, const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_string() ? printable(found->get<std::string>()) : std::string("?");
}

std::string humanLine(const json& event) {
    const std::string time = textAt(event, "time");
    std::string figures;
    const auto add = [&](const std::string& text) {
        if (!text.empty()) figures += (figures.empty() ? "" : "  ") + text;
    };
    constexpr std::array kFirst{"step_index", "kind", "update", "tokens", "total_tokens", "loss"};
    for (const char* key : kFirst)
        if (const auto found = event.find(key); found != event.end()) add(figureText(key, *found));
    for (auto entry = event.begin(); entry != event.end(); ++entry) {
        const bool shown = entry.key() == "seq" || entry.key() == "time" || entry.key() == "event" ||
                           std::find(kFirst.begin(), kFirst.end(), entry.key()) != kFirst.end();
        if (!shown) add(figureText(entry.key(), *entry));
    }
    const std::string clock = time.size() >= 19 ? time.substr(0, 10) + " " + time.substr(11, 8) : time;
    return fmt::format("{}  {:<18} {}\n", clock, textAt(event, "event"), figures);
}

Status printEvent(const json& event, bool asJson) {
    const std::string line =
        asJson ? event.dump(-1, ' ', false, json::error_handler_t::replace) + "\n" : humanLine(event);
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size())
        return systemError("writing to the standard output", errno);
    return {};
}

uint64_t sequenceOf(const json& event) {
    const auto found = event.find("seq");
    return found != event.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

Result<uint64_t> wholeNumber(const Arguments& arguments, const char* option, uint64_t otherwise) {
    const auto text = arguments.value(option);
    if (!text) return otherwise;
    uint64_t value = 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size())
        return invalidInput("{} {}: expected a whole number; see `radlads-engine tail --help`", option,
                            protocol::quote(*text));
    return value;
}

// Where to start reading to see about the last `bytes` bytes: after the first newline at or after that place.
uint64_t lineStartNear(const fs::path& file, uint64_t size, uint64_t bytes) {
    if (bytes >= size) return 0;
    std::ifstream stream(file, std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(size - bytes - 1));
    for (uint64_t at = size - bytes; stream; ++at)
        if (stream.get() == '\n') return at;
    return 0;
}

// Reads to the end and keeps the last `count` events; the reader then stands at the end.
Result<std::deque<json>> lastEvents(run::JournalReader& reader, uint64_t count) {
    std::deque<json> kept;
    for (;;) {
        RADLADS_TRY_ASSIGN(std::vector<json> events, reader.next());
        if (events.empty()) return kept;
        for (json& event : events) {
            kept.push_back(std::move(event));
            if (kept.size() > count) kept.pop_front();
        }
    }
}

// Prints the last events without reading a long journal from its start.
Result<run::JournalReader> printLast(const fs::path& file, uint64_t count, bool asJson) {
    std::error_code error;
    const uint64_t size = fs::file_size(file, error);
    for (uint64_t bytes = 1 << 16;; bytes *= 8) {
        run::JournalReader reader(file, error ? 0 : lineStartNear(file, size, bytes));
        const bool fromStart = reader.offset() == 0;
        RADLADS_TRY_ASSIGN(const std::deque<json> events, lastEvents(reader, count));
        if (events.size() < count && !fromStart) continue;
        for (const json& event : events) RADLADS_TRY(printEvent(event, asJson));
        return reader;
    }
}

Status printNew(run::JournalReader& reader, uint64_t from, bool asJson) {
    for (;;) {
        RADLADS_TRY_ASSIGN(const std::vector<json> events, reader.next());
        if (events.empty()) break;
        for (const json& event : events)
            if (sequenceOf(event) >= from) RADLADS_TRY(printEvent(event, asJson));
    }
    if (std::fflush(stdout) != 0) return systemError("writing to the standard output", errno);
    return {};
}

// A run that is new may be started yet; any other without a worker says nothing more.
bool hasEnded(const fs::path& directory) {
    const auto info = run::inspectRun(directory);
    return info && info->state != run::RunState::New && !run::RunLock::isHeld(directory);
}

Status follow(const fs::path& directory, run::JournalReader& reader, uint64_t from, bool asJson) {
    InterruptGuard guard;
    const run::Descriptor notifications(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (notifications.valid())
        ::inotify_add_watch(notifications.value(), directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
    while (!interrupted) {
        const bool ended = hasEnded(directory);  // before reading: what was written last is then read
        RADLADS_TRY(printNew(reader, from, asJson));
        if (ended) return {};
        guard.waitForChange(notifications.value());
    }
    return tl::unexpected(Error{ErrorCode::Interrupted, "interrupted"});
}

}  // namespace

Status tailCommand(const Words& words) {
    const Usage usage{
        "tail",
        {"RUN"},
        "Prints the events of a run: time, event, main figures.",
        {{"--follow", 'f', Takes::Nothing, "", "wait for more, until the run has ended; Ctrl-C stops waiting"},
         {"--from", 0, Takes::One, "SEQ", "start at this sequence number instead of near the end"},
         {"--lines", 'n', Takes::One, "N", "how many of the last events to print (default 20, 0: none)"},
         kRunsOption,
         {"--json", 0, Takes::Nothing, "", "print the events as lines of JSON"}},
        ""};
    RADLADS_TRY_ASSIGN(const Arguments arguments, parseArguments(usage, words));
    if (arguments.wantsHelp()) {
        fmt::print("{}", helpText(usage));
        return {};
    }
    RADLADS_TRY_ASSIGN(const uint64_t from, wholeNumber(arguments, "--from", 0));
    RADLADS_TRY_ASSIGN(const uint64_t lines, wholeNumber(arguments, "--lines", 20));
    RADLADS_TRY_ASSIGN(const run::RunInfo info, findInfo(arguments));
    const fs::path file = info.directory / "events.ndjson";
    const bool asJson = arguments.has("--json");

    run::JournalReader reader(file);
    if (arguments.has("--from")) {
        RADLADS_TRY(printNew(reader, from, asJson));
    } else {
        RADLADS_TRY_ASSIGN(reader, printLast(file, lines, asJson));
    }
    if (std::fflush(stdout) != 0) return systemError("writing to the standard output", errno);
    return arguments.has("--follow") ? follow(info.directory, reader, from, asJson) : Status{};
}

}  // namespace radlads::server
