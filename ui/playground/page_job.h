// A job of a page, one at a time: once another is started or this one is forgotten, what it still says is not heard.
// Owned by the page; GUI thread.
#pragma once

#include <QJsonObject>
#include <QPointer>
#include <functional>
#include <memory>

#include "ui/core/engine_client.h"

namespace radlads::ui {

class PageJob : public QObject {
    Q_OBJECT
public:
    // Of the last four exactly one is called, when the job has ended and isRunning() is false again.
    struct Handlers {
        std::function<void(const QJsonObject& event)> onEvent;
        std::function<void(const QJsonObject& result)> onResult;
        std::function<void()> onCancelled;
        std::function<void()> onLost;  // the connection, not the job: it may go on in the engine
        std::function<void(const QString& sentence)> onFailed;
    };
    using QObject::QObject;

    void start(EngineClient* client, const QString& method, const QJsonObject& params, Handlers handlers);
    void cancel();  // asks for it; onCancelled or another end follows
    void forget();  // no handler is called any more
    bool isRunning() const { return m_handle != 0; }

private:
    QPointer<EngineClient> m_client;
    quint64 m_handle = 0;  // 0: none
    int m_generation = 0;
};

}  // namespace radlads::ui
