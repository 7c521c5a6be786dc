// What two models keep of the text, against its length: a key-value cache grows, a state stays as it is. Owned by
// TryPage; GUI thread. Solid is measured; dashed is where the line goes on.
#pragma once

#include <QPointF>
#include <QVector>
#include <QWidget>
#include <array>

namespace radlads::ui {

class MemoryChart : public QWidget {
    Q_OBJECT
public:
    enum Series { Teacher, Student, kSeries };

    explicit MemoryChart(QWidget* parent = nullptr);
    void clear();
    void setName(Series series, const QString& name);
    // Measured: so many bytes are kept of so many tokens.
    void add(Series series, double contextTokens, double bytes);
    const QVector<QPointF>& points(Series series) const { return m_series.at(static_cast<std::size_t>(series)).points; }
    // Tokens at which the growing line reaches the flat one; 0 when not known.
    double crossing() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    struct Line {
        QString name;
        QVector<QPointF> points;
        // Bytes that every further token adds, from the first and the last point.
        double growth() const;
        double bytesAt(double tokens) const;
    };
    QRectF plotArea() const;
    double tokenRange() const;
    double byteRange() const;
    double dataEnd() const;
    void setCursorTokens(double tokens);
    void describe();
    void paintAxes(QPainter& painter, const QRectF& area) const;
    void paintLine(QPainter& painter, const QRectF& area, Series series) const;
    void paintLegend(QPainter& painter, const QRectF& area) const;
    void paintCursor(QPainter& painter, const QRectF& area) const;
    QPointF toPixels(const QRectF& area, double tokens, double bytes) const;

    std::array<Line, kSeries> m_series;
    double m_cursor = -1;  // tokens; negative: no cursor
};

}  // namespace radlads::ui
