#include "ui/wizard/schedule_page.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QPushButton>
#include <algorithm>

#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/plan_advisor.h"
#include "ui/wizard/schedule_view.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

using protocol::StepKind;

SchedulePage::SchedulePage(WizardParts parts, QWidget* parent)
    : WizardPage(parts, tr("Schedule"), QStringLiteral("page.schedule"), {QStringLiteral("steps")}, parent) {
    buildPresets();
    buildSteps();
    buildDetails();
    column()->addStretch(1);
    connect(model(), &WizardModel::changed, this, &SchedulePage::refresh);
    connect(model(), &WizardModel::problemsChanged, this, &SchedulePage::refresh);
    connect(advisor(), &PlanAdvisor::estimateChanged, this, &SchedulePage::refresh);
    connect(advisor(), &PlanAdvisor::presetsChanged, this, &SchedulePage::refreshPresets);
    refreshPresets();
    refresh();
}

void SchedulePage::buildPresets() {
    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    auto* label = new QLabel(tr("&Preset"), widget());
    m_presets = new QComboBox(widget());
    m_presets->setObjectName(QStringLiteral("presets"));
    m_presets->setAccessibleName(tr("Preset"));
    m_presets->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_presets->setMinimumContentsLength(20);
    label->setBuddy(m_presets);
    explain(m_presets, QStringLiteral("schedule.preset"));
    row->addWidget(label);
    row->addWidget(m_presets, 1);
    column()->addLayout(row);
    m_summary = mutedLabel({}, widget());
    column()->addWidget(m_summary);
    connect(m_presets, &QComboBox::activated, this, [this](int index) {
        const int preset = m_presets->itemData(index).toInt();
        if (preset < 0 || preset >= advisor()->presets().size()) return;
        model()->applyPreset(advisor()->presets()[preset].plan, advisor()->presets()[preset].title);
    });
}

void SchedulePage::buildSteps() {
    m_view = new ScheduleView(widget());
    m_view->setObjectName(QStringLiteral("timeline"));
    explain(m_view, QStringLiteral("schedule.timeline"));
    column()->addWidget(m_view);
    m_problem = new ProblemLabel(widget());
    m_problem->setObjectName(QStringLiteral("problem.steps"));
    column()->addWidget(m_problem);
    connect(m_view, &ScheduleView::chosen, this, &SchedulePage::showStep);
    connect(m_view, &ScheduleView::tokensDragged, this, [this](int step, qint64 tokens) {
        model()->set(QStringLiteral("steps.%1.tokens").arg(step), tokens, tr("change tokens"));
    });
    connect(m_view, &ScheduleView::dragEnded, this, [this] { model()->endMerge(); });
}

