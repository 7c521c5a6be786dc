#include "ui/wizard/conversion_wizard.h"

#include <QApplication>
#include <QFile>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QJsonDocument>
#include <QKeyEvent>
#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QShortcut>
#include <QStackedWidget>
#include <QToolButton>

#include "ui/core/engine_client.h"
#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/data_page.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/hardware_page.h"
#include "ui/wizard/plan_advisor.h"
#include "ui/wizard/review_page.h"
#include "ui/wizard/schedule_page.h"
#include "ui/wizard/state_mark.h"
#include "ui/wizard/student_page.h"
#include "ui/wizard/teacher_inspector.h"
#include "ui/wizard/teacher_page.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {
namespace {

constexpr int kSmallestWidth = 1024, kSmallestHeight = 640;
constexpr qint64 kMostPlanBytes = 4 << 20;

}  // namespace

ConversionWizard::ConversionWizard(EngineClient* client, QWidget* parent)
    : QDialog(parent),
      m_client(client),
      m_model(new WizardModel(this)),
      m_advisor(new PlanAdvisor(client, m_model, this)),
      m_teacher(new TeacherInspector(client, m_model, this)) {
    setObjectName(QStringLiteral("conversionWizard"));
    setWindowTitle(tr("New conversion"));
    setWindowFlag(Qt::Window);
    setModal(false);
    setMinimumSize(kSmallestWidth, kSmallestHeight);

    auto* grid = new QVBoxLayout(this);
    grid->setContentsMargins(Theme::kSpacing, Theme::kSpacing, Theme::kSpacing, Theme::kSpacing);
    grid->setSpacing(Theme::kSpacing);
    grid->addWidget(buildHeader());
    m_notice = new ProblemLabel(this);
    m_notice->setObjectName(QStringLiteral("notice"));
    grid->addWidget(m_notice);
    auto* middle = new QHBoxLayout;
    middle->setSpacing(Theme::kSpacing * 2);
    grid->addLayout(middle, 1);
    m_steps = new QListWidget(this);
    m_steps->setObjectName(QStringLiteral("steps"));
    m_steps->setAccessibleName(tr("Steps of the conversion"));
    m_steps->setFixedWidth(fontMetrics().horizontalAdvance(stateWord(PageState::Attention)) + Theme::kSpacing * 9);
    m_steps->setIconSize({20, 20});
    m_steps->setSpacing(2);
    m_stack = new QStackedWidget(this);
    auto* side = new QWidget(this);
    side->setFixedWidth(Theme::kSpacing * 27);
    auto* sideColumn = new QVBoxLayout(side);
    sideColumn->setContentsMargins(0, 0, 0, 0);
    m_explanationTitle = new QLabel(side);
    m_explanationTitle->setWordWrap(true);
    QFont bold = m_explanationTitle->font();
    bold.setBold(true);
    m_explanationTitle->setFont(bold);
    m_explanation = new QLabel(side);
    m_explanation->setObjectName(QStringLiteral("explanation"));
    m_explanation->setWordWrap(true);
    m_explanation->setTextFormat(Qt::PlainText);
    m_explanation->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    sideColumn->addWidget(m_explanationTitle);
    sideColumn->addWidget(m_explanation, 1);
    middle->addWidget(m_steps);
    middle->addWidget(m_stack, 1);
    middle->addWidget(side);
    grid->addWidget(buildEstimateBar());
    buildPages();

    connect(m_steps, &QListWidget::currentRowChanged, this, &ConversionWizard::showPage);
    connect(m_model, &WizardModel::changed, this, &ConversionWizard::refreshStates);
    connect(m_model, &WizardModel::problemsChanged, this, &ConversionWizard::refreshStates);
    connect(m_advisor, &PlanAdvisor::estimateChanged, this, &ConversionWizard::refreshEstimate);
    // A new conversion begins with the paper's steps, until something else is chosen.
    connect(m_advisor, &PlanAdvisor::presetsChanged, this, [this] {
        if (!m_model->plan().steps.empty() || m_model->undoStack()->canUndo()) return;
        for (const Preset& preset : m_advisor->presets())
            if (preset.id == QLatin1String("paper-rwkv7")) startFrom(preset.plan, preset.title);
    });
    connect(m_advisor, &PlanAdvisor::remedyChanged, this, &ConversionWizard::refreshEstimate);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        refreshStates();
        refreshEstimate();
    });
    connect(qApp, &QApplication::focusChanged, this, &ConversionWizard::refreshExplanation);
    auto* undo = new QShortcut(QKeySequence::Undo, this);
    connect(undo, &QShortcut::activated, m_model->undoStack(), &QUndoStack::undo);
    for (const QKeySequence& keys :
         {QKeySequence(QStringLiteral("Ctrl+Y")), QKeySequence(QStringLiteral("Ctrl+Shift+Z"))}) {
        auto* redo = new QShortcut(keys, this);
        connect(redo, &QShortcut::activated, m_model->undoStack(), &QUndoStack::redo);
    }
    auto* next = new QShortcut(QKeySequence(QStringLiteral("Ctrl+PgDown")), this);
    connect(next, &QShortcut::activated, this, [this] { showPage(m_stack->currentIndex() + 1); });
    auto* back = new QShortcut(QKeySequence(QStringLiteral("Ctrl+PgUp")), this);
    connect(back, &QShortcut::activated, this, [this] { showPage(m_stack->currentIndex() - 1); });
    refreshStates();
    refreshEstimate();
    showPage(0);
}

