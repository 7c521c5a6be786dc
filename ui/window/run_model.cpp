#include "ui/window/run_model.h"

#include <QMimeData>
#include <algorithm>
#include <limits>

#include "ui/core/theme.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {
const QString kMimeType = u"application/x-radlads-run"_s;
}

RunModel::RunModel(QObject* parent) : QAbstractItemModel(parent) {
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        for (int group = 0; group < kGroups; ++group)
            if (const int size = rowCount(groupIndex(group)); size > 0)
                Q_EMIT dataChanged(index(0, 0, groupIndex(group)), index(size - 1, 0, groupIndex(group)),
                                   {Qt::DecorationRole});
    });
}

void RunModel::setStore(RunStore* store) {
    if (m_store == store) return;
    beginResetModel();
    if (m_store) m_store->disconnect(this);
    m_store = store;
    for (QStringList& runs : m_runs) runs.clear();
    if (store) {
        for (const RunRecord& record : store->runs()) {
            const int group = static_cast<int>(groupOf(record.state));
            m_runs.at(group).insert(placeFor(group, record), record.run);
        }
        connect(store, &RunStore::runAdded, this, &RunModel::addRun);
        connect(store, &RunStore::runChanged, this, &RunModel::changeRun);
        connect(store, &RunStore::runRemoved, this, &RunModel::removeRun);
        connect(store, &RunStore::queueChanged, this, &RunModel::sortQueue);
    }
    endResetModel();
}

std::pair<int, int> RunModel::find(const QString& run) const {
    for (int group = 0; group < kGroups; ++group)
        if (const auto row = m_runs.at(group).indexOf(run); row >= 0) return {group, static_cast<int>(row)};
    return {-1, -1};
}

QModelIndex RunModel::indexOfRun(const QString& run) const {
    const auto [group, row] = find(run);
    return group < 0 ? QModelIndex() : index(row, 0, groupIndex(group));
}

// The queue in its order, everything else newest first.
int RunModel::placeFor(int group, const RunRecord& record) const {
    const QStringList& runs = m_runs.at(group);
    if (group == static_cast<int>(RunGroup::Queued)) {
        const QStringList queue = m_store->queue();
        const auto rank = [&queue](const QString& run) {
            const auto place = queue.indexOf(run);
            return place < 0 ? std::numeric_limits<qsizetype>::max() : place;
        };
        const auto own = rank(record.run);
        return static_cast<int>(
            std::count_if(runs.cbegin(), runs.cend(), [&](const QString& run) { return rank(run) <= own; }));
    }
    return static_cast<int>(std::count_if(runs.cbegin(), runs.cend(), [&](const QString& run) {
        const RunRecord* other = m_store->find(run);
        return other && other->created >= record.created;
    }));
}

void RunModel::addRun(const QString& run) {
    const RunRecord* record = m_store->find(run);
    if (!record || find(run).first >= 0) return;
    const int group = static_cast<int>(groupOf(record->state));
    const int row = placeFor(group, *record);
    beginInsertRows(groupIndex(group), row, row);
    m_runs.at(group).insert(row, run);
    endInsertRows();
    Q_EMIT dataChanged(groupIndex(group), groupIndex(group));
}

void RunModel::changeRun(const QString& run) {
    const RunRecord* record = m_store->find(run);
    const auto [from, row] = find(run);
    if (!record || from < 0) return;
    const int to = static_cast<int>(groupOf(record->state));
    if (to != from) {
        const int place = placeFor(to, *record);
        beginMoveRows(groupIndex(from), row, row, groupIndex(to), place);
        m_runs.at(from).removeAt(row);
        m_runs.at(to).insert(place, run);
        endMoveRows();
        Q_EMIT dataChanged(groupIndex(from), groupIndex(from));
        Q_EMIT dataChanged(groupIndex(to), groupIndex(to));
    }
    const QModelIndex changed = indexOfRun(run);
    Q_EMIT dataChanged(changed, changed);
}

void RunModel::removeRun(const QString& run) {
    const auto [group, row] = find(run);
    if (group < 0) return;
    beginRemoveRows(groupIndex(group), row, row);
    m_runs.at(group).removeAt(row);
    endRemoveRows();
    Q_EMIT dataChanged(groupIndex(group), groupIndex(group));
}

void RunModel::sortQueue() {
    constexpr int kQueued = static_cast<int>(RunGroup::Queued);
    QStringList& runs = m_runs.at(kQueued);
    int target = 0;
    for (const QString& run : m_store->queue()) {
        const int row = static_cast<int>(runs.indexOf(run));
        if (row < 0) continue;
        if (row != target) {
            beginMoveRows(groupIndex(kQueued), row, row, groupIndex(kQueued), target);
            runs.move(row, target);
            endMoveRows();
        }
        ++target;
    }
}

