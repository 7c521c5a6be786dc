// A new conversion in six steps, all reachable at any time. Edits exactly one plan and starts it. A window of its own,
// not modal; the caller shows and owns it. GUI thread.
#pragma once

#include <QDialog>
#include <QJsonObject>

#include "engine/protocol/plan.h"

class QLabel;
class QListWidget;
class QMenu;
class QPushButton;
class QStackedWidget;
class QToolButton;

namespace radlads::ui {

class EngineClient;
class PlanAdvisor;
class ProblemLabel;
class TeacherInspector;
class WizardModel;
class WizardPage;

class ConversionWizard : public QDialog {
    Q_OBJECT
public:
    explicit ConversionWizard(EngineClient* client, QWidget* parent = nullptr);
    ~ConversionWizard() override;

    // Start from a plan; what was edited before is replaced.
    void setPlan(const protocol::Plan& plan);
    void setPlanJson(const QJsonObject& plan);  // as a run's plan.json
    void openPlanFile(const QString& path);

    WizardModel* model() const { return m_model; }
    void showPage(int index);
    void showField(const QString& key);  // the page that owns the key, and the field on it

Q_SIGNALS:
    void started(const QString& run);
    void queued(const QString& run);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void buildPages();
    QWidget* buildHeader();
    QWidget* buildEstimateBar();
    void buildStartMenu(QMenu* menu);
    void addRunsTo(QMenu* menu);
    void startFromRun(const QString& run, const QString& name);
    void startFrom(const protocol::Plan& plan, const QString& title);
    void refreshStates();
    void refreshEstimate();
    void refreshExplanation();
    void openFile();

    EngineClient* m_client;
    WizardModel* m_model;
    PlanAdvisor* m_advisor;
    TeacherInspector* m_teacher;
    QList<WizardPage*> m_pages;
    QListWidget* m_steps;
    QStackedWidget* m_stack;
    QLabel *m_title, *m_explanationTitle, *m_explanation, *m_estimateIcon, *m_estimate;
    ProblemLabel* m_notice;
    QPushButton *m_remedy, *m_back, *m_next;
};

}  // namespace radlads::ui
