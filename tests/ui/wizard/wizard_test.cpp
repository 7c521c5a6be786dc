// The wizard as a person uses it: by keyboard and mouse, against a scripted engine.
#include <QAbstractButton>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QTest>
#include <QTreeWidget>
#include <numeric>

#include "tests/ui/wizard/wizard_engine.h"
#include "ui/wizard/conversion_wizard.h"
#include "ui/wizard/layer_strip.h"
#include "ui/wizard/schedule_view.h"
#include "ui/wizard/wizard_model.h"

using namespace Qt::StringLiterals;
using namespace radlads;
using namespace radlads::ui;
using tests::ScriptedServer;
using tests::WizardEngine;

class WizardTest : public QObject {
    Q_OBJECT

    // An engine, a connection and a shown wizard.
    struct Stage {
        WizardEngine engine;
        EngineClient client;
        ConversionWizard wizard;

        Stage() : client(engine.server.address()), wizard(&client) {
            client.connectToEngine();
            wizard.show();
        }
        template <class T>
        T* find(const QString& name) {
            T* widget = wizard.findChild<T*>(name);
            if (!widget) qFatal("there is no %s", qPrintable(name));
            return widget;
        }
        bool isReady() {
            return QTest::qWaitForWindowExposed(&wizard) && QTest::qWaitFor([&] {
                       return find<QComboBox>(u"presets"_s)->count() == 3 &&
                              find<QTreeWidget>(u"models"_s)->topLevelItemCount() == 2;
                   });
        }
        void startDemo() { wizard.setPlanJson(tests::presetPlan(u"demo-rad-rwkv7"_s)); }
        void type(const QString& edit, const QString& text) {
            auto* line = find<QLineEdit>(edit);
            line->setFocus();
            line->selectAll();
            QTest::keyClicks(line, text);
            QTest::keyClick(line, Qt::Key_Return);
        }
        void choosePreset(int index) {
            auto* presets = find<QComboBox>(u"presets"_s);
            presets->setFocus();
            QTest::keyClick(presets, Qt::Key_End);
            QTest::keyClick(presets, Qt::Key_Home);
            for (int i = 0; i < index; ++i) QTest::keyClick(presets, Qt::Key_Down);
        }
    };

    static QString presetDocument() {
        const QByteArray text = QJsonDocument(tests::presetPlan(u"demo-rad-rwkv7"_s)).toJson();
        return QString::fromStdString(protocol::writePlan(*protocol::parsePlan(text.toStdString(), "preset")));
    }

private Q_SLOTS:
    void hardwareOffersWhatTheEngineSaysItCanDo() {
        const auto isOffered = [](Stage& stage, const QString& field, int row) {
            return stage.find<QComboBox>(u"edit.hardware."_s + field)
                ->model()
                ->index(row, 0)
                .flags()
                .testFlag(Qt::ItemIsEnabled);
        };
        Stage stage;
        QVERIFY(stage.isReady());
        auto* precision = stage.find<QComboBox>(u"edit.hardware.precision"_s);
        QTRY_COMPARE(precision->count(), 3);
        QVERIFY(isOffered(stage, u"precision"_s, 0) && !isOffered(stage, u"precision"_s, 1));
        QVERIFY(!isOffered(stage, u"precision"_s, 2));
        QVERIFY(!isOffered(stage, u"activation_checkpointing"_s, 2));
        QVERIFY(!isOffered(stage, u"sharding"_s, 2));
        bool isSaid = false;
        for (const QLabel* label : stage.wizard.findChildren<QLabel*>()) isSaid |= label->text() == u"of 16; 0: all"_s;
        QVERIFY(isSaid);

        Stage other;
        other.engine.supports = {{u"precision"_s, QJsonArray{u"fp32"_s, u"bf16"_s}},
                                 {u"sharding"_s, QJsonArray{u"none"_s, u"full"_s}}};
        QVERIFY(other.isReady());
        QTRY_VERIFY(isOffered(other, u"precision"_s, 1) && !isOffered(other, u"precision"_s, 2));
        QVERIFY(isOffered(other, u"activation_checkpointing"_s, 2));  // nothing is said of it
        QVERIFY(isOffered(other, u"sharding"_s, 2) && !isOffered(other, u"sharding"_s, 1));
    }

