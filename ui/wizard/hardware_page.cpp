#include "ui/wizard/hardware_page.h"

#include <QHBoxLayout>
#include <QJsonArray>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <algorithm>

#include "ui/core/engine_client.h"
#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/wizard/explanations.h"
#include "ui/wizard/memory_bar.h"
#include "ui/wizard/plan_advisor.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

HardwarePage::HardwarePage(WizardParts parts, QWidget* parent)
    : WizardPage(parts, tr("Hardware"), QStringLiteral("page.hardware"),
                 {QStringLiteral("hardware"), QStringLiteral("checkpoints"), QStringLiteral("guard")}, parent) {
    buildMemory();
    buildFields();
    column()->addStretch(1);
    connect(advisor(), &PlanAdvisor::machineChanged, this, &HardwarePage::refreshMachine);
    connect(advisor(), &PlanAdvisor::estimateChanged, this, &HardwarePage::refreshEstimate);
    connect(advisor(), &PlanAdvisor::measuringChanged, this, &HardwarePage::refreshEstimate);
    refreshMachine();
}

void HardwarePage::buildMemory() {
    m_machine = mutedLabel({}, widget());
    m_machine->setObjectName(QStringLiteral("machine"));
    column()->addWidget(m_machine);
    m_memoryTitle = addHeading({});
    m_memory = new MemoryBar(widget());
    m_memory->setObjectName(QStringLiteral("memoryBar"));
    explain(m_memory, QStringLiteral("hardware.memory"));
    column()->addWidget(m_memory);
    auto* row = new QHBoxLayout;
    row->setSpacing(Theme::kSpacing);
    m_measure = new QPushButton(tr("&Measure"), widget());
    m_measure->setObjectName(QStringLiteral("measure"));
    explain(m_measure, QStringLiteral("hardware.measure"));
    m_measureText = mutedLabel({}, widget());
    m_measureText->setObjectName(QStringLiteral("measureText"));
    row->addWidget(m_measure);
    row->addWidget(m_measureText, 1);
    column()->addLayout(row);
    connect(m_measure, &QPushButton::clicked, this, [this] {
        if (advisor()->isMeasuring())
            advisor()->stopMeasuring();
        else
            advisor()->measure();
    });
}

void HardwarePage::buildFields() {
    using Kind = PlanField::Kind;
    QFormLayout* left = makeForm();
    QFormLayout* right = makeForm();
    column()->addWidget(new TwoForms(left, right, 0, widget()));
    m_device = addField(left, {QStringLiteral("hardware.device"), tr("&Device"), Kind::Choice});
    m_precision = addField(left, {QStringLiteral("hardware.precision"), tr("&Precision"), Kind::Choice});
    m_checkpointing =
        addField(left, {QStringLiteral("hardware.activation_checkpointing"), tr("Re&compute"), Kind::Choice});
    m_sharding = addField(left, {QStringLiteral("hardware.sharding"), tr("&Sharding"), Kind::Choice});
    m_threads = addField(
        left, {QStringLiteral("hardware.threads"), tr("&Threads"), Kind::Count, {}, tr("0: all"), false, {}, 5});
    addField(
        right,
        {QStringLiteral("checkpoints.every_minutes"), tr("Sa&ve every"), Kind::Number, {}, tr("min"), false, {}, 5});
    addField(right,
             {QStringLiteral("checkpoints.keep_last"), tr("&Keep"), Kind::Count, {}, tr("checkpoints"), false, {}, 5});
    addField(right, {QStringLiteral("checkpoints.keep_best"), tr("Keep the b&est too"), Kind::Toggle});
    addField(right, {QStringLiteral("guard.nan"),
                     tr("Not a n&umber"),
                     Kind::Choice,
                     {{QStringLiteral("rollback"), tr("Roll back"), {}}, {QStringLiteral("stop"), tr("Stop"), {}}}});
    auto* costRow = new QWidget(widget());
    auto* costColumn = new QVBoxLayout(costRow);
    costColumn->setContentsMargins(0, 0, 0, 0);
    costColumn->setSpacing(Theme::kSpacing / 4);
    m_cost = new QLineEdit(costRow);
    m_cost->setObjectName(QStringLiteral("costPerHour"));
    m_cost->setAccessibleName(tr("Cost of an hour"));
    m_cost->setFixedWidth(fontMetrics().averageCharWidth() * 6 + 4 * Theme::kSpacing);
    m_cost->setPlaceholderText(tr("none"));
    explain(m_cost, QStringLiteral("hardware.cost"));
    m_costProblem = new ProblemLabel(costRow);
    costColumn->addWidget(m_cost);
    costColumn->addWidget(m_costProblem);
    auto* costLabel = new QLabel(tr("C&ost of an hour, $"), widget());
    costLabel->setBuddy(m_cost);
    right->addRow(costLabel, costRow);
    connect(m_cost, &QLineEdit::textChanged, this, [this](const QString& text) {
        bool isLocal = false;
        const double local = QLocale().toDouble(text.trimmed(), &isLocal);
        const std::optional<double> cost = isLocal ? std::optional(local) : parseCount(text);
        const bool isWrong = !text.trimmed().isEmpty() && (!cost || *cost < 0);
        m_costProblem->setProblem(isWrong ? tr("This is no price; write it as 2.50") : QString());
        if (!isWrong) advisor()->setCostPerHour(cost);
    });
    m_disk = new QLabel(widget());
    m_disk->setObjectName(QStringLiteral("disk"));
    m_disk->setWordWrap(true);
    m_disk->setTextFormat(Qt::PlainText);
    column()->addWidget(m_disk);
    m_diskProblem = new ProblemLabel(widget());
    column()->addWidget(m_diskProblem);
}

