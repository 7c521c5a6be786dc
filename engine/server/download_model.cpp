#include "engine/server/download_model.h"

#include <QThread>

#include "engine/server/download_worker.h"

namespace radlads::server {

ModelDownload::ModelDownload(DownloadOptions options, QObject* parent)
    : QObject(parent), m_options(std::move(options)), m_thread(std::make_unique<QThread>()) {}

ModelDownload::~ModelDownload() {
    m_isCancelled = true;
    m_thread->quit();
    m_thread->wait();
}

void ModelDownload::start() {
    auto* worker = new DownloadWorker(m_options, m_isCancelled);
    worker->moveToThread(m_thread.get());
    connect(m_thread.get(), &QThread::started, worker, &DownloadWorker::start);
    connect(m_thread.get(), &QThread::finished, worker, &QObject::deleteLater);
    connect(worker, &DownloadWorker::progressed, this, &ModelDownload::progressed);
    connect(worker, &DownloadWorker::finished, this, [this](const QString& path) {
        end();
        Q_EMIT finished(path);
    });
    connect(worker, &DownloadWorker::failed, this, [this](int code, const QString& message) {
        end();
        Q_EMIT failed(code, message);
    });
    connect(this, &ModelDownload::cancelRequested, worker, &DownloadWorker::cancel);
    m_thread->start();
}

void ModelDownload::cancel() {
    m_isCancelled = true;
    Q_EMIT cancelRequested(QPrivateSignal());
}

void ModelDownload::end() {
    m_thread->quit();
}

}  // namespace radlads::server
