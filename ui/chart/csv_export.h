// Writes a table into a file in a thread of the pool, with progress, and can be cancelled: then the file is as it was.
// Owned by the chart that exports; deletes itself when it has ended. GUI thread.
#pragma once

#include <QFutureWatcher>
#include <QObject>

#include "ui/chart/csv_table.h"

namespace radlads::ui {

class CsvExport : public QObject {
    Q_OBJECT
public:
    CsvExport(CsvTable table, const QString& path, QObject* parent);
    ~CsvExport() override;  // cancels

    void cancel();

Q_SIGNALS:
    void progress(int percent);
    // Exactly one, unless it is destroyed before.
    void written();
    void failed();
    void cancelled();

private:
    QFutureWatcher<bool> m_watcher;
};

}  // namespace radlads::ui
