#include "ui/chart/chart.h"

#include <QEvent>
#include <QPainter>
#include <QSettings>
#include <algorithm>

#include "ui/chart/chart_private.h"
#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

constexpr int kFrameMs = 50;           // between two replots: at most 20 a second
constexpr double kMarginShare = 0.06;  // of the plot's height, free above and below the curves
constexpr int kOutlierColumns = 256;
constexpr double kOutlierShare = 0.01;

QString settingsKey(const QString& chart, const char* name) {
    return QStringLiteral("charts/%1/%2").arg(chart, QLatin1String(name));
}

}  // namespace

Chart::Chart(QString key, QString title, NumberStyle style, QWidget* parent)
    : QWidget(parent), d(std::make_unique<Private>()) {
    d->key = std::move(key);
    d->title = std::move(title);
    d->style = style;
    setObjectName(QStringLiteral("chart/") + d->key);
    setAccessibleName(d->title);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);

    // The plot only draws: all input is the chart's.
    d->plot = new QCustomPlot(this);
    d->plot->setAttribute(Qt::WA_TransparentForMouseEvents);
    d->plot->setFocusPolicy(Qt::NoFocus);
    d->plot->setNoAntialiasingOnDrag(false);
    d->plot->addLayer(QStringLiteral("bands"), d->plot->layer(QStringLiteral("grid")), QCustomPlot::limBelow);
    d->plot->addLayer(QStringLiteral("marks"), d->plot->layer(QStringLiteral("main")), QCustomPlot::limAbove);
    d->plot->addLayer(QStringLiteral("cursor"), d->plot->layer(QStringLiteral("overlay")), QCustomPlot::limAbove);
    d->plot->layer(QStringLiteral("cursor"))->setMode(QCPLayer::lmBuffered);

    d->header = new HeaderElement(d->plot);
    d->header->title = d->title;
    d->header->curves = &d->curves;
    d->plot->plotLayout()->insertRow(0);
    d->plot->plotLayout()->addElement(0, 0, d->header);
    d->plot->plotLayout()->setRowSpacing(0);
    const int margin = Theme::kSpacing;
    d->plot->plotLayout()->setMargins(QMargins(margin * 3 / 2, margin / 2, margin * 3 / 2, margin));
    d->plot->axisRect()->setAutoMargins(QCP::msRight | QCP::msTop | QCP::msBottom);
    d->plot->axisRect()->setMinimumMargins(QMargins(4, 4, margin * 3 / 2, 2));
    d->bands = new BandsItem(d->plot);
    d->marks = new MarksItem(d->plot);
    d->bandNames = new BandNamesItem(d->plot, d->bands);
    d->cursor = new CursorItem(d->plot);
    d->xTicker = QSharedPointer<RoundTicker>::create();
    d->yTicker = QSharedPointer<RoundTicker>::create();
    d->plot->xAxis->setTicker(d->xTicker);
    d->plot->yAxis->setTicker(d->yTicker);

    d->emptyText = tr("No data yet.");
    d->emptyLabel = new QLabel(d->emptyText, this);
    d->emptyLabel->setAlignment(Qt::AlignCenter);
    d->emptyLabel->setWordWrap(true);
    d->emptyLabel->setAttribute(Qt::WA_TransparentForMouseEvents);

    const QSettings settings;
    d->isLogY = settings.value(settingsKey(d->key, "logY")).toBool();
    d->ignoresOutliers = settings.value(settingsKey(d->key, "ignoreOutliers")).toBool();
    d->replotTimer.setSingleShot(true);
    connect(&d->replotTimer, &QTimer::timeout, this, [this] {
        if (isVisible()) replotNow();
    });
    connect(d->plot, &QCustomPlot::beforeReplot, this, [this] { d->prepare(this); });
    connect(d->plot, &QCustomPlot::afterReplot, this, [this] { ++d->replots; });
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        d->applyTheme(this);
        scheduleReplot();
        update();
    });
    d->applyTheme(this);
    d->ownGroup = new ChartGroup(this);
    d->ownGroup->add(this);
}

