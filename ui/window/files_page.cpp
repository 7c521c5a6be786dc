#include "ui/window/files_page.h"

#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTreeView>
#include <QUrl>
#include <QVBoxLayout>
#include <numeric>

#include "ui/core/format.h"
#include "ui/core/json_values.h"
#include "ui/core/theme.h"
#include "ui/window/named.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

void FilesModel::setFiles(QVector<File> files) {
    beginResetModel();
    m_files = std::move(files);
    endResetModel();
}

double FilesModel::totalBytes() const {
    return std::accumulate(m_files.cbegin(), m_files.cend(), 0.0,
                           [](double sum, const File& file) { return sum + file.bytes; });
}

QVariant FilesModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_files.size()) return {};
    const File& file = m_files.at(index.row());
    if (role == Qt::TextAlignmentRole && index.column() == Size) return int(Qt::AlignRight | Qt::AlignVCenter);
    if (role == SortRole) {
        if (index.column() == Size) return file.bytes;
        if (index.column() == Modified) return file.modified;
        return file.path;
    }
    if (role == Qt::ToolTipRole) return file.path;
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case Path:
            return file.path;
        case Size:
            return bytesText(file.bytes);
        case Modified:
            return finishText(file.modified, QDateTime::currentDateTime());
        default:
            return {};
    }
}

QVariant FilesModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    return section == Path ? tr("File") : section == Size ? tr("Size") : tr("Changed");
}

FilesPage::FilesPage(QWidget* parent) : RunPage(parent), m_model(new FilesModel(this)) {
    m_folder = named(new QLabel, u"filesFolder"_s, tr("The run's folder"));
    m_folder->setTextFormat(Qt::PlainText);
    m_folder->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_folder->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_sum = new QLabel;
    m_open = named(new QPushButton(tr("&Open the folder")), u"filesOpen"_s, tr("Open the folder"));
    m_copy = named(new QPushButton(tr("Copy the &path")), u"filesCopy"_s, tr("Copy the folder's path"));
    m_refresh = named(new QPushButton(tr("Refre&sh")), u"filesRefresh"_s, tr("List the files again"));

    auto* sorted = new QSortFilterProxyModel(this);
    sorted->setSourceModel(m_model);
    sorted->setSortRole(FilesModel::SortRole);
    m_view = named(new QTreeView, u"filesView"_s, tr("Files of the run"));
    m_view->setModel(sorted);
    m_view->setRootIsDecorated(false);
    m_view->setUniformRowHeights(true);
    m_view->setAlternatingRowColors(true);
    m_view->setSortingEnabled(true);
    m_view->sortByColumn(FilesModel::Path, Qt::AscendingOrder);
    m_view->header()->setStretchLastSection(false);
    m_view->header()->setSectionResizeMode(FilesModel::Path, QHeaderView::Stretch);
    m_view->header()->setSectionResizeMode(FilesModel::Size, QHeaderView::ResizeToContents);
    m_view->header()->setSectionResizeMode(FilesModel::Modified, QHeaderView::ResizeToContents);

    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    row->addWidget(m_folder, 1);
    for (QPushButton* button : {m_open, m_copy, m_refresh}) row->addWidget(button);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::kSpacing * 2, Theme::kSpacing, Theme::kSpacing * 2, Theme::kSpacing);
    layout->setSpacing(Theme::kSpacing);
    layout->addLayout(row);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_sum);

    connect(m_open, &QPushButton::clicked, this, [this] {
        if (const RunRecord* run = record()) QDesktopServices::openUrl(QUrl::fromLocalFile(run->directory));
    });
    connect(m_copy, &QPushButton::clicked, this, [this] {
        if (const RunRecord* run = record()) QApplication::clipboard()->setText(run->directory);
    });
    connect(m_refresh, &QPushButton::clicked, this, &FilesPage::fetch);
}

const RunRecord* FilesPage::record() const {
    return m_store && m_history ? m_store->find(m_history->run()) : nullptr;
}

void FilesPage::showRun(RunStore* store, std::shared_ptr<RunHistory> history) {
    m_store = store;
    m_history = std::move(history);
    m_model->setFiles({});
    m_sum->clear();
    const RunRecord* run = record();
    m_folder->setText(run ? run->directory : QString());
    m_open->setEnabled(run && store->client()->address().host.isEmpty());
    m_copy->setEnabled(run);
    m_refresh->setEnabled(run);
    m_isOld = true;
    if (isVisible()) fetch();
}

void FilesPage::showEvent(QShowEvent* event) {
    RunPage::showEvent(event);
    if (m_isOld) fetch();
}

void FilesPage::fetch() {
    if (!m_store || !m_history || !m_store->client()) return;
    m_isOld = false;
    const QString run = m_history->run();
    m_store->client()->call(
        u"run.files"_s, {{u"run"_s, run}}, this,
        [this, run](const QJsonObject& result) {
            if (!m_history || m_history->run() != run) return;
            QVector<FilesModel::File> files;
            const QJsonArray list = result["files"_L1].toArray();
            for (const QJsonValue& value : list)
                files.append({value["path"_L1].toString(), numberFromJson(value["size_bytes"_L1]),
                              timeFromJson(value["modified"_L1])});
            m_model->setFiles(files);
            m_sum->setText(tr("%n file(s), %1 together", nullptr, static_cast<int>(files.size()))
                               .arg(bytesText(m_model->totalBytes())));
        },
        [this](const RpcError& error) {
            m_sum->setText(error.message);
            m_isOld = true;
        });
}

}  // namespace radlads::ui