void SchedulePage::buildDetails() {
    using Kind = PlanField::Kind;
    auto* top = new QHBoxLayout;
    m_detailTitle = new QLabel(widget());
    QFont bold = m_detailTitle->font();
    bold.setBold(true);
    m_detailTitle->setFont(bold);
    m_add = new QPushButton(tr("&Add a step"), widget());
    m_add->setObjectName(QStringLiteral("addStep"));
    m_remove = new QPushButton(tr("Rem&ove"), widget());
    m_remove->setObjectName(QStringLiteral("removeStep"));
    m_remove->setAccessibleName(tr("Remove this step"));
    top->addWidget(m_detailTitle, 1);
    top->addWidget(m_add);
    top->addWidget(m_remove);
    column()->addLayout(top);
    connect(m_add, &QPushButton::clicked, this, &SchedulePage::addStep);
    connect(m_remove, &QPushButton::clicked, this, &SchedulePage::removeStep);

    QFormLayout* left = makeForm();
    QFormLayout* right = makeForm();
    m_details = new TwoForms(left, right, 0, widget());
    const auto add = [&](QFormLayout* form, const char* name, const QString& label, Kind kind,
                         QList<FieldChoice> choices = {}, bool isOptional = false, const QString& emptyText = {}) {
        PlanField* field = addField(form, {QStringLiteral("steps.0.%1").arg(QLatin1String(name)),
                                           label,
                                           kind,
                                           std::move(choices),
                                           {},
                                           isOptional,
                                           emptyText,
                                           9});
        m_fields.append({field, QLatin1String(name)});
        return field;
    };
    const auto choice = [](const char* value, const QString& text) {
        return FieldChoice{QLatin1String(value), text, {}};
    };
    add(left, "kind", tr("&Kind"), Kind::Choice,
        {choice("align", tr("Align")), choice("distill", tr("Distill")), choice("extend", tr("Extend"))});
    add(left, "tokens", tr("&Tokens"), Kind::Count);
    add(left, "sequence_length", tr("&Window"), Kind::Count);
    add(left, "batch_size", tr("Batc&h"), Kind::Count);
    add(left, "micro_batch_size", tr("&Micro-batch"), Kind::Count);
    m_loss = add(left, "loss", tr("&Loss"), Kind::Choice);
    m_train = add(left, "train", tr("Trai&n"), Kind::Choice);
    const QString same = tr("the same");
    add(right, "learning_rate.initial", tr("Lea&rning rate"), Kind::Number);
    add(right, "learning_rate.final", tr("Final rat&e"), Kind::Number);
    add(right, "learning_rate.mixer_initial", tr("Mixers' rate"), Kind::Number, {}, true, same);
    add(right, "learning_rate.mixer_final", tr("Mixers' final"), Kind::Number, {}, true, same);
    add(right, "learning_rate.schedule", tr("&Curve"), Kind::Choice,
        {choice("constant", tr("Constant")), choice("cosine", tr("Cosine")), choice("linear", tr("Linear")),
         choice("exp", tr("Exponential")), choice("one-minus-sqrt", tr("1 \u2212 \u221A"))});
    add(right, "learning_rate.wait", tr("Fall from"), Kind::Number);
    add(right, "learning_rate.endpoint", tr("Fall until"), Kind::Number);
    add(right, "learning_rate.warmup_steps", tr("Warm-&up"), Kind::Count);
    column()->addWidget(m_details);

    auto* more = new QWidget(widget());
    QFormLayout* form = makeForm();
    form->setContentsMargins(Theme::kSpacing * 2, 0, 0, 0);
    more->setLayout(form);
    add(form, "adam.beta1", tr("Adam beta 1"), Kind::Number);
    add(form, "adam.beta2", tr("Adam beta 2"), Kind::Number);
    add(form, "adam.epsilon", tr("Adam epsilon"), Kind::Number);
    add(form, "weight_decay", tr("Weight decay"), Kind::Number);
    add(form, "gradient_clip", tr("Gradient clip"), Kind::Number);
    auto* disclosure = new Disclosure(tr("Opt&imizer"), more, widget());
    explain(disclosure, QStringLiteral("steps.gradient_clip"));
    column()->addWidget(disclosure);
}

void SchedulePage::refreshPresets() {
    m_presets->clear();
    const QList<Preset>& presets = advisor()->presets();
    m_presets->setEnabled(!presets.isEmpty());
    for (int i = 0; i < presets.size(); ++i) {
        m_presets->addItem(presets[i].title, i);
        m_presets->setItemData(i, presets[i].summary, Qt::ToolTipRole);
    }
    refresh();
}

