// One model's answer: the text as it comes, how fast, and what the model keeps in memory. Owned by TryPage; GUI thread.
#pragma once

#include <QJsonObject>
#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QTimer;

namespace radlads::ui {

class GenerationPane : public QWidget {
    Q_OBJECT
public:
    // id: for object names, "teacher" or "student".
    GenerationPane(const QString& id, const QString& title, QWidget* parent = nullptr);
    void setModel(const QString& name);
    // Why this side cannot answer; empty: it can.
    void setUnavailable(const QString& reason);
    bool isAvailable() const { return m_reason.isEmpty(); }
    void clear();

    // A generation, from begin to one of finish, stop and fail.
    void begin(const QString& prompt);
    void add(const QJsonObject& event);
    void finish(const QJsonObject& result);
    void stop();
    void fail(const QString& sentence);
    bool isRunning() const { return m_isRunning; }
    QString answer() const { return m_answer; }

private:
    void append(const QString& text);
    void showWaiting();
    void showStatus(const QString& state);
    void updateColours();

    QString m_prompt, m_answer, m_reason;
    QString m_waiting;  // arrived, not shown yet
    QJsonObject m_last;
    bool m_isRunning = false, m_isStudent = false;
    QLabel* m_title;
    QLabel* m_model;
    QPlainTextEdit* m_text;
    QLabel* m_status;
    QTimer* m_timer;
};

}  // namespace radlads::ui
