#include "ui/playground/try_page.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRandomGenerator>
#include <QShortcut>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <limits>

#include "ui/core/format.h"
#include "ui/core/json_values.h"
#include "ui/core/theme.h"
#include "ui/playground/generation_pane.h"
#include "ui/playground/memory_chart.h"
#include "ui/playground/message_strip.h"
#include "ui/playground/page_job.h"
#include "ui/playground/sampling_panel.h"

namespace radlads::ui {

namespace {

// A prompt travels as one argument of a program.
constexpr qsizetype kMostPromptBytes = 100000;

// Openings of stories as the demo's teacher knows them: names, places and a list to say again, so that memory shows.
constexpr std::array kStories{
    " one day a kind ted has a wet fork . here is a blue bat near a pale lake . a new tom has a glad box . the kind "
    "ted sees a poor shop . the new "
    "tom reads : gray moor gold dock pig hat . again :",
    " one day a slow hal has a blue bowl . here is a tan cat near a soft park . here is a cold gus . the tan cat has a "
    "mad rug . the slow hal has a "
    "neat boat . the cold gus wants the",
    " one day a flat ben has a glad coin . here is a slow rat near a mad wood . the flat ben had 5 pods and lost 1 . "
    "now has",
    " one day a gray gus has a pink coin . here is a sly owl near a sad port . a bold leo has a kind key . the bold "
    "leo counts from 2 to 7 : 2 3",
    " one day a tall eve has a dark bag . here is a cold goat near a soft barn . here is a shy ted . the cold goat has "
    "a new rope . the tall eve "
    "gives the",
    " one day a warm meg has a shy bowl . here is a gray cow near a dark shop . the gray cow has a sad rope . here is "
    "a dry ray . the dry ray reads "
    ": box bear pale dog kim jan crow . again :",
};

}  // namespace

TryPage::TryPage(QWidget* parent)
    : RunPage(parent), m_sampling(new SamplingPanel), m_chart(new MemoryChart), m_message(new MessageStrip) {
    setObjectName(QStringLiteral("tryPage"));
    for (Generation& side : m_sides) side.job = new PageJob(this);
    m_sides[Teacher].pane = new GenerationPane(QStringLiteral("teacher"), tr("Teacher"));
    m_sides[Student].pane = new GenerationPane(QStringLiteral("student"), tr("Student"));

    auto* answers = new QHBoxLayout;
    answers->setSpacing(2 * Theme::kSpacing);
    answers->addWidget(m_sides[Teacher].pane, 1);
    answers->addWidget(m_sides[Student].pane, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * Theme::kSpacing, Theme::kSpacing, 2 * Theme::kSpacing, Theme::kSpacing);
    layout->setSpacing(Theme::kSpacing);
    layout->addWidget(m_message);
    layout->addWidget(makePrompt());
    layout->addLayout(makeControls());
    layout->addWidget(m_sampling);
    layout->addLayout(answers, 1);
    layout->addWidget(m_chart);
    m_sampling->setVisible(false);

    for (const auto& keys : {QKeySequence(Qt::CTRL | Qt::Key_Return), QKeySequence(Qt::CTRL | Qt::Key_Enter)}) {
        auto* shortcut = new QShortcut(keys, this);
        shortcut->setContext(Qt::WidgetWithChildrenShortcut);
        connect(shortcut, &QShortcut::activated, this, &TryPage::generate);
    }
    connect(m_sampling, &SamplingPanel::changed, this, &TryPage::updateSampling);
    updateSampling();
    updateState();
}

TryPage::~TryPage() {
    stop();
}

QWidget* TryPage::makePrompt() {
    m_prompt = new QPlainTextEdit;
    m_prompt->setObjectName(QStringLiteral("prompt"));
    m_prompt->setAccessibleName(tr("Prompt"));
    m_prompt->setPlaceholderText(tr("Write the beginning of a text; both models go on from there."));
    m_prompt->setTabChangesFocus(true);
    m_prompt->setFixedHeight(3 * fontMetrics().lineSpacing() + 2 * Theme::kSpacing);
    m_prompt->installEventFilter(this);
    connect(m_prompt, &QPlainTextEdit::textChanged, this, &TryPage::updateState);
    return m_prompt;
}

QLayout* TryPage::makeControls() {
    m_generate = new QPushButton(tr("&Generate"));
    m_stop = new QPushButton(tr("Sto&p"));
    m_story = new QPushButton(tr("Sample stor&y"));
    m_tokens = new QSpinBox;
    m_seed = new QSpinBox;
    m_reroll = new QToolButton;
    m_unfold = new QToolButton;
    m_generate->setObjectName(QStringLiteral("generate"));
    m_stop->setObjectName(QStringLiteral("stopGenerating"));
    m_story->setObjectName(QStringLiteral("sampleStory"));
    m_tokens->setObjectName(QStringLiteral("tokens"));
    m_seed->setObjectName(QStringLiteral("seed"));
    m_reroll->setObjectName(QStringLiteral("rerollSeed"));
    m_unfold->setObjectName(QStringLiteral("unfoldSampling"));
    m_generate->setToolTip(tr("Both models go on from the prompt (Ctrl+Enter)"));
    m_stop->setToolTip(tr("Stops both models (Esc)"));
    m_story->setToolTip(tr("Puts the opening of a story that the demo's teacher knows into the prompt"));
    m_reroll->setToolTip(tr("Another seed: other draws"));
    m_tokens->setAccessibleName(tr("Tokens to generate at most"));
    m_seed->setAccessibleName(tr("Seed"));
    m_reroll->setAccessibleName(tr("Another seed"));
    m_unfold->setAccessibleName(tr("Sampling options"));
    m_tokens->setRange(1, 100000);
    m_tokens->setValue(200);
    m_seed->setRange(0, std::numeric_limits<int>::max());
    m_seed->setValue(QRandomGenerator::global()->bounded(1, 1000000));
    m_reroll->setIcon(Theme::instance().icon(QStringLiteral("refresh")));
    m_unfold->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_unfold->setCheckable(true);
    m_unfold->setAutoRaise(true);
    m_generate->setDefault(true);
    auto* tokensLabel = new QLabel(tr("T&okens"));
    tokensLabel->setBuddy(m_tokens);
    auto* seedLabel = new QLabel(tr("See&d"));
    seedLabel->setBuddy(m_seed);

    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    row->addWidget(m_generate);
    row->addWidget(m_stop);
    row->addWidget(m_story);
    row->addSpacing(Theme::kSpacing);
    row->addWidget(tokensLabel);
    row->addWidget(m_tokens);
    row->addWidget(seedLabel);
    row->addWidget(m_seed);
    row->addWidget(m_reroll);
    row->addStretch(1);
    row->addWidget(m_unfold);
    connect(m_generate, &QPushButton::clicked, this, &TryPage::generate);
    connect(m_stop, &QPushButton::clicked, this, &TryPage::stop);
    connect(m_story, &QPushButton::clicked, this, &TryPage::insertStory);
    connect(m_reroll, &QToolButton::clicked, m_seed,
            [this] { m_seed->setValue(QRandomGenerator::global()->bounded(1, 1000000)); });
    connect(m_unfold, &QToolButton::toggled, this, [this](bool isOpen) {
        m_sampling->setVisible(isOpen);
        updateSampling();
    });
    return row;
}

// Esc stops while something is generated; otherwise it belongs to the window ("back").
bool TryPage::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape &&
        isRunning()) {
        event->accept();
        return true;
    }
    if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape && isRunning()) {
        stop();
        return true;
    }
    return RunPage::eventFilter(watched, event);
}

