#include "ui/window/status_line.h"

#include <QJsonArray>
#include <QLabel>

#include "ui/core/format.h"
#include "ui/core/json_values.h"
#include "ui/core/theme.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

StatusLine::StatusLine(QWidget* parent) : QStatusBar(parent), m_machine(new QLabel), m_runs(new QLabel) {
    m_machine->setObjectName(u"statusMachine"_s);
    m_runs->setObjectName(u"statusRuns"_s);
    m_machine->setMinimumWidth(40);
    m_machine->setContentsMargins(Theme::kSpacing, 0, 0, 0);
    m_runs->setContentsMargins(0, 0, Theme::kSpacing, 0);
    addWidget(m_machine, 1);
    addPermanentWidget(m_runs);
    setSizeGripEnabled(false);
}

void StatusLine::show(const EngineSet& engines, int index) {
    const EngineClient* client = engines.client(index);
    const QString& title = client->address().title;
    if (client->state() != EngineClient::State::Connected) {
        // Why is said in the message bar.
        m_machine->setText(client->problem().isEmpty() ? tr("Connecting to %1…").arg(title)
                                                       : tr("%1 is not connected").arg(title));
    } else {
        QStringList parts{tr("%1 is connected").arg(title)};
        const QJsonObject& machine = engines.machine(index);
        const QJsonArray devices = machine["devices"_L1].toArray();
        if (devices.size() > 1)
            parts.append(tr("%1 × %2").arg(devices.size() - 1).arg(devices.last()["name"_L1].toString()));
        else if (const QString processor = machine["processor"_L1].toString(); !processor.isEmpty())
            parts.append(processor);
        const double memory = numberFromJson(machine["memory_bytes"_L1]);
        if (memory > 0)
            parts.append(
                tr("%1 memory in use").arg(percentText(1 - numberFromJson(machine["available_bytes"_L1]) / memory)));
        const QJsonObject disk = machine["disk"_L1].toObject();
        if (!disk.isEmpty()) parts.append(tr("%1 free").arg(bytesText(numberFromJson(disk["free_bytes"_L1]))));
        m_machine->setText(parts.join(u" · "_s));
    }
    m_machine->setToolTip(client->problem().isEmpty() ? m_machine->text() : client->problem());
    int running = 0, queued = 0;
    for (const RunRecord& record : engines.store(index)->runs()) {
        running += record.state == RunState::Running;
        queued += record.state == RunState::Queued;
    }
    m_runs->setText(tr("%1 running, %2 queued").arg(running).arg(queued));
}

}  // namespace radlads::ui
