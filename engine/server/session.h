// One client: its requests, its answers, the runs it follows.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QPointer>
#include <QTimer>
#include <deque>
#include <functional>
#include <list>
#include <set>
#include <string>

#include "engine/server/connection.h"
#include "engine/server/line_decoder.h"
#include "engine/server/request.h"
#include "engine/server/rpc.h"
#include "engine/server/run_feed.h"

namespace radlads::server {

class Engine;
class Session;

// Answers one request, once, now or later; does nothing when the session has ended. May be copied.
class Reply {
public:
    Reply(Session* session, const Request& request);
    void send(const Answer& answer) const;

private:
    QPointer<Session> m_session;
    nlohmann::json m_id;
    bool m_isWanted;
};

// Owned by the Broker, in the main thread. What is sent waits in three places, in this order: m_outbox (answers, events
// of jobs), names of runs whose record has changed, and the journals of the followed runs, which stay in their files.
// A piece of a journal is taken from its file when the piece before has gone to the kernel, so a client that reads
// slowly costs that piece and its outbox alone; while the outbox is full, nothing more is read from the client. A
// client that sends no more gets what it has asked for, stored events included, before the session ends.
class Session : public QObject {
    Q_OBJECT
public:
    Session(run::Descriptor socket, Engine& engine, QObject* parent);
    ~Session() override;

    // ---- for the methods
    void greet() { m_isGreeted = true; }
    void watchRuns() { m_isWatching = true; }
    void attach(const std::string& run, const fs::path& journal, uint64_t afterSeq);
    void detach(const std::string& run);
    void send(std::string line);  // a notification, whole with its newline
    // The outbox holds more than a client that reads would let it: producers wait for `drained`.
    bool isFull() const { return m_outboxBytes > kOutboxLimit; }
    // Of a job, which tells its end later: until then the session does not end by itself.
    void hold() { ++m_holds; }
    void release();
    // Ends the session after the answer to the present request.
    void closeAfterAnswer() { m_isCloseWanted = true; }
    // Ends the session when all that waits has been sent, or after a while.
    void closeAfterSending();

    // ---- for the broker
    void onRunChanged(const std::string& run);
    void onQueueChanged();
    void onJournalGrew(const std::string& run);

    static constexpr std::size_t kOutboxLimit = 256 << 10;
    static constexpr int kMaxInFlight = 64;

Q_SIGNALS:
    void drained();
    void ended();

private:
    friend class Reply;
    void read();
    bool mayRead() const { return !m_isClosing && !isFull(); }
    void handleLines(const QElapsedTimer& turn);
    void handleLine(const std::string& line);
    void handleRequest(const Request& request);
    void answer(const nlohmann::json& id, const Answer& answer);
    void refuseAndClose(const nlohmann::json& id, RpcError error);
    void pump();
    bool fillOutbox();
    void endIfAllIsSaid();

    Connection m_connection;
    Engine& m_engine;
    LineDecoder m_decoder;
    std::deque<std::string> m_outbox;
    std::size_t m_outboxBytes = 0;
    std::size_t m_sentOfFront = 0;
    std::set<std::string> m_changedRuns;
    bool m_isQueueChanged = false;
    std::list<RunFeed> m_feeds;         // served in turn
    std::set<std::string> m_idleFeeds;  // nothing new since the last pull
    int m_inFlight = 0, m_holds = 0;
    bool m_isGreeted = false, m_isWatching = false, m_isClosing = false, m_isPumping = false, m_isCloseWanted = false;
    QTimer m_closeTimer, m_turnTimer;
};

}  // namespace radlads::server
