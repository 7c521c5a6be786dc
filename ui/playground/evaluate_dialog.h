// What to evaluate: tasks, text, how much of it, and which stages of the run. Owned by EvaluatePage; GUI thread.
#pragma once

#include <QDialog>
#include <QJsonObject>
#include <QList>
#include <QStringList>
#include <functional>

#include "ui/core/run_record.h"

class QCheckBox;
class QDialogButtonBox;
class QLabel;
class QLineEdit;
class QRadioButton;
class QSpinBox;

namespace radlads::ui {

struct EvaluationRequest {
    QStringList tasks;   // "perplexity", "skills"
    QStringList stages;  // as evaluate.start takes them: "setup", "1", .., "now"
    QString data;        // empty: what the run held out
    qint64 windows = 64, seed = 20001;

    // The params of evaluate.start for one of the stages.
    QJsonObject params(const QString& run, const QString& stage) const;
};

class EvaluateDialog : public QDialog {
    Q_OBJECT
public:
    // isLocal: files of this computer are the engine's, so that they can be looked for in a dialog.
    EvaluateDialog(const RunRecord& run, bool isLocal, QWidget* parent = nullptr);
    EvaluationRequest request() const;

    // How a file is asked for; tests put another in.
    std::function<QString(QWidget* parent)> askFile;

private:
    QWidget* makeTasks(const RunRecord& run);
    QWidget* makeStages(const RunRecord& run);
    QWidget* makeText(bool isLocal);
    void check();

    QCheckBox* m_perplexity;
    QCheckBox* m_skills;
    QList<QCheckBox*> m_stages;
    QRadioButton* m_heldOut;
    QRadioButton* m_file;
    QLineEdit* m_path;
    QSpinBox* m_windows;
    QSpinBox* m_seed;
    QLabel* m_problem;
    QDialogButtonBox* m_buttons;
};

// The stages of a run that can be evaluated at present, in order; the finished run's model is that of its last step.
QStringList evaluableStages(const RunRecord& run);

}  // namespace radlads::ui
