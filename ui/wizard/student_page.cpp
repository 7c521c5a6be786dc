#include "ui/wizard/student_page.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <algorithm>

#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/layer_strip.h"
#include "ui/wizard/student_card.h"
#include "ui/wizard/teacher_inspector.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

using protocol::Architecture;
using protocol::GateKind;
using protocol::Variant;

QString llamaCppObstacle(const protocol::StudentPlan& student, const QString& teacherFamily) {
    const bool isSeven = student.architecture == Architecture::RadRwkv7;
    if (student.rope.value_or(isSeven)) return StudentPage::tr("it has no rotary positions in this layer");
    const Variant variant = student.variant.value_or(isSeven ? Variant::GroupNorm : Variant::Balanced);
    if (isSeven) {
        if (variant != Variant::GroupNorm) return StudentPage::tr("it knows this layer with group norm alone");
        if (teacherFamily == QLatin1String("qwen2"))
            return StudentPage::tr("it has no biases of q, k and v in this layer, which this teacher brings");
        return {};
    }
    if (variant != Variant::Balanced) return StudentPage::tr("it knows this layer balanced alone");
    if (student.gate.value_or(GateKind::Full) == GateKind::LowRank)
        return StudentPage::tr("it knows this layer without a low-rank gate alone");
    if (teacherFamily == QLatin1String("qwen3")) return StudentPage::tr("it has no norm of q and k in this layer");
    return {};
}

StudentPage::StudentPage(WizardParts parts, QWidget* parent)
    : WizardPage(parts, tr("Student"), QStringLiteral("page.student"), {QStringLiteral("student")}, parent) {
    buildCards();
    buildStrip();
    buildAdvanced();
    column()->addStretch(1);
    connect(model(), &WizardModel::changed, this, &StudentPage::refresh);
    connect(model(), &WizardModel::problemsChanged, this, &StudentPage::refresh);
    connect(parts.teacher, &TeacherInspector::changed, this, [this] {
        refresh();
        Q_EMIT attentionChanged();
    });
    refresh();
}

void StudentPage::buildCards() {
    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    m_seven = new StudentCard(Architecture::RadRwkv7, tr("RAD-RWKV&7 \u201CRADGoose\u201D"), widget());
    m_seven->setObjectName(QStringLiteral("student.rad-rwkv7"));
    m_six = new StudentCard(Architecture::RadRwkv6, tr("RAD-RWKV&6 \u201CRADFinch\u201D"), widget());
    m_six->setObjectName(QStringLiteral("student.rad-rwkv6"));
    for (StudentCard* card : {m_seven, m_six}) {
        explain(card, QStringLiteral("student.architecture"));
        row->addWidget(card);
    }
    m_seven->setShortcut(QKeySequence(QStringLiteral("Alt+7")));
    m_six->setShortcut(QKeySequence(QStringLiteral("Alt+6")));
    connect(m_seven, &QAbstractButton::clicked, this, [this] { choose(Architecture::RadRwkv7); });
    connect(m_six, &QAbstractButton::clicked, this, [this] { choose(Architecture::RadRwkv6); });
    column()->addLayout(row);
    m_architectureProblem = new ProblemLabel(widget());
    m_architectureProblem->setObjectName(QStringLiteral("problem.student.architecture"));
    column()->addWidget(m_architectureProblem);
}

void StudentPage::buildStrip() {
    auto* label = new QLabel(tr("Layers that &keep softmax attention"), widget());
    m_strip = new LayerStrip(widget());
    m_strip->setObjectName(QStringLiteral("layers"));
    label->setBuddy(m_strip);
    explain(m_strip, QStringLiteral("student.attention_layers"));
    m_legend = mutedLabel({}, widget());
    m_legend->setObjectName(QStringLiteral("layersLegend"));
    m_stripProblem = new ProblemLabel(widget());
    m_stripProblem->setObjectName(QStringLiteral("problem.student.attention_layers"));
    column()->addWidget(label);
    column()->addWidget(m_strip);
    column()->addWidget(m_legend);
    column()->addWidget(m_stripProblem);
    connect(m_strip, &LayerStrip::toggled, this, &StudentPage::toggleLayer);
}

void StudentPage::buildAdvanced() {
    using Kind = PlanField::Kind;
    QFormLayout* left = makeForm();
    QFormLayout* right = makeForm();
    auto* content = new TwoForms(left, right, Theme::kSpacing * 2, widget());
    m_variant = addField(left, {QStringLiteral("student.variant"), tr("&Variant"), Kind::Choice});
    m_rope = addField(left, {QStringLiteral("student.rope"), tr("&RoPE"), Kind::Choice});
    m_gate = addField(left, {QStringLiteral("student.gate"), tr("&Gate"), Kind::Choice});
    m_shift = addField(left, {QStringLiteral("student.token_shift"), tr("Token &shift"), Kind::Choice});
    const auto rank = [&](const char* key, const QString& label) {
        addField(right, {QStringLiteral("student.lora_ranks.%1").arg(QLatin1String(key)),
                         label,
                         Kind::Count,
                         {},
                         {},
                         false,
                         {},
                         5});
    };
    rank("decay", tr("Rank of the &decay"));
    rank("iclr", tr("Rank of the learning rate"));
    rank("value", tr("Rank of the value mix"));
    rank("gate", tr("Rank of the gate"));
    rank("token_shift", tr("Rank of the token shift"));
    auto* disclosure = new Disclosure(tr("&Advanced"), content, widget());
    disclosure->setObjectName(QStringLiteral("advancedStudent"));
    explain(disclosure, QStringLiteral("student.variant"));
    column()->addWidget(disclosure);
}

