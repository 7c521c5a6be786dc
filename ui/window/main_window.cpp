#include "ui/window/main_window.h"

#include <QCloseEvent>
#include <QMenuBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/core/json_values.h"
#include "ui/core/theme.h"
#include "ui/window/library_panel.h"
#include "ui/window/named.h"
#include "ui/window/notifier.h"
#include "ui/window/run_actions.h"
#include "ui/window/run_text.h"
#include "ui/window/run_view.h"
#include "ui/window/status_line.h"
#include "ui/window/welcome_page.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {
constexpr int kPollMs = 30000;   // memory and disk of the machine
constexpr int kRefreshMs = 100;  // news that come together are shown together
}  // namespace

MainWindow::MainWindow(EngineSet* engines, Settings* settings, UserPrompts* prompts, WindowParts parts)
    : m_engines(engines),
      m_settings(settings),
      m_prompts(prompts),
      m_parts(std::move(parts)),
      m_actions(new RunActions(this)) {
    setObjectName(u"mainWindow"_s);
    setWindowTitle(tr("Radlads Studio"));
    setWindowIcon(QIcon(u":/icons/radlads.svg"_s));
    setMinimumSize(1024, 640);

    m_runMenu = new QMenu(tr("&Run"), this);
    m_actions->fillRunMenu(m_runMenu);
    m_library = new LibraryPanel(engines, m_actions->newConversion);
    m_library->setContextMenu(m_runMenu);
    m_library->setMinimumWidth(fontMetrics().averageCharWidth() * 30);
    m_runView = new RunView(m_parts, m_actions, m_runMenu);
    m_welcome = new WelcomePage(m_actions->demo, m_actions->newConversion);
    m_messages = new MessageBar;
    m_stack = new QStackedWidget;
    m_stack->addWidget(m_welcome);
    m_stack->addWidget(m_runView);

    auto* right = new QWidget;
    auto* column = new QVBoxLayout(right);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_messages);
    column->addWidget(m_stack, 1);
    m_splitter = new QSplitter;
    m_splitter->setObjectName(u"splitter"_s);
    m_splitter->addWidget(m_library);
    m_splitter->addWidget(right);
    m_splitter->setStretchFactor(1, 1);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->setHandleWidth(1);
    m_splitter->setSizes({fontMetrics().averageCharWidth() * 40, 1000});
    setCentralWidget(m_splitter);
    m_status = new StatusLine;
    setStatusBar(m_status);

    m_refresh.setSingleShot(true);
    m_refresh.setInterval(kRefreshMs);
    connect(&m_refresh, &QTimer::timeout, this, &MainWindow::refresh);
    m_poll.setTimerType(Qt::VeryCoarseTimer);
    m_poll.setInterval(kPollMs);
    connect(&m_poll, &QTimer::timeout, this, [this] {
        if (!isMinimized()) m_engines->describe(m_engine);
    });
    m_poll.start();

    makeMenus();
    connectActions();
    connectLibrary();
    connect(m_messages, &MessageBar::deedWanted, this, &MainWindow::doDeed);
    connect(m_runView, &RunView::pageMade, this, &MainWindow::onPageMade);
    connect(m_runView, &RunView::pageChanged, this, [this](const QString& id) {
        if (isVisible()) m_settings->setValue(Setting::SelectedTab, id);
    });
    connect(m_engines, &EngineSet::changed, this, &MainWindow::onEngineChanged);
    connect(m_engines, &EngineSet::aboutToRemove, this, [this](int index) {
        if (index == m_engine) chooseEngine(0);
    });
    connect(m_engines, &EngineSet::removed, this, [this](int index) {
        if (index < m_engine) --m_engine;
    });
    connect(m_engines, &EngineSet::restarted, this, [this](int index) {
        m_messages->add(
            {u"restarted"_s,
             Role::Accent,
             tr("The engine on %1 was started again. Runs went on meanwhile and nothing of what they said is missing.")
                 .arg(m_engines->address(index).title),
             {},
             {},
             {}});
    });
    auto* notifier = new Notifier(engines, settings, this);
    connect(notifier, &Notifier::activated, this, [this] {
        setWindowState(windowState() & ~Qt::WindowMinimized);
        raise();
        activateWindow();
    });
    restore();
}

MainWindow::~MainWindow() {
    m_runView->showRun(nullptr, {});
}

void MainWindow::restore() {
    if (!restoreGeometry(m_settings->value(Setting::Geometry).toByteArray())) resize(1280, 800);
    m_splitter->restoreState(m_settings->value(Setting::SplitterState).toByteArray());
    m_runView->showPage(m_settings->value(Setting::SelectedTab).toString());
    m_awaitedRun = m_settings->value(Setting::SelectedRun).toString();
    const int index = std::max(0, m_engines->indexOf(m_settings->value(Setting::SelectedEngine).toString()));
    m_engine = -1;
    chooseEngine(index);
    m_library->runs()->setFocus();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    m_settings->setValue(Setting::Geometry, saveGeometry());
    m_settings->setValue(Setting::SplitterState, m_splitter->saveState());
    m_settings->setValue(Setting::SelectedTab, m_runView->currentPage());
    QMainWindow::closeEvent(event);
}

