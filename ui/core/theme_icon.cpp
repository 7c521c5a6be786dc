#include "ui/core/theme_icon.h"

#include <QApplication>
#include <QFile>
#include <QPainter>
#include <QPalette>
#include <QPixmapCache>
#include <QSvgRenderer>

namespace radlads::ui {

namespace {

QString pathOf(const QString& name) {
    return QStringLiteral(":/icons/%1.svg").arg(name);
}

QColor colorOf(QIcon::Mode mode) {
    const QPalette palette = QApplication::palette();
    if (mode == QIcon::Selected) return palette.color(QPalette::HighlightedText);
    return palette.color(mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active, QPalette::ButtonText);
}

}  // namespace

QPixmap tintedPixmap(const QString& name, const QColor& color, const QSize& size, qreal scale) {
    const QString key = QStringLiteral("radlads-%1-%2-%3x%4@%5")
                            .arg(name, color.name(QColor::HexArgb))
                            .arg(size.width())
                            .arg(size.height())
                            .arg(scale);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap)) return pixmap;
    QFile file(pathOf(name));
    if (!file.open(QIODevice::ReadOnly)) return {};
    QSvgRenderer renderer(file.readAll().replace("currentColor", color.name(QColor::HexRgb).toLatin1()));
    pixmap = QPixmap(size * scale);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setOpacity(color.alphaF());
    renderer.render(&painter, QRectF(QPointF(0, 0), QSizeF(pixmap.size())));
    painter.end();
    pixmap.setDevicePixelRatio(scale);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

void ThemeIconEngine::paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) {
    const qreal scale = painter->device()->devicePixelRatioF();
    painter->drawPixmap(rect, tintedPixmap(m_name, colorOf(mode), rect.size(), scale));
}

QPixmap ThemeIconEngine::pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) {
    return scaledPixmap(size, mode, state, 1.0);
}

// `size` is in device pixels.
QPixmap ThemeIconEngine::scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State, qreal) {
    return tintedPixmap(m_name, colorOf(mode), size, 1.0);
}

QList<QSize> ThemeIconEngine::availableSizes(QIcon::Mode, QIcon::State) {
    return {{16, 16}, {24, 24}};
}

bool ThemeIconEngine::isNull() {
    return !QFile::exists(pathOf(m_name));
}

}  // namespace radlads::ui
