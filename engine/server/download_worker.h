// The steps of a download, in the thread that ModelDownload owns.
#pragma once

#include <QElapsedTimer>
#include <QJsonObject>
#include <QObject>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/server/download_fetch.h"
#include "engine/server/download_hub.h"
#include "engine/server/download_stage.h"

namespace radlads::server {

struct DownloadOptions;

// Bytes a second over the last seconds.
class RateMeter {
public:
    void add(int64_t bytes);  // the running total
    std::optional<double> bytesPerSecond() const;

private:
    struct Sample {
        qint64 ms;
        int64_t bytes;
    };
    QElapsedTimer m_clock;
    std::deque<Sample> m_samples;
};

class DownloadWorker : public QObject {
    Q_OBJECT
public:
    // Both outlive it.
    DownloadWorker(const DownloadOptions& options, const std::atomic<bool>& isCancelled);
    ~DownloadWorker() override;
    void start();
    void cancel();

Q_SIGNALS:
    void progressed(const QJsonObject& progress);
    void finished(const QString& path);
    void failed(int code, const QString& message);

private:
    Status prepare();
    void onListing();
    Status chooseTarget(const HubListing& listing);
    Status openStage(const HubListing& listing);
    Status applyIndex();
    Status checkSpace() const;
    void nextFile();
    void onFileDone();
    Status publish();
    void report(const QString& text = {});
    void fail(const Error& error);
    void succeed(const fs::path& path);
    void watch(HubFetch* fetch);
    std::optional<int64_t> totalBytes() const;
    int64_t arrivedBytes() const;

    const DownloadOptions& m_options;
    const std::atomic<bool>& m_isCancelled;
    FetchContext m_context;
    std::unique_ptr<HubConnection> m_connection;
    std::unique_ptr<TextFetch> m_listingFetch;
    std::unique_ptr<FileFetch> m_fileFetch;
    std::unique_ptr<DownloadStage> m_stage;
    fs::path m_target;
    std::string m_commit;
    std::vector<HubFile> m_files;
    size_t m_index = 0;       // of the file that is being fetched
    int64_t m_doneBytes = 0;  // of the files before it
    bool m_indexApplied = false;
    RateMeter m_rate;
    QElapsedTimer m_sinceReport;
    bool m_isOver = false;
};

}  // namespace radlads::server
