// A source of data as a row: its name, share, format and text key. Owned by DataPage; GUI thread.
#pragma once

#include <QFrame>

#include "engine/protocol/plan.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QSlider;
class QSpinBox;
class QToolButton;

namespace radlads::ui {

class ProblemLabel;
class WizardModel;

class SourceRow : public QFrame {
    Q_OBJECT
public:
    SourceRow(WizardModel* model, int index, QWidget* parent);
    void show(const protocol::SourcePlan& source, int percent, bool isAlone, bool isCurrent, const QString& facts,
              const QString& problem);
    void focusSlider();

Q_SIGNALS:
    void chosen();
    void weightMoved(int percent);
    void removed();

protected:
    void mousePressEvent(QMouseEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QString key(const char* field) const;

    WizardModel* m_model;
    int m_index;
    QLabel *m_name, *m_facts;
    QSlider* m_slider;
    QSpinBox* m_percent;
    QComboBox* m_format;
    QLineEdit* m_textKey;
    QLabel* m_textKeyLabel;
    QToolButton* m_remove;
    ProblemLabel* m_problem;
};

}  // namespace radlads::ui
