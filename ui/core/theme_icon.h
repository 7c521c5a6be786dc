// Draws an SVG of the program in the palette's text colour, whatever theme there is when it is drawn. Owned by its
// QIcon.
#pragma once

#include <QIconEngine>

namespace radlads::ui {

class ThemeIconEngine : public QIconEngine {
public:
    explicit ThemeIconEngine(QString name) : m_name(std::move(name)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override;
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override;
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal scale) override;
    QList<QSize> availableSizes(QIcon::Mode mode, QIcon::State state) override;
    QIconEngine* clone() const override { return new ThemeIconEngine(m_name); }
    QString iconName() override { return m_name; }
    bool isNull() override;

private:
    QString m_name;
};

// The drawing `name` in one colour, for views that need another than the text's.
QPixmap tintedPixmap(const QString& name, const QColor& color, const QSize& size, qreal scale);

}  // namespace radlads::ui
