// The journey: what somebody does with the studio on the first day, from the welcome to an exported model, with
// keyboard and mouse alone, against the real engine and worker. The steps build on each other.
#include <QAbstractItemView>
#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QProcess>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTest>

#include "tests/ui/journey/studio.h"
#include "tests/ui/journey/user.h"
#include "ui/chart/chart.h"

using namespace Qt::StringLiterals;
using namespace radlads::tests;
namespace ui = radlads::ui;

namespace {

constexpr int kRunMs = 240000;  // a run of the journey on a computer that does other things too
const QString kLoss = u"monitor/loss"_s;

}  // namespace

class JourneyTest : public QObject {
    Q_OBJECT
public:
    explicit JourneyTest(Home* home) : m_home(home) {}

private:
    // A step of the journey; those after one that failed cannot be tried.
    void step(const std::function<void(User&)>& script) {
        if (m_isStuck) QFAIL("an earlier step of the journey failed");
        const QString problem = User::run(script);
        m_isStuck = !problem.isEmpty();
        if (m_isStuck) QFAIL(qPrintable(problem));
    }
    static void check(bool isSo, const QString& what) {
        if (!isSo) throw Stuck(what.toStdString());
    }
    QString directory(const QString& run) const { return m_home->runsDirectory() + u'/' + run; }
    static qsizetype points() {
        const ui::Chart* chart = shownChart(kLoss);
        return chart ? drawnCurve(*chart).size() : 0;
    }
    static qsizetype marks(ui::MarkKind kind) {
        const ui::Chart* chart = shownChart(kLoss);
        if (!chart) return 0;
        return std::count_if(chart->marks().begin(), chart->marks().end(),
                             [kind](const ui::ChartMark& mark) { return mark.kind == kind; });
    }
    // In the wizard, on the page of the schedule.
    static void setTokens(User& user, int step, const QString& tokens) {
        user.fill(u"edit.steps.%1.tokens"_s.arg(step), tokens);
    }

    Home* m_home;
    std::unique_ptr<radlads::app::Application> m_studio;
    QString m_first, m_second, m_output;
    bool m_isStuck = false;

private Q_SLOTS:
    void aCleanStartShowsTheWelcome() {
        m_studio = std::make_unique<radlads::app::Application>(QString());
        m_studio->start({});
        step([](User& user) {
            user.awaitShown(u"welcome"_s);
            // The studio finds no engine and starts one.
            user.await(u"the demo can be tried"_s,
                       [] { return shown(u"tryDemo"_s) && shown(u"tryDemo"_s)->isEnabled(); });
            user.awaitGone(u"messageText"_s);
            user.picture(u"01-welcome"_s);
        });
    }

    void theWizardMakesAPlanOfTheDemo() {
        step([](User& user) {
            user.click(u"welcomeNewConversion"_s);
            user.awaitShown(u"conversionWizard"_s);
            user.clickItem(u"models"_s, u"demo"_s);
            user.awaitText(u"estimate"_s, u"Add data"_s);
            user.awaitText(u"verdict"_s, u"can be converted"_s);
            user.picture(u"02-teacher"_s);
            user.click(u"next"_s);
            user.click(u"student.rad-rwkv7"_s);
            user.picture(u"03-student"_s);
            user.click(u"next"_s);
            user.click(u"demoText"_s);
            user.awaitText(u"tokenPreview"_s, u"one day"_s);
            user.awaitText(u"tokensLine"_s, u"available"_s);
            user.picture(u"04-data"_s);
            user.click(u"next"_s);
            user.choose(u"presets"_s, u"Demo with RAD-RWKV7"_s);
            setTokens(user, 0, u"120k"_s);
            user.click(u"timeline"_s);
            user.pressTimes(Qt::Key_Up, 2);
            user.press(Qt::Key_Down);
            setTokens(user, 1, u"120k"_s);
            user.click(u"timeline"_s);
            user.pressTimes(Qt::Key_Down, 2);
            setTokens(user, 2, u"40k"_s);
            user.await(u"the estimate is of these steps: seconds or minutes"_s, [] {
                const QString estimate = textOf(shown(u"estimate"_s));
                return estimate.contains(u"parameters"_s) && !estimate.contains(u"estimating"_s) &&
                       !estimate.contains(u" h"_s);
            });
            user.picture(u"05-schedule"_s);
            user.click(u"next"_s);
            user.fill(u"edit.checkpoints.every_minutes"_s, u"0.05"_s);
            user.awaitText(u"machine"_s, u"memory"_s);
            user.picture(u"06-hardware"_s);
            user.click(u"next"_s);
            user.fill(u"edit.name"_s, u"Journey"_s);
            user.awaitText(u"planText"_s, u"\"tokens\": 40000"_s);
            user.picture(u"07-review"_s);
        });
    }

