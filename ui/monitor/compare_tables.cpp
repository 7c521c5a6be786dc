#include "ui/monitor/compare_tables.h"

#include <QCoreApplication>
#include <QHeaderView>
#include <QJsonObject>
#include <QLocale>
#include <cmath>

#include "ui/core/format.h"
#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

constexpr QSize kSampleSize(28, 14);

struct Text {
    Q_DECLARE_TR_FUNCTIONS(radlads::ui::CompareTables)
};

QString stateText(RunState state) {
    switch (state) {
        case RunState::New:
            return Text::tr("not started");
        case RunState::Queued:
            return Text::tr("queued");
        case RunState::Running:
            return Text::tr("running");
        case RunState::Paused:
            return Text::tr("paused");
        case RunState::Finished:
            return Text::tr("finished");
        case RunState::Stopped:
            return Text::tr("stopped");
        case RunState::Failed:
            return Text::tr("failed");
        case RunState::Interrupted:
            return Text::tr("interrupted");
    }
    return {};
}

void addNumber(QVector<EvaluatedScore>& scores, const QString& title, const QJsonValue& value, bool isShare) {
    if (value.isDouble()) scores.append({title, value.toDouble(), NumberStyle::Plain, isShare});
}

QString skillTitle(const QString& skill) {
    if (skill == QLatin1String("recall")) return Text::tr("Recall, of teacher");
    if (skill == QLatin1String("copy")) return Text::tr("Copy, of teacher");
    if (skill == QLatin1String("counting")) return Text::tr("Counting, of teacher");
    if (skill == QLatin1String("arithmetic")) return Text::tr("Arithmetic, of teacher");
    return Text::tr("%1, of teacher").arg(skill);
}

int stageOrder(const QString& stage) {
    if (stage == QLatin1String("now")) return 1 << 20;
    return stage.section(QLatin1Char(' '), 1).toInt();  // "setup" is 0, "step 2" is 2
}

QString decimalText(double value) {
    return valueText(value, NumberStyle::Plain);
}

// A value, and how far it is from the baseline's.
struct Cell {
    QString text;
    std::optional<double> value;
    bool isShare = false;
};

void addWithDelta(QTableWidget& table, int row, int column, const Cell& cell, const std::optional<double>& baseline) {
    QString text = cell.text;
    if (row > 0 && cell.value && baseline && std::isfinite(*cell.value) && std::isfinite(*baseline)) {
        const double delta = *cell.value - *baseline;
        const QString number =
            cell.isShare ? QLocale().toString(std::abs(delta) * 100, 'f', 1) : decimalText(std::abs(delta));
        const QString sign = delta > 0 ? QStringLiteral("+") : delta < 0 ? QStringLiteral("−") : QStringLiteral("±");
        text = QStringLiteral("%1  (%2%3)").arg(text, sign, number);
    }
    auto* item = new QTableWidgetItem(text.isEmpty() ? QStringLiteral("–") : text);
    item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    table.setItem(row, column, item);
}

struct LossSummary {
    std::optional<double> loss, validation, best;
};

LossSummary lossesOf(const RunSeries* series) {
    LossSummary summary;
    if (!series) return summary;
    const auto loss = series->smoothed(Metric::Loss);
    if (!loss->isEmpty()) summary.loss = double(loss->at(loss->size() - 1));
    const auto validation = series->validation();
    if (!validation->isEmpty()) {
        summary.validation = double(validation->at(validation->size() - 1));
        const Extremes extremes = validation->extremes(0, validation->size());
        if (!extremes.isEmpty()) summary.best = double(extremes.min);
    }
    return summary;
}

}  // namespace

EvaluationSummary summaryOf(const QJsonArray& evaluations) {
    EvaluationSummary summary;
    QJsonObject report;
    for (const QJsonValue& value : evaluations) {  // oldest first
        const QJsonObject next = value.toObject();
        if (report.isEmpty() || stageOrder(next[QStringLiteral("stage")].toString()) >=
                                    stageOrder(report[QStringLiteral("stage")].toString())) {
            report = next;
        }
    }
    if (report.isEmpty()) return summary;
    addNumber(summary.scores, Text::tr("Perplexity"),
              report[QStringLiteral("perplexity")][QStringLiteral("perplexity")], false);
    addNumber(summary.scores, Text::tr("Same next token"),
              report[QStringLiteral("agreement")][QStringLiteral("next_token")], true);
    addNumber(summary.scores, Text::tr("Mean KL"), report[QStringLiteral("agreement")][QStringLiteral("mean_kl")],
              false);
    const QJsonObject relative = report[QStringLiteral("relative")].toObject();
    addNumber(summary.scores, Text::tr("Skills, of teacher"), relative[QStringLiteral("mean_relative_skill")], true);
    const QJsonObject skills = relative[QStringLiteral("skills")].toObject();
    for (auto it = skills.begin(); it != skills.end(); ++it) {
        addNumber(summary.scores, skillTitle(it.key()), it.value()[QStringLiteral("score")], true);
    }
    QStringList basis;
    for (const char* key : {"seed", "windows", "sequence_length", "against"}) {
        basis.append(report[QLatin1String(key)].toVariant().toString());
    }
    for (const QJsonValue& data : report[QStringLiteral("data")].toArray()) basis.append(data.toString());
    summary.basis = basis.join(QLatin1Char('\n'));
    return summary;
}

