// The left side: new conversion, search, the runs of the chosen engine, the engines. Owned by the main window; GUI
// thread.
#pragma once

#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPointer>
#include <QSortFilterProxyModel>
#include <QToolButton>
#include <QTreeView>

#include "ui/window/engine_model.h"
#include "ui/window/run_model.h"

class QLabel;

namespace radlads::ui {

class LibraryPanel : public QWidget {
    Q_OBJECT
public:
    LibraryPanel(EngineSet* engines, QAction* newConversion, QWidget* parent = nullptr);

    void setStore(RunStore* store);
    void setContextMenu(QMenu* menu) { m_menu = menu; }
    QStringList selectedRuns() const;  // in the order of the list
    void selectRuns(const QStringList& runs);
    void editName(const QString& run);
    void moveInQueue(const QString& run, int places);
    void setCurrentEngine(int index);
    int currentEngine() const;

    QLineEdit* search() const { return m_search; }
    QTreeView* runs() const { return m_runs; }
    QListView* engines() const { return m_engines; }
    RunModel* model() const { return m_model; }

Q_SIGNALS:
    void selectionChanged();
    void engineChosen(int index);
    void renameWanted(const QString& run, const QString& name);
    void queueWanted(const QStringList& order);
    void addEngineWanted();
    void editEngineWanted(int index);
    void removeEngineWanted(int index);

private:
    QWidget* makeEngines();
    void fit();
    void showEngineMenu(const QPoint& place);
    void updateProblem();

    EngineSet* m_set;
    QPointer<RunStore> m_store;
    RunModel* m_model;
    QSortFilterProxyModel* m_filter;
    EngineModel* m_engineModel;
    QLineEdit* m_search;
    QTreeView* m_runs;
    QListView* m_engines;
    QLabel* m_problem;
    QLabel* m_nothing;
    QToolButton *m_addEngine, *m_editEngine, *m_removeEngine;
    QMenu* m_menu = nullptr;
};

}  // namespace radlads::ui
