#include "ui/chart/heat_map.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

constexpr int kFrameMs = 50;         // between two updates of the picture: at most 20 a second
constexpr double kLogarithmic = 10;  // largest to smallest value from which the colours are logarithmic
constexpr int kScaleWidth = 14, kScaleSteps = 64;

}  // namespace

HeatMap::HeatMap(QWidget* parent) : QWidget(parent), m_title(tr("Loss by layer")), m_emptyText(tr("No data yet.")) {
    setObjectName(QStringLiteral("heatMap"));
    setAccessibleName(m_title);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    m_updateTimer.setSingleShot(true);
    m_updateTimer.setInterval(kFrameMs);
    connect(&m_updateTimer, &QTimer::timeout, this, qOverload<>(&QWidget::update));
    connect(&Theme::instance(), &Theme::changed, this, &HeatMap::dataChanged);
}

void HeatMap::setTitle(const QString& title) {
    m_title = title;
    setAccessibleName(title);
    update();
}

void HeatMap::setEmptyText(const QString& sentence) {
    m_emptyText = sentence;
    update();
}

void HeatMap::setData(std::shared_ptr<const XColumns> x, QVector<std::shared_ptr<const Column>> layers) {
    m_x = std::move(x);
    m_layers = std::move(layers);
    m_selectedLayer = std::min(m_selectedLayer, layerCount() - 1);
    m_cursor.reset();
    dataChanged();
}

void HeatMap::dataChanged() {
    m_isImageOld = true;
    if (m_cursor && m_cursor->index >= columnCount()) setCursorCell(std::nullopt);
    if (isVisible() && !m_updateTimer.isActive()) m_updateTimer.start();
}

void HeatMap::setUnit(XUnit unit) {
    if (unit == m_unit) return;
    m_unit = unit;
    dataChanged();
}

bool HeatMap::isEmpty() const {
    return columnCount() == 0;
}

size_t HeatMap::columnCount() const {
    size_t count = m_x && !m_layers.isEmpty() ? m_x->size() : 0;
    for (const auto& layer : m_layers) count = std::min(count, layer->size());
    return count;
}

void HeatMap::setSelectedLayer(int layer) {
    if (layer == m_selectedLayer || layer < -1 || layer >= layerCount()) return;
    m_selectedLayer = layer;
    update();
}

void HeatMap::setCursorCell(std::optional<Cell> cell) {
    if (cell && (cell->layer < 0 || cell->layer >= layerCount() || cell->index >= columnCount())) cell.reset();
    if (cell == m_cursor) return;
    m_cursor = cell;
    setAccessibleDescription(cursorText());
    update();
    Q_EMIT cursorMoved();
}

QString HeatMap::cursorText() const {
    if (!m_cursor) return {};
    return tr("Layer %1, %2: %3")
        .arg(QString::number(m_cursor->layer), xText(m_x->at(m_cursor->index).in(m_unit), m_unit).toLower(),
             valueText(double(m_layers[m_cursor->layer]->at(m_cursor->index)), NumberStyle::Plain));
}

QFont HeatMap::smallFont() const {
    QFont small = font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    return small;
}

QRectF HeatMap::plotRect() const {
    const QFontMetricsF metrics(smallFont());
    const double head = fontMetrics().height() + Theme::kSpacing * 1.5;
    const double left = metrics.horizontalAdvance(QStringLiteral("000")) + Theme::kSpacing * 2.5;
    const double right = metrics.horizontalAdvance(QStringLiteral("0.0000")) + kScaleWidth + Theme::kSpacing * 4;
    return QRectF(left, head, std::max(1.0, width() - left - right),
                  std::max(1.0, height() - head - metrics.height() - Theme::kSpacing * 2));
}

std::pair<double, double> HeatMap::xRange() const {
    const XColumn& x = m_x->in(m_unit);
    const double lower = x.at(0), upper = x.at(columnCount() - 1);
    return upper > lower ? std::pair{lower, upper} : std::pair{lower - 0.5, upper + 0.5};
}

std::optional<HeatMap::Cell> HeatMap::cellAt(QPointF pixel) const {
    const QRectF area = plotRect();
    if (isEmpty() || !area.contains(pixel)) return std::nullopt;
    const auto [lower, upper] = xRange();
    const double x = lower + (upper - lower) * (pixel.x() - area.left()) / area.width();
    const int layer = std::clamp(int((pixel.y() - area.top()) / area.height() * layerCount()), 0, layerCount() - 1);
    return Cell{layer, std::min(m_x->in(m_unit).nearest(x), columnCount() - 1)};
}

