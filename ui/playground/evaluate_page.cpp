#include "ui/playground/evaluate_page.h"

#include <QComboBox>
#include <QEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSaveFile>
#include <QSplitter>
#include <QStackedWidget>
#include <QStyle>
#include <QTabBar>
#include <QTableView>
#include <QVBoxLayout>

#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/playground/answers_model.h"
#include "ui/playground/evaluation_model.h"
#include "ui/playground/job_bar.h"
#include "ui/playground/message_strip.h"
#include "ui/playground/page_job.h"

namespace radlads::ui {

namespace {

enum Page { EmptyPage, ScoresPage };
enum AnswerKind { AllAnswers, WrongAnswers, RightAnswers };
constexpr int kEmptyIconSize = 48;

void prepareTable(QTableView* table) {
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->setTabKeyNavigation(false);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setWordWrap(false);
    table->verticalHeader()->setVisible(false);
    table->horizontalHeader()->setHighlightSections(false);
}

}  // namespace

EvaluatePage::EvaluatePage(QWidget* parent)
    : RunPage(parent),
      m_job(new PageJob(this)),
      m_pages(new QStackedWidget),
      m_model(new EvaluationModel(this)),
      m_answers(new AnswersModel(this)),
      m_jobBar(new JobBar),
      m_message(new MessageStrip) {
    setObjectName(QStringLiteral("evaluatePage"));
    askSaveName = [](QWidget* owner, const QString& suggested) {
        return QFileDialog::getSaveFileName(owner, tr("Save the scores"), suggested,
                                            tr("Comma-separated values (*.csv)"));
    };
    askRequest = [](QWidget* owner, const RunRecord& run, bool isLocal) -> std::optional<EvaluationRequest> {
        EvaluateDialog dialog(run, isLocal, owner);
        if (dialog.exec() != QDialog::Accepted) return {};
        return dialog.request();
    };

    auto* scores = new QWidget;
    auto* inner = new QVBoxLayout(scores);
    inner->setContentsMargins(0, 0, 0, 0);
    inner->setSpacing(Theme::kSpacing);
    inner->addWidget(makeHeader());
    m_views = new QStackedWidget;
    m_views->addWidget(makeScores());
    m_views->addWidget(makeAnswers());
    inner->addWidget(m_views, 1);
    m_pages->addWidget(makeEmptyState());
    m_pages->addWidget(scores);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * Theme::kSpacing, Theme::kSpacing, 2 * Theme::kSpacing, 2 * Theme::kSpacing);
    layout->setSpacing(Theme::kSpacing);
    layout->addWidget(m_message);
    layout->addWidget(m_jobBar);
    layout->addWidget(m_pages, 1);

    connect(m_jobBar, &JobBar::cancelled, this, [this] {
        m_isCancelled = true;
        m_job->cancel();
    });
    connect(&Theme::instance(), &Theme::changed, this, &EvaluatePage::updateColours);
    updateColours();
    updateState();
}

QWidget* EvaluatePage::makeHeader() {
    auto* header = new QWidget;
    m_tabs = new QTabBar;
    m_set = new QComboBox;
    m_evaluate = new QPushButton(tr("R&un evaluation…"));
    m_save = new QPushButton(tr("Save &CSV…"));
    m_tabs->setObjectName(QStringLiteral("evaluateViews"));
    m_set->setObjectName(QStringLiteral("evaluationSet"));
    m_evaluate->setObjectName(QStringLiteral("runEvaluation"));
    m_save->setObjectName(QStringLiteral("saveCsv"));
    m_tabs->setAccessibleName(tr("Scores or answers"));
    m_set->setAccessibleName(tr("Which evaluation"));
    m_save->setAccessibleName(tr("Save the scores as a CSV file"));
    m_tabs->addTab(tr("&Scores"));
    m_tabs->addTab(tr("&Answers"));
    m_tabs->setDrawBase(false);
    m_tabs->setExpanding(false);
    m_set->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_set->setMinimumContentsLength(12);
    m_set->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(Theme::kSpacing);
    row->addWidget(m_tabs);
    row->addSpacing(Theme::kSpacing);
    row->addWidget(m_set, 1);
    row->addWidget(m_save);
    row->addWidget(m_evaluate);
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int index) { m_views->setCurrentIndex(index); });
    connect(m_set, &QComboBox::currentIndexChanged, this, &EvaluatePage::showSet);
    connect(m_evaluate, &QPushButton::clicked, this, &EvaluatePage::openDialog);
    connect(m_save, &QPushButton::clicked, this, &EvaluatePage::saveCsv);
    return header;
}

