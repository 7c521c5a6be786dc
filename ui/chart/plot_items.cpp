#include "ui/chart/plot_items.h"

#include <algorithm>

#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

constexpr double kFarPixels = 1e5;      // beyond it QPainter's arithmetic suffers
constexpr double kMarkerDistance = 96;  // pixels between two markers of a line
constexpr double kMarkHalfWidth = 5;
constexpr qsizetype kNoisyPoints = 256;  // a line of fewer points is always quick to stroke
constexpr double kNoisyTravel = 4;       // pixels up and down for each across

double coordinate(const QCPAxis* axis, double value) {
    return std::clamp(axis->coordToPixel(value), -kFarPixels, kFarPixels);
}

QColor markColor(MarkKind kind) {
    const Theme& theme = Theme::instance();
    switch (kind) {
        case MarkKind::Rollback:
        case MarkKind::Warning:
            return theme.color(Role::Warning);
        case MarkKind::Failed:
            return theme.color(Role::Failure);
        case MarkKind::Finished:
            return theme.color(Role::Success);
        case MarkKind::Paused:
        case MarkKind::Resumed:
            return theme.color(Role::Waiting);
        default:
            return theme.color(Role::Muted);
    }
}

// Marks that explain what the curve does get a line; the many that don't only a sign.
bool hasLine(MarkKind kind) {
    return kind == MarkKind::Rollback || kind == MarkKind::Paused || kind == MarkKind::Resumed ||
           kind == MarkKind::Failed;
}

bool isDrawn(MarkKind kind) {
    return kind != MarkKind::StepStarted;  // the bands show it
}

void drawSign(QPainter& painter, MarkKind kind, QPointF centre) {
    const double r = 4;
    const auto polygon = [&](std::initializer_list<QPointF> points) {
        QPolygonF shape;
        for (const QPointF& point : points) shape << centre + point * r;
        painter.drawPolygon(shape);
    };
    switch (kind) {
        case MarkKind::Checkpoint:
            polygon({{0, -1}, {1, 0}, {0, 1}, {-1, 0}});
            break;
        case MarkKind::Rollback:
            polygon({{-1.1, 0}, {0.8, -1}, {0.8, 1}});
            break;
        case MarkKind::Evaluation:
            painter.drawEllipse(centre, r * 0.8, r * 0.8);
            break;
        case MarkKind::Paused:
            painter.drawRect(QRectF(centre + QPointF(-r * 0.9, -r), QSizeF(r * 0.65, 2 * r)));
            painter.drawRect(QRectF(centre + QPointF(r * 0.25, -r), QSizeF(r * 0.65, 2 * r)));
            break;
        case MarkKind::Resumed:
            polygon({{-0.8, -1}, {1.1, 0}, {-0.8, 1}});
            break;
        case MarkKind::Warning:
            polygon({{0, -1.1}, {1.1, 0.9}, {-1.1, 0.9}});
            break;
        case MarkKind::Failed:
            polygon({{-1, -0.4},
                     {-0.4, -1},
                     {0, -0.6},
                     {0.4, -1},
                     {1, -0.4},
                     {0.6, 0},
                     {1, 0.4},
                     {0.4, 1},
                     {0, 0.6},
                     {-0.4, 1},
                     {-1, 0.4},
                     {-0.6, 0}});
            break;
        case MarkKind::Finished:
            painter.drawRect(QRectF(centre - QPointF(r, r) * 0.8, QSizeF(r, r) * 1.6));
            break;
        case MarkKind::StepStarted:
            break;
    }
}

}  // namespace

CurvePlottable::CurvePlottable(QCPAxis* keyAxis, QCPAxis* valueAxis, Curve curve)
    : QCPAbstractPlottable(keyAxis, valueAxis), m_curve(std::move(curve)) {
    setSelectable(QCP::stNone);
    updatePen();
}

void CurvePlottable::updatePen() {
    setPen(curvePen(m_curve.stroke, m_curve.style));
}

QCPRange CurvePlottable::getKeyRange(bool& foundRange, QCP::SignDomain) const {
    const XColumn& x = m_curve.x->in(m_unit);
    foundRange = x.size() > 0;
    return foundRange ? QCPRange(x.at(0), x.at(x.size() - 1)) : QCPRange();
}

