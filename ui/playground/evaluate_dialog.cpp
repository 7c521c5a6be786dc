#include "ui/playground/evaluate_dialog.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QRandomGenerator>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <limits>

#include "ui/core/theme.h"
#include "ui/playground/evaluations.h"

namespace radlads::ui {

namespace {

constexpr int kMostWindows = 100000;

QLabel* hint(const QString& text) {
    auto* label = new QLabel(text);
    label->setWordWrap(true);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

// As EvaluationSet names them.
QString reportStage(const QString& stage) {
    bool isNumber = false;
    stage.toInt(&isNumber);
    return isNumber ? QStringLiteral("step ") + stage : stage;
}

}  // namespace

QStringList evaluableStages(const RunRecord& run) {
    QStringList stages{QStringLiteral("setup")};
    const int finished = run.state == RunState::Finished ? static_cast<int>(run.stepKinds.size()) : run.stepIndex;
    for (int step = 1; step <= finished; ++step) stages.append(QString::number(step));
    if (!run.hasModel && run.checkpointTime) stages.append(QStringLiteral("now"));
    return stages;
}

QJsonObject EvaluationRequest::params(const QString& run, const QString& stage) const {
    QJsonObject object{{QStringLiteral("run"), run},
                       {QStringLiteral("stage"), stage},
                       {QStringLiteral("tasks"), QJsonArray::fromStringList(tasks)},
                       {QStringLiteral("windows"), windows},
                       {QStringLiteral("seed"), seed}};
    if (!data.isEmpty()) object.insert(QStringLiteral("data"), QJsonArray{data});
    return object;
}

EvaluateDialog::EvaluateDialog(const RunRecord& run, bool isLocal, QWidget* parent)
    : QDialog(parent), m_problem(new QLabel), m_buttons(new QDialogButtonBox(QDialogButtonBox::Cancel)) {
    setObjectName(QStringLiteral("evaluateDialog"));
    setWindowTitle(tr("Run evaluation"));
    askFile = [](QWidget* owner) {
        return QFileDialog::getOpenFileName(
            owner, tr("Text to evaluate on"), {},
            tr("Texts and datasets (*.txt *.md *.jsonl *.gz *.zst *.bin *.idx);;All files (*)"));
    };
    auto* start = m_buttons->addButton(tr("&Start evaluation"), QDialogButtonBox::AcceptRole);
    start->setObjectName(QStringLiteral("startEvaluation"));
    m_buttons->button(QDialogButtonBox::Cancel)->setObjectName(QStringLiteral("cancelEvaluation"));
    m_problem->setObjectName(QStringLiteral("evaluateProblem"));
    m_problem->setWordWrap(true);

    auto* columns = new QHBoxLayout;
    columns->setSpacing(2 * Theme::kSpacing);
    columns->addWidget(makeTasks(run), 1);
    columns->addWidget(makeStages(run), 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * Theme::kSpacing, 2 * Theme::kSpacing, 2 * Theme::kSpacing, 2 * Theme::kSpacing);
    layout->setSpacing(2 * Theme::kSpacing);
    layout->addLayout(columns);
    layout->addWidget(makeText(isLocal));
    layout->addWidget(m_problem);
    layout->addWidget(m_buttons);
    start->setDefault(true);  // of this dialog: known once it is the button's window
    m_perplexity->setFocus();

    connect(m_buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(m_buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    for (QCheckBox* box : findChildren<QCheckBox*>()) connect(box, &QCheckBox::toggled, this, &EvaluateDialog::check);
    connect(m_file, &QRadioButton::toggled, this, &EvaluateDialog::check);
    connect(m_path, &QLineEdit::textChanged, this, &EvaluateDialog::check);
    check();
    resize(sizeHint().expandedTo({fontMetrics().averageCharWidth() * 84, 0}));
}

QWidget* EvaluateDialog::makeTasks(const RunRecord& run) {
    auto* group = new QGroupBox(tr("Tasks"));
    const bool isDemo = run.teacher == QLatin1String("demo");
    m_perplexity = new QCheckBox(tr("&Perplexity and agreement"));
    m_skills = new QCheckBox(tr("S&kills of the demo"));
    m_perplexity->setObjectName(QStringLiteral("taskPerplexity"));
    m_skills->setObjectName(QStringLiteral("taskSkills"));
    m_perplexity->setChecked(true);
    m_skills->setChecked(isDemo);
    auto* layout = new QVBoxLayout(group);
    layout->addWidget(m_perplexity);
    layout->addWidget(
        hint(tr("On any text: how sure the student is of the next token, and how often it agrees with the teacher.")));
    layout->addWidget(m_skills);
    layout->addWidget(
        hint(isDemo ? tr("Recall, copying, counting and arithmetic in fresh stories, with samples of the answers.")
                    : tr("For models that know the demo's stories; other models score near the floor.")));
    layout->addStretch();
    return group;
}

QWidget* EvaluateDialog::makeStages(const RunRecord& run) {
    auto* group = new QGroupBox(tr("Stages"));
    auto* layout = new QVBoxLayout(group);
    const QStringList possible = evaluableStages(run);
    QStringList shown{QStringLiteral("setup")};
    for (int step = 1; step <= run.stepKinds.size(); ++step) shown.append(QString::number(step));
    if (!run.hasModel) shown.append(QStringLiteral("now"));
    for (const QString& stage : shown) {
        auto* box = new QCheckBox(stageTitle(reportStage(stage), run.stepKinds));
        box->setObjectName(QStringLiteral("stage-") + stage);
        box->setProperty("stage", stage);
        box->setEnabled(possible.contains(stage));
        box->setChecked(box->isEnabled() && stage != QLatin1String("setup"));
        if (!box->isEnabled())
            box->setToolTip(stage == QLatin1String("now") ? tr("The run has no checkpoint yet.")
                                                          : tr("This step has not finished yet."));
        m_stages.append(box);
        layout->addWidget(box);
    }
    if (possible.size() == 1) m_stages.first()->setChecked(true);
    layout->addWidget(hint(tr("The teacher is always scored beside the student.")));
    layout->addStretch();
    return group;
}

QWidget* EvaluateDialog::makeText(bool isLocal) {
    auto* group = new QGroupBox(tr("Text"));
    m_heldOut = new QRadioButton(tr("&Held out of the run's training"));
    m_file = new QRadioButton(tr("An&other text"));
    m_path = new QLineEdit;
    m_windows = new QSpinBox;
    m_seed = new QSpinBox;
    auto* browse = new QPushButton(tr("B&rowse…"));
    auto* reroll = new QToolButton;
    m_heldOut->setObjectName(QStringLiteral("textHeldOut"));
    m_file->setObjectName(QStringLiteral("textFile"));
    m_path->setObjectName(QStringLiteral("textPath"));
    m_windows->setObjectName(QStringLiteral("windows"));
    m_seed->setObjectName(QStringLiteral("seed"));
    browse->setObjectName(QStringLiteral("browseText"));
    reroll->setObjectName(QStringLiteral("rerollSeed"));
    m_path->setAccessibleName(tr("Path of the text"));
    m_windows->setAccessibleName(tr("Windows"));
    m_seed->setAccessibleName(tr("Seed"));
    browse->setAccessibleName(tr("Browse for the text"));
    reroll->setAccessibleName(tr("Another seed"));
    m_path->setPlaceholderText(isLocal ? tr("File, folder or dataset") : tr("Path on the engine's computer"));
    m_heldOut->setChecked(true);
    m_windows->setRange(8, kMostWindows);
    m_windows->setValue(64);
    m_seed->setRange(0, std::numeric_limits<int>::max());
    m_seed->setValue(20001);
    reroll->setIcon(Theme::instance().icon(QStringLiteral("refresh")));
    reroll->setToolTip(tr("Another seed: other windows, other stories"));
    browse->setVisible(isLocal);
    browse->setAutoDefault(false);

    auto* file = new QHBoxLayout;
    file->addWidget(m_file);
    file->addWidget(m_path, 1);
    file->addWidget(browse);
    auto* numbers = new QHBoxLayout;
    auto* windowsLabel = new QLabel(tr("&Windows"));
    windowsLabel->setBuddy(m_windows);
    auto* seedLabel = new QLabel(tr("Se&ed"));
    seedLabel->setBuddy(m_seed);
    numbers->addWidget(windowsLabel);
    numbers->addWidget(m_windows);
    numbers->addSpacing(2 * Theme::kSpacing);
    numbers->addWidget(seedLabel);
    numbers->addWidget(m_seed);
    numbers->addWidget(reroll);
    numbers->addStretch();
    auto* layout = new QVBoxLayout(group);
    layout->addWidget(m_heldOut);
    layout->addLayout(file);
    layout->addLayout(numbers);
    layout->addWidget(hint(tr(
        "Scores can be compared where text, windows and seed are the same. More windows: smaller errors, more time.")));

    connect(browse, &QPushButton::clicked, this, [this] {
        const QString path = askFile(this);
        if (path.isEmpty()) return;
        m_path->setText(path);
        m_file->setChecked(true);
    });
    connect(m_path, &QLineEdit::textEdited, m_file, [this] { m_file->setChecked(true); });
    connect(reroll, &QToolButton::clicked, m_seed,
            [this] { m_seed->setValue(QRandomGenerator::global()->bounded(1, 1000000)); });
    return group;
}

void EvaluateDialog::check() {
    const EvaluationRequest now = request();
    QString problem;
    if (now.tasks.isEmpty())
        problem = tr("Choose at least one task.");
    else if (now.stages.isEmpty())
        problem = tr("Choose at least one stage.");
    else if (m_perplexity->isChecked() && m_file->isChecked() && m_path->text().trimmed().isEmpty())
        problem = tr("Name the text to evaluate on.");
    m_problem->setText(problem);
    m_problem->setVisible(!problem.isEmpty());
    QPalette palette;
    palette.setColor(QPalette::WindowText, Theme::instance().color(Role::Warning));
    m_problem->setPalette(palette);
    for (QWidget* widget :
         {static_cast<QWidget*>(m_heldOut), static_cast<QWidget*>(m_file), static_cast<QWidget*>(m_path)})
        widget->setEnabled(m_perplexity->isChecked());
    if (auto* start = m_buttons->findChild<QPushButton*>(QStringLiteral("startEvaluation")))
        start->setEnabled(problem.isEmpty());
}

EvaluationRequest EvaluateDialog::request() const {
    EvaluationRequest request;
    if (m_perplexity->isChecked()) request.tasks.append(QStringLiteral("perplexity"));
    if (m_skills->isChecked()) request.tasks.append(QStringLiteral("skills"));
    for (const QCheckBox* box : m_stages)
        if (box->isChecked()) request.stages.append(box->property("stage").toString());
    if (m_file->isChecked() && m_perplexity->isChecked()) request.data = m_path->text().trimmed();
    request.windows = m_windows->value();
    request.seed = m_seed->value();
    return request;
}

}  // namespace radlads::ui
