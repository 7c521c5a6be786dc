// The engines as a list, with state and problem as words. A view of EngineSet; holds only how many it has announced.
#pragma once

#include <QAbstractListModel>

#include "ui/window/engine_set.h"

namespace radlads::ui {

class EngineModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum DataRole { ProblemRole = Qt::UserRole, StateRole };  // StateRole: EngineClient::State as int
    explicit EngineModel(EngineSet* engines, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    EngineSet* m_engines;
    int m_rows;  // announced so far
};

}  // namespace radlads::ui