ConversionWizard::~ConversionWizard() {
    // Widgets lose the focus while they are destroyed; nothing is to be explained then.
    disconnect(qApp, nullptr, this, nullptr);
}

QWidget* ConversionWizard::buildHeader() {
    auto* header = new QWidget(this);
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(Theme::kSpacing / 2, 0, 0, 0);
    row->setSpacing(Theme::kSpacing);
    m_title = new QLabel(header);
    m_title->setObjectName(QStringLiteral("pageTitle"));
    QFont large = m_title->font();
    large.setPointSizeF(large.pointSizeF() * 1.25);
    large.setBold(true);
    m_title->setFont(large);
    row->addWidget(m_title, 1);
    const auto history = [&](const char* name, const QString& icon, const QString& text, const QString& keys) {
        auto* button = new QToolButton(header);
        button->setObjectName(QLatin1String(name));
        button->setIcon(Theme::instance().icon(icon));
        if (button->icon().isNull()) button->setText(text);
        button->setAccessibleName(text);
        button->setToolTip(tr("%1 (%2)").arg(text, keys));
        button->setAutoRaise(true);
        button->setFocusPolicy(Qt::StrongFocus);
        button->setEnabled(false);
        row->addWidget(button);
        return button;
    };
    QUndoStack* stack = m_model->undoStack();
    auto* undo = history("undo", QStringLiteral("undo"), tr("Undo"), QStringLiteral("Ctrl+Z"));
    auto* redo = history("redo", QStringLiteral("redo"), tr("Redo"), QStringLiteral("Ctrl+Y"));
    connect(stack, &QUndoStack::canUndoChanged, undo, &QWidget::setEnabled);
    connect(stack, &QUndoStack::canRedoChanged, redo, &QWidget::setEnabled);
    connect(stack, &QUndoStack::undoTextChanged, undo,
            [undo](const QString& text) { undo->setToolTip(tr("Undo: %1 (Ctrl+Z)").arg(text)); });
    connect(undo, &QToolButton::clicked, stack, &QUndoStack::undo);
    connect(redo, &QToolButton::clicked, stack, &QUndoStack::redo);
    auto* from = new QPushButton(tr("Start &from"), header);
    from->setObjectName(QStringLiteral("startFrom"));
    from->setAutoDefault(false);
    auto* menu = new QMenu(from);
    connect(menu, &QMenu::aboutToShow, this, [this, menu] { buildStartMenu(menu); });
    from->setMenu(menu);
    row->addWidget(from);
    return header;
}

