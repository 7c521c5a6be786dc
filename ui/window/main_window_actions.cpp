// What the main window does when it is asked to: menus, keys, commands to the engine.
#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QKeyEvent>
#include <QLabel>
#include <QMenuBar>
#include <QMessageBox>
#include <QSaveFile>
#include <QStackedWidget>
#include <QTabWidget>
#include <QUrl>
#include <QUuid>
#include <QWhatsThis>

#include "ui/core/theme.h"
#include "ui/window/dialogs.h"
#include "ui/window/library_panel.h"
#include "ui/window/main_window.h"
#include "ui/window/plan_page.h"
#include "ui/window/run_actions.h"
#include "ui/window/run_text.h"
#include "ui/window/run_view.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

void MainWindow::makeMenus() {
    QMenu* file = menuBar()->addMenu(tr("&File"));
    file->addActions({m_actions->newConversion, m_actions->open, m_actions->demo});
    file->addSeparator();
    file->addActions({m_actions->exportModel});
    file->addSeparator();
    file->addActions({m_actions->settings, m_actions->quit});
    menuBar()->addMenu(m_runMenu);
    QMenu* view = menuBar()->addMenu(tr("&View"));
    for (int i = 0; i < m_runView->pageCount(); ++i) {
        QAction* action = view->addAction(Theme::instance().icon(m_runView->pageIcon(i)), m_runView->pageTitle(i), this,
                                          [this, i] { m_runView->showPage(i); });
        action->setObjectName(u"page%1"_s.arg(i + 1));
        action->setShortcut(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + i)));
    }
    view->addSeparator();
    view->addActions({m_actions->compare, m_actions->search, m_actions->nextPane, m_actions->back});
    QMenu* engines = menuBar()->addMenu(tr("&Engines"));
    engines->addActions({m_actions->refresh, m_actions->addEngine});
    QMenu* help = menuBar()->addMenu(tr("&Help"));
    help->addActions({m_actions->help, m_actions->about});
    // These keys mean something else in tables and text: they count only while the library has the focus.
    for (QAction* action : {m_actions->rename, m_actions->remove, m_actions->queueUp, m_actions->queueDown}) {
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        m_library->runs()->addAction(action);
    }
}

void MainWindow::connectActions() {
    const auto on = [this](QAction* action, auto handler) { connect(action, &QAction::triggered, this, handler); };
    on(m_actions->newConversion, [this] { openWizard({}); });
    on(m_actions->demo, [this] { startDemo(); });
    on(m_actions->open, [this] { openFile(); });
    on(m_actions->quit, [this] { close(); });
    on(m_actions->pauseOrResume, [this] { pauseOrResume(); });
    on(m_actions->checkpoint, [this] { runCommand(u"run.checkpoint"_s, oneRun()); });
    on(m_actions->stop, [this] { runCommand(u"run.stop"_s, oneRun()); });
    on(m_actions->rename, [this] { m_library->editName(oneRun()); });
    on(m_actions->label, [this] { editLabels(); });
    on(m_actions->remove, [this] { removeRuns(); });
    on(m_actions->newFromThis, [this] { copyPlanIntoWizard(oneRun()); });
    on(m_actions->exportModel, [this] {
        if (m_parts.openExport && !oneRun().isEmpty()) m_parts.openExport(store(), oneRun(), this);
    });
    on(m_actions->compare, [this] { showSelection(); });
    on(m_actions->queueUp, [this] { m_library->moveInQueue(oneRun(), -1); });
    on(m_actions->queueDown, [this] { m_library->moveInQueue(oneRun(), 1); });
    on(m_actions->copyDirectory, [this] {
        if (const RunRecord* record = store()->find(oneRun())) QApplication::clipboard()->setText(record->directory);
    });
    on(m_actions->openFolder, [this] {
        const RunRecord* record = store()->find(oneRun());
        if (record && client()->address().host.isEmpty())
            QDesktopServices::openUrl(QUrl::fromLocalFile(record->directory));
        if (record && !client()->address().host.isEmpty()) m_runView->showPage(u"files"_s);
    });
    on(m_actions->search, [this] { m_library->search()->setFocus(Qt::ShortcutFocusReason); });
    on(m_actions->nextPane, [this] { focusNextPane(); });
    on(m_actions->back, [this] { goBack(); });
    on(m_actions->settings, [this] { openSettings(); });
    on(m_actions->refresh, [this] { m_engines->refresh(); });
    on(m_actions->addEngine, [this] { editEngine(-1); });
    on(m_actions->help, [this] { explainFocus(); });
    on(m_actions->about, [this] { showAbout(); });
}

