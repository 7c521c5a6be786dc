#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QSpinBox>
#include <QStackedWidget>
#include <QTableView>
#include <QTemporaryDir>

#include "tests/ui/playground/fixture.h"
#include "ui/core/run_record.h"
#include "ui/playground/evaluate_page.h"
#include "ui/playground/evaluation_model.h"

using namespace radlads::ui;
using namespace radlads::tests;

namespace {

QJsonArray fourStages() {
    return {report(u"setup"_s, 0.02), report(u"step 1"_s, 0.6), report(u"step 2"_s, 0.97), report(u"step 3"_s, 0.985)};
}

const ScoreRow& row(const EvaluationSet& set, const QString& id) {
    for (const ScoreRow& found : set.rows)
        if (found.id == id) return found;
    qFatal("no row %s", qPrintable(id));
}

}  // namespace

class EvaluateTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void putsEveryScoreBetweenFloorAndTeacher() {
        const auto sets = evaluationSets(fourStages());
        QCOMPARE(sets.size(), 1);
        const EvaluationSet& set = sets.first();
        QCOMPARE(set.stages, (QStringList{u"setup"_s, u"step 1"_s, u"step 2"_s, u"step 3"_s}));
        const ScoreRow& recall = row(set, u"recall"_s);
        QVERIFY(std::abs(*recall.stages.at(1)->relative - 0.6) < 1e-9);
        QVERIFY(std::abs(*recall.stages.at(1)->relativeError - 0.006 / 0.89) < 1e-9);
        QCOMPARE(recall.floor->value, 0.1);
        QCOMPARE(recall.teacher->value, 0.99);
        const ScoreRow& perplexity = row(set, u"perplexity"_s);
        QVERIFY(std::abs(*perplexity.stages.at(2)->relative -
                         (std::log(512) - (6.2 - 0.97 * 5)) / (std::log(512) - 1.2)) < 1e-9);
        QVERIFY(std::abs(*perplexity.stages.at(2)->standardError - 0.004 * std::exp(6.2 - 0.97 * 5)) < 1e-9);
        QCOMPARE(perplexity.best, 3);  // lower is better
        QCOMPARE(set.best, 3);
        QCOMPARE(set.answers.size(), 16);
    }

    void keepsApartWhatCannotBeComparedAndTakesTheLaterReport() {
        QJsonArray reports = fourStages();
        reports.append(report(u"step 3"_s, 0.5, u"2025-11-25T11:00:00.000Z"_s));           // again, later
        reports.append(report(u"step 3"_s, 0.7, u"2025-11-25T12:00:00.000Z"_s, 7));        // other stories
        reports.append(QJsonObject{{u"stage"_s, u"step 3"_s}, {u"seed"_s, u"broken"_s}});  // no report
        reports.append(QJsonValue(42));
        const auto sets = evaluationSets(reports);
        QCOMPARE(sets.size(), 2);
        QCOMPARE(sets.at(0).seed, 7);
        QCOMPARE(sets.at(0).stages, QStringList{u"step 3"_s});
        QCOMPARE(sets.at(0).best, -1);  // one stage is no choice
        QVERIFY(std::abs(*row(sets.at(1), u"recall"_s).stages.at(3)->relative - 0.5) < 1e-9);
        QCOMPARE(sets.at(1).best, 2);
    }

    void aSkillThatWasNeverAskedHasNoScore() {
        QJsonObject without = report(u"now"_s, 0.9);
        const auto sets = evaluationSets({without});
        for (const ScoreRow& found : sets.first().rows) QVERIFY(found.id != u"recall 128-256"_s);
        QCOMPARE(scoreText(Score{0.9742, 0.0081, {}, {}}, ScoreUnit::Share), u"97.4 % ± 0.8"_s);
        QCOMPARE(scoreText(Score{3.2144, 0.0123, {}, {}}, ScoreUnit::Perplexity), u"3.214 ± 0.012"_s);
        QCOMPARE(scoreText(Score{49152, {}, {}, {}}, ScoreUnit::Perplexity), QLocale().toString(49152));
    }

    void theTableModelKeepsItsPromises() {
        EvaluationModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setEvaluations(evaluationSets(fourStages()).first(), {u"align"_s, u"distill"_s, u"extend"_s});
        QCOMPARE(model.columnCount(), 7);
        QCOMPARE(model.headerData(4, Qt::Horizontal).toString(), u"After step 1\nAlign"_s);
        QVERIFY(model.headerData(6, Qt::Horizontal, Qt::AccessibleTextRole).toString().contains(u"best"_s));
        const QModelIndex recall = model.index(2, 6);
        QCOMPARE(recall.siblingAtColumn(0).data().toString(), u"Recall"_s);
        QVERIFY(recall.data(Qt::AccessibleTextRole).toString().contains(u"from the floor to the teacher"_s));
        QVERIFY(recall.data(EvaluationModel::BestRole).toBool());
        model.setEvaluations({}, {});
        QCOMPARE(model.rowCount(), 0);
    }

    void csvHoldsEveryNumberInFull() {
        const QString csv = evaluationCsv(evaluationSets(fourStages()).first());
        QVERIFY(csv.startsWith(u"task,stage,score,standard_error,relative,relative_standard_error\n"_s));
        QVERIFY(csv.contains(u"recall,step 1,0.634,0.006,0.6,"_s));
        QVERIFY(csv.contains(u"recall,teacher,0.99,0.006,,\n"_s));
        QVERIFY(csv.contains(u"perplexity,floor,512,,,\n"_s));
    }

    void showsScoresAndAnswersOfTheRun() {
        PlaygroundFixture fixture;
        fixture.server.on(u"run.evaluations"_s, [](const QJsonObject&) {
            return QJsonObject{{u"evaluations"_s, fourStages()}};
        });
        fixture.server.splitRandomly(700, 11);
        EvaluatePage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        auto* table = child<QTableView>(page, u"scoreTable"_s);
        QTRY_COMPARE(table->model()->columnCount(), 7);
        QVERIFY(child<QLabel>(page, u"evaluationSummary"_s)->text().contains(u"After step 3, Extend"_s));
        QTest::keyClick(child<QTabBar>(page, u"evaluateViews"_s), Qt::Key_Right);
        auto* answers = child<QTableView>(page, u"answerTable"_s);
        QVERIFY(answers->isVisible());
        QCOMPARE(answers->model()->rowCount(), 4);
        QVERIFY(child<QPlainTextEdit>(page, u"answerStory"_s)->toPlainText().endsWith(u"wants the neat"_s));
        QTest::keyClick(answers, Qt::Key_Down);
        QTest::keyClick(answers, Qt::Key_Down);
        QVERIFY(child<QPlainTextEdit>(page, u"answerStory"_s)->toPlainText().endsWith(u"gray moor gold"_s));
        auto* kind = child<QComboBox>(page, u"answerKind"_s);
        kind->setFocus();
        QTest::keyClick(kind, Qt::Key_Down);
        QCOMPARE(kind->currentText(), u"Wrong answers"_s);
        QCOMPARE(answers->model()->rowCount(), 2);
        QCOMPARE(unnamedWidgets(page).join(u", "_s), QString());
    }

    void saysWhyNothingIsShown() {
        PlaygroundFixture fixture;
        EvaluatePage page;
        showAsPage(page);
        page.showRun(nullptr, nullptr);
        auto* title = child<QLabel>(page, u"emptyTitle"_s);
        QCOMPARE(title->text(), u"No run is shown"_s);
        page.showRun(fixture.store.get(), fixture.open());
        QTRY_COMPARE(title->text(), u"Not evaluated yet"_s);
        QVERIFY(child<QPushButton>(page, u"runFirstEvaluation"_s)->isEnabled());
        fixture.server.stop();
        QTRY_VERIFY(!child<QPushButton>(page, u"runFirstEvaluation"_s)->isEnabled());
    }

    void evaluatesTheChosenStagesOneAfterAnother() {
        PlaygroundFixture fixture;
        QJsonArray kept;
        fixture.server.on(u"run.evaluations"_s, [&](const QJsonObject&) {
            return QJsonObject{{u"evaluations"_s, kept}};
        });
        EvaluatePage page;
        page.askRequest = [](QWidget*, const RunRecord& run, bool isLocal) -> std::optional<EvaluationRequest> {
            if (run.run != u"demo-20251125-101500"_s || !isLocal) qFatal("asked for another run");
            return EvaluationRequest{{u"perplexity"_s, u"skills"_s}, {u"1"_s, u"3"_s}, {}, 32, 5};
        };
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        auto* first = child<QPushButton>(page, u"runFirstEvaluation"_s);
        QTRY_VERIFY(first->isEnabled() && first->isVisible());
        QTest::mouseClick(first, Qt::LeftButton);
        QTRY_COMPARE(fixture.jobs, 1);
        const QJsonObject params = fixture.server.lastParams(u"evaluate.start"_s);
        QCOMPARE(params["stage"_L1].toString(), u"1"_s);
        QCOMPARE(params["windows"_L1].toInt(), 32);
        QCOMPARE(params["tasks"_L1].toArray().size(), 2);
        QVERIFY(!params.contains("data"_L1));
        fixture.event(
            u"job-1"_s,
            {{u"done"_s, 10}, {u"total"_s, 40}, {u"text"_s, u"Skills: 12 k tok/s"_s}, {u"eta_seconds"_s, 75}});
        auto* detail = child<QLabel>(page, u"jobDetail"_s);
        QTRY_VERIFY(detail->text().contains(u"12 k tok/s"_s));
        QVERIFY2(detail->text().contains(u"25 %"_s) && detail->text().contains(u"1 min"_s), qPrintable(detail->text()));
        QVERIFY(child<QLabel>(page, u"jobTitle"_s)->text().contains(u"1 of 2"_s));
        QVERIFY(!child<QPushButton>(page, u"runEvaluation"_s)->isEnabled());
        kept = {report(u"step 1"_s, 0.6)};
        fixture.result(u"job-1"_s, report(u"step 1"_s, 0.6));
        QTRY_COMPARE(fixture.jobs, 2);
        QTRY_COMPARE(child<QTableView>(page, u"scoreTable"_s)->model()->columnCount(), 4);
        QCOMPARE(fixture.server.lastParams(u"evaluate.start"_s)["stage"_L1].toString(), u"3"_s);
        kept = {report(u"step 1"_s, 0.6), report(u"step 3"_s, 0.98)};
        fixture.result(u"job-2"_s, report(u"step 3"_s, 0.98));
        QTRY_COMPARE(child<QTableView>(page, u"scoreTable"_s)->model()->columnCount(), 5);
        QVERIFY(!child<QWidget>(page, u"jobBar"_s)->isVisible());
        QVERIFY(child<QPushButton>(page, u"runEvaluation"_s)->isEnabled());
    }

    void cancelEndsTheJobAndTheStagesAfterIt() {
        PlaygroundFixture fixture;
        EvaluatePage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        QTRY_COMPARE(fixture.client->state(), EngineClient::State::Connected);
        page.start({{u"skills"_s}, {u"1"_s, u"2"_s}, {}, 64, 1});
        QTRY_COMPARE(fixture.jobs, 1);
        auto* cancel = child<QPushButton>(page, u"jobCancel"_s);
        QTest::mouseClick(cancel, Qt::LeftButton);
        QTRY_COMPARE(fixture.cancelled, QStringList{u"job-1"_s});
        QVERIFY(!cancel->isEnabled());
        fixture.error(u"job-1"_s, u"cancelled"_s, u"cancelled"_s, 9);
        auto* message = child<QLabel>(page, u"messageText"_s);
        QTRY_VERIFY(message->text().contains(u"cancelled"_s));
        QCOMPARE(fixture.jobs, 1);
        QVERIFY(!child<QWidget>(page, u"jobBar"_s)->isVisible());
    }

    void cancelBetweenTwoStagesKeepsTheFirstAndBeginsNoOther() {
        PlaygroundFixture fixture;
        QJsonArray kept;
        fixture.server.on(u"run.evaluations"_s, [&](const QJsonObject&) {
            return QJsonObject{{u"evaluations"_s, kept}};
        });
        EvaluatePage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        QTRY_COMPARE(fixture.client->state(), EngineClient::State::Connected);
        page.start({{u"skills"_s}, {u"1"_s, u"3"_s}, {}, 64, 1});
        QTRY_COMPARE(fixture.jobs, 1);
        // The stage ends while the wish to cancel is on its way: the engine has nothing left to cancel.
        QTest::mouseClick(child<QPushButton>(page, u"jobCancel"_s), Qt::LeftButton);
        kept = {report(u"step 1"_s, 0.6)};
        fixture.result(u"job-1"_s, report(u"step 1"_s, 0.6));
        auto* message = child<QLabel>(page, u"messageText"_s);
        QTRY_VERIFY(message->text().contains(u"cancelled"_s));
        QTRY_COMPARE(child<QTableView>(page, u"scoreTable"_s)->model()->columnCount(), 4);
        QCOMPARE(fixture.jobs, 1);
        QVERIFY(!child<QWidget>(page, u"jobBar"_s)->isVisible());
        QVERIFY(child<QPushButton>(page, u"runEvaluation"_s)->isEnabled());
    }

    void anErrorAndALostConnectionAreSaidAndNotFatal() {
        PlaygroundFixture fixture;
        EvaluatePage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        QTRY_COMPARE(fixture.client->state(), EngineClient::State::Connected);
        page.start({{u"perplexity"_s}, {u"2"_s}, u"/nowhere"_s, 64, 1});
        QTRY_COMPARE(fixture.jobs, 1);
        QCOMPARE(fixture.server.lastParams(u"evaluate.start"_s)["data"_L1].toArray(), QJsonArray{u"/nowhere"_s});
        fixture.error(u"job-1"_s, u"input"_s, u"/nowhere does not exist"_s, 2);
        auto* message = child<QLabel>(page, u"messageText"_s);
        QTRY_COMPARE(message->text(), u"After step 2, Distill could not be evaluated: /nowhere does not exist"_s);
        page.start({{u"perplexity"_s}, {u"2"_s}, {}, 64, 1});
        QTRY_COMPARE(fixture.jobs, 2);
        fixture.server.dropSessions();
        QTRY_VERIFY(message->text().contains(u"connection"_s));
        QVERIFY(!child<QWidget>(page, u"jobBar"_s)->isVisible());
    }

    void savesTheScoresOrSaysWhyNot() {
        PlaygroundFixture fixture;
        fixture.server.on(u"run.evaluations"_s, [](const QJsonObject&) {
            return QJsonObject{{u"evaluations"_s, fourStages()}};
        });
        QTemporaryDir folder;
        QString path = folder.filePath(u"scores.csv"_s), suggested;
        EvaluatePage page;
        page.askSaveName = [&](QWidget*, const QString& name) {
            suggested = name;
            return path;
        };
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        auto* save = child<QPushButton>(page, u"saveCsv"_s);
        QTRY_VERIFY(save->isVisible() && save->isEnabled());
        QTest::mouseClick(save, Qt::LeftButton);
        QCOMPARE(suggested, u"demo-20251125-101500-scores.csv"_s);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(QString::fromUtf8(file.readAll()), evaluationCsv(evaluationSets(fourStages()).first()));
        path = folder.filePath(u"none/scores.csv"_s);
        QTest::mouseClick(save, Qt::LeftButton);
        QVERIFY(child<QLabel>(page, u"messageText"_s)->text().contains(u"could not be saved"_s));
    }

    void theDialogOffersWhatThereIs() {
        const RunRecord run = runRecordFromJson(PlaygroundFixture::record(u"running"_s));
        QCOMPARE(evaluableStages(run), (QStringList{u"setup"_s, u"1"_s, u"now"_s}));
        QCOMPARE(evaluableStages(runRecordFromJson(PlaygroundFixture::record(u"new"_s))).first(), u"setup"_s);
        Theme::instance().apply(Theme::Mode::Light);
        EvaluateDialog dialog(run, true);
        dialog.show();
        QVERIFY(!child<QCheckBox>(dialog, u"stage-2"_s)->isEnabled());
        auto* start = child<QPushButton>(dialog, u"startEvaluation"_s);
        QVERIFY(start->isEnabled());
        EvaluationRequest request = dialog.request();
        QCOMPARE(request.stages, (QStringList{u"1"_s, u"now"_s}));
        QCOMPARE(request.tasks, (QStringList{u"perplexity"_s, u"skills"_s}));
        // A text of one's own, by mouse and keyboard.
        QTest::keyClicks(child<QLineEdit>(dialog, u"textPath"_s), u"/data/book.txt"_s);
        QVERIFY(child<QRadioButton>(dialog, u"textFile"_s)->isChecked());
        const int before = child<QSpinBox>(dialog, u"seed"_s)->value();
        QTest::mouseClick(child<QAbstractButton>(dialog, u"rerollSeed"_s), Qt::LeftButton);
        QVERIFY(child<QSpinBox>(dialog, u"seed"_s)->value() != before);
        QCOMPARE(dialog.request().data, u"/data/book.txt"_s);
        child<QLineEdit>(dialog, u"textPath"_s)->clear();
        QVERIFY(!start->isEnabled());
        QVERIFY(child<QLabel>(dialog, u"evaluateProblem"_s)->isVisible());
        QTest::mouseClick(child<QRadioButton>(dialog, u"textHeldOut"_s), Qt::LeftButton, {},
                          {8, child<QRadioButton>(dialog, u"textHeldOut"_s)->height() / 2});
        QVERIFY(start->isEnabled());
        QTest::keyClick(child<QCheckBox>(dialog, u"taskSkills"_s), Qt::Key_Space);
        QTest::keyClick(child<QCheckBox>(dialog, u"taskPerplexity"_s), Qt::Key_Space);
        QVERIFY(!start->isEnabled());
        QCOMPARE(unnamedWidgets(dialog).join(u", "_s), QString());
    }
};

QTEST_MAIN(EvaluateTest)
#include "evaluate_test.moc"
