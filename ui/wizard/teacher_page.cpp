#include "ui/wizard/teacher_page.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonObject>
#include <QLineEdit>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>

#include "ui/core/engine_client.h"
#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/drop_zone.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/remote_file_dialog.h"
#include "ui/wizard/teacher_card.h"
#include "ui/wizard/teacher_inspector.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {
namespace {

constexpr int kPathRole = Qt::UserRole;

QString sourceText(const QString& source) {
    if (source == QLatin1String("demo")) return TeacherPage::tr("comes with the program");
    if (source == QLatin1String("cache")) return TeacherPage::tr("Hugging Face cache");
    if (source == QLatin1String("download")) return TeacherPage::tr("downloaded here");
    if (source == QLatin1String("run")) return TeacherPage::tr("made by a run");
    if (source == QLatin1String("recent")) return TeacherPage::tr("used before");
    return source;
}

}  // namespace

TeacherPage::TeacherPage(WizardParts parts, QWidget* parent)
    : WizardPage(parts, tr("Teacher"), QStringLiteral("page.teacher"), {QStringLiteral("teacher")}, parent) {
    buildSources();
    buildDownload();
    m_pathProblem = new ProblemLabel(widget());
    m_pathProblem->setObjectName(QStringLiteral("problem.teacher.path"));
    column()->addWidget(m_pathProblem);
    m_card = new TeacherCard(parts.teacher, model(), widget());
    column()->addWidget(m_card);
    column()->addStretch(1);

    const auto refresh = [this] {
        m_pathProblem->setProblem(model()->problemOf(QStringLiteral("teacher.path")));
        selectPresent();
    };
    connect(model(), &WizardModel::problemsChanged, this, refresh);
    connect(parts.teacher, &TeacherInspector::changed, this, &WizardPage::attentionChanged);
    connect(parts.client, &EngineClient::stateChanged, this, [this](EngineClient::State state) {
        if (state == EngineClient::State::Connected) askModels();
    });
    if (parts.client->state() == EngineClient::State::Connected) askModels();
    refresh();
}

void TeacherPage::buildSources() {
    m_drop = new DropZone(tr("Drop a model folder or a GGUF file here, or"), widget());
    m_drop->setObjectName(QStringLiteral("teacherDrop"));
    explain(m_drop, QStringLiteral("teacher.drop"));
    auto* browseButton = new QPushButton(tr("B&rowse…"), m_drop);
    browseButton->setObjectName(QStringLiteral("browseTeacher"));
    browseButton->setAccessibleName(tr("Browse for a model"));
    auto* menu = new QMenu(browseButton);
    menu->addAction(tr("Model &folder…"), this, [this] { browse(false); });
    menu->addAction(tr("&GGUF file…"), this, [this] { browse(true); });
    browseButton->setMenu(menu);
    m_drop->layout()->addWidget(browseButton);
    connect(m_drop, &DropZone::dropped, this, [this](const QStringList& paths) { choose(paths.first()); });
    column()->addWidget(m_drop);

    auto* label = new QLabel(tr("&Models on this computer"), widget());
    m_models = new QTreeWidget(widget());
    m_models->setObjectName(QStringLiteral("models"));
    m_models->setAccessibleName(tr("Models on this computer"));
    m_models->setRootIsDecorated(false);
    m_models->setUniformRowHeights(true);
    m_models->setHeaderLabels({tr("Name"), tr("Where"), tr("Size")});
    m_models->header()->setStretchLastSection(false);
    m_models->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_models->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    m_models->header()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
    m_models->setMinimumHeight(fontMetrics().height() * 6);
    m_models->setMaximumHeight(fontMetrics().height() * 9);
    explain(m_models, QStringLiteral("teacher.list"));
    label->setBuddy(m_models);
    column()->addWidget(label);
    column()->addWidget(m_models);
    // Arrow keys walk through the list, Enter, the space bar or a click choose.
    connect(m_models, &QTreeWidget::itemActivated, this,
            [this](QTreeWidgetItem* item) { choose(item->data(0, kPathRole).toString()); });
    connect(m_models, &QTreeWidget::itemClicked, this,
            [this](QTreeWidgetItem* item) { choose(item->data(0, kPathRole).toString()); });
}