QWidget* ConversionWizard::buildEstimateBar() {
    auto* bar = new QFrame(this);
    bar->setFrameShape(QFrame::StyledPanel);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(Theme::kSpacing, Theme::kSpacing / 2, Theme::kSpacing / 2, Theme::kSpacing / 2);
    row->setSpacing(Theme::kSpacing);
    m_estimateIcon = new QLabel(bar);
    m_estimate = new QLabel(bar);
    m_estimate->setObjectName(QStringLiteral("estimate"));
    m_estimate->setAccessibleName(tr("Estimate"));
    m_estimate->setTextFormat(Qt::PlainText);
    m_estimate->setWordWrap(true);
    m_remedy = new QPushButton(bar);
    m_remedy->setObjectName(QStringLiteral("remedy"));
    m_remedy->setAutoDefault(false);
    m_remedy->hide();
    m_back = new QPushButton(tr("&Back"), bar);
    m_back->setObjectName(QStringLiteral("back"));
    m_next = new QPushButton(tr("Ne&xt"), bar);
    m_next->setObjectName(QStringLiteral("next"));
    row->addWidget(m_estimateIcon);
    row->addWidget(m_estimate, 1);
    row->addWidget(m_remedy);
    row->addWidget(m_back);
    row->addWidget(m_next);
    for (QPushButton* button : {m_back, m_next}) button->setAutoDefault(false);
    connect(m_back, &QPushButton::clicked, this, [this] { showPage(m_stack->currentIndex() - 1); });
    connect(m_next, &QPushButton::clicked, this, [this] { showPage(m_stack->currentIndex() + 1); });
    connect(m_remedy, &QPushButton::clicked, this, [this] {
        if (!m_advisor->remedy()) return;
        const Remedy remedy = *m_advisor->remedy();
        m_model->edit(remedy.text, {}, [&](protocol::Plan& plan) { plan = remedy.plan; });
    });
    return bar;
}

void ConversionWizard::buildPages() {
    const WizardParts parts{m_client, m_model, m_advisor, m_teacher};
    auto* review = new ReviewPage(parts, this);
    m_pages = {new TeacherPage(parts, this),  new StudentPage(parts, this),  new DataPage(parts, this),
               new SchedulePage(parts, this), new HardwarePage(parts, this), review};
    for (WizardPage* page : m_pages) {
        m_stack->addWidget(page);
        auto* item = new QListWidgetItem(m_steps);
        item->setSizeHint({0, fontMetrics().height() * 2 + Theme::kSpacing * 2});
        connect(page, &WizardPage::attentionChanged, this, &ConversionWizard::refreshStates);
        for (QPushButton* button : page->findChildren<QPushButton*>()) button->setAutoDefault(false);
        const int index = int(m_pages.indexOf(page));
        auto* shortcut = new QShortcut(QKeySequence(QStringLiteral("Ctrl+%1").arg(index + 1)), this);
        connect(shortcut, &QShortcut::activated, this, [this, index] { showPage(index); });
    }
    connect(review, &ReviewPage::linkActivated, this, &ConversionWizard::showField);
    connect(review, &ReviewPage::started, this, [this](const QString& run) {
        Q_EMIT started(run);
        close();
    });
    connect(review, &ReviewPage::queued, this, [this](const QString& run) {
        Q_EMIT queued(run);
        close();
    });
}

void ConversionWizard::buildStartMenu(QMenu* menu) {
    menu->clear();
    QMenu* presets = menu->addMenu(tr("&Preset"));
    presets->setEnabled(!m_advisor->presets().isEmpty());
    for (const Preset& preset : m_advisor->presets()) {
        QAction* action =
            presets->addAction(preset.title, this, [this, preset] { startFrom(preset.plan, preset.title); });
        action->setToolTip(preset.summary);
    }
    presets->setToolTipsVisible(true);
    QMenu* runs = menu->addMenu(tr("Past &run"));
    addRunsTo(runs);
    menu->addAction(tr("Plan &file…"), this, &ConversionWizard::openFile);
}

