// The monitor of a run: its loss large, and under it small charts of what drives it, all with one cursor and one range.
// Owned by the window; GUI thread.
#pragma once

#include <QList>

#include "ui/core/run_page.h"

class QGridLayout;

namespace radlads::ui {

class Chart;
class ChartGroup;
class CurveControls;
class NoticeLabel;
class ReadOut;
class RunSeries;

class MonitorPage : public RunPage {
    Q_OBJECT
public:
    explicit MonitorPage(QWidget* parent = nullptr);
    ~MonitorPage() override;

    void showRun(RunStore* store, std::shared_ptr<RunHistory> history) override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    void setCurves();
    void setEmptyTexts();
    void arrange(int columns);

    std::unique_ptr<RunSeries> m_series;
    std::shared_ptr<RunHistory> m_history;
    ChartGroup* m_group;
    Chart *m_loss, *m_learningRate, *m_gradientNorm, *m_throughput, *m_time, *m_memory, *m_wait;
    QList<Chart*> m_small;
    CurveControls* m_controls;
    NoticeLabel* m_notice;
    ReadOut* m_readOut;
    QGridLayout* m_grid;
    int m_columns = 0;
};

}  // namespace radlads::ui
