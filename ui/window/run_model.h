// The runs of one engine as a tree: groups by state, runs below them. A view of RunStore with exact changes; holds only
// the order.
#pragma once

#include <QAbstractItemModel>
#include <QPointer>
#include <array>

#include "ui/core/run_store.h"
#include "ui/window/run_text.h"

namespace radlads::ui {

class RunModel : public QAbstractItemModel {
    Q_OBJECT
public:
    enum DataRole { RunRole = Qt::UserRole, StateRole, DetailRole, ShareRole, SearchRole };
    explicit RunModel(QObject* parent = nullptr);

    void setStore(RunStore* store);
    QModelIndex indexOfRun(const QString& run) const;
    static bool isGroup(const QModelIndex& index) { return index.isValid() && index.internalId() == kGroupId; }

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& index) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex&) const override { return 1; }
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QStringList mimeTypes() const override;
    QMimeData* mimeData(const QModelIndexList& indexes) const override;
    bool dropMimeData(const QMimeData* data, Qt::DropAction action, int row, int column,
                      const QModelIndex& parent) override;
    Qt::DropActions supportedDropActions() const override { return Qt::MoveAction; }

Q_SIGNALS:
    void renameWanted(const QString& run, const QString& name);
    void queueWanted(const QStringList& order);

private:
    static constexpr quintptr kGroupId = 0;  // a run's id is its group's place + 1
    static constexpr int kGroups = static_cast<int>(RunGroup::Count);
    QModelIndex groupIndex(int group) const { return createIndex(group, 0, kGroupId); }
    int placeFor(int group, const RunRecord& record) const;
    void addRun(const QString& run);
    void changeRun(const QString& run);
    void removeRun(const QString& run);
    void sortQueue();
    std::pair<int, int> find(const QString& run) const;
    QVariant groupData(int group, int role) const;

    QPointer<RunStore> m_store;
    std::array<QStringList, kGroups> m_runs;
};

}  // namespace radlads::ui