QModelIndex RunModel::index(int row, int column, const QModelIndex& parent) const {
    if (row < 0 || column != 0 || row >= rowCount(parent)) return {};
    return parent.isValid() ? createIndex(row, 0, static_cast<quintptr>(parent.row()) + 1) : groupIndex(row);
}

QModelIndex RunModel::parent(const QModelIndex& index) const {
    if (!index.isValid() || isGroup(index)) return {};
    return groupIndex(static_cast<int>(index.internalId()) - 1);
}

int RunModel::rowCount(const QModelIndex& parent) const {
    if (!parent.isValid()) return kGroups;
    return isGroup(parent) && parent.column() == 0 ? static_cast<int>(m_runs.at(parent.row()).size()) : 0;
}

QVariant RunModel::groupData(int group, int role) const {
    const QString title = groupTitle(static_cast<RunGroup>(group));
    if (role == Qt::DisplayRole) return title;
    if (role == Qt::AccessibleTextRole)
        return tr("%1, %n run(s)", nullptr, static_cast<int>(m_runs.at(group).size())).arg(title);
    return {};
}

QVariant RunModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || !m_store) return {};
    if (isGroup(index)) return groupData(index.row(), role);
    const RunRecord* record = m_store->find(m_runs.at(index.internalId() - 1).value(index.row()));
    if (!record) return {};
    switch (role) {
        case Qt::DisplayRole:
        case Qt::EditRole:
            return record->name;
        case Qt::DecorationRole:
            return Theme::instance().icon(stateIcon(record->state));
        case Qt::ToolTipRole: {
            QStringList lines{record->name, detailText(*record)};
            if (!record->tags.isEmpty()) lines.append(tr("Tags: %1").arg(record->tags.join(u", "_s)));
            if (!record->notes.isEmpty()) lines.append(record->notes);
            return lines.join(u'\n');
        }
        case Qt::AccessibleTextRole:
            return tr("%1, %2 %3").arg(record->name, detailText(*record), shareText(*record)).trimmed();
        case RunRole:
            return record->run;
        case StateRole:
            return static_cast<int>(record->state);
        case DetailRole:
            return detailText(*record);
        case ShareRole:
            return shareText(*record);
        case SearchRole:
            return QStringList{record->name,    record->run,     record->tags.join(u' '),
                               record->notes,   record->teacher, record->student,
                               record->variant, record->message, stateText(record->state)}
                .join(u'\n');
        default:
            return {};
    }
}

bool RunModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    const QString name = value.toString().simplified();
    if (role != Qt::EditRole || !index.isValid() || isGroup(index) || name.isEmpty()) return false;
    if (name != data(index, Qt::EditRole).toString()) Q_EMIT renameWanted(data(index, RunRole).toString(), name);
    return false;  // the engine says when it has happened
}

Qt::ItemFlags RunModel::flags(const QModelIndex& index) const {
    if (!index.isValid()) return Qt::NoItemFlags;
    const bool isQueue = index.internalId() == static_cast<quintptr>(RunGroup::Queued) + 1;
    if (isGroup(index))
        return index.row() == static_cast<int>(RunGroup::Queued) ? Qt::ItemIsEnabled | Qt::ItemIsDropEnabled
                                                                 : Qt::ItemIsEnabled;
    const Qt::ItemFlags flags =
        Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable | Qt::ItemNeverHasChildren;
    return isQueue ? flags | Qt::ItemIsDragEnabled : flags;
}

QStringList RunModel::mimeTypes() const {
    return {kMimeType};
}

QMimeData* RunModel::mimeData(const QModelIndexList& indexes) const {
    auto* mime = new QMimeData;
    mime->setData(kMimeType, indexes.isEmpty() ? QByteArray() : data(indexes.first(), RunRole).toString().toUtf8());
    return mime;
}

bool RunModel::dropMimeData(const QMimeData* mime, Qt::DropAction, int row, int, const QModelIndex& parent) {
    const QString run = QString::fromUtf8(mime->data(kMimeType));
    QStringList order = m_runs.at(static_cast<int>(RunGroup::Queued));
    const auto from = order.indexOf(run);
    if (from < 0 || !isGroup(parent) || parent.row() != static_cast<int>(RunGroup::Queued)) return false;
    qsizetype to = row < 0 ? order.size() : row;
    if (to > from) --to;
    order.move(from, std::clamp<qsizetype>(to, 0, order.size() - 1));
    if (order != m_runs.at(static_cast<int>(RunGroup::Queued))) Q_EMIT queueWanted(order);
    return false;  // the view must not remove the row: the engine answers with the new order
}

}  // namespace radlads::ui
