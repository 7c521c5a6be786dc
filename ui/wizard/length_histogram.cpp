#include "ui/wizard/length_histogram.h"

#include <QJsonArray>
#include <QLocale>
#include <QPainter>
#include <algorithm>

#include "ui/core/format.h"
#include "ui/core/theme.h"

namespace radlads::ui {

LengthHistogram::LengthHistogram(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Lengths of the documents"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize LengthHistogram::sizeHint() const {
    return {Theme::kSpacing * 24, Theme::kSpacing * 14};
}

void LengthHistogram::setLengths(const QJsonObject& lengths) {
    m_bars.clear();
    for (const QJsonValue& value : lengths.value(QStringLiteral("histogram")).toArray()) {
        const QJsonObject bar = value.toObject();
        m_bars.append(
            {bar.value(QStringLiteral("from")).toInteger(), bar.value(QStringLiteral("documents")).toInteger()});
    }
    const QString unit = lengths.value(QStringLiteral("unit")).toString();
    m_title =
        unit == QLatin1String("tokens") ? tr("Documents by length in tokens") : tr("Documents by length in bytes");
    setAccessibleDescription(m_bars.isEmpty() ? QString()
                                              : tr("Shortest %1, median %2, longest %3 %4.")
                                                    .arg(lengths.value(QStringLiteral("shortest")).toInteger())
                                                    .arg(lengths.value(QStringLiteral("median")).toInteger())
                                                    .arg(lengths.value(QStringLiteral("longest")).toInteger())
                                                    .arg(unit));
    setToolTip(accessibleDescription());
    update();
}

void LengthHistogram::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const int line = fontMetrics().height();
    if (m_bars.isEmpty()) {
        painter.setPen(Theme::instance().color(Role::Muted));
        painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, tr("No lengths yet"));
        return;
    }
    qint64 most = 1;
    for (const Bar& bar : m_bars) most = std::max(most, bar.documents);
    painter.setPen(Theme::instance().color(Role::Muted));
    painter.drawText(QRectF(0, 0, width(), line), Qt::AlignHCenter,
                     fontMetrics().elidedText(m_title, Qt::ElideRight, width()));
    const QRectF area(0, 2 * line + 6, width(), height() - 3 * line - 10);
    painter.setPen(palette().color(QPalette::Mid));
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    const double step = area.width() / static_cast<double>(m_bars.size());
    const double barWidth = std::min(step - 4, 44.0);
    const int labelWidth = fontMetrics().horizontalAdvance(QStringLiteral("888 k")) + 6;
    const int every = std::max(1, static_cast<int>(labelWidth / step) + (labelWidth > step ? 1 : 0));
    for (int i = 0; i < m_bars.size(); ++i) {
        const double height = area.height() * static_cast<double>(m_bars[i].documents) / static_cast<double>(most);
        const QRectF bar(i * step + (step - barWidth) / 2, area.bottom() - height, barWidth, height);
        painter.fillRect(bar, Theme::instance().chartColor(0));
        painter.setPen(palette().color(QPalette::Text));
        if (i % every != 0) continue;
        painter.drawText(QRectF(bar.center().x() - 40, bar.top() - line - 1, 80, line),
                         Qt::AlignHCenter | Qt::AlignBottom, countText(static_cast<double>(m_bars[i].documents)));
        painter.setPen(Theme::instance().color(Role::Muted));
        painter.drawText(QRectF(bar.center().x() - 40, area.bottom() + 3, 80, line), Qt::AlignHCenter,
                         countText(static_cast<double>(m_bars[i].from)));
    }
}

}  // namespace radlads::ui
