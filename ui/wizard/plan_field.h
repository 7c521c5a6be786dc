// One key of the plan as a row of a form: editor, "changed" mark with reset, and the problem beside it. Owned by its
// page; GUI thread. Edits go to the model at once; what the model refuses stays in the editor with the reason below.
#pragma once

#include <QJsonValue>
#include <QLabel>
#include <QList>
#include <QToolButton>
#include <QWidget>
#include <optional>

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLineEdit;

namespace radlads::ui {

class WizardModel;

struct FieldChoice {
    QJsonValue value;
    QString text;
    QString whyNot;  // not empty: shown, but cannot be chosen here, and why
};

class PlanField : public QWidget {
    Q_OBJECT
public:
    enum class Kind { Text, Count, Number, Choice, Toggle };
    struct Spec {
        QString key;    // "steps.0.tokens"
        QString label;  // with its mnemonic
        Kind kind = Kind::Text;
        QList<FieldChoice> choices = {};
        QString unit = {};       // "minutes"
        bool optional = false;   // empty is null
        QString emptyText = {};  // shown where nothing is given
        int widthInCharacters = 10;
    };
    PlanField(WizardModel* model, Spec spec, QWidget* parent);

    QString key() const { return m_spec.key; }
    void setKey(const QString& key);  // the same field of another step
    void setChoices(const QList<FieldChoice>& choices);
    void setUnit(const QString& unit);
    QLabel* label() const { return m_label; }
    QWidget* editor() const;
    void addTo(QFormLayout* form);
    void focusEditor();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void build();
    void refresh();
    void refreshMarks();
    void showValue();
    void commit(bool isFinal);
    void tryValue(const QJsonValue& value);
    std::optional<QJsonValue> typedValue(const QString& text) const;
    QString textOf(const QJsonValue& value) const;
    QString plainLabel() const;

    WizardModel* m_model;
    Spec m_spec;
    QLabel* m_label;
    QLabel* m_problem;
    QLabel* m_unit;
    QToolButton* m_reset;
    QLineEdit* m_line = nullptr;
    QComboBox* m_combo = nullptr;
    QCheckBox* m_check = nullptr;
    QString m_refusal;  // why what is typed is not taken
    bool m_isTyping = false;
};

// "500M", "1.5e8", "2,000" as a number; nothing if it is none.
std::optional<double> parseCount(QString text);
// 500000000 as "500M"; exact, so that reading it back gives the same number.
QString exactCountText(qint64 value);

// A label that shows a problem with its mark, in one sentence; hidden while empty.
class ProblemLabel : public QLabel {
    Q_OBJECT
public:
    explicit ProblemLabel(QWidget* parent);
    void setProblem(const QString& sentence);
};

// "must be above 0" with a capital and a full stop.
QString sentence(QString clause);

}  // namespace radlads::ui
