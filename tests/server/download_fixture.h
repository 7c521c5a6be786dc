// What the tests of the download share: a directory of their own with the environment that points into it, and a
// download whose end is waited for.
#pragma once

#include <QDir>
#include <QFile>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QtTest>

#include "engine/server/download_model.h"
#include "tests/support/fake_hub.h"

namespace radlads::test {

// HOME, data and token of one test; nothing of the machine's is seen.
class DownloadHome {
public:
    DownloadHome() {
        for (const char* name : {"HF_TOKEN", "HF_TOKEN_PATH", "HF_HOME", "HF_ENDPOINT", "SSL_CERT_FILE",
                                 "XDG_CACHE_HOME", "http_proxy", "https_proxy", "all_proxy"})
            qunsetenv(name);
        qputenv("HOME", QFile::encodeName(m_directory.path()));
        qputenv("RADLADS_RUNS", QFile::encodeName(path(QStringLiteral("data/runs"))));
    }
    QString path(const QString& name) const { return m_directory.filePath(name); }
    QString models() const { return path(QStringLiteral("data/models")); }
    QString model() const { return models() + QStringLiteral("/acme--tiny"); }
    QString stage() const { return models() + QStringLiteral("/.acme--tiny.download"); }
    static QByteArray bytesOf(const QString& file) {
        QFile opened(file);
        return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray("(no file)");
    }
    static QStringList namesIn(const QString& directory) {
        return QDir(directory).entryList(QDir::Files | QDir::Dirs | QDir::NoDotAndDotDot);
    }
    // Whether the model is there with exactly the hub's bytes and nothing else.
    bool isWhole(const FakeHub& hub, const QString& directory = {}) const {
        const QString place = directory.isEmpty() ? model() : directory;
        QStringList names = namesIn(place);
        names.sort();
        if (names != hub.wantedNames()) return false;
        for (const QString& name : names)
            if (bytesOf(place + QLatin1Char('/') + name) != hub.wantedBytes(name)) return false;
        return true;
    }

private:
    QTemporaryDir m_directory;
};

// One download to its end.
struct FinishedDownload {
    QString path, message;
    int code = -1;  // 0: finished
    QList<QJsonObject> progress;
};

inline server::DownloadOptions optionsFor(const FakeHub& hub) {
    server::DownloadOptions options;
    options.name = QStringLiteral("acme/tiny");
    options.endpoint = hub.url().toString();
    options.retryDelayMs = 1;
    return options;
}

inline FinishedDownload runDownload(const server::DownloadOptions& options,
                                    const std::function<void(server::ModelDownload&, const QJsonObject&)>& watch = {}) {
    FinishedDownload result;
    server::ModelDownload download(options);
    QObject::connect(&download, &server::ModelDownload::progressed, &download, [&](const QJsonObject& progress) {
        result.progress.append(progress);
        if (watch) watch(download, progress);
    });
    QObject::connect(&download, &server::ModelDownload::finished, &download, [&](const QString& path) {
        result.path = path;
        result.code = 0;
    });
    QObject::connect(&download, &server::ModelDownload::failed, &download, [&](int code, const QString& message) {
        result.message = message;
        result.code = code;
    });
    download.start();
    if (!QTest::qWaitFor([&] { return result.code >= 0; }, 60000)) result.message = QStringLiteral("no end in 60 s");
    return result;
}

}  // namespace radlads::test