Chart::~Chart() {
    if (d->group) d->group->remove(this);
}

const QString& Chart::key() const {
    return d->key;
}

const QString& Chart::title() const {
    return d->title;
}

void Chart::setTitle(const QString& title, NumberStyle style) {
    d->title = title;
    d->style = style;
    d->header->title = title;
    setAccessibleName(title);
    scheduleReplot();
}

void Chart::setEmptyText(const QString& sentence) {
    d->emptyText = sentence;
    d->emptyLabel->setText(sentence);
}

void Chart::setZeroBased(bool isZeroBased) {
    d->isZeroBased = isZeroBased;
    scheduleReplot();
}

void Chart::setCurves(QVector<Curve> curves) {
    for (CurvePlottable* plottable : d->plottables) d->plot->removePlottable(plottable);
    d->plottables.clear();
    d->curves = std::move(curves);
    for (const Curve& curve : d->curves) {
        auto* plottable = new CurvePlottable(d->plot->xAxis, d->plot->yAxis, curve);
        plottable->setLayer(QStringLiteral("main"));
        d->plottables.append(plottable);
    }
    d->manualY.reset();
    dataChanged();
}

const QVector<Curve>& Chart::curves() const {
    return d->curves;
}

void Chart::setBands(QVector<ChartBand> bands) {
    d->bands->bands = std::move(bands);
    scheduleReplot();
}

void Chart::setMarks(QVector<ChartMark> marks) {
    d->marks->marks = std::move(marks);
    scheduleReplot();
}

const QVector<ChartMark>& Chart::marks() const {
    return d->marks->marks;
}

void Chart::dataChanged() {
    d->group->dataChanged();
    d->updateDots();
}

bool Chart::isEmpty() const {
    return std::all_of(d->curves.begin(), d->curves.end(), [](const Curve& curve) { return curve.y->isEmpty(); });
}

ChartGroup* Chart::group() const {
    return d->group;
}

void Chart::joinGroup(ChartGroup* group) {
    if (d->group && d->group != group) d->group->remove(this);
    d->group = group;
    scheduleReplot();
}

bool Chart::rememberedLogX() const {
    return QSettings().value(settingsKey(d->key, "logX")).toBool();
}

void Chart::rememberLogX(bool isLogX) {
    QSettings().setValue(settingsKey(d->key, "logX"), isLogX);
}

bool Chart::isLogX() const {
    return d->group->isLogX();
}

void Chart::setLogX(bool isLogX) {
    d->group->setLogX(isLogX);
}

bool Chart::isLogY() const {
    return d->isLogY;
}

void Chart::setLogY(bool isLogY) {
    if (isLogY == d->isLogY) return;
    d->isLogY = isLogY;
    d->manualY.reset();
    QSettings().setValue(settingsKey(d->key, "logY"), isLogY);
    scheduleReplot();
    Q_EMIT logYChanged(isLogY);
}

void Chart::setDefaultLogY(bool isLogY) {
    if (!QSettings().contains(settingsKey(d->key, "logY"))) d->isLogY = isLogY;
}

bool Chart::ignoresOutliers() const {
    return d->ignoresOutliers;
}

void Chart::setIgnoresOutliers(bool ignores) {
    d->ignoresOutliers = ignores;
    QSettings().setValue(settingsKey(d->key, "ignoreOutliers"), ignores);
    fitY();
}

void Chart::fitY() {
    d->manualY.reset();
    scheduleReplot();
}

std::pair<double, double> Chart::yRange() const {
    return d->manualY.value_or(d->fittedY());
}

