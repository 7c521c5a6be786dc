// Runs side by side: their curves on each other, results, where their plans differ, notes. Owned by the window; GUI
// thread.
#pragma once

#include <QComboBox>
#include <QLabel>
#include <QPointer>
#include <QPushButton>
#include <QStringList>
#include <QTableWidget>
#include <QTimer>
#include <QWidget>
#include <memory>
#include <vector>

#include "ui/core/run_store.h"

class QTabWidget;

namespace radlads::ui {

class Chart;
class ChartGroup;
class CurveControls;
class NoticeLabel;
struct ComparedRun;
class RunSeries;

class CompareView : public QWidget {
    Q_OBJECT
public:
    explicit CompareView(QWidget* parent = nullptr);
    ~CompareView() override;

    // The first run is the baseline. It keeps the runs' histories as long as it shows them. A null store shows nothing.
    void showRuns(RunStore* store, const QStringList& runs);

protected:
    void showEvent(QShowEvent* event) override;

private:
    struct Member;
    void setCurves();
    void scheduleTables();
    void fillTables();
    void askEvaluations(Member& member);
    QVector<ComparedRun> comparedRuns() const;

    QPointer<RunStore> m_store;
    std::vector<std::unique_ptr<Member>> m_members;
    ChartGroup* m_group;
    Chart* m_chart;
    CurveControls* m_controls;
    QComboBox* m_metric;
    QPushButton* m_export;
    NoticeLabel* m_notice;
    QTabWidget* m_tabs;
    QTableWidget *m_results, *m_differences, *m_notes;
    QLabel *m_resultsNote, *m_differencesNote;
    QTimer m_tableTimer;
    bool m_areTablesOld = true;
};

}  // namespace radlads::ui
