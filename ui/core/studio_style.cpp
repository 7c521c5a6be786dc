#include "ui/core/studio_style.h"

#include <QStyleFactory>
#include <QStyleOption>

#include "ui/core/theme.h"

namespace radlads::ui {

namespace {

constexpr int kDark = 128;           // a window below this lightness is a dark one
constexpr int kFusionOutline = 140;  // an outline is the window's colour, darker by this
constexpr int kMostPalettes = 64;

bool hasOutline(QStyle::PrimitiveElement element) {
    return element == QStyle::PE_FrameLineEdit || element == QStyle::PE_Frame ||
           element == QStyle::PE_IndicatorCheckBox || element == QStyle::PE_IndicatorRadioButton;
}

}  // namespace

StudioStyle::StudioStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

QSize StudioStyle::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                                    const QWidget* widget) const {
    const QSize size = QProxyStyle::sizeFromContents(type, option, contents, widget);
    switch (type) {
        case CT_PushButton:
            return size + QSize(2 * Theme::kSpacing, 2);
        case CT_ItemViewItem:
            return size + QSize(0, Theme::kSpacing - 2);
        default:
            return size;
    }
}

int StudioStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
    switch (metric) {
        case PM_FocusFrameHMargin:  // beside the text of a cell
            return Theme::kSpacing / 2 + 1;
        case PM_HeaderMargin:
            return Theme::kSpacing / 2 + 2;
        default:
            return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

// Fusion knows no colour for outlines: it takes the window's and makes it darker, which on a dark window is hardly
// seen. For the elements whose outline is all that shows them, the window's colour is one that comes out right.
QPalette StudioStyle::outlined(const QPalette& palette) const {
    const auto found = m_outlined.constFind(palette.cacheKey());
    if (found != m_outlined.constEnd()) return *found;
    if (m_outlined.size() > kMostPalettes) m_outlined.clear();
    QPalette changed = palette;
    for (const auto group : {QPalette::Active, QPalette::Inactive, QPalette::Disabled})
        changed.setColor(group, QPalette::Window, palette.color(group, QPalette::Mid).lighter(kFusionOutline));
    return *m_outlined.insert(palette.cacheKey(), changed);
}

void StudioStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                const QWidget* widget) const {
    const bool isDark = option->palette.color(QPalette::Window).lightness() < kDark;
    if (!isDark || !hasOutline(element)) return QProxyStyle::drawPrimitive(element, option, painter, widget);
    if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option)) {
        QStyleOptionFrame copy = *frame;
        copy.palette = outlined(option->palette);
        return QProxyStyle::drawPrimitive(element, &copy, painter, widget);
    }
    if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
        QStyleOptionButton copy = *button;
        copy.palette = outlined(option->palette);
        return QProxyStyle::drawPrimitive(element, &copy, painter, widget);
    }
    QStyleOption copy = *option;
    copy.palette = outlined(option->palette);
    QProxyStyle::drawPrimitive(element, &copy, painter, widget);
}

void StudioStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                                     const QWidget* widget) const {
    const bool isDark = option->palette.color(QPalette::Window).lightness() < kDark;
    if (const auto* box = qstyleoption_cast<const QStyleOptionSpinBox*>(option); box && isDark) {
        QStyleOptionSpinBox copy = *box;
        copy.palette = outlined(option->palette);
        return QProxyStyle::drawComplexControl(control, &copy, painter, widget);
    }
    if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option);
        slider && isDark && control == CC_Slider) {
        QStyleOptionSlider copy = *slider;
        copy.palette = outlined(option->palette);
        return QProxyStyle::drawComplexControl(control, &copy, painter, widget);
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

}  // namespace radlads::ui
