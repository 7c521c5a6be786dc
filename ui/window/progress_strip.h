// How far all steps are, as a bar with a gap between steps. A view; the header owns it.
#pragma once

#include <QVector>
#include <QWidget>

namespace radlads::ui {

class ProgressStrip : public QWidget {
    Q_OBJECT
public:
    explicit ProgressStrip(QWidget* parent = nullptr);

    // weights: the size of each step; progress over all, 0 to 1.
    void setProgress(const QVector<qint64>& weights, double progress);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QVector<qint64> m_weights;
    double m_progress = 0;
};

}  // namespace radlads::ui
