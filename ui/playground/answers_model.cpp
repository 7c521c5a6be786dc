#include "ui/playground/answers_model.h"

#include <QColor>
#include <QIcon>

#include "ui/core/theme.h"

namespace radlads::ui {

void AnswersModel::setAnswers(const QVector<SampleAnswer>& answers) {
    beginResetModel();
    m_answers = answers;
    endResetModel();
}

int AnswersModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_answers.size());
}

QVariant AnswersModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const SampleAnswer& answer = m_answers.at(index.row());
    const bool isAnswer = index.column() == StudentColumn || index.column() == TeacherColumn;
    const bool isRight = index.column() == StudentColumn ? answer.isRight : answer.teacherGiven == answer.expected;
    const bool isKnown = index.column() != TeacherColumn || answer.teacherGiven.has_value();
    switch (role) {
        case Qt::DisplayRole:
            switch (index.column()) {
                case SkillColumn:
                    return skillTitle(answer.skill);
                case StoryColumn:
                    return QStringLiteral("… ") + answer.prompt.right(120).section(QLatin1Char(' '), 1).trimmed();
                case ExpectedColumn:
                    return answer.expected.trimmed();
                case StudentColumn:
                    return answer.given.trimmed();
                case TeacherColumn:
                    return answer.teacherGiven ? answer.teacherGiven->trimmed() : QStringLiteral("–");
                default:
                    return {};
            }
        // Right and wrong by sign and word, not by colour alone.
        case Qt::DecorationRole:
            if (!isAnswer || !isKnown) return {};
            return Theme::instance().icon(isRight ? QStringLiteral("check") : QStringLiteral("close"));
        case Qt::ForegroundRole:
            if (isAnswer && isKnown) return Theme::instance().color(isRight ? ui::Role::Success : ui::Role::Failure);
            if (index.column() == StoryColumn) return Theme::instance().color(ui::Role::Muted);
            return {};
        case Qt::ToolTipRole:
            if (index.column() == SkillColumn && answer.distance > 0)
                return answer.distance == 1 ? tr("The answer stands one word back.")
                                            : tr("The answer stands %1 words back.").arg(answer.distance);
            return {};
        case Qt::AccessibleTextRole:
            if (isAnswer && isKnown)
                return tr("%1, %2").arg(data(index, Qt::DisplayRole).toString(), isRight ? tr("right") : tr("wrong"));
            return data(index, Qt::DisplayRole);
        default:
            return {};
    }
}

QVariant AnswersModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case SkillColumn:
            return tr("Skill");
        case StoryColumn:
            return tr("The story so far ends in");
        case ExpectedColumn:
            return tr("Goes on with");
        case StudentColumn:
            return tr("Student");
        case TeacherColumn:
            return tr("Teacher");
        default:
            return {};
    }
}

}  // namespace radlads::ui
