#include "engine/server/download_job.h"

#include <QJsonDocument>

namespace radlads::server {

using nlohmann::ordered_json;

DownloadJob::DownloadJob(DownloadOptions options, QObject* parent) : Job(parent), m_download(std::move(options)) {
    connect(&m_download, &ModelDownload::progressed, this, [this](const QJsonObject& progress) {
        Q_EMIT event(ordered_json::parse(QJsonDocument(progress).toJson(QJsonDocument::Compact).toStdString()));
    });
    connect(&m_download, &ModelDownload::finished, this,
            [this](const QString& path) { Q_EMIT finished(ordered_json{{"path", path.toStdString()}}); });
    connect(&m_download, &ModelDownload::failed, this, [this](int code, const QString& message) {
        Q_EMIT finished(tl::unexpected(RpcError{code, message.toStdString(), {}}));
    });
}

}  // namespace radlads::server
