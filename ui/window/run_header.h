// The head of a run: which step, how far, how fast, when done, and the buttons. Owned by the run view; GUI thread.
#pragma once

#include <QWidget>

#include "ui/core/run_record.h"

class QLabel;
class QMenu;

namespace radlads::ui {

class ProgressStrip;
class RunActions;

class RunHeader : public QWidget {
    Q_OBJECT
public:
    RunHeader(RunActions* actions, QMenu* more, QWidget* parent = nullptr);

    void setRecord(const RunRecord& record);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void setTitle();
    void setStep();
    void setFacts();
    void recolor();

    RunRecord m_record;
    QLabel *m_icon, *m_title, *m_state, *m_step, *m_share, *m_left, *m_facts;
    ProgressStrip* m_progress;
    QList<QWidget*> m_whileRunning, m_whenFinished;
};

}  // namespace radlads::ui
