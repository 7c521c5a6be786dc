// The inside of EngineClient: its device, the requests that wait, and the jobs. Owned by it; GUI thread.
#pragma once

#include <QElapsedTimer>
#include <QHash>
#include <QIODevice>
#include <QJsonValue>
#include <QPointer>
#include <QQueue>
#include <QTimer>

#include "ui/core/engine_client.h"
#include "ui/core/line_decoder.h"

class QLocalSocket;
class QProcess;

namespace radlads::ui {

class EngineClient::Private : public QObject {
    Q_OBJECT
public:
    Private(EngineClient* client, EngineAddress engineAddress);

    void open();
    void close();
    void dropDevice();
    void enqueue(const QString& method, const QJsonObject& params, QObject* context, ResultHandler onResult,
                 ErrorHandler onError);
    void requestCancel(quint64 handle);

    struct Request {
        QString method;
        QJsonObject params;
        QPointer<QObject> context;
        ResultHandler onResult;
        ErrorHandler onError;
    };
    struct Job {
        QJsonValue id;  // undefined until the engine has named it
        QPointer<QObject> context;
        ResultHandler onEvent, onResult;
        ErrorHandler onError;
        bool isCancelled = false;
    };

    EngineClient* q;
    EngineAddress address;
    State state = State::Disconnected;
    QString problem;
    QJsonObject hello;
    QHash<quint64, Job> jobs;            // by handle
    QHash<QString, quint64> jobHandles;  // by the engine's name
    quint64 nextHandle = 1;

private:
    void openLocal();
    void openRemote();
    void onOpened();
    void onLocalError();
    void onRemoteFinished();
    void onReadable();
    void handleLines(int limitMs);
    void handleLine(const QByteArray& line);
    bool handleRunEvent(const QByteArray& line);
    void handleAnswer(const QJsonObject& message);
    void handleNotification(const QString& method, const QJsonObject& params);
    void finishJob(const QJsonObject& params);
    void onHello(const QJsonObject& result);
    void refuse(const QString& sentence);
    void lose(const QString& sentence);
    void failEverything(const QString& sentence);
    void setState(State next, const QString& sentence);
    void startEngine();
    void pump();
    void write(quint64 id, const Request& request);

    QPointer<QIODevice> m_device;
    LineDecoder m_decoder;
    QTimer m_retry, m_turn;
    int m_retryMs = 0;
    QElapsedTimer m_sinceStart;  // of the engine; invalid: not started by us
    QByteArray m_remoteErrors;
    QHash<quint64, Request> m_sent;
    QQueue<Request> m_waiting;
    quint64 m_nextId = 1;
};

}  // namespace radlads::ui