QCPRange CurvePlottable::getValueRange(bool& foundRange, QCP::SignDomain, const QCPRange&) const {
    const Extremes extremes = m_curve.y->extremes(0, m_curve.y->size());
    foundRange = !extremes.isEmpty();
    return foundRange ? QCPRange(double(extremes.min), double(extremes.max)) : QCPRange();
}

void CurvePlottable::drawLine(QCPPainter* painter, const QVector<QPointF>& line, double pixelRatio) {
    if (line.size() == 1) {
        QPen dot = pen();
        dot.setCapStyle(Qt::RoundCap);
        dot.setWidthF(std::max(2.0, dot.widthF() * 1.5));
        painter->setPen(dot);
        painter->drawPoint(line.first());
        painter->setPen(pen());
    }
    if (line.size() < 2) return;
    double travel = 0;
    for (qsizetype i = 1; i < line.size(); ++i) travel += std::abs(line[i].y() - line[i - 1].y());
    const double width = std::max(1.0, line.last().x() - line.first().x());
    const bool isNoisy = line.size() > kNoisyPoints && travel > width * kNoisyTravel;
    if (isNoisy && !painter->modes().testFlag(QCPPainter::pmVectorized)) {
        drawSpans(painter, line, pixelRatio);
    } else {
        painter->drawPolyline(line.constData(), int(line.size()));
    }
}

// The same line as one upright bar for each column of pixels: stroking thousands of steep antialiased segments takes a
// hundred times as long and looks no better.
void CurvePlottable::drawSpans(QCPPainter* painter, const QVector<QPointF>& line, double pixelRatio) {
    const QRectF area(keyAxis()->axisRect()->rect());
    const int columns = int(area.width() * pixelRatio) + 1;
    struct Span {
        double top = 1, bottom = 0;
    };
    std::vector<Span> spans(static_cast<size_t>(columns));
    const auto extend = [&](int column, double a, double b) {
        Span& span = spans[size_t(column)];
        if (a > b) std::swap(a, b);
        span = span.top > span.bottom ? Span{a, b} : Span{std::min(span.top, a), std::max(span.bottom, b)};
    };
    for (qsizetype i = 1; i < line.size(); ++i) {
        const double x0 = (line[i - 1].x() - area.left()) * pixelRatio, x1 = (line[i].x() - area.left()) * pixelRatio;
        const double y0 = line[i - 1].y(), slope = x1 > x0 ? (line[i].y() - y0) / (x1 - x0) : 0;
        const int first = std::max(0, int(std::floor(x0))), last = std::min(columns - 1, int(std::floor(x1)));
        for (int column = first; column <= last; ++column) {
            const double from = std::max(x0, double(column)), to = std::min(x1, column + 1.0);
            extend(column, y0 + (from - x0) * slope, x1 > x0 ? y0 + (to - x0) * slope : line[i].y());
        }
    }
    const double thickness = pen().widthF() / 2,
                 columnWidth = std::max(1 / pixelRatio, pen().widthF() > 1 ? pen().widthF() : 0);
    QVector<QRectF> bars;
    for (int column = 0; column < columns; ++column) {
        const Span& span = spans[size_t(column)];
        if (span.top > span.bottom) continue;
        const double centre = area.left() + (column + 0.5) / pixelRatio;
        const double top = std::max(span.top - thickness, area.top() - 2),
                     bottom = std::min(span.bottom + thickness, area.bottom() + 2);
        if (bottom > top)
            bars.append(QRectF(QPointF(centre - columnWidth / 2, top), QPointF(centre + columnWidth / 2, bottom)));
    }
    painter->setAntialiasing(false);
    painter->setPen(Qt::NoPen);
    painter->setBrush(pen().color());
    painter->drawRects(bars);
    painter->setBrush(Qt::NoBrush);
    painter->setPen(pen());
    painter->setAntialiasing(true);
}