void Chart::zoomY(double factor, double pixel) {
    auto [lower, upper] = yRange();
    const double centre = d->plot->yAxis->pixelToCoord(pixel - d->plot->y());
    if (d->isLogY && lower > 0 && centre > 0) {
        lower = centre * std::pow(lower / centre, factor);
        upper = centre * std::pow(upper / centre, factor);
    } else {
        lower = centre + (lower - centre) * factor;
        upper = centre + (upper - centre) * factor;
    }
    if (!(upper > lower) || !std::isfinite(lower) || !std::isfinite(upper)) return;
    d->manualY = {lower, upper};
    scheduleReplot();
}

std::optional<std::pair<double, double>> Chart::dataRange(Scale scale) const {
    std::optional<std::pair<double, double>> range;
    for (const Curve& curve : d->curves) {
        const XColumn& x = curve.x->in(d->group->unit());
        const size_t size = std::min(x.size(), curve.y->size());
        const size_t first = scale == Scale::Logarithmic ? x.upperBound(0) : 0;
        if (first >= size) continue;
        const std::pair own{x.at(first), x.at(size - 1)};
        range = range ? std::pair{std::min(range->first, own.first), std::max(range->second, own.second)} : own;
    }
    return range;
}

QRectF Chart::plotRect() const {
    return QRectF(d->plot->axisRect()->rect().translated(d->plot->pos()));
}

double Chart::pixelOf(double x) const {
    return d->plot->xAxis->coordToPixel(x) + d->plot->x();
}

double Chart::xAt(double pixel) const {
    return d->plot->xAxis->pixelToCoord(pixel - d->plot->x());
}

const Curve* Chart::Private::longestCurve() const {
    const Curve* longest = nullptr;
    for (const Curve& curve : curves) {
        const size_t size = std::min(curve.x->size(), curve.y->size());
        if (size > 0 && (!longest || size > longest->x->size())) longest = &curve;
    }
    return longest;
}

QList<ReadOutValue> Chart::valuesAt(std::optional<double> x) const {
    QList<ReadOutValue> values;
    for (const Curve& curve : d->curves) {
        const size_t size = std::min(curve.x->size(), curve.y->size());
        if (!curve.isInReadOut || size == 0) continue;
        const size_t index = x ? std::min(curve.x->in(d->group->unit()).nearest(*x), size - 1) : size - 1;
        const double value = curve.y->at(index);
        values.append({d->title, curve.run.isEmpty() ? curve.name : curve.run, valueText(value, d->style), value,
                       curve.stroke, curve.style});
    }
    return values;
}

std::optional<XPoint> Chart::pointAt(double x) const {
    const Curve* curve = d->longestCurve();
    if (!curve) return std::nullopt;
    return curve->x->at(curve->x->in(d->group->unit()).nearest(x));
}

std::pair<double, double> Chart::Private::fittedY() const {
    Extremes all;
    std::vector<PlotPoint> points;
    std::vector<double> sorted;
    const Scale scale = isLogY ? Scale::Logarithmic : Scale::Linear;
    for (const Curve& curve : curves) {
        if (!curve.isFitted) continue;
        const XColumn& x = curve.x->in(group->unit());
        if (ignoresOutliers && curve.style == CurveStyle::Faint) {
            decimate(x, *curve.y, {group->lower(), group->upper(), kOutlierColumns, Scale::Linear}, scale, points);
            sorted.clear();
            for (const PlotPoint& point : points) {
                if (!point.isGap()) sorted.push_back(point.y);
            }
            if (sorted.empty()) continue;
            std::sort(sorted.begin(), sorted.end());
            const size_t cut = size_t(double(sorted.size()) * kOutlierShare);
            all.add(float(sorted[cut]));
            all.add(float(sorted[sorted.size() - 1 - cut]));
        } else {
            all.add(curve.y->extremes(x.lowerBound(group->lower()), x.upperBound(group->upper())));
        }
    }
    if (all.isEmpty() || (isLogY && all.minPositive > all.max))
        return isLogY ? std::pair{0.1, 10.0} : std::pair{0.0, 1.0};
    double lower = isLogY ? all.minPositive : all.min, upper = all.max;
    if (isLogY) {
        const double margin = std::max(std::pow(upper / lower, kMarginShare), 1.02);
        return {lower / margin, upper * margin};
    }
    if (isZeroBased && lower >= 0) return {0, upper > 0 ? upper * (1 + kMarginShare) : 1};
    const double margin = upper > lower ? (upper - lower) * kMarginShare : std::max(std::abs(upper) * 0.1, 1e-12);
    return {lower - margin, upper + margin};
}

