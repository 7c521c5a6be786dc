#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QStackedWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QTest>
#include <QTimer>
#include <QTreeView>

#include "tests/ui/support/scripted_server.h"
#include "ui/core/theme.h"
#include "ui/window/library_panel.h"
#include "ui/window/log_model.h"
#include "ui/window/main_window.h"
#include "ui/window/notifier.h"
#include "ui/window/run_actions.h"
#include "ui/window/run_view.h"

using namespace Qt::StringLiterals;
using namespace radlads::ui;
using radlads::tests::ScriptedServer;

namespace {

QJsonObject record(const QString& run, const QString& state, int created, QJsonObject more = {}) {
    QJsonObject json{{u"run"_s, run},
                     {u"name"_s, run},
                     {u"state"_s, state},
                     {u"created"_s, u"2026-01-01T10:00:%1.000Z"_s.arg(created, 2, 10, QLatin1Char('0'))},
                     {u"updated"_s, u"2026-01-01T11:00:00.000Z"_s},
                     {u"directory"_s, u"/data/runs/"_s + run},
                     {u"step_count"_s, 3},
                     {u"step_tokens"_s, QJsonArray{100000000, 300000000, 100000000}},
                     {u"step_kinds"_s, QJsonArray{u"align"_s, u"distill"_s, u"extend"_s}},
                     {u"plan_tokens"_s, 500000000}};
    for (auto it = more.begin(); it != more.end(); ++it) json.insert(it.key(), it.value());
    return json;
}

// Answers as the seam's user would: accepts what is asked, or not.
class TestPrompts : public UserPrompts {
public:
    void ask(QWidget*, const QString&, const QString& text, const QString&, std::function<void()> onAccept) override {
        questions.append(text);
        if (accepts) onAccept();
    }
    void askOpenFile(QWidget*, const QString&, const QString&, const QString&, TextHandler onChosen) override {
        onChosen(file);
    }
    void askSaveFile(QWidget*, const QString&, const QString&, const QString&, TextHandler onChosen) override {
        onChosen(file);
    }
    QStringList questions;
    bool accepts = true;
    QString file;
};

struct Studio {
    ScriptedServer server;
    Settings settings;
    TestPrompts prompts;
    std::unique_ptr<EngineSet> engines;
    std::unique_ptr<MainWindow> window;
    QJsonArray runs, queue;
    QJsonObject wizardPlan;
    int wizards = 0;
    QStringList compared;

    Studio() {
        runs = {record(u"qwen2.5-7b"_s, u"running"_s, 9,
                       {{u"step_index"_s, 1},
                        {u"step_kind"_s, u"distill"_s},
                        {u"progress"_s, 0.61},
                        {u"tokens_done"_s, 305000000},
                        {u"loss"_s, 0.142},
                        {u"tokens_per_second"_s, 25300},
                        {u"eta_seconds"_s, 2000},
                        {u"teacher"_s, u"Qwen/Qwen2.5-7B"_s},
                        {u"student"_s, u"rad-rwkv7"_s},
                        {u"newest_checkpoint"_s, QJsonObject{{u"time"_s, u"2026-01-01T11:00:00.000Z"_s}}}}),
                record(u"smollm2"_s, u"queued"_s, 8, {{u"queue_position"_s, 0}}),
                record(u"tinyllama"_s, u"queued"_s, 7, {{u"queue_position"_s, 1}}),
                record(u"demo"_s, u"finished"_s, 6, {{u"progress"_s, 1}, {u"loss"_s, 0.31}, {u"has_model"_s, true}}),
                record(u"ablation-no-align"_s, u"finished"_s, 5, {{u"progress"_s, 1}, {u"loss"_s, 0.52}}),
                record(u"14b"_s, u"failed"_s, 4,
                       {{u"progress"_s, 0.3},
                        {u"step_kind"_s, u"align"_s},
                        {u"update"_s, 1200},
                        {u"message"_s, u"The disk is full: the checkpoint could not be written."_s},
                        {u"newest_checkpoint"_s, QJsonObject{{u"time"_s, u"2026-01-01T10:59:00.000Z"_s}}}})};
        queue = {u"smollm2"_s, u"tinyllama"_s};
        server.on(u"run.list"_s, [this](const QJsonObject&) {
            return QJsonObject{{u"runs"_s, runs}, {u"queue"_s, queue}};
        });
        server.on(u"engine.describe"_s, [](const QJsonObject&) {
            return QJsonObject{{u"processor"_s, u"AMD EPYC 7763"_s},
                               {u"memory_bytes"_s, 100e9},
                               {u"available_bytes"_s, 39e9},
                               {u"disk"_s, QJsonObject{{u"total_bytes"_s, 1e12}, {u"free_bytes"_s, 412e9}}}};
        });
        server.on(u"run.attach"_s, [](const QJsonObject&) {
            return QJsonObject{{u"plan"_s, QJsonObject{{u"schema"_s, u"radlads.plan/1"_s}, {u"name"_s, u"p"_s}}}};
        });
        server.on(u"run.files"_s, [](const QJsonObject&) {
            return QJsonObject{{u"files"_s, QJsonArray{QJsonObject{{u"path"_s, u"plan.json"_s},
                                                                   {u"size_bytes"_s, 2300},
                                                                   {u"modified"_s, u"2026-01-01T10:00:00.000Z"_s}},
                                                       QJsonObject{{u"path"_s, u"events.ndjson"_s},
                                                                   {u"size_bytes"_s, 4.5e6},
                                                                   {u"modified"_s, u"2026-01-01T11:00:00.000Z"_s}}}}};
        });
    }

