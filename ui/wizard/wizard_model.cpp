#include "ui/wizard/wizard_model.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QUndoCommand>
#include <algorithm>

namespace radlads::ui {
namespace {

using protocol::Plan;

QJsonObject toJson(const Plan& plan) {
    return QJsonDocument::fromJson(QByteArray::fromStdString(protocol::writePlan(plan))).object();
}

QJsonValue at(const QJsonValue& root, const QStringList& parts) {
    QJsonValue value = root;
    for (const QString& part : parts) {
        if (value.isArray()) {
            bool isNumber = false;
            const int index = part.toInt(&isNumber);
            if (!isNumber || index < 0 || index >= value.toArray().size()) return QJsonValue::Undefined;
            value = value.toArray().at(index);
        } else {
            value = value.toObject().value(part);
        }
    }
    return value;
}

QJsonValue replaced(const QJsonValue& root, const QStringList& parts, int depth, const QJsonValue& value) {
    if (depth == parts.size()) return value;
    const QString& part = parts[depth];
    if (root.isArray()) {
        QJsonArray array = root.toArray();
        const int index = part.toInt();
        if (index < array.size()) array[index] = replaced(array.at(index), parts, depth + 1, value);
        return array;
    }
    QJsonObject object = root.toObject();
    object[part] = replaced(object.value(part), parts, depth + 1, value);
    return object;
}

// "plan: steps[0].tokens: must be ..." as key and clause.
PlanProblem problemFrom(const std::string& message) {
    static const QRegularExpression pattern(QStringLiteral("^(?:plan: )?([a-z_]+(?:\\[\\d+\\]|\\.[a-z_0-9]+)*): (.*)$"),
                                            QRegularExpression::DotMatchesEverythingOption);
    const QString text = QString::fromStdString(message);
    const auto match = pattern.match(text);
    if (!match.hasMatch()) return {{}, text};
    return {dottedKey(match.captured(1)), match.captured(2)};
}

void flatten(const QJsonValue& value, const QString& key, QList<std::pair<QString, QString>>& out) {
    const auto child = [&](const QString& part) { return key.isEmpty() ? part : key + u'.' + part; };
    if (value.isObject()) {
        const QJsonObject object = value.toObject();
        for (auto entry = object.begin(); entry != object.end(); ++entry)
            flatten(entry.value(), child(entry.key()), out);
    } else if (value.isArray() && !value.toArray().isEmpty() && value.toArray().first().isObject()) {
        const QJsonArray array = value.toArray();
        for (int i = 0; i < array.size(); ++i) flatten(array.at(i), child(QString::number(i)), out);
    } else {
        QByteArray text = QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact);
        out.append({key, QString::fromUtf8(text.mid(1, text.size() - 2))});
    }
}

// Makes the refused key harmless, so that the next problem can be found. False: nothing more can be said.
bool repair(Plan& plan, const QString& key) {
    if (key == QLatin1String("teacher.path")) return plan.teacher.path = "demo", true;
    if (key == QLatin1String("data.sources")) return plan.data.sources = {{"demo:1:1"}}, true;
    if (key == QLatin1String("steps")) {
        protocol::StepPlan step;
        step.tokens = 1;
        return plan.steps = {step}, true;
    }
    if (key == QLatin1String("student.attention_layers")) return plan.student.attentionLayers.clear(), true;
    if (key == QLatin1String("student.token_shift")) return plan.student.tokenShift.reset(), true;
    static const QRegularExpression source(QStringLiteral("^data\\.sources\\.(\\d+)\\.path$"));
    if (const auto match = source.match(key); match.hasMatch())
        return plan.data.sources.at(match.captured(1).toULongLong()).path = "demo:1:1", true;
    static const QRegularExpression exported(QStringLiteral("^export\\.(\\d+)\\.path$"));
    if (const auto match = exported.match(key); match.hasMatch())
        return plan.exports.at(match.captured(1).toULongLong()).path = "model", true;
    static const QRegularExpression step(QStringLiteral("^steps\\.(\\d+)\\.([a-z_.]+)$"));
    const auto match = step.match(key);
    if (!match.hasMatch()) return false;
    protocol::StepPlan& at = plan.steps.at(match.captured(1).toULongLong());
    const QString field = match.captured(2);
    if (field == QLatin1String("tokens")) return at.tokens = 1, true;
    if (field == QLatin1String("loss")) return at.loss.reset(), true;
    if (field == QLatin1String("train")) return at.train = protocol::Trainable::All, true;
    if (field == QLatin1String("batch_size")) return at.batchSize = plan.hardware.ranks, true;
    if (field == QLatin1String("micro_batch_size")) return at.microBatchSize = 0, true;
    if (field.startsWith(QLatin1String("learning_rate"))) return at.learningRate = {}, true;
    return false;
}

}  // namespace

