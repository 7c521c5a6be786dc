// The stroke of a curve: colour, dash and marker, so that curves differ by more than colour.
#pragma once

#include <QPainter>
#include <QPen>
#include <QPixmap>

namespace radlads::ui {

enum class CurveStyle { Faint, Bold, Thin, Points };

// Stroke number `index`: eight colours, and other dashes and markers for each, so that 32 runs stay distinct.
QPen curvePen(int index, CurveStyle style);
void drawMarker(QPainter& painter, QPointF centre, int index, double size);
// A short piece of the curve, for legends and tables.
void drawCurveSample(QPainter& painter, const QRectF& rect, int index, CurveStyle style);
QPixmap curveSample(int index, CurveStyle style, QSize size, double devicePixelRatio);

}  // namespace radlads::ui
