// Downloads a model by its name from the Hugging Face hub into the models directory: resumable, verified, all or
// nothing.
#pragma once

#include <QJsonObject>
#include <QObject>
#include <QString>
#include <atomic>
#include <memory>

class QThread;

namespace radlads::server {

struct DownloadOptions {
    QString name;                               // "Qwen/Qwen2.5-0.5B"
    QString revision = QStringLiteral("main");  // a branch, a tag or a commit
    QString endpoint;                           // empty: $HF_ENDPOINT, else https://huggingface.co
    QString directory;                          // the model's directory; empty: OWNER--MODEL below modelsDirectory()
    int retryDelayMs = 1000;                    // the first pause after a broken connection; doubled to 30 s
    int stallTimeoutMs = 60000;                 // a connection on which nothing comes for so long is given up
};

// One download. Network, disk and checksums are in a thread of its own: the owner's event loop is never held up. The
// signals come in the owner's thread: progressed any number of times, then finished or failed once. What has arrived is
// kept when it fails, is cancelled or is killed; the same download goes on from there.
class ModelDownload : public QObject {
    Q_OBJECT
public:
    explicit ModelDownload(DownloadOptions options, QObject* parent = nullptr);
    ~ModelDownload() override;  // cancels

    void start();
    void cancel();  // failed(9, ...) follows, unless it has ended already

Q_SIGNALS:
    // file, bytes, total_bytes (null until known), bytes_per_second, eta_seconds (null until known), and text when it
    // waits. bytes and total_bytes are of all files.
    void progressed(const QJsonObject& progress);
    void finished(const QString& path);
    // code: as in PROTOCOL.md (1 failed, 2 input, 3 busy, 4 space, 9 cancelled). message: one sentence.
    void failed(int code, const QString& message);
    void cancelRequested(QPrivateSignal);

private:
    void end();

    DownloadOptions m_options;
    std::atomic<bool> m_isCancelled = false;
    std::unique_ptr<QThread> m_thread;
};

}  // namespace radlads::server
