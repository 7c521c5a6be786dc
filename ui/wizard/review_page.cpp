#include "ui/wizard/review_page.h"

#include <QClipboard>
#include <QFileDialog>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSaveFile>

#include "ui/core/engine_client.h"
#include "ui/core/theme.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/run_starter.h"
#include "ui/wizard/state_mark.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {
namespace {

constexpr int kKeyRole = Qt::UserRole;

QString shellQuoted(const QString& text) {
    QString quoted = text;
    return u'\'' + quoted.replace(u'\'', QLatin1String("'\\''")) + u'\'';
}

}  // namespace

ReviewPage::ReviewPage(WizardParts parts, QWidget* parent)
    : WizardPage(parts, tr("Review"), QStringLiteral("page.review"),
                 {QStringLiteral("name"), QStringLiteral("seed"), QStringLiteral("evaluation"),
                  QStringLiteral("export"), QStringLiteral("model")},
                 parent),
      m_starter(new RunStarter(parts.client, model(), this)) {
    QFormLayout* form = makeForm();
    addField(form, {QStringLiteral("name"), tr("&Name"), PlanField::Kind::Text});
    addField(form, {QStringLiteral("seed"), tr("See&d"), PlanField::Kind::Number, {}, {}, false, {}, 10});
    column()->addLayout(form);
    buildLists();
    buildDocument();
    buildButtons();
    connect(model(), &WizardModel::changed, this, &ReviewPage::refresh);
    connect(model(), &WizardModel::problemsChanged, this, &ReviewPage::refresh);
    connect(parts.client, &EngineClient::stateChanged, this, &ReviewPage::refreshButtons);
    connect(m_starter, &RunStarter::started, this, &ReviewPage::started);
    connect(m_starter, &RunStarter::queued, this, &ReviewPage::queued);
    connect(m_starter, &RunStarter::changed, this, [this](const QString& text) {
        m_progress->setText(m_starter->isWaiting() ? text : QString());
        m_notice->setProblem(m_starter->isWaiting() ? QString() : text);
        refreshButtons();
    });
    refresh();
}

void ReviewPage::buildLists() {
    const auto makeList = [this](const char* name, const QString& accessible, const QString& topic) {
        auto* list = new QListWidget(widget());
        list->setObjectName(QLatin1String(name));
        list->setAccessibleName(accessible);
        list->setWordWrap(true);
        list->setMaximumHeight(fontMetrics().height() * 5);
        explain(list, topic);
        const auto activate = [this](QListWidgetItem* item) { Q_EMIT linkActivated(item->data(kKeyRole).toString()); };
        connect(list, &QListWidget::itemActivated, this, activate);
        connect(list, &QListWidget::itemClicked, this, activate);
        return list;
    };
    m_problemsTitle = addHeading({});
    m_problems = makeList("problems", tr("Problems"), QStringLiteral("review.problems"));
    column()->addWidget(m_problems);
    m_differencesTitle = addHeading({});
    m_differences = makeList("differences", tr("What differs"), QStringLiteral("review.differences"));
    column()->addWidget(m_differences);
}

void ReviewPage::buildDocument() {
    auto* row = new QHBoxLayout;
    auto* title = new QLabel(tr("P&lan"), widget());
    QFont bold = title->font();
    bold.setBold(true);
    title->setFont(bold);
    auto* copy = new QPushButton(tr("&Copy the plan"), widget());
    copy->setObjectName(QStringLiteral("copyPlan"));
    row->addWidget(title, 1);
    row->addWidget(copy);
    column()->addLayout(row);
    m_document = new QPlainTextEdit(widget());
    m_document->setObjectName(QStringLiteral("planText"));
    m_document->setAccessibleName(tr("The plan"));
    m_document->setReadOnly(true);
    m_document->setTabChangesFocus(true);
    m_document->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_document->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    m_document->setMinimumHeight(fontMetrics().height() * 6);
    explain(m_document, QStringLiteral("review.plan"));
    title->setBuddy(m_document);
    column()->addWidget(m_document, 1);
    connect(copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(model()->document()); });
    auto* commandRow = new QHBoxLayout;
    auto* label = new QLabel(tr("Command l&ine"), widget());
    m_command = new QLineEdit(widget());
    m_command->setObjectName(QStringLiteral("commandLine"));
    m_command->setAccessibleName(tr("Command line"));
    m_command->setReadOnly(true);
    m_command->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    explain(m_command, QStringLiteral("review.command"));
    label->setBuddy(m_command);
    auto* copyCommand = new QPushButton(tr("Cop&y"), widget());
    copyCommand->setObjectName(QStringLiteral("copyCommand"));
    copyCommand->setAccessibleName(tr("Copy the command line"));
    commandRow->addWidget(label);
    commandRow->addWidget(m_command, 1);
    commandRow->addWidget(copyCommand);
    column()->addLayout(commandRow);
    connect(copyCommand, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(commandLine()); });
}

