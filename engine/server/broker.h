// Listens on a local socket and holds a session for each client.
#pragma once

#include <QLocalServer>
#include <QObject>
#include <QTimer>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "engine/protocol/result.h"
#include "engine/server/engine.h"
#include "engine/server/session.h"
#include "engine/server/socket_place.h"

namespace radlads::server {

// Gives the connected sockets away as they are.
class SocketServer : public QLocalServer {
    Q_OBJECT
public:
    using QLocalServer::QLocalServer;

Q_SIGNALS:
    void connected(int socket);  // the receiver owns it

private:
    void incomingConnection(quintptr socket) override { Q_EMIT connected(static_cast<int>(socket)); }
};

// Owned by the serve command, in the main thread.
class Broker : public QObject {
    Q_OBJECT
public:
    // Listens on the socket when this returns. Busy if another engine serves the socket or the runs.
    static Result<std::unique_ptr<Broker>> open(const fs::path& socket, const fs::path& runsDirectory);
    // Ends the sessions when what waits for them has been sent, then emits `ended`. Runs go on.
    void shutDown();

Q_SIGNALS:
    void ended();

private:
    Broker(fs::path socket, InstanceLock socketLock, InstanceLock runsLock, const fs::path& runsDirectory);
    Status listen();
    void accept(int socket);
    void remove(Session* session);

    fs::path m_socket;
    InstanceLock m_socketLock, m_runsLock;
    Engine m_engine;
    SocketServer m_server;
    QTimer m_listenTimer;
    std::vector<Session*> m_sessions;
    bool m_isEnding = false;
};

}  // namespace radlads::server
