#include "ui/playground/export_dialog.h"

#include <QClipboard>
#include <QComboBox>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QRadioButton>
#include <QStackedWidget>
#include <QUrl>
#include <QVBoxLayout>
#include <cmath>

#include "ui/core/format.h"
#include "ui/core/json_values.h"
#include "ui/core/theme_icon.h"
#include "ui/playground/job_bar.h"
#include "ui/playground/message_strip.h"
#include "ui/playground/page_job.h"

namespace radlads::ui {

namespace {

enum Page { ChoicesPage, ResultPage };
constexpr int kResultIconSize = 32;

QLabel* note(const QString& text = {}) {
    auto* label = new QLabel(text);
    label->setWordWrap(true);
    label->setForegroundRole(QPalette::PlaceholderText);
    // The pages are stacked, so nobody asks the label how high it is at its width.
    if (!text.isEmpty()) label->setMinimumHeight(label->heightForWidth(52 * label->fontMetrics().averageCharWidth()));
    return label;
}

// "3.1e-06" as people write it: 3.1 × 10⁻⁶; 0 is "none".
QString differenceText(double value) {
    if (value == 0) return ExportDialog::tr("none");
    if (std::abs(value) >= 1e-3) return QLocale().toString(value, 'g', 2);
    static const QString raised = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    const int power = static_cast<int>(std::floor(std::log10(std::abs(value))));
    QString exponent = QStringLiteral("⁻");
    for (const QChar digit : QString::number(-power)) exponent += raised.at(digit.digitValue());
    return ExportDialog::tr("%1 × 10%2").arg(QLocale().toString(value / std::pow(10.0, power), 'f', 1), exponent);
}

}  // namespace

ExportDialog::ExportDialog(EngineClient* client, RunRecord run, QWidget* parent)
    : QDialog(parent),
      m_client(client),
      m_run(std::move(run)),
      m_job(new PageJob(this)),
      m_pages(new QStackedWidget),
      m_export(new QPushButton(tr("&Export"))),
      m_close(new QPushButton(tr("Cancel"))),
      m_open(new QPushButton(tr("&Open folder"))),
      m_copy(new QPushButton(tr("Cop&y path"))),
      m_bar(new JobBar),
      m_message(new MessageStrip) {
    setObjectName(QStringLiteral("exportDialog"));
    setWindowTitle(tr("Export %1").arg(m_run.name.isEmpty() ? m_run.run : m_run.name));
    askFolder = [](QWidget* owner, const QString& start) {
        return QFileDialog::getExistingDirectory(owner, tr("Folder to write the model into"), start);
    };
    openFolder = [](const QString& path) { QDesktopServices::openUrl(QUrl::fromLocalFile(path)); };
    m_export->setObjectName(QStringLiteral("startExport"));
    m_close->setObjectName(QStringLiteral("closeExport"));
    m_open->setObjectName(QStringLiteral("openFolder"));
    m_copy->setObjectName(QStringLiteral("copyPath"));
    m_copy->setAccessibleName(tr("Copy the path of the exported model"));
    m_pages->addWidget(makeChoices());
    m_pages->addWidget(makeResult());

    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_open);
    buttons->addWidget(m_copy);
    buttons->addStretch();
    buttons->addWidget(m_export);
    buttons->addWidget(m_close);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * Theme::kSpacing, 2 * Theme::kSpacing, 2 * Theme::kSpacing, 2 * Theme::kSpacing);
    layout->setSpacing(2 * Theme::kSpacing);
    layout->addWidget(m_message);
    layout->addWidget(m_pages, 1);
    layout->addWidget(m_bar);
    layout->addLayout(buttons);
    m_export->setDefault(true);

    connect(m_export, &QPushButton::clicked, this, &ExportDialog::start);
    connect(m_close, &QPushButton::clicked, this, &ExportDialog::reject);
    connect(m_open, &QPushButton::clicked, this, [this] { openFolder(m_output); });
    connect(m_copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(m_output); });
    connect(m_bar, &JobBar::cancelled, this, [this] { m_job->cancel(); });
    if (m_client) connect(m_client, &EngineClient::stateChanged, this, &ExportDialog::updateState);
    connect(&Theme::instance(), &Theme::changed, this, &ExportDialog::updateColours);
    updateColours();
    updateState();
    resize(sizeHint().expandedTo({fontMetrics().averageCharWidth() * 92, 0}));
}

// The export goes on in the engine; only Cancel ends it.
ExportDialog::~ExportDialog() = default;

