// SIGKILL for the window, for the engine and for the worker, at random moments of a live run: whatever is killed, the
// run goes on or can be resumed, the window tells every event once, and says what happened.
//
// Environment: RADLADS_KILLS, how many of each (default 3); RADLADS_SEED, which makes the moments (default 1).
#include <QAbstractItemView>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

#include "tests/ui/journey/studio.h"
#include "tests/ui/journey/user.h"
#include "ui/chart/chart.h"

using namespace Qt::StringLiterals;
using namespace radlads::tests;

namespace {

constexpr int kRunMs = 120000;
constexpr int kEndMs = 30000;
const QString kLoss = u"monitor/loss"_s;

// Three short steps of small updates, so that much happens in little time.
constexpr const char* kPlan = R"({
  "schema": "radlads.plan/1", "name": "Kills", "seed": 4711,
  "teacher": {"path": "demo"},
  "student": {"architecture": "rad-rwkv7", "variant": "balanced"},
  "data": {"sources": [{"path": "demo:7:400"}], "sampler": "shuffle", "validation": {"windows": 4, "every_steps": 20}},
  "steps": [
    {"kind": "align", "tokens": 24576, "sequence_length": 64, "batch_size": 4,
     "learning_rate": {"initial": 1e-3, "final": 1e-4, "warmup_steps": 4}},
    {"kind": "distill", "tokens": 24576, "sequence_length": 64, "batch_size": 4,
     "learning_rate": {"initial": 3e-4, "final": 1e-4, "warmup_steps": 4}},
    {"kind": "extend", "tokens": 12288, "sequence_length": 64, "batch_size": 4,
     "learning_rate": {"initial": 3e-4, "final": 1e-4, "warmup_steps": 4}}
  ],
  "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
  "checkpoints": {"every_tokens": 3072, "every_minutes": 0, "keep_last": 2}
})";

// What the message bar has said, whether or not somebody looked in time.
class MessageReader : public QObject {
public:
    MessageReader() { qApp->installEventFilter(this); }
    int count(const QString& part) const {
        return static_cast<int>(
            std::count_if(m_texts.begin(), m_texts.end(), [&](const QString& text) { return text.contains(part); }));
    }

private:
    bool eventFilter(QObject* object, QEvent* event) override {
        if (event->type() == QEvent::Show && object->objectName() == "messageText"_L1)
            m_texts.append(textOf(static_cast<QWidget*>(object)));
        return false;
    }
    QStringList m_texts;
};

// Every event that the journal tells has one line in the log, but for updates, layers and a step that goes on.
qsizetype logLines(const Journal& journal) {
    const auto& events = journal.events();
    return std::count_if(events.begin(), events.end(), [](const QJsonObject& event) {
        const QString kind = event["event"_L1].toString();
        return kind != "metrics"_L1 && kind != "layers"_L1 &&
               !(kind == "step.started"_L1 && event["update"_L1].toInteger() > 0);
    });
}

}  // namespace

class StudioKillsTest : public QObject {
    Q_OBJECT
public:
    explicit StudioKillsTest(Home* home) : m_home(home) {}

private:
    void open(const QString& planOrRun) {
        m_studio = std::make_unique<radlads::app::Application>(QString());
        m_studio->start(planOrRun);
    }
    void script(const std::function<void(User&)>& steps) {
        const QString problem = User::run(steps);
        if (!problem.isEmpty()) QFAIL(qPrintable(u"%1 (seed %2)"_s.arg(problem).arg(m_seed)));
    }
    static void check(bool isSo, const QString& what) {
        if (!isSo) throw Stuck(what.toStdString());
    }
    QString directory() const { return m_home->runsDirectory() + u'/' + m_run; }
    bool isFinished() const { return Journal(directory()).isFinished(); }
    static qsizetype points() {
        const auto* chart = shownChart(kLoss);
        return chart ? drawnCurve(*chart).size() : 0;
    }
    // A moment that the seed chooses.
    void randomMoment(User& user, int mostMs) {
        const auto since = std::make_shared<QElapsedTimer>();
        since->start();
        const int moment = static_cast<int>(m_random.bounded(mostMs));
        user.await(u"the moment"_s, [since, moment] { return since->elapsed() >= moment; });
    }