void StudentPage::choose(Architecture architecture) {
    if (model()->plan().student.architecture == architecture) return;
    model()->edit(tr("choose the student"), {}, [&](protocol::Plan& plan) {
        // Options are those of the other student; what stays are the layers.
        protocol::StudentPlan student;
        student.architecture = architecture;
        student.attentionLayers = plan.student.attentionLayers;
        plan.student = student;
    });
}

void StudentPage::toggleLayer(int layer) {
    model()->edit(tr("choose the layers that stay"), {}, [&](protocol::Plan& plan) {
        auto& kept = plan.student.attentionLayers;
        const auto found = std::find(kept.begin(), kept.end(), layer);
        if (found != kept.end())
            kept.erase(found);
        else
            kept.push_back(layer);
        std::sort(kept.begin(), kept.end());
    });
}

QStringList StudentPage::factsOf(Architecture architecture) const {
    const protocol::StudentPlan& chosen = model()->plan().student;
    protocol::StudentPlan student;
    student.architecture = architecture;
    if (chosen.architecture == architecture) student = chosen;
    const QJsonObject config = parts().teacher->config();
    const auto number = [&](const char* key) { return config.value(QLatin1String(key)).toDouble(); };
    QStringList facts;
    const double kept = std::min<double>(number("layers"), static_cast<double>(chosen.attentionLayers.size()));
    const double size = number("head_dim");
    const double state = (number("layers") - kept) * number("heads") * size * size * 4;
    if (state > 0 && kept == 0)
        facts.append(tr("State: %1 a sequence, however long.").arg(bytesText(state)));
    else if (state > 0)
        facts.append(tr("State: %1 a sequence; layers with a growing cache: %2.")
                         .arg(bytesText(state))
                         .arg(static_cast<int>(kept)));
    else
        facts.append(tr("State: the same size however long the text."));
    facts.append(architecture == Architecture::RadRwkv7
                     ? tr("Paper, 7B: 92.4 % of the teacher's MMLU, 98.2 % of LAMBADA.")
                     : tr("Paper, 7B: 87.1 % of the teacher's MMLU, 97.0 % of LAMBADA."));
    const QString obstacle = llamaCppObstacle(student, config.value(QStringLiteral("family")).toString());
    facts.append(obstacle.isEmpty() ? tr("Runs here and in transformers; llama.cpp has this layer.")
                                    : tr("Runs here and in transformers; not in llama.cpp: %1.").arg(obstacle));
    return facts;
}

void StudentPage::refresh() {
    const protocol::StudentPlan& student = model()->plan().student;
    const bool isSeven = student.architecture != Architecture::RadRwkv6;
    m_seven->setChecked(student.architecture == Architecture::RadRwkv7);
    m_six->setChecked(student.architecture == Architecture::RadRwkv6);
    m_seven->setFacts(factsOf(Architecture::RadRwkv7));
    m_six->setFacts(factsOf(Architecture::RadRwkv6));
    std::set<int> kept;
    for (const int64_t layer : student.attentionLayers) kept.insert(static_cast<int>(layer));
    const int layers = parts().teacher->layers();
    m_strip->setLayers(layers, kept);
    m_legend->setVisible(layers > 0);
    m_legend->setText(tr("L linear: %1 · S softmax attention: %2. Arrow keys move, the space bar changes.")
                          .arg(layers - static_cast<int>(kept.size()))
                          .arg(kept.size()));
    const bool isBeyond = layers > 0 && !kept.empty() && *kept.rbegin() >= layers;
    m_stripProblem->setProblem(isBeyond ? attention() : model()->problemOf(QStringLiteral("student.attention_layers")));
    m_architectureProblem->setProblem(model()->problemOf(QStringLiteral("student.architecture")));
    if (m_shown == student.architecture) return;
    m_shown = student.architecture;
    const QJsonValue none = QJsonValue::Null;
    const auto choice = [](const char* value) { return QJsonValue(QLatin1String(value)); };
    m_variant->setChoices({{none, isSeven ? tr("Automatic: group norm") : tr("Automatic: balanced"), {}},
                           {choice("balanced"), tr("Balanced"), {}},
                           {choice("groupnorm"), tr("Group norm"), {}}});
    m_rope->setChoices({{none, isSeven ? tr("Automatic: on") : tr("Automatic: off"), {}},
                        {true, tr("On"), {}},
                        {false, tr("Off"), {}}});
    m_gate->setChoices({{none, isSeven ? tr("Automatic: low rank") : tr("Automatic: full"), {}},
                        {choice("none"), tr("None"), {}},
                        {choice("full"), tr("Full"), {}},
                        {choice("low-rank"), tr("Low rank"), {}}});
    m_shift->setChoices({{none, isSeven ? tr("Automatic: off") : tr("Automatic: on"), {}},
                         {true, tr("On"), isSeven ? tr("RAD-RWKV7 has none") : QString()},
                         {false, tr("Off"), {}}});
}

QString StudentPage::attention() const {
    const int layers = parts().teacher->layers();
    for (const int64_t layer : model()->plan().student.attentionLayers)
        if (layers > 0 && layer >= layers)
            return tr("Layer %1 is to keep its attention, but the teacher has %2 layers").arg(layer + 1).arg(layers);
    return {};
}

void StudentPage::showField(const QString& key) {
    if (key.startsWith(QLatin1String("student.attention_layers"))) return m_strip->setFocus(Qt::OtherFocusReason);
    if (key == QLatin1String("student.architecture"))
        return (m_six->isChecked() ? m_six : m_seven)->setFocus(Qt::OtherFocusReason);
    WizardPage::showField(key);
}

}  // namespace radlads::ui