QString dottedKey(QString key) {
    return key.replace(u'[', u'.').remove(u']');
}

QString automaticName(const Plan& plan) {
    const QString teacher = QString::fromStdString(plan.teacher.path).section(u'/', -1, -1, QString::SectionSkipEmpty);
    return QStringLiteral("%1-%2").arg(teacher.isEmpty() ? QStringLiteral("conversion") : teacher.left(60),
                                       QString::fromLatin1(protocol::toString(plan.student.architecture)));
}

// One step of undo: the whole state before and after, which is a few kilobytes.
class WizardModel::Change : public QUndoCommand {
public:
    Change(WizardModel* model, const QString& what, QString mergeKey, int generation, State before, State after)
        : QUndoCommand(what),
          m_model(model),
          m_mergeKey(std::move(mergeKey)),
          m_generation(generation),
          m_before(std::move(before)),
          m_after(std::move(after)) {}
    void undo() override { m_model->show(m_before); }
    void redo() override { m_model->show(m_after); }
    int id() const override { return m_mergeKey.isEmpty() ? -1 : 1; }
    bool mergeWith(const QUndoCommand* other) override {
        const auto* next = static_cast<const Change*>(other);
        if (next->m_mergeKey != m_mergeKey || next->m_generation != m_generation) return false;
        m_after = next->m_after;
        setObsolete(protocol::writePlan(m_before.plan) == protocol::writePlan(m_after.plan) &&
                    m_before.baseTitle == m_after.baseTitle);
        return true;
    }

private:
    WizardModel* m_model;
    QString m_mergeKey;
    int m_generation;
    State m_before, m_after;
};

WizardModel::WizardModel(QObject* parent) : QObject(parent) {
    m_undo.setUndoLimit(500);
    start(Plan{}, {});
}

QString WizardModel::document() const {
    return QString::fromStdString(protocol::writePlan(m_state.plan));
}

QJsonValue WizardModel::value(const QString& key) const {
    return at(m_json, key.split(u'.'));
}

QJsonValue WizardModel::baseValue(const QString& key) const {
    return at(m_baseJson, key.split(u'.'));
}

void WizardModel::start(const Plan& plan, const QString& title) {
    m_undo.clear();
    m_engineProblems.clear();
    show({plan, plan, title});
}

void WizardModel::applyPreset(const Plan& preset, const QString& title) {
    State next{preset, preset, title};
    const Plan& present = m_state.plan;
    for (Plan* plan : {&next.plan, &next.base}) {
        if (preset.teacher.path.empty()) plan->teacher.path = present.teacher.path;
        if (preset.data.sources.empty()) {
            plan->data.sources = present.data.sources;
            plan->data.tokenizer = present.data.tokenizer;
        }
        if (preset.teacher.path.empty() && !present.teacher.path.empty())
            plan->name = automaticName(*plan).toStdString();
        // What the machine offers is no matter of the recipe.
        plan->hardware.threads = present.hardware.threads;
        plan->hardware.device = present.hardware.device;
    }
    push(tr("choose preset"), {}, std::move(next));
}