    // The first run from the plan, later ones from the run that is shown.
    void startRun(User& user) {
        const QStringList before = m_home->runs();
        if (!before.isEmpty()) {
            user.await(u"the run is shown"_s, [] { return !textOf(shown(u"runTitle"_s)).isEmpty(); });
            user.press(Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
        }
        user.awaitShown(u"conversionWizard"_s);
        user.press(Qt::Key_6, Qt::ControlModifier);
        user.click(u"start"_s);
        user.awaitGone(u"conversionWizard"_s);
        user.await(u"the run is there"_s, [this, before] {
            for (const QString& run : m_home->runs())
                if (!before.contains(run)) m_run = run;
            return m_home->runs().size() > before.size();
        });
        user.awaitText(u"runState"_s, u"running"_s);
        user.press(Qt::Key_1, Qt::ControlModifier);
        user.await(u"updates are drawn"_s, [] { return points() > 0; });
    }

    // The whole run, from its first event to its last, is in the window.
    void compare(User& user) {
        user.awaitText(u"runState"_s, u"finished"_s, kRunMs);
        const Journal journal(directory());
        check(journal.gap().isEmpty(), journal.gap());
        const auto told = journal.curve();
        check(told.size() == 240, u"the run of 240 updates tells %1"_s.arg(told.size()));
        user.press(Qt::Key_1, Qt::ControlModifier);
        const auto last = std::make_shared<QString>();
        try {
            user.await(u"the curve is the journal's"_s, [told, last] {
                const auto* chart = shownChart(kLoss);
                *last = chart ? difference(drawnCurve(*chart), told) : u"it is not shown"_s;
                return last->isEmpty();
            });
        } catch (const Stuck& stuck) {
            throw Stuck(stuck.what() + u"; %1"_s.arg(*last).toStdString());
        }
        user.press(Qt::Key_5, Qt::ControlModifier);
        const qsizetype lines = logLines(journal);
        user.await(u"the log has the journal's %1 lines"_s.arg(lines), [lines] {
            const auto* log = shownAs<QAbstractItemView>(u"logView"_s);
            return log && log->model()->rowCount() == lines;
        });
        user.press(Qt::Key_1, Qt::ControlModifier);
    }

    Home* m_home;
    std::unique_ptr<radlads::app::Application> m_studio;
    QString m_plan, m_run;
    int m_kills = 3;
    quint32 m_seed = 1;
    QRandomGenerator m_random;

private Q_SLOTS:
    void initTestCase() {
        if (qEnvironmentVariableIsSet("RADLADS_KILLS")) m_kills = qEnvironmentVariableIntValue("RADLADS_KILLS");
        if (qEnvironmentVariableIsSet("RADLADS_SEED"))
            m_seed = static_cast<quint32>(qEnvironmentVariableIntValue("RADLADS_SEED"));
        QVERIFY(m_kills > 0);
        m_random.seed(m_seed);
        qInfo("%d kills of each, seed %u", m_kills, m_seed);
        m_plan = m_home->path(u"plan.json"_s);
        QFile file(m_plan);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(kPlan);
    }
    void init() { m_run.clear(); }
    void cleanup() { m_studio.reset(); }

    void theRunOutlivesItsWindows() {
        int killed = 0, rounds = 0;
        while (killed < m_kills) {
            ++rounds;
            open(m_home->runs().isEmpty() ? m_plan : QString());
            script([this](User& user) { startRun(user); });
            m_studio.reset();
            if (QTest::currentTestFailed()) return;
            const pid_t worker = m_home->workerProcess(m_run);
            const auto hasEnded = [&] { return !isAlive(worker) && isFinished(); };
            for (; killed < m_kills && !hasEnded(); ++killed) {
                QProcess window;
                QSignalSpy ended(&window, &QProcess::finished);
                window.start(QCoreApplication::applicationDirPath() + u"/radlads"_s, {m_run});
                // While it starts, connects, reads the past, or shows the present.
                ended.wait(static_cast<int>(50 + m_random.bounded(1500)));
                QVERIFY2(ended.isEmpty(), "the window ended by itself");
                window.kill();
                QVERIFY(ended.count() > 0 || ended.wait(kEndMs));
                QVERIFY2(isAlive(worker) || isFinished(), "the run ended with its window");
            }
            open(m_run);
            script([this](User& user) { compare(user); });
            m_studio.reset();
            if (QTest::currentTestFailed()) return;
        }
        qInfo("%d windows killed in %d runs", killed, rounds);
    }

    void theWindowMissesNothingWhenTheEngineIsKilled() {
        MessageReader reader;
        int killed = 0, rounds = 0;
        open(m_home->runs().isEmpty() ? m_plan : QString());
        script([&](User& user) {
            while (killed < m_kills) {
                ++rounds;
                startRun(user);
                while (killed < m_kills && !isFinished()) {
                    randomMoment(user, 1200);
                    const pid_t engine = m_home->engineProcess();
                    check(engine > 0, u"there is no engine"_s);
                    const int lost = user.see([&] { return reader.count(u"was lost"_s); });
                    killProcess(engine);
                    ++killed;
                    // The window starts another by itself.
                    user.awaitText(u"messageText"_s, u"was started again"_s);
                    check(user.see([&] { return reader.count(u"was lost"_s); }) > lost,
                          u"the window did not say that the connection was lost"_s);
                    user.click(u"messageClose"_s);
                    check(m_home->engineProcess() != engine, u"the engine that was killed is there"_s);
                }
                compare(user);
            }
        });
        qInfo("%d engines killed in %d runs", killed, rounds);
    }

    void theRunIsResumedWhenItsWorkerIsKilled() {
        MessageReader reader;
        int killed = 0, killedTraining = 0, rounds = 0;
        open(m_home->runs().isEmpty() ? m_plan : QString());
        script([&](User& user) {
            while (killed < m_kills) {
                ++rounds;
                startRun(user);
                qsizetype updates = 0;  // told when the worker was started
                while (killed < m_kills) {
                    // While it starts, or at work.
                    if (m_random.bounded(4) > 0)
                        user.await(u"it is at work"_s, [this, updates] {
                            return isFinished() || Journal(directory()).count(u"metrics"_s) > updates;
                        });
                    randomMoment(user, 1500);
                    const pid_t worker = m_home->workerProcess(m_run);
                    if (worker == 0 || isFinished()) break;
                    killProcess(worker);
                    if (isFinished()) break;
                    ++killed;
                    const qsizetype told = Journal(directory()).count(u"metrics"_s);
                    if (told > updates) ++killedTraining;
                    updates = told;
                    user.await(u"the window says what happened and what can be done"_s, [] {
                        const QString said = textOf(shown(u"messageText"_s));
                        return said.contains(u"was interrupted"_s) || said.contains(u"failed"_s);
                    });
                    user.click(u"messageDeed"_s);
                    user.awaitText(u"runState"_s, u"running"_s);
                    user.await(u"another process trains"_s, [this, worker] {
                        const pid_t next = m_home->workerProcess(m_run);
                        return isFinished() || (next > 0 && next != worker);
                    });
                }
                compare(user);
            }
        });
        qInfo("%d workers killed in %d runs, %d of them in training", killed, rounds, killedTraining);
    }
};

int main(int argc, char** argv) {
    Home home;
    QCoreApplication::setOrganizationName(u"radlads"_s);
    QCoreApplication::setApplicationName(u"radlads"_s);
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    StudioKillsTest test(&home);
    return QTest::qExec(&test, argc, argv);
}

#include "studio_kills_test.moc"
