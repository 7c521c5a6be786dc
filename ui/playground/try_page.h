// The Try tab: one prompt, answered by teacher and student side by side as they stream. Owned by the window; GUI
// thread.
#pragma once

#include <QPointer>
#include <array>

#include "ui/core/run_page.h"

class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QToolButton;

namespace radlads::ui {

class GenerationPane;
class MemoryChart;
class MessageStrip;
class PageJob;
class SamplingPanel;

class TryPage : public RunPage {
    Q_OBJECT
public:
    explicit TryPage(QWidget* parent = nullptr);
    ~TryPage() override;
    void showRun(RunStore* store, std::shared_ptr<RunHistory> history) override;

    void generate();
    void stop();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    enum Side { Teacher, Student, kSides };
    struct Generation {
        GenerationPane* pane = nullptr;
        PageJob* job = nullptr;
    };

    QWidget* makePrompt();
    QLayout* makeControls();
    const RunRecord* record() const;
    QString teacherPath() const;
    QString modelOf(Side side) const;
    QString studentReason(const RunRecord& run) const;
    void startSide(Side side, const QJsonObject& params);
    bool isRunning() const;
    void insertStory();
    void updateState();
    void updateSampling();

    QPointer<RunStore> m_store;
    std::shared_ptr<RunHistory> m_history;
    std::array<Generation, kSides> m_sides;
    int m_nextStory = 0;

    QPlainTextEdit* m_prompt;
    QPushButton* m_generate;
    QPushButton* m_stop;
    QPushButton* m_story;
    QSpinBox* m_tokens;
    QSpinBox* m_seed;
    QToolButton* m_reroll;
    QToolButton* m_unfold;
    SamplingPanel* m_sampling;
    MemoryChart* m_chart;
    MessageStrip* m_message;
};

}  // namespace radlads::ui