    void theRunStartsAndIsWatchedLive() {
        step([this](User& user) {
            user.click(u"start"_s);
            user.awaitGone(u"conversionWizard"_s);
            user.awaitText(u"runTitle"_s, u"Journey"_s);
            user.awaitText(u"runState"_s, u"Running"_s);
            user.await(u"updates are drawn"_s, [] { return points() >= 5; });
            user.await(u"checkpoints are marked"_s, [] { return marks(ui::MarkKind::Checkpoint) > 0; });
            const qsizetype before = user.see(points);
            user.await(u"more updates are drawn as they are trained"_s, [before] { return points() > before + 5; });
            user.picture(u"08-live"_s);
            const QStringList runs = m_home->runs();
            check(runs.size() == 1, u"there are %1 runs instead of one"_s.arg(runs.size()));
            m_first = runs.first();
        });
    }

    void spacePausesAndResumesTheRun() {
        step([this](User& user) {
            user.click(u"runs"_s);
            user.clickItem(u"runs"_s, u"Journey"_s);
            user.press(Qt::Key_Space);
            user.awaitText(u"runState"_s, u"Paused"_s);
            user.awaitText(u"pauseButton"_s, u"Resume"_s);
            user.picture(u"09-paused"_s);
            const qsizetype told = Journal(directory(m_first)).curve().size();
            user.await(u"everything up to the pause is drawn"_s, [told] { return points() == told; });
            user.press(Qt::Key_Space);
            user.awaitText(u"runState"_s, u"Running"_s);
            user.await(u"it goes on"_s, [told] { return points() > told; });
        });
    }

    void closingTheWindowLeavesTheRunAlone() {
        step([this](User& user) {
            const pid_t worker = m_home->workerProcess(m_first);
            check(worker > 0, u"the run has no process"_s);
            user.press(Qt::Key_Q, Qt::ControlModifier);
            user.awaitGone(u"mainWindow"_s);
            const qsizetype told = Journal(directory(m_first)).events().size();
            user.await(u"the run goes on without a window"_s,
                       [this, told] { return Journal(directory(m_first)).events().size() > told + 3; });
            check(m_home->workerProcess(m_first) == worker, u"another process trains the run"_s);
        });
        m_studio.reset();
    }

    void anotherWindowShowsTheWholeCurve() {
        m_studio = std::make_unique<radlads::app::Application>(QString());
        m_studio->start({});
        step([this](User& user) {
            user.awaitText(u"runTitle"_s, u"Journey"_s);
            user.await(u"the curve is drawn"_s, [] { return points() > 5; });
            user.picture(u"10-opened-again"_s);
            user.awaitText(u"runState"_s, u"Finished"_s, kRunMs);
            const Journal journal(directory(m_first));
            check(journal.isFinished(), u"the journal does not tell the end"_s);
            check(journal.gap().isEmpty(), journal.gap());
            const auto told = journal.curve();
            user.await(u"every update is drawn once"_s, [told] {
                return shownChart(kLoss) && difference(drawnCurve(*shownChart(kLoss)), told).isEmpty();
            });
            user.await(u"the three steps and their checkpoints are marked"_s, [&journal] {
                return marks(ui::MarkKind::StepStarted) == 3 &&
                       marks(ui::MarkKind::Checkpoint) == journal.count(u"checkpoint.saved"_s);
            });
            user.picture(u"11-finished"_s);
        });
    }

