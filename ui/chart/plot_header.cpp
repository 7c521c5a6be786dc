#include "ui/chart/plot_items.h"
#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

const QString& legendText(const Curve& curve) {
    return curve.run.isEmpty() ? curve.name : curve.run;
}

}  // namespace

int HeaderElement::height() const {
    return QFontMetrics(mParentPlot->font()).height() + Theme::kSpacing;
}

QSize HeaderElement::minimumOuterSizeHint() const {
    return {60, height()};
}

QSize HeaderElement::maximumOuterSizeHint() const {
    return {QWIDGETSIZE_MAX, height()};
}

void HeaderElement::draw(QCPPainter* painter) {
    constexpr double kSample = 18, kGap = 5;
    QFont bold = mParentPlot->font();
    bold.setWeight(QFont::DemiBold);
    const QFontMetricsF titleMetrics(bold);
    const QRectF area(rect());
    painter->setFont(bold);
    painter->setPen(mParentPlot->palette().color(QPalette::Text));
    const QString text = titleMetrics.elidedText(title, Qt::ElideRight, area.width());
    painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter, text);
    // A legend of nothing only fills the place.
    const auto hasPoints = [](const Curve& curve) { return curve.y && !curve.y->isEmpty(); };
    if (!curves || std::none_of(curves->cbegin(), curves->cend(), hasPoints)) return;

    QFont small = mParentPlot->font();
    small.setPointSizeF(small.pointSizeF() * 0.9);
    const QFontMetricsF metrics(small);
    painter->setFont(small);
    // A legend that doesn't fit is left out: the read-out names the curves too.
    double width = 0;
    int count = 0;
    for (const Curve& curve : *curves) {
        if (!curve.isInLegend) continue;
        width += kSample + kGap + metrics.horizontalAdvance(legendText(curve)) + 2 * kGap;
        ++count;
    }
    double x = area.right() - width + 2 * kGap;
    if (count == 0 || x < area.left() + titleMetrics.horizontalAdvance(text) + 2 * kGap) return;
    for (const Curve& curve : *curves) {
        if (!curve.isInLegend) continue;
        drawCurveSample(*painter, QRectF(x, area.top() + 2, kSample, area.height() - 4), curve.stroke, curve.style);
        x += kSample + kGap;
        painter->setPen(Theme::instance().color(Role::Muted));
        const double advance = metrics.horizontalAdvance(legendText(curve));
        painter->drawText(QRectF(x, area.top(), advance + 1, area.height()), Qt::AlignLeft | Qt::AlignVCenter,
                          legendText(curve));
        x += advance + 2 * kGap;
    }
}

}  // namespace radlads::ui
