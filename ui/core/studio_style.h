// The Fusion style with room around words and rows, and with outlines that are seen on a dark window. Owned by the
// application; GUI thread.
#pragma once

#include <QHash>
#include <QPalette>
#include <QProxyStyle>

namespace radlads::ui {

class StudioStyle : public QProxyStyle {
    Q_OBJECT
public:
    StudioStyle();

    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                           const QWidget* widget) const override;
    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                            const QWidget* widget) const override;

private:
    QPalette outlined(const QPalette& palette) const;

    mutable QHash<qint64, QPalette> m_outlined;  // by the key of the palette it was made from
};

}  // namespace radlads::ui
