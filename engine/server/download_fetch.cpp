#include "engine/server/download_fetch.h"

#include <QDateTime>
#include <QLocale>
#include <QRandomGenerator>
#include <algorithm>

#include "engine/protocol/text.h"

namespace radlads::server {
namespace {

constexpr int kMostFailures = 6;   // in a row, without progress
constexpr int kMostFromStart = 3;  // a content that is wrong again and again
constexpr int64_t kProgressBytes = 1 << 20;
constexpr double kLongestPauseSeconds = 30, kLongestServerPauseSeconds = 600;

// Seconds, or a date.
std::optional<double> retryAfterSeconds(const QByteArray& text) {
    bool isNumber = false;
    const double seconds = text.trimmed().toDouble(&isNumber);
    if (isNumber && seconds >= 0) return seconds;
    const QDateTime time =
        QLocale::c().toDateTime(QString::fromLatin1(text.trimmed()), QStringLiteral("ddd, dd MMM yyyy HH:mm:ss 'GMT'"));
    if (!time.isValid()) return std::nullopt;
    const QDateTime utc(time.date(), time.time(), Qt::UTC);
    return std::max(0.0, static_cast<double>(QDateTime::currentDateTimeUtc().msecsTo(utc)) / 1000);
}

bool isTransient(int status) {
    return status == 408 || status == 429 || status >= 500;
}

}  // namespace

HubFetch::HubFetch(FetchContext context, QUrl url, std::string file, QObject* parent)
    : QObject(parent), m_context(std::move(context)), m_url(std::move(url)), m_file(std::move(file)) {
    m_pause.setSingleShot(true);
    m_pause.setTimerType(Qt::PreciseTimer);  // a coarse one may end 5 % too early, before what Retry-After asks for
    connect(&m_pause, &QTimer::timeout, this, &HubFetch::request);
}

HubFetch::~HubFetch() = default;

void HubFetch::start() {
    request();
}

void HubFetch::request() {
    m_get.reset();
    const auto headers = prepare();
    if (!headers) return fail(headers.error());
    if (!*headers) return proceed(end());
    m_get = std::make_unique<HttpGet>(*m_context.connection, **headers);
    connect(m_get.get(), &HttpGet::headArrived, this, &HubFetch::onHead);
    connect(m_get.get(), &HttpGet::dataArrived, this, &HubFetch::onData);
    connect(m_get.get(), &HttpGet::finished, this, &HubFetch::onFinished);
    connect(m_get.get(), &HttpGet::failed, this, &HubFetch::onFault);
    m_get->start(m_url);
}

void HubFetch::onHead(const HttpHead& head) {
    const std::string host = head.url.host().toStdString();
    if (head.status == 200 || head.status == 206) {
        const Result<Next> next = begin(head);
        if (!next || *next != Next::Done) proceed(next);
        return;
    }
    m_problem = fmt::format("{} answers with HTTP {}", host, head.status);
    if (head.status == 416) return proceed(rangeRefused());
    if (head.status == 429) m_problem = host + " asks us to wait";
    // A signed address may have run out: the hub gives a new one.
    if (isTransient(head.status) || (!head.fromEndpoint && head.status == 403))
        return retry(retryAfterSeconds(head.retryAfter));
    fail(refusalError({head.status, head.errorCode.toStdString(), head.fromEndpoint, host},
                      m_context.connection->endpoint(), m_context.name, m_context.revision, m_file,
                      m_context.connection->hasToken()));
}

void HubFetch::onData(const QByteArray& bytes) {
    const Result<Next> next = take(bytes);
    if (!next || *next != Next::Done) return proceed(next);
    m_sinceFailure += bytes.size();
    if (m_sinceFailure >= kProgressBytes) m_failures = 0;
    Q_EMIT advanced();
}

void HubFetch::onFinished() {
    proceed(end());
}

void HubFetch::onFault(const HttpFault& fault) {
    if (!fault.isTransient) return fail(fault.error);
    m_problem = fault.error.message;
    retry(std::nullopt);
}

void HubFetch::proceed(const Result<Next>& next) {
    if (!next) return fail(next.error());
    if (*next == Next::Retry) return retry(std::nullopt);
    if (m_get) m_get->abort();
    if (*next == Next::FromStart) {
        if (++m_fromStart > kMostFromStart)
            return fail(
                {ErrorCode::Failed, m_problem + "; gave up after " + std::to_string(m_fromStart) + " attempts"});
        m_pause.start(0);
        return;
    }
    if (m_isOver) return;
    m_isOver = true;
    Q_EMIT done();
}

void HubFetch::retry(std::optional<double> serverSeconds) {
    if (m_get) m_get->abort();
    m_sinceFailure = 0;
    if (++m_failures > kMostFailures)
        return fail({ErrorCode::Failed,
                     fmt::format("{}; gave up after {} attempts, what has arrived is kept", m_problem, m_failures)});
    if (serverSeconds && *serverSeconds > kLongestServerPauseSeconds)
        return fail({ErrorCode::Failed, fmt::format("{} for {:.0f} min; try again then, what has arrived is kept",
                                                    m_problem, *serverSeconds / 60)});
    // Doubled each time; the random part keeps many clients from coming back together.
    const double delay = m_context.retryDelayMs / 1000.0 * (1 << (m_failures - 1)) *
                         (1 + 0.25 * QRandomGenerator::global()->generateDouble());
    const double seconds = serverSeconds ? *serverSeconds : std::min(delay, kLongestPauseSeconds);
    m_pause.start(static_cast<int>(seconds * 1000));
    Q_EMIT waiting(seconds, QString::fromStdString(m_problem));
}

void HubFetch::fail(const Error& error) {
    if (m_get) m_get->abort();
    m_pause.stop();
    if (m_isOver) return;
    m_isOver = true;
    Q_EMIT gaveUp(error);
}

TextFetch::TextFetch(FetchContext context, QUrl url, std::string file, int64_t largest, QObject* parent)
    : HubFetch(std::move(context), std::move(url), std::move(file), parent), m_largest(largest) {}

Result<HubFetch::Next> TextFetch::begin(const HttpHead& head) {
    m_text.clear();
    if (head.contentLength.value_or(0) > m_largest) return take({});
    return Next::Done;
}

Result<HubFetch::Next> TextFetch::take(const QByteArray& bytes) {
    m_text.append(bytes.constData(), static_cast<size_t>(bytes.size()));
    if (bytes.isEmpty() || static_cast<int64_t>(m_text.size()) > m_largest)
        return failed("the answer about {} has more than {} bytes, which cannot be right; is {} a hub?",
                      context().name.text(), m_largest, context().connection->endpoint().host().toStdString());
    return Next::Done;
}

Result<HubFetch::Next> TextFetch::end() {
    return Next::Done;
}

}  // namespace radlads::server
