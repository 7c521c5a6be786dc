#include "ui/wizard/schedule_view.h"

#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/learning_rate_curve.h"

namespace radlads::ui {
namespace {

constexpr double kLeft = 58, kRight = 8, kTop = 2, kGap = 3, kEdge = 6, kShortest = 46;

}  // namespace

qint64 roundTokens(double tokens) {
    if (tokens < 1000) return std::max<qint64>(1, std::llround(tokens));
    const double unit = std::pow(10.0, std::floor(std::log10(tokens)) - 1);
    return std::llround(std::round(tokens / unit) * unit);
}

ScheduleView::ScheduleView(QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Steps over time, and the learning rate"));
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize ScheduleView::sizeHint() const {
    return {320, fontMetrics().height() * 9 + 26};
}

void ScheduleView::setSteps(const std::vector<protocol::StepPlan>& steps, const QList<double>& seconds) {
    m_steps = steps;
    m_seconds = seconds;
    m_current = std::clamp(m_current, 0, std::max(0, int(steps.size()) - 1));
    describe();
    update();
}

void ScheduleView::setCurrent(int step) {
    if (step == m_current || step < 0 || step >= int(m_steps.size())) return;
    m_current = step;
    describe();
    update();
    Q_EMIT chosen(step);
}

void ScheduleView::describe() {
    if (m_steps.empty()) return setAccessibleDescription(tr("There are no steps."));
    const auto& step = m_steps[std::size_t(m_current)];
    setAccessibleDescription(tr("Step %1 of %2, %3, %4 tokens.")
                                 .arg(m_current + 1)
                                 .arg(m_steps.size())
                                 .arg(stepTitle(QString::fromLatin1(protocol::toString(step.kind))),
                                      countText(static_cast<double>(step.tokens))));
}

double ScheduleView::weightOf(int step) const {
    const bool isTimed = m_seconds.size() == qsizetype(m_steps.size()) &&
                         std::all_of(m_seconds.begin(), m_seconds.end(), [](double seconds) { return seconds > 0; });
    return isTimed ? m_seconds[step] : std::max(1.0, static_cast<double>(m_steps[std::size_t(step)].tokens));
}

QRectF ScheduleView::blockOf(int step) const {
    const int count = int(m_steps.size());
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += weightOf(i);
    // Every block can be read and grasped; what is left follows the time.
    const double room = std::max(1.0, width() - kLeft - kRight - kGap * (count - 1) - kShortest * count);
    double x = kLeft;
    for (int i = 0; i < step; ++i) x += kShortest + room * weightOf(i) / sum + kGap;
    return {x, kTop, kShortest + room * weightOf(step) / sum, fontMetrics().height() * 3.0 + 8};
}

void ScheduleView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_steps.empty()) {
        painter.setPen(Theme::instance().color(Role::Muted));
        painter.drawText(rect(), Qt::AlignCenter, tr("There are no steps yet: choose a preset, or add one."));
        return;
    }
    paintBlocks(painter);
    paintCurve(painter);
}

void ScheduleView::paintBlocks(QPainter& painter) {
    const int line = fontMetrics().height();
    for (int i = 0; i < int(m_steps.size()); ++i) {
        const auto& step = m_steps[std::size_t(i)];
        const QRectF block = blockOf(i);
        const bool isCurrent = i == m_current;
        QColor fill = Theme::instance().chartColor(int(step.kind) % 8);
        QColor border = fill;
        fill.setAlphaF(isCurrent ? 0.30F : 0.16F);
        painter.setBrush(fill);
        painter.setPen(QPen(isCurrent ? palette().color(QPalette::Text) : border, isCurrent ? 2 : 1,
                            isCurrent && hasFocus() ? Qt::DotLine : Qt::SolidLine));
        painter.drawRoundedRect(block.adjusted(1, 1, -1, -1), 4, 4);
        painter.setPen(QPen(border, 2));
        painter.drawLine(QPointF(block.right() - 5, block.top() + 12), QPointF(block.right() - 5, block.bottom() - 12));
        painter.setPen(palette().color(QPalette::Text));
        const double seconds = i < m_seconds.size() ? m_seconds[i] : 0;
        const QString title =
            QStringLiteral("%1  %2").arg(i + 1).arg(stepTitle(QString::fromLatin1(protocol::toString(step.kind))));
        const QStringList lines{title, countText(static_cast<double>(step.tokens)),
                                seconds > 0 ? durationText(seconds) : QString()};
        const QRectF text = block.adjusted(6, 4, -8, -4);
        for (int row = 0; row < lines.size(); ++row) {
            QFont font = this->font();
            font.setBold(row == 0);
            painter.setFont(font);
            const QString elided = QFontMetricsF(font).elidedText(lines[row], Qt::ElideRight, text.width());
            painter.drawText(QRectF(text.left(), text.top() + row * line, text.width(), line),
                             Qt::AlignLeft | Qt::AlignVCenter, elided);
        }
        painter.setFont(font());
    }
}

