#include "ui/chart/read_out.h"

#include <QPainter>
#include <QSet>

#include "ui/chart/chart.h"
#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

constexpr int kSample = 14;

}  // namespace

ReadOut::ReadOut(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("readOut"));
    setAccessibleName(tr("Values at the cursor"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Expanding);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ReadOut::setGroup(ChartGroup* group) {
    if (m_group) m_group->disconnect(this);
    m_group = group;
    if (m_group) {
        connect(m_group, &ChartGroup::cursorChanged, this, &ReadOut::refresh);
        connect(m_group, &ChartGroup::dataArrived, this, &ReadOut::refresh);
    }
    refresh();
}

void ReadOut::refresh() {
    m_rows.clear();
    const auto point = m_group ? m_group->readOutPoint() : std::nullopt;
    m_title = m_group && m_group->cursor() ? tr("At the cursor") : tr("Newest");
    if (point) {
        m_rows.append({tr("Update"), QLocale().toString(qRound64(point->steps))});
        m_rows.append({tr("Tokens"), valueText(point->tokens, NumberStyle::Count)});
        m_rows.append({tr("Time"), valueText(point->hours, NumberStyle::Hours)});
        for (const ReadOutValue& value : m_group->readOut()) {
            m_rows.append({value.curve, value.text, value.stroke, value.style});
        }
    }
    setAccessibleDescription(lines().join(QStringLiteral(", ")));
    update();
}

QStringList ReadOut::lines() const {
    QStringList lines;
    for (const Row& row : m_rows) lines.append(QStringLiteral("%1: %2").arg(row.name, row.value));
    return lines;
}

int ReadOut::rowHeight() const {
    return fontMetrics().height() + 3;
}

QSize ReadOut::sizeHint() const {
    return {fontMetrics().averageCharWidth() * 34, rowHeight() * 15};
}

QSize ReadOut::minimumSizeHint() const {
    return {fontMetrics().averageCharWidth() * 30, rowHeight() * 8};
}

void ReadOut::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const Theme& theme = Theme::instance();
    painter.fillRect(rect(), palette().base());
    painter.setPen(theme.chartGrid());
    painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    const int margin = Theme::kSpacing * 3 / 2;
    const QRect area = rect().adjusted(margin, Theme::kSpacing / 2 + 2, -margin, -Theme::kSpacing / 2);
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    painter.setFont(bold);
    painter.setPen(palette().color(QPalette::Text));
    const int headHeight = fontMetrics().height() + Theme::kSpacing;
    painter.drawText(QRect(area.left(), area.top(), area.width(), headHeight), Qt::AlignLeft | Qt::AlignVCenter,
                     m_title);
    painter.setFont(font());
    if (m_rows.isEmpty()) {
        painter.setPen(theme.color(Role::Muted));
        painter.drawText(area.adjusted(0, headHeight, 0, 0), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                         tr("Values appear here with the first update."));
        return;
    }
    // Rows come closer before one is lost.
    const double height = std::min<double>(rowHeight(), double(area.height() - headHeight) / double(m_rows.size()));
    double y = area.top() + headHeight;
    for (const Row& row : m_rows) {
        const QRectF line(area.left(), y, area.width(), height);
        y += height;
        if (row.stroke >= 0)
            drawCurveSample(painter, QRectF(line.left(), y - height, kSample, height), row.stroke, row.style);
        const double valueWidth = fontMetrics().horizontalAdvance(row.value);
        painter.setPen(theme.color(Role::Muted));
        const QRectF nameRect = line.adjusted(kSample + 6, 0, -valueWidth - 6, 0);
        painter.drawText(nameRect, Qt::AlignLeft | Qt::AlignVCenter,
                         fontMetrics().elidedText(row.name, Qt::ElideRight, int(nameRect.width())));
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, row.value);
    }
}

}  // namespace radlads::ui