void SchedulePage::refresh() {
    const auto& steps = model()->plan().steps;
    const QString title = model()->baseTitle();
    const int preset = m_presets->findText(title);
    m_presets->setCurrentIndex(preset);
    if (preset < 0) m_presets->setPlaceholderText(title.isEmpty() ? tr("Choose a preset") : title);
    m_summary->setText(preset >= 0 ? m_presets->itemData(preset, Qt::ToolTipRole).toString() : QString());
    m_summary->setVisible(!m_summary->text().isEmpty());
    QList<double> seconds;
    if (const auto& estimate = advisor()->estimate(); estimate && estimate->steps.size() == qsizetype(steps.size()))
        for (const StepEstimate& step : estimate->steps) seconds.append(step.seconds);
    m_view->setSteps(steps, seconds);
    QString problem = model()->problemOf(QStringLiteral("steps"));
    m_problem->setProblem(problem);
    m_details->setVisible(!steps.empty());
    m_detailTitle->setVisible(!steps.empty());
    m_remove->setEnabled(!steps.empty());
    m_add->setEnabled(steps.size() < 8);
    showStep(m_view->current());
}

void SchedulePage::showStep(int step) {
    const auto& steps = model()->plan().steps;
    if (step < 0 || step >= int(steps.size())) {
        m_step = -1;
        return;
    }
    const StepKind kind = steps[std::size_t(step)].kind;
    m_detailTitle->setText(
        tr("Step %1: %2").arg(step + 1).arg(stepTitle(QString::fromLatin1(protocol::toString(kind)))));
    if (step != m_step)
        for (const StepField& entry : m_fields)
            entry.field->setKey(QStringLiteral("steps.%1.%2").arg(step).arg(entry.name));
    if (step == m_step && kind == m_kind) return;
    m_step = step;
    m_kind = kind;
    const auto choice = [](const char* value, const QString& text) {
        return FieldChoice{QLatin1String(value), text, {}};
    };
    const FieldChoice automatic{QJsonValue::Null, {}, {}};
    QList<FieldChoice> losses{automatic};
    if (kind == StepKind::Align) {
        losses[0].text = tr("Automatic: L2");
        losses << choice("l2", tr("L2 distance")) << choice("mse", tr("Squared distance"));
    } else if (kind == StepKind::Distill) {
        losses[0].text = tr("Automatic: KL");
        losses << choice("kl", tr("KL divergence"));
    } else {
        losses[0].text = tr("Automatic: next token");
        losses << choice("cross-entropy", tr("Next token"));
    }
    m_loss->setChoices(losses);
    QList<FieldChoice> trained{choice("all", tr("All")), choice("mixer", tr("Mixers alone"))};
    if (kind == StepKind::Extend) trained << choice("mixer-decay", tr("Decay alone"));
    m_train->setChoices(trained);
}

void SchedulePage::addStep() {
    model()->edit(tr("add a step"), {}, [](protocol::Plan& plan) {
        protocol::StepPlan step;
        // The next of the paper's steps, with its values.
        step.kind = plan.steps.empty()                          ? StepKind::Align
                    : plan.steps.back().kind == StepKind::Align ? StepKind::Distill
                                                                : StepKind::Extend;
        if (!plan.steps.empty()) step.sequenceLength = plan.steps.back().sequenceLength;
        if (!plan.steps.empty()) step.batchSize = plan.steps.back().batchSize;
        step.tokens = step.kind == StepKind::Distill ? 500'000'000 : 100'000'000;
        if (step.kind != StepKind::Align) {
            step.learningRate.initial = step.learningRate.final = 1e-5;
            step.learningRate.schedule = protocol::ScheduleKind::Constant;
        }
        plan.steps.push_back(step);
    });
    m_view->setCurrent(int(model()->plan().steps.size()) - 1);
}

void SchedulePage::removeStep() {
    const int step = m_view->current();
    model()->edit(tr("remove a step"), {}, [step](protocol::Plan& plan) {
        if (step >= 0 && step < int(plan.steps.size())) plan.steps.erase(plan.steps.begin() + step);
    });
}

void SchedulePage::showField(const QString& key) {
    if (key == QLatin1String("steps") || !key.startsWith(QLatin1String("steps.")))
        return m_presets->setFocus(Qt::OtherFocusReason);
    m_view->setCurrent(key.section(u'.', 1, 1).toInt());
    showStep(m_view->current());
    WizardPage::showField(key);
}

}  // namespace radlads::ui