void ScheduleView::paintCurve(QPainter& painter) {
    const int line = fontMetrics().height();
    const QRectF area(kLeft, blockOf(0).bottom() + 10, width() - kLeft - kRight,
                      height() - blockOf(0).bottom() - 14 - line / 2);
    double highest = 0, lowest = 1e300;
    for (const auto& step : m_steps) {
        const auto& rate = step.learningRate;
        for (const double value : {rate.initial, rate.final, rate.mixerInitial.value_or(rate.initial),
                                   rate.mixerFinal.value_or(rate.final)}) {
            highest = std::max(highest, value);
            if (value > 0) lowest = std::min(lowest, value);
        }
    }
    if (highest <= 0) return;
    const double top = std::ceil(std::log10(highest) - 1e-9),
                 bottom = std::floor(std::log10(std::min(lowest, highest)) + 1e-9) - 1;
    const auto y = [&](double rate) {
        const double level = rate > 0 ? std::clamp(std::log10(rate), bottom, top) : bottom;
        return area.bottom() - area.height() * (level - bottom) / (top - bottom);
    };
    for (int power = int(bottom); power <= int(top); ++power) {
        const double at = y(std::pow(10.0, power));
        painter.setPen(QPen(Theme::instance().chartGrid(), 1));
        painter.drawLine(QPointF(area.left(), at), QPointF(area.right(), at));
        const bool isCrowded = area.height() / (top - bottom) < line && (power - int(top)) % 2 != 0;
        painter.setPen(Theme::instance().color(Role::Muted));
        if (!isCrowded)
            painter.drawText(QRectF(0, at - line / 2.0, kLeft - 6, line), Qt::AlignRight | Qt::AlignVCenter,
                             QStringLiteral("1e%1").arg(power));
    }
    for (int i = 0; i < int(m_steps.size()); ++i) {
        const auto& step = m_steps[std::size_t(i)];
        const QRectF block = blockOf(i);
        const double updates = std::max(1.0, updatesOf(step));
        const double perUpdate = static_cast<double>(step.batchSize * step.sequenceLength);
        QPainterPath mixer, rest;
        const int points = std::max(2, int(block.width()));
        for (int p = 0; p <= points; ++p) {
            const double update = updates * p / points;
            const CurvePoint rates =
                learningRatesAt(step.learningRate, update, perUpdate, static_cast<double>(step.tokens));
            const double x = block.left() + block.width() * p / points;
            if (p == 0) {
                mixer.moveTo(x, y(rates.mixer));
                rest.moveTo(x, y(rates.main));
            } else {
                mixer.lineTo(x, y(rates.mixer));
                rest.lineTo(x, y(rates.main));
            }
        }
        painter.setBrush(Qt::NoBrush);
        const bool hasTwo = step.learningRate.mixerInitial || step.learningRate.mixerFinal;
        if (hasTwo) {
            painter.setPen(QPen(Theme::instance().chartColor(1), 1.6, Qt::DashLine));
            painter.drawPath(rest);
        }
        painter.setPen(QPen(Theme::instance().chartColor(0), 2));
        painter.drawPath(mixer);
    }
}

int ScheduleView::edgeAt(const QPointF& position) const {
    for (int i = 0; i < int(m_steps.size()); ++i) {
        const QRectF block = blockOf(i);
        if (block.adjusted(0, 0, kGap, 0).contains(position) && std::abs(position.x() - block.right()) <= kEdge + 2)
            return i;
    }
    return -1;
}

int ScheduleView::stepAt(const QPointF& position) const {
    for (int i = 0; i < int(m_steps.size()); ++i) {
        const QRectF block = blockOf(i);
        if (position.x() >= block.left() && position.x() <= block.right()) return i;
    }
    return -1;
}

void ScheduleView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    const int edge = edgeAt(event->position());
    if (const int step = edge >= 0 ? edge : stepAt(event->position()); step >= 0) setCurrent(step);
    if (edge < 0) return;
    m_dragged = edge;
    m_dragX = event->position().x();
    m_dragWidth = blockOf(edge).width();
    m_dragTokens = m_steps[std::size_t(edge)].tokens;
}

void ScheduleView::mouseMoveEvent(QMouseEvent* event) {
    if (m_dragged < 0) {
        setCursor(edgeAt(event->position()) >= 0 ? Qt::SizeHorCursor : Qt::ArrowCursor);
        return;
    }
    // Twice as wide is twice as many tokens; the axis stays as it was while the mouse is down.
    const double factor = std::max(0.02, (m_dragWidth + event->position().x() - m_dragX) / m_dragWidth);
    Q_EMIT tokensDragged(m_dragged, roundTokens(static_cast<double>(m_dragTokens) * factor));
}

void ScheduleView::mouseReleaseEvent(QMouseEvent*) {
    if (m_dragged < 0) return;
    m_dragged = -1;
    Q_EMIT dragEnded();
}

void ScheduleView::keyPressEvent(QKeyEvent* event) {
    if (m_steps.empty()) return QWidget::keyPressEvent(event);
    const double tokens = static_cast<double>(m_steps[std::size_t(m_current)].tokens);
    switch (event->key()) {
        case Qt::Key_Up:
            return setCurrent(m_current - 1);
        case Qt::Key_Down:
            return setCurrent(m_current + 1);
        case Qt::Key_Left:
            Q_EMIT tokensDragged(m_current, roundTokens(tokens * 0.9));
            return;
        case Qt::Key_Right:
            Q_EMIT tokensDragged(m_current, roundTokens(tokens * 1.1 + 1));
            return;
        default:
            return QWidget::keyPressEvent(event);
    }
}

void ScheduleView::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    update();
}

void ScheduleView::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

}  // namespace radlads::ui