void TeacherPage::buildDownload() {
    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    auto* label = new QLabel(tr("Download by &name"), widget());
    m_name = new QLineEdit(widget());
    m_name->setObjectName(QStringLiteral("downloadName"));
    m_name->setAccessibleName(tr("Name of the model to download"));
    m_name->setPlaceholderText(QStringLiteral("Qwen/Qwen2.5-0.5B"));
    label->setBuddy(m_name);
    m_download = new QPushButton(tr("&Download"), widget());
    m_download->setObjectName(QStringLiteral("download"));
    m_download->setAccessibleName(tr("Download the model"));
    explain(m_name, QStringLiteral("teacher.download"));
    explain(m_download, QStringLiteral("teacher.download"));
    row->addWidget(label);
    row->addWidget(m_name, 1);
    row->addWidget(m_download);
    column()->addLayout(row);

    m_jobRow = new QWidget(widget());
    auto* jobRow = new QHBoxLayout(m_jobRow);
    jobRow->setContentsMargins(0, 0, 0, 0);
    jobRow->setSpacing(Theme::kSpacing);
    m_progress = new QProgressBar(m_jobRow);
    m_progress->setObjectName(QStringLiteral("downloadProgress"));
    m_progress->setAccessibleName(tr("Progress"));
    m_progress->setTextVisible(false);
    m_progress->setMaximumWidth(Theme::kSpacing * 20);
    m_jobText = new QLabel(m_jobRow);
    m_jobText->setObjectName(QStringLiteral("downloadText"));
    m_jobText->setTextFormat(Qt::PlainText);
    m_cancel = new QPushButton(tr("&Cancel"), m_jobRow);
    m_cancel->setObjectName(QStringLiteral("cancelDownload"));
    m_cancel->setAccessibleName(tr("Cancel the download"));
    jobRow->addWidget(m_progress);
    jobRow->addWidget(m_jobText, 1);
    jobRow->addWidget(m_cancel);
    m_jobRow->hide();
    column()->addWidget(m_jobRow);
    m_problem = new ProblemLabel(widget());
    m_problem->setObjectName(QStringLiteral("downloadProblem"));
    column()->addWidget(m_problem);

    const auto enable = [this] { m_download->setEnabled(m_job == 0 && !m_name->text().trimmed().isEmpty()); };
    enable();
    connect(m_name, &QLineEdit::textChanged, this, enable);
    connect(m_name, &QLineEdit::returnPressed, this, &TeacherPage::startDownload);
    connect(m_download, &QPushButton::clicked, this, &TeacherPage::startDownload);
    connect(m_cancel, &QPushButton::clicked, this, &TeacherPage::cancelJob);
}

void TeacherPage::askModels() {
    parts().client->call(
        QStringLiteral("model.list"), {}, this,
        [this](const QJsonObject& result) { showModels(result.value(QStringLiteral("models")).toArray()); },
        [this](const RpcError& error) {
            if (error.kind == QLatin1String("disconnected")) return;
            // Every engine brings the demo's teacher, even one that cannot look for others.
            showModels({QJsonObject{{QStringLiteral("path"), QStringLiteral("demo")},
                                    {QStringLiteral("name"), tr("The demo's teacher")},
                                    {QStringLiteral("source"), QStringLiteral("demo")}}});
        });
}

void TeacherPage::showModels(const QJsonArray& models) {
    m_models->clear();
    for (const QJsonValue& value : models) {
        const QJsonObject model = value.toObject();
        const QString path = model.value(QStringLiteral("path")).toString();
        const bool isGguf = model.value(QStringLiteral("kind")).toString() == QLatin1String("gguf");
        const QString name = model.value(QStringLiteral("name")).toString();
        const double size = model.value(QStringLiteral("size_bytes")).toDouble();
        auto* item = new QTreeWidgetItem(m_models, {isGguf ? tr("%1 (GGUF)").arg(name) : name,
                                                    sourceText(model.value(QStringLiteral("source")).toString()),
                                                    size > 0 ? bytesText(size) : QString()});
        item->setData(0, kPathRole, path);
        item->setToolTip(0, path);
        item->setTextAlignment(2, Qt::AlignRight | Qt::AlignVCenter);
    }
    selectPresent();
}

void TeacherPage::selectPresent() {
    const QString path = QString::fromStdString(model()->plan().teacher.path);
    for (int i = 0; i < m_models->topLevelItemCount(); ++i) {
        QTreeWidgetItem* item = m_models->topLevelItem(i);
        const bool isPresent = !path.isEmpty() && item->data(0, kPathRole).toString() == path;
        if (isPresent && m_models->currentItem() != item) m_models->setCurrentItem(item);
        QFont font = item->font(0);
        font.setBold(isPresent);
        item->setFont(0, font);
    }
}

void TeacherPage::choose(const QString& path) {
    m_problem->setProblem({});
    if (path.endsWith(QLatin1String(".gguf"), Qt::CaseInsensitive)) return convertGguf(path);
    model()->edit(tr("choose the teacher"), {}, [&](protocol::Plan& plan) { plan.teacher.path = path.toStdString(); });
    if (parts().teacher->state() == TeacherInspector::State::Failed) parts().teacher->inspectAgain();
}

