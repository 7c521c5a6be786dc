// Writes a run's student for other software: what, where, the progress, and what was verified. Owned by whoever opens
// it; GUI thread.
#pragma once

#include <QDialog>
#include <QJsonObject>
#include <QPointer>
#include <functional>

#include "ui/core/engine_client.h"
#include "ui/core/run_record.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QRadioButton;
class QStackedWidget;

namespace radlads::ui {

class JobBar;
class MessageStrip;
class PageJob;

class ExportDialog : public QDialog {
    Q_OBJECT
public:
    ExportDialog(EngineClient* client, RunRecord run, QWidget* parent = nullptr);
    ~ExportDialog() override;
    void reject() override;  // cancels an export that is going on

    // How a folder is asked for and shown; tests put others in.
    std::function<QString(QWidget* parent, const QString& start)> askFolder;
    std::function<void(const QString& path)> openFolder;

private:
    QWidget* makeChoices();
    QWidget* makeResult();
    bool isLocal() const;
    void start();
    void showResult(const QJsonObject& result);
    void updateState();
    void updateColours();

    QPointer<EngineClient> m_client;
    RunRecord m_run;
    PageJob* m_job;
    QString m_output;  // of the export that has ended
    bool m_closesAtEnd = false;

    QStackedWidget* m_pages;
    QRadioButton* m_hf;
    QRadioButton* m_gguf;
    QComboBox* m_dtype;
    QLineEdit* m_path;
    QPushButton* m_browse;
    QLabel* m_pathNote;
    QPushButton* m_export;
    QPushButton* m_close;
    QPushButton* m_open;
    QPushButton* m_copy;
    QLabel* m_resultIcon;
    QLabel* m_resultTitle;
    QLabel* m_resultText;
    JobBar* m_bar;
    MessageStrip* m_message;
};

}  // namespace radlads::ui