void MainWindow::chooseEngine(int index) {
    if (index < 0 || index >= m_engines->count() || index == m_engine) return;
    if (m_engine >= 0 && m_engine < m_engines->count()) store()->disconnect(this);
    m_engine = index;
    m_runView->showRun(nullptr, {});
    if (m_comparison.widget) m_comparison.show(nullptr, {});
    m_library->setStore(store());
    m_library->setCurrentEngine(index);
    if (isVisible()) m_settings->setValue(Setting::SelectedEngine, m_engines->address(index).id);
    connect(store(), &RunStore::loaded, this, [this] {
        if (m_awaitedRun.isEmpty() && chosenRuns().isEmpty() && !store()->runs().isEmpty())
            m_awaitedRun = store()->runs().first().run;
        openRun(m_awaitedRun);
    });
    connect(store(), &RunStore::runAdded, this, [this](const QString& run) {
        if (run == m_awaitedRun && store()->isLoaded()) openRun(run);
        m_refresh.start();
    });
    connect(store(), &RunStore::runChanged, this, [this] {
        if (!m_refresh.isActive()) m_refresh.start();
    });
    connect(store(), &RunStore::runRemoved, this, [this] { showSelection(); });
    if (store()->isLoaded() && chosenRuns().isEmpty() && !store()->runs().isEmpty())
        openRun(store()->find(m_awaitedRun) ? m_awaitedRun : store()->runs().first().run);
    showSelection();
}

void MainWindow::onEngineChanged(int index) {
    if (m_engines->client(index)->state() == EngineClient::State::Connected)
        m_everConnected.insert(m_engines->address(index).id);
    if (index == m_engine) refresh();
}

QVector<RunRecord> MainWindow::chosenRuns() const {
    QVector<RunRecord> records;
    for (const QString& run : m_library->selectedRuns())
        if (const RunRecord* record = store()->find(run)) records.append(*record);
    return records;
}

QString MainWindow::oneRun() const {
    const QVector<RunRecord> runs = chosenRuns();
    return runs.size() == 1 ? runs.first().run : QString();
}

void MainWindow::openRun(QString run) {
    m_awaitedRun = run;
    if (run.isEmpty() || !store()->find(run)) return;
    m_awaitedRun.clear();
    m_library->search()->clear();
    m_library->selectRuns({run});
}

void MainWindow::showSelection() {
    const QVector<RunRecord> runs = chosenRuns();
    if (runs.size() >= 2 && m_parts.makeComparison) {
        QStringList names;
        for (const RunRecord& record : runs) names.append(record.run);
        if (!m_comparison.widget) {
            m_comparison = m_parts.makeComparison(m_stack);
            m_stack->addWidget(m_comparison.widget);
        }
        m_comparison.show(store(), names);
        m_stack->setCurrentWidget(m_comparison.widget);
    } else if (!runs.isEmpty()) {
        m_runView->showRun(store(), runs.first().run);
        m_stack->setCurrentWidget(m_runView);
        if (runs.size() == 1) m_settings->setValue(Setting::SelectedRun, runs.first().run);
    } else {
        m_runView->showRun(nullptr, {});
        m_stack->setCurrentWidget(m_welcome);
    }
    if (m_comparison.widget && m_stack->currentWidget() != m_comparison.widget) m_comparison.show(nullptr, {});
    refresh();
}

void MainWindow::refresh() {
    m_refresh.stop();
    if (m_engine < 0) return;
    const bool isConnected = client()->state() == EngineClient::State::Connected;
    m_actions->setRuns(chosenRuns(), isConnected);
    m_status->show(*m_engines, m_engine);
    m_welcome->setHasRuns(!store()->runs().isEmpty());
    m_welcome->setConnection(
        isConnected ? QString() : tr("Not connected to an engine yet. Both ways open as soon as one answers."));
    refreshMessages();
    const QVector<RunRecord> runs = chosenRuns();
    setWindowTitle(runs.size() == 1
                       ? tr("%1 %2 – Radlads Studio").arg(runs.first().name, shareText(runs.first())).simplified()
                       : tr("Radlads Studio"));
}

void MainWindow::refreshMessages() {
    Situation situation;
    situation.connection = client()->state();
    situation.engineTitle = client()->address().title;
    situation.problem = client()->problem();
    situation.wasConnected = m_everConnected.contains(client()->address().id);
    if (const RunRecord* record = store()->find(oneRun())) situation.run = *record;
    const QJsonObject disk = m_engines->machine(m_engine)["disk"_L1].toObject();
    situation.freeBytes = optionalNumberFromJson(disk["free_bytes"_L1]);
    situation.totalBytes = optionalNumberFromJson(disk["total_bytes"_L1]);
    m_messages->setStanding(messagesFor(situation));
}

}  // namespace radlads::ui
