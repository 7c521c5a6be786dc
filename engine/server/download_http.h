// One GET by http, with redirects followed by hand so that the token goes to the hub alone.
#pragma once

#include <QByteArray>
#include <QList>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QObject>
#include <QUrl>
#include <cstdint>
#include <optional>
#include <utility>

#include "engine/protocol/result.h"

namespace radlads::server {

using HttpHeaders = QList<std::pair<QByteArray, QByteArray>>;

// A loopback address or "localhost".
bool isThisComputer(const QUrl& url);

// What every request of a download shares. Lives in the download's thread; the requests must not outlive it.
class HubConnection {
public:
    // stallTimeoutMs: a request ends when nothing has arrived for so long.
    HubConnection(QUrl endpoint, QByteArray token, int stallTimeoutMs);
    const QUrl& endpoint() const { return m_endpoint; }
    bool hasToken() const { return !m_token.isEmpty(); }
    bool isEndpoint(const QUrl& url) const;  // the same scheme, host and port
    // https, or http on this computer when the endpoint is that too.
    bool isAllowed(const QUrl& url) const;
    QNetworkReply* get(const QUrl& url, const HttpHeaders& headers);

private:
    QUrl m_endpoint;
    QByteArray m_token;
    int m_stallTimeoutMs;
    QNetworkAccessManager m_manager;
};

struct HttpHead {
    int status = 0;
    QUrl url;  // the last address
    QByteArray etag, contentRange, retryAfter, errorCode;
    QByteArray linkedEtag;  // of the endpoint's own answer: X-Linked-Etag, else its ETag
    std::optional<int64_t> contentLength;
    std::optional<int64_t> linkedSize;  // X-Linked-Size of the endpoint's own answer
    bool fromEndpoint = true;
};

struct HttpFault {
    Error error;
    bool isTransient = true;  // a repetition may succeed
};

// One request. headArrived once, then (status 200 and 206 only) dataArrived, then finished; or failed at any point.
// After abort() or destruction nothing more comes. Lives in the connection's thread.
class HttpGet : public QObject {
    Q_OBJECT
public:
    HttpGet(HubConnection& connection, HttpHeaders headers, QObject* parent = nullptr);
    ~HttpGet() override;
    void start(const QUrl& url);
    void abort();

Q_SIGNALS:
    void headArrived(const radlads::server::HttpHead& head);
    void dataArrived(const QByteArray& bytes);
    void finished();
    void failed(const radlads::server::HttpFault& fault);

private:
    void send(const QUrl& url);
    void onHead();
    void onData();
    void onFinished();
    void follow(const QByteArray& location);
    void fail(Error error, bool isTransient);
    HttpFault networkFault() const;

    HubConnection& m_connection;
    HttpHeaders m_headers;
    QNetworkReply* m_reply = nullptr;
    HttpHead m_head;
    QString m_certificateProblem;
    int m_redirects = 0;
    bool m_headSeen = false;
};

}  // namespace radlads::server
