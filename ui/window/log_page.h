// The Log tab: what the run's journal says in words, with a filter; follows the end until the user scrolls up. GUI
// thread.
#pragma once

#include "ui/core/run_page.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QSortFilterProxyModel;
class QTreeView;

namespace radlads::ui {

class LogModel;

class LogPage : public RunPage {
    Q_OBJECT
public:
    explicit LogPage(QWidget* parent = nullptr);
    void showRun(RunStore* store, std::shared_ptr<RunHistory> history) override;

private:
    void setFilter();
    void copy() const;
    void updateEmpty();

    LogModel* m_model;
    QSortFilterProxyModel *m_levels, *m_texts;
    QComboBox* m_level;
    QLineEdit* m_search;
    QTreeView* m_view;
    QLabel* m_empty;
    bool m_follows = true;
};

}  // namespace radlads::ui
