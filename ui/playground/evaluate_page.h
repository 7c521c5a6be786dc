// The Evaluate tab: scores of teacher and student by stage, samples of answers, and new evaluations. Owned by the
// window; GUI thread. The reports are the engine's: the page asks for them whenever it shows a run, is reconnected, or
// has made one.
#pragma once

#include <QPointer>
#include <functional>

#include "ui/core/run_page.h"
#include "ui/playground/evaluate_dialog.h"
#include "ui/playground/evaluations.h"

class QComboBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QStackedWidget;
class QTabBar;
class QTableView;

namespace radlads::ui {

class AnswersModel;
class EvaluationModel;
class JobBar;
class PageJob;
class MessageStrip;

class EvaluatePage : public RunPage {
    Q_OBJECT
public:
    explicit EvaluatePage(QWidget* parent = nullptr);
    void showRun(RunStore* store, std::shared_ptr<RunHistory> history) override;
    // Evaluates the stages one after another.
    void start(const EvaluationRequest& request);

    // How a file name and a request are asked for; tests put others in. An empty name or request: cancelled.
    std::function<QString(QWidget* parent, const QString& suggested)> askSaveName;
    std::function<std::optional<EvaluationRequest>(QWidget* parent, const RunRecord& run, bool isLocal)> askRequest;

protected:
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeHeader();
    QWidget* makeScores();
    QWidget* makeAnswers();
    QWidget* makeEmptyState();
    const RunRecord* record() const;
    void fetch();
    void setSets(const QVector<EvaluationSet>& sets);
    void showSet();
    void fitColumns();
    void showAnswers();
    void showAnswer();
    void updateState();
    void updateColours();
    void openDialog();
    void next();
    void finish();
    void sayCancelled();
    void saveCsv();

    QPointer<RunStore> m_store;
    std::shared_ptr<RunHistory> m_history;
    QVector<EvaluationSet> m_sets;
    bool m_isFetched = false;

    // The evaluations that are being made, of m_run.
    EvaluationRequest m_request;
    QString m_run;
    int m_nextStage = 0;
    PageJob* m_job;
    bool m_isCancelled = false;

    QStackedWidget* m_pages;
    QStackedWidget* m_views;
    QTabBar* m_tabs;
    QComboBox* m_set;
    QPushButton* m_evaluate;
    QPushButton* m_evaluateEmpty;
    QPushButton* m_save;
    QLabel* m_summary;
    QLabel* m_emptyIcon;
    QLabel* m_emptyTitle;
    QLabel* m_emptyText;
    QTableView* m_table;
    QTableView* m_answersTable;
    QPlainTextEdit* m_story;
    QComboBox* m_answerStage;
    QComboBox* m_answerKind;
    QLabel* m_noAnswers;
    EvaluationModel* m_model;
    AnswersModel* m_answers;
    JobBar* m_jobBar;
    MessageStrip* m_message;
};

}  // namespace radlads::ui