QWidget* EvaluatePage::makeScores() {
    auto* view = new QWidget;
    m_summary = new QLabel;
    m_summary->setObjectName(QStringLiteral("evaluationSummary"));
    m_summary->setWordWrap(true);
    m_table = new QTableView;
    m_table->setObjectName(QStringLiteral("scoreTable"));
    m_table->setAccessibleName(tr("Scores by task and stage"));
    prepareTable(m_table);
    m_table->setModel(m_model);
    m_table->setItemDelegate(new EvaluationDelegate(m_table));
    m_table->viewport()->installEventFilter(this);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto* layout = new QVBoxLayout(view);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Theme::kSpacing);
    layout->addWidget(m_summary);
    layout->addWidget(m_table, 1);
    return view;
}

QWidget* EvaluatePage::makeAnswers() {
    auto* view = new QWidget;
    m_answerStage = new QComboBox;
    m_answerKind = new QComboBox;
    m_answersTable = new QTableView;
    m_story = new QPlainTextEdit;
    m_noAnswers = new QLabel;
    m_answerStage->setObjectName(QStringLiteral("answerStage"));
    m_answerKind->setObjectName(QStringLiteral("answerKind"));
    m_answersTable->setObjectName(QStringLiteral("answerTable"));
    m_story->setObjectName(QStringLiteral("answerStory"));
    m_noAnswers->setObjectName(QStringLiteral("noAnswers"));
    m_answerStage->setAccessibleName(tr("Stage of the answers"));
    m_answerKind->setAccessibleName(tr("Right or wrong answers"));
    m_answersTable->setAccessibleName(tr("Samples of answers"));
    m_story->setAccessibleName(tr("The story up to the answer"));
    m_answerKind->addItem(tr("All answers"), AllAnswers);
    m_answerKind->addItem(tr("Wrong answers"), WrongAnswers);
    m_answerKind->addItem(tr("Right answers"), RightAnswers);
    m_story->setReadOnly(true);
    m_story->setTabChangesFocus(true);
    m_noAnswers->setWordWrap(true);
    m_noAnswers->setAlignment(Qt::AlignCenter);
    prepareTable(m_answersTable);
    m_answersTable->setModel(m_answers);
    QHeaderView* header = m_answersTable->horizontalHeader();
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(AnswersModel::StoryColumn, QHeaderView::Stretch);
    header->setMinimumSectionSize(9 * fontMetrics().averageCharWidth());
    m_answersTable->setTextElideMode(Qt::ElideLeft);

    auto* filters = new QHBoxLayout;
    filters->addWidget(m_answerStage);
    filters->addWidget(m_answerKind);
    filters->addStretch();
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(m_answersTable);
    splitter->addWidget(m_story);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(view);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Theme::kSpacing);
    layout->addLayout(filters);
    layout->addWidget(splitter, 1);
    layout->addWidget(m_noAnswers, 1);
    connect(m_answerStage, &QComboBox::currentIndexChanged, this, &EvaluatePage::showAnswers);
    connect(m_answerKind, &QComboBox::currentIndexChanged, this, &EvaluatePage::showAnswers);
    connect(m_answersTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &EvaluatePage::showAnswer);
    return view;
}

