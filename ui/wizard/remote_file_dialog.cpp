#include "ui/wizard/remote_file_dialog.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QJsonObject>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

#include "ui/core/engine_client.h"
#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/plan_field.h"

namespace radlads::ui {
namespace {

constexpr int kPathRole = Qt::UserRole, kFolderRole = Qt::UserRole + 1;

}  // namespace

RemoteFileDialog::RemoteFileDialog(EngineClient* client, const QString& title, bool forFolder, QWidget* parent)
    : QDialog(parent), m_client(client), m_forFolder(forFolder) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("%1 on %2").arg(title, client->address().title));
    auto* column = new QVBoxLayout(this);
    column->setSpacing(Theme::kSpacing);
    auto* row = new QHBoxLayout;
    auto* up = new QPushButton(tr("&Up"), this);
    up->setAccessibleName(tr("Go to the folder above"));
    up->setAutoDefault(false);
    m_location = new QLineEdit(this);
    m_location->setObjectName(QStringLiteral("location"));
    m_location->setAccessibleName(tr("Folder"));
    row->addWidget(m_location, 1);
    row->addWidget(up);
    column->addLayout(row);
    m_entries = new QListWidget(this);
    m_entries->setObjectName(QStringLiteral("entries"));
    m_entries->setAccessibleName(tr("Files and folders"));
    column->addWidget(m_entries, 1);
    m_problem = new ProblemLabel(this);
    column->addWidget(m_problem);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    m_choose = buttons->addButton(forFolder ? tr("Choose this &folder") : tr("&Choose"), QDialogButtonBox::AcceptRole);
    m_choose->setObjectName(QStringLiteral("choose"));
    m_choose->setAutoDefault(false);
    column->addWidget(buttons);
    resize(Theme::kSpacing * 70, Theme::kSpacing * 55);
    connect(buttons, &QDialogButtonBox::accepted, this, &RemoteFileDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(up, &QPushButton::clicked, this, [this] {
        if (!m_parent.isEmpty()) go(m_parent);
    });
    connect(m_location, &QLineEdit::returnPressed, this, [this] { go(m_location->text()); });
    connect(m_entries, &QListWidget::itemActivated, this, &RemoteFileDialog::enter);
    connect(m_entries, &QListWidget::currentItemChanged, this, [this](QListWidgetItem* item) {
        if (item && m_forFolder && item->data(kFolderRole).toBool())
            m_location->setText(item->data(kPathRole).toString());
    });
    go({});
}

void RemoteFileDialog::go(const QString& path) {
    m_client->call(
        QStringLiteral("file.list"), {{QStringLiteral("path"), path}}, this,
        [this](const QJsonObject& result) {
            m_problem->setProblem({});
            m_path = result.value(QStringLiteral("path")).toString();
            m_parent = result.value(QStringLiteral("parent")).toString();
            m_location->setText(m_path);
            m_entries->clear();
            for (const QJsonValue& value : result.value(QStringLiteral("entries")).toArray()) {
                const QJsonObject entry = value.toObject();
                const QString name = entry.value(QStringLiteral("name")).toString();
                const bool isFolder = entry.value(QStringLiteral("directory")).toBool();
                QString text = isFolder ? name + u'/' : name;
                if (entry.value(QStringLiteral("kind")).toString() == QLatin1String("model"))
                    text = tr("%1   model").arg(text);
                else if (!isFolder)
                    text = tr("%1   %2").arg(text, bytesText(entry.value(QStringLiteral("size_bytes")).toDouble()));
                auto* item = new QListWidgetItem(
                    style()->standardIcon(isFolder ? QStyle::SP_DirIcon : QStyle::SP_FileIcon), text, m_entries);
                item->setData(kPathRole, m_path.endsWith(u'/') ? m_path + name : m_path + u'/' + name);
                item->setData(kFolderRole, isFolder);
            }
        },
        [this](const RpcError& error) { m_problem->setProblem(error.message); });
}

void RemoteFileDialog::enter() {
    QListWidgetItem* item = m_entries->currentItem();
    if (!item) return;
    if (item->data(kFolderRole).toBool()) return go(item->data(kPathRole).toString());
    if (m_forFolder) return;
    Q_EMIT chosen(item->data(kPathRole).toString());
    QDialog::accept();
}

void RemoteFileDialog::accept() {
    if (!m_forFolder) return enter();
    Q_EMIT chosen(m_location->text());
    QDialog::accept();
}

}  // namespace radlads::ui
