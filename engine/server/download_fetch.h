// Getting one thing from the hub in spite of broken connections: repetition with growing pauses, and what no repetition
// cures as one sentence. The two kinds: a text kept in memory, a file on the disk.
#pragma once

#include <QObject>
#include <QTimer>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "engine/run/descriptor.h"
#include "engine/server/download_http.h"
#include "engine/server/download_hub.h"

namespace radlads::server {

// What every fetch of one download shares; owned by the download's worker.
struct FetchContext {
    HubConnection* connection = nullptr;
    ModelName name;
    std::string revision;
    int retryDelayMs = 1000;                         // the first pause; doubled to 30 s
    const std::atomic<bool>* isCancelled = nullptr;  // read while bytes on the disk are summed
};

// Lives in the download's thread. done() or gaveUp() once, unless it is destroyed before.
class HubFetch : public QObject {
    Q_OBJECT
public:
    // file: the name in messages; empty for the list of files.
    HubFetch(FetchContext context, QUrl url, std::string file, QObject* parent);
    ~HubFetch() override;
    void start();

Q_SIGNALS:
    void done();
    void gaveUp(const radlads::Error& error);
    void advanced();
    void waiting(double seconds, const QString& reason);

protected:
    enum class Next { Done, Retry, FromStart };  // Retry: after a pause; FromStart: at once
    // Before every request: the headers to send, or nothing when there is nothing left to ask for.
    virtual Result<std::optional<HttpHeaders>> prepare() { return HttpHeaders{}; }
    virtual Result<Next> begin(const HttpHead& head) = 0;        // 200 and 206; Done: go on
    virtual Result<Next> take(const QByteArray& bytes) = 0;      // Done: go on
    virtual Result<Next> end() = 0;                              // all announced bytes have come
    virtual Result<Next> rangeRefused() { return Next::Retry; }  // 416
    const FetchContext& context() const { return m_context; }
    const std::string& file() const { return m_file; }
    void setProblem(std::string problem) { m_problem = std::move(problem); }  // why Retry or FromStart

private:
    void request();
    void onHead(const HttpHead& head);
    void onData(const QByteArray& bytes);
    void onFinished();
    void onFault(const HttpFault& fault);
    void proceed(const Result<Next>& next);
    void retry(std::optional<double> serverSeconds);
    void fail(const Error& error);

    FetchContext m_context;
    QUrl m_url;
    std::string m_file;
    std::unique_ptr<HttpGet> m_get;
    QTimer m_pause;
    std::string m_problem;
    int m_failures = 0;  // since the last progress
    int m_fromStart = 0;
    int64_t m_sinceFailure = 0;  // bytes
    bool m_isOver = false;
};

// A text, in memory.
class TextFetch : public HubFetch {
    Q_OBJECT
public:
    TextFetch(FetchContext context, QUrl url, std::string file, int64_t largest, QObject* parent);
    const std::string& text() const { return m_text; }

protected:
    Result<Next> begin(const HttpHead& head) override;
    Result<Next> take(const QByteArray& bytes) override;
    Result<Next> end() override;

private:
    int64_t m_largest;
    std::string m_text;
};

// What is remembered of a file's first part: its next part must belong to the same content.
struct PartRecord {
    std::string etag;  // strong, of the host that sent it; empty if it sent none
    Checksum checksum;
    int64_t size = 0;
};

// A file: FILE.part until its size and checksum are right, then FILE, synced to the disk.
class FileFetch : public HubFetch {
    Q_OBJECT
public:
    FileFetch(FetchContext context, QUrl url, HubFile file, fs::path target, std::optional<PartRecord> record,
              QObject* parent);
    int64_t byteCount() const { return m_offset; }  // of the file, on the disk
    const HubFile& content() const { return m_content; }

Q_SIGNALS:
    // Before the first byte is written: to be kept for a later start.
    void partBegins(const radlads::server::PartRecord& record);

protected:
    Result<std::optional<HttpHeaders>> prepare() override;
    Result<Next> begin(const HttpHead& head) override;
    Result<Next> take(const QByteArray& bytes) override;
    Result<Next> end() override;
    Result<Next> rangeRefused() override;

private:
    Status learn(const HttpHead& head);
    Status openPart();
    Status restart();  // the part is emptied
    Status sumPart();  // until the hasher knows all bytes of the part
    Result<Next> acceptRange(const HttpHead& head);
    Result<Next> finish();
    fs::path partPath() const;

    HubFile m_content;
    fs::path m_target;
    std::optional<PartRecord> m_record;
    run::Descriptor m_part;
    std::unique_ptr<ChecksumHasher> m_hasher;
    int64_t m_offset = 0;
};

}  // namespace radlads::server