QWidget* EvaluatePage::makeEmptyState() {
    auto* empty = new QWidget;
    m_emptyIcon = new QLabel;
    m_emptyTitle = new QLabel;
    m_emptyText = new QLabel;
    m_evaluateEmpty = new QPushButton(tr("R&un evaluation…"));
    m_emptyTitle->setObjectName(QStringLiteral("emptyTitle"));
    m_emptyText->setObjectName(QStringLiteral("emptyText"));
    m_evaluateEmpty->setObjectName(QStringLiteral("runFirstEvaluation"));
    QFont title = font();
    title.setPointSizeF(title.pointSizeF() * 1.25);
    title.setBold(true);
    m_emptyTitle->setFont(title);
    m_emptyText->setWordWrap(true);
    m_emptyText->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_emptyText->setFixedWidth(fontMetrics().averageCharWidth() * 64);
    auto* layout = new QVBoxLayout(empty);
    layout->setSpacing(2 * Theme::kSpacing);
    layout->addStretch(2);
    layout->addWidget(m_emptyIcon, 0, Qt::AlignHCenter);
    layout->addWidget(m_emptyTitle, 0, Qt::AlignHCenter);
    // In a row of its own: an aligned label would not be given the height that its lines need.
    auto* textRow = new QHBoxLayout;
    textRow->addStretch();
    textRow->addWidget(m_emptyText);
    textRow->addStretch();
    layout->addLayout(textRow);
    layout->addWidget(m_evaluateEmpty, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    connect(m_evaluateEmpty, &QPushButton::clicked, this, &EvaluatePage::openDialog);
    return empty;
}

const RunRecord* EvaluatePage::record() const {
    return m_store && m_history ? m_store->find(m_history->run()) : nullptr;
}

void EvaluatePage::showRun(RunStore* store, std::shared_ptr<RunHistory> history) {
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
            connect(store->client(), &EngineClient::stateChanged, this, [this] {
                if (m_store->client()->state() == EngineClient::State::Connected) fetch();
                updateState();
            });
        }
    }
    const bool isOther = !history || !m_history || history->run() != m_history->run();
    m_history = std::move(history);
    if (isOther) {
        m_message->clear();
        m_isFetched = false;
        setSets({});
    }
    fetch();
    updateState();
}

void EvaluatePage::fetch() {
    if (!m_store || !m_history) return;
    const QString run = m_history->run();
    m_store->client()->call(
        QStringLiteral("run.evaluations"), {{QStringLiteral("run"), run}}, this,
        [this, run](const QJsonObject& result) {
            if (!m_history || m_history->run() != run) return;
            m_isFetched = true;
            setSets(evaluationSets(result.value(QLatin1String("evaluations")).toArray()));
        },
        [this, run](const RpcError& error) {
            if (!m_history || m_history->run() != run || error.kind == QLatin1String("disconnected")) return;
            m_isFetched = true;
            m_message->say(Role::Failure, tr("The evaluations of this run could not be read: %1").arg(error.message));
            updateState();
        });
}

void EvaluatePage::setSets(const QVector<EvaluationSet>& sets) {
    const QString shown = m_set->currentData().toString();
    m_sets = sets;
    {
        const QSignalBlocker blocker(m_set);
        m_set->clear();
        for (const EvaluationSet& set : m_sets) m_set->addItem(setTitle(set), set.key);
        m_set->setCurrentIndex(m_sets.isEmpty() ? -1 : std::max(0, m_set->findData(shown)));
    }
    showSet();
    updateState();
}

void EvaluatePage::showSet() {
    const int index = m_set->currentIndex();
    const EvaluationSet set = index >= 0 && index < m_sets.size() ? m_sets.at(index) : EvaluationSet();
    const RunRecord* run = record();
    const QStringList kinds = run ? run->stepKinds : QStringList();
    m_model->setEvaluations(set, kinds);
    m_table->resizeRowsToContents();
    fitColumns();
    const QLocale locale;
    QString summary;
    if (set.best >= 0)
        summary =
            tr("Best: %1. On average it is %2 % of the way from the floor to the teacher.")
                .arg(stageTitle(set.stages.at(set.best), kinds), locale.toString(100 * *set.bestRelative, 'f', 1));
    else if (set.bestRelative)
        summary = tr("On average %1 % of the way from the floor to the teacher.")
                      .arg(locale.toString(100 * *set.bestRelative, 'f', 1));
    m_summary->setVisible(!summary.isEmpty());
    m_set->setToolTip(set.newest.isValid()
                          ? tr("%1, last on %2. Only evaluations on the same text with the same seed can be compared.")
                                .arg(setTitle(set), locale.toString(set.newest.toLocalTime(), QLocale::ShortFormat))
                          : QString());
    m_summary->setText(summary);
    {
        const QSignalBlocker blocker(m_answerStage);
        const QString stage = m_answerStage->currentData().toString();
        m_answerStage->clear();
        for (const QString& name : set.stages) m_answerStage->addItem(stageTitle(name, kinds), name);
        const int found = m_answerStage->findData(stage);
        m_answerStage->setCurrentIndex(found >= 0 ? found : m_answerStage->count() - 1);
    }
    showAnswers();
}

