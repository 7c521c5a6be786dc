// Page 1: which model is converted. Dropped, chosen from a list, browsed for, or downloaded by name.
#pragma once

#include <QJsonArray>

#include "ui/wizard/wizard_page.h"

class QProgressBar;
class QPushButton;
class QTreeWidget;

namespace radlads::ui {

class DropZone;
class TeacherCard;

class TeacherPage : public WizardPage {
    Q_OBJECT
public:
    TeacherPage(WizardParts parts, QWidget* parent);

    void choose(const QString& path);  // a folder, "demo", or a GGUF file, which is converted first
    void showField(const QString& key) override;
    QString attention() const override;

private:
    void buildSources();
    void buildDownload();
    void askModels();
    void showModels(const QJsonArray& models);
    void selectPresent();
    void browse(bool forFile);
    void startDownload();
    void convertGguf(const QString& path);
    void showJob(const QString& text, double share);
    void endJob(const QString& problem);
    void cancelJob();

    DropZone* m_drop;
    QTreeWidget* m_models;
    QLineEdit* m_name;
    QPushButton *m_download, *m_cancel;
    QProgressBar* m_progress;
    QLabel* m_jobText;
    ProblemLabel* m_problem;
    ProblemLabel* m_pathProblem;
    TeacherCard* m_card;
    QWidget* m_jobRow;
    quint64 m_job = 0;
};

}  // namespace radlads::ui
