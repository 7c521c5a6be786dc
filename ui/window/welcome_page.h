// What is shown while there is no run to show: what this program does and two ways to begin. Owned by the main window.
#pragma once

#include <QWidget>

class QAction;
class QLabel;

namespace radlads::ui {

class WelcomePage : public QWidget {
    Q_OBJECT
public:
    WelcomePage(QAction* demo, QAction* newConversion, QWidget* parent = nullptr);

    void setConnection(const QString& sentence);  // shown below; empty when all is well
    void setHasRuns(bool hasRuns);                // then it asks to choose one instead

private:
    QLabel *m_title, *m_text, *m_connection;
};

}  // namespace radlads::ui