void MainWindow::connectLibrary() {
    connect(m_library, &LibraryPanel::selectionChanged, this, &MainWindow::showSelection);
    connect(m_library, &LibraryPanel::engineChosen, this, &MainWindow::chooseEngine);
    connect(m_library, &LibraryPanel::renameWanted, this, [this](const QString& run, const QString& name) {
        call(u"run.rename"_s, {{u"run"_s, run}, {u"name"_s, name}});
    });
    connect(m_library, &LibraryPanel::queueWanted, this, [this](const QStringList& order) {
        call(u"run.queue"_s, {{u"order"_s, QJsonArray::fromStringList(order)}});
    });
    connect(m_library, &LibraryPanel::addEngineWanted, this, [this] { editEngine(-1); });
    connect(m_library, &LibraryPanel::editEngineWanted, this, &MainWindow::editEngine);
    connect(m_library, &LibraryPanel::removeEngineWanted, this, &MainWindow::removeEngine);
}

// Space presses the button that has the focus; only elsewhere it pauses.
bool MainWindow::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space) {
        const QWidget* focus = focusWidget();
        if (focus && (focus->inherits("QAbstractButton") || focus->inherits("QComboBox") ||
                      focus->inherits("QTabBar") || focus->inherits("QListView") || focus->inherits("QTableView"))) {
            event->accept();
            return true;
        }
    }
    return QMainWindow::event(event);
}

void MainWindow::sayError(const RpcError& error) {
    m_messages->add({u"error"_s, Role::Failure, error.message.section(u'\n', 0, 0), error.message, {}, {}});
}

void MainWindow::call(const QString& method, const QJsonObject& params,
                      const std::function<void(const QJsonObject&)>& then) {
    m_messages->remove(u"error"_s);
    client()->call(method, params, this, then, [this](const RpcError& error) { sayError(error); });
}

void MainWindow::runCommand(const QString& method, const QString& run) {
    if (!run.isEmpty()) call(method, {{u"run"_s, run}});
}

void MainWindow::pauseOrResume() {
    const RunRecord* record = store()->find(oneRun());
    if (!record) return;
    if (record->state == RunState::Running) return runCommand(u"run.pause"_s, record->run);
    if (!canResume(record->state)) return;
    const QString run = record->run;
    if (record->state != RunState::Queued) return runCommand(u"run.resume"_s, run);
    QStringList order = store()->queue();
    order.removeAll(run);
    call(u"run.queue"_s, {{u"order"_s, QJsonArray::fromStringList(order)}},
         [this, run](const QJsonObject&) { runCommand(u"run.resume"_s, run); });
}

void MainWindow::startDemo() {
    const QString key = QUuid::createUuid().toString(QUuid::WithoutBraces);
    call(u"plan.presets"_s, {}, [this, key](const QJsonObject& result) {
        const QJsonArray presets = result["presets"_L1].toArray();
        for (const QJsonValue& preset : presets) {
            if (preset["id"_L1].toString() != "demo-rad-rwkv7"_L1) continue;
            call(u"run.start"_s, {{u"key"_s, key}, {u"plan"_s, preset["plan"_L1]}, {u"name"_s, tr("Demo")}},
                 [this](const QJsonObject& started) { openRun(started["run"_L1].toString()); });
            return;
        }
        sayError(
            {2, tr("The engine has no preset demo-rad-rwkv7; install the same version of radlads-engine."), {}, {}});
    });
}

void MainWindow::removeRuns() {
    const QVector<RunRecord> runs = chosenRuns();
    if (runs.isEmpty()) return;
    const QString what = runs.size() == 1 ? tr("Delete %1?").arg(runs.first().name)
                                          : tr("Delete %n run(s)?", nullptr, static_cast<int>(runs.size()));
    m_prompts->ask(this, tr("Delete"), tr("%1 Checkpoints and results go with it. You can undo this.").arg(what),
                   tr("&Delete"), [this, runs] {
                       for (const RunRecord& record : runs) moveToTrash(record.run, record.name);
                   });
}

