#include "ui/wizard/state_mark.h"

#include <QApplication>
#include <QPainter>
#include <QPainterPath>
#include <QPalette>
#include <QPixmap>

#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

QPixmap drawn(PageState state, qreal ratio, bool isSelected) {
    constexpr int kSize = 20;
    QPixmap pixmap(QSize(kSize, kSize) * ratio);
    pixmap.setDevicePixelRatio(ratio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    const Role role = state == PageState::Done        ? Role::Success
                      : state == PageState::Attention ? Role::Failure
                                                      : Role::Muted;
    const QColor color =
        isSelected ? QApplication::palette().color(QPalette::HighlightedText) : Theme::instance().color(role);
    QPen pen(color, 1.75, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
    painter.setPen(pen);
    if (state == PageState::Attention) {
        painter.drawPolygon(QPolygonF{{10, 2.5}, {18, 17}, {2, 17}});
        painter.drawLine(QPointF(10, 8), QPointF(10, 12));
        painter.drawPoint(QPointF(10, 14.6));
        return pixmap;
    }
    painter.drawEllipse(QRectF(2, 2, 16, 16));
    if (state == PageState::Done) painter.drawPolyline(QPolygonF{{6, 10.4}, {9, 13.4}, {14.2, 7}});
    return pixmap;
}

}  // namespace

QString stateWord(PageState state) {
    switch (state) {
        case PageState::Done:
            return QCoreApplication::translate("radlads::ui::PageState", "Done");
        case PageState::Attention:
            return QCoreApplication::translate("radlads::ui::PageState", "Needs attention");
        case PageState::Default:
            break;
    }
    return QCoreApplication::translate("radlads::ui::PageState", "Default");
}

QIcon stateIcon(PageState state) {
    QIcon icon;
    for (const qreal ratio : {1.0, 2.0}) {
        icon.addPixmap(drawn(state, ratio, false), QIcon::Normal);
        icon.addPixmap(drawn(state, ratio, true), QIcon::Selected);
    }
    return icon;
}

}  // namespace radlads::ui
