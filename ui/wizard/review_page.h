// Page 6: the plan as it is written, what differs, what is wrong, and the buttons that save, queue and start it.
#pragma once

#include "ui/wizard/wizard_page.h"

class QListWidget;
class QPlainTextEdit;
class QPushButton;

namespace radlads::ui {

class RunStarter;

class ReviewPage : public WizardPage {
    Q_OBJECT
public:
    ReviewPage(WizardParts parts, QWidget* parent);
    void showField(const QString& key) override;

Q_SIGNALS:
    void linkActivated(const QString& key);
    void started(const QString& run);
    void queued(const QString& run);
    void saved(const QString& path);

private:
    void buildLists();
    void buildDocument();
    void buildButtons();
    void refresh();
    void refreshButtons();
    void save();
    QString commandLine() const;

    QListWidget *m_problems, *m_differences;
    QLabel *m_problemsTitle, *m_differencesTitle;
    QPlainTextEdit* m_document;
    QLineEdit* m_command;
    QPushButton *m_save, *m_queue, *m_start;
    ProblemLabel* m_notice;
    QLabel* m_progress;
    RunStarter* m_starter;
    QString m_savedPath;
};

}  // namespace radlads::ui
