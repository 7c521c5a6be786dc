// A server in the test that answers like the Hugging Face hub and its content host, and that can break at any byte.
#pragma once

#include <QByteArray>
#include <QHash>
#include <QList>
#include <QMap>
#include <QObject>
#include <QPointer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QUrl>
#include <functional>
#include <memory>
#include <optional>

namespace radlads::test {

struct FakeRequest {
    QByteArray path;                       // with the query
    QMap<QByteArray, QByteArray> headers;  // lower-case names
};

struct FakeResponse {
    int status = 200;
    QList<std::pair<QByteArray, QByteArray>> headers;
    QByteArray body;
    qint64 cutAfter = -1;         // bytes of the whole response after which the connection breaks; -1: never
    qint64 announcedLength = -1;  // a Content-Length that lies
    int bytesPerTick = 0;         // 0: all at once; otherwise so many bytes every 2 ms
    bool isSilent = false;        // nothing is ever sent
};

// One HTTP/1.1 server on a port of the loopback interface; with a certificate it speaks TLS. Every connection serves
// one request. Lives in the test's thread.
class FakeHttpServer : public QObject {
    Q_OBJECT
public:
    using Handler = std::function<FakeResponse(const FakeRequest&)>;
    // certificateDirectory: with server.pem and server.key; empty: plain http.
    FakeHttpServer(Handler handler, const QString& certificateDirectory, QObject* parent = nullptr);
    quint16 port() const { return m_server->serverPort(); }
    QUrl url() const;
    const QList<FakeRequest>& requests() const { return m_requests; }

private:
    void serve(QTcpSocket* socket);
    void answer(QTcpSocket* socket, const QByteArray& head);

    Handler m_handler;
    bool m_isTls;
    std::unique_ptr<QTcpServer> m_server;
    QList<FakeRequest> m_requests;
};

struct FakeFile {
    QByteArray content;
    bool isLarge = false;         // by LFS: at the content host, with a SHA-256
    QByteArray knownSha256 = {};  // where computing it at every request would take too long
    QByteArray sha256() const;
};

// The repository "acme/tiny" with a configuration, a tokenizer, a licence, weights, and things that are not wanted.
class FakeHub : public QObject {
    Q_OBJECT
public:
    explicit FakeHub(const QString& certificateDirectory = {}, QObject* parent = nullptr);
    QUrl url() const { return m_hub.url(); }
    FakeHttpServer& hub() { return m_hub; }
    FakeHttpServer& contents() { return m_contents; }
    QByteArray wantedBytes(const QString& name) const { return files.value(name).content; }
    QStringList wantedNames() const;
    // How many requests of either server had a path that ends so.
    int requestsFor(const QByteArray& ending) const;

    QMap<QString, FakeFile> files;
    QByteArray commit = QByteArray(40, 'a');
    bool listsSizes = true;  // the list has sizes and checksums
    bool redirectsRelatively = false;
    QByteArray contentEtag;  // of the content host; empty: made from the content
    bool weakEtags = false;
    int bytesPerTick = 0;
    // Asked first, before both servers answer; a value is the answer.
    std::function<std::optional<FakeResponse>(const FakeRequest&, bool isContentHost)> intercept;

    static QByteArray sha256(const QByteArray& bytes);
    static QByteArray gitBlob(const QByteArray& bytes);

private:
    FakeResponse answerHub(const FakeRequest& request);
    FakeResponse answerContents(const FakeRequest& request);
    FakeResponse listing() const;
    FakeResponse content(const FakeRequest& request, const QByteArray& body, const QByteArray& etag) const;

    FakeHttpServer m_hub, m_contents;
};

}  // namespace radlads::test