bool ExportDialog::isLocal() const {
    return m_client && m_client->address().host.isEmpty();
}

QWidget* ExportDialog::makeChoices() {
    auto* page = new QWidget;
    m_hf = new QRadioButton(tr("&Hugging Face folder"));
    m_gguf = new QRadioButton(tr("GGUF file"));
    m_dtype = new QComboBox;
    m_path = new QLineEdit;
    m_browse = new QPushButton(tr("B&rowse…"));
    m_pathNote = note();
    m_hf->setObjectName(QStringLiteral("formatHf"));
    m_gguf->setObjectName(QStringLiteral("formatGguf"));
    m_dtype->setObjectName(QStringLiteral("dtype"));
    m_path->setObjectName(QStringLiteral("exportPath"));
    m_browse->setObjectName(QStringLiteral("browseFolder"));
    m_pathNote->setObjectName(QStringLiteral("pathNote"));
    m_dtype->setAccessibleName(tr("Number format"));
    m_path->setAccessibleName(tr("Destination"));
    m_browse->setAccessibleName(tr("Browse for the destination"));
    m_hf->setChecked(true);
    m_gguf->setEnabled(false);
    m_dtype->addItem(tr("float32: exactly the trained numbers"), QStringLiteral("float32"));
    m_dtype->addItem(tr("bfloat16: half the size, as most models are published"), QStringLiteral("bfloat16"));
    m_dtype->addItem(tr("float16: half the size, finer, smaller range"), QStringLiteral("float16"));
    const QFileInfo directory(m_run.directory);
    if (!m_run.directory.isEmpty())
        m_path->setText(directory.path() + QLatin1Char('/') + directory.fileName() + QStringLiteral("-hf"));
    m_browse->setVisible(isLocal());

    auto* formats = new QVBoxLayout;
    formats->setSpacing(Theme::kSpacing / 2);
    formats->addWidget(m_hf);
    formats->addWidget(
        note(tr("safetensors, tokenizer, configuration, and a modelling file in plain PyTorch that loads with "
                "trust_remote_code.")));
    formats->addWidget(m_gguf);
    formats->addWidget(note(tr("Not available: this version of the engine writes Hugging Face folders only.")));
    auto* path = new QHBoxLayout;
    path->addWidget(m_path, 1);
    path->addWidget(m_browse);
    auto* destination = new QVBoxLayout;
    destination->setSpacing(Theme::kSpacing / 2);
    destination->addLayout(path);
    destination->addWidget(m_pathNote);
    auto* form = new QFormLayout(page);
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(2 * Theme::kSpacing);
    form->setVerticalSpacing(2 * Theme::kSpacing);
    form->setLabelAlignment(Qt::AlignLeft);
    form->addRow(tr("Format"), formats);
    auto* dtypeLabel = new QLabel(tr("&Numbers"));
    dtypeLabel->setBuddy(m_dtype);
    form->addRow(dtypeLabel, m_dtype);
    auto* pathLabel = new QLabel(tr("&Destination"));
    pathLabel->setBuddy(m_path);
    form->addRow(pathLabel, destination);

    connect(m_path, &QLineEdit::textChanged, this, &ExportDialog::updateState);
    connect(m_browse, &QPushButton::clicked, this, [this] {
        const QFileInfo now(m_path->text());
        const QString folder = askFolder(this, now.path());
        if (!folder.isEmpty())
            m_path->setText(
                QDir(folder).filePath(now.fileName().isEmpty() ? m_run.run + QStringLiteral("-hf") : now.fileName()));
    });
    return page;
}

QWidget* ExportDialog::makeResult() {
    auto* page = new QWidget;
    m_resultIcon = new QLabel;
    m_resultTitle = new QLabel;
    m_resultText = new QLabel;
    m_resultTitle->setObjectName(QStringLiteral("exportTitle"));
    m_resultText->setObjectName(QStringLiteral("exportResult"));
    QFont bold = font();
    bold.setBold(true);
    m_resultTitle->setFont(bold);
    for (QLabel* label : {m_resultTitle, m_resultText}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    }
    auto* text = new QVBoxLayout;
    text->addWidget(m_resultTitle);
    text->addWidget(m_resultText);
    text->addStretch();
    auto* row = new QHBoxLayout(page);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(2 * Theme::kSpacing);
    row->addWidget(m_resultIcon, 0, Qt::AlignTop);
    row->addLayout(text, 1);
    return page;
}