void ConversionWizard::addRunsTo(QMenu* menu) {
    static constexpr int kMost = 20;
    QAction* waiting = menu->addAction(tr("Asking the engine…"));
    waiting->setEnabled(false);
    m_client->call(QStringLiteral("run.list"), {}, menu, [this, menu, waiting](const QJsonObject& result) {
        const QJsonArray runs = result.value(QStringLiteral("runs")).toArray();
        if (runs.isEmpty()) return waiting->setText(tr("There are no runs yet"));
        menu->removeAction(waiting);
        for (int i = 0; i < std::min<int>(kMost, int(runs.size())); ++i) {
            const QJsonObject run = runs.at(i).toObject();
            const QString id = run.value(QStringLiteral("run")).toString();
            const QString name = run.value(QStringLiteral("name")).toString();
            menu->addAction(name.isEmpty() ? id : name, this, [this, id, name] { startFromRun(id, name); });
        }
    });
}

void ConversionWizard::startFromRun(const QString& run, const QString& name) {
    constexpr qint64 kBeyondTheEnd = qint64(1) << 52;  // the plan alone is wanted, no events
    m_client->call(
        QStringLiteral("run.attach"), {{QStringLiteral("run"), run}, {QStringLiteral("after_seq"), kBeyondTheEnd}},
        this,
        [this, run, name](const QJsonObject& result) {
            m_client->call(QStringLiteral("run.detach"), {{QStringLiteral("run"), run}}, this,
                           [](const QJsonObject&) {});
            setPlanJson(result.value(QStringLiteral("plan")).toObject());
            Q_UNUSED(name)
        },
        [this](const RpcError& error) { m_notice->setProblem(error.message); });
}

void ConversionWizard::startFrom(const protocol::Plan& plan, const QString& title) {
    m_notice->setProblem({});
    m_model->start(plan, title);
}

void ConversionWizard::setPlan(const protocol::Plan& plan) {
    startFrom(plan, QString::fromStdString(plan.name));
}

void ConversionWizard::setPlanJson(const QJsonObject& plan) {
    const QByteArray text = QJsonDocument(plan).toJson(QJsonDocument::Compact);
    auto parsed = protocol::parsePlan(text.toStdString(), "plan");
    if (!parsed) return m_notice->setProblem(QString::fromStdString(parsed.error().message));
    setPlan(*parsed);
}

void ConversionWizard::openPlanFile(const QString& path) {
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return m_notice->setProblem(tr("%1 cannot be read: %2").arg(path, file.errorString()));
    const QByteArray text = file.read(kMostPlanBytes + 1);
    auto parsed = protocol::parsePlan(text.toStdString(), path.toStdString());
    if (!parsed) return m_notice->setProblem(QString::fromStdString(parsed.error().message));
    startFrom(*parsed, path.section(u'/', -1));
}

