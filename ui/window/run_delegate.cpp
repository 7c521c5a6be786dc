#include "ui/window/run_delegate.h"

#include <QApplication>
#include <QPainter>

#include "ui/core/theme.h"
#include "ui/core/theme_icon.h"
#include "ui/window/run_model.h"

namespace radlads::ui {

namespace {

constexpr int kIcon = 16, kGap = Theme::kSpacing;

QFont smallFont(const QFont& font) {
    QFont small = font;
    small.setPointSizeF(font.pointSizeF() * 0.9);
    return small;
}

// The model behind a search's proxy answers the same roles, but a group is told by having no parent.
bool isGroup(const QModelIndex& index) {
    return !index.parent().isValid();
}

}  // namespace

QSize RunDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const int line = QFontMetrics(option.font).height();
    const int small = QFontMetrics(smallFont(option.font)).height();
    return isGroup(index) ? QSize(80, small + 12) : QSize(160, line + small + 12);
}

void RunDelegate::paintGroup(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QFont font = smallFont(option.font);
    font.setBold(true);
    painter->setFont(font);
    painter->setPen(Theme::instance().color(Role::Muted));
    const QRect area = option.rect.adjusted(kGap, 4, -kGap, -2);
    painter->drawText(
        area, Qt::AlignLeft | Qt::AlignVCenter,
        QFontMetrics(font).elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideRight, area.width()));
}

void RunDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    painter->save();
    if (isGroup(index)) {
        paintGroup(painter, option, index);
        painter->restore();
        return;
    }
    const bool isSelected = option.state & QStyle::State_Selected;
    QStyleOptionViewItem background = option;
    background.showDecorationSelected = true;
    const QWidget* widget = option.widget;
    (widget ? widget->style() : QApplication::style())
        ->drawPrimitive(QStyle::PE_PanelItemViewItem, &background, painter, widget);

    const QRect area = option.rect.adjusted(kGap, 6, -kGap, -6);
    const auto state = static_cast<RunState>(index.data(RunModel::StateRole).toInt());
    const QColor text = option.palette.color(isSelected ? QPalette::HighlightedText : QPalette::Text);
    const QColor muted = isSelected ? text : Theme::instance().color(Role::Muted);
    const QColor stateColor = isSelected ? text : Theme::instance().color(stateRole(state));
    const int line = QFontMetrics(option.font).height();
    const QRect iconArea(area.left(), area.top() + (line - kIcon) / 2, kIcon, kIcon);
    painter->drawPixmap(
        iconArea, tintedPixmap(stateIcon(state), stateColor, iconArea.size(), painter->device()->devicePixelRatioF()));

    QRect first(area.left() + kIcon + kGap, area.top(), area.width() - kIcon - kGap, line);
    const QString share = index.data(RunModel::ShareRole).toString();
    painter->setFont(option.font);
    const int shareWidth = share.isEmpty() ? 0 : QFontMetrics(option.font).horizontalAdvance(share);
    painter->setPen(muted);
    painter->drawText(first, Qt::AlignRight | Qt::AlignVCenter, share);
    painter->setPen(text);
    const QRect nameArea = first.adjusted(0, 0, shareWidth > 0 ? -shareWidth - kGap : 0, 0);
    painter->drawText(
        nameArea, Qt::AlignLeft | Qt::AlignVCenter,
        QFontMetrics(option.font).elidedText(index.data(Qt::DisplayRole).toString(), Qt::ElideRight, nameArea.width()));

    const QFont small = smallFont(option.font);
    painter->setFont(small);
    painter->setPen(state == RunState::Failed || state == RunState::Interrupted ? stateColor : muted);
    const QRect second(first.left(), area.top() + line, first.width(), QFontMetrics(small).height());
    painter->drawText(
        second, Qt::AlignLeft | Qt::AlignVCenter,
        QFontMetrics(small).elidedText(index.data(RunModel::DetailRole).toString(), Qt::ElideRight, second.width()));

    if (option.state & QStyle::State_HasFocus) {
        QStyleOptionFocusRect focus;
        focus.QStyleOption::operator=(option);
        focus.rect = option.rect.adjusted(1, 1, -1, -1);
        focus.state |= QStyle::State_KeyboardFocusChange;
        focus.backgroundColor = option.palette.color(isSelected ? QPalette::Highlight : QPalette::Base);
        (widget ? widget->style() : QApplication::style())
            ->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, painter, widget);
    }
    painter->restore();
}

void RunDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option, const QModelIndex&) const {
    QRect area = option.rect.adjusted(kGap + kIcon + 2, 2, -2, 0);
    area.setHeight(editor->sizeHint().height());
    editor->setGeometry(area);
}

}  // namespace radlads::ui
