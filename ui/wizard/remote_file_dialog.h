// Chooses a file or folder on the engine's machine (file.list). Deletes itself when closed; GUI thread.
#pragma once

#include <QDialog>

class QLabel;
class QLineEdit;
class QTreeWidget;
class QPushButton;

namespace radlads::ui {

class EngineClient;
class ProblemLabel;

class RemoteFileDialog : public QDialog {
    Q_OBJECT
public:
    RemoteFileDialog(EngineClient* client, const QString& title, bool forFolder, QWidget* parent);

Q_SIGNALS:
    void chosen(const QString& path);

private:
    void go(const QString& path);
    void enter();
    void accept() override;

    EngineClient* m_client;
    bool m_forFolder;
    QString m_path, m_parent;
    QLineEdit* m_location;
    QTreeWidget* m_entries;
    ProblemLabel* m_problem;
    QPushButton* m_choose;
};

}  // namespace radlads::ui
