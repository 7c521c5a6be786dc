// The steps as blocks on an axis of estimated time, with the learning rate below on the same axis. Drag a block's right
// edge, or use the arrow keys. Owned by SchedulePage; GUI thread.
#pragma once

#include <QWidget>
#include <vector>

#include "engine/protocol/plan.h"

namespace radlads::ui {

class ScheduleView : public QWidget {
    Q_OBJECT
public:
    explicit ScheduleView(QWidget* parent);
    // seconds: by step, 0 where not known; then the widths follow the tokens.
    void setSteps(const std::vector<protocol::StepPlan>& steps, const QList<double>& seconds);
    int current() const { return m_current; }
    void setCurrent(int step);
    QRectF blockOf(int step) const;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

Q_SIGNALS:
    void chosen(int step);
    void tokensDragged(int step, qint64 tokens);
    void dragEnded();

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    double weightOf(int step) const;  // of its width
    int edgeAt(const QPointF& position) const;
    int stepAt(const QPointF& position) const;
    void paintBlocks(QPainter& painter);
    void paintCurve(QPainter& painter);
    void describe();

    std::vector<protocol::StepPlan> m_steps;
    QList<double> m_seconds;
    int m_current = 0, m_dragged = -1;
    double m_dragX = 0, m_dragWidth = 0;
    qint64 m_dragTokens = 0;
};

// A number of tokens as a person would write it: two significant digits.
qint64 roundTokens(double tokens);

}  // namespace radlads::ui
