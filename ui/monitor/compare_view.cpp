#include "ui/monitor/compare_view.h"

#include <QFileDialog>
#include <QHeaderView>
#include <QMenu>
#include <QSaveFile>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>

#include "ui/chart/read_out.h"
#include "ui/core/theme.h"
#include "ui/monitor/compare_tables.h"
#include "ui/monitor/curve_controls.h"

namespace radlads::ui {
namespace {

constexpr int kMetricChars = 9;  // of the choice of what to show; the list is wider
constexpr int kTablesMs = 1000;  // between two updates of the tables while runs are training

struct MetricChoice {
    Metric metric;
    const char* title;
    NumberStyle style;
    bool isZeroBased;
};
constexpr std::array kMetrics = {
    MetricChoice{Metric::Loss, QT_TRANSLATE_NOOP("radlads::ui::CompareView", "Loss"), NumberStyle::Plain, false},
    MetricChoice{Metric::LearningRate, QT_TRANSLATE_NOOP("radlads::ui::CompareView", "Learning rate"),
                 NumberStyle::Plain, false},
    MetricChoice{Metric::GradientNorm, QT_TRANSLATE_NOOP("radlads::ui::CompareView", "Gradient norm"),
                 NumberStyle::Plain, false},
    MetricChoice{Metric::TokensPerSecond, QT_TRANSLATE_NOOP("radlads::ui::CompareView", "Tokens per second"),
                 NumberStyle::Count, true},
    MetricChoice{Metric::MemoryBytes, QT_TRANSLATE_NOOP("radlads::ui::CompareView", "Memory"), NumberStyle::Bytes,
                 true}};
constexpr int kValidationLoss = int(kMetrics.size());  // its choice: it has x values of its own

QWidget* tabOf(QLabel* note, QTableWidget* table) {
    auto* tab = new QWidget;
    auto* column = new QVBoxLayout(tab);
    column->setContentsMargins(0, Theme::kSpacing, 0, 0);
    column->setSpacing(Theme::kSpacing);
    note->setWordWrap(true);
    note->setVisible(false);
    column->addWidget(note);
    column->addWidget(table, 1);
    return tab;
}

void say(QLabel* label, const QString& text) {
    label->setText(text);
    label->setVisible(!text.isEmpty());
}

}  // namespace

struct CompareView::Member {
    QString run;
    std::shared_ptr<RunHistory> history;
    std::unique_ptr<RunSeries> series;
    EvaluationSummary evaluation;
};

CompareView::CompareView(QWidget* parent)
    : QWidget(parent),
      m_group(new ChartGroup(this)),
      m_chart(new Chart(QStringLiteral("compare/curves"), tr("Loss"), NumberStyle::Plain)),
      m_metric(new QComboBox),
      m_export(new QPushButton(tr("Ex&port"))),
      m_notice(new NoticeLabel),
      m_tabs(new QTabWidget),
      m_results(makeTable(QStringLiteral("results"), tr("Results of the compared runs"))),
      m_differences(makeTable(QStringLiteral("differences"), tr("Where the plans differ"))),
      m_notes(makeTable(QStringLiteral("notes"), tr("Notes of the compared runs"))),
      m_resultsNote(new QLabel),
      m_differencesNote(new QLabel) {
    setObjectName(QStringLiteral("compareView"));
    m_chart->setDefaultLogY(true);
    m_group->add(m_chart);
    m_controls = new CurveControls(QStringLiteral("compare"), m_group, m_chart);
    connect(m_controls, &CurveControls::smoothingChanged, this, [this](double weight) {
        for (auto& member : m_members) member->series->setSmoothing(weight);
    });
    m_metric->setObjectName(QStringLiteral("metric"));
    m_metric->setAccessibleName(tr("What the curves show"));
    for (const MetricChoice& choice : kMetrics) m_metric->addItem(tr(choice.title));
    m_metric->addItem(tr("Validation loss"));
    connect(m_metric, &QComboBox::currentIndexChanged, this, &CompareView::setCurves);
    m_metric->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_metric->setMinimumContentsLength(kMetricChars);
    m_controls->prepend(m_metric);

    m_export->setObjectName(QStringLiteral("export"));
    auto* menu = new QMenu(m_export);
    connect(menu, &QMenu::aboutToShow, this, [this, menu] {
        menu->clear();
        auto chartMenu = m_chart->contextMenu();
        for (const char* name : {"saveCsv", "savePng", "savePdf"}) {
            if (auto* action = chartMenu->findChild<QAction*>(QLatin1String(name))) {
                action->setParent(menu);
                menu->addAction(action);
            }
        }
        menu->addSeparator();
        QAction* results = menu->addAction(tr("Save &results as CSV…"));
        connect(results, &QAction::triggered, this, [this] {
            const QString path = QFileDialog::getSaveFileName(this, tr("Save the results"),
                                                              QStringLiteral("results.csv"), tr("CSV file (*.csv)"));
            if (path.isEmpty()) return;
            QSaveFile file(path);
            if (!file.open(QIODevice::WriteOnly) || file.write(tableCsv(*m_results)) < 0 || !file.commit()) {
                m_notice->say(
                    tr("The file %1 could not be written. Choose another folder or free some space.").arg(path));
            }
        });
    });
    m_export->setMenu(menu);
    m_tabs->setCornerWidget(m_export);
    connect(m_chart, &Chart::exportFailed, m_notice, &NoticeLabel::say);

    m_resultsNote->setObjectName(QStringLiteral("resultsNote"));
    m_differencesNote->setObjectName(QStringLiteral("differencesNote"));
    m_tabs->setObjectName(QStringLiteral("compareTabs"));
    m_tabs->setAccessibleName(tr("Results, differences and notes"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(tabOf(m_resultsNote, m_results), tr("&Results"));
    m_tabs->addTab(tabOf(m_differencesNote, m_differences), tr("Plan &differences"));
    m_tabs->addTab(tabOf(new QLabel, m_notes), tr("&Notes"));
    auto* split = new QSplitter(Qt::Vertical);
    auto* curves = new QWidget;
    auto* row = new QHBoxLayout(curves);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Theme::kSpacing);
    auto* readOut = new ReadOut;
    readOut->setGroup(m_group);
    row->addWidget(m_chart, 1);
    row->addWidget(readOut);
    split->addWidget(curves);
    split->addWidget(m_tabs);
    split->setStretchFactor(0, 3);
    split->setStretchFactor(1, 2);
    split->setChildrenCollapsible(false);
    split->setHandleWidth(Theme::kSpacing);
    auto* page = new QVBoxLayout(this);
    page->setContentsMargins(Theme::kSpacing, Theme::kSpacing, Theme::kSpacing, Theme::kSpacing);
    page->setSpacing(Theme::kSpacing);
    page->addWidget(m_controls);
    page->addWidget(m_notice);
    page->addWidget(split, 1);

    m_tableTimer.setSingleShot(true);
    m_tableTimer.setInterval(kTablesMs);
    connect(&m_tableTimer, &QTimer::timeout, this, &CompareView::fillTables);
    // The pictures of the strokes are in the theme's colours.
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_areTablesOld = true;
        fillTables();
    });
    m_chart->setEmptyText(tr("Choose two or more runs in the list on the left, with Ctrl held down, to compare them."));
}

