#include "engine/server/broker.h"

#include <sys/socket.h>
#include <unistd.h>

#include <QFile>
#include <algorithm>
#include <system_error>

namespace radlads::server {
namespace {

constexpr std::size_t kMaxSessions = 64;

// One line into the empty buffer of a fresh connection; whether it arrives is not this engine's concern.
void refuseStranger(int socket) {
    const std::string line =
        replyLine(nullptr, refuse(kFailedError, "this engine serves user {} alone; start one of your own", ::getuid()));
    (void)::send(socket, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Result<std::unique_ptr<Broker>> Broker::open(const fs::path& socket, const fs::path& runsDirectory) {
    RADLADS_TRY(prepareSocketDirectory(socket));
    // Before listening: QLocalServer would take the path away from a living server.
    RADLADS_TRY_ASSIGN(InstanceLock socketLock,
                       InstanceLock::acquire(fs::path(socket) += ".lock", "the socket " + socket.string()));
    std::error_code error;
    fs::create_directories(runsDirectory, error);
    if (error) return systemError("making the directory " + runsDirectory.string(), error.value());
    const fs::path runs = fs::canonical(runsDirectory, error);
    if (error) return systemError("opening the directory " + runsDirectory.string(), error.value());
    RADLADS_TRY_ASSIGN(InstanceLock runsLock,
                       InstanceLock::acquire(runs / ".engine.lock", "the runs in " + runs.string()));
    std::unique_ptr<Broker> broker(new Broker(socket, std::move(socketLock), std::move(runsLock), runs));
    RADLADS_TRY(broker->listen());
    return broker;
}

Broker::Broker(fs::path socket, InstanceLock socketLock, InstanceLock runsLock, const fs::path& runsDirectory)
    : m_socket(std::move(socket)),
      m_socketLock(std::move(socketLock)),
      m_runsLock(std::move(runsLock)),
      m_engine(runsDirectory) {
    connect(&m_server, &SocketServer::connected, this, &Broker::accept);
    m_listenTimer.setSingleShot(true);
    m_listenTimer.setInterval(0);  // when the session's own descriptor is free
    connect(&m_listenTimer, &QTimer::timeout, this, [this] { (void)listen(); });
    RunLibrary& library = m_engine.control().library();
    const auto each = [this](auto call) {
        // A session may end meanwhile.
        const std::vector<Session*> sessions = m_sessions;
        for (Session* session : sessions) call(session);
    };
    const auto changed = [each](const std::string& run) {
        each([&](Session* session) { session->onRunChanged(run); });
    };
    connect(&library, &RunLibrary::changed, this, changed);
    connect(&library, &RunLibrary::removed, this, changed);
    connect(&library, &RunLibrary::journalGrew, this,
            [each](const std::string& run) { each([&](Session* session) { session->onJournalGrew(run); }); });
    connect(&m_engine.control(), &RunControl::queueChanged, this,
            [each] { each([](Session* session) { session->onQueueChanged(); }); });
    connect(&m_engine, &Engine::shutdownWanted, this, &Broker::shutDown);
}

// The lock is ours, so a socket that lies there belongs to an engine that has ended.
Status Broker::listen() {
    ::unlink(m_socket.c_str());
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    if (m_server.listen(QFile::decodeName(m_socket.c_str()))) return {};
    return failed("listening on {} failed: {}", m_socket.string(), m_server.errorString().toStdString());
}

void Broker::accept(int socket) {
    run::Descriptor connection(socket);
    // The directory's mode keeps others out already; this holds where it does not.
    if (peerUser(socket) != ::getuid()) return refuseStranger(socket);
    if (m_isEnding) return;
    auto* session = new Session(std::move(connection), m_engine, this);
    m_sessions.push_back(session);
    connect(session, &Session::ended, this, [this, session] { remove(session); });
    if (m_sessions.size() > kMaxSessions) {
        session->send(replyLine(
            nullptr, refuse(kBusyError, "{} clients are connected already; close one of them", kMaxSessions)));
        session->closeAfterSending();
    }
}

void Broker::remove(Session* session) {
    const auto found = std::find(m_sessions.begin(), m_sessions.end(), session);
    if (found == m_sessions.end()) return;
    m_sessions.erase(found);
    session->deleteLater();
    if (m_isEnding && m_sessions.empty()) Q_EMIT ended();
    // QLocalServer stops listening when the process has no descriptor left for a client.
    if (!m_isEnding && !m_server.isListening()) m_listenTimer.start();
}

void Broker::shutDown() {
    if (m_isEnding) return;
    m_isEnding = true;
    m_server.close();
    if (m_sessions.empty()) {
        QMetaObject::invokeMethod(this, &Broker::ended, Qt::QueuedConnection);
        return;
    }
    const std::vector<Session*> sessions = m_sessions;
    for (Session* session : sessions) session->closeAfterSending();
}

}  // namespace radlads::server
