// Runs compared: curves on each other, only the plan's differences, results with the distance to the first run.
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QTabWidget>
#include <QTableWidget>
#include <QTest>

#include "tests/ui/monitor_data.h"
#include "tests/ui/support/scripted_server.h"
#include "ui/chart/chart.h"
#include "ui/core/theme.h"
#include "ui/monitor/compare_tables.h"
#include "ui/monitor/compare_view.h"

using namespace Qt::StringLiterals;
using namespace radlads::ui;
using radlads::tests::JournalWriter;
using radlads::tests::ScriptedServer;

namespace {

constexpr int kUpdates = 120;

QJsonObject report(const QString& stage, double perplexity, double skill, int seed = 1) {
    return {{u"stage"_s, stage},
            {u"seed"_s, seed},
            {u"perplexity"_s, QJsonObject{{u"perplexity"_s, perplexity}}},
            {u"agreement"_s, QJsonObject{{u"next_token"_s, 0.9}}},
            {u"relative"_s, QJsonObject{{u"mean_relative_skill"_s, skill}}}};
}

int columnOf(const QTableWidget& table, const QString& title) {
    for (int column = 0; column < table.columnCount(); ++column) {
        if (table.horizontalHeaderItem(column)->text() == title) return column;
    }
    return -1;
}

}  // namespace

class CompareTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName(u"radlads-test"_s);
        QCoreApplication::setApplicationName(u"compare_test"_s);
    }
    void init() {
        QSettings().clear();
        Theme::instance().apply(Theme::Mode::Light);
    }

    void onlyKeysThatDifferAreListed() {
        QJsonObject a{{u"name"_s, u"a"_s},
                      {u"seed"_s, 1},
                      {u"teacher"_s, QJsonObject{{u"path"_s, u"demo"_s}}},
                      {u"steps"_s, QJsonArray{QJsonObject{{u"kind"_s, u"align"_s}, {u"tokens"_s, 1000}}}}};
        QJsonObject b = a;
        b[u"name"_s] = u"b"_s;
        b[u"steps"_s] = QJsonArray{QJsonObject{{u"kind"_s, u"align"_s}, {u"tokens"_s, 2000}},
                                   QJsonObject{{u"kind"_s, u"distill"_s}}};
        const auto differences = planDifferences({a, b});
        QCOMPARE(differences.size(), 2);
        QCOMPARE(differences[0].key, u"steps.0.tokens"_s);
        QCOMPARE(differences[0].values, (QStringList{QLocale().toString(1000), QLocale().toString(2000)}));
        QCOMPARE(differences[1].key, u"steps.1.kind"_s);
        QCOMPARE(differences[1].values, (QStringList{QString(), u"distill"_s}));
        QVERIFY(planDifferences({a, a, a}).isEmpty());
        QVERIFY(planDifferences({a}).isEmpty());
        QVERIFY(planDifferences({}).isEmpty());
    }

    void theNewestStageOfTheEvaluationsCounts() {
        const auto summary =
            summaryOf({report(u"step 1"_s, 9, 0.5), report(u"now"_s, 5, 0.9), report(u"step 2"_s, 7, 0.8)});
        QCOMPARE(summary.scores.first().title, u"Perplexity"_s);
        QCOMPARE(summary.scores.first().value, 5.0);
        QVERIFY(summaryOf({}).scores.isEmpty());
        QVERIFY(summaryOf({QJsonValue(3), QJsonObject{{u"perplexity"_s, u"no number"_s}}}).scores.isEmpty());
    }

    void comparesTwoRunsOfAnEngine() {
        ScriptedServer server;
        serve(server);
        EngineClient client(server.address());
        RunStore store(&client);
        client.connectToEngine();
        QTRY_VERIFY(store.isLoaded());
        CompareView view;
        view.resize(1000, 640);
        view.show();
        QVERIFY(QTest::qWaitForWindowExposed(&view));
        view.showRuns(&store, {u"a"_s, u"b"_s});
        auto* chart = view.findChild<Chart*>();
        QTRY_COMPARE(chart->curves().size(), 2);
        QTRY_COMPARE(int(chart->curves()[1].y->size()), 2 * kUpdates);
        QTRY_COMPARE(int(chart->curves()[0].y->size()), 2 * kUpdates);
        QCOMPARE(chart->curves()[0].run, u"First run"_s);
        // Not by colour alone.
        QVERIFY(curvePen(0, CurveStyle::Bold).dashPattern() != curvePen(1, CurveStyle::Bold).dashPattern());
        QVERIFY(chart->curves()[0].hasMarkers && chart->curves()[1].hasMarkers);

        auto* results = view.findChild<QTableWidget*>(u"results"_s);
        QTRY_COMPARE(results->rowCount(), 2);
        QTRY_VERIFY(columnOf(*results, u"Perplexity"_s) > 0);
        const int perplexity = columnOf(*results, u"Perplexity"_s);
        QTRY_COMPARE(results->item(1, perplexity)->text(), u"6  (+1.5)"_s);
        QCOMPARE(results->item(0, perplexity)->text(), u"4.5"_s);
        QCOMPARE(results->item(0, 1)->text(), u"finished"_s);
        QVERIFY(!results->item(0, 0)->icon().isNull());
        QTRY_VERIFY(results->item(1, 2)->text().contains(u"(+"_s));
        QVERIFY(!view.findChild<QLabel*>(u"resultsNote"_s)->text().isEmpty());  // other seeds

        auto* differences = view.findChild<QTableWidget*>(u"differences"_s);
        QTRY_COMPARE(differences->rowCount(), 2);
        QCOMPARE(differences->item(0, 0)->text(), u"steps.0.learning_rate.initial"_s);
        QCOMPARE(differences->item(0, 2)->text(), u"0.002"_s);
        auto* notes = view.findChild<QTableWidget*>(u"notes"_s);
        QCOMPARE(notes->item(1, 2)->text(), u"twice the rate"_s);

        auto* metric = view.findChild<QComboBox*>(u"metric"_s);
        QTest::keyClick(metric, Qt::Key_End);
        QCOMPARE(metric->currentText(), u"Validation loss"_s);
        QCOMPARE(int(chart->curves()[0].y->size()), 4);
        QTest::keyClick(metric, Qt::Key_Home);
        view.resize(748, 500);
        QCOMPARE(view.width(), 748);  // fits beside the library in the smallest window

        view.showRuns(&store, {u"b"_s});
        QCOMPARE(chart->curves().size(), 1);
        QTRY_COMPARE(server.received().count(u"run.attach"_s), 2);
        QTRY_VERIFY(server.received().contains(u"run.detach"_s));
        view.showRuns(nullptr, {});
        QVERIFY(chart->isEmpty());
        QCOMPARE(results->rowCount(), 0);
    }

    void aTableBecomesCsv() {
        QTableWidget table(1, 2);
        table.setHorizontalHeaderLabels({u"Run"_s, u"Loss"_s});
        table.setItem(0, 0, new QTableWidgetItem(u"a \"b\", c"_s));
        table.setItem(0, 1, new QTableWidgetItem(u"1.5"_s));
        QCOMPARE(tableCsv(table), QByteArray("\"Run\",\"Loss\"\n\"a \"\"b\"\", c\",\"1.5\"\n"));
    }

