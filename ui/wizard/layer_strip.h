// The teacher's layers as a row of boxes; a click or the space bar decides which keep softmax attention. GUI thread.
#pragma once

#include <QWidget>
#include <set>

namespace radlads::ui {

class LayerStrip : public QWidget {
    Q_OBJECT
public:
    explicit LayerStrip(QWidget* parent);

    void setLayers(int count, const std::set<int>& kept);
    int current() const { return m_current; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

Q_SIGNALS:
    void toggled(int layer);

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool event(QEvent* event) override;

private:
    QSize boxSize() const;
    int perRow(int width) const;
    QRect boxOf(int layer) const;
    int layerAt(const QPoint& position) const;
    QString describe(int layer) const;
    void setCurrent(int layer);

    int m_count = 0, m_current = 0;
    std::set<int> m_kept;
};

}  // namespace radlads::ui
