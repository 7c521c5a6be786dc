#include "ui/playground/memory_chart.h"

#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "ui/core/format.h"
#include "ui/core/theme.h"

namespace radlads::ui {

namespace {

constexpr double kLeastTokens = 256;

// The smallest of 1, 2, 5 times a power of ten that divides a range into at most `parts`.
double roundStep(double range, int parts) {
    const double raw = range / parts;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= raw * 0.9999) return factor * power;
    return 10 * power;
}

}  // namespace

double MemoryChart::Line::growth() const {
    if (points.size() < 2 || points.last().x() <= points.first().x()) return 0;
    return (points.last().y() - points.first().y()) / (points.last().x() - points.first().x());
}

double MemoryChart::Line::bytesAt(double tokens) const {
    if (points.isEmpty()) return 0;
    const auto after =
        std::lower_bound(points.begin(), points.end(), tokens, [](const QPointF& p, double x) { return p.x() < x; });
    if (after == points.end()) return std::max(0.0, points.last().y() + growth() * (tokens - points.last().x()));
    if (after == points.begin()) return std::max(0.0, points.first().y() - growth() * (points.first().x() - tokens));
    const QPointF& before = *std::prev(after);
    const double share = (tokens - before.x()) / std::max(1e-9, after->x() - before.x());
    return before.y() + share * (after->y() - before.y());
}