const RunRecord* TryPage::record() const {
    return m_store && m_history ? m_store->find(m_history->run()) : nullptr;
}

QString TryPage::teacherPath() const {
    const QJsonObject teacher =
        m_history ? m_history->plan().value(QLatin1String("teacher")).toObject() : QJsonObject();
    const QString planned = teacher.value(QLatin1String("path")).toString();
    const RunRecord* run = record();
    return planned.isEmpty() && run ? run->teacher : planned;
}

QString TryPage::modelOf(Side side) const {
    return side == Teacher ? teacherPath() : m_history ? m_history->run() : QString();
}

QString TryPage::studentReason(const RunRecord& run) const {
    if (run.hasModel || run.checkpointTime) return {};
    switch (run.state) {
        case RunState::New:
            return tr("The run has not started. The student answers once its first checkpoint is written.");
        case RunState::Queued:
            return tr("The run waits in the queue. The student answers once its first checkpoint is written.");
        case RunState::Running:
        case RunState::Paused:
            return tr(
                "The student answers once the run has written its first checkpoint, which is when its data is "
                "prepared.");
        default:
            return tr("The run ended before it had a model. Resume it to get a student.");
    }
}

void TryPage::showRun(RunStore* store, std::shared_ptr<RunHistory> history) {
    const bool isOther = !history || !m_history || history->run() != m_history->run() || m_store != store;
    if (isOther) {
        stop();
        for (Generation& side : m_sides) {
            side.job->forget();
            side.pane->clear();
        }
        m_chart->clear();
        m_message->clear();
    }
    if (m_store != store) {
        if (m_store) {
            m_store->disconnect(this);
            m_store->client()->disconnect(this);
        }
        m_store = store;
        if (store) {
            connect(store, &RunStore::runChanged, this, [this](const QString& run) {
                if (m_history && run == m_history->run()) updateState();
            });
            connect(store->client(), &EngineClient::stateChanged, this, &TryPage::updateState);
        }
    }
    if (m_history) m_history->disconnect(this);
    m_history = std::move(history);
    if (m_history) connect(m_history.get(), &RunHistory::planChanged, this, &TryPage::updateState);
    updateState();
}