CompareView::~CompareView() = default;

void CompareView::showRuns(RunStore* store, const QStringList& runs) {
    if (m_store) m_store->disconnect(this);
    m_store = store;
    // Histories that are shown again are not read again.
    auto old = std::move(m_members);
    m_members.clear();
    m_notice->say({});
    m_group->setCursor(std::nullopt);
    for (const QString& run : store ? runs : QStringList()) {
        auto member = std::make_unique<Member>();
        member->run = run;
        member->history = store->history(run);
        if (!member->history) continue;
        member->series = std::make_unique<RunSeries>(member->history);
        member->series->setSmoothing(m_controls->smoothing());
        connect(member->series.get(), &RunSeries::changed, this, [this] {
            m_group->dataChanged();
            scheduleTables();
        });
        connect(member->history.get(), &RunHistory::planChanged, this, &CompareView::scheduleTables);
        askEvaluations(*member);
        m_members.push_back(std::move(member));
    }
    if (m_store) {
        connect(m_store, &RunStore::runChanged, this, [this](const QString& run) {
            for (const auto& member : m_members) {
                if (member->run == run) scheduleTables();
            }
        });
    }
    setCurves();
    m_areTablesOld = true;
    fillTables();
    m_group->fit();
}

void CompareView::askEvaluations(Member& member) {
    const QString run = member.run;
    m_store->client()->call(QStringLiteral("run.evaluations"), {{QStringLiteral("run"), run}}, member.series.get(),
                            [this, run](const QJsonObject& result) {
                                for (auto& shown : m_members) {
                                    if (shown->run == run)
                                        shown->evaluation = summaryOf(result[QStringLiteral("evaluations")].toArray());
                                }
                                m_areTablesOld = true;
                                fillTables();
                            });
}