void Chart::Private::prepare(Chart* chart) {
    const XUnit unit = group->unit();
    plot->setBackground(chart->palette().base());
    for (CurvePlottable* plottable : plottables) plottable->setUnit(unit);
    for (OverlayItem* item : std::initializer_list<OverlayItem*>{bands, marks, bandNames, cursor}) item->setUnit(unit);
    const auto setScale = [](QCPAxis* axis, bool isLogarithmic) {
        axis->setScaleType(isLogarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    };
    setScale(plot->xAxis, group->isLogX());
    setScale(plot->yAxis, isLogY);
    plot->xAxis->setRange(group->lower(), group->upper());
    const auto [lower, upper] = chart->yRange();
    plot->yAxis->setRange(lower, upper);
    const QFontMetrics metrics(plot->xAxis->tickLabelFont());
    xTicker->scale = group->isLogX() ? Scale::Logarithmic : Scale::Linear;
    xTicker->style = numberStyle(unit);
    xTicker->wanted = std::clamp(plot->width() / (metrics.horizontalAdvance(QStringLiteral("0.000 M")) * 3 / 2), 2, 12);
    yTicker->scale = isLogY ? Scale::Logarithmic : Scale::Linear;
    yTicker->style = style;
    yTicker->wanted = std::clamp(plot->height() / (metrics.height() * 3), 2, 8);

    fitLabels();

    const bool isEmpty = chart->isEmpty();
    emptyLabel->setVisible(isEmpty);
    plot->axisRect()->setVisible(!isEmpty);
    for (QCPAxis* axis : {plot->xAxis, plot->yAxis}) {
        axis->setVisible(!isEmpty);
        axis->grid()->setVisible(!isEmpty);
    }
    for (OverlayItem* item : std::initializer_list<OverlayItem*>{bands, marks, bandNames, cursor})
        item->setVisible(!isEmpty);
}

void Chart::Private::fitLabels() {
    QVector<double> ticks;
    QVector<QString> labels;
    yTicker->generate(plot->yAxis->range(), QLocale(), QLatin1Char('g'), 6, ticks, nullptr, &labels);
    const QFontMetrics metrics(plot->yAxis->tickLabelFont());
    int width = metrics.horizontalAdvance(QStringLiteral("0.00"));
    for (const QString& label : labels) width = std::max(width, metrics.horizontalAdvance(label));
    if (width > labelWidth || width < labelWidth / 2) labelWidth = width;
    QMargins margins = plot->axisRect()->margins();
    margins.setLeft(labelWidth + plot->yAxis->tickLabelPadding() + Theme::kSpacing / 2);
    plot->axisRect()->setMargins(margins);
}

void Chart::Private::applyTheme(Chart* chart) {
    const Theme& theme = Theme::instance();
    const QPalette palette = chart->palette();
    const QFont font = chart->font();
    QFont small = font;
    small.setPointSizeF(font.pointSizeF() * 0.9);
    plot->setFont(font);
    plot->setBackground(palette.base());
    for (QCPAxis* axis : {plot->xAxis, plot->yAxis}) {
        axis->setTickLabelFont(small);
        axis->setTickLabelColor(theme.color(Role::Muted));
        axis->setBasePen(QPen(theme.chartGrid(), 1));
        axis->setTickPen(Qt::NoPen);
        axis->setSubTicks(false);
        axis->setTickLength(0, 0);
        axis->setTickLabelPadding(Theme::kSpacing / 2 + 2);
        axis->setPadding(0);
        axis->grid()->setPen(QPen(theme.chartGrid(), 1));
        axis->grid()->setZeroLinePen(Qt::NoPen);
        axis->grid()->setSubGridVisible(false);
    }
    plot->yAxis->setBasePen(Qt::NoPen);
    plot->xAxis->grid()->setPen(Qt::NoPen);
    for (CurvePlottable* plottable : plottables) plottable->updatePen();
    QPalette muted = palette;
    muted.setColor(QPalette::WindowText, theme.color(Role::Muted));
    emptyLabel->setPalette(muted);
    updateDots();
}

void Chart::Private::updateDots() {
    cursor->x = group ? group->cursor() : std::nullopt;
    cursor->dots.clear();
    if (!cursor->x) return;
    for (const Curve& curve : curves) {
        const size_t size = std::min(curve.x->size(), curve.y->size());
        if (!curve.isInReadOut || size == 0) continue;
        const XColumn& x = curve.x->in(group->unit());
        const size_t index = std::min(x.nearest(*cursor->x), size - 1);
        if (!std::isfinite(curve.y->at(index))) continue;
        cursor->dots.append(
            {x.at(index), double(curve.y->at(index)), curvePen(curve.stroke, CurveStyle::Bold).color()});
    }
}

void Chart::updateCursor() {
    d->updateDots();
    if (isVisible() && !d->isDirty) d->plot->layer(QStringLiteral("cursor"))->replot();
    QStringList texts;
    if (d->group->cursor()) {
        if (const auto point = pointAt(*d->group->cursor())) {
            texts.append(xText(point->in(d->group->unit()), d->group->unit()));
        }
        for (const ReadOutValue& value : valuesAt(d->group->cursor())) {
            texts.append(QStringLiteral("%1: %2").arg(value.curve, value.text));
        }
    }
    setAccessibleDescription(texts.join(QStringLiteral(", ")));
}

void Chart::scheduleReplot() {
    d->isDirty = true;
    if (!isVisible() || d->replotTimer.isActive()) return;
    const qint64 elapsed = d->sinceReplot.isValid() ? d->sinceReplot.elapsed() : kFrameMs;
    d->replotTimer.start(int(std::clamp<qint64>(kFrameMs - elapsed, 0, kFrameMs)));
}

void Chart::replotNow() {
    d->replotTimer.stop();
    d->isDirty = false;
    d->updateDots();
    d->plot->replot(QCustomPlot::rpQueuedRefresh);
    // The time that drawing takes counts too, so that slow drawing leaves room for everything else.
    d->sinceReplot.start();
}

int Chart::replotCount() const {
    return d->replots;
}

QSize Chart::sizeHint() const {
    const int line = fontMetrics().height();
    return {line * 24, line * 12};
}

QSize Chart::minimumSizeHint() const {
    const int line = fontMetrics().height();
    return {line * 9, line * 8};
}

void Chart::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), palette().base());
    painter.setPen(
        QPen(hasFocus() ? Theme::instance().color(Role::Accent) : Theme::instance().chartGrid(), hasFocus() ? 2 : 1));
    const double inset = hasFocus() ? 1 : 0.5;
    painter.drawRect(QRectF(rect()).adjusted(inset, inset, -inset, -inset));
}

void Chart::resizeEvent(QResizeEvent*) {
    const QRect inner = rect().adjusted(2, 2, -2, -2);
    d->plot->setGeometry(inner);
    const int margin = 2 * Theme::kSpacing;
    d->emptyLabel->setGeometry(inner.adjusted(margin, margin, -margin, 0));
    scheduleReplot();
}

void Chart::showEvent(QShowEvent*) {
    if (d->isDirty) replotNow();
}

void Chart::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange) return;
    d->applyTheme(this);
    scheduleReplot();
}

void Chart::focusInEvent(QFocusEvent*) {
    update();
}

void Chart::focusOutEvent(QFocusEvent*) {
    update();
}

}  // namespace radlads::ui
