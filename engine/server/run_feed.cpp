#include "engine/server/run_feed.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>

#include "engine/protocol/text.h"
#include "engine/run/descriptor.h"
#include "engine/server/line_decoder.h"
#include "engine/server/plain_json.h"
#include "engine/server/rpc.h"

namespace radlads::server {
namespace {

using nlohmann::json;

constexpr std::size_t kChunk = 64 << 10;          // a call for 64 KiB of lines needs little more
constexpr std::size_t kMaxReadPerCall = 8 << 20;  // while events are passed over
constexpr std::size_t kMaxJournalLine = 1 << 20;
constexpr std::size_t kMaxEventDepth = kMaxWireDepth - 2;  // an event stands within "params" within the message
constexpr uint64_t kMaxSequence = uint64_t{1} << 53;
constexpr std::string_view kTail = "}}\n";

// A line that may be sent as it is: one JSON object, not too deep.
bool isEvent(std::string_view line) {
    if (!line.starts_with('{')) return false;
    return isPlainJson(line, kMaxEventDepth) || (protocol::jsonDepthWithin(line, kMaxEventDepth) && json::accept(line));
}

}  // namespace

uint64_t sequenceOf(std::string_view line) {
    constexpr std::string_view kStart = "{\"seq\":";
    uint64_t sequence = 0;
    if (line.starts_with(kStart)) {
        const auto parsed = std::from_chars(line.data() + kStart.size(), line.data() + line.size(), sequence);
        if (parsed.ec == std::errc() && parsed.ptr != line.data() + line.size() && *parsed.ptr == ',')
            return sequence <= kMaxSequence ? sequence : 0;
    }
    if (!protocol::jsonDepthWithin(line, kMaxEventDepth)) return 0;
    const json event = json::parse(line, nullptr, false);
    const auto found = event.is_object() ? event.find("seq") : event.end();
    if (!event.is_object() || found == event.end() || !found->is_number_unsigned()) return 0;
    return found->get<uint64_t>() <= kMaxSequence ? found->get<uint64_t>() : 0;
}

RunFeed::RunFeed(std::string run, fs::path journal, uint64_t afterSeq)
    : m_run(std::move(run)), m_journal(std::move(journal)), m_lastSeq(afterSeq) {
    m_head = "{\"jsonrpc\":\"2.0\",\"method\":\"run.event\",\"params\":{\"run\":" + json(m_run).dump() + ",\"event\":";
}

void RunFeed::take(std::string_view line, std::string& lines) {
    const uint64_t sequence = sequenceOf(line);
    if (sequence <= m_lastSeq || !isEvent(line)) return;
    m_lastSeq = sequence;
    if (m_head.size() + line.size() + kTail.size() > kMaxWireLine) {  // the gap is told, not hidden
        const json event = {{"seq", sequence},
                            {"event", "warning"},
                            {"message", fmt::format("an event of {} bytes is too long to be sent; it is in {}",
                                                    line.size(), m_journal.string())}};
        lines += m_head + event.dump(-1, ' ', false, json::error_handler_t::replace);
    } else {
        (lines += m_head) += line;
    }
    lines += kTail;
}

void RunFeed::announceEnd(std::string& lines) {
    m_isLive = true;
    lines += notificationLine("run.live", {{"run", m_run}, {"seq", m_lastSeq}});
}

bool RunFeed::pull(std::string& lines, std::size_t maxBytes) {
    const std::size_t before = lines.size();
    const run::Descriptor file(::open(m_journal.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!file.valid() || ::fstat(file.value(), &status) != 0 || !S_ISREG(status.st_mode)) {
        if (!m_isLive) announceEnd(lines);  // no journal yet
        return lines.size() > before;
    }
    // A shorter file is another one; what was sent of the old is not sent again.
    if (static_cast<uint64_t>(status.st_size) < m_offset) m_offset = m_longLine = 0;
    if (static_cast<uint64_t>(status.st_size) < m_offset + m_longLine) m_longLine = 0;

    std::string pending;  // from m_offset + m_longLine on
    std::size_t readBytes = 0;
    while (lines.size() - before < maxBytes && readBytes < kMaxReadPerCall) {
        const std::size_t have = pending.size();
        pending.resize(have + kChunk);
        const ssize_t count =
            ::pread(file.value(), pending.data() + have, kChunk, static_cast<off_t>(m_offset + m_longLine + have));
        const int reason = errno;
        pending.resize(have + (count > 0 ? static_cast<std::size_t>(count) : 0));
        if (count < 0 && reason == EINTR) continue;
        if (count <= 0) {
            if (!m_isLive) announceEnd(lines);
            break;
        }
        readBytes += static_cast<std::size_t>(count);
        std::size_t start = 0, search = have;
        while (lines.size() - before < maxBytes) {
            const std::size_t newline = pending.find('\n', search);
            if (newline == std::string::npos) break;
            const uint64_t length = m_longLine + (newline + 1 - start);
            if (length <= kMaxJournalLine) take(std::string_view(pending).substr(start, newline - start), lines);
            m_offset += length;
            m_longLine = 0;
            start = search = newline + 1;
        }
        pending.erase(0, start);
        if (m_longLine + pending.size() >= kMaxJournalLine && pending.find('\n') == std::string::npos) {
            m_longLine += pending.size();
            pending.clear();
        }
    }
    return lines.size() > before || readBytes >= kMaxReadPerCall;
}

}  // namespace radlads::server
