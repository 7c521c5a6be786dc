#include "ui/chart/curve_sample.h"

#include <QPolygonF>
#include <array>

#include "ui/core/theme.h"

namespace radlads::ui {

QPen curvePen(int index, CurveStyle style) {
    QColor color = Theme::instance().chartColor(index);
    static const std::array<QVector<qreal>, 4> kDashes = {QVector<qreal>{}, QVector<qreal>{5, 2.5},
                                                          QVector<qreal>{1.5, 2}, QVector<qreal>{7, 2, 1.5, 2}};
    if (style == CurveStyle::Faint) color.setAlphaF(Theme::instance().isDark() ? 0.42f : 0.36f);
    QPen pen(color, style == CurveStyle::Bold ? 2 : style == CurveStyle::Thin ? 1.5 : 1);
    pen.setJoinStyle(Qt::BevelJoin);
    pen.setCapStyle(Qt::FlatCap);
    const auto& dash = kDashes[size_t(index) % kDashes.size()];
    if (style != CurveStyle::Faint && !dash.isEmpty()) pen.setDashPattern(dash);
    return pen;
}

void drawMarker(QPainter& painter, QPointF centre, int index, double size) {
    const double r = size / 2;
    const QPointF left(-r, 0), up(0, -r), right(r, 0), down(0, r);
    switch (index % 4) {
        case 0:
            painter.drawEllipse(centre, r, r);
            break;
        case 1:
            painter.drawRect(QRectF(centre.x() - r * 0.88, centre.y() - r * 0.88, size * 0.88, size * 0.88));
            break;
        case 2:
            painter.drawPolygon(
                QPolygonF({centre + up * 1.15, centre + QPointF(r, r * 0.75), centre + QPointF(-r, r * 0.75)}));
            break;
        default:
            painter.drawPolygon(
                QPolygonF({centre + left * 1.15, centre + up * 1.15, centre + right * 1.15, centre + down * 1.15}));
    }
}

void drawCurveSample(QPainter& painter, const QRectF& rect, int index, CurveStyle style) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QPen pen = curvePen(index, style);
    if (style != CurveStyle::Points) {
        painter.setPen(pen);
        painter.drawLine(QPointF(rect.left(), rect.center().y()), QPointF(rect.right(), rect.center().y()));
    } else {
        painter.setPen(Qt::NoPen);
        painter.setBrush(pen.color());
        drawMarker(painter, rect.center(), index, std::min(8.0, rect.height()));
    }
    painter.restore();
}

QPixmap curveSample(int index, CurveStyle style, QSize size, double devicePixelRatio) {
    QPixmap pixmap(size * devicePixelRatio);
    pixmap.setDevicePixelRatio(devicePixelRatio);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    const QRectF rect(QPointF(1, 0), QSizeF(size.width() - 2, size.height()));
    drawCurveSample(painter, rect, index, style);
    if (style == CurveStyle::Bold) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(curvePen(index, style).color());
        drawMarker(painter, rect.center(), index, std::min(8.0, rect.height()));
    }
    return pixmap;
}

}  // namespace radlads::ui
