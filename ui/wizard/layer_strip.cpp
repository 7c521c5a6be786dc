#include "ui/wizard/layer_strip.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

constexpr int kGap = 3;

}  // namespace

LayerStrip::LayerStrip(QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Layers that keep softmax attention"));
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void LayerStrip::setLayers(int count, const std::set<int>& kept) {
    m_count = count;
    m_kept = kept;
    setFocusPolicy(count > 0 ? Qt::StrongFocus : Qt::NoFocus);
    setCurrent(std::clamp(m_current, 0, std::max(0, count - 1)));
    updateGeometry();
    update();
}

QSize LayerStrip::boxSize() const {
    const QFontMetrics metrics = fontMetrics();
    return {metrics.horizontalAdvance(QStringLiteral("00")) + 10, metrics.height() * 2 + 4};
}

int LayerStrip::perRow(int width) const {
    return std::max(1, (width + kGap) / (boxSize().width() + kGap));
}

int LayerStrip::heightForWidth(int width) const {
    const int rows = std::max(1, (m_count + perRow(width) - 1) / perRow(width));
    return rows * (boxSize().height() + kGap) - kGap + 2;
}

QSize LayerStrip::sizeHint() const {
    return {boxSize().width() * 14, heightForWidth(std::max(width(), boxSize().width() * 14))};
}

QSize LayerStrip::minimumSizeHint() const {
    return {boxSize().width() * 4, boxSize().height() + 2};
}

QRect LayerStrip::boxOf(int layer) const {
    const int columns = perRow(width());
    const QSize box = boxSize();
    return {QPoint(layer % columns * (box.width() + kGap) + 1, layer / columns * (box.height() + kGap) + 1), box};
}

int LayerStrip::layerAt(const QPoint& position) const {
    for (int layer = 0; layer < m_count; ++layer)
        if (boxOf(layer).contains(position)) return layer;
    return -1;
}

QString LayerStrip::describe(int layer) const {
    if (m_count == 0) return tr("Choose a teacher to see its layers.");
    return m_kept.count(layer) > 0 ? tr("Layer %1 of %2 keeps softmax attention.").arg(layer + 1).arg(m_count)
                                   : tr("Layer %1 of %2 becomes linear.").arg(layer + 1).arg(m_count);
}

void LayerStrip::setCurrent(int layer) {
    m_current = layer;
    setAccessibleDescription(describe(layer));
    update();
}

void LayerStrip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_count == 0) {
        painter.setPen(Theme::instance().color(Role::Muted));
        painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter, describe(0));
        return;
    }
    const QColor accent = Theme::instance().color(Role::Accent);
    for (int layer = 0; layer < m_count; ++layer) {
        const QRectF box = QRectF(boxOf(layer)).adjusted(0.5, 0.5, -0.5, -0.5);
        const bool isKept = m_kept.count(layer) > 0;
        const bool isCurrent = hasFocus() && layer == m_current;
        painter.setPen(QPen(isCurrent ? palette().color(QPalette::Text)
                            : isKept  ? accent
                                      : palette().color(QPalette::Mid),
                            isCurrent ? 2 : 1));
        painter.setBrush(isKept ? accent : palette().color(QPalette::Base));
        painter.drawRoundedRect(box, 3, 3);
        const QColor onAccent = accent.lightnessF() > 0.55 ? QColor(Qt::black) : QColor(Qt::white);
        painter.setPen(isKept ? onAccent : palette().color(QPalette::Text));
        const QRectF upper(box.left(), box.top() + 1, box.width(), box.height() / 2);
        painter.drawText(upper, Qt::AlignCenter, QString::number(layer + 1));
        QFont bold = font();
        bold.setBold(isKept);
        painter.setFont(bold);
        painter.drawText(upper.translated(0, box.height() / 2 - 2), Qt::AlignCenter,
                         isKept ? QStringLiteral("S") : QStringLiteral("L"));
        painter.setFont(font());
    }
}

void LayerStrip::keyPressEvent(QKeyEvent* event) {
    const int columns = perRow(width());
    int next = m_current;
    switch (event->key()) {
        case Qt::Key_Left:
            next -= 1;
            break;
        case Qt::Key_Right:
            next += 1;
            break;
        case Qt::Key_Up:
            next -= columns;
            break;
        case Qt::Key_Down:
            next += columns;
            break;
        case Qt::Key_Home:
            next = 0;
            break;
        case Qt::Key_End:
            next = m_count - 1;
            break;
        case Qt::Key_Space:
            if (m_count > 0) Q_EMIT toggled(m_current);
            setCurrent(m_current);
            return;
        default:
            return QWidget::keyPressEvent(event);
    }
    if (next >= 0 && next < m_count) setCurrent(next);
    QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&changed);
}

void LayerStrip::mousePressEvent(QMouseEvent* event) {
    const int layer = layerAt(event->pos());
    if (layer < 0 || event->button() != Qt::LeftButton) return;
    m_current = layer;
    Q_EMIT toggled(layer);
    setCurrent(layer);
}

void LayerStrip::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    update();
}

void LayerStrip::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

bool LayerStrip::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int layer = layerAt(help->pos());
        QToolTip::showText(help->globalPos(), layer >= 0 ? describe(layer) : QString(), this);
        return true;
    }
    return QWidget::event(event);
}

}  // namespace radlads::ui
