#include "engine/run/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/run/descriptor.h"
#include "engine/run/files.h"
#include "engine/run/line_file.h"

namespace radlads::run {
namespace {

// The value with NaN and infinities as strings, which JSON has no numbers for.
nlohmann::ordered_json withoutNonFinite(const nlohmann::json& value) {
    if (value.is_object()) {
        auto object = nlohmann::ordered_json::object();
        for (auto entry = value.begin(); entry != value.end(); ++entry) object[entry.key()] = withoutNonFinite(*entry);
        return object;
    }
    if (value.is_array()) {
        auto list = nlohmann::ordered_json::array();
        for (const nlohmann::json& element : value) list.push_back(withoutNonFinite(element));
        return list;
    }
    if (value.is_number_float() && !std::isfinite(value.get<double>())) {
        const auto number = value.get<double>();
        return std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
    }
    return value;
}

// The line of an object that starts with `head`; fields of the same names are left out.
std::string lineOf(nlohmann::ordered_json head, const nlohmann::json& fields) {
    for (auto entry = fields.begin(); entry != fields.end(); ++entry)
        if (!head.contains(entry.key())) head[entry.key()] = withoutNonFinite(*entry);
    return head.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Status checkFields(const nlohmann::json& fields) {
    if (fields.is_object() || fields.is_null()) return {};
    return invalidInput("the fields of a journal line must be a JSON object");
}

}  // namespace

struct JournalWriter::State {
    LineFile lines;
    uint64_t sequence = 0;
};

JournalWriter::JournalWriter(std::unique_ptr<State> state) : m_state(std::move(state)) {}
JournalWriter::JournalWriter(JournalWriter&&) noexcept = default;
JournalWriter& JournalWriter::operator=(JournalWriter&&) noexcept = default;
JournalWriter::~JournalWriter() = default;

Result<JournalWriter> JournalWriter::open(const fs::path& file) {
    RADLADS_TRY_ASSIGN(LineFile lines, LineFile::open(file, Sharing::OneWriter));
    RADLADS_TRY_ASSIGN(const uint64_t sequence, lines.lastNumber("seq"));
    return JournalWriter(std::make_unique<State>(State{std::move(lines), sequence}));
}

Status JournalWriter::append(const std::string& event, const nlohmann::json& fields) {
    RADLADS_TRY(checkFields(fields));
    nlohmann::ordered_json head = {{"seq", m_state->sequence + 1}, {"time", utcNow()}, {"event", event}};
    RADLADS_TRY(m_state->lines.append(lineOf(std::move(head), fields)));
    ++m_state->sequence;
    return {};
}

Status JournalWriter::sync() {
    return m_state->lines.sync();
}

uint64_t JournalWriter::lastSequence() const {
    return m_state->sequence;
}

JournalReader::JournalReader(fs::path file, uint64_t offset) : m_file(std::move(file)), m_offset(offset) {}

Result<std::vector<nlohmann::json>> JournalReader::next(size_t maxEvents) {
    constexpr std::size_t kChunk = 1 << 18;
    constexpr uint64_t kMaxBytesPerCall = 8 << 20;
    std::vector<nlohmann::json> events;
    const Descriptor file(::open(m_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.valid() && errno == ENOENT) return events;
    if (!file.valid()) return systemError("opening " + m_file.string(), errno);
    struct stat status {};
    if (::fstat(file.value(), &status) != 0) return systemError("reading " + m_file.string(), errno);
    if (!S_ISREG(status.st_mode)) return invalidInput("{} is not a regular file", m_file.string());
    if (static_cast<uint64_t>(status.st_size) < m_offset)
        return invalidInput("{} became shorter than the {} bytes already read; read it again from its start",
                            m_file.string(), m_offset);
    if (static_cast<uint64_t>(status.st_size) < m_offset + m_longLine) m_longLine = 0;

    const uint64_t first = m_offset;
    std::string pending;  // from m_offset + m_longLine on
    while (events.size() < maxEvents && (events.empty() || m_offset - first < kMaxBytesPerCall)) {
        const std::size_t have = pending.size();
        pending.resize(have + kChunk);
        const ssize_t count =
            ::pread(file.value(), pending.data() + have, kChunk, static_cast<off_t>(m_offset + m_longLine + have));
        const int reason = errno;
        pending.resize(have + (count > 0 ? static_cast<std::size_t>(count) : 0));
        if (count < 0 && reason == EINTR) continue;
        if (count < 0) return systemError("reading " + m_file.string(), reason);
        if (count == 0) break;

        std::size_t start = 0, search = have;  // what was there before holds no newline
        while (events.size() < maxEvents) {
            const std::size_t newline = pending.find('\n', search);
            if (newline == std::string::npos) break;
            const uint64_t length = m_longLine + (newline + 1 - start);
            std::optional<nlohmann::json> event;
            if (length <= kMaxLineBytes) event = parseLine(std::string_view(pending).substr(start, newline - start));
            if (event)
                events.push_back(std::move(*event));
            else
                ++m_skipped;
            m_offset += length;
            m_longLine = 0;
            start = search = newline + 1;
        }
        pending.erase(0, start);
        if (events.size() < maxEvents && m_longLine + pending.size() >= kMaxLineBytes) {
            m_longLine += pending.size();
            pending.clear();
        }
    }
    return events;
}

uint64_t JournalReader::offset() const {
    return m_offset;
}
uint64_t JournalReader::skippedLines() const {
    return m_skipped;
}

Status appendCommand(const fs::path& runDirectory, const std::string& command, const nlohmann::json& fields) {
    RADLADS_TRY(checkFields(fields));
    RADLADS_TRY_ASSIGN(LineFile lines, LineFile::open(runDirectory / "commands.ndjson", Sharing::ManyWriters));
    RADLADS_TRY_ASSIGN(const uint64_t last, lines.lastNumber("id"));
    nlohmann::ordered_json head = {{"id", last + 1}, {"time", utcNow()}, {"command", command}};
    RADLADS_TRY(lines.append(lineOf(std::move(head), fields)));
    return lines.sync();
}

}  // namespace radlads::run