void CompareView::setCurves() {
    const bool isValidation = m_metric->currentIndex() == kValidationLoss;
    const MetricChoice choice = isValidation ? kMetrics[0] : kMetrics[size_t(std::max(0, m_metric->currentIndex()))];
    const QVector<ComparedRun> runs = comparedRuns();
    QVector<Curve> curves;
    for (int i = 0; i < int(m_members.size()); ++i) {
        const RunSeries& series = *m_members[size_t(i)]->series;
        Curve curve;
        curve.name = m_metric->currentText();
        curve.run = runs[i].name;
        curve.stroke = i;
        curve.style = CurveStyle::Bold;
        curve.hasMarkers = true;
        curve.x = isValidation ? series.validationX() : series.x();
        curve.y = isValidation ? series.validation() : series.smoothed(choice.metric);
        curves.append(curve);
    }
    m_chart->setTitle(m_metric->currentText(), choice.style);
    m_chart->setZeroBased(!isValidation && choice.isZeroBased);
    m_chart->setCurves(curves);
}

QVector<ComparedRun> CompareView::comparedRuns() const {
    QVector<ComparedRun> runs;
    for (const auto& member : m_members) {
        ComparedRun run;
        run.run = member->run;
        const RunRecord* record = m_store ? m_store->find(member->run) : nullptr;
        if (record) run.record = *record;
        run.name = record && !record->name.isEmpty() ? record->name : member->run;
        run.series = member->series.get();
        run.evaluation = member->evaluation;
        run.hasPlan = !member->history->plan().isEmpty();
        runs.append(run);
    }
    // Two runs of one name are told apart by their directories.
    for (ComparedRun& run : runs) {
        const auto isSame = [&](const ComparedRun& other) { return other.run != run.run && other.name == run.name; };
        if (std::any_of(runs.begin(), runs.end(), isSame)) run.name = QStringLiteral("%1 (%2)").arg(run.name, run.run);
    }
    return runs;
}

void CompareView::scheduleTables() {
    m_areTablesOld = true;
    if (isVisible() && !m_tableTimer.isActive()) m_tableTimer.start();
}

void CompareView::showEvent(QShowEvent*) {
    fillTables();
}

void CompareView::fillTables() {
    if (!m_areTablesOld || !isVisible()) return;
    m_areTablesOld = false;
    const QVector<ComparedRun> runs = comparedRuns();
    fillResults(*m_results, runs);
    say(m_resultsNote, haveEqualBases(runs)
                           ? QString()
                           : tr("The evaluations of these runs were made on different texts or from different seeds: "
                                "small differences between their scores say little."));
    QVector<QJsonObject> plans;
    for (const auto& member : m_members) plans.append(member->history->plan());
    const auto differences = planDifferences(plans);
    fillDifferences(*m_differences, runs, differences);
    say(m_differencesNote,
        differences.isEmpty() && runs.size() > 1 ? tr("The plans of these runs are the same.") : QString());
    m_notes->clear();
    m_notes->setColumnCount(3);
    m_notes->setHorizontalHeaderLabels({tr("Run"), tr("Tags"), tr("Notes")});
    m_notes->setRowCount(int(runs.size()));
    for (int row = 0; row < runs.size(); ++row) {
        auto* name = new QTableWidgetItem(runs[row].name);
        name->setIcon(curveSample(row, CurveStyle::Bold, m_notes->iconSize(), devicePixelRatioF()));
        m_notes->setItem(row, 0, name);
        m_notes->setItem(
            row, 1,
            new QTableWidgetItem(runs[row].record ? runs[row].record->tags.join(QStringLiteral(", ")) : QString()));
        auto* notes = new QTableWidgetItem(runs[row].record ? runs[row].record->notes : QString());
        notes->setToolTip(notes->text());
        m_notes->setItem(row, 2, notes);
    }
    m_notes->resizeColumnsToContents();
    m_notes->horizontalHeader()->setStretchLastSection(true);
}

}  // namespace radlads::ui
