// A map of one value by layer (down) and progress (across), in colour with a scale in numbers, read by mouse and
// keyboard. A pixel shows the largest value that falls into it, so no bad moment is lost. Owned by its parent; GUI
// thread.
#pragma once

#include <QImage>
#include <QTimer>
#include <QVector>
#include <QWidget>
#include <memory>
#include <optional>

#include "ui/chart/axis_format.h"

class QMenu;

namespace radlads::ui {

class HeatMap : public QWidget {
    Q_OBJECT
public:
    struct Cell {
        int layer = 0;
        size_t index = 0;  // of the column
        bool operator==(const Cell&) const = default;
    };

    explicit HeatMap(QWidget* parent = nullptr);

    void setTitle(const QString& title);
    void setEmptyText(const QString& sentence);
    // Shared with the one who fills them, who calls dataChanged() after.
    void setData(std::shared_ptr<const XColumns> x, QVector<std::shared_ptr<const Column>> layers);
    void dataChanged();
    void setUnit(XUnit unit);
    int layerCount() const { return int(m_layers.size()); }
    bool isEmpty() const;

    int selectedLayer() const { return m_selectedLayer; }  // -1: none
    void setSelectedLayer(int layer);
    const std::optional<Cell>& cursor() const { return m_cursor; }
    void setCursorCell(std::optional<Cell> cell);
    QString cursorText() const;  // "Layer 24, 305 M tokens: 7.018"

    QRectF plotRect() const;
    std::optional<Cell> cellAt(QPointF pixel) const;
    // What the map shows: one pixel across for each pixel column, one down for each layer.
    const QImage& image();
    std::pair<double, double> valueRange() const { return {m_lowest, m_highest}; }

    bool writeCsv(QIODevice& device) const;
    bool saveCsv(const QString& path) const;
    bool savePng(const QString& path);
    std::unique_ptr<QMenu> contextMenu();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void layerActivated(int layer);  // by a click or the Enter key
    void cursorMoved();
    void exportFailed(const QString& sentence);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    size_t columnCount() const;
    std::pair<double, double> xRange() const;
    double shareOf(double value) const;  // of the colour scale
    void renderImage();
    void drawAxes(QPainter& painter, const QRectF& area) const;
    void drawScale(QPainter& painter, const QRectF& area) const;
    void drawCursor(QPainter& painter, const QRectF& area) const;
    QFont smallFont() const;
    void ask(const QString& title, const QString& suffix, const std::function<bool(const QString&)>& write);

    QString m_title, m_emptyText;
    std::shared_ptr<const XColumns> m_x;
    QVector<std::shared_ptr<const Column>> m_layers;
    XUnit m_unit = XUnit::Tokens;
    int m_selectedLayer = -1;
    std::optional<Cell> m_cursor;
    bool m_isCursorByMouse = false;
    double m_lowest = 0, m_highest = 1;
    Scale m_scale = Scale::Linear;
    QImage m_image;
    bool m_isImageOld = true;
    QTimer m_updateTimer;
};

}  // namespace radlads::ui
