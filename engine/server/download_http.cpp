#include "engine/server/download_http.h"

#include <QHostAddress>
#include <QNetworkProxy>
#include <QNetworkRequest>
#include <QSslCertificate>
#include <QSslConfiguration>

#include "engine/protocol/text.h"

namespace radlads::server {
namespace {

constexpr int kMostRedirects = 5;
constexpr qint64 kReadBufferBytes = 1 << 20;

int portOf(const QUrl& url) {
    return url.port(url.scheme() == QLatin1String("http") ? 80 : 443);
}

// $https_proxy and so on; never for this computer.
class EnvironmentProxies : public QNetworkProxyFactory {
public:
    QList<QNetworkProxy> queryProxy(const QNetworkProxyQuery& query) override {
        if (isThisComputer(query.url())) return {QNetworkProxy(QNetworkProxy::NoProxy)};
        return systemProxyForQuery(query);
    }
};

// Where people behind an inspecting proxy keep its certificate: the same variable serves curl and Python.
QSslConfiguration tlsConfiguration() {
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setProtocol(QSsl::TlsV1_2OrLater);
    const QString file = qEnvironmentVariable("SSL_CERT_FILE");
    if (!file.isEmpty()) configuration.addCaCertificates(QSslCertificate::fromPath(file));
    return configuration;
}

std::optional<int64_t> numberIn(const QByteArray& text) {
    bool isNumber = false;
    const qlonglong value = text.trimmed().toLongLong(&isNumber);
    if (!isNumber || value < 0) return std::nullopt;
    return value;
}

bool isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

bool isThisComputer(const QUrl& url) {
    return url.host() == QLatin1String("localhost") || QHostAddress(url.host()).isLoopback();
}

HubConnection::HubConnection(QUrl endpoint, QByteArray token, int stallTimeoutMs)
    : m_endpoint(std::move(endpoint)), m_token(std::move(token)), m_stallTimeoutMs(stallTimeoutMs) {
    m_manager.setProxyFactory(new EnvironmentProxies);
}

bool HubConnection::isEndpoint(const QUrl& url) const {
    return url.scheme() == m_endpoint.scheme() && url.host() == m_endpoint.host() && portOf(url) == portOf(m_endpoint);
}

bool HubConnection::isAllowed(const QUrl& url) const {
    if (!url.isValid() || url.host().isEmpty() || !url.userInfo().isEmpty()) return false;
    if (url.scheme() == QLatin1String("https")) return true;
    return url.scheme() == QLatin1String("http") && m_endpoint.scheme() == QLatin1String("http") && isThisComputer(url);
}

QNetworkReply* HubConnection::get(const QUrl& url, const HttpHeaders& headers) {
    QNetworkRequest request(url);
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    request.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    request.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setTransferTimeout(m_stallTimeoutMs);
    request.setSslConfiguration(tlsConfiguration());
    request.setRawHeader("User-Agent", "radlads-engine/" RADLADS_VERSION);
    request.setRawHeader("Accept-Encoding", "identity");  // lengths, ranges and checksums are of the file itself
    for (const auto& [name, value] : headers) request.setRawHeader(name, value);
    if (hasToken() && isEndpoint(url)) request.setRawHeader("Authorization", "Bearer " + m_token);
    QNetworkReply* reply = m_manager.get(request);
    reply->setReadBufferSize(kReadBufferBytes);
    return reply;
}

HttpGet::HttpGet(HubConnection& connection, HttpHeaders headers, QObject* parent)
    : QObject(parent), m_connection(connection), m_headers(std::move(headers)) {}

HttpGet::~HttpGet() {
    abort();
}

// The reply ends its transfer when it is destroyed: calling its abort() would call back into this object.
void HttpGet::abort() {
    if (!m_reply) return;
    m_reply->disconnect(this);
    m_reply->deleteLater();
    m_reply = nullptr;
}

void HttpGet::start(const QUrl& url) {
    send(url);
}

void HttpGet::send(const QUrl& url) {
    m_headSeen = false;
    m_head.url = url;
    m_head.fromEndpoint = m_connection.isEndpoint(url);
    m_reply = m_connection.get(url, m_headers);
    connect(m_reply, &QNetworkReply::metaDataChanged, this, &HttpGet::onHead);
    connect(m_reply, &QNetworkReply::readyRead, this, &HttpGet::onData);
    connect(m_reply, &QNetworkReply::finished, this, &HttpGet::onFinished);
    connect(m_reply, &QNetworkReply::sslErrors, this, [this](const QList<QSslError>& errors) {
        if (!errors.isEmpty()) m_certificateProblem = errors.first().errorString();
    });
}

void HttpGet::fail(Error error, bool isTransient) {
    abort();
    Q_EMIT failed({std::move(error), isTransient});
}

void HttpGet::onHead() {
    const int status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (m_headSeen || status < 200) return;
    m_headSeen = true;
    m_head.status = status;
    m_head.etag = m_reply->rawHeader("ETag");
    m_head.contentRange = m_reply->rawHeader("Content-Range");
    m_head.retryAfter = m_reply->rawHeader("Retry-After");
    m_head.errorCode = m_reply->rawHeader("X-Error-Code");
    m_head.contentLength = numberIn(m_reply->rawHeader("Content-Length"));
    if (m_head.fromEndpoint) {
        const QByteArray linked = m_reply->rawHeader("X-Linked-Etag");
        if (!linked.isEmpty() || m_head.linkedEtag.isEmpty())
            m_head.linkedEtag = linked.isEmpty() ? m_head.etag : linked;
        if (const auto size = numberIn(m_reply->rawHeader("X-Linked-Size"))) m_head.linkedSize = size;
    }
    if (isRedirect(status)) return follow(m_reply->rawHeader("Location"));
    if (status != 200 && status != 206) abort();  // the body of a refusal is not read
    Q_EMIT headArrived(m_head);
}

void HttpGet::follow(const QByteArray& location) {
    const QString from = m_head.url.host();
    abort();
    const QUrl next = m_head.url.resolved(QUrl::fromEncoded(location, QUrl::TolerantMode));
    if (location.isEmpty() || !m_connection.isAllowed(next)) {
        // The address may carry a signature: its host is all that is told.
        return fail({ErrorCode::Failed,
                     fmt::format("{} sends us on to an address that is not allowed ({}); only https is followed",
                                 from.toStdString(),
                                 location.isEmpty() ? "none is given"
                                                    : protocol::quote(next.scheme().toStdString() + "://" +
                                                                      next.host().toStdString()))},
                    false);
    }
    if (++m_redirects > kMostRedirects)
        return fail({ErrorCode::Failed, fmt::format("{} sends us on again and again; gave up after {} redirects",
                                                    from.toStdString(), kMostRedirects)},
                    false);
    send(next);
}

void HttpGet::onData() {
    if (!m_headSeen) onHead();
    if (!m_reply) return;
    if (const QByteArray bytes = m_reply->readAll(); !bytes.isEmpty()) Q_EMIT dataArrived(bytes);
}

void HttpGet::onFinished() {
    if (!m_headSeen && m_reply->error() == QNetworkReply::NoError) onHead();
    if (m_reply && m_headSeen) onData();
    if (!m_reply) return;
    if (m_reply->error() == QNetworkReply::NoError && m_headSeen) {
        abort();
        Q_EMIT finished();
        return;
    }
    HttpFault fault = networkFault();
    abort();
    Q_EMIT failed(fault);
}

HttpFault HttpGet::networkFault() const {
    const std::string host = m_head.url.host().toStdString();
    const std::string reason = m_reply->errorString().toStdString();
    if (!m_certificateProblem.isEmpty())
        return {{ErrorCode::Failed,
                 fmt::format("the connection to {} is not safe: {}; check this computer's clock and its certificates "
                             "(SSL_CERT_FILE adds one)",
                             host, m_certificateProblem.toStdString())},
                false};
    switch (m_reply->error()) {
        case QNetworkReply::HostNotFoundError:
            return {
                {ErrorCode::Failed, fmt::format("{} could not be found; check that this computer is online", host)}};
        case QNetworkReply::ConnectionRefusedError:
            return {{ErrorCode::Failed, fmt::format("{} refuses connections; check that this computer is online and "
                                                    "whether the address is right",
                                                    host)}};
        case QNetworkReply::SslHandshakeFailedError:
            return {{ErrorCode::Failed, fmt::format("no safe connection to {} could be made: {}", host, reason)}};
        case QNetworkReply::OperationCanceledError:
        case QNetworkReply::TimeoutError:
            return {{ErrorCode::Failed, fmt::format("{} has sent nothing for too long; check the network", host)}};
        case QNetworkReply::ProxyConnectionRefusedError:
        case QNetworkReply::ProxyConnectionClosedError:
        case QNetworkReply::ProxyNotFoundError:
        case QNetworkReply::ProxyTimeoutError:
        case QNetworkReply::ProxyAuthenticationRequiredError:
        case QNetworkReply::UnknownProxyError:
            return {{ErrorCode::Failed,
                     fmt::format("the proxy does not connect us to {} ({}); check https_proxy", host, reason)}};
        default:
            return {{ErrorCode::Failed, fmt::format("the connection to {} broke ({})", host, reason)}};
    }
}

}  // namespace radlads::server
