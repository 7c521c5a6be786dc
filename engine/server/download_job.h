// model.download as a job: the download goes on without the session that began it.
#pragma once

#include "engine/server/download_model.h"
#include "engine/server/jobs.h"

namespace radlads::server {

// Owned by the JobList, in the main thread.
class DownloadJob : public Job {
    Q_OBJECT
public:
    explicit DownloadJob(DownloadOptions options, QObject* parent = nullptr);
    void start() { m_download.start(); }
    void cancel() override { m_download.cancel(); }

private:
    ModelDownload m_download;
};

}  // namespace radlads::server
