// The card of the chosen teacher: what it is, and whether it can be converted. Owned by TeacherPage.
#pragma once

#include <QFrame>

class QGridLayout;
class QLabel;

namespace radlads::ui {

class TeacherInspector;
class WizardModel;

class TeacherCard : public QFrame {
    Q_OBJECT
public:
    TeacherCard(TeacherInspector* teacher, WizardModel* model, QWidget* parent);

private:
    void refresh();
    void setFact(int index, const QString& name, const QString& value);

    TeacherInspector* m_teacher;
    WizardModel* m_model;
    QLabel *m_title, *m_path, *m_verdict;
    QGridLayout* m_grid;
};

}  // namespace radlads::ui