void TeacherPage::browse(bool forFile) {
    const QString title = forFile ? tr("Choose a GGUF file") : tr("Choose a model folder");
    if (!parts().client->address().host.isEmpty()) {
        auto* dialog = new RemoteFileDialog(parts().client, title, !forFile, this);
        connect(dialog, &RemoteFileDialog::chosen, this, &TeacherPage::choose);
        return dialog->open();
    }
    auto* dialog = new QFileDialog(this, title, {}, forFile ? tr("GGUF models (*.gguf)") : QString());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(forFile ? QFileDialog::ExistingFile : QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, this, &TeacherPage::choose);
    dialog->open();
}

void TeacherPage::startDownload() {
    const QString name = m_name->text().trimmed();
    if (name.isEmpty() || m_job != 0) return;
    m_cancel->setAccessibleName(tr("Cancel the download"));
    showJob(tr("Asking for %1…").arg(name), 0);
    m_job = parts().client->startJob(
        QStringLiteral("model.download"),
        {{QStringLiteral("name"), name}, {QStringLiteral("revision"), QStringLiteral("main")}}, this,
        [this](const QJsonObject& event) {
            const double bytes = event.value(QStringLiteral("bytes")).toDouble();
            const double total = event.value(QStringLiteral("total_bytes")).toDouble();
            QString text = total > 0 ? tr("%1 of %2").arg(bytesText(bytes), bytesText(total)) : bytesText(bytes);
            if (const double rate = event.value(QStringLiteral("bytes_per_second")).toDouble(); rate > 0)
                text += tr(" · %1/s").arg(bytesText(rate));
            if (event.value(QStringLiteral("eta_seconds")).isDouble())
                text += tr(" · %1 left").arg(durationText(event.value(QStringLiteral("eta_seconds")).toDouble()));
            // Said only while it waits: why.
            if (const QString why = event.value(QStringLiteral("text")).toString(); !why.isEmpty()) text = why;
            showJob(text, total > 0 ? bytes / total : 0);
        },
        [this](const QJsonObject& result) {
            endJob({});
            askModels();
            choose(result.value(QStringLiteral("path")).toString());
        },
        [this](const RpcError& error) {
            endJob(error.kind == QLatin1String("cancelled") ? QString() : error.message);
        });
    m_download->setEnabled(false);
}

void TeacherPage::convertGguf(const QString& path) {
    if (m_job != 0) return m_problem->setProblem(tr("Wait until the present download or conversion has ended"));
    const QString output = path.left(path.size() - 5) + QStringLiteral("-teacher");
    m_cancel->setAccessibleName(tr("Cancel the conversion"));
    showJob(tr("Converting the GGUF file…"), 0);
    m_job = parts().client->startJob(
        QStringLiteral("teacher.convert"), {{QStringLiteral("source"), path}, {QStringLiteral("output"), output}}, this,
        [this](const QJsonObject& event) {
            const double total = event.value(QStringLiteral("total")).toDouble();
            const double done = event.value(QStringLiteral("done")).toDouble();
            showJob(event.value(QStringLiteral("text")).toString(), total > 0 ? done / total : 0);
        },
        [this](const QJsonObject& result) {
            endJob({});
            choose(result.value(QStringLiteral("path")).toString());
        },
        [this](const RpcError& error) {
            endJob(error.kind == QLatin1String("cancelled") ? QString() : error.message);
        });
}

void TeacherPage::showJob(const QString& text, double share) {
    m_problem->setProblem({});
    m_jobRow->show();
    m_progress->setRange(0, share > 0 ? 1000 : 0);
    m_progress->setValue(static_cast<int>(share * 1000));
    m_jobText->setText(share > 0 && !text.isEmpty() ? tr("%1 · %2").arg(percentText(share), text) : text);
}

void TeacherPage::endJob(const QString& problem) {
    m_job = 0;
    m_jobRow->hide();
    m_download->setEnabled(!m_name->text().trimmed().isEmpty());
    m_problem->setProblem(problem);
}

void TeacherPage::cancelJob() {
    if (m_job != 0) parts().client->cancelJob(m_job);
}

void TeacherPage::showField(const QString&) {
    m_models->setFocus(Qt::OtherFocusReason);
}

QString TeacherPage::attention() const {
    const TeacherInspector* teacher = parts().teacher;
    if (teacher->state() == TeacherInspector::State::Failed) return teacher->reason();
    if (teacher->state() == TeacherInspector::State::Known && !teacher->isConvertible()) return teacher->reason();
    return {};
}

}  // namespace radlads::ui