MemoryChart::MemoryChart(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("memoryChart"));
    setAccessibleName(tr("Memory against context length"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    m_series[Teacher].name = tr("Teacher");
    m_series[Student].name = tr("Student");
    describe();
}

void MemoryChart::clear() {
    for (Line& line : m_series) line.points.clear();
    m_cursor = -1;
    describe();
    update();
}

void MemoryChart::setName(Series series, const QString& name) {
    m_series.at(static_cast<std::size_t>(series)).name = name;
    describe();
    update();
}

void MemoryChart::add(Series series, double contextTokens, double bytes) {
    if (!std::isfinite(contextTokens) || !std::isfinite(bytes) || contextTokens < 0 || bytes < 0) return;
    QVector<QPointF>& points = m_series.at(static_cast<std::size_t>(series)).points;
    if (!points.isEmpty() && points.last().x() >= contextTokens)
        points.last() = {contextTokens, bytes};
    else
        points.append({contextTokens, bytes});
    describe();
    update();
}

double MemoryChart::dataEnd() const {
    double end = 0;
    for (const Line& line : m_series)
        if (!line.points.isEmpty()) end = std::max(end, line.points.last().x());
    return end;
}

double MemoryChart::crossing() const {
    const Line& grows = m_series[Teacher];
    const Line& flat = m_series[Student];
    if (grows.points.isEmpty() || flat.points.isEmpty()) return 0;
    const double rate = grows.growth() - flat.growth();
    if (rate <= 0) return 0;
    const double at =
        grows.points.last().x() + (flat.bytesAt(grows.points.last().x()) - grows.points.last().y()) / rate;
    return at > 0 ? at : 0;
}

// Half as long again as what was measured; further if the lines meet not far from there.
double MemoryChart::tokenRange() const {
    const double end = std::max(dataEnd() * 1.5, kLeastTokens);
    const double meet = crossing();
    return meet > 0 && meet < 8 * end ? std::max(end, meet * 1.25) : end;
}

double MemoryChart::byteRange() const {
    double most = 0;
    for (const Line& line : m_series)
        if (!line.points.isEmpty()) most = std::max({most, line.bytesAt(tokenRange()), line.points.last().y()});
    return most > 0 ? most * 1.1 : 1;
}

QSize MemoryChart::sizeHint() const {
    return {60 * fontMetrics().averageCharWidth(), 8 * fontMetrics().height()};
}
QSize MemoryChart::minimumSizeHint() const {
    return {30 * fontMetrics().averageCharWidth(), 7 * fontMetrics().height()};
}

QRectF MemoryChart::plotArea() const {
    const QFontMetrics metrics = fontMetrics();
    const int left = metrics.horizontalAdvance(QStringLiteral("000.0 kB")) + Theme::kSpacing;
    const int top = metrics.height() + Theme::kSpacing;
    return QRectF(rect()).adjusted(left, top, -Theme::kSpacing, -metrics.height() - Theme::kSpacing / 2);
}

QPointF MemoryChart::toPixels(const QRectF& area, double tokens, double bytes) const {
    return {area.left() + area.width() * tokens / tokenRange(), area.bottom() - area.height() * bytes / byteRange()};
}

void MemoryChart::paintAxes(QPainter& painter, const QRectF& area) const {
    const Theme& theme = Theme::instance();
    const QFontMetrics metrics = fontMetrics();
    painter.setPen(QPen(theme.chartGrid(), 1));
    const double byteStep = roundStep(byteRange(), 4), tokenStep = roundStep(tokenRange(), 8);
    for (double bytes = 0; bytes <= byteRange(); bytes += byteStep) {
        const double y = std::round(toPixels(area, 0, bytes).y()) + 0.5;
        painter.setPen(QPen(theme.chartGrid(), 1));
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        painter.setPen(theme.color(Role::Muted));
        painter.drawText(QRectF(0, y - metrics.height() / 2.0, area.left() - Theme::kSpacing, metrics.height()),
                         Qt::AlignRight | Qt::AlignVCenter, bytesText(bytes));
    }
    for (double tokens = 0; tokens <= tokenRange(); tokens += tokenStep) {
        const double x = std::round(toPixels(area, tokens, 0).x()) + 0.5;
        painter.setPen(QPen(theme.chartGrid(), 1));
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        painter.setPen(theme.color(Role::Muted));
        const QString label = tokens == 0 ? QStringLiteral("0") : countText(tokens);
        const double width = metrics.horizontalAdvance(label) + 2.0;
        const double left = std::clamp(x - width / 2, 0.0, rect().width() - width);
        painter.drawText(QRectF(left, area.bottom() + 2, width, metrics.height()), Qt::AlignCenter, label);
    }
}

void MemoryChart::paintLine(QPainter& painter, const QRectF& area, Series series) const {
    const Line& line = m_series.at(static_cast<std::size_t>(series));
    if (line.points.isEmpty()) return;
    const QColor color = Theme::instance().chartColor(series);
    const QPointF last = toPixels(area, line.points.last().x(), line.points.last().y());
    painter.setPen(QPen(color, 1.5, Qt::DashLine));
    if (line.points.size() > 1) painter.drawLine(last, toPixels(area, tokenRange(), line.bytesAt(tokenRange())));
    QPainterPath path(toPixels(area, line.points.first().x(), line.points.first().y()));
    for (const QPointF& point : line.points) path.lineTo(toPixels(area, point.x(), point.y()));
    painter.setPen(QPen(color, 2.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(path);
    // Told apart without colour: a disc for the teacher, a square for the student.
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    if (series == Teacher)
        painter.drawEllipse(last, 4, 4);
    else
        painter.drawRect(QRectF(last.x() - 4, last.y() - 4, 8, 8));
}

void MemoryChart::paintLegend(QPainter& painter, const QRectF& area) const {
    const QFontMetrics metrics = fontMetrics();
    const QColor text = palette().color(QPalette::WindowText);
    QFont bold = font();
    bold.setBold(true);
    painter.setFont(bold);
    painter.setPen(text);
    const QString title = tr("Memory against context length (tokens)");
    painter.drawText(QPointF(0, metrics.ascent()), title);
    painter.setFont(font());
    double x = area.right();
    for (const Series series : {Student, Teacher}) {
        const Line& line = m_series.at(static_cast<std::size_t>(series));
        if (line.points.isEmpty()) continue;
        const QString label = tr("%1 %2").arg(line.name, bytesText(line.points.last().y()));
        x -= metrics.horizontalAdvance(label);
        painter.setPen(text);
        painter.drawText(QPointF(x, metrics.ascent()), label);
        x -= 2.0 * Theme::kSpacing;
        painter.setPen(Qt::NoPen);
        painter.setBrush(Theme::instance().chartColor(series));
        const QPointF sign(x + Theme::kSpacing / 2.0, metrics.height() / 2.0);
        if (series == Teacher)
            painter.drawEllipse(sign, 4, 4);
        else
            painter.drawRect(QRectF(sign.x() - 4, sign.y() - 4, 8, 8));
        x -= 2.0 * Theme::kSpacing;
    }
}

void MemoryChart::paintCursor(QPainter& painter, const QRectF& area) const {
    if (m_cursor < 0 || dataEnd() <= 0) return;
    const double x = toPixels(area, m_cursor, 0).x();
    painter.setPen(QPen(palette().color(QPalette::WindowText), 1));
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
    QStringList lines{tr("%1 tokens").arg(QLocale().toString(std::llround(m_cursor)))};
    for (const Line& line : m_series)
        if (!line.points.isEmpty()) lines.append(tr("%1: %2").arg(line.name, bytesText(line.bytesAt(m_cursor))));
    const QFontMetrics metrics = fontMetrics();
    double width = 0;
    for (const QString& line : lines) width = std::max<double>(width, metrics.horizontalAdvance(line));
    QRectF box(x + Theme::kSpacing, area.top() + 2, width + 2 * Theme::kSpacing,
               metrics.height() * static_cast<double>(lines.size()) + Theme::kSpacing);
    if (box.right() > area.right()) box.moveRight(x - Theme::kSpacing);
    painter.setPen(QPen(palette().color(QPalette::Mid), 1));
    painter.setBrush(palette().color(QPalette::ToolTipBase));
    painter.drawRoundedRect(box, 4, 4);
    painter.setPen(palette().color(QPalette::ToolTipText));
    painter.drawText(box.adjusted(Theme::kSpacing, Theme::kSpacing / 2.0, 0, 0), Qt::AlignLeft | Qt::AlignTop,
                     lines.join(QLatin1Char('\n')));
}

void MemoryChart::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF area = plotArea();
    paintLegend(painter, area);
    if (dataEnd() <= 0) {
        painter.setPen(Theme::instance().color(Role::Muted));
        painter.drawText(
            area, Qt::AlignCenter | Qt::TextWordWrap,
            tr("Generate a text: the teacher's cache grows with every token, the student's state does not."));
    } else {
        paintAxes(painter, area);
        for (const Series series : {Teacher, Student}) paintLine(painter, area, series);
        paintCursor(painter, area);
    }
    if (hasFocus()) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    }
}

void MemoryChart::setCursorTokens(double tokens) {
    m_cursor = std::clamp(tokens, 0.0, tokenRange());
    update();
}

void MemoryChart::mouseMoveEvent(QMouseEvent* event) {
    const QRectF area = plotArea();
    if (area.contains(event->position()))
        setCursorTokens((event->position().x() - area.left()) / area.width() * tokenRange());
    else
        leaveEvent(event);
}

void MemoryChart::leaveEvent(QEvent*) {
    if (hasFocus()) return;
    m_cursor = -1;
    update();
}

void MemoryChart::keyPressEvent(QKeyEvent* event) {
    const double step = tokenRange() / 50, now = m_cursor < 0 ? dataEnd() : m_cursor;
    switch (event->key()) {
        case Qt::Key_Left:
            return setCursorTokens(now - step);
        case Qt::Key_Right:
            return setCursorTokens(now + step);
        case Qt::Key_Home:
            return setCursorTokens(0);
        case Qt::Key_End:
            return setCursorTokens(tokenRange());
        default:
            QWidget::keyPressEvent(event);
    }
}

void MemoryChart::focusOutEvent(QFocusEvent* event) {
    m_cursor = -1;
    QWidget::focusOutEvent(event);
}

void MemoryChart::describe() {
    QStringList parts;
    for (const Line& line : m_series)
        if (!line.points.isEmpty())
            parts.append(tr("%1: %2 after %3 tokens")
                             .arg(line.name, bytesText(line.points.last().y()),
                                  QLocale().toString(std::llround(line.points.last().x()))));
    setAccessibleDescription(parts.isEmpty() ? tr("Nothing measured yet") : parts.join(QStringLiteral("; ")));
}

}  // namespace radlads::ui
