// An engine that says what the test tells it to: a QLocalServer in the test's own thread. Owned by the test.
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QLocalServer>
#include <QLocalSocket>
#include <QPointer>
#include <QTemporaryDir>
#include <functional>

#include "ui/core/engine_client.h"

namespace radlads::tests {

class ScriptedServer : public QObject {
    Q_OBJECT
public:
    using Answer = std::function<QJsonObject(const QJsonObject& params)>;

    ScriptedServer();

    ui::EngineAddress address() const;  // never starts a real engine
    void listen();
    void stop();  // closes all sessions and the socket

    // What a method answers; an object with an "error" key is sent as the error. engine.hello answers by itself.
    void on(const QString& method, Answer answer);
    void onEverything(std::function<void(const QString& method, const QJsonObject& params)> hook) {
        m_hook = std::move(hook);
    }
    void mute(const QString& method) { m_muted.append(method); }  // taken, never answered
    static QJsonObject error(int code, const QString& message, const QString& kind);

    void notify(const QString& method, const QJsonObject& params);
    void sendRaw(const QByteArray& bytes);
    void dropSessions();
    // From now on every message goes out in pieces of 1 to `bytes` bytes, each on its own turn of the event loop.
    void splitRandomly(int bytes, quint32 seed);

    const QStringList& received() const { return m_received; }  // methods in order
    QJsonObject lastParams(const QString& method) const { return m_lastParams.value(method); }
    int sessions() const;
    qint64 bytesWaiting() const;

private:
    void onLine(QLocalSocket* socket, const QByteArray& line);
    void send(QLocalSocket* socket, const QByteArray& bytes);
    void sendPiece();

    QTemporaryDir m_directory;
    QLocalServer m_server;
    QList<QPointer<QLocalSocket>> m_sockets;
    QHash<QString, Answer> m_answers;
    QHash<QString, QJsonObject> m_lastParams;
    std::function<void(const QString&, const QJsonObject&)> m_hook;
    QStringList m_received, m_muted;
    QList<std::pair<QPointer<QLocalSocket>, QByteArray>> m_pieces;
    int m_pieceBytes = 0;
    quint32 m_random = 1;
};

}  // namespace radlads::tests
