#include "tests/ui/support/scripted_server.h"

#include <QJsonDocument>
#include <QTimer>

namespace radlads::tests {

using namespace Qt::StringLiterals;

ScriptedServer::ScriptedServer() {
    connect(&m_server, &QLocalServer::newConnection, this, [this] {
        while (QLocalSocket* socket = m_server.nextPendingConnection()) {
            m_sockets.append(socket);
            connect(socket, &QLocalSocket::readyRead, this, [this, socket] {
                while (socket->canReadLine()) onLine(socket, socket->readLine());
            });
        }
    });
    listen();
}

void ScriptedServer::listen() {
    m_server.listen(m_directory.filePath(u"engine.sock"_s));
}

void ScriptedServer::stop() {
    dropSessions();
    m_server.close();
}

ui::EngineAddress ScriptedServer::address() const {
    return {u"local"_s, u"This computer"_s, m_directory.filePath(u"engine.sock"_s), QString(), false};
}

void ScriptedServer::on(const QString& method, Answer answer) {
    m_answers.insert(method, std::move(answer));
}

QJsonObject ScriptedServer::error(int code, const QString& message, const QString& kind) {
    return {{u"error"_s,
             QJsonObject{{u"code"_s, code}, {u"message"_s, message}, {u"data"_s, QJsonObject{{u"kind"_s, kind}}}}}};
}

void ScriptedServer::onLine(QLocalSocket* socket, const QByteArray& line) {
    const QJsonObject request = QJsonDocument::fromJson(line).object();
    const QString method = request["method"_L1].toString();
    const QJsonObject params = request["params"_L1].toObject();
    m_received.append(method);
    m_lastParams.insert(method, params);
    if (m_hook) m_hook(method, params);
    if (m_muted.contains(method)) return;
    QJsonObject result;
    if (m_answers.contains(method))
        result = m_answers.value(method)(params);
    else if (method == "engine.hello"_L1)
        result = {{u"server"_s, u"scripted"_s},
                  {u"protocol"_s, u"1.0"_s},
                  {u"version"_s, u"0.1.0"_s},
                  {u"host"_s, u"testhost"_s}};
    else if (method == "run.list"_L1)
        result = {{u"runs"_s, QJsonArray()}, {u"queue"_s, QJsonArray()}};
    QJsonObject answer{{u"jsonrpc"_s, u"2.0"_s}, {u"id"_s, request["id"_L1]}};
    if (result.contains("error"_L1))
        answer.insert(u"error"_s, result["error"_L1]);
    else
        answer.insert(u"result"_s, result);
    send(socket, QJsonDocument(answer).toJson(QJsonDocument::Compact) + '\n');
}

void ScriptedServer::notify(const QString& method, const QJsonObject& params) {
    const QJsonObject message{{u"jsonrpc"_s, u"2.0"_s}, {u"method"_s, method}, {u"params"_s, params}};
    sendRaw(QJsonDocument(message).toJson(QJsonDocument::Compact) + '\n');
}

void ScriptedServer::sendRaw(const QByteArray& bytes) {
    for (const auto& socket : m_sockets)
        if (socket && socket->state() == QLocalSocket::ConnectedState) send(socket, bytes);
}

void ScriptedServer::send(QLocalSocket* socket, const QByteArray& bytes) {
    if (m_pieceBytes == 0) {
        socket->write(bytes);
        return;
    }
    if (m_pieces.isEmpty()) QTimer::singleShot(0, this, &ScriptedServer::sendPiece);
    m_pieces.append({socket, bytes});
}

void ScriptedServer::sendPiece() {
    if (m_pieces.isEmpty()) return;
    auto& [socket, bytes] = m_pieces.first();
    m_random = m_random * 1664525u + 1013904223u;
    const int count = 1 + static_cast<int>((m_random >> 8) % static_cast<quint32>(m_pieceBytes));
    if (socket) {
        socket->write(bytes.left(count));
        socket->flush();
    }
    bytes.remove(0, count);
    if (bytes.isEmpty() || !socket) m_pieces.removeFirst();
    if (!m_pieces.isEmpty()) QTimer::singleShot(0, this, &ScriptedServer::sendPiece);
}

void ScriptedServer::splitRandomly(int bytes, quint32 seed) {
    m_pieceBytes = bytes;
    m_random = seed;
}

void ScriptedServer::dropSessions() {
    m_pieces.clear();
    for (const auto& socket : std::exchange(m_sockets, {}))
        if (socket) {
            socket->abort();
            socket->deleteLater();
        }
}

int ScriptedServer::sessions() const {
    return static_cast<int>(std::count_if(m_sockets.cbegin(), m_sockets.cend(), [](const auto& socket) {
        return socket && socket->state() == QLocalSocket::ConnectedState;
    }));
}

qint64 ScriptedServer::bytesWaiting() const {
    qint64 bytes = 0;
    for (const auto& socket : m_sockets)
        if (socket) bytes += socket->bytesToWrite();
    return bytes;
}

}  // namespace radlads::tests