QTableWidget* makeTable(const QString& objectName, const QString& accessibleName) {
    auto* table = new QTableWidget;
    table->setObjectName(objectName);
    table->setAccessibleName(accessibleName);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setTabKeyNavigation(false);
    table->setWordWrap(false);
    table->setIconSize(kSampleSize);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + Theme::kSpacing);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    return table;
}

void fillResults(QTableWidget& table, const QVector<ComparedRun>& runs) {
    QStringList titles{Text::tr("Run"),
                       Text::tr("State"),
                       Text::tr("Loss"),
                       Text::tr("Validation loss"),
                       Text::tr("Best validation"),
                       Text::tr("Tokens"),
                       Text::tr("Training time")};
    const qsizetype fixed = titles.size();
    for (const ComparedRun& run : runs) {
        for (const EvaluatedScore& score : run.evaluation.scores) {
            if (!titles.contains(score.title)) titles.append(score.title);
        }
    }
    table.clear();
    table.setColumnCount(int(titles.size()));
    table.setRowCount(int(runs.size()));
    table.setHorizontalHeaderLabels(titles);
    for (int column = 2; column < titles.size(); ++column)
        table.horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    std::vector<std::optional<double>> baseline(size_t(titles.size()));
    for (int row = 0; row < runs.size(); ++row) {
        const ComparedRun& run = runs[row];
        auto* name = new QTableWidgetItem(run.name);
        name->setIcon(curveSample(row, CurveStyle::Bold, kSampleSize, table.devicePixelRatioF()));
        table.setItem(row, 0, name);
        table.setItem(row, 1, new QTableWidgetItem(run.record ? stateText(run.record->state) : QString()));
        const auto set = [&](int column, const Cell& cell) {
            if (row == 0) baseline[size_t(column)] = cell.value;
            addWithDelta(table, row, column, cell, baseline[size_t(column)]);
        };
        const LossSummary losses = lossesOf(run.series);
        const auto cellOf = [](const std::optional<double>& value) {
            return Cell{value ? decimalText(*value) : QString(), value};
        };
        set(2, cellOf(losses.loss));
        set(3, cellOf(losses.validation));
        set(4, cellOf(losses.best));
        const bool hasPoints = run.series && run.series->x()->size() > 0;
        const XPoint last = hasPoints ? run.series->x()->at(run.series->x()->size() - 1) : XPoint{};
        set(5, {hasPoints ? countText(last.tokens) : QString(), std::nullopt});
        set(6, {hasPoints ? durationText(last.hours * 3600) : QString(), std::nullopt});
        for (int column = int(fixed); column < titles.size(); ++column) {
            Cell cell;
            for (const EvaluatedScore& score : run.evaluation.scores) {
                if (score.title != titles[column]) continue;
                cell.text = score.isShare ? Text::tr("%1 %").arg(QLocale().toString(score.value * 100, 'f', 1))
                                          : decimalText(score.value);
                cell.value = score.value;
                cell.isShare = score.isShare;
            }
            set(column, cell);
        }
    }
    table.resizeColumnsToContents();
}

void fillDifferences(QTableWidget& table, const QVector<ComparedRun>& runs, const QVector<DifferingKey>& differences) {
    table.clear();
    table.setColumnCount(int(runs.size()) + 1);
    table.setRowCount(int(differences.size()));
    table.setHorizontalHeaderItem(0, new QTableWidgetItem(Text::tr("Key of the plan")));
    for (int i = 0; i < runs.size(); ++i) {
        auto* header = new QTableWidgetItem(runs[i].name);
        header->setIcon(curveSample(i, CurveStyle::Bold, kSampleSize, table.devicePixelRatioF()));
        table.setHorizontalHeaderItem(i + 1, header);
    }
    for (int row = 0; row < differences.size(); ++row) {
        table.setItem(row, 0, new QTableWidgetItem(differences[row].key));
        for (int i = 0; i < differences[row].values.size(); ++i) {
            const QString& value = differences[row].values[i];
            auto* item = new QTableWidgetItem(!value.isEmpty()  ? value
                                              : runs[i].hasPlan ? Text::tr("not there")
                                                                : Text::tr("not known yet"));
            item->setToolTip(item->text());
            table.setItem(row, i + 1, item);
        }
    }
    table.resizeColumnsToContents();
}

bool haveEqualBases(const QVector<ComparedRun>& runs) {
    QString basis;
    for (const ComparedRun& run : runs) {
        if (run.evaluation.scores.isEmpty()) continue;
        if (basis.isEmpty()) basis = run.evaluation.basis;
        if (run.evaluation.basis != basis) return false;
    }
    return true;
}

QByteArray tableCsv(const QTableWidget& table) {
    const auto quoted = [](QString text) {
        text.replace(QLatin1Char('"'), QStringLiteral("\"\""));
        return QLatin1Char('"') + text + QLatin1Char('"');
    };
    QStringList lines;
    QStringList head;
    for (int column = 0; column < table.columnCount(); ++column)
        head.append(quoted(table.horizontalHeaderItem(column)->text()));
    lines.append(head.join(QLatin1Char(',')));
    for (int row = 0; row < table.rowCount(); ++row) {
        QStringList line;
        for (int column = 0; column < table.columnCount(); ++column) {
            const QTableWidgetItem* item = table.item(row, column);
            line.append(quoted(item ? item->text() : QString()));
        }
        lines.append(line.join(QLatin1Char(',')));
    }
    return (lines.join(QLatin1Char('\n')) + QLatin1Char('\n')).toUtf8();
}

}  // namespace radlads::ui
