// Page 5: where the run computes, what it needs there, and how it is saved.
#pragma once

#include "ui/wizard/wizard_page.h"

class QPushButton;

namespace radlads::ui {

class MemoryBar;

class HardwarePage : public WizardPage {
    Q_OBJECT
public:
    HardwarePage(WizardParts parts, QWidget* parent);

private:
    void buildMemory();
    void buildFields();
    void refreshMachine();
    void refreshChoices();
    void refreshEstimate();

    PlanField *m_device, *m_precision, *m_checkpointing, *m_sharding, *m_threads;
    MemoryBar* m_memory;
    QLabel *m_memoryTitle, *m_disk, *m_machine, *m_measureText;
    QPushButton* m_measure;
    QLineEdit* m_cost;
    ProblemLabel *m_costProblem, *m_diskProblem;
};

}  // namespace radlads::ui