void ReviewPage::buildButtons() {
    m_notice = new ProblemLabel(widget());
    m_notice->setObjectName(QStringLiteral("startProblem"));
    column()->addWidget(m_notice);
    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    m_save = new QPushButton(tr("Sa&ve plan…"), widget());
    m_save->setObjectName(QStringLiteral("savePlan"));
    m_queue = new QPushButton(tr("Add to &queue"), widget());
    m_queue->setObjectName(QStringLiteral("addToQueue"));
    m_start = new QPushButton(tr("&Start"), widget());
    m_start->setObjectName(QStringLiteral("start"));
    m_start->setIcon(Theme::instance().icon(QStringLiteral("play")));
    m_progress = mutedLabel({}, widget());
    for (QPushButton* button : {m_save, m_queue, m_start}) explain(button, QStringLiteral("review.start"));
    row->addWidget(m_save);
    row->addWidget(m_progress, 1);
    row->addWidget(m_queue);
    row->addWidget(m_start);
    column()->addLayout(row);
    connect(m_save, &QPushButton::clicked, this, &ReviewPage::save);
    connect(m_queue, &QPushButton::clicked, this, [this] { m_starter->start(true); });
    connect(m_start, &QPushButton::clicked, this, [this] { m_starter->start(false); });
}

QString ReviewPage::commandLine() const {
    const QString file = m_savedPath.isEmpty() ? QStringLiteral("plan.json") : m_savedPath;
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9_./+-]+$"));
    return QStringLiteral("radlads-engine run %1").arg(plain.match(file).hasMatch() ? file : shellQuoted(file));
}

void ReviewPage::refresh() {
    const auto& problems = model()->problems();
    m_problems->clear();
    for (const PlanProblem& problem : problems) {
        const QString text = problem.key.isEmpty() ? sentence(problem.message)
                                                   : tr("%1: %2").arg(problem.key, sentence(problem.message));
        auto* item = new QListWidgetItem(stateIcon(PageState::Attention), text, m_problems);
        item->setData(kKeyRole, problem.key);
    }
    m_problemsTitle->setText(problems.size() == 1 ? tr("One problem to settle")
                                                  : tr("%1 problems to settle").arg(problems.size()));
    m_problemsTitle->setVisible(!problems.isEmpty());
    m_problems->setVisible(!problems.isEmpty());
    const QList<PlanDifference> differences = model()->differences();
    m_differences->clear();
    for (const PlanDifference& difference : differences) {
        const QString before = difference.before.isEmpty() ? tr("nothing") : difference.before;
        const QString after = difference.after.isEmpty() ? tr("nothing") : difference.after;
        auto* item = new QListWidgetItem(tr("%1: %2 \u2192 %3").arg(difference.key, before, after), m_differences);
        item->setData(kKeyRole, difference.key);
    }
    const QString base = model()->baseTitle();
    m_differencesTitle->setText(differences.isEmpty() && !base.isEmpty() ? tr("Exactly as in \u201C%1\u201D").arg(base)
                                : base.isEmpty()                         ? tr("What was changed")
                                                 : tr("Different from \u201C%1\u201D").arg(base));
    m_differencesTitle->setVisible(!differences.isEmpty() || !base.isEmpty());
    m_differences->setVisible(!differences.isEmpty());
    const QString document = model()->document();
    if (m_document->toPlainText() != document) m_document->setPlainText(document);
    m_command->setText(commandLine());
    refreshButtons();
}

void ReviewPage::refreshButtons() {
    const bool isReady = model()->problems().isEmpty() && !m_starter->isWaiting() &&
                         parts().client->state() == EngineClient::State::Connected;
    m_start->setEnabled(isReady);
    m_queue->setEnabled(isReady);
    if (!m_starter->isWaiting() && m_notice->text().isEmpty())
        m_progress->setText(parts().client->state() == EngineClient::State::Connected
                                ? QString()
                                : tr("Not connected to the engine; the plan can be saved."));
}

void ReviewPage::save() {
    auto* dialog = new QFileDialog(this, tr("Save the plan"), QStringLiteral("plan.json"), tr("Plans (*.json)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("json"));
    dialog->selectFile(QString::fromStdString(model()->plan().name) + QStringLiteral(".json"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        QSaveFile file(path);
        const QByteArray text = model()->document().toUtf8();
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit()) {
            m_notice->setProblem(tr("%1 was not written: %2; choose another folder").arg(path, file.errorString()));
            return;
        }
        m_savedPath = path;
        m_notice->setProblem({});
        refresh();
        Q_EMIT saved(path);
    });
    dialog->open();
}

void ReviewPage::showField(const QString& key) {
    if (key.isEmpty()) return m_problems->setFocus(Qt::OtherFocusReason);
    WizardPage::showField(key);
}

}  // namespace radlads::ui
