#include "ui/playground/evaluation_model.h"

#include <QApplication>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/core/theme.h"

namespace radlads::ui {

namespace {

constexpr double kBarEnd = 1.1;  // of the teacher's score: there is room for a student that is better

QFont smallFont(QFont font) {
    font.setPointSizeF(font.pointSizeF() * 0.9);
    font.setBold(false);
    return font;
}

}  // namespace

void EvaluationModel::setEvaluations(const EvaluationSet& set, const QStringList& stepKinds) {
    beginResetModel();
    m_set = set;
    m_stepKinds = stepKinds;
    endResetModel();
}

int EvaluationModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_set.rows.size());
}

int EvaluationModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : FirstStageColumn + static_cast<int>(m_set.stages.size());
}

const Score* EvaluationModel::score(const QModelIndex& index) const {
    const ScoreRow& row = m_set.rows.at(index.row());
    const std::optional<Score>* found = nullptr;
    if (index.column() == FloorColumn) found = &row.floor;
    if (index.column() == TeacherColumn) found = &row.teacher;
    if (index.column() >= FirstStageColumn) found = &row.stages.at(index.column() - FirstStageColumn);
    return found && *found ? &**found : nullptr;
}

// For a screen reader and the tooltip: what the cell shows by place, length and colour.
QString EvaluationModel::sentence(const QModelIndex& index) const {
    const ScoreRow& row = m_set.rows.at(index.row());
    if (index.column() == TaskColumn) return row.title + QStringLiteral(": ") + row.explanation;
    const QString place = headerData(index.column(), Qt::Horizontal, Qt::AccessibleTextRole).toString();
    const Score* found = score(index);
    if (!found) return tr("%1, %2: not measured").arg(row.title, place);
    QString text = tr("%1, %2: %3").arg(row.title, place, scoreText(*found, row.unit));
    if (found->relative) text += tr("; %1 of the way from the floor to the teacher").arg(relativeText(*found));
    if (index.column() - FirstStageColumn == row.best) text += tr("; the best stage of this task");
    return text;
}

QVariant EvaluationModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const ScoreRow& row = m_set.rows.at(index.row());
    const Score* found = score(index);
    const bool isBest = row.best >= 0 && index.column() - FirstStageColumn == row.best;
    switch (role) {
        case Qt::DisplayRole:
            if (index.column() == TaskColumn) return row.title;
            if (!found) return QStringLiteral("–");
            // The floor's error matters to nobody at a glance; it is in the tooltip.
            return scoreText(index.column() == FloorColumn ? Score{found->value, {}, {}, {}} : *found, row.unit);
        case Qt::ToolTipRole:
        case Qt::AccessibleTextRole:
            return sentence(index);
        case Qt::TextAlignmentRole:
            return index.column() == TaskColumn ? QVariant(Qt::AlignLeft | Qt::AlignVCenter)
                                                : QVariant(Qt::AlignRight | Qt::AlignVCenter);
        case Qt::FontRole: {
            QFont font = QApplication::font();
            font.setBold(isBest || (index.column() == TaskColumn && !row.isDetail));
            return font;
        }
        case RelativeRole:
            return found && found->relative ? QVariant(*found->relative) : QVariant();
        case RelativeTextRole:
            return found ? relativeText(Score{0, {}, found->relative, {}}) : QString();
        case BestRole:
            return isBest;
        case DetailRole:
            return row.isDetail;
        default:
            return {};
    }
}

QVariant EvaluationModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
    const int stage = section - FirstStageColumn;
    const bool isBest = stage >= 0 && stage == m_set.best;
    const QString title = section == TaskColumn      ? tr("Task")
                          : section == FloorColumn   ? tr("Floor")
                          : section == TeacherColumn ? tr("Teacher")
                                                     : stageTitle(m_set.stages.at(stage), m_stepKinds);
    switch (role) {
        // The part after the comma goes below: "After step 2" over "Distill".
        case Qt::DisplayRole: {
            const QString lines = QString(title).replace(QStringLiteral(", "), QStringLiteral("\n"));
            return !isBest                             ? lines
                   : lines.contains(QLatin1Char('\n')) ? tr("%1 · best").arg(lines)
                                                       : tr("%1\nbest").arg(lines);
        }
        case Qt::AccessibleTextRole:
            return isBest ? tr("%1 (best)").arg(title) : title;
        case Qt::TextAlignmentRole:
            return section == TaskColumn ? QVariant(Qt::AlignLeft | Qt::AlignVCenter)
                                         : QVariant(Qt::AlignRight | Qt::AlignVCenter);
        case Qt::ToolTipRole:
            if (section == FloorColumn)
                return tr("What a model scores that knows nothing of the text before a word: 0 % of the bar.");
            if (section == TeacherColumn) return tr("The teacher's score: 100 % of the bar.");
            return isBest ? tr("The stage with the best mean relative score.") : QVariant();
        default:
            return {};
    }
}

void EvaluationDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const {
    QStyleOptionViewItem option = given;
    initStyleOption(&option, index);
    const QString text = option.text;
    option.text.clear();
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);

    const bool isSelected = option.state & QStyle::State_Selected;
    const Theme& theme = Theme::instance();
    const QColor plain = option.palette.color(isSelected ? QPalette::HighlightedText : QPalette::Text);
    const bool isTask = index.column() == EvaluationModel::TaskColumn;
    const bool isDetail = index.data(EvaluationModel::DetailRole).toBool();
    const QColor muted = isSelected ? plain : theme.color(Role::Muted);
    QRect area = option.rect.adjusted(Theme::kSpacing, Theme::kSpacing / 2, -Theme::kSpacing, -Theme::kSpacing / 2);
    if (isTask && isDetail) area.setLeft(area.left() + Theme::kSpacing);

    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setFont(option.font);
    painter->setPen(isDetail || (!isTask && index.column() < EvaluationModel::FirstStageColumn) ? muted : plain);
    const QVariant relative = index.data(EvaluationModel::RelativeRole);
    if (!relative.isValid() || !std::isfinite(relative.toDouble())) {
        const QFontMetrics metrics(option.font);
        painter->drawText(area, static_cast<int>(option.displayAlignment),
                          metrics.elidedText(text, Qt::ElideRight, area.width()));
        painter->restore();
        return;
    }

    const int line = QFontMetrics(option.font).height();
    painter->drawText(QRect(area.left(), area.top(), area.width(), line), Qt::AlignRight | Qt::AlignVCenter, text);

    const QFont small = smallFont(option.font);
    const QFontMetrics smallMetrics(small);
    const QString label = index.data(EvaluationModel::RelativeTextRole).toString();
    const int labelWidth = smallMetrics.horizontalAdvance(QStringLiteral("100 %"));
    const int height = std::max(6, smallMetrics.height() / 2);
    const int labelTop = area.top() + line;
    const QRectF track(area.left(), labelTop + (smallMetrics.height() - height) / 2.0,
                       area.width() - labelWidth - Theme::kSpacing, height);
    const double share = std::clamp(relative.toDouble(), 0.0, kBarEnd) / kBarEnd;
    painter->setPen(Qt::NoPen);
    painter->setBrush(isSelected ? option.palette.color(QPalette::HighlightedText).darker(130) : theme.chartGrid());
    painter->drawRoundedRect(track, height / 2.0, height / 2.0);
    if (share > 0) {
        painter->setBrush(
            isSelected ? plain
                       : theme.color(index.data(EvaluationModel::BestRole).toBool() ? Role::Success : Role::Accent));
        QRectF bar = track;
        bar.setWidth(std::max<double>(height, track.width() * share));
        painter->drawRoundedRect(bar, height / 2.0, height / 2.0);
    }
    // Where the teacher is.
    const double tick = track.left() + track.width() / kBarEnd;
    painter->setPen(QPen(plain, 1.5));
    painter->drawLine(QPointF(tick, track.top() - 2), QPointF(tick, track.bottom() + 2));
    painter->setFont(small);
    painter->setPen(muted);
    painter->drawText(QRect(area.right() - labelWidth, labelTop, labelWidth, smallMetrics.height()),
                      Qt::AlignRight | Qt::AlignVCenter, label);
    painter->restore();
}

QSize EvaluationDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const QFont font = index.data(Qt::FontRole).value<QFont>();
    const QFontMetrics metrics(font), small(smallFont(option.font));
    const int indent = index.data(EvaluationModel::DetailRole).toBool() && index.column() == 0 ? Theme::kSpacing : 0;
    const int text = metrics.horizontalAdvance(index.data(Qt::DisplayRole).toString()) + indent;
    const bool isStage = index.column() >= EvaluationModel::FirstStageColumn;
    const int bar = isStage ? small.horizontalAdvance(QStringLiteral("100 %")) + 5 * Theme::kSpacing : 0;
    // A little more than the text: its advance is rounded.
    return {std::max(text, bar) + 2 * Theme::kSpacing + 1, metrics.height() + small.height() + Theme::kSpacing};
}

}  // namespace radlads::ui