    void theDemoMadeThroughThePagesIsThePresetsPlan() {
        Stage stage;
        QVERIFY(stage.isReady());
        auto* models = stage.find<QTreeWidget>(u"models"_s);
        models->setFocus();
        QTest::keyClick(models, Qt::Key_Home);
        QTest::keyClick(models, Qt::Key_Return);
        QCOMPARE(stage.wizard.model()->plan().teacher.path, std::string("demo"));
        QTest::keyClick(&stage.wizard, Qt::Key_3, Qt::ControlModifier);
        auto* demo = stage.find<QPushButton>(u"demoText"_s);
        QTRY_VERIFY(demo->isVisible());
        demo->setFocus();
        QTest::keyClick(demo, Qt::Key_Space);
        QTest::keyClick(&stage.wizard, Qt::Key_4, Qt::ControlModifier);
        stage.choosePreset(0);
        QCOMPARE(stage.wizard.model()->document(), presetDocument());
        QTest::keyClick(&stage.wizard, Qt::Key_6, Qt::ControlModifier);
        QCOMPARE(stage.find<QPlainTextEdit>(u"planText"_s)->toPlainText(), presetDocument());
        QTRY_VERIFY(stage.find<QPushButton>(u"start"_s)->isEnabled());
    }

    void ctrlZTakesBackWhatWasTypedAndCtrlYBringsItBack() {
        Stage stage;
        QVERIFY(stage.isReady());
        stage.startDemo();
        stage.wizard.showPage(3);
        stage.type(u"edit.steps.0.tokens"_s, u"5M"_s);
        QCOMPARE(stage.wizard.model()->plan().steps[0].tokens, 5'000'000);
        auto* line = stage.find<QLineEdit>(u"edit.steps.0.tokens"_s);
        QTest::keyClick(line, Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(stage.wizard.model()->plan().steps[0].tokens, 700'000);
        QCOMPARE(line->text(), u"700k"_s);
        QTest::keyClick(line, Qt::Key_Y, Qt::ControlModifier);
        QCOMPARE(stage.wizard.model()->plan().steps[0].tokens, 5'000'000);
    }

    void aProblemIsShownAtItsFieldAndTheReviewLeadsThere() {
        Stage stage;
        QVERIFY(stage.isReady());
        stage.startDemo();
        stage.wizard.showPage(3);
        stage.type(u"edit.steps.0.micro_batch_size"_s, u"7"_s);
        auto* problem = stage.find<QLabel>(u"problem.steps.0.micro_batch_size"_s);
        QTRY_VERIFY(problem->isVisible());
        QVERIFY2(problem->text().contains(u"does not divide"_s), qPrintable(problem->text()));
        auto* steps = stage.find<QListWidget>(u"steps"_s);
        QVERIFY(steps->item(3)->text().contains(u"Needs attention"_s));
        stage.wizard.showPage(5);
        QVERIFY(!stage.find<QPushButton>(u"start"_s)->isEnabled());
        auto* problems = stage.find<QListWidget>(u"problems"_s);
        QCOMPARE(problems->count(), 1);
        problems->setFocus();
        problems->setCurrentRow(0);
        QTest::keyClick(problems, Qt::Key_Return);
        QCOMPARE(steps->currentRow(), 3);
        QTRY_COMPARE(QApplication::focusWidget(), stage.find<QLineEdit>(u"edit.steps.0.micro_batch_size"_s));
        QTRY_VERIFY(stage.find<QLabel>(u"explanation"_s)->text().contains(u"never the result"_s));
    }

    void whatIsNoNumberIsSaidBesideTheField() {
        Stage stage;
        QVERIFY(stage.isReady());
        stage.startDemo();
        stage.wizard.showPage(3);
        stage.type(u"edit.steps.0.tokens"_s, u"lots"_s);
        QVERIFY(stage.find<QLabel>(u"problem.steps.0.tokens"_s)->text().contains(u"This is no number"_s));
        QCOMPARE(stage.wizard.model()->plan().steps[0].tokens, 700'000);
    }

    void theEnginesProblemsAreShownAtTheirFields() {
        Stage stage;
        stage.engine.problems = {QJsonObject{{u"key"_s, u"hardware.threads"_s},
                                             {u"message"_s, u"hardware.threads: there are 8 cores alone"_s}}};
        QVERIFY(stage.isReady());
        stage.startDemo();
        stage.wizard.showPage(4);
        auto* problem = stage.find<QLabel>(u"problem.hardware.threads"_s);
        QTRY_VERIFY(problem->isVisible());
        QVERIFY2(problem->text().endsWith(u" There are 8 cores alone."_s), qPrintable(problem->text()));
        QVERIFY(!problem->text().contains(u"hardware"_s));
    }

    void movingOneShareKeepsTheSumAt100() {
        Stage stage;
        QVERIFY(stage.isReady());
        QJsonObject plan = tests::presetPlan(u"demo-rad-rwkv7"_s);
        QJsonArray sources;
        for (const char* path : {"/a", "/b", "/c"}) sources.append(QJsonObject{{u"path"_s, QLatin1String(path)}});
        plan[u"data"_s] = QJsonObject{{u"sources"_s, sources}};
        stage.wizard.setPlanJson(plan);
        stage.wizard.showPage(2);
        auto* slider = stage.find<QSlider>(u"weight.1"_s);
        slider->setFocus();
        for (const Qt::Key key :
             {Qt::Key_Right, Qt::Key_PageUp, Qt::Key_PageUp, Qt::Key_End, Qt::Key_Left, Qt::Key_Home}) {
            QTest::keyClick(slider, key);
            int sum = 0;
            for (int i = 0; i < 3; ++i) sum += stage.find<QSpinBox>(u"percent.%1"_s.arg(i))->value();
            QCOMPARE(sum, 100);
        }
        double weights = 0;
        for (const auto& source : stage.wizard.model()->plan().data.sources) weights += source.weight;
        QVERIFY(std::abs(weights - 1) < 1e-9);
    }

    void theLayerStripIsUsedByKeyboard() {
        Stage stage;
        QVERIFY(stage.isReady());
        stage.startDemo();
        stage.wizard.showPage(1);
        auto* strip = stage.find<LayerStrip>(u"layers"_s);
        QTRY_VERIFY(strip->focusPolicy() == Qt::StrongFocus);
        strip->setFocus();
        QTest::keyClick(strip, Qt::Key_End);
        QTest::keyClick(strip, Qt::Key_Space);
        QTest::keyClick(strip, Qt::Key_Left);
        QTest::keyClick(strip, Qt::Key_Left);
        QTest::keyClick(strip, Qt::Key_Space);
        QCOMPARE(stage.wizard.model()->plan().student.attentionLayers, (std::vector<int64_t>{21, 23}));
        QVERIFY(strip->accessibleDescription().contains(u"Layer 22 of 24 keeps"_s));
        QTest::keyClick(strip, Qt::Key_Space);
        QCOMPARE(stage.wizard.model()->plan().student.attentionLayers, (std::vector<int64_t>{23}));
    }

    void draggingABlocksEdgeChangesItsTokensInOneStepOfUndo() {
        Stage stage;
        QVERIFY(stage.isReady());
        stage.startDemo();
        stage.wizard.showPage(3);
        auto* view = stage.find<ScheduleView>(u"timeline"_s);
        QTRY_VERIFY(view->width() > 200);
        const QPoint edge = view->blockOf(0).toRect().topRight() + QPoint(-1, 12);
        QTest::mousePress(view, Qt::LeftButton, {}, edge);
        QTest::mouseMove(view, edge + QPoint(10, 0));
        QTest::mouseMove(view, edge + QPoint(40, 0));
        QTest::mouseRelease(view, Qt::LeftButton, {}, edge + QPoint(40, 0));
        QVERIFY(stage.wizard.model()->plan().steps[0].tokens > 700'000);
        stage.wizard.model()->undoStack()->undo();
        QCOMPARE(stage.wizard.model()->plan().steps[0].tokens, 700'000);
    }

    void theEstimateTurnsRedAndTheOfferedChangeMakesItFit() {
        Stage stage;
        stage.engine.deviceBytes = 3e9;
        QVERIFY(stage.isReady());
        stage.startDemo();
        auto* estimate = stage.find<QLabel>(u"estimate"_s);
        auto* remedy = stage.find<QPushButton>(u"remedy"_s);
        // 2.1 GB and 4 windows of 256 at 2 MB a token make 4.1 GB; one window makes 2.6 GB.
        QTRY_VERIFY(estimate->text().startsWith(u"Does not fit"_s));
        QTRY_VERIFY(remedy->isVisible());
        QVERIFY2(remedy->text().contains(u"micro-batches of 1"_s), qPrintable(remedy->text()));
        QTest::mouseClick(remedy, Qt::LeftButton);
        QCOMPARE(stage.wizard.model()->plan().steps[1].microBatchSize, 1);
        QTRY_VERIFY(!estimate->text().startsWith(u"Does not fit"_s));
        QTRY_VERIFY(!remedy->isVisible());
    }

    void aFailedDownloadSaysWhyAndWhatToDo() {
        Stage stage;
        stage.engine.server.on(u"model.download"_s, [](const QJsonObject&) { return QJsonObject{{u"job"_s, u"7"_s}}; });
        QVERIFY(stage.isReady());
        stage.type(u"downloadName"_s, u"Qwen/Nothing"_s);
        QTRY_VERIFY(stage.engine.server.received().contains(u"model.download"_s));
        QCOMPARE(stage.engine.server.lastParams(u"model.download"_s).value(u"name"_s).toString(), u"Qwen/Nothing"_s);
        const QString reason = u"There is no model Qwen/Nothing on the hub; check the spelling."_s;
        stage.engine.server.notify(u"job.finished"_s,
                                   {{u"job"_s, u"7"_s},
                                    {u"error"_s, QJsonObject{{u"code"_s, 5},
                                                             {u"message"_s, reason},
                                                             {u"data"_s, QJsonObject{{u"kind"_s, u"missing"_s}}}}}});
        auto* problem = stage.find<QLabel>(u"downloadProblem"_s);
        QTRY_VERIFY(problem->isVisible());
        QVERIFY2(problem->text().contains(reason), qPrintable(problem->text()));
        QVERIFY(stage.find<QPushButton>(u"download"_s)->isEnabled());
    }

    void aLostConnectionDuringStartAsksAgainWithTheSameKeyAndStartsOnce() {
        Stage stage;
        QStringList keys;
        // The first request is recorded and the connection lost before its answer.
        stage.engine.server.onEverything([&](const QString& method, const QJsonObject& params) {
            if (method != u"run.start"_s) return;
            keys.append(params.value(u"key"_s).toString());
            if (keys.size() == 1) stage.engine.server.dropSessions();
        });
        stage.engine.server.on(u"run.start"_s, [](const QJsonObject&) { return QJsonObject{{u"run"_s, u"demo-1"_s}}; });
        QVERIFY(stage.isReady());
        stage.startDemo();
        stage.wizard.showPage(5);
        auto* start = stage.find<QPushButton>(u"start"_s);
        QTRY_VERIFY(start->isEnabled());
        QSignalSpy started(&stage.wizard, &ConversionWizard::started);
        start->setFocus();
        QTest::keyClick(start, Qt::Key_Space);
        QVERIFY(!start->isEnabled());
        QTRY_COMPARE_WITH_TIMEOUT(started.count(), 1, 10000);
        QCOMPARE(started.first().first().toString(), u"demo-1"_s);
        QCOMPARE(keys.size(), 2);
        QCOMPARE(QSet<QString>(keys.begin(), keys.end()).size(), 1);
    }

    void whatCanBeFocusedHasANameForTheScreenReader() {
        Stage stage;
        QVERIFY(stage.isReady());
        stage.startDemo();
        for (QWidget* widget : stage.wizard.findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || widget->isHidden() || widget->inherits("QScrollArea") ||
                widget->inherits("QStackedWidget"))
                continue;
            if (widget->objectName().startsWith(u"qt_"_s) || widget->inherits("QComboBoxPrivateContainer") ||
                widget->inherits("QComboBoxListView") || widget->inherits("QMenu") || widget->inherits("QHeaderView"))
                continue;
            const auto* button = qobject_cast<QAbstractButton*>(widget);
            const bool isNamed = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
            QVERIFY2(isNamed, qPrintable(u"%1 %2 has no name"_s.arg(QLatin1String(widget->metaObject()->className()),
                                                                    widget->objectName())));
        }
    }

    void anEngineThatCannotLookIntoModelsStillStartsTheDemo() {
        Stage stage;
        for (const char* method : {"model.list", "model.inspect", "data.preview", "plan.preview"})
            stage.engine.server.on(QLatin1String(method), [](const QJsonObject&) {
                return ScriptedServer::error(-32601, u"There is no such method."_s, u"method"_s);
            });
        stage.engine.server.on(u"run.start"_s, [](const QJsonObject&) { return QJsonObject{{u"run"_s, u"demo-1"_s}}; });
        auto* models = stage.find<QTreeWidget>(u"models"_s);
        QTRY_COMPARE(models->topLevelItemCount(), 1);
        models->setFocus();
        models->setCurrentItem(models->topLevelItem(0));
        QTest::keyClick(models, Qt::Key_Return);
        stage.startDemo();
        QSignalSpy queued(&stage.wizard, &ConversionWizard::queued);
        stage.wizard.showPage(5);
        auto* queue = stage.find<QPushButton>(u"addToQueue"_s);
        QTRY_VERIFY(queue->isEnabled());
        for (int i = 0; i < 3; ++i)
            QVERIFY(!stage.find<QListWidget>(u"steps"_s)->item(i)->text().contains(u"Needs attention"_s));
        QTest::mouseClick(queue, Qt::LeftButton);
        QTRY_COMPARE(queued.count(), 1);
        QVERIFY(stage.engine.server.lastParams(u"run.start"_s).value(u"queue"_s).toBool());
    }

    void aBrokenPlanFileIsNamedAndNothingIsLost() {
        Stage stage;
        QVERIFY(stage.isReady());
        stage.startDemo();
        const QString before = stage.wizard.model()->document();
        QTemporaryDir directory;
        QFile file(directory.filePath(u"plan.json"_s));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("{\"schema\": \"radlads.plan/1\", \"teachr\": {}}");
        file.close();
        stage.wizard.openPlanFile(file.fileName());
        auto* notice = stage.find<QLabel>(u"notice"_s);
        QVERIFY(notice->isVisible());
        QVERIFY2(notice->text().contains(u"did you mean \"teacher\"?"_s), qPrintable(notice->text()));
        QCOMPARE(stage.wizard.model()->document(), before);
    }
};

QTEST_MAIN(WizardTest)
#include "wizard_test.moc"
