#include "ui/chart/csv_export.h"

#include <QPromise>
#include <QSaveFile>
#include <QThreadPool>

namespace radlads::ui {
namespace {

constexpr int kWhole = 100;

bool write(const CsvTable& table, const QString& path, QPromise<bool>& promise) {
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly)) return false;
    const double rows = double(std::max<size_t>(1, table.rows()));
    const auto goOn = [&](size_t done) {
        promise.setProgressValue(int(std::min(1.0, double(done) / rows) * kWhole));
        return !promise.isCanceled();
    };
    return table.write(file, ',', goOn) && !promise.isCanceled() && file.commit();
}

}  // namespace

CsvExport::CsvExport(CsvTable table, const QString& path, QObject* parent) : QObject(parent) {
    connect(&m_watcher, &QFutureWatcher<bool>::progressValueChanged, this, &CsvExport::progress);
    connect(&m_watcher, &QFutureWatcher<bool>::finished, this, [this] {
        if (m_watcher.isCanceled())
            Q_EMIT cancelled();
        else if (m_watcher.future().resultCount() > 0 && m_watcher.result())
            Q_EMIT written();
        else
            Q_EMIT failed();
        deleteLater();
    });
    auto promise = std::make_shared<QPromise<bool>>();
    promise->setProgressRange(0, kWhole);
    promise->start();
    m_watcher.setFuture(promise->future());
    QThreadPool::globalInstance()->start([promise, path, rows = std::make_shared<CsvTable>(std::move(table))] {
        promise->addResult(write(*rows, path, *promise));
        promise->finish();
    });
}

CsvExport::~CsvExport() {
    cancel();
}

void CsvExport::cancel() {
    m_watcher.future().cancel();
}

}  // namespace radlads::ui
