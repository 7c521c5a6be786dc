#include "engine/server/session.h"

#include <algorithm>

#include "engine/protocol/text.h"
#include "engine/server/engine.h"
#include "engine/server/method_table.h"

namespace radlads::server {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t kFeedChunk = 64 << 10;
constexpr std::size_t kTurnBytes = 256 << 10;
constexpr qint64 kTurnMs = 10;
constexpr auto kCloseTimeout = 5s;

}  // namespace

Reply::Reply(Session* session, const Request& request)
    : m_session(session), m_id(request.id), m_isWanted(request.wantsAnswer) {
    ++session->m_inFlight;
}

void Reply::send(const Answer& answer) const {
    if (!m_session) return;
    --m_session->m_inFlight;
    if (m_isWanted) m_session->answer(m_id, answer);
}

Session::Session(run::Descriptor socket, Engine& engine, QObject* parent)
    : QObject(parent), m_connection(std::move(socket), this), m_engine(engine) {
    m_closeTimer.setSingleShot(true);
    m_turnTimer.setSingleShot(true);
    m_turnTimer.setInterval(0);  // a timer, since posted events would go before other clients' sockets
    connect(&m_turnTimer, &QTimer::timeout, this, &Session::read);
    connect(&m_connection, &Connection::readable, this, &Session::read);
    connect(&m_connection, &Connection::writable, this, &Session::pump);
    connect(&m_connection, &Connection::closed, this, &Session::ended);
    connect(&m_closeTimer, &QTimer::timeout, &m_connection, &Connection::close);
}

Session::~Session() = default;

// One chunk, or some milliseconds of work, a turn of the event loop: a client that asks without end keeps nobody
// waiting.
void Session::read() {
    QElapsedTimer turn;
    turn.start();
    handleLines(turn);
    if (mayRead() && !m_decoder.holdsLine()) {
        m_decoder.add(m_connection.read());
        handleLines(turn);
    }
    const bool isUnfinished = mayRead() && m_decoder.holdsLine();
    m_connection.setReading(mayRead() && !isUnfinished);
    if (isUnfinished) m_turnTimer.start();
    pump();
}

void Session::handleLines(const QElapsedTimer& turn) {
    while (mayRead() && !turn.hasExpired(kTurnMs)) {
        const auto line = m_decoder.next();
        if (!line) break;
        handleLine(*line);
    }
    if (m_decoder.tooLong() && mayRead())
        refuseAndClose(
            {}, {kParseError, fmt::format("a line has more than {} bytes; the session is closed", kMaxWireLine), {}});
}

void Session::handleLine(const std::string& line) {
    auto request = parseRequest(line);
    if (request) return handleRequest(*request);
    RequestFault& fault = request.error();
    if (fault.closes) return refuseAndClose(fault.id, std::move(fault.error));
    answer(fault.id, tl::unexpected(std::move(fault.error)));
}

void Session::handleRequest(const Request& request) {
    if (!m_isGreeted && request.method != "engine.hello")
        return refuseAndClose(request.id, {kHelloError, "the first request must be engine.hello", {}});
    if (m_inFlight >= kMaxInFlight)
        return answer(request.id,
                      refuse(kFlightError, "{} requests wait for their answer; send fewer at a time", kMaxInFlight));
    callMethod(request, {m_engine, *this, request.params, Reply(this, request)});
    if (m_isCloseWanted) closeAfterSending();
}

void Session::answer(const nlohmann::json& id, const Answer& answer) {
    std::string line = replyLine(id, answer);
    if (line.size() > kMaxWireLine)
        line = replyLine(
            id, refuse(kFailedError, "the answer has {} bytes, more than a line may have; ask for less", line.size()));
    send(std::move(line));
}

void Session::send(std::string line) {
    if (m_isClosing) return;
    m_outboxBytes += line.size();
    m_outbox.push_back(std::move(line));
    pump();
}

void Session::refuseAndClose(const nlohmann::json& id, RpcError error) {
    answer(id, tl::unexpected(std::move(error)));
    closeAfterSending();
}