void HardwarePage::refreshMachine() {
    const QJsonObject& machine = advisor()->machine();
    QList<FieldChoice> devices{{QStringLiteral("auto"), tr("Automatic"), {}}};
    for (const QJsonValue& value : machine.value(QStringLiteral("devices")).toArray()) {
        const QJsonObject device = value.toObject();
        const QString id = device.value(QStringLiteral("id")).toString();
        const double free = device.value(QStringLiteral("free_bytes")).toDouble();
        devices.append({id, tr("%1, %2 free").arg(id == QLatin1String("cpu") ? tr("CPU") : id, bytesText(free)), {}});
    }
    m_device->setChoices(devices);
    refreshChoices();
    const QString processor = machine.value(QStringLiteral("processor")).toString();
    m_machine->setText(machine.isEmpty()
                           ? tr("Waiting for the engine…")
                           : tr("%1: %2, cores: %5, %3 of memory, %4 free.")
                                 .arg(machine.value(QStringLiteral("host")).toString(), processor,
                                      bytesText(machine.value(QStringLiteral("memory_bytes")).toDouble()),
                                      bytesText(machine.value(QStringLiteral("available_bytes")).toDouble()))
                                 .arg(machine.value(QStringLiteral("cores")).toInt()));
    refreshEstimate();
}

// What this engine cannot do is shown, so that nobody looks for it in vain. An engine that does not say what it can do
// is asked for anything, and refuses for itself.
void HardwarePage::refreshChoices() {
    const QJsonObject& machine = advisor()->machine();
    const QJsonObject supports = machine.value(QStringLiteral("supports")).toObject();
    const auto choice = [&](const char* field, const char* value, const QString& text, const QString& whyNot) {
        const QJsonValue list = supports.value(QLatin1String(field));
        const bool can = !list.isArray() || list.toArray().contains(QLatin1String(value));
        return FieldChoice{QLatin1String(value), text, can ? QString() : whyNot};
    };
    const QString notHere = tr("not with this engine");
    const bool isOneDevice = machine.value(QStringLiteral("devices")).toArray().size() < 2;
    const QString whyNoShards = isOneDevice ? tr("one device") : notHere;
    m_precision->setChoices(
        {choice("precision", "fp32", tr("fp32"), notHere), choice("precision", "bf16", tr("bf16"), notHere),
         choice("precision", "fp16", tr("fp16"), notHere)});
    m_checkpointing->setChoices({choice("activation_checkpointing", "auto", tr("Automatic"), notHere),
                                 choice("activation_checkpointing", "off", tr("Off"), notHere),
                                 choice("activation_checkpointing", "on", tr("On"), notHere)});
    m_sharding->setChoices({choice("sharding", "none", tr("None"), notHere),
                            choice("sharding", "optimizer", tr("Optimizer"), whyNoShards),
                            choice("sharding", "full", tr("Everything"), whyNoShards)});
    const int threads = machine.value(QStringLiteral("hardware_threads")).toInt();
    m_threads->setUnit(threads > 0 ? tr("of %1; 0: all").arg(threads) : tr("0: all"));
}

void HardwarePage::refreshEstimate() {
    const auto& estimate = advisor()->estimate();
    const double device = advisor()->deviceBytes();
    if (estimate && !estimate->steps.isEmpty()) {
        const auto& steps = estimate->steps;
        const auto largest =
            std::max_element(steps.begin(), steps.end(),
                             [](const StepEstimate& a, const StepEstimate& b) { return a.totalBytes < b.totalBytes; });
        m_memoryTitle->setText(tr("Memory: %1 of %2 in step %3, the largest")
                                   .arg(bytesText(largest->totalBytes), bytesText(device))
                                   .arg(largest - steps.begin() + 1));
        m_memory->setMemory(largest->memory, device);
    } else {
        m_memoryTitle->setText(tr("Memory"));
        m_memory->setMemory({}, device);
    }
    m_measure->setText(advisor()->isMeasuring() ? tr("Stop &measuring") : tr("&Measure"));
    m_measure->setEnabled(estimate.has_value() || advisor()->isMeasuring());
    QString text = advisor()->measuringText();
    if (text.isEmpty() && estimate && estimate->seconds)
        text = estimate->measured
                   ? tr("%1 in all, measured on this machine.").arg(durationText(*estimate->seconds))
                   : tr("%1 in all, estimated; measuring makes it certain.").arg(durationText(*estimate->seconds));
    m_measureText->setText(text);
    const QJsonObject disk = advisor()->machine().value(QStringLiteral("disk")).toObject();
    const double free = disk.value(QStringLiteral("free_bytes")).toDouble();
    QString folder = parts().client->hello().value(QStringLiteral("runs_directory")).toString();
    if (folder.isEmpty()) folder = disk.value(QStringLiteral("path")).toString();
    const bool isKnown = estimate && free > 0;
    m_disk->setVisible(!folder.isEmpty() || isKnown);
    m_disk->setText(isKnown ? tr("Runs are kept in %1. This one needs %2 of disk at most; %3 are free.")
                                  .arg(folder, bytesText(estimate->diskBytes), bytesText(free))
                            : tr("Runs are kept in %1.").arg(folder));
    m_diskProblem->setProblem(isKnown && estimate->diskBytes > free
                                  ? tr("The disk has too little room; free some space or keep fewer checkpoints")
                                  : QString());
}

}  // namespace radlads::ui