    void aSecondRunBeginsWithThePlanOfThePast() {
        step([this](User& user) {
            user.clickItem(u"runs"_s, u"Journey"_s);
            user.press(Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
            user.awaitShown(u"conversionWizard"_s);
            user.press(Qt::Key_4, Qt::ControlModifier);
            user.click(u"timeline"_s);
            user.pressTimes(Qt::Key_Down, 2);
            user.click(u"removeStep"_s);
            user.click(u"removeStep"_s);
            setTokens(user, 0, u"40k"_s);
            user.press(Qt::Key_6, Qt::ControlModifier);
            user.fill(u"edit.name"_s, u"Short"_s);
            user.awaitShown(u"differences"_s);
            user.picture(u"12-second-plan"_s);
            user.click(u"start"_s);
            user.awaitGone(u"conversionWizard"_s);
            user.awaitText(u"runTitle"_s, u"Short"_s);
            user.awaitText(u"runState"_s, u"Finished"_s, kRunMs);
            for (const QString& run : m_home->runs())
                if (run != m_first) m_second = run;
            check(!m_second.isEmpty(), u"there is no second run"_s);
        });
    }

    void twoRunsAreCompared() {
        step([this](User& user) {
            user.clickItem(u"runs"_s, u"Journey"_s);
            user.clickItem(u"runs"_s, u"Short"_s, Qt::ControlModifier);
            user.awaitShown(u"compareView"_s);
            for (const auto& [curve, run] : {std::pair(0, m_first), std::pair(1, m_second)}) {
                const auto told = Journal(directory(run)).curve();
                user.await(u"the curve of %1 is drawn"_s.arg(run), [told, run] {
                    const ui::Chart* chart = shownChart(u"compare/curves"_s);
                    for (int i = 0; chart && i < chart->curves().size(); ++i)
                        if (drawnCurve(*chart, i).size() == told.size()) return true;
                    return false;
                });
            }
            user.await(u"both are in the table of results"_s, [] {
                const auto* table = shownAs<QTableWidget>(u"results"_s);
                return table && table->rowCount() * table->columnCount() > 0 &&
                       !itemOf(table, u"Journey"_s).data().isNull() && !itemOf(table, u"Short"_s).data().isNull();
            });
            user.picture(u"13-compare"_s);
            user.press(Qt::Key_D, Qt::AltModifier);  // Plan differences
            user.awaitShown(u"differences"_s);
            user.picture(u"14-compare-plans"_s);
        });
    }

    void theStudentAnswersBesideTheTeacher() {
        step([](User& user) {
            user.clickItem(u"runs"_s, u"Journey"_s);
            user.clickTab(u"tabBar"_s, u"Try"_s);
            user.click(u"prompt"_s);
            user.type(u" one day a kind ted has a wet fork . here is a blue bat near a"_s);
            user.fill(u"tokens"_s, u"40"_s);
            user.click(u"generate"_s);
            user.awaitText(u"studentStatus"_s, u"state"_s, 120000);
            user.awaitText(u"teacherStatus"_s, u"cache"_s, 120000);
            user.await(u"both have ended"_s, [] { return shown(u"generate"_s) && shown(u"generate"_s)->isEnabled(); });
            user.awaitText(u"studentAnswer"_s, u"one day a kind ted"_s);
            user.awaitText(u"studentStatus"_s, u"tokens"_s);
            user.picture(u"15-try"_s);
        });
    }

    void theStudentIsEvaluated() {
        step([](User& user) {
            user.clickTab(u"tabBar"_s, u"Evaluate"_s);
            user.click(u"runFirstEvaluation"_s);
            user.awaitShown(u"evaluateDialog"_s);
            user.click(u"stage-1"_s);
            user.click(u"stage-2"_s);
            user.click(u"taskSkills"_s);
            user.fill(u"windows"_s, u"8"_s);
            user.picture(u"16-evaluate-dialog"_s);
            user.click(u"startEvaluation"_s);
            user.awaitShown(u"scoreTable"_s, 120000);
            user.awaitGone(u"jobBar"_s, 120000);
            user.picture(u"17-evaluate"_s);
        });
    }

    void theModelIsExportedAndLoads() {
        m_output = m_home->path(u"exported"_s);
        step([this](User& user) {
            user.press(Qt::Key_E, Qt::ControlModifier);
            user.awaitShown(u"exportDialog"_s);
            user.fill(u"exportPath"_s, m_output);
            user.click(u"startExport"_s);
            user.awaitText(u"exportTitle"_s, m_output, 120000);
            user.picture(u"18-exported"_s);
            user.click(u"closeExport"_s);
            user.awaitGone(u"exportDialog"_s);
        });
        if (m_isStuck) return;
        QProcess inspect;
        QSignalSpy ended(&inspect, &QProcess::finished);
        inspect.start(QCoreApplication::applicationDirPath() + u"/radlads-worker"_s,
                      {u"inspect"_s, m_output, u"--json"_s});
        QVERIFY2(ended.count() > 0 || ended.wait(kRunMs), "radlads-worker inspect does not end");
        QCOMPARE(inspect.exitCode(), 0);
        const QJsonObject facts = QJsonDocument::fromJson(inspect.readAllStandardOutput()).object();
        QVERIFY2(facts["parameters"_L1].toDouble() > 1e5, inspect.readAllStandardError().constData());
    }

    void aDeletedRunComesBack() {
        step([this](User& user) {
            user.clickItem(u"runs"_s, u"Short"_s);
            user.press(Qt::Key_Delete);
            user.awaitShown(u"question"_s);
            user.picture(u"19-delete"_s);
            user.click(u"Delete"_s);
            user.awaitText(u"messageText"_s, u"Short was deleted"_s);
            user.await(u"it is gone from the library"_s, [] {
                const auto* runs = shownAs<QAbstractItemView>(u"runs"_s);
                return runs && !itemOf(runs, u"Short"_s).isValid();
            });
            check(!QDir(directory(m_second)).exists(), u"its folder is still there"_s);
            user.click(u"messageDeed"_s);
            user.awaitText(u"runTitle"_s, u"Short"_s);
            const auto told = Journal(directory(m_second)).curve();
            check(!told.isEmpty(), u"its journal is not there again"_s);
            user.clickTab(u"tabBar"_s, u"Monitor"_s);
            user.await(u"its curve is drawn again"_s, [told] {
                return shownChart(kLoss) && difference(drawnCurve(*shownChart(kLoss)), told).isEmpty();
            });
            user.picture(u"20-restored"_s);
        });
    }

    void aPlanIsSavedAndOpenedByKeysAlone() {
        step([this](User& user) {
            const QString file = m_home->path(u"saved.json"_s);
            user.press(Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
            user.awaitShown(u"conversionWizard"_s);
            user.press(Qt::Key_6, Qt::ControlModifier);
            user.press(Qt::Key_V, Qt::AltModifier);
            user.awaitShown(u"fileNameEdit"_s);
            user.press(Qt::Key_A, Qt::ControlModifier);
            user.type(file);
            user.press(Qt::Key_Return);
            user.awaitText(u"commandLine"_s, file);
            check(QFile::exists(file), u"the plan was not saved"_s);
            user.press(Qt::Key_Escape);
            user.awaitGone(u"conversionWizard"_s);
            user.press(Qt::Key_O, Qt::ControlModifier);
            user.awaitShown(u"fileNameEdit"_s);
            user.type(file);
            user.press(Qt::Key_Return);
            user.awaitShown(u"conversionWizard"_s);
            user.press(Qt::Key_6, Qt::ControlModifier);
            user.awaitText(u"edit.name"_s, u"Short"_s);
            user.picture(u"21-opened-plan"_s);
            user.press(Qt::Key_Escape);
            user.awaitGone(u"conversionWizard"_s);
        });
    }

    void theDemoIsStartedAndWatchedByKeysAlone() {
        step([this](User& user) {
            user.press(Qt::Key_F, Qt::AltModifier);
            user.press(Qt::Key_D);
            user.awaitText(u"runTitle"_s, u"Demo"_s);
            user.awaitText(u"runState"_s, u"Running"_s);
            user.press(Qt::Key_1, Qt::ControlModifier);
            user.await(u"updates are drawn"_s, [] { return points() >= 5; });
            user.tabTo(u"tabBar"_s);
            user.press(Qt::Key_Right);
            user.awaitShown(u"layersPage"_s);
            user.press(Qt::Key_Left);
            user.awaitShown(u"monitorPage"_s);
            user.picture(u"22-demo-by-keys"_s);
            user.press(Qt::Key_Period, Qt::ControlModifier);
            user.awaitText(u"runState"_s, u"Stopped"_s);
        });
        m_studio.reset();
    }
};

int main(int argc, char** argv) {
    Home home;
    QCoreApplication::setOrganizationName(u"radlads"_s);
    QCoreApplication::setApplicationName(u"radlads"_s);
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    JourneyTest test(&home);
    return QTest::qExec(&test, argc, argv);
}

#include "journey_test.moc"