double HeatMap::shareOf(double value) const {
    if (!(m_highest > m_lowest)) return 0.5;
    const double share = m_scale == Scale::Logarithmic
                             ? std::log(std::max(value, m_lowest) / m_lowest) / std::log(m_highest / m_lowest)
                             : (value - m_lowest) / (m_highest - m_lowest);
    return std::clamp(share, 0.0, 1.0);
}

const QImage& HeatMap::image() {
    const int wanted = std::max(1, int(plotRect().width() * devicePixelRatioF()));
    if (m_isImageOld || m_image.width() != wanted) renderImage();
    return m_image;
}

void HeatMap::renderImage() {
    m_isImageOld = false;
    const int width = std::max(1, int(plotRect().width() * devicePixelRatioF()));
    m_image = QImage(width, std::max(1, layerCount()), QImage::Format_RGB32);
    m_image.fill(palette().color(QPalette::Base));
    const size_t count = columnCount();
    if (count == 0) return;
    Extremes all;
    for (const auto& layer : m_layers) all.add(layer->extremes(0, count));
    if (all.isEmpty()) return;
    m_scale = all.min > 0 && all.max / all.min >= kLogarithmic ? Scale::Logarithmic : Scale::Linear;
    m_lowest = double(all.min);
    m_highest = double(all.max);

    const auto [lower, upper] = xRange();
    const PixelColumns pixels{lower, upper, width, Scale::Linear};
    const XColumn& x = m_x->in(m_unit);
    size_t begin = 0;
    for (int column = 0; column < width; ++column) {
        const bool isLast = column + 1 == width;
        const size_t end = isLast ? count : std::clamp(x.lowerBound(pixels.edge(column + 1), begin), begin, count);
        // Between two measurements the earlier one holds.
        const size_t from = end > begin ? begin : begin > 0 ? begin - 1 : 0, to = std::max(end, from + 1);
        for (int layer = 0; layer < layerCount(); ++layer) {
            const Extremes extremes = m_layers[layer]->extremes(from, to);
            if (!extremes.isEmpty())
                m_image.setPixelColor(column, layer, Theme::instance().heatColor(shareOf(double(extremes.max))));
        }
        begin = end;
    }
}

void HeatMap::drawAxes(QPainter& painter, const QRectF& area) const {
    const QFontMetricsF metrics(painter.font());
    painter.setPen(Theme::instance().color(Role::Muted));
    const double rowHeight = area.height() / layerCount();
    const int stride = std::max(1, int(std::ceil((metrics.height() + 2) / rowHeight)));
    const int round = stride <= 2 ? stride : stride <= 5 ? 5 : (stride + 9) / 10 * 10;
    for (int layer = 0; layer < layerCount(); layer += round) {
        const QRectF line(0, area.top() + layer * rowHeight, area.left() - Theme::kSpacing, rowHeight);
        painter.drawText(line.adjusted(0, -metrics.height(), 0, metrics.height()), Qt::AlignRight | Qt::AlignVCenter,
                         QString::number(layer));
    }
    const auto [lower, upper] = xRange();
    const int wanted =
        std::clamp(int(area.width() / metrics.horizontalAdvance(QStringLiteral("0.000 M")) / 1.5), 2, 12);
    const auto ticks = axisTicks(lower, upper, Scale::Linear, numberStyle(m_unit), wanted);
    const auto labels = axisLabels(ticks, Scale::Linear, numberStyle(m_unit));
    for (int i = 0; i < ticks.size(); ++i) {
        const double x = area.left() + (ticks[i] - lower) / (upper - lower) * area.width();
        const double advance = metrics.horizontalAdvance(labels[i]);
        painter.drawText(QPointF(std::clamp(x - advance / 2, 2.0, area.right() - advance),
                                 area.bottom() + metrics.ascent() + Theme::kSpacing / 2.0),
                         labels[i]);
    }
}