void MainWindow::moveToTrash(const QString& run, const QString& name) {
    call(u"run.delete"_s, {{u"run"_s, run}}, [this, run, name](const QJsonObject&) {
        m_messages->add(
            {u"deleted:"_s + run, Role::Accent, tr("%1 was deleted.").arg(name), {}, {{Deed::Undo, tr("&Undo")}}, run});
    });
}

void MainWindow::doDeed(Deed deed, const QString& subject) {
    switch (deed) {
        case Deed::Resume:
            return runCommand(u"run.resume"_s, subject);
        case Deed::ShowLog:
            return m_runView->showPage(u"log"_s);
        case Deed::ShowFiles:
            return m_runView->showPage(u"files"_s);
        case Deed::Reconnect:
            return m_engines->refresh();
        case Deed::ShowRun:
            return openRun(subject);
        case Deed::Undo:
            m_awaitedRun = subject;
            call(u"run.restore"_s, {{u"run"_s, subject}},
                 [this, subject](const QJsonObject&) { m_messages->remove(u"deleted:"_s + subject); });
    }
}

void MainWindow::editLabels() {
    const RunRecord* record = store()->find(oneRun());
    if (!record) return;
    auto* dialog = new LabelDialog(*record, this);
    connect(
        dialog, &LabelDialog::chosen, this, [this, run = record->run](const QStringList& tags, const QString& notes) {
            call(u"run.label"_s, {{u"run"_s, run}, {u"tags"_s, QJsonArray::fromStringList(tags)}, {u"notes"_s, notes}});
        });
    dialog->open();
}

void MainWindow::editEngine(int index) {
    if (index == 0) return;
    auto* dialog = new EngineDialog(index > 0 ? m_engines->address(index) : EngineAddress(), this);
    const QString id = index > 0 ? m_engines->address(index).id : QString();
    connect(dialog, &EngineDialog::chosen, this, [this, id](const EngineAddress& address) {
        if (address.id != id && m_engines->indexOf(address.id) >= 0) {
            m_library->setCurrentEngine(m_engines->indexOf(address.id));
        } else if (id.isEmpty()) {
            m_engines->add(address);
            m_library->setCurrentEngine(m_engines->count() - 1);
        } else if (const int place = m_engines->indexOf(id); place > 0) {
            m_engines->replace(place, address);
            m_library->setCurrentEngine(place);
        }
    });
    dialog->open();
}

void MainWindow::removeEngine(int index) {
    if (index <= 0) return;
    const QString id = m_engines->address(index).id;
    m_prompts->ask(this, tr("Remove the engine"),
                   tr("Remove %1 from the list? Its runs stay there and go on.").arg(m_engines->address(index).title),
                   tr("&Remove"), [this, id] { m_engines->remove(m_engines->indexOf(id)); });
}

void MainWindow::openSettings() {
    (new SettingsDialog(m_settings, this))->open();
}

void MainWindow::openFile() {
    const QString folder = m_settings->value(Setting::RunFolder).toString();
    m_prompts->askOpenFile(this, tr("Open a plan or run"), folder.isEmpty() ? QDir::homePath() : folder,
                           tr("Plans (*.json);;All files (*)"), [this](const QString& file) { openPlanFile(file); });
}

void MainWindow::openPlanFile(const QString& path) {
    // A plan inside a run that the engine knows means that run.
    const QString directory =
        QFileInfo(path).isDir() ? QFileInfo(path).absoluteFilePath() : QFileInfo(path).absolutePath();
    for (const RunRecord& record : store()->runs())
        if (!record.directory.isEmpty() && QDir(record.directory) == QDir(directory)) return openRun(record.run);
    QFile file(QFileInfo(path).isDir() ? path + u"/plan.json"_s : path);
    if (!file.open(QIODevice::ReadOnly))
        return sayError({2, tr("%1 could not be opened: %2.").arg(path, file.errorString()), {}, {}});
    QJsonParseError problem;
    const QJsonObject plan = QJsonDocument::fromJson(file.read(8 << 20), &problem).object();
    if (plan.isEmpty())
        return sayError(
            {2, tr("%1 is not a plan: %2 at byte %3.").arg(path, problem.errorString()).arg(problem.offset), {}, {}});
    openWizard(plan);
}

