// Listens on a local socket and holds a session for each client.
#pragma once

#include <QLocalServer>
#include <QObject>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "engine/protocol/result.h"
#include "engine/server/engine.h"
#include "engine/server/session.h"
#include "engine/server/socket_place.h"

namespace radlads::server {

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
    void accept();
    void remove(Session* session);

    fs::path m_socket;
    InstanceLock m_socketLock, m_runsLock;
    Engine m_engine;
    QLocalServer m_server;
    std::vector<Session*> m_sessions;
    bool m_isEnding = false;
};

}  // namespace radlads::server
