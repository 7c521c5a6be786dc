// The row of controls above the curves: what x counts, how much is smoothed, logarithmic axes, Fit and Follow. Owned by
// its page; GUI thread.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QSlider>
#include <QTimer>
#include <QWidget>

class QHBoxLayout;

#include "ui/chart/chart.h"

namespace radlads::ui {

class CurveControls : public QWidget {
    Q_OBJECT
public:
    // page: under which its settings are remembered. The log y box is the chart's; the rest is the group's.
    CurveControls(const QString& page, ChartGroup* group, Chart* chart, QWidget* parent = nullptr);

    double smoothing() const { return m_smoothing->value() / 1000.0; }
    // A widget of the page's own, at the left of the row.
    void prepend(QWidget* widget);

Q_SIGNALS:
    void smoothingChanged(double weight);  // at most 20 times a second

private:
    void showSmoothing();
    void applySmoothing();

    QString m_page;
    ChartGroup* m_group;
    QHBoxLayout* m_row;
    QComboBox* m_unit;
    QSlider* m_smoothing;
    QLabel* m_smoothingValue;
    QCheckBox *m_logX, *m_logY;
    QPushButton *m_fit, *m_follow;
    QTimer m_smoothingTimer;
};

// A line for a problem with an export, above the charts; hidden until there is one.
class NoticeLabel : public QLabel {
    Q_OBJECT
public:
    explicit NoticeLabel(QWidget* parent = nullptr);
    void say(const QString& sentence);
};

}  // namespace radlads::ui
