// The right side for one run: header, messages, tabs, and what was last saved. Pages are made when they are first
// shown. Owned by the main window; GUI thread.
#pragma once

#include <QPointer>
#include <QTimer>
#include <QWidget>
#include <map>

#include "ui/window/window_parts.h"

class QLabel;
class QMenu;
class QTabWidget;

namespace radlads::ui {

class RunActions;
class RunHeader;

class RunView : public QWidget {
    Q_OBJECT
public:
    RunView(const WindowParts& parts, RunActions* actions, QMenu* more, QWidget* parent = nullptr);

    void showRun(RunStore* store, const QString& run);  // nothing with a null store
    const QString& run() const { return m_run; }
    RunPage* page(const QString& id) const;  // null until it has been shown
    void showPage(const QString& id);
    void showPage(int index);
    QString currentPage() const;
    int pageCount() const { return static_cast<int>(m_pages.size()); }
    QString pageIcon(int index) const { return m_pages.at(static_cast<std::size_t>(index)).icon; }
    QString pageTitle(int index) const { return m_pages.at(static_cast<std::size_t>(index)).title; }
    QTabWidget* tabs() const { return m_tabs; }
    RunHeader* header() const { return m_header; }

Q_SIGNALS:
    void pageMade(const QString& id, radlads::ui::RunPage* page);
    void pageChanged(const QString& id);

private:
    void makeCurrentPage();
    void refresh();
    void refreshFoot();
    void keep(const std::shared_ptr<RunHistory>& history);

    std::vector<WindowParts::Page> m_pages;
    std::map<QString, RunPage*> m_made;
    QPointer<RunStore> m_store;
    QString m_run;
    std::shared_ptr<RunHistory> m_history;
    QVector<std::shared_ptr<RunHistory>> m_recent;  // kept, so that going back to a run is quick
    RunHeader* m_header;
    QTabWidget* m_tabs;
    QLabel *m_warnings, *m_checkpoint;
    QTimer m_clock;
};

}  // namespace radlads::ui
