#include "engine/server/download_worker.h"

#include <QJsonValue>
#include <algorithm>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/server/download_model.h"

namespace radlads::server {
namespace {

constexpr qint64 kReportEveryMs = 200, kRateWindowMs = 8000, kRateStepMs = 200, kRateLeastMs = 500;
constexpr int64_t kSpareBytes = 64 << 20;  // what a download leaves free

int protocolCode(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidInput:
            return 2;
        case ErrorCode::Busy:
            return 3;
        case ErrorCode::NoSpace:
            return 4;
        case ErrorCode::Interrupted:
            return 9;
        case ErrorCode::Failed:
            break;
    }
    return 1;
}

Error cancelled() {
    return {ErrorCode::Interrupted, "the download was stopped; what has arrived is kept for the next start"};
}

}  // namespace

void RateMeter::add(int64_t bytes) {
    if (!m_clock.isValid()) m_clock.start();
    const qint64 now = m_clock.elapsed();
    if (!m_samples.empty() && m_samples.size() > 1 && now - m_samples[m_samples.size() - 2].ms < kRateStepMs)
        m_samples.back() = {now, bytes};
    else
        m_samples.push_back({now, bytes});
    while (m_samples.size() > 2 && now - m_samples.front().ms > kRateWindowMs) m_samples.pop_front();
}

std::optional<double> RateMeter::bytesPerSecond() const {
    if (m_samples.size() < 2) return std::nullopt;
    const qint64 ms = m_samples.back().ms - m_samples.front().ms;
    if (ms < kRateLeastMs) return std::nullopt;
    return static_cast<double>(m_samples.back().bytes - m_samples.front().bytes) * 1000 / static_cast<double>(ms);
}

DownloadWorker::DownloadWorker(const DownloadOptions& options, const std::atomic<bool>& isCancelled)
    : m_options(options), m_isCancelled(isCancelled) {}

DownloadWorker::~DownloadWorker() = default;

void DownloadWorker::start() {
    if (m_isCancelled) return fail(cancelled());
    if (const Status ready = prepare(); !ready) return fail(ready.error());
    m_listingFetch =
        std::make_unique<TextFetch>(m_context, listingUrl(m_connection->endpoint(), m_context.name, m_context.revision),
                                    "", kLargestListing, nullptr);
    watch(m_listingFetch.get());
    connect(m_listingFetch.get(), &HubFetch::done, this, &DownloadWorker::onListing);
    m_listingFetch->start();
}

Status DownloadWorker::prepare() {
    RADLADS_TRY_ASSIGN(QUrl endpoint, hubEndpoint(m_options.endpoint.toStdString()));
    RADLADS_TRY_ASSIGN(QByteArray token, hubToken());
    RADLADS_TRY_ASSIGN(m_context.name, parseModelName(m_options.name.trimmed().toStdString(), endpoint));
    m_context.revision = m_options.revision.toStdString();
    RADLADS_TRY(checkRevision(m_context.revision));
    m_connection = std::make_unique<HubConnection>(endpoint, token, m_options.stallTimeoutMs);
    m_context.connection = m_connection.get();
    m_context.retryDelayMs = m_options.retryDelayMs;
    m_context.isCancelled = &m_isCancelled;
    return {};
}

void DownloadWorker::watch(HubFetch* fetch) {
    connect(fetch, &HubFetch::gaveUp, this, &DownloadWorker::fail);
    connect(fetch, &HubFetch::waiting, this, [this](double seconds, const QString& reason) {
        const QString text =
            QStringLiteral("%1; next try in %2 s").arg(reason).arg(seconds, 0, 'f', seconds < 10 ? 1 : 0);
        report(text);
    });
}

void DownloadWorker::onListing() {
    const Result<HubListing> listing = parseListing(m_listingFetch->text(), m_context.name);
    if (!listing) return fail(listing.error());
    m_commit = listing->commit;
    auto files = wantedFiles(*listing, m_context.name);
    if (!files) return fail(files.error());
    m_files = std::move(*files);
    if (const Status chosen = chooseTarget(*listing); !chosen) return fail(chosen.error());
    if (const Status opened = openStage(*listing); !opened) return fail(opened.error());
    if (!m_isOver) nextFile();
}

