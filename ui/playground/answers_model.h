// Questions of the demo's stories with the right answer, the student's and the teacher's. Owned by EvaluatePage; GUI
// thread.
#pragma once

#include <QAbstractTableModel>

#include "ui/playground/evaluations.h"

namespace radlads::ui {

class AnswersModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { SkillColumn, StoryColumn, ExpectedColumn, StudentColumn, TeacherColumn, kColumns };

    using QAbstractTableModel::QAbstractTableModel;
    void setAnswers(const QVector<SampleAnswer>& answers);
    const SampleAnswer& answer(int row) const { return m_answers.at(row); }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : kColumns; }
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    QVector<SampleAnswer> m_answers;
};

}  // namespace radlads::ui