void EvaluatePage::showAnswers() {
    const QVector<SampleAnswer> all = m_model->evaluations().answers;
    const QString stage = m_answerStage->currentData().toString();
    const int kind = m_answerKind->currentData().toInt();
    QVector<SampleAnswer> shown;
    for (const SampleAnswer& answer : all) {
        if (answer.stage != stage || (kind == WrongAnswers && answer.isRight) ||
            (kind == RightAnswers && !answer.isRight))
            continue;
        shown.append(answer);
    }
    m_answers->setAnswers(shown);
    const bool hasAny = !shown.isEmpty();
    m_answersTable->parentWidget()->setVisible(hasAny);
    m_noAnswers->setVisible(!hasAny);
    m_answerStage->setVisible(!all.isEmpty());
    m_answerKind->setVisible(!all.isEmpty());
    m_noAnswers->setText(
        all.isEmpty() ? tr("This evaluation has no samples of answers. The task “Skills of the demo” keeps some.")
        : kind == WrongAnswers ? tr("There is no wrong answer among the samples of this stage.")
                               : tr("There is no such answer among the samples of this stage."));
    if (hasAny) m_answersTable->selectRow(0);
    showAnswer();
}

void EvaluatePage::showAnswer() {
    const QModelIndex index = m_answersTable->currentIndex();
    m_story->clear();
    if (!index.isValid()) return;
    const SampleAnswer& answer = m_answers->answer(index.row());
    QTextCursor cursor(m_story->document());
    QTextCharFormat plain, bold;
    bold.setFontWeight(QFont::Bold);
    bold.setForeground(Theme::instance().color(Role::Accent));
    cursor.insertText(answer.prompt.trimmed(), plain);
    cursor.insertText(answer.expected, bold);
    m_story->moveCursor(QTextCursor::End);
}

void EvaluatePage::updateState() {
    const RunRecord* run = record();
    const bool isConnected = m_store && m_store->client()->state() == EngineClient::State::Connected;
    const bool isBusy = m_jobBar->isRunning();
    m_pages->setCurrentIndex(m_sets.isEmpty() ? EmptyPage : ScoresPage);
    m_evaluate->setEnabled(run && isConnected && !isBusy);
    m_evaluateEmpty->setEnabled(m_evaluate->isEnabled());
    m_evaluateEmpty->setVisible(run && (m_isFetched || !isConnected));
    m_save->setEnabled(!m_sets.isEmpty());
    if (!run) {
        m_emptyTitle->setText(tr("No run is shown"));
        m_emptyText->setText(tr("Choose a run on the left to see how its student compares with the teacher."));
    } else if (!m_isFetched && isConnected) {
        m_emptyTitle->setText(tr("Reading the evaluations…"));
        m_emptyText->clear();
    } else if (!m_isFetched) {
        m_emptyTitle->setText(tr("Not connected"));
        m_emptyText->setText(tr("The evaluations are shown when the engine answers again."));
    } else {
        m_emptyTitle->setText(tr("Not evaluated yet"));
        m_emptyText->setText(
            tr("An evaluation scores the teacher and the student on the same text: after each step, and as it is now. "
               "It takes seconds for the demo and minutes for larger models, and disturbs no run."));
    }
}

void EvaluatePage::updateColours() {
    const QIcon icon = Theme::instance().icon(QStringLiteral("evaluate"));
    m_emptyIcon->setPixmap(icon.pixmap(QSize(kEmptyIconSize, kEmptyIconSize), devicePixelRatioF()));
    QPalette colours;
    colours.setColor(QPalette::WindowText, Theme::instance().color(Role::Muted));
    for (QLabel* label : {m_emptyText, m_summary, m_noAnswers}) label->setPalette(colours);
    showAnswer();
}

void EvaluatePage::changeEvent(QEvent* event) {
    RunPage::changeEvent(event);
    if (event->type() != QEvent::FontChange) return;
    m_table->resizeRowsToContents();
    fitColumns();
}