// A model that is there is never replaced: runs may refer to it. Another revision gets a directory with its commit.
Status DownloadWorker::chooseTarget(const HubListing& listing) {
    std::error_code error;
    if (!m_options.directory.isEmpty()) {
        m_target = fs::absolute(m_options.directory.toStdString(), error).lexically_normal();
        if (!m_target.has_filename()) m_target = m_target.parent_path();
        if (error || !m_target.has_filename())
            return invalidInput("{} names no directory", protocol::quote(m_options.directory.toStdString()));
        return {};
    }
    m_target = modelsDirectory() / m_context.name.directoryName();
    const auto record = readDownloadRecord(m_target);
    const bool isFree = !fs::exists(m_target, error) || fs::is_empty(m_target, error);
    if (record ? !isSameModel(*record, listing) : m_context.revision != "main" || !isFree)
        m_target += "--" + listing.commit.substr(0, 12);
    return {};
}

Status DownloadWorker::openStage(const HubListing& listing) {
    RADLADS_TRY_ASSIGN(DownloadStage stage, DownloadStage::open(m_target));
    // With the lock: another process may have finished it while this one asked for the list.
    if (const auto record = readDownloadRecord(m_target); record && isSameModel(*record, listing)) {
        stage.discard();
        succeed(m_target);
        return {};
    }
    std::error_code error;
    if (fs::exists(m_target, error) && !(fs::is_directory(m_target, error) && fs::is_empty(m_target, error))) {
        stage.discard();
        return invalidInput("{} is there already and is not this model; choose another directory", m_target.string());
    }
    m_stage = std::make_unique<DownloadStage>(std::move(stage));
    m_stage->setCommit(m_commit);
    RADLADS_TRY(m_stage->keepOnly(m_files));
    return m_files.front().name == kIndexName ? Status() : checkSpace();  // the index tells which weights are needed
}

Status DownloadWorker::checkSpace() const {
    int64_t needed = 0;
    for (const HubFile& file : m_files)
        if (!m_stage->isDone(file))
            needed += std::max<int64_t>(0, file.size.value_or(0) - m_stage->partBytes(file.name));
    std::error_code error;
    const fs::space_info space = fs::space(m_target.parent_path(), error);
    if (error || needed == 0 || needed + kSpareBytes <= static_cast<int64_t>(space.available)) return {};
    return tl::unexpected(Error{
        ErrorCode::NoSpace, fmt::format("{} needs {:.1f} GB more, but {} has {:.1f} GB free; free some space or choose "
                                        "another directory",
                                        m_context.name.text(), static_cast<double>(needed) / 1e9,
                                        m_target.parent_path().string(), static_cast<double>(space.available) / 1e9)});
}

Status DownloadWorker::applyIndex() {
    const bool hasIndex = !m_files.empty() && m_files.front().name == kIndexName;
    if (m_indexApplied || !hasIndex || m_index == 0) return {};
    m_indexApplied = true;
    RADLADS_TRY_ASSIGN(const std::string text,
                       run::readFile(m_stage->filePath(kIndexName), static_cast<uint64_t>(kLargestIndex)));
    RADLADS_TRY_ASSIGN(m_files, filesOfIndex(m_files, text));
    RADLADS_TRY(m_stage->keepOnly(m_files));
    return checkSpace();
}

