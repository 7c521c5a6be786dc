// A run's log as a table: time, kind, text. A view of RunHistory; holds only how many lines it has announced.
#pragma once

#include <QAbstractTableModel>
#include <memory>

#include "ui/core/run_history.h"

namespace radlads::ui {

class LogModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Level, Text, Columns };
    enum DataRole { LevelRole = Qt::UserRole };
    using QAbstractTableModel::QAbstractTableModel;

    void setHistory(std::shared_ptr<RunHistory> history);

    int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : m_count; }
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : int(Columns); }
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void grow();

    std::shared_ptr<RunHistory> m_history;
    int m_count = 0;
};

}  // namespace radlads::ui
