#include "ui/wizard/run_starter.h"

#include <QUuid>

#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

RunStarter::RunStarter(EngineClient* client, WizardModel* model, QObject* parent)
    : QObject(parent), m_client(client), m_model(model) {
    connect(m_client, &EngineClient::stateChanged, this, [this](EngineClient::State state) {
        if (state == EngineClient::State::Connected && m_isWaiting && !m_isSent) send();
    });
}

void RunStarter::start(bool queue) {
    if (m_isWaiting) return;
    m_isWaiting = true;
    m_isQueue = queue;
    m_key = QUuid::createUuid().toString(QUuid::WithoutBraces);
    m_plan = m_model->json();
    m_name = QString::fromStdString(m_model->plan().name);
    send();
}

void RunStarter::send() {
    if (m_client->state() != EngineClient::State::Connected) {
        Q_EMIT changed(tr("Waiting for the engine…"));
        return;
    }
    m_isSent = true;
    Q_EMIT changed(m_isQueue ? tr("Adding to the queue…") : tr("Starting…"));
    m_client->call(
        QStringLiteral("run.start"),
        {{QStringLiteral("key"), m_key},
         {QStringLiteral("plan"), m_plan},
         {QStringLiteral("name"), m_name},
         {QStringLiteral("queue"), m_isQueue}},
        this,
        [this](const QJsonObject& result) {
            m_isSent = m_isWaiting = false;
            Q_EMIT changed({});
            const QString run = result.value(QStringLiteral("run")).toString();
            if (m_isQueue)
                Q_EMIT queued(run);
            else
                Q_EMIT started(run);
        },
        [this](const RpcError& error) {
            m_isSent = false;
            // Lost before the answer: whether it started is not known, so the same key is sent when the engine is back.
            if (error.kind == QLatin1String("disconnected"))
                return Q_EMIT changed(tr("The connection was lost; waiting for the engine to ask again…"));
            m_isWaiting = false;
            Q_EMIT changed(error.message);
        });
}

}  // namespace radlads::ui
