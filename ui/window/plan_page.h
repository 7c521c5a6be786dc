// The Plan tab: the plan as it ran, to read, copy, save and start anew from. GUI thread.
#pragma once

#include <QPointer>

#include "ui/core/run_page.h"

class QPlainTextEdit;
class QPushButton;
class QLabel;

namespace radlads::ui {

class PlanPage : public RunPage {
    Q_OBJECT
public:
    explicit PlanPage(QWidget* parent = nullptr);
    void showRun(RunStore* store, std::shared_ptr<RunHistory> history) override;
    QString commandLine() const;

Q_SIGNALS:
    void newFromThisWanted();
    void savePlanWanted(const QByteArray& plan, const QString& suggestedName);

private:
    void refresh();

    QPointer<RunStore> m_store;
    std::shared_ptr<RunHistory> m_history;
    QPlainTextEdit* m_text;
    QLabel* m_command;
    QList<QPushButton*> m_buttons;
};

}  // namespace radlads::ui
