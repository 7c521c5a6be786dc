#include "tests/support/fake_hub.h"

#include <QCryptographicHash>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>
#include <QSslServer>
#include <QTimer>

namespace radlads::test {
namespace {

QByteArray fileBytes(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

std::unique_ptr<QTcpServer> makeServer(const QString& certificateDirectory) {
    if (certificateDirectory.isEmpty()) return std::make_unique<QTcpServer>();
    auto server = std::make_unique<QSslServer>();
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setLocalCertificate(QSslCertificate(fileBytes(certificateDirectory + QStringLiteral("/server.pem"))));
    configuration.setPrivateKey(QSslKey(fileBytes(certificateDirectory + QStringLiteral("/server.key")), QSsl::Rsa));
    server->setSslConfiguration(configuration);
    return server;
}

QByteArray responseBytes(const FakeResponse& response) {
    QByteArray bytes = "HTTP/1.1 " + QByteArray::number(response.status) + " Whatever\r\nConnection: close\r\n";
    const qint64 length = response.announcedLength >= 0 ? response.announcedLength : response.body.size();
    bytes += "Content-Length: " + QByteArray::number(length) + "\r\n";
    for (const auto& [name, value] : response.headers) bytes += name + ": " + value + "\r\n";
    return bytes + "\r\n" + response.body;
}

QByteArray seededBytes(qsizetype count, quint32 seed) {
    QByteArray bytes(count, Qt::Uninitialized);
    for (char& byte : bytes) {
        seed = seed * 1664525U + 1013904223U;
        byte = static_cast<char>(seed >> 24);
    }
    return bytes;
}

// Sends a response in pieces; the child of its socket.
class Trickle : public QObject {
public:
    Trickle(QTcpSocket* socket, QByteArray bytes, int bytesPerTick) : QObject(socket), m_bytes(std::move(bytes)) {
        auto* timer = new QTimer(this);
        connect(timer, &QTimer::timeout, this, [this, socket, timer, bytesPerTick] {
            socket->write(m_bytes.mid(m_at, bytesPerTick));
            m_at += bytesPerTick;
            if (m_at < m_bytes.size()) return;
            timer->stop();
            socket->disconnectFromHost();
        });
        timer->start(2);
    }

private:
    QByteArray m_bytes;
    qsizetype m_at = 0;
};

}  // namespace

FakeHttpServer::FakeHttpServer(Handler handler, const QString& certificateDirectory, QObject* parent)
    : QObject(parent),
      m_handler(std::move(handler)),
      m_isTls(!certificateDirectory.isEmpty()),
      m_server(makeServer(certificateDirectory)) {
    connect(m_server.get(), &QTcpServer::pendingConnectionAvailable, this, [this] {
        while (QTcpSocket* socket = m_server->nextPendingConnection()) serve(socket);
    });
    m_server->listen(QHostAddress::LocalHost);
}

QUrl FakeHttpServer::url() const {
    return QUrl(QStringLiteral("%1://localhost:%2").arg(QLatin1String(m_isTls ? "https" : "http")).arg(port()));
}

void FakeHttpServer::serve(QTcpSocket* socket) {
    connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
    auto head = std::make_shared<QByteArray>();
    const auto read = [this, socket, head] {
        head->append(socket->readAll());
        if (head->contains("\r\n\r\n")) answer(socket, std::exchange(*head, QByteArray()));
    };
    connect(socket, &QTcpSocket::readyRead, this, read);
    if (socket->bytesAvailable() > 0) read();
}

void FakeHttpServer::answer(QTcpSocket* socket, const QByteArray& head) {
    FakeRequest request;
    const QList<QByteArray> lines = head.split('\n');
    request.path = lines.first().split(' ').value(1);
    for (const QByteArray& line : lines.mid(1)) {
        const qsizetype colon = line.indexOf(':');
        if (colon > 0) request.headers[line.left(colon).toLower()] = line.mid(colon + 1).trimmed();
    }
    m_requests.append(request);
    const FakeResponse response = m_handler(request);
    if (response.isSilent) return;
    QByteArray bytes = responseBytes(response);
    if (response.cutAfter >= 0) bytes.truncate(response.cutAfter);
    if (response.bytesPerTick > 0) {
        new Trickle(socket, bytes, response.bytesPerTick);
        return;
    }
    socket->write(bytes);
    socket->disconnectFromHost();
}

FakeHub::FakeHub(const QString& certificateDirectory, QObject* parent)
    : QObject(parent),
      m_hub([this](const FakeRequest& request) { return answerHub(request); }, certificateDirectory),
      m_contents([this](const FakeRequest& request) { return answerContents(request); }, certificateDirectory) {
    const auto text = [](const char* content) { return FakeFile{content, false}; };
    files[QStringLiteral("config.json")] = text("{\"model_type\": \"qwen2\"}\n");
    files[QStringLiteral("generation_config.json")] = text("{}\n");
    files[QStringLiteral("tokenizer.json")] = {seededBytes(70000, 5), true};
    files[QStringLiteral("LICENSE")] = text("Apache\n");
    files[QStringLiteral("README.md")] = text("# Tiny\n");
    files[QStringLiteral("model.safetensors")] = {seededBytes(600000, 7), true};
    files[QStringLiteral("pytorch_model.bin")] = {"pickle", true};
    files[QStringLiteral("modeling_tiny.py")] = text("import os\n");
    files[QStringLiteral("original/model.safetensors")] = {"other", true};
}

QStringList FakeHub::wantedNames() const {
    QStringList names;
    for (auto file = files.begin(); file != files.end(); ++file)
        if (!file.key().endsWith(QLatin1String(".bin")) && !file.key().endsWith(QLatin1String(".py")) &&
            !file.key().contains(QLatin1Char('/')))
            names.append(file.key());
    return names;
}

int FakeHub::requestsFor(const QByteArray& ending) const {
    int count = 0;
    for (const FakeHttpServer* server : {&m_hub, &m_contents})
        for (const FakeRequest& request : server->requests()) count += request.path.endsWith(ending) ? 1 : 0;
    return count;
}

QByteArray FakeFile::sha256() const {
    return knownSha256.isEmpty() ? FakeHub::sha256(content) : knownSha256;
}

QByteArray FakeHub::sha256(const QByteArray& bytes) {
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex();
}

QByteArray FakeHub::gitBlob(const QByteArray& bytes) {
    QByteArray header = "blob " + QByteArray::number(bytes.size());
    header.append('\0');
    return QCryptographicHash::hash(header + bytes, QCryptographicHash::Sha1).toHex();
}

FakeResponse FakeHub::listing() const {
    QJsonArray siblings;
    for (auto file = files.begin(); file != files.end(); ++file) {
        QJsonObject entry{{QStringLiteral("rfilename"), file.key()}};
        if (listsSizes) {
            const QByteArray& content = file->content;
            entry[QStringLiteral("size")] = content.size();
            entry[QStringLiteral("blobId")] =
                QString::fromLatin1(gitBlob(file->isLarge ? "pointer " + file->sha256() : content));
            if (file->isLarge)
                entry[QStringLiteral("lfs")] =
                    QJsonObject{{QStringLiteral("sha256"), QString::fromLatin1(file->sha256())},
                                {QStringLiteral("size"), content.size()},
                                {QStringLiteral("pointerSize"), 130}};
        }
        siblings.append(entry);
    }
    const QJsonObject answer{{QStringLiteral("id"), QStringLiteral("acme/tiny")},
                             {QStringLiteral("sha"), QString::fromLatin1(commit)},
                             {QStringLiteral("siblings"), siblings}};
    return {200, {{"Content-Type", "application/json"}}, QJsonDocument(answer).toJson()};
}

FakeResponse FakeHub::content(const FakeRequest& request, const QByteArray& body, const QByteArray& etag) const {
    FakeResponse response{200, {{"ETag", etag}, {"Accept-Ranges", "bytes"}}, body};
    response.bytesPerTick = bytesPerTick;
    static const QRegularExpression range(QStringLiteral("^bytes=(\\d+)-$"));
    const auto match = range.match(QString::fromLatin1(request.headers.value("range")));
    const QByteArray condition = request.headers.value("if-range");
    if (!match.hasMatch() || (!condition.isEmpty() && condition != etag)) return response;
    const qint64 first = match.captured(1).toLongLong();
    if (first >= body.size()) return {416, {{"Content-Range", "bytes */" + QByteArray::number(body.size())}}, {}};
    response.status = 206;
    response.body = body.mid(first);
    response.headers.append({"Content-Range", "bytes " + QByteArray::number(first) + "-" +
                                                  QByteArray::number(body.size() - 1) + "/" +
                                                  QByteArray::number(body.size())});
    return response;
}

FakeResponse FakeHub::answerHub(const FakeRequest& request) {
    if (intercept)
        if (const auto response = intercept(request, false)) return *response;
    if (request.path.startsWith("/api/models/")) {
        if (request.path == "/api/models/acme/tiny/revision/main?blobs=true" ||
            request.path == "/api/models/acme/tiny/revision/refs%2Fpr%2F1?blobs=true")
            return listing();
        if (request.path.startsWith("/api/models/acme/tiny/"))
            return {404, {{"X-Error-Code", "RevisionNotFound"}}, "{\"error\":\"Invalid rev id\"}"};
        return {401, {{"X-Error-Code", "RepoNotFound"}}, "{\"error\":\"Repository not found\"}"};
    }
    if (redirectsRelatively && request.path.startsWith("/blobs/")) return answerContents(request);
    const QByteArray prefix = "/acme/tiny/resolve/" + commit + "/";
    const QString name = QUrl::fromPercentEncoding(request.path.mid(prefix.size()));
    if (!request.path.startsWith(prefix) || !files.contains(name))
        return {404, {{"X-Error-Code", "EntryNotFound"}}, {}};
    const FakeFile& file = files[name];
    if (!file.isLarge)
        return content(request, file.content, (weakEtags ? "W/\"" : "\"") + gitBlob(file.content) + "\"");
    const QByteArray address = "/blobs/" + QUrl::toPercentEncoding(name) + "?signature=a%2Bb%3D&x=1";
    if (redirectsRelatively)
        return {307, {{"Location", "../../../.." + address}, {"X-Linked-Etag", "\"" + file.sha256() + "\""}}, {}};
    return {302,
            {{"Location", m_contents.url().toEncoded() + address},
             {"X-Linked-Size", QByteArray::number(file.content.size())},
             {"X-Linked-Etag", "\"" + file.sha256() + "\""}},
            "Found. Redirecting"};
}

FakeResponse FakeHub::answerContents(const FakeRequest& request) {
    if (intercept)
        if (const auto response = intercept(request, true)) return *response;
    const QByteArray prefix = "/blobs/";
    const QString name = QUrl::fromPercentEncoding(request.path.mid(prefix.size()).split('?').first());
    if (!request.path.endsWith("?signature=a%2Bb%3D&x=1") || !files.contains(name)) return {403, {}, "expired"};
    const QByteArray body = files[name].content;
    const QByteArray etag = contentEtag.isEmpty() ? "\"c-" + files[name].sha256().left(20) + "\"" : contentEtag;
    return content(request, body, etag);
}

}  // namespace radlads::test