void CurvePlottable::draw(QCPPainter* painter) {
    const QCPAxis *xAxis = keyAxis(), *yAxis = valueAxis();
    const double ratio =
        painter->modes().testFlag(QCPPainter::pmVectorized) ? 4.0 : painter->device()->devicePixelRatioF();
    const auto scaleOf = [](const QCPAxis* axis) {
        return axis->scaleType() == QCPAxis::stLogarithmic ? Scale::Logarithmic : Scale::Linear;
    };
    const PixelColumns columns{xAxis->range().lower, xAxis->range().upper, int(xAxis->axisRect()->width() * ratio),
                               scaleOf(xAxis)};
    decimate(m_curve.x->in(m_unit), *m_curve.y, columns, scaleOf(yAxis), m_points);

    applyDefaultAntialiasingHint(painter);
    painter->setPen(pen());
    painter->setBrush(Qt::NoBrush);
    const bool isPoints = m_curve.style == CurveStyle::Points;
    if (isPoints) {
        painter->setPen(QPen(parentPlot()->palette().color(QPalette::Base), 1));
        painter->setBrush(pen().color());
    }
    // Points left of a logarithmic axis' zero have no place.
    const bool isLogX = columns.scale == Scale::Logarithmic;
    QVector<QPointF> line, markers;
    for (const PlotPoint& point : m_points) {
        if (point.isGap() || (isLogX && point.x <= 0)) {
            drawLine(painter, line, ratio);
            line.clear();
            continue;
        }
        const QPointF pixel(coordinate(xAxis, point.x), coordinate(yAxis, point.y));
        if (isPoints) {
            drawMarker(*painter, pixel, m_curve.stroke, 7);
            continue;
        }
        // A step too small to be seen is none.
        const bool isSeen = line.isEmpty() || pixel.x() - line.last().x() > 0.5 / ratio ||
                            std::abs(pixel.y() - line.last().y()) > 0.5 / ratio;
        if (!isSeen && &point != &m_points.back()) continue;
        line.append(pixel);
        if (m_curve.hasMarkers && (markers.isEmpty() || pixel.x() - markers.last().x() >= kMarkerDistance)) {
            // Runs that lie on each other have their markers at different places.
            const double offset = markers.isEmpty() ? kMarkerDistance * (0.25 + 0.17 * (m_curve.stroke % 5)) : 0;
            if (offset == 0 || pixel.x() >= xAxis->axisRect()->left() + offset) markers.append(pixel);
        }
    }
    drawLine(painter, line, ratio);
    painter->setPen(Qt::NoPen);
    painter->setBrush(pen().color());
    for (const QPointF& marker : markers) drawMarker(*painter, marker, m_curve.stroke, 8);
}

void CurvePlottable::drawLegendIcon(QCPPainter* painter, const QRectF& rect) const {
    drawCurveSample(*painter, rect, m_curve.stroke, m_curve.style);
}

OverlayItem::OverlayItem(QCustomPlot* plot, const QString& layer) : QCPAbstractItem(plot) {
    setLayer(layer);
    setSelectable(false);
    setClipToAxisRect(true);
    setClipAxisRect(plot->axisRect());
}

QRectF OverlayItem::area() const {
    return mParentPlot->axisRect()->rect();
}

double OverlayItem::pixelOf(double x) const {
    const QCPAxis* axis = mParentPlot->xAxis;
    if (axis->scaleType() == QCPAxis::stLogarithmic && x <= 0) return area().left();
    return coordinate(axis, x);
}

void BandsItem::draw(QCPPainter* painter) {
    QColor color = mParentPlot->palette().color(QPalette::Text);
    color.setAlphaF(Theme::instance().isDark() ? 0.06f : 0.045f);
    painter->setAntialiasing(false);
    painter->setPen(Qt::NoPen);
    for (int i = 1; i < bands.size(); i += 2) {
        const double left = std::max(area().left(), pixelOf(bands[i].begin.in(m_unit)));
        const double right =
            bands[i].end ? std::min(area().right() + 1, pixelOf(bands[i].end->in(m_unit))) : area().right() + 1;
        if (right > left)
            painter->fillRect(QRectF(QPointF(left, area().top()), QPointF(right, area().bottom() + 1)), color);
    }
    painter->setPen(QPen(Theme::instance().chartGrid(), 1));
    for (int i = 1; i < bands.size(); ++i) {
        const double x = std::round(pixelOf(bands[i].begin.in(m_unit)));
        painter->drawLine(QPointF(x, area().top()), QPointF(x, area().bottom()));
    }
}