bool EvaluatePage::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_table->viewport() && event->type() == QEvent::Resize) fitColumns();
    return RunPage::eventFilter(watched, event);
}

// Columns as wide as what they hold; room that is left goes to the stages, whose bars then tell more.
void EvaluatePage::fitColumns() {
    m_table->resizeColumnsToContents();
    const int columns = m_model->columnCount(), stages = columns - EvaluationModel::FirstStageColumn;
    if (stages <= 0) return;
    int used = 0;
    for (int column = 0; column < columns; ++column) used += m_table->columnWidth(column);
    const int spare = m_table->viewport()->width() - used;
    if (spare <= 0) return;
    const int most = 40 * fontMetrics().averageCharWidth();
    for (int column = EvaluationModel::FirstStageColumn; column < columns; ++column)
        m_table->setColumnWidth(column, std::min(std::max(most, m_table->columnWidth(column)),
                                                 m_table->columnWidth(column) + spare / stages));
}

void EvaluatePage::openDialog() {
    const RunRecord* run = record();
    if (!run) return;
    const auto request = askRequest(this, *run, m_store->client()->address().host.isEmpty());
    if (request) start(*request);
}

void EvaluatePage::start(const EvaluationRequest& request) {
    if (!m_history || request.stages.isEmpty()) return;
    m_request = request;
    m_run = m_history->run();
    m_nextStage = 0;
    m_isCancelled = false;
    m_message->clear();
    next();
}

void EvaluatePage::next() {
    if (!m_store) return finish();
    const RunRecord* run = m_store->find(m_run);
    const QStringList kinds = run ? run->stepKinds : QStringList();
    const QString stage = m_request.stages.at(m_nextStage);
    bool isNumber = false;
    stage.toInt(&isNumber);
    const QString title = stageTitle(isNumber ? QStringLiteral("step ") + stage : stage, kinds);
    m_jobBar->begin(m_request.stages.size() == 1
                        ? tr("Evaluating: %1").arg(title)
                        : tr("Evaluating: %1 (%2 of %3)").arg(title).arg(m_nextStage + 1).arg(m_request.stages.size()));
    updateState();
    m_job->start(m_store->client(), QStringLiteral("evaluate.start"), m_request.params(m_run, stage),
                 {[this](const QJsonObject& event) { m_jobBar->advance(event); },
                  [this](const QJsonObject&) {
                      fetch();
                      const bool isLast = ++m_nextStage >= m_request.stages.size();
                      if (!isLast && !m_isCancelled) return next();
                      finish();
                      // The stage had ended before the engine heard of it; those after it are not begun.
                      if (!isLast) sayCancelled();
                  },
                  [this] {
                      finish();
                      sayCancelled();
                  },
                  [this] {
                      finish();
                      m_message->say(Role::Warning, tr("The connection to the engine was lost. The evaluation of this "
                                                       "stage goes on there and is shown when it has ended; stages "
                                                       "after it must be started again."));
                  },
                  [this, title](const QString& sentence) {
                      finish();
                      m_message->say(Role::Failure, tr("%1 could not be evaluated: %2").arg(title, sentence));
                  }});
    updateState();
}

void EvaluatePage::finish() {
    m_jobBar->end();
    updateState();
}

void EvaluatePage::sayCancelled() {
    m_message->say(Role::Warning, tr("The evaluation was cancelled; the stages that were scored before are kept."));
}

void EvaluatePage::saveCsv() {
    const int index = m_set->currentIndex();
    const RunRecord* run = record();
    if (index < 0) return;
    const QString path =
        askSaveName(this, (run ? run->run : QStringLiteral("evaluation")) + QStringLiteral("-scores.csv"));
    if (path.isEmpty()) return;
    QSaveFile file(path);
    const QByteArray bytes = evaluationCsv(m_sets.at(index)).toUtf8();
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit()) {
        m_message->say(
            Role::Failure,
            tr("The scores could not be saved as %1: %2. Choose another folder.").arg(path, file.errorString()));
        return;
    }
    m_message->say(Role::Success, tr("The scores are in %1.").arg(path));
}

}  // namespace radlads::ui
