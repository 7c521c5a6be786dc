// The Files tab: what lies in the run's folder, as the engine lists it. GUI thread.
#pragma once

#include <QAbstractTableModel>
#include <QPointer>

#include "ui/core/run_page.h"

class QLabel;
class QPushButton;
class QTreeView;

namespace radlads::ui {

class FilesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Path, Size, Modified, Columns };
    enum DataRole { SortRole = Qt::UserRole };
    struct File {
        QString path;
        double bytes = 0;
        QDateTime modified;
    };
    using QAbstractTableModel::QAbstractTableModel;

    void setFiles(QVector<File> files);
    double totalBytes() const;
    int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(m_files.size()); }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(Columns); }
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QVector<File> m_files;
};

class FilesPage : public RunPage {
    Q_OBJECT
public:
    explicit FilesPage(QWidget* parent = nullptr);
    void showRun(RunStore* store, std::shared_ptr<RunHistory> history) override;

protected:
    void showEvent(QShowEvent* event) override;

private:
    void fetch();
    const RunRecord* record() const;

    QPointer<RunStore> m_store;
    std::shared_ptr<RunHistory> m_history;
    FilesModel* m_model;
    QTreeView* m_view;
    QLabel *m_folder, *m_sum;
    QPushButton *m_open, *m_copy, *m_refresh;
    bool m_isOld = true;
};

}  // namespace radlads::ui