void MainWindow::openWizard(const QJsonObject& plan) {
    if (m_parts.openWizard) m_parts.openWizard(client(), plan, this, [this](const QString& run) { openRun(run); });
}

void MainWindow::copyPlanIntoWizard(const QString& run) {
    if (run.isEmpty()) return;
    const auto history = store()->history(run);
    if (!history->plan().isEmpty()) return openWizard(history->plan());
    // The pointer in the connection keeps the history until its plan has come.
    connect(
        history.get(), &RunHistory::planChanged, this, [this, history] { openWizard(history->plan()); },
        Qt::SingleShotConnection);
}

void MainWindow::onPageMade(const QString& id, RunPage* page) {
    if (auto* plan = qobject_cast<PlanPage*>(page); plan && id == "plan"_L1) {
        connect(plan, &PlanPage::newFromThisWanted, this, [this] { copyPlanIntoWizard(m_runView->run()); });
        connect(plan, &PlanPage::savePlanWanted, this, &MainWindow::savePlan);
    }
}

void MainWindow::savePlan(const QByteArray& plan, const QString& suggestedName) {
    const QString folder = m_settings->value(Setting::RunFolder).toString();
    const QString suggested = QDir(folder.isEmpty() ? QDir::homePath() : folder).filePath(suggestedName);
    m_prompts->askSaveFile(
        this, tr("Save the plan"), suggested, tr("Plans (*.json)"), [this, plan](const QString& path) {
            QSaveFile file(path);
            if (!file.open(QIODevice::WriteOnly) || file.write(plan) != plan.size() || !file.commit())
                sayError({1, tr("The plan could not be saved as %1: %2.").arg(path, file.errorString()), {}, {}});
        });
}

void MainWindow::focusNextPane() {
    QVector<QWidget*> panes{m_library->runs(), m_library->engines()};
    if (m_stack->currentWidget() == m_runView) {
        panes.append({m_runView->findChild<QWidget*>(u"moreButton"_s), m_runView->tabs()->tabBar()});
        if (QWidget* page = m_runView->page(m_runView->currentPage()))
            for (QWidget* child : page->findChildren<QWidget*>())
                if (child->isVisible() && child->isEnabled() && (child->focusPolicy() & Qt::TabFocus)) {
                    panes.append(child);
                    break;
                }
    } else if (QWidget* first = m_stack->currentWidget()->findChild<QWidget*>(u"tryDemo"_s)) {
        panes.append(first);
    }
    qsizetype present = -1;
    for (qsizetype i = 0; i < panes.size(); ++i)
        if (panes.at(i)->hasFocus()) present = i;
    panes.at((present + 1) % panes.size())->setFocus(Qt::ShortcutFocusReason);
}

// From the comparison to its first run, from a search to all runs, from elsewhere to the library.
void MainWindow::goBack() {
    const QStringList runs = m_library->selectedRuns();
    if (!m_library->search()->text().isEmpty() && m_library->search()->hasFocus())
        m_library->search()->clear();
    else if (runs.size() > 1)
        m_library->selectRuns({runs.first()});
    m_library->runs()->setFocus(Qt::ShortcutFocusReason);
}

void MainWindow::explainFocus() {
    QWidget* focus = focusWidget() ? focusWidget() : this;
    QString text;
    for (const QWidget* widget = focus; widget && text.isEmpty(); widget = widget->parentWidget())
        text = widget->whatsThis();
    if (text.isEmpty()) text = focus->toolTip();
    if (text.isEmpty()) text = focus->accessibleName();
    if (text.isEmpty())
        text = tr("This window shows the runs of an engine. Choose a run on the left; the pages on the right show it.");
    QWhatsThis::showText(focus->mapToGlobal(focus->rect().center()), text, focus);
}

void MainWindow::showAbout() {
    auto* box = new QMessageBox(
        QMessageBox::NoIcon, tr("About Radlads Studio"),
        tr("<b>Radlads Studio %1</b><p>Converts language models with softmax attention into models with linear "
           "attention, after the RADLADS paper.</p>")
            .arg(QCoreApplication::applicationVersion()),
        QMessageBox::Close, this);
    box->setIconPixmap(QIcon(u":/icons/radlads.svg"_s).pixmap(QSize(64, 64), devicePixelRatioF()));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

}  // namespace radlads::ui