void ExportDialog::start() {
    if (!m_client || m_job->isRunning()) return;
    m_message->clear();
    const QJsonObject params{{QStringLiteral("model"), m_run.run},
                             {QStringLiteral("format"), QStringLiteral("hf")},
                             {QStringLiteral("dtype"), m_dtype->currentData().toString()},
                             {QStringLiteral("output"), m_path->text().trimmed()}};
    m_bar->begin(tr("Exporting"));
    const auto ended = [this](Role role, const QString& sentence) {
        m_bar->end();
        m_message->say(role, sentence);
        updateState();
        m_export->setFocus();
    };
    m_job->start(m_client, QStringLiteral("export.start"), params,
                 {[this](const QJsonObject& event) { m_bar->advance(event); },
                  [this](const QJsonObject& result) {
                      m_bar->end();
                      showResult(result);
                  },
                  [this, ended] {
                      if (m_closesAtEnd) return QDialog::reject();
                      ended(Role::Warning, tr("The export was cancelled; nothing was left behind."));
                  },
                  [ended] {
                      ended(Role::Warning, tr("The connection to the engine was lost. The export goes on there; "
                                              "look in the destination later."));
                  },
                  [ended](const QString& sentence) {
                      ended(Role::Failure, tr("The model could not be exported: %1").arg(sentence));
                  }});
    updateState();
}

void ExportDialog::showResult(const QJsonObject& result) {
    m_output = result.value(QLatin1String("output")).toString();
    m_resultTitle->setText(tr("The model is in %1").arg(m_output));
    QStringList lines;
    lines.append(tr("%1 parameters as %2.")
                     .arg(countText(numberFromJson(result.value(QLatin1String("parameters")))),
                          result.value(QLatin1String("dtype")).toString()));
    const int tokens = result.value(QLatin1String("verified_tokens")).toInt();
    if (tokens > 0) {
        lines.append(tr("Read back from disk and compared over %1 tokens. Largest difference of the logits, relative "
                        "to the largest logit: %2.")
                         .arg(QLocale().toString(tokens),
                              differenceText(numberFromJson(result.value(QLatin1String("reload_difference"))))));
        lines.append(tr("Token by token against all at once: %1.")
                         .arg(differenceText(numberFromJson(result.value(QLatin1String("recurrent_difference"))))));
    }
    m_resultText->setText(lines.join(QStringLiteral("\n")));
    m_pages->setCurrentIndex(ResultPage);
    updateState();
    (isLocal() ? m_open : m_copy)->setFocus();
}

void ExportDialog::updateState() {
    const bool isBusy = m_job->isRunning(), isDone = !m_output.isEmpty();
    const bool isConnected = m_client && m_client->state() == EngineClient::State::Connected;
    const QString path = m_path->text().trimmed();
    const bool hasModel = m_run.hasModel || m_run.checkpointTime.has_value();
    m_pages->widget(ChoicesPage)->setEnabled(!isBusy);
    m_export->setVisible(!isDone);
    m_export->setEnabled(isConnected && !isBusy && hasModel && path.startsWith(QLatin1Char('/')));
    m_close->setVisible(!isBusy);  // the strip has its own Cancel
    m_close->setText(isDone ? tr("&Close") : tr("Cancel"));
    m_open->setVisible(isDone && isLocal());
    m_copy->setVisible(isDone);
    QString text;
    if (!hasModel)
        text = tr("The run has no model yet; it has one when it has finished.");
    else if (!isConnected)
        text = tr("The engine does not answer; the export can start when it does.");
    else if (path.isEmpty())
        text = tr("Name the folder to write.");
    else if (!path.startsWith(QLatin1Char('/')))
        text = tr("Give the whole path, from / on.");
    else if (isLocal() && QFileInfo::exists(path))
        text = tr("This folder exists. If it is an earlier export it is replaced; anything else is left alone.");
    else if (!isLocal())
        text = tr("A path on %1.").arg(m_client->address().title);
    else if (!m_run.hasModel)
        text = tr("The run has not finished: its newest checkpoint is exported.");
    m_pathNote->setText(text);
    m_pathNote->setVisible(!text.isEmpty());
}

void ExportDialog::updateColours() {
    m_resultIcon->setPixmap(tintedPixmap(QStringLiteral("finished"), Theme::instance().color(Role::Success),
                                         {kResultIconSize, kResultIconSize}, devicePixelRatioF()));
}

void ExportDialog::reject() {
    if (m_job->isRunning() && m_client && m_client->state() == EngineClient::State::Connected) {
        m_closesAtEnd = true;
        m_job->cancel();
        return;
    }
    QDialog::reject();
}

}  // namespace radlads::ui