void ConversionWizard::openFile() {
    auto* dialog = new QFileDialog(this, tr("Open a plan"), {}, tr("Plans (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &ConversionWizard::openPlanFile);
    dialog->open();
}

void ConversionWizard::showPage(int index) {
    if (index < 0 || index >= m_pages.size()) return;
    m_steps->setCurrentRow(index);
    m_stack->setCurrentIndex(index);
    m_title->setText(m_pages[index]->title());
    m_back->setEnabled(index > 0);
    m_next->setEnabled(index + 1 < m_pages.size());
    refreshExplanation();
}

void ConversionWizard::showField(const QString& key) {
    int index = int(m_pages.size()) - 1;
    for (int i = 0; i < m_pages.size(); ++i)
        if (m_pages[i]->owns(key)) index = i;
    showPage(index);
    m_pages[index]->showField(key);
}

void ConversionWizard::refreshStates() {
    for (int i = 0; i < m_pages.size(); ++i) {
        const WizardPage* page = m_pages[i];
        const auto& problems = m_model->problems();
        const bool isReview = i + 1 == m_pages.size();
        const bool hasProblem = std::any_of(problems.begin(), problems.end(), [&](const PlanProblem& problem) {
            return isReview || page->owns(problem.key);
        });
        bool isOwn = false;
        for (const PlanDifference& difference : m_model->differences()) isOwn = isOwn || page->owns(difference.key);
        // What every conversion must say for itself is done when it is said.
        const bool isSaid = (i == 0 && !m_model->plan().teacher.path.empty()) ||
                            (i == 2 && !m_model->plan().data.sources.empty()) || (isReview && problems.isEmpty());
        const PageState state = hasProblem || !page->attention().isEmpty() ? PageState::Attention
                                : isOwn || isSaid                          ? PageState::Done
                                                                           : PageState::Default;
        QListWidgetItem* item = m_steps->item(i);
        const QString word = stateWord(state);
        item->setText(
            tr("%1  %2\n%3").arg(i + 1).arg(page->title(), isReview && state == PageState::Done ? tr("Ready") : word));
        item->setIcon(stateIcon(state));
        item->setData(Qt::AccessibleTextRole, tr("Step %1, %2: %3").arg(i + 1).arg(page->title(), word));
        item->setToolTip(tr("Ctrl+%1").arg(i + 1));
    }
}

void ConversionWizard::refreshEstimate() {
    Role role = Role::Muted;
    QString text, tip;
    bool isBad = false;
    const auto& estimate = m_advisor->estimate();
    if (m_client->state() != EngineClient::State::Connected) {
        text = m_client->problem().isEmpty() ? tr("Connecting to the engine…") : m_client->problem();
    } else if (!estimate) {
        // What was wrong with the plan before says nothing of the present one.
        text = m_advisor->isEstimating() ? tr("Estimating…") : m_advisor->estimateProblem();
    } else {
        text = tr("%1 parameters").arg(countText(estimate->parameters));
        text += estimate->deviceBytes > 0
                    ? tr(" · %1 per device of %2").arg(bytesText(estimate->peakBytes), bytesText(estimate->deviceBytes))
                    : tr(" · %1 per device").arg(bytesText(estimate->peakBytes));
        if (estimate->seconds) text += tr(" · %1").arg(durationText(*estimate->seconds));
        if (estimate->cost) text += tr(" · $%1").arg(*estimate->cost, 0, 'f', *estimate->cost < 10 ? 2 : 0);
        if (m_advisor->isEstimating()) text += tr(" · estimating again…");
        isBad = !estimate->fits();
        if (isBad) text = tr("Does not fit: %1").arg(text);
        if (isBad) role = Role::Failure;
        tip = estimate->warnings.join(u'\n');
    }
    m_estimate->setText(text);
    m_estimate->setToolTip(tip);
    m_estimateIcon->setVisible(isBad);
    m_estimateIcon->setPixmap(stateIcon(PageState::Attention).pixmap(20, 20));
    QPalette palette = this->palette();
    if (isBad || !estimate || m_advisor->isEstimating()) palette.setColor(QPalette::WindowText, Theme::instance().color(role));
    m_estimate->setPalette(palette);
    const auto& remedy = m_advisor->remedy();
    m_remedy->setVisible(isBad && remedy.has_value());
    if (remedy) {
        m_remedy->setText(tr("%1 (%2)").arg(remedy->text, bytesText(remedy->peakBytes)));
        m_remedy->setAccessibleName(m_remedy->text());
    }
}

void ConversionWizard::refreshExplanation() {
    const WizardPage* page = m_pages.value(m_stack->currentIndex());
    if (!page) return;
    const QWidget* focus = QApplication::focusWidget();
    const bool isInside = focus && page->isAncestorOf(focus);
    const QString topic = isInside ? topicOf(focus) : page->topic();
    Explanation explanation = explanationOf(topic);
    if (explanation.text.isEmpty()) explanation = explanationOf(page->topic());
    m_explanationTitle->setText(explanation.title);
    m_explanation->setText(explanation.text);
}

void ConversionWizard::keyPressEvent(QKeyEvent* event) {
    // Enter belongs to the field that has the focus; it never closes the window.
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) return;
    QDialog::keyPressEvent(event);
}

}  // namespace radlads::ui
