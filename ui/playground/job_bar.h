// A job's progress in one strip: what is done, how far, how long it takes still, and Cancel. Owned by its page; GUI
// thread.
#pragma once

#include <QFrame>
#include <QJsonObject>

class QLabel;
class QProgressBar;
class QPushButton;

namespace radlads::ui {

class JobBar : public QFrame {
    Q_OBJECT
public:
    explicit JobBar(QWidget* parent = nullptr);
    void begin(const QString& title);
    // A job's event: {"done", "total", "text", "eta_seconds"}.
    void advance(const QJsonObject& event);
    void end();
    bool isRunning() const { return m_isRunning; }

Q_SIGNALS:
    void cancelled();

private:
    QLabel* m_title;
    QLabel* m_detail;
    QProgressBar* m_bar;
    QPushButton* m_cancel;
    bool m_isRunning = false;
};

}  // namespace radlads::ui