void BandNamesItem::draw(QCPPainter* painter) {
    QFont font = mParentPlot->font();
    font.setPointSizeF(font.pointSizeF() * 0.9);
    painter->setFont(font);
    painter->setPen(Theme::instance().color(Role::Muted));
    const QFontMetricsF metrics(font);
    for (const ChartBand& band : m_bands->bands) {
        const double left = std::max(area().left(), pixelOf(band.begin.in(m_unit)));
        const double right = band.end ? std::min(area().right(), pixelOf(band.end->in(m_unit))) : area().right();
        const double room = right - left - 12;
        if (room < metrics.averageCharWidth() * 3) continue;
        painter->drawText(QPointF(left + 6, area().top() + metrics.ascent() + 3),
                          metrics.elidedText(band.name, Qt::ElideRight, room));
    }
}

void MarksItem::draw(QCPPainter* painter) {
    painter->setAntialiasing(true);
    const double y = area().bottom() - kHeight / 2;
    double lastPixel = -kFarPixels;
    MarkKind lastKind = MarkKind::StepStarted;
    for (const ChartMark& mark : marks) {
        if (!isDrawn(mark.kind)) continue;
        const double x = pixelOf(mark.at.in(m_unit));
        if (x < area().left() - kMarkHalfWidth || x > area().right() + kMarkHalfWidth) continue;
        const QColor color = markColor(mark.kind);
        if (hasLine(mark.kind)) {
            painter->setPen(QPen(color, 1, Qt::DashLine));
            painter->drawLine(QPointF(std::round(x) + 0.5, area().top()),
                              QPointF(std::round(x) + 0.5, area().bottom() - kHeight));
        }
        // Signs of the same kind that would lie on each other are one.
        if (mark.kind == lastKind && x - lastPixel < kMarkHalfWidth && !hasLine(mark.kind)) continue;
        lastKind = mark.kind;
        lastPixel = x;
        painter->setPen(QPen(mParentPlot->palette().color(QPalette::Base), 1));
        painter->setBrush(color);
        drawSign(*painter, mark.kind, QPointF(x, y));
    }
}

// A sign at the newest data is whole.
QRect MarksItem::clipRect() const {
    return OverlayItem::clipRect().adjusted(-int(kMarkHalfWidth), 0, int(kMarkHalfWidth), 0);
}

QString MarksItem::textAt(const QPointF& pixel) const {
    if (!area().contains(pixel)) return {};
    const bool isInStrip = pixel.y() >= area().bottom() - kHeight - 2;
    constexpr qsizetype kMostLines = 8;
    QStringList lines;
    qsizetype found = 0;
    for (const ChartMark& mark : marks) {
        if (!isDrawn(mark.kind) || (!isInStrip && !hasLine(mark.kind))) continue;
        if (std::abs(pixelOf(mark.at.in(m_unit)) - pixel.x()) > kMarkHalfWidth) continue;
        if (++found <= kMostLines) lines.append(mark.text);
    }
    if (found > kMostLines) lines.append(Chart::tr("and %n more", nullptr, int(found - kMostLines)));
    return lines.join(QLatin1Char('\n'));
}

void CursorItem::draw(QCPPainter* painter) {
    if (!x) return;
    const double pixel = pixelOf(*x);
    if (pixel < area().left() - 1 || pixel > area().right() + 1) return;
    painter->setAntialiasing(false);
    painter->setPen(QPen(Theme::instance().color(Role::Accent), 1));
    painter->drawLine(QPointF(pixel, area().top()), QPointF(pixel, area().bottom()));
    painter->setAntialiasing(true);
    for (const Dot& dot : dots) {
        const QPointF centre(pixelOf(dot.x), coordinate(mParentPlot->yAxis, dot.y));
        if (!area().contains(centre)) continue;
        painter->setPen(QPen(mParentPlot->palette().color(QPalette::Base), 1.5));
        painter->setBrush(dot.color);
        painter->drawEllipse(centre, 4, 4);
    }
}

void RoundTicker::generate(const QCPRange& range, const QLocale&, QChar, int, QVector<double>& ticks,
                           QVector<double>* subTicks, QVector<QString>* labels) {
    ticks = axisTicks(range.lower, range.upper, scale, style, wanted);
    if (subTicks) subTicks->clear();
    if (labels) *labels = axisLabels(ticks, scale, style);
}

}  // namespace radlads::ui