QString WizardModel::set(const QString& key, const QJsonValue& value, const QString& what) {
    const QJsonObject document = replaced(m_json, key.split(u'.'), 0, value).toObject();
    const QByteArray text = QJsonDocument(document).toJson(QJsonDocument::Compact);
    auto parsed = protocol::parsePlan(text.toStdString(), "plan");
    if (!parsed) return problemFrom(parsed.error().message).message;
    State next = m_state;
    next.plan = std::move(*parsed);
    push(what, key, std::move(next));
    return {};
}

void WizardModel::edit(const QString& what, const QString& mergeKey, const std::function<void(Plan&)>& change) {
    State next = m_state;
    const bool hasAutomaticName =
        QString::fromStdString(next.plan.name) == automaticName(next.plan) || next.plan.name == Plan{}.name;
    change(next.plan);
    if (hasAutomaticName && !next.plan.teacher.path.empty()) next.plan.name = automaticName(next.plan).toStdString();
    push(what, mergeKey, std::move(next));
}

void WizardModel::reset(const QString& key) {
    const QJsonValue base = baseValue(key);
    if (base.isUndefined()) return;
    set(key, base, tr("reset a value"));
    endMerge();
}

void WizardModel::push(const QString& what, const QString& mergeKey, State state) {
    const bool same =
        protocol::writePlan(state.plan) == protocol::writePlan(m_state.plan) && state.baseTitle == m_state.baseTitle;
    if (same) return;
    m_undo.push(new Change(this, what, mergeKey, m_mergeGeneration, m_state, std::move(state)));
}

void WizardModel::show(const State& state) {
    const QJsonObject before = m_json;
    m_state = state;
    m_json = toJson(m_state.plan);
    m_baseJson = toJson(m_state.base);
    // The engine's answers hold until it has been asked again, but not for what has been changed since.
    m_engineProblems.removeIf([&](const PlanProblem& problem) {
        const QStringList parts = problem.key.split(u'.');
        return problem.key.isEmpty() || at(before, parts) != at(m_json, parts);
    });
    collectProblems();
    Q_EMIT changed();
    Q_EMIT problemsChanged();
}

bool WizardModel::isChanged(const QString& key) const {
    return value(key) != baseValue(key);
}

QList<PlanDifference> WizardModel::differences() const {
    QList<std::pair<QString, QString>> before, after;
    flatten(m_baseJson, {}, before);
    flatten(m_json, {}, after);
    QList<PlanDifference> result;
    const auto find = [](const QList<std::pair<QString, QString>>& list, const QString& key) {
        for (const auto& [name, text] : list)
            if (name == key) return text;
        return QString();
    };
    for (const auto& [key, text] : after)
        if (const QString old = find(before, key); old != text) result.append({key, old, text});
    for (const auto& [key, text] : before)
        if (value(key).isUndefined()) result.append({key, text, {}});
    return result;
}

QString WizardModel::problemOf(const QString& key) const {
    for (const PlanProblem& problem : m_problems)
        if (problem.key == key) return problem.message;
    return {};
}

void WizardModel::collectProblems() {
    constexpr int kMost = 64;
    m_ownProblems.clear();
    Plan probe = m_state.plan;
    for (int i = 0; i < kMost; ++i) {
        Plan resolved = probe;
        const Status status = protocol::resolvePlan(resolved);
        if (status) break;
        const PlanProblem problem = problemFrom(status.error().message);
        m_ownProblems.append(problem);
        if (!repair(probe, problem.key)) break;
    }
    mergeProblems();
}

void WizardModel::mergeProblems() {
    m_problems = m_ownProblems;
    for (const PlanProblem& problem : m_engineProblems) {
        const auto same = [&](const PlanProblem& own) { return own.key == problem.key; };
        if (std::none_of(m_ownProblems.begin(), m_ownProblems.end(), same)) m_problems.append(problem);
    }
}

void WizardModel::setEngineProblems(const QList<PlanProblem>& problems) {
    m_engineProblems = problems;
    mergeProblems();
    Q_EMIT problemsChanged();
}

}  // namespace radlads::ui