private:
    static void serve(ScriptedServer& server) {
        const auto record = [](const QString& run, const QString& name, const QString& notes) {
            return QJsonObject{{u"run"_s, run},
                               {u"name"_s, name},
                               {u"state"_s, u"finished"_s},
                               {u"notes"_s, notes},
                               {u"created"_s, u"2026-01-01T10:00:00.000Z"_s}};
        };
        server.on(u"run.list"_s, [=](const QJsonObject&) {
            return QJsonObject{{u"runs"_s, QJsonArray{record(u"a"_s, u"First run"_s, u"the paper's"_s),
                                                      record(u"b"_s, u"Second run"_s, u"twice the rate"_s)}},
                               {u"queue"_s, QJsonArray()}};
        });
        server.on(u"run.attach"_s, [&server](const QJsonObject& params) {
            const QString run = params[u"run"_s].toString();
            const bool isFirst = run == u"a"_s;
            QTimer::singleShot(0, &server, [&server, run, isFirst] {
                JournalWriter writer(isFirst ? 1 : 2, isFirst ? 1 : 1.6);
                const auto events = writer.wholeRun(kUpdates, 4);
                for (const QJsonObject& event : events)
                    server.notify(u"run.event"_s, {{u"run"_s, run}, {u"event"_s, event}});
                server.notify(u"run.live"_s, {{u"run"_s, run}, {u"seq"_s, events.last()[u"seq"_s]}});
            });
            return QJsonObject{{u"run"_s, QJsonObject{{u"run"_s, run}}},
                               {u"plan"_s, JournalWriter::plan(isFirst ? 1e-3 : 2e-3)}};
        });
        server.on(u"run.detach"_s, [](const QJsonObject&) { return QJsonObject(); });
        server.on(u"run.evaluations"_s, [](const QJsonObject& params) {
            const bool isFirst = params[u"run"_s].toString() == u"a"_s;
            return QJsonObject{
                {u"evaluations"_s,
                 QJsonArray{report(u"step 1"_s, 12, 0.4), report(u"now"_s, isFirst ? 4.5 : 6, 0.9, isFirst ? 1 : 2)}}};
        });
    }
};

QTEST_MAIN(CompareTest)
#include "compare_test.moc"