void HeatMap::drawScale(QPainter& painter, const QRectF& area) const {
    const QFontMetricsF metrics(painter.font());
    const QRectF bar(area.right() + Theme::kSpacing * 2, area.top(), kScaleWidth, area.height());
    for (int i = 0; i < kScaleSteps; ++i) {
        const double top = bar.bottom() - bar.height() * (i + 1) / kScaleSteps;
        painter.fillRect(QRectF(bar.left(), top, bar.width(), bar.height() / kScaleSteps + 0.5),
                         Theme::instance().heatColor((i + 0.5) / kScaleSteps));
    }
    painter.setPen(Theme::instance().color(Role::Muted));
    const auto ticks = axisTicks(m_lowest, m_highest, m_scale, NumberStyle::Plain,
                                 std::clamp(int(bar.height() / metrics.height() / 3), 2, 8));
    const auto labels = axisLabels(ticks, m_scale, NumberStyle::Plain);
    for (int i = 0; i < ticks.size(); ++i) {
        const double y = bar.bottom() - shareOf(ticks[i]) * bar.height();
        const double base = std::clamp(y + metrics.ascent() / 2 - 1, bar.top() + metrics.ascent() - 1, bar.bottom());
        painter.drawText(QPointF(bar.right() + Theme::kSpacing / 2.0 + 1, base), labels[i]);
    }
}

void HeatMap::drawCursor(QPainter& painter, const QRectF& area) const {
    const double rowHeight = area.height() / layerCount();
    const auto row = [&](int layer) {
        return QRectF(area.left(), area.top() + layer * rowHeight, area.width(), rowHeight);
    };
    painter.setBrush(Qt::NoBrush);
    if (m_selectedLayer >= 0) {
        painter.setPen(QPen(Theme::instance().color(Role::Accent), 2));
        painter.drawRect(row(m_selectedLayer).adjusted(-1, 0, 1, 0));
    }
    if (!m_cursor) return;
    const auto [lower, upper] = xRange();
    const double x = area.left() + (m_x->at(m_cursor->index).in(m_unit)-lower) / (upper - lower) * area.width();
    const QRectF cell(x - 3, row(m_cursor->layer).top(), 6, rowHeight);
    painter.setPen(QPen(palette().color(QPalette::Base), 3));
    painter.drawRect(cell);
    painter.setPen(QPen(palette().color(QPalette::Text), 1));
    painter.drawRect(cell);
}

void HeatMap::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const Theme& theme = Theme::instance();
    painter.fillRect(rect(), palette().base());
    painter.setPen(QPen(hasFocus() ? theme.color(Role::Accent) : theme.chartGrid(), hasFocus() ? 2 : 1));
    const double inset = hasFocus() ? 1 : 0.5;
    painter.drawRect(QRectF(rect()).adjusted(inset, inset, -inset, -inset));
    const int margin = Theme::kSpacing * 3 / 2;
    const QRectF head(margin, Theme::kSpacing / 2, width() - 2 * margin, fontMetrics().height() + Theme::kSpacing);
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(head, Qt::AlignLeft | Qt::AlignVCenter, m_title);
    if (isEmpty()) {
        painter.setFont(font());
        painter.setPen(theme.color(Role::Muted));
        const int space = 3 * Theme::kSpacing;
        painter.drawText(rect().adjusted(space, space, -space, 0), Qt::AlignCenter | Qt::TextWordWrap, m_emptyText);
        return;
    }
    const double titleWidth = QFontMetricsF(bold).horizontalAdvance(m_title) + 2 * Theme::kSpacing;
    painter.setFont(font());
    painter.drawText(head.adjusted(titleWidth, 0, 0, 0), Qt::AlignRight | Qt::AlignVCenter,
                     fontMetrics().elidedText(cursorText(), Qt::ElideLeft, int(head.width() - titleWidth)));
    painter.setFont(smallFont());
    const QRectF area = plotRect();
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter.drawImage(area, image());
    drawAxes(painter, area);
    drawScale(painter, area);
    drawCursor(painter, area);
}

void HeatMap::resizeEvent(QResizeEvent*) {
    m_isImageOld = true;
}

void HeatMap::showEvent(QShowEvent*) {
    update();
}

QSize HeatMap::sizeHint() const {
    const int line = fontMetrics().height();
    return {line * 36, line * 20};
}

QSize HeatMap::minimumSizeHint() const {
    const int line = fontMetrics().height();
    return {line * 14, line * 9};
}

}  // namespace radlads::ui
