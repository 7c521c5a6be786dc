#include "ui/window/progress_strip.h"

#include <QPainter>
#include <algorithm>
#include <numeric>

#include "ui/core/format.h"
#include "ui/core/theme.h"

namespace radlads::ui {

ProgressStrip::ProgressStrip(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("progress"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setMinimumWidth(80);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void ProgressStrip::setProgress(const QVector<qint64>& weights, double progress) {
    if (weights == m_weights && progress == m_progress) return;
    m_weights = weights;
    m_progress = std::clamp(progress, 0.0, 1.0);
    setAccessibleName(tr("Progress over all steps: %1").arg(percentText(m_progress)));
    update();
}

QSize ProgressStrip::sizeHint() const {
    return {240, std::max(8, fontMetrics().height() / 2)};
}

void ProgressStrip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    const QVector<qint64> weights = m_weights.isEmpty() ? QVector<qint64>{1} : m_weights;
    const double total =
        std::max(1.0, static_cast<double>(std::accumulate(weights.cbegin(), weights.cend(), qint64(0))));
    constexpr double kGap = 3;
    const double room = width() - kGap * static_cast<double>(weights.size() - 1);
    double left = 0, before = 0;
    for (const qint64 weight : weights) {
        const double share = static_cast<double>(weight) / total;
        const QRectF segment(left, 0, std::max(2.0, room * share), height());
        painter.setBrush(Theme::instance().chartGrid());
        painter.drawRoundedRect(segment, 3, 3);
        const double done = share > 0 ? std::clamp((m_progress - before) / share, 0.0, 1.0) : 0;
        if (done > 0) {
            painter.setBrush(Theme::instance().color(Role::Accent));
            painter.save();
            painter.setClipRect(QRectF(segment.left(), 0, segment.width() * done, height()));
            painter.drawRoundedRect(segment, 3, 3);
            painter.restore();
        }
        left += segment.width() + kGap;
        before += share;
    }
}

}  // namespace radlads::ui
