#include "ui/wizard/remote_file_dialog.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonObject>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "ui/core/engine_client.h"
#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/plan_field.h"

namespace radlads::ui {
namespace {

constexpr int kPathRole = Qt::UserRole, kFolderRole = Qt::UserRole + 1;
enum Column { NameColumn, KindColumn, SizeColumn };

QString kindText(const QString& kind) {
    if (kind == QLatin1String("model")) return RemoteFileDialog::tr("model");
    if (kind == QLatin1String("gguf")) return RemoteFileDialog::tr("GGUF model");
    if (kind == QLatin1String("text")) return RemoteFileDialog::tr("text");
    if (kind == QLatin1String("run")) return RemoteFileDialog::tr("run");
    return {};
}

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
    m_entries = new QTreeWidget(this);
    m_entries->setObjectName(QStringLiteral("entries"));
    m_entries->setAccessibleName(tr("Files and folders"));
    m_entries->setRootIsDecorated(false);
    m_entries->setUniformRowHeights(true);
    m_entries->setAllColumnsShowFocus(true);
    m_entries->setHeaderLabels({tr("Name"), tr("Kind"), tr("Size")});
    m_entries->headerItem()->setTextAlignment(SizeColumn, Qt::AlignRight | Qt::AlignVCenter);
    m_entries->header()->setStretchLastSection(false);
    m_entries->header()->setSectionResizeMode(NameColumn, QHeaderView::Stretch);
    m_entries->header()->setSectionResizeMode(KindColumn, QHeaderView::ResizeToContents);
    m_entries->header()->setSectionResizeMode(SizeColumn, QHeaderView::ResizeToContents);
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
    connect(m_entries, &QTreeWidget::itemActivated, this, &RemoteFileDialog::enter);
    connect(m_entries, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
        if (item && m_forFolder && item->data(NameColumn, kFolderRole).toBool())
            m_location->setText(item->data(NameColumn, kPathRole).toString());
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
                const QString kind = entry.value(QStringLiteral("kind")).toString();
                const double bytes = entry.value(QStringLiteral("size_bytes")).toDouble();
                auto* item =
                    new QTreeWidgetItem(m_entries, {name, kindText(kind), isFolder ? QString() : bytesText(bytes)});
                const bool isModel = kind == QLatin1String("model") || kind == QLatin1String("gguf");
                item->setIcon(NameColumn, Theme::instance().icon(isModel    ? QStringLiteral("model")
                                                                 : isFolder ? QStringLiteral("folder")
                                                                            : QStringLiteral("file")));
                item->setTextAlignment(SizeColumn, Qt::AlignRight | Qt::AlignVCenter);
                item->setData(NameColumn, kPathRole, m_path.endsWith(u'/') ? m_path + name : m_path + u'/' + name);
                item->setData(NameColumn, kFolderRole, isFolder);
            }
        },
        [this](const RpcError& error) { m_problem->setProblem(error.message); });
}

void RemoteFileDialog::enter() {
    QTreeWidgetItem* item = m_entries->currentItem();
    if (!item) return;
    if (item->data(NameColumn, kFolderRole).toBool()) return go(item->data(NameColumn, kPathRole).toString());
    if (m_forFolder) return;
    Q_EMIT chosen(item->data(NameColumn, kPathRole).toString());
    QDialog::accept();
}

void RemoteFileDialog::accept() {
    if (!m_forFolder) return enter();
    Q_EMIT chosen(m_location->text());
    QDialog::accept();
}

}  // namespace radlads::ui
