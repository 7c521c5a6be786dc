// Page 2: which linear-attention layer replaces the teacher's, its options, and the layers that stay.
#pragma once

#include "engine/protocol/plan.h"
#include "ui/wizard/wizard_page.h"

namespace radlads::ui {

class LayerStrip;
class StudentCard;

class StudentPage : public WizardPage {
    Q_OBJECT
public:
    StudentPage(WizardParts parts, QWidget* parent);

    void showField(const QString& key) override;
    QString attention() const override;

private:
    void buildCards();
    void buildStrip();
    void buildAdvanced();
    void refresh();
    void choose(protocol::Architecture architecture);
    QStringList factsOf(protocol::Architecture architecture) const;
    void toggleLayer(int layer);

    StudentCard *m_seven, *m_six;
    LayerStrip* m_strip;
    QLabel* m_legend;
    ProblemLabel *m_stripProblem, *m_architectureProblem;
    PlanField *m_variant, *m_rope, *m_gate, *m_shift;
    protocol::Architecture m_shown = protocol::Architecture::Softmax;
};

// Whether llama.cpp has a layer like this student's; empty: it has, otherwise why not, one clause.
QString llamaCppObstacle(const protocol::StudentPlan& student, const QString& teacherFamily);

}  // namespace radlads::ui