void Session::closeAfterSending() {
    if (m_isClosing) return;
    m_isClosing = true;
    m_feeds.clear();
    m_changedRuns.clear();
    m_closeTimer.start(kCloseTimeout);
    pump();
}

void Session::attach(const std::string& run, const fs::path& journal, uint64_t afterSeq) {
    detach(run);
    m_feeds.emplace_back(run, journal, afterSeq);
}

void Session::detach(const std::string& run) {
    m_feeds.remove_if([&](const RunFeed& feed) { return feed.run() == run; });
    m_idleFeeds.erase(run);
}

void Session::onRunChanged(const std::string& run) {
    if (!m_isWatching || m_isClosing) return;
    m_changedRuns.insert(run);
    pump();
}

void Session::onQueueChanged() {
    if (!m_isWatching || m_isClosing) return;
    m_isQueueChanged = true;
    pump();
}

void Session::onJournalGrew(const std::string& run) {
    if (m_idleFeeds.erase(run) > 0) pump();
}

// One more line, or piece of a journal, into the empty outbox. False if there is nothing to send.
bool Session::fillOutbox() {
    std::string lines;
    if (m_isQueueChanged) {
        m_isQueueChanged = false;
        lines = notificationLine("queue.changed", {{"queue", m_engine.control().queue().order()}});
    } else if (!m_changedRuns.empty()) {
        const std::string run = *m_changedRuns.begin();
        m_changedRuns.erase(m_changedRuns.begin());
        const nlohmann::ordered_json* record = m_engine.control().library().record(run);
        lines = record ? notificationLine("run.changed", {{"record", *record}})
                       : notificationLine("run.removed", {{"run", run}});
    } else {
        const auto feed = std::find_if(m_feeds.begin(), m_feeds.end(),
                                       [this](const RunFeed& entry) { return !m_idleFeeds.contains(entry.run()); });
        if (feed == m_feeds.end()) return false;
        if (!feed->pull(lines, kFeedChunk)) m_idleFeeds.insert(feed->run());
        m_feeds.splice(m_feeds.end(), m_feeds, feed);
    }
    if (lines.empty()) return true;  // perhaps another has something
    m_outboxBytes += lines.size();
    m_outbox.push_back(std::move(lines));
    return true;
}

// So many bytes a turn of the event loop: a client that reads fast keeps nobody waiting either.
void Session::pump() {
    if (m_isPumping) return;
    m_isPumping = true;
    const bool wasFull = isFull();
    for (std::size_t sent = 0; m_connection.isOpen();) {
        if (m_outbox.empty() && (m_isClosing || !fillOutbox())) break;
        if (m_outbox.empty()) continue;
        if (sent >= kTurnBytes) {
            m_connection.awaitWritable();
            break;
        }
        const std::string& front = m_outbox.front();
        const std::size_t length = m_connection.write(std::string_view(front).substr(m_sentOfFront));
        sent += length;
        m_sentOfFront += length;
        m_outboxBytes -= length;
        if (m_sentOfFront < front.size()) break;
        m_outbox.pop_front();
        m_sentOfFront = 0;
    }
    m_isPumping = false;
    if (m_isClosing && m_outbox.empty()) return m_connection.close();
    if (!wasFull || isFull()) return endIfAllIsSaid();
    Q_EMIT drained();
    // Requests that waited for room.
    m_turnTimer.start();
}

void Session::release() {
    --m_holds;
    endIfAllIsSaid();
}

// After the client's last request: when it is answered and the journals that it follows are at their ends.
void Session::endIfAllIsSaid() {
    if (!m_connection.isAtEnd() || !mayRead() || m_decoder.holdsLine()) return;
    if (m_inFlight == 0 && m_holds == 0 && m_outbox.empty() && m_changedRuns.empty() &&
        m_idleFeeds.size() == m_feeds.size())
        closeAfterSending();
}

}  // namespace radlads::server
