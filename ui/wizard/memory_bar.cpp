#include "ui/wizard/memory_bar.h"

#include <QPainter>
#include <algorithm>

#include "ui/core/format.h"
#include "ui/core/theme.h"

namespace radlads::ui {

MemoryBar::MemoryBar(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Memory of the largest step"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize MemoryBar::sizeHint() const {
    return {320, 26 + 2 * (fontMetrics().height() + 4) + 6};
}

void MemoryBar::setMemory(const QJsonObject& parts, double deviceBytes) {
    m_parts.clear();
    m_device = deviceBytes;
    m_total = 0;
    const struct {
        const char* key;
        QString name;
    } rows[] = {{"weights", tr("weights")},      {"gradients", tr("gradients")},     {"moments", tr("optimizer")},
                {"masters", tr("fp32 masters")}, {"activations", tr("activations")}, {"logits", tr("logits")}};
    QStringList described;
    int color = 0;
    for (const auto& row : rows) {
        const double bytes = parts.value(QLatin1String(row.key)).toDouble();
        if (bytes > 0) {
            m_parts.append({row.name, bytes, color});
            described.append(tr("%1 %2").arg(row.name, bytesText(bytes)));
        }
        m_total += bytes;
        ++color;
    }
    setAccessibleDescription(
        m_parts.isEmpty()
            ? tr("Not known yet.")
            : tr("%1 of %2: %3.").arg(bytesText(m_total), bytesText(m_device), described.join(QStringLiteral(", "))));
    setToolTip(accessibleDescription());
    update();
}

void MemoryBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF bar(0.5, 0.5, width() - 1, 24);
    painter.setPen(palette().color(QPalette::Mid));
    painter.setBrush(palette().color(QPalette::Base));
    painter.drawRoundedRect(bar, 4, 4);
    if (m_parts.isEmpty()) {
        painter.setPen(Theme::instance().color(Role::Muted));
        painter.drawText(bar, Qt::AlignCenter, tr("Not known yet"));
        return;
    }
    // A plan that fits is drawn against the device; one that needs little, against four times its own size.
    const bool isTooMuch = m_device > 0 && m_total > m_device;
    const bool isSmall = m_device > 0 && m_total < m_device / 20;
    const double scale = isTooMuch ? m_total : isSmall ? m_total * 1.6 : std::max(m_device, m_total);
    double x = bar.left();
    for (const Part& part : m_parts) {
        const double wide = bar.width() * part.bytes / scale;
        painter.fillRect(QRectF(x, bar.top() + 1, wide, bar.height() - 1), Theme::instance().chartColor(part.color));
        x += wide;
    }
    if (isTooMuch) {
        const double limit = bar.left() + bar.width() * m_device / scale;
        painter.setPen(QPen(Theme::instance().color(Role::Failure), 3));
        painter.drawLine(QPointF(limit, bar.top()), QPointF(limit, bar.bottom()));
    }
    if (isSmall) {
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRectF(x + 8, bar.top(), bar.right() - x - 12, bar.height()), Qt::AlignLeft | Qt::AlignVCenter,
                         tr("of %1 \u2192").arg(bytesText(m_device)));
    }
    // The legend, in two rows of three.
    const int line = fontMetrics().height() + 4;
    const double column = width() / 3.0;
    for (int i = 0; i < m_parts.size(); ++i) {
        const double left = (i % 3) * column, top = bar.bottom() + 6 + (i / 3) * line;
        painter.fillRect(QRectF(left, top + 3, 10, 10), Theme::instance().chartColor(m_parts[i].color));
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRectF(left + 15, top - 2, column - 18, line), Qt::AlignLeft | Qt::AlignVCenter,
                         fontMetrics().elidedText(tr("%1 %2").arg(m_parts[i].name, bytesText(m_parts[i].bytes)),
                                                  Qt::ElideRight, int(column - 18)));
    }
}

}  // namespace radlads::ui
