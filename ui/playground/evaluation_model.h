// The table of an evaluation set: tasks down, floor, teacher and stages across. Owned by EvaluatePage; GUI thread.
#pragma once

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

#include "ui/playground/evaluations.h"

namespace radlads::ui {

class EvaluationModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Role { RelativeRole = Qt::UserRole, RelativeTextRole, BestRole, DetailRole };  // BestRole: of this row
    enum Column { TaskColumn, FloorColumn, TeacherColumn, FirstStageColumn };

    using QAbstractTableModel::QAbstractTableModel;
    void setEvaluations(const EvaluationSet& set, const QStringList& stepKinds);
    const EvaluationSet& evaluations() const { return m_set; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    const Score* score(const QModelIndex& index) const;
    QString sentence(const QModelIndex& index) const;

    EvaluationSet m_set;
    QStringList m_stepKinds;
};

// A cell: the score, and below it the relative score as a bar with a tick where the teacher is.
class EvaluationDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace radlads::ui
