// Page 4: the steps, their tokens and rates; presets on top.
#pragma once

#include "engine/protocol/plan.h"
#include "ui/wizard/wizard_page.h"

class QComboBox;
class QPushButton;

namespace radlads::ui {

class ScheduleView;

class SchedulePage : public WizardPage {
    Q_OBJECT
public:
    SchedulePage(WizardParts parts, QWidget* parent);
    void showField(const QString& key) override;

private:
    void buildPresets();
    void buildSteps();
    void buildDetails();
    void refreshPresets();
    void refresh();
    void showStep(int step);
    void addStep();
    void removeStep();

    QComboBox* m_presets;
    QLabel *m_summary, *m_detailTitle;
    ScheduleView* m_view;
    QPushButton *m_add, *m_remove;
    ProblemLabel* m_problem;
    QWidget* m_details;
    struct StepField {
        PlanField* field;
        QString name;
    };
    QList<StepField> m_fields;
    PlanField *m_loss, *m_train;
    int m_step = -1;
    protocol::StepKind m_kind = protocol::StepKind::Pretrain;
};

}  // namespace radlads::ui
