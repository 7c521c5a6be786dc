// The results and plans of the compared runs as tables. Plain values and functions on the widgets of CompareView.
#pragma once

#include <QJsonArray>
#include <QTableWidget>
#include <optional>

#include "ui/core/run_record.h"
#include "ui/monitor/plan_differences.h"
#include "ui/monitor/run_series.h"

namespace radlads::ui {

// One evaluated number of a run.
struct EvaluatedScore {
    QString title;  // "Perplexity"
    double value = 0;
    NumberStyle style = NumberStyle::Plain;
    bool isShare = false;  // shown in percent
};

// The newest report of a run's newest stage, in the table's terms.
struct EvaluationSummary {
    QVector<EvaluatedScore> scores;
    QString basis;  // what the numbers were made on: those of equal bases can be compared
};
EvaluationSummary summaryOf(const QJsonArray& evaluations);

// A compared run and what is known of it.
struct ComparedRun {
    QString run, name;
    std::optional<RunRecord> record;
    const RunSeries* series = nullptr;
    EvaluationSummary evaluation;
    bool hasPlan = false;
};

QTableWidget* makeTable(const QString& objectName, const QString& accessibleName);
// First column: the run with the stroke of its curve. The first run is the baseline of the others' differences.
void fillResults(QTableWidget& table, const QVector<ComparedRun>& runs);
void fillDifferences(QTableWidget& table, const QVector<ComparedRun>& runs, const QVector<DifferingKey>& differences);
bool haveEqualBases(const QVector<ComparedRun>& runs);
QByteArray tableCsv(const QTableWidget& table);

}  // namespace radlads::ui
