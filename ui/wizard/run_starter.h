// Starts the plan exactly once: the same key is sent again after a lost connection, so that one run comes of it. Owned
// by ReviewPage; GUI thread.
#pragma once

#include <QObject>
#include <QString>

#include "ui/core/engine_client.h"

namespace radlads::ui {

class WizardModel;

class RunStarter : public QObject {
    Q_OBJECT
public:
    RunStarter(EngineClient* client, WizardModel* model, QObject* parent);

    void start(bool queue);
    bool isWaiting() const { return m_isWaiting; }

Q_SIGNALS:
    void changed(const QString& text);  // "Starting...", or why it did not start; empty: nothing to say
    void started(const QString& run);
    void queued(const QString& run);

private:
    void send();

    EngineClient* m_client;
    WizardModel* m_model;
    QString m_key;
    QJsonObject m_plan;  // as it was when it was asked for
    QString m_name;
    bool m_isQueue = false, m_isWaiting = false, m_isSent = false;
};

}  // namespace radlads::ui