void DownloadWorker::nextFile() {
    for (;; ++m_index) {
        if (m_isCancelled) return fail(cancelled());
        if (const Status applied = applyIndex(); !applied) return fail(applied.error());
        if (m_index == m_files.size()) break;
        if (!m_stage->isDone(m_files[m_index])) break;
        HubFile& file = m_files[m_index];
        const auto record = m_stage->partRecord(file.name);
        file.checksum = record->checksum;
        file.size = record->size;
        m_doneBytes += record->size;
    }
    if (m_index == m_files.size()) {
        const Status published = publish();
        return published ? succeed(m_target) : fail(published.error());
    }
    const HubFile& file = m_files[m_index];
    m_fileFetch =
        std::make_unique<FileFetch>(m_context, fileUrl(m_connection->endpoint(), m_context.name, m_commit, file.name),
                                    file, m_stage->filePath(file.name), m_stage->partRecord(file.name), nullptr);
    watch(m_fileFetch.get());
    connect(m_fileFetch.get(), &HubFetch::done, this, &DownloadWorker::onFileDone);
    connect(m_fileFetch.get(), &HubFetch::advanced, this, [this] {
        m_rate.add(arrivedBytes());
        if (m_sinceReport.hasExpired(kReportEveryMs)) report();
    });
    connect(m_fileFetch.get(), &FileFetch::partBegins, this, [this](const PartRecord& record) {
        if (const Status kept = m_stage->setPart(m_files[m_index].name, record); !kept) fail(kept.error());
    });
    m_rate.add(arrivedBytes());
    report();
    m_fileFetch->start();
}

void DownloadWorker::onFileDone() {
    if (m_isOver) return;
    m_files[m_index] = m_fileFetch->content();
    m_fileFetch.release()->deleteLater();
    if (const Status kept = m_stage->setDone(m_files[m_index]); !kept) return fail(kept.error());
    m_doneBytes += m_files[m_index].size.value_or(0);
    ++m_index;
    nextFile();
}

Status DownloadWorker::publish() {
    m_doneBytes = 0;
    for (const HubFile& file : m_files) m_doneBytes += file.size.value_or(0);
    m_index = m_files.size() - 1;
    report();
    return m_stage->publish(m_target, {m_context.name.text(), m_context.revision, m_commit, m_files});
}

std::optional<int64_t> DownloadWorker::totalBytes() const {
    int64_t total = 0;
    for (const HubFile& file : m_files) {
        if (!file.size) return std::nullopt;
        total += *file.size;
    }
    return m_files.empty() ? std::nullopt : std::optional(total);
}

int64_t DownloadWorker::arrivedBytes() const {
    if (m_fileFetch) return m_doneBytes + m_fileFetch->byteCount();
    return m_doneBytes;
}

void DownloadWorker::report(const QString& text) {
    if (m_isOver) return;
    m_sinceReport.start();
    const int64_t arrived = arrivedBytes();
    const auto total = totalBytes();
    const auto rate = m_rate.bytesPerSecond();
    QJsonObject progress{
        {QStringLiteral("file"), m_index < m_files.size() ? QString::fromStdString(m_files[m_index].name) : QString()},
        {QStringLiteral("bytes"), static_cast<qint64>(arrived)},
        {QStringLiteral("total_bytes"), QJsonValue()},
        {QStringLiteral("bytes_per_second"), rate.value_or(0)},
        {QStringLiteral("eta_seconds"), QJsonValue()}};
    if (total) progress[QStringLiteral("total_bytes")] = static_cast<qint64>(*total);
    if (total && rate && *rate > 0)
        progress[QStringLiteral("eta_seconds")] = static_cast<double>(std::max<int64_t>(0, *total - arrived)) / *rate;
    if (!text.isEmpty()) progress[QStringLiteral("text")] = text;
    Q_EMIT progressed(progress);
}

void DownloadWorker::cancel() {
    fail(cancelled());
}

void DownloadWorker::succeed(const fs::path& path) {
    if (m_isOver) return;
    m_isOver = true;
    m_stage.reset();
    Q_EMIT finished(QString::fromStdString(path.string()));
}

// The fetches may be those that call: they end with the thread's event loop.
void DownloadWorker::fail(const Error& error) {
    if (m_isOver) return;
    m_isOver = true;
    if (m_listingFetch) m_listingFetch.release()->deleteLater();
    if (m_fileFetch) m_fileFetch.release()->deleteLater();
    m_stage.reset();  // the lock
    Q_EMIT failed(protocolCode(error.code), QString::fromStdString(error.message));
}

}  // namespace radlads::server
