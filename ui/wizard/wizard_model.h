// The plan that the wizard edits: exactly one protocol::Plan, with undo. Owned by ConversionWizard; GUI thread.
#pragma once

#include <QJsonObject>
#include <QJsonValue>
#include <QList>
#include <QObject>
#include <QString>
#include <QUndoStack>
#include <functional>

#include "engine/protocol/plan.h"

namespace radlads::ui {

// What is wrong with a key of the plan. key: "steps.0.tokens"; empty where no single key is at fault.
struct PlanProblem {
    QString key, message;
    bool operator==(const PlanProblem&) const = default;
};

// A key whose value is not that of the plan which the user started from. Values as JSON texts, empty: not there.
struct PlanDifference {
    QString key, before, after;
};

// "steps[0].tokens" as "steps.0.tokens".
QString dottedKey(QString key);

class WizardModel : public QObject {
    Q_OBJECT
public:
    explicit WizardModel(QObject* parent = nullptr);

    const protocol::Plan& plan() const { return m_state.plan; }
    QString document() const;                           // the plan as it is written
    const QJsonObject& json() const { return m_json; }  // the same, parsed
    QJsonValue value(const QString& key) const;         // undefined if there is no such key
    QJsonValue baseValue(const QString& key) const;
    const QString& baseTitle() const { return m_state.baseTitle; }

    // Starts over from a plan: nothing to undo, nothing differs.
    void start(const protocol::Plan& plan, const QString& title);
    // Takes the student, steps and all other settings of a preset; teacher and data stay where the preset names none.
    void applyPreset(const protocol::Plan& preset, const QString& title);
    // Changes one key. Returns why it is refused, one clause; empty if it is done. Consecutive changes of a key are one
    // step of undo.
    QString set(const QString& key, const QJsonValue& value, const QString& what);
    // Any change. Consecutive ones with the same mergeKey (not empty) are one step of undo.
    void edit(const QString& what, const QString& mergeKey, const std::function<void(protocol::Plan&)>& change);
    void reset(const QString& key);  // to what the base says
    void endMerge() { ++m_mergeGeneration; }

    bool isChanged(const QString& key) const;  // key may name a whole part, as "student"
    QList<PlanDifference> differences() const;

    // What resolvePlan refuses, all of it, and what the engine says.
    const QList<PlanProblem>& problems() const { return m_problems; }
    QString problemOf(const QString& key) const;
    void setEngineProblems(const QList<PlanProblem>& problems);

    QUndoStack* undoStack() { return &m_undo; }

Q_SIGNALS:
    void changed();
    void problemsChanged();

private:
    struct State {
        protocol::Plan plan, base;
        QString baseTitle;
    };
    class Change;
    void push(const QString& what, const QString& mergeKey, State state);
    void show(const State& state);
    void collectProblems();
    void mergeProblems();

    State m_state;
    QJsonObject m_json, m_baseJson;
    QUndoStack m_undo;
    QList<PlanProblem> m_ownProblems, m_engineProblems, m_problems;
    int m_mergeGeneration = 0;
};

// The name that `plan new` would give: the teacher's and the student's.
QString automaticName(const protocol::Plan& plan);

}  // namespace radlads::ui