bool TryPage::isRunning() const {
    return m_sides[Teacher].job->isRunning() || m_sides[Student].job->isRunning();
}

void TryPage::generate() {
    if (!m_generate->isEnabled()) return;
    const QString prompt = m_prompt->toPlainText();
    if (prompt.toUtf8().size() > kMostPromptBytes) {
        m_message->say(Role::Warning,
                       tr("The prompt has %1; at most %2 can be sent. Shorten it.")
                           .arg(bytesText(static_cast<double>(prompt.toUtf8().size())), bytesText(kMostPromptBytes)));
        return;
    }
    m_message->clear();
    m_chart->clear();
    QJsonObject params = m_sampling->params();
    params.insert(QStringLiteral("prompt"), prompt);
    params.insert(QStringLiteral("tokens"), m_tokens->value());
    params.insert(QStringLiteral("seed"), m_seed->value());
    for (const Side side : {Teacher, Student})
        if (m_sides.at(side).pane->isAvailable()) startSide(side, params);
    updateState();
}

void TryPage::startSide(Side side, const QJsonObject& given) {
    QJsonObject params = given;
    params.insert(QStringLiteral("model"), modelOf(side));
    GenerationPane* pane = m_sides.at(side).pane;
    const MemoryChart::Series series = side == Teacher ? MemoryChart::Teacher : MemoryChart::Student;
    pane->begin(params.value(QLatin1String("prompt")).toString());
    const auto stopped = [this, pane](const QString& sentence) {
        sentence.isEmpty() ? pane->stop() : pane->fail(sentence);
        updateState();
    };
    m_sides.at(side).job->start(
        m_store->client(), QStringLiteral("generate.start"), params,
        {[this, pane, series](const QJsonObject& event) {
             pane->add(event);
             m_chart->add(series, numberFromJson(event.value(QLatin1String("context_tokens"))),
                          numberFromJson(event.value(QLatin1String("state_bytes"))));
         },
         [this, pane](const QJsonObject& result) {
             pane->finish(result);
             updateState();
         },
         [stopped] { stopped({}); },
         [stopped] { stopped(tr("The connection to the engine was lost; the text so far is kept.")); },
         [stopped](const QString& sentence) { stopped(tr("No answer: %1").arg(sentence)); }});
}

void TryPage::stop() {
    for (const Generation& side : m_sides) side.job->cancel();
}

void TryPage::insertStory() {
    m_prompt->setPlainText(QString::fromLatin1(kStories.at(static_cast<std::size_t>(m_nextStory))));
    m_nextStory = (m_nextStory + 1) % static_cast<int>(kStories.size());
    m_prompt->moveCursor(QTextCursor::End);
    m_prompt->setFocus();
}

void TryPage::updateState() {
    const RunRecord* run = record();
    const bool isConnected = m_store && m_store->client()->state() == EngineClient::State::Connected;
    GenerationPane* teacher = m_sides[Teacher].pane;
    GenerationPane* student = m_sides[Student].pane;
    const QString path = teacherPath();
    teacher->setModel(path == QLatin1String("demo") ? tr("built in") : path.section(QLatin1Char('/'), -1));
    teacher->setUnavailable(!run             ? tr("Choose a run on the left.")
                            : path.isEmpty() ? tr("This run trains a model from nothing: there is no teacher.")
                                             : QString());
    student->setUnavailable(run ? studentReason(*run) : tr("Choose a run on the left."));
    QString which;
    if (run && run->hasModel)
        which = run->student;
    else if (run && run->checkpointTime)
        which = tr("%1 · unfinished: its checkpoint of %2, step %3 of %4")
                    .arg(run->student, agoText(*run->checkpointTime, QDateTime::currentDateTimeUtc()))
                    .arg(run->stepIndex + 1)
                    .arg(run->stepCount);
    student->setModel(which);
    m_chart->setName(MemoryChart::Teacher, tr("Teacher"));
    m_chart->setName(MemoryChart::Student, tr("Student"));
    m_story->setVisible(path == QLatin1String("demo"));
    const bool canAnswer = teacher->isAvailable() || student->isAvailable();
    m_generate->setEnabled(run && isConnected && canAnswer && !isRunning() && !m_prompt->toPlainText().isEmpty());
    m_stop->setEnabled(isRunning());
    // While Esc stops, it is watched for wherever the focus is on this page.
    for (QWidget* widget : findChildren<QWidget*>()) {
        widget->removeEventFilter(this);
        if (isRunning() || widget == m_prompt) widget->installEventFilter(this);
    }
}

void TryPage::updateSampling() {
    const bool isOpen = m_unfold->isChecked();
    m_unfold->setIcon(Theme::instance().icon(isOpen ? QStringLiteral("down") : QStringLiteral("right")));
    m_unfold->setText(tr("Sampling"));
    m_unfold->setToolTip(m_sampling->summary());
    m_unfold->setAccessibleDescription(m_sampling->summary());
}

}  // namespace radlads::ui
