// A connection to one engine: JSON-RPC over lines (engine/protocol/PROTOCOL.md). Lives in the GUI thread and never
// blocks it.
#pragma once

#include <QJsonObject>
#include <QObject>
#include <QString>
#include <functional>
#include <memory>

#include "ui/core/run_event.h"

namespace radlads::ui {

// Where an engine is: this computer (local socket, started when none listens), or a host reached by ssh.
struct EngineAddress {
    QString id;                // stable, "local" or the host as the user wrote it
    QString title;             // "This computer", "gpu-node"
    QString socket;            // local socket path; empty: the default
    QString host;              // ssh destination; empty: local
    bool startsEngine = true;  // start `radlads-engine serve` when nothing listens on the local socket

    bool operator==(const EngineAddress&) const = default;
};
QString defaultSocketPath();  // as the engine chooses it

struct RpcError {
    int code = 1;
    QString message;  // one plain sentence
    QString kind;     // "input", "busy", ...; "disconnected" when the connection was lost before the answer
    QString key;      // the field or plan key at fault
};

class EngineClient : public QObject {
    Q_OBJECT
public:
    enum class State { Disconnected, Connecting, Connected, Refused };
    Q_ENUM(State)
    using ResultHandler = std::function<void(const QJsonObject& result)>;
    using ErrorHandler = std::function<void(const RpcError& error)>;

    explicit EngineClient(EngineAddress address, QObject* parent = nullptr);
    ~EngineClient() override;

    const EngineAddress& address() const;
    State state() const;
    QString problem() const;           // why it is not connected, one sentence; empty if it is
    const QJsonObject& hello() const;  // the engine's answer to engine.hello

    void connectToEngine();  // starts, and keeps trying after a loss (0.2 s, doubling to 5 s)
    void disconnectFromEngine();

    // Without a connection the answer is an error of kind "disconnected". Handlers are never called before this
    // returns. Exactly one of the handlers is called, unless `context` is destroyed before: then none.
    void call(const QString& method, const QJsonObject& params, QObject* context, ResultHandler onResult,
              ErrorHandler onError = {});
    // A job: onEvent for each job.event, then exactly one of onResult and onError. Returns a handle for cancelJob.
    quint64 startJob(const QString& method, const QJsonObject& params, QObject* context, ResultHandler onEvent,
                     ResultHandler onResult, ErrorHandler onError);
    void cancelJob(quint64 handle);

Q_SIGNALS:
    void stateChanged(radlads::ui::EngineClient::State state);
    // All but run.event.
    void notification(const QString& method, const QJsonObject& params);
    void runEvent(const QString& run, const radlads::ui::RunEvent& event);

private:
    class Private;
    std::unique_ptr<Private> d;
};

}  // namespace radlads::ui