    void start() {
        engines = std::make_unique<EngineSet>(&settings, server.address());
        // The window's own pages; those of the other libraries have tests of their own.
        WindowParts parts = standardParts();
        std::erase_if(parts.pages, [](const auto& page) {
            return page.id != "log"_L1 && page.id != "plan"_L1 && page.id != "files"_L1;
        });
        parts.makeComparison = [this](QWidget* parent) {
            return WindowParts::Comparison{new QWidget(parent), [this](RunStore* store, const QStringList& names) {
                                               compared = store ? names : QStringList();
                                           }};
        };
        parts.openWizard = [this](EngineClient*, const QJsonObject& plan, QWidget*,
                                  const std::function<void(const QString&)>&) {
            ++wizards;
            wizardPlan = plan;
        };
        window = std::make_unique<MainWindow>(engines.get(), &settings, &prompts, parts);
        window->show();
        engines->connectAll();
        QVERIFY(QTest::qWaitForWindowActive(window.get()));
        QTRY_VERIFY(engines->store(0)->isLoaded());
    }
    QLabel* label(const QString& name) const { return window->findChild<QLabel*>(name); }
    void choose(const QString& run) { window->library()->selectRuns({run}); }
    void change(const QJsonObject& changed) { server.notify(u"run.changed"_s, {{u"record"_s, changed}}); }
    QStringList messages() const {
        QStringList ids;
        for (const Message& message : window->messageBar()->messages()) ids.append(message.id.section(u':', 0, 0));
        return ids;
    }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
        QTest::keyClick(QApplication::focusWidget() ? QApplication::focusWidget() : window.get(), key, modifiers);
    }
};

}  // namespace

class WindowTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName(u"radlads-test"_s);
        QCoreApplication::setApplicationName(u"window"_s);
        Theme::instance().apply(Theme::Mode::Light);
    }
    void init() { QSettings().clear(); }

    void settingsComeBackAsTheyWereStored() {
        {
            Settings settings;
            QSignalSpy changed(&settings, &Settings::changed);
            QCOMPARE(settings.value(Setting::ThemeMode).toString(), u"system"_s);
            settings.setValue(Setting::ThemeMode, u"dark"_s);
            settings.setValue(Setting::ThemeMode, u"dark"_s);
            settings.setValue(Setting::Smoothing, 0.5);
            settings.setValue(Setting::Notifications, false);
            settings.setValue(Setting::Engines,
                              QVariantList{QVariantMap{{u"host"_s, u"gpu"_s}, {u"title"_s, u"GPU"_s}}});
            QCOMPARE(changed.count(), 4);
        }
        Settings settings;
        QCOMPARE(settings.value(Setting::ThemeMode).toString(), u"dark"_s);
        QCOMPARE(settings.value(Setting::Smoothing).toDouble(), 0.5);
        QCOMPARE(settings.value(Setting::Notifications).toBool(), false);
        QCOMPARE(settings.value(Setting::Engines).toList().first().toMap().value(u"host"_s).toString(), u"gpu"_s);
        QSettings().setValue(u"charts/smoothing"_s, u"nonsense"_s);
        QCOMPARE(Settings().value(Setting::Smoothing).toDouble(), 0.9);
    }

    void theLibraryGroupsByStateAndTellsExactChanges() {
        Studio studio;
        studio.start();
        RunModel* model = studio.window->library()->model();
        QAbstractItemModelTester tester(model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const auto names = [&](RunGroup group) {
            QStringList list;
            const QModelIndex parent = model->index(int(group), 0);
            for (int i = 0; i < model->rowCount(parent); ++i) list.append(model->index(i, 0, parent).data().toString());
            return list;
        };
        QCOMPARE(names(RunGroup::Running), QStringList{u"qwen2.5-7b"_s});
        QCOMPARE(names(RunGroup::Queued), (QStringList{u"smollm2"_s, u"tinyllama"_s}));
        QCOMPARE(names(RunGroup::Finished), (QStringList{u"demo"_s, u"ablation-no-align"_s}));
        QCOMPARE(names(RunGroup::Stopped), QStringList{u"14b"_s});
        QSignalSpy resets(model, &QAbstractItemModel::modelReset), moves(model, &QAbstractItemModel::rowsMoved);
        studio.change(record(u"qwen2.5-7b"_s, u"finished"_s, 9));
        QTRY_COMPARE(names(RunGroup::Finished).size(), 3);
        QCOMPARE(names(RunGroup::Finished).first(), u"qwen2.5-7b"_s);
        studio.server.notify(u"queue.changed"_s, {{u"queue"_s, QJsonArray{u"tinyllama"_s, u"smollm2"_s}}});
        QTRY_COMPARE(names(RunGroup::Queued), (QStringList{u"tinyllama"_s, u"smollm2"_s}));
        studio.change(record(u"new"_s, u"running"_s, 10));
        QTRY_COMPARE(names(RunGroup::Running), QStringList{u"new"_s});
        studio.server.notify(u"run.removed"_s, {{u"run"_s, u"demo"_s}});
        QTRY_COMPARE(names(RunGroup::Finished), (QStringList{u"qwen2.5-7b"_s, u"ablation-no-align"_s}));
        QCOMPARE(resets.count(), 0);
        QCOMPARE(moves.count(), 2);
    }

    void theOnlyRunIsSeenInItsNewGroup() {
        Studio studio;
        studio.runs = {record(u"only"_s, u"running"_s, 9)};
        studio.start();
        const QTreeView* view = studio.window->library()->runs();
        const auto isSeen = [&] {
            const QModelIndex group = view->model()->index(0, 0);
            return !view->visualRect(view->model()->index(0, 0, group)).isEmpty();
        };
        QTRY_VERIFY(isSeen());
        studio.choose(u"only"_s);
        for (const QString& state : {u"paused"_s, u"finished"_s, u"failed"_s}) {
            studio.change(record(u"only"_s, state, 9));
            QTRY_COMPARE(studio.label(u"runState"_s)->text(), state);
            QTRY_VERIFY2(isSeen(), qPrintable(state));
            QCOMPARE(studio.window->library()->selectedRuns(), QStringList{u"only"_s});
        }
    }

    void droppingARunInTheQueueAsksTheEngineForTheNewOrder() {
        Studio studio;
        studio.start();
        RunModel* model = studio.window->library()->model();
        const QModelIndex queued = model->index(int(RunGroup::Queued), 0);
        std::unique_ptr<QMimeData> mime(model->mimeData({model->index(1, 0, queued)}));
        model->dropMimeData(mime.get(), Qt::MoveAction, 0, 0, queued);
        QTRY_COMPARE(studio.server.lastParams(u"run.queue"_s)["order"_L1].toArray(),
                     (QJsonArray{u"tinyllama"_s, u"smollm2"_s}));
    }

    void theSearchFindsNamesStatesAndMessages() {
        Studio studio;
        studio.start();
        QAbstractItemModel* shown = studio.window->library()->runs()->model();
        QAbstractItemModelTester tester(shown, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const auto count = [&] {
            int runs = 0;
            for (int i = 0; i < shown->rowCount(); ++i) runs += shown->rowCount(shown->index(i, 0));
            return runs;
        };
        QCOMPARE(count(), 6);
        studio.key(Qt::Key_F, Qt::ControlModifier);
        QTest::keyClicks(QApplication::focusWidget(), u"DISK"_s);
        QCOMPARE(count(), 1);
        QCOMPARE(shown->rowCount(), 1);
        studio.key(Qt::Key_Escape);
        QCOMPARE(count(), 6);
        QVERIFY(studio.window->library()->runs()->hasFocus());
    }

    void everythingOfARunCanBeDoneByKeys() {
        Studio studio;
        studio.start();
        studio.choose(u"qwen2.5-7b"_s);
        studio.window->library()->runs()->setFocus();
        studio.key(Qt::Key_Space);
        QTRY_COMPARE(studio.server.lastParams(u"run.pause"_s)["run"_L1].toString(), u"qwen2.5-7b"_s);
        studio.change(record(u"qwen2.5-7b"_s, u"paused"_s, 9));
        QTRY_VERIFY(studio.window->actions()->pauseOrResume->iconText().contains("Resume"_L1));
        studio.key(Qt::Key_Space);
        QTRY_COMPARE(studio.server.lastParams(u"run.resume"_s)["run"_L1].toString(), u"qwen2.5-7b"_s);
        studio.key(Qt::Key_F2);
        auto* editor = qobject_cast<QLineEdit*>(QApplication::focusWidget());
        QVERIFY(editor);
        QTest::keyClicks(editor, u"better name"_s);
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(studio.server.lastParams(u"run.rename"_s)["name"_L1].toString(), u"better name"_s);
        studio.choose(u"smollm2"_s);
        studio.window->library()->runs()->setFocus();
        studio.key(Qt::Key_Down, Qt::AltModifier);
        QTRY_COMPARE(studio.server.lastParams(u"run.queue"_s)["order"_L1].toArray(),
                     (QJsonArray{u"tinyllama"_s, u"smollm2"_s}));
        studio.key(Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(studio.window->runView()->currentPage(), u"plan"_s);
        studio.key(Qt::Key_N, Qt::ControlModifier);
        QCOMPARE(studio.wizards, 1);
        QSet<QWidget*> panes;
        for (int i = 0; i < 8; ++i) {
            studio.key(Qt::Key_F6);
            panes.insert(QApplication::focusWidget());
        }
        QVERIFY(panes.size() >= 4);
    }

    void deletingAsksAndCanBeUndone() {
        Studio studio;
        studio.start();
        studio.choose(u"demo"_s);
        studio.window->library()->runs()->setFocus();
        studio.prompts.accepts = false;
        studio.key(Qt::Key_Delete);
        QCOMPARE(studio.prompts.questions.size(), 1);
        QVERIFY(studio.prompts.questions.first().contains("demo"_L1));
        studio.prompts.accepts = true;
        studio.key(Qt::Key_Delete);
        QTRY_COMPARE(studio.server.received().count(u"run.delete"_s), 1);
        studio.server.notify(u"run.removed"_s, {{u"run"_s, u"demo"_s}});
        QTRY_VERIFY(studio.messages().contains(u"deleted"_s));
        auto* undo = studio.window->messageBar()->findChild<QPushButton*>(u"messageDeed"_s);
        QVERIFY(undo);
        QTest::mouseClick(undo, Qt::LeftButton);
        QTRY_COMPARE(studio.server.lastParams(u"run.restore"_s)["run"_L1].toString(), u"demo"_s);
        studio.change(record(u"demo"_s, u"finished"_s, 6));
        QTRY_COMPARE(studio.window->library()->selectedRuns(), QStringList{u"demo"_s});
        QVERIFY(!studio.messages().contains(u"deleted"_s));
        studio.choose(u"qwen2.5-7b"_s);
        QVERIFY(!studio.window->actions()->remove->isEnabled());
    }

    void theHeaderSaysStepShareAndTimeLeft() {
        Studio studio;
        studio.start();
        studio.choose(u"qwen2.5-7b"_s);
        QVERIFY(studio.label(u"runStep"_s)->text().contains("Step 2 of 3"_L1));
        QVERIFY(studio.label(u"runStep"_s)->text().contains("Distill"_L1));
        QCOMPARE(studio.label(u"runShare"_s)->text(), u"61 %"_s);
        QVERIFY(studio.label(u"runLeft"_s)->text().contains("1 h 39 min"_L1));
        QVERIFY(studio.label(u"runFacts"_s)->text().contains("tok/s"_L1));
        QVERIFY(studio.label(u"statusMachine"_s)->text().contains("EPYC"_L1));
        QCOMPARE(studio.label(u"statusRuns"_s)->text(), u"1 running, 2 queued"_s);
    }

    void theMessageBarSaysWhatNeedsAPerson() {
        Studio studio;
        studio.start();
        studio.choose(u"qwen2.5-7b"_s);
        QVERIFY(studio.messages().isEmpty());
        studio.choose(u"14b"_s);
        QCOMPARE(studio.messages(), QStringList{u"failed"_s});
        const Message message = studio.window->messageBar()->messages().first();
        QVERIFY(message.text.contains("disk is full"_L1));
        QVERIFY(message.text.contains("safe at the checkpoint"_L1));
        auto* resume = studio.window->messageBar()->findChild<QPushButton*>(u"messageDeed"_s);
        QTest::mouseClick(resume, Qt::LeftButton);
        QTRY_COMPARE(studio.server.lastParams(u"run.resume"_s)["run"_L1].toString(), u"14b"_s);
        studio.server.stop();
        QTRY_VERIFY(studio.messages().contains(u"lost"_s));
        QVERIFY(!studio.window->actions()->newConversion->isEnabled());
        studio.server.on(u"engine.hello"_s, [](const QJsonObject&) {
            return QJsonObject{{u"protocol"_s, u"1.0"_s}, {u"pid"_s, 77}};
        });
        studio.server.listen();
        QTRY_VERIFY_WITH_TIMEOUT(!studio.messages().contains(u"lost"_s), 10000);
        QTRY_VERIFY(studio.window->actions()->newConversion->isEnabled());
    }

    void anotherEngineProcessAndAFullDiskAreTold() {
        Studio studio;
        int pid = 100;
        studio.server.on(u"engine.hello"_s, [&](const QJsonObject&) {
            return QJsonObject{{u"protocol"_s, u"1.0"_s}, {u"pid"_s, ++pid}};
        });
        studio.server.on(u"engine.describe"_s, [](const QJsonObject&) {
            return QJsonObject{{u"disk"_s, QJsonObject{{u"total_bytes"_s, 1e12}, {u"free_bytes"_s, 1e9}}}};
        });
        studio.start();
        QTRY_VERIFY(studio.messages().contains(u"disk"_s));
        QVERIFY(!studio.messages().contains(u"restarted"_s));
        studio.server.dropSessions();
        QTRY_VERIFY(studio.messages().contains(u"restarted"_s));
    }

    void aRefusedCommandIsAMessageNotADialog() {
        Studio studio;
        studio.server.on(u"run.pause"_s, [](const QJsonObject&) {
            return ScriptedServer::error(3, u"Another process holds the run."_s, u"busy"_s);
        });
        studio.start();
        studio.choose(u"qwen2.5-7b"_s);
        studio.window->actions()->pauseOrResume->trigger();
        QTRY_COMPARE(studio.messages(), QStringList{u"error"_s});
        QCOMPARE(studio.window->messageBar()->messages().first().text, u"Another process holds the run."_s);
        QVERIFY(!QApplication::activeModalWidget());
    }

    void twoChosenRunsAreComparedAndEscGoesBackToOne() {
        Studio studio;
        studio.start();
        studio.window->library()->selectRuns({u"demo"_s, u"ablation-no-align"_s});
        QCOMPARE(studio.compared, (QStringList{u"demo"_s, u"ablation-no-align"_s}));
        QVERIFY(studio.window->comparison()->isVisible());
        QVERIFY(studio.window->actions()->compare->isEnabled());
        studio.window->library()->runs()->setFocus();
        studio.key(Qt::Key_Escape);
        QCOMPARE(studio.window->library()->selectedRuns(), QStringList{u"demo"_s});
        QVERIFY(!studio.window->comparison()->isVisible());
        QVERIFY(studio.compared.isEmpty());
        QVERIFY(!studio.window->actions()->compare->isEnabled());
    }

    void theSettingsDialogKeepsWhatIsChosen() {
        Studio studio;
        studio.start();
        studio.key(Qt::Key_Comma, Qt::ControlModifier);
        QTRY_VERIFY(QApplication::activeModalWidget());
        QWidget* dialog = QApplication::activeModalWidget();
        QVERIFY(dialog->grab().save(u"settings.png"_s));
        auto* theme = dialog->findChild<QComboBox*>(u"settingTheme"_s);
        theme->setCurrentIndex(theme->findData(u"dark"_s));
        QTest::keyClick(dialog, Qt::Key_Return);
        QTRY_VERIFY(!QApplication::activeModalWidget());
        QCOMPARE(studio.settings.value(Setting::ThemeMode).toString(), u"dark"_s);
        QCOMPARE(studio.settings.value(Setting::Notifications).toBool(), true);
    }

    void withoutRunsTheDemoIsOneClickAway() {
        Studio studio;
        studio.runs = {};
        studio.queue = {};
        studio.server.on(u"plan.presets"_s, [](const QJsonObject&) {
            return QJsonObject{
                {u"presets"_s, QJsonArray{QJsonObject{{u"id"_s, u"demo-rad-rwkv7"_s},
                                                      {u"plan"_s, QJsonObject{{u"name"_s, u"demo"_s}}}}}}};
        });
        studio.server.on(u"run.start"_s, [&](const QJsonObject&) { return QJsonObject{{u"run"_s, u"demo-1"_s}}; });
        studio.start();
        auto* button = studio.window->findChild<QPushButton*>(u"tryDemo"_s);
        QVERIFY(button && button->isVisible());
        QTRY_VERIFY(button->isEnabled());
        studio.window->grab().save(u"window-empty.png"_s);
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY(studio.server.received().contains(u"run.start"_s));
        QCOMPARE(studio.server.lastParams(u"run.start"_s)["plan"_L1]["name"_L1].toString(), u"demo"_s);
        QVERIFY(!studio.server.lastParams(u"run.start"_s)["key"_L1].toString().isEmpty());
        studio.change(record(u"demo-1"_s, u"running"_s, 1));
        QTRY_COMPARE(studio.window->library()->selectedRuns(), QStringList{u"demo-1"_s});
    }

    void theLogGrowsAndThePlanCanBeCopied() {
        Studio studio;
        studio.start();
        studio.choose(u"qwen2.5-7b"_s);
        studio.window->runView()->showPage(u"log"_s);
        auto* log = studio.window->findChild<LogModel*>();
        QVERIFY(log);
        QAbstractItemModelTester tester(log, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_VERIFY(studio.server.received().contains(u"run.attach"_s));
        for (int seq = 1; seq <= 5; ++seq)
            studio.server.notify(u"run.event"_s,
                                 {{u"run"_s, u"qwen2.5-7b"_s},
                                  {u"event"_s, QJsonObject{{u"seq"_s, seq},
                                                           {u"event"_s, seq == 3 ? u"warning"_s : u"log"_s},
                                                           {u"time"_s, u"2026-01-01T10:00:00.000Z"_s},
                                                           {u"message"_s, u"line %1"_s.arg(seq)}}}});
        QTRY_COMPARE(log->rowCount(), 5);
        QCOMPARE(log->index(2, LogModel::Level).data().toString(), u"warning"_s);
        studio.window->runView()->showPage(u"plan"_s);
        QTRY_VERIFY(
            studio.window->findChild<QPlainTextEdit*>(u"planText"_s)->toPlainText().contains("radlads.plan/1"_L1));
        QTest::mouseClick(studio.window->findChild<QPushButton*>(u"copyCommand"_s), Qt::LeftButton);
        QCOMPARE(QApplication::clipboard()->text(), u"radlads-engine run '/data/runs/qwen2.5-7b/plan.json'"_s);
        QTest::mouseClick(studio.window->findChild<QPushButton*>(u"planNewFromThis"_s), Qt::LeftButton);
        QCOMPARE(studio.wizardPlan["name"_L1].toString(), u"p"_s);
        studio.window->runView()->showPage(u"files"_s);
        QTRY_COMPARE(studio.server.lastParams(u"run.files"_s)["run"_L1].toString(), u"qwen2.5-7b"_s);
    }

    void theWindowComesBackWhereItWas() {
        Studio studio;
        studio.start();
        studio.choose(u"demo"_s);
        studio.window->runView()->showPage(u"files"_s);
        studio.window->resize(1111, 700);
        studio.window->close();
        studio.window.reset();
        studio.engines.reset();
        studio.start();
        QTRY_COMPARE(studio.window->library()->selectedRuns(), QStringList{u"demo"_s});
        QCOMPARE(studio.window->runView()->currentPage(), u"files"_s);
        QCOMPARE(studio.window->size(), QSize(1111, 700));
        QVERIFY(!studio.server.received().contains(u"run.stop"_s));
    }

    void enginesAreAddedEditedAndRemoved() {
        Studio studio;
        studio.start();
        EngineModel model(studio.engines.get());
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        studio.engines->add({u"nowhere.invalid"_s, u"Nowhere"_s, {}, u"nowhere.invalid"_s});
        QCOMPARE(model.rowCount(), 2);
        studio.window->library()->setCurrentEngine(1);
        QVERIFY(studio.window->library()->selectedRuns().isEmpty());
        studio.engines->replace(1, {u"other.invalid"_s, u"Other"_s, {}, u"other.invalid"_s});
        QVERIFY(model.index(1).data().toString().startsWith("Other"_L1));
        QCOMPARE(studio.settings.value(Setting::Engines).toList().size(), 1);
        studio.engines->remove(1);
        QCOMPARE(model.rowCount(), 1);
        QCOMPARE(studio.window->library()->currentEngine(), 0);
        QCOMPARE(studio.settings.value(Setting::Engines).toList().size(), 0);
    }

    void anEndedRunIsToldOnce() {
        Studio studio;
        studio.start();
        auto* notifier = studio.window->findChild<Notifier*>();
        QSignalSpy told(notifier, &Notifier::told);
        studio.change(record(u"qwen2.5-7b"_s, u"finished"_s, 9));
        studio.change(record(u"qwen2.5-7b"_s, u"finished"_s, 9, {{u"notes"_s, u"x"_s}}));
        QTRY_COMPARE(studio.engines->store(0)->find(u"qwen2.5-7b"_s)->notes, u"x"_s);
        QCOMPARE(told.count(), 1);
        QVERIFY(told.at(0).at(0).toString().contains("qwen2.5-7b"_L1));
    }

    void everythingThatTakesTheFocusHasAName() {
        Studio studio;
        studio.start();
        studio.choose(u"14b"_s);
        for (int i = 0; i < studio.window->runView()->pageCount(); ++i) studio.window->runView()->showPage(i);
        QStringList nameless;
        int seen = 0;
        for (const QWidget* widget : studio.window->findChildren<QWidget*>()) {
            const bool isInner = widget->objectName().startsWith("qt_"_L1) || widget->inherits("QHeaderView") ||
                                 widget->inherits("QMenu") || widget->inherits("QMenuBar") ||
                                 widget->inherits("QComboBoxPrivateContainer") ||
                                 widget->inherits("QComboBoxListView") || widget->inherits("QLineEditIconButton") ||
                                 widget->inherits("QSplitterHandle");
            if (isInner || !(widget->focusPolicy() & Qt::TabFocus)) continue;
            ++seen;
            if (widget->accessibleName().isEmpty() || widget->objectName().isEmpty())
                nameless.append(QLatin1String(widget->metaObject()->className()) + u' ' + widget->objectName());
        }
        QVERIFY(seen > 15);
        QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(u", "_s)));
    }

    void itFitsTheSmallestWindowInBothThemes_data() {
        QTest::addColumn<Theme::Mode>("mode");
        QTest::newRow("light") << Theme::Mode::Light;
        QTest::newRow("dark") << Theme::Mode::Dark;
    }
    void itFitsTheSmallestWindowInBothThemes() {
        QFETCH(Theme::Mode, mode);
        Studio studio;
        studio.start();
        Theme::instance().apply(mode);
        studio.window->resize(1024, 640);
        const QString tone = mode == Theme::Mode::Dark ? u"dark"_s : u"light"_s;
        studio.choose(u"14b"_s);
        QCOMPARE(studio.window->size(), QSize(1024, 640));
        for (int i = 0; i < studio.window->runView()->pageCount(); ++i) {
            studio.window->runView()->showPage(i);
            QCoreApplication::sendPostedEvents();
            QVERIFY(
                studio.window->grab().save(u"window-%1-%2.png"_s.arg(studio.window->runView()->currentPage(), tone)));
        }
        studio.choose(u"qwen2.5-7b"_s);
        QVERIFY(studio.window->grab().save(u"window-running-%1.png"_s.arg(tone)));
        for (const QPushButton* button : studio.window->findChildren<QPushButton*>())
            if (button->isVisible())
                QVERIFY2(button->width() >= button->minimumSizeHint().width(), qPrintable(button->objectName()));
        Theme::instance().apply(Theme::Mode::Light);
    }
};

QTEST_MAIN(WindowTest)
#include "window_test.moc"
