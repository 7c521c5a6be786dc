#include "tests/ui/scenes/scenes.h"

#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabBar>
#include <QTabWidget>
#include <QToolButton>
#include <QTreeView>
#include <QTreeWidget>

#include "ui/chart/chart.h"
#include "ui/playground/evaluate_dialog.h"
#include "ui/playground/evaluate_page.h"
#include "ui/playground/export_dialog.h"
#include "ui/window/library_panel.h"
#include "ui/window/run_actions.h"
#include "ui/window/run_view.h"
#include "ui/wizard/conversion_wizard.h"
#include "ui/wizard/remote_file_dialog.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::tests {

using namespace Qt::StringLiterals;
using namespace radlads::ui;

namespace {

const QSize kUsual(1280, 800), kSmallest(1024, 640), kWide(1920, 1080);

QWidget* run(Stage& stage, const QString& name, const QString& page, QSize size = kUsual) {
    stage.show(size);
    stage.openRun(name, page);
    return &stage.window();
}

Scene page(const QString& name, const QString& runName, const QString& tab, QSize size = kUsual) {
    return {name, [] { return std::make_unique<Stage>(); },
            [runName, tab, size](Stage& stage) { return run(stage, runName, tab, size); }};
}

Scene onRun(const QString& name, const QString& runName, const QString& tab,
            const std::function<QWidget*(Stage&)>& then, QSize size = kUsual) {
    return {name, [] { return std::make_unique<Stage>(); },
            [=](Stage& stage) {
                run(stage, runName, tab, size);
                return then(stage);
            }};
}

// The dialog that the program itself opens.
QWidget* openedBy(Stage& stage, QAction* action) {
    action->trigger();
    QWidget* opened = nullptr;
    Stage::waitFor([&] {
        for (QDialog* dialog : stage.window().findChildren<QDialog*>())
            if (dialog->isVisible()) opened = dialog;
        return opened != nullptr;
    });
    if (!opened) qFatal("no dialog opens");
    return opened;
}

QWidget* popup(Stage& stage, QMenu* menu) {
    menu->popup(stage.window().mapToGlobal(QPoint(80, 80)));
    return menu;
}

QWidget* menuOfBar(Stage& stage, int index) {
    return popup(stage, stage.window().menuBar()->actions().at(index)->menu());
}

QJsonObject wizardPlan() {
    QJsonObject plan = presetPlan(u"paper-2a-rwkv7"_s);
    plan[u"teacher"_s] = QJsonObject{{u"path"_s, u"/m/Qwen2.5-0.5B"_s}};
    plan[u"data"_s] = QJsonObject{
        {u"sources"_s, QJsonArray{QJsonObject{{u"path"_s, u"/data/dclm"_s}, {u"weight"_s, 0.9}},
                                  QJsonObject{{u"path"_s, u"/data/thoughts.jsonl.zst"_s}, {u"weight"_s, 0.1}}}}};
    return plan;
}

ConversionWizard* wizard(Stage& stage, const QJsonObject& plan) {
    stage.show(kUsual);
    stage.window().openWizard(plan);
    auto* opened = stage.find<ConversionWizard>(u"conversionWizard"_s);
    Stage::waitFor([&] {
        return opened->findChild<QComboBox*>(u"presets"_s)->count() > 1 &&
               opened->findChild<QTreeWidget*>(u"models"_s)->topLevelItemCount() == 2;
    });
    return opened;
}

QWidget* settled(ConversionWizard* opened) {
    Stage::waitFor([&] { return opened->findChild<QLabel*>(u"estimate"_s)->text().contains(u'·'); });
    return opened;
}

Scene wizardPage(const QString& name, int index) {
    return {name, [] { return std::make_unique<Stage>(); },
            [index](Stage& stage) {
                ConversionWizard* opened = wizard(stage, wizardPlan());
                opened->model()->set(u"steps.1.tokens"_s, 400000000, u"change"_s);
                opened->model()->set(u"student.attention_layers"_s, QJsonArray{22, 23}, u"change"_s);
                opened->showPage(index);
                return settled(opened);
            }};
}

ConversionWizard* wrongWizard(Stage& stage) {
    stage.engine().deviceBytes = 24e9;
    stage.engine().problems = {QJsonObject{{u"key"_s, u"data.sources.1.path"_s},
                                           {u"message"_s, u"data.sources.1.path: no such file or folder"_s}}};
    ConversionWizard* opened = wizard(stage, wizardPlan());
    opened->model()->set(u"steps.0.micro_batch_size"_s, 7, u"change"_s);
    opened->model()->set(u"steps.1.sequence_length"_s, 16384, u"change"_s);
    settled(opened);
    return opened;
}

QString words(int count) {
    static const QStringList list{u" the"_s, u" kind"_s, u" ted"_s, u" sees"_s, u" a"_s,   u" poor"_s, u" shop"_s,
                                  u" ."_s,   u" here"_s, u" is"_s,  u" a"_s,    u" wet"_s, u" fork"_s, u" ."_s};
    QString text;
    for (int i = 0; i < count; ++i) text += list.at(i % list.size());
    return text;
}

// Both models have written some text; the run goes on in the pane of the student.
QWidget* writing(Stage& stage) {
    stage.find<QPlainTextEdit>(u"prompt"_s)
        ->setPlainText(u"one day a kind ted has a wet fork . here is a blue bat near a pale lake ."_s);
    stage.find<QPushButton>(u"generate"_s)->click();
    Stage::waitFor([&] { return stage.engine().jobCount() == 2; });
    for (int step = 0; step <= 40; ++step) {
        const int context = 20 + step * 6;
        stage.engine().jobEvent(1, {{u"text"_s, step == 0 ? QString() : words(6)},
                                    {u"tokens"_s, step * 6},
                                    {u"context_tokens"_s, context},
                                    {u"tokens_per_second"_s, 412.3},
                                    {u"state_bytes"_s, context * 4096.0}});
        stage.engine().jobEvent(2, {{u"text"_s, step == 0 ? QString() : words(6)},
                                    {u"tokens"_s, step * 6},
                                    {u"context_tokens"_s, context},
                                    {u"tokens_per_second"_s, 873.9},
                                    {u"state_bytes"_s, 262144.0}});
    }
    stage.engine().jobResult(1, {{u"text"_s, QString()},
                                 {u"tokens"_s, 240},
                                 {u"tokens_per_second"_s, 412.3},
                                 {u"state_bytes"_s, 1064960},
                                 {u"ended"_s, true}});
    auto* status = stage.find<QLabel>(u"teacherStatus"_s);
    Stage::waitFor([&] { return status->text().contains(u"240"_s); });
    return &stage.window();
}

ExportDialog* exporting(Stage& stage, const QString& name) {
    auto dialog = std::make_unique<ExportDialog>(stage.store()->client(), *stage.store()->find(name));
    dialog->show();
    return stage.keep(std::move(dialog));
}

void addWindowScenes(std::vector<Scene>& all) {
    all.push_back({u"welcome"_s, [] { return std::make_unique<Stage>(StudioEngine::Library::Empty); },
                   [](Stage& stage) {
                       stage.show(kUsual);
                       return &stage.window();
                   }});
    all.push_back({u"welcome-no-engine"_s,
                   [] { return std::make_unique<Stage>(StudioEngine::Library::Empty, Stage::Engines::None); },
                   [](Stage& stage) {
                       stage.show(kSmallest);
                       return &stage.window();
                   }});
    all.push_back({u"engine-failed"_s,
                   [] { return std::make_unique<Stage>(StudioEngine::Library::Full, Stage::Engines::FailedRemote); },
                   [](Stage& stage) {
                       stage.show(kUsual);
                       auto* list = stage.find<QListView>(u"engines"_s);
                       Stage::waitFor([&] { return list->model()->rowCount() == 2; });
                       list->setCurrentIndex(list->model()->index(1, 0));
                       auto* problem = stage.find<QLabel>(u"engineProblem"_s);
                       Stage::waitFor([&] { return !problem->text().isEmpty(); });
                       return &stage.window();
                   }});
    all.push_back(onRun(
        u"library-no-match"_s, u"demo"_s, u"monitor"_s,
        [](Stage& stage) {
            stage.window().library()->search()->setText(u"mamba"_s);
            return &stage.window();
        },
        kSmallest));
    all.push_back(page(u"monitor-live"_s, u"qwen2.5-7b"_s, u"monitor"_s));
    all.push_back(page(u"monitor-live-small"_s, u"qwen2.5-7b"_s, u"monitor"_s, kSmallest));
    all.push_back(page(u"monitor-live-wide"_s, u"qwen2.5-7b"_s, u"monitor"_s, kWide));
    all.push_back(page(u"monitor-paused"_s, u"long-context"_s, u"monitor"_s, kSmallest));
    all.push_back(page(u"monitor-failed"_s, u"qwen2.5-14b"_s, u"monitor"_s));
    all.push_back(page(u"monitor-interrupted"_s, u"overnight"_s, u"monitor"_s));
    all.push_back(page(u"monitor-finished"_s, u"ablation-no-align"_s, u"monitor"_s));
    all.push_back(page(u"monitor-queued"_s, u"smollm2-1.7b"_s, u"monitor"_s));
    all.push_back(page(u"layers"_s, u"qwen2.5-7b"_s, u"layers"_s));
    all.push_back(page(u"layers-small"_s, u"qwen2.5-7b"_s, u"layers"_s, kSmallest));
    all.push_back(page(u"layers-empty"_s, u"next-idea"_s, u"layers"_s));
    all.push_back(page(u"log"_s, u"ablation-no-align"_s, u"log"_s));
    all.push_back(page(u"log-empty"_s, u"next-idea"_s, u"log"_s, kSmallest));
    all.push_back(page(u"plan"_s, u"qwen2.5-7b"_s, u"plan"_s));
    all.push_back(page(u"files"_s, u"qwen2.5-7b"_s, u"files"_s, kSmallest));
    const auto compare = [](Stage& stage, QSize size) {
        stage.show(size);
        stage.window().library()->selectRuns({u"demo"_s, u"ablation-no-align"_s, u"qwen2.5-7b"_s});
        for (const char* name : {"demo", "ablation-no-align", "qwen2.5-7b"}) {
            const auto history = stage.store()->history(QLatin1String(name));
            Stage::waitFor([&] { return history->isLive(); });
        }
        return &stage.window();
    };
    all.push_back({u"compare"_s, [] { return std::make_unique<Stage>(); },
                   [compare](Stage& stage) { return compare(stage, kUsual); }});
    all.push_back({u"compare-plans-small"_s, [] { return std::make_unique<Stage>(); },
                   [compare](Stage& stage) {
                       compare(stage, kSmallest);
                       stage.find<QTabWidget>(u"compareTabs"_s)->setCurrentIndex(1);
                       return &stage.window();
                   }});
}

void addPlaygroundScenes(std::vector<Scene>& all) {
    const auto setReady = [](Stage& stage) {
        Stage::waitFor([&] { return stage.find<QComboBox>(u"evaluationSet"_s)->count() > 0; });
    };
    all.push_back(page(u"evaluate-empty"_s, u"qwen2.5-7b"_s, u"evaluate"_s));
    all.push_back(onRun(u"evaluate"_s, u"demo"_s, u"evaluate"_s, [=](Stage& stage) {
        setReady(stage);
        return &stage.window();
    }));
    all.push_back(onRun(
        u"evaluate-small"_s, u"ablation-no-align"_s, u"evaluate"_s,
        [=](Stage& stage) {
            setReady(stage);
            return &stage.window();
        },
        kSmallest));
    all.push_back(onRun(u"evaluate-answers"_s, u"demo"_s, u"evaluate"_s, [=](Stage& stage) {
        setReady(stage);
        stage.find<QTabBar>(u"evaluateViews"_s)->setCurrentIndex(1);
        return &stage.window();
    }));
    all.push_back(onRun(u"evaluate-running"_s, u"demo"_s, u"evaluate"_s, [=](Stage& stage) {
        setReady(stage);
        EvaluationRequest request;
        request.tasks = QStringList{u"perplexity"_s, u"skills"_s};
        request.stages = QStringList{u"1"_s, u"now"_s};
        stage.find<EvaluatePage>(u"evaluatePage"_s)->start(request);
        Stage::waitFor([&] { return stage.engine().jobCount() == 1; });
        stage.engine().jobEvent(
            1,
            {{u"done"_s, 23}, {u"total"_s, 64}, {u"text"_s, u"perplexity, window 23 of 64"_s}, {u"eta_seconds"_s, 41}});
        return &stage.window();
    }));
    all.push_back(onRun(u"evaluate-dialog"_s, u"demo"_s, u"evaluate"_s, [](Stage& stage) {
        auto dialog = std::make_unique<EvaluateDialog>(*stage.store()->find(u"demo"_s), true);
        dialog->show();
        return stage.keep(std::move(dialog));
    }));
    all.push_back(page(u"try-empty"_s, u"qwen2.5-7b"_s, u"try"_s));
    all.push_back(onRun(u"try"_s, u"demo"_s, u"try"_s, writing));
    all.push_back(onRun(
        u"try-sampling-small"_s, u"demo"_s, u"try"_s,
        [](Stage& stage) {
            stage.find<QToolButton>(u"unfoldSampling"_s)->setChecked(true);
            return writing(stage);
        },
        kSmallest));
    all.push_back(
        onRun(u"export-dialog"_s, u"demo"_s, u"monitor"_s, [](Stage& stage) { return exporting(stage, u"demo"_s); }));
    all.push_back(onRun(u"export-running"_s, u"demo"_s, u"monitor"_s, [](Stage& stage) {
        ExportDialog* dialog = exporting(stage, u"demo"_s);
        stage.find<QPushButton>(u"startExport"_s, dialog)->click();
        Stage::waitFor([&] { return stage.engine().jobCount() == 1; });
        stage.engine().jobEvent(
            1, {{u"done"_s, 3}, {u"total"_s, 5}, {u"text"_s, u"writing model.safetensors"_s}, {u"eta_seconds"_s, 3}});
        return dialog;
    }));
    all.push_back(onRun(u"export-done"_s, u"demo"_s, u"monitor"_s, [](Stage& stage) {
        ExportDialog* dialog = exporting(stage, u"demo"_s);
        stage.find<QPushButton>(u"startExport"_s, dialog)->click();
        Stage::waitFor([&] { return stage.engine().jobCount() == 1; });
        stage.engine().jobResult(1, {{u"output"_s, u"/home/someone/models/demo-rad-rwkv7"_s},
                                     {u"parameters"_s, 561536},
                                     {u"dtype"_s, u"bf16"_s},
                                     {u"verified_tokens"_s, 256},
                                     {u"reload_difference"_s, 0},
                                     {u"recurrent_difference"_s, 3.1e-6}});
        return dialog;
    }));
}

void addDialogScenes(std::vector<Scene>& all) {
    const auto dialog = [&](const QString& name, QAction* RunActions::*action) {
        all.push_back(onRun(name, u"qwen2.5-7b"_s, u"monitor"_s,
                            [action](Stage& stage) { return openedBy(stage, stage.window().actions()->*action); }));
    };
    dialog(u"settings"_s, &RunActions::settings);
    dialog(u"engine-dialog"_s, &RunActions::addEngine);
    dialog(u"labels-dialog"_s, &RunActions::label);
    dialog(u"about"_s, &RunActions::about);
    all.push_back(onRun(u"delete-prompt"_s, u"demo"_s, u"monitor"_s,
                        [](Stage& stage) { return openedBy(stage, stage.window().actions()->remove); }));
    for (const bool forFolder : {false, true})
        all.push_back(onRun(forFolder ? u"remote-folder-dialog"_s : u"remote-file-dialog"_s, u"demo"_s, u"monitor"_s,
                            [forFolder](Stage& stage) {
                                auto* opened = new RemoteFileDialog(
                                    stage.store()->client(),
                                    QCoreApplication::translate("radlads::ui::TeacherPage", "Choose a model"),
                                    forFolder, &stage.window());
                                opened->open();
                                auto* list = stage.find<QAbstractItemView>(u"entries"_s, opened);
                                Stage::waitFor([&] { return list->model()->rowCount() > 0; });
                                return opened;
                            }));
    all.push_back(
        onRun(u"run-menu"_s, u"qwen2.5-7b"_s, u"monitor"_s, [](Stage& stage) { return menuOfBar(stage, 1); }));
    for (const auto& [name, run] : {std::pair{u"run-menu-queued"_s, u"tinyllama"_s},
                                    {u"run-menu-paused"_s, u"long-context"_s},
                                    {u"run-menu-finished"_s, u"demo"_s}})
        all.push_back(onRun(name, run, u"monitor"_s, [](Stage& stage) { return menuOfBar(stage, 1); }));
    for (const auto& [name, index] :
         {std::pair{u"file-menu"_s, 0}, {u"view-menu"_s, 2}, {u"engines-menu"_s, 3}, {u"help-menu"_s, 4}})
        all.push_back(onRun(name, u"qwen2.5-7b"_s, u"monitor"_s,
                            [index = index](Stage& stage) { return menuOfBar(stage, index); }));
    all.push_back(onRun(u"chart-menu"_s, u"qwen2.5-7b"_s, u"monitor"_s, [](Stage& stage) {
        auto* chart = stage.window().findChild<Chart*>();
        QMenu* menu = stage.keep(chart->contextMenu());
        return popup(stage, menu);
    }));
}

void addWizardScenes(std::vector<Scene>& all) {
    all.push_back({u"wizard-empty"_s, [] { return std::make_unique<Stage>(); },
                   [](Stage& stage) -> QWidget* { return wizard(stage, {}); }});
    const QStringList names{u"teacher"_s, u"student"_s, u"data"_s, u"schedule"_s, u"hardware"_s, u"review"_s};
    for (int i = 0; i < names.size(); ++i) all.push_back(wizardPage(u"wizard-"_s + names[i], i));
    all.push_back({u"wizard-student-advanced"_s, [] { return std::make_unique<Stage>(); },
                   [](Stage& stage) {
                       ConversionWizard* opened = wizard(stage, wizardPlan());
                       opened->showPage(1);
                       stage.find<QWidget>(u"advancedStudent"_s, opened)->findChild<QAbstractButton*>()->click();
                       return settled(opened);
                   }});
    all.push_back({u"wizard-student-rwkv6"_s, [] { return std::make_unique<Stage>(); },
                   [](Stage& stage) -> QWidget* {
                       ConversionWizard* opened = wizard(stage, presetPlan(u"paper-rwkv6"_s));
                       opened->showPage(1);
                       stage.find<QWidget>(u"advancedStudent"_s, opened)->findChild<QAbstractButton*>()->click();
                       return opened;
                   }});
    for (int step = 1; step < 3; ++step)
        all.push_back({u"wizard-schedule-step-%1"_s.arg(step + 1), [] { return std::make_unique<Stage>(); },
                       [step](Stage& stage) -> QWidget* {
                           ConversionWizard* opened = wizard(stage, presetPlan(u"paper-rwkv7"_s));
                           opened->showField(u"steps.%1.tokens"_s.arg(step));
                           return opened;
                       }});
    all.push_back({u"wizard-downloading"_s, [] { return std::make_unique<Stage>(); },
                   [](Stage& stage) -> QWidget* {
                       ConversionWizard* opened = wizard(stage, {});
                       stage.find<QLineEdit>(u"downloadName"_s, opened)->setText(u"Qwen/Qwen2.5-7B-Instruct"_s);
                       stage.find<QPushButton>(u"download"_s, opened)->click();
                       Stage::waitFor([&] { return stage.engine().jobCount() == 1; });
                       stage.engine().jobEvent(1, {{u"file"_s, u"model-00002-of-00004.safetensors"_s},
                                                   {u"bytes"_s, 6.2e9},
                                                   {u"total_bytes"_s, 15.2e9},
                                                   {u"bytes_per_second"_s, 8.4e7},
                                                   {u"eta_seconds"_s, 107}});
                       return opened;
                   }});
    all.push_back({u"wizard-data-problem"_s, [] { return std::make_unique<Stage>(); },
                   [](Stage& stage) -> QWidget* {
                       ConversionWizard* opened = wrongWizard(stage);
                       opened->showPage(2);
                       return opened;
                   }});
    all.push_back({u"wizard-schedule-problem"_s, [] { return std::make_unique<Stage>(); },
                   [](Stage& stage) -> QWidget* {
                       ConversionWizard* opened = wrongWizard(stage);
                       opened->showField(u"steps.0.micro_batch_size"_s);
                       return opened;
                   }});
    all.push_back({u"wizard-review-problems"_s, [] { return std::make_unique<Stage>(); },
                   [](Stage& stage) -> QWidget* {
                       ConversionWizard* opened = wrongWizard(stage);
                       opened->showPage(5);
                       return opened;
                   }});
}

}  // namespace

const std::vector<Scene>& scenes() {
    static const std::vector<Scene> all = [] {
        std::vector<Scene> list;
        addWindowScenes(list);
        addPlaygroundScenes(list);
        addDialogScenes(list);
        addWizardScenes(list);
        return list;
    }();
    return all;
}

}  // namespace radlads::tests
