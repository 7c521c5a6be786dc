#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QLocalSocket>
#include <QProcess>
#include <QStandardPaths>
#include <algorithm>
#include <climits>

#include "ui/core/engine_client_private.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

constexpr int kFirstRetryMs = 200, kLastRetryMs = 5000;
constexpr int kTurnMs = 10, kNoLimitMs = INT_MAX;  // of the event loop, for the engine's lines
constexpr qsizetype kChunkBytes = 1 << 16;
constexpr int kMaxInFlight = 48;         // the engine refuses the 65th
constexpr int kStartPatienceMs = 10000;  // an engine that was started needs not be started again before this

QString enginePath() {
    const QString beside = QCoreApplication::applicationDirPath() + u"/radlads-engine"_s;
    return QFileInfo(beside).isExecutable() ? beside : QStandardPaths::findExecutable(u"radlads-engine"_s);
}

}  // namespace

QString defaultSocketPath() {
    const QString runtime = qEnvironmentVariable("XDG_RUNTIME_DIR");
    if (!runtime.isEmpty()) return runtime + u"/radlads/engine.sock"_s;
    const QString user = QString::number(QFileInfo(u"/proc/self"_s).ownerId());
    if (const QString directory = u"/run/user/"_s + user; QFileInfo(directory).isDir())
        return directory + u"/radlads/engine.sock"_s;
    return u"/tmp/radlads-"_s + user + u"/engine.sock"_s;
}

EngineClient::Private::Private(EngineClient* client, EngineAddress engineAddress)
    : q(client), address(std::move(engineAddress)) {
    m_retry.setSingleShot(true);
    m_turn.setSingleShot(true);
    m_turn.setInterval(0);
    connect(&m_retry, &QTimer::timeout, this, &Private::open);
    connect(&m_turn, &QTimer::timeout, this, [this] { handleLines(kTurnMs); });
}

void EngineClient::Private::open() {
    m_retry.stop();
    if (m_device) return;
    m_decoder.clear();
    setState(State::Connecting, problem);
    if (address.host.isEmpty())
        openLocal();
    else
        openRemote();
}

void EngineClient::Private::close() {
    m_retry.stop();
    m_retryMs = 0;
    dropDevice();
    setState(State::Disconnected, QString());
    failEverything(tr("The connection to %1 was closed.").arg(address.title));
}

void EngineClient::Private::openLocal() {
    auto* socket = new QLocalSocket(this);
    m_device = socket;
    socket->setReadBufferSize(4 * kChunkBytes);
    connect(socket, &QLocalSocket::connected, this, &Private::onOpened);
    connect(socket, &QLocalSocket::readyRead, this, &Private::onReadable);
    // Queued: an error may be reported from within connectToServer, while this object is still opening.
    connect(socket, &QLocalSocket::errorOccurred, this, &Private::onLocalError, Qt::QueuedConnection);
    socket->connectToServer(address.socket.isEmpty() ? defaultSocketPath() : address.socket);
}

void EngineClient::Private::openRemote() {
    auto* process = new QProcess(this);
    m_device = process;
    m_remoteErrors.clear();
    connect(process, &QProcess::started, this, &Private::onOpened);
    connect(process, &QProcess::readyReadStandardOutput, this, &Private::onReadable);
    connect(process, &QProcess::readyReadStandardError, this, [this, process] {
        m_remoteErrors.append(process->readAllStandardError());
        m_remoteErrors = m_remoteErrors.right(4096);
    });
    connect(process, &QProcess::finished, this, &Private::onRemoteFinished, Qt::QueuedConnection);
    connect(process, &QProcess::errorOccurred, this, [this, process](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart && process == m_device)
            QMetaObject::invokeMethod(this, &Private::onRemoteFinished, Qt::QueuedConnection);
    });
    process->start(u"ssh"_s, {u"-o"_s, u"BatchMode=yes"_s, u"-o"_s, u"ConnectTimeout=10"_s, u"-o"_s,
                              u"ServerAliveInterval=15"_s, u"--"_s, address.host, u"radlads-engine"_s, u"attach"_s});
}

void EngineClient::Private::onOpened() {
    Request request;
    request.method = u"engine.hello"_s;
    request.params = {{u"client"_s, u"radlads "_s + QCoreApplication::applicationVersion()}, {u"protocol"_s, u"1.0"_s}};
    request.context = this;
    request.onResult = [this](const QJsonObject& result) { onHello(result); };
    request.onError = [this](const RpcError& error) {
        if (error.kind != "disconnected"_L1) refuse(error.message);
    };
    const quint64 id = m_nextId++;
    m_sent.insert(id, request);
    write(id, request);
}

void EngineClient::Private::onHello(const QJsonObject& result) {
    const QString protocol = result["protocol"_L1].toString();
    if (!protocol.startsWith("1."_L1)) {
        refuse(tr("The engine on %1 speaks protocol %2, this program speaks 1.0; install the same version on both.")
                   .arg(address.title, protocol.isEmpty() ? tr("unknown") : protocol));
        return;
    }
    hello = result;
    m_retryMs = 0;
    m_sinceStart.invalidate();
    setState(State::Connected, QString());
    pump();
}

void EngineClient::Private::onLocalError() {
    auto* socket = qobject_cast<QLocalSocket*>(m_device.data());
    if (!socket || socket != sender()) return;
    const auto error = socket->error();
    const bool nobodyListens =
        error == QLocalSocket::ServerNotFoundError || error == QLocalSocket::ConnectionRefusedError;
    if (state == State::Connected || !nobodyListens) {
        // What had arrived before the end still counts.
        handleLines(kNoLimitMs);
        if (!m_device) return;
        lose(state == State::Connected
                 ? tr("The connection to the engine on %1 was lost; trying again.").arg(address.title)
                 : tr("The engine on %1 does not answer: %2.").arg(address.title, socket->errorString()));
        return;
    }
    if (!address.startsEngine) {
        lose(tr("No engine runs on %1. Start one with: radlads-engine serve").arg(address.title));
        return;
    }
    if (!m_sinceStart.isValid() || m_sinceStart.hasExpired(kStartPatienceMs)) {
        startEngine();
    } else {
        lose(tr("The engine on %1 is starting.").arg(address.title));
    }
}

void EngineClient::Private::startEngine() {
    const QString program = enginePath();
    if (program.isEmpty()) {
        lose(tr("The program radlads-engine was found neither beside this program nor in PATH; install it again."));
        return;
    }
    QProcess process;
    process.setProgram(program);
    QStringList arguments{u"serve"_s};
    if (!address.socket.isEmpty()) arguments << u"--socket"_s << address.socket;
    process.setArguments(arguments);
    process.setWorkingDirectory(QDir::homePath());
    process.setStandardInputFile(QProcess::nullDevice());
    process.setStandardOutputFile(QProcess::nullDevice());
    process.setStandardErrorFile(QProcess::nullDevice());
    if (!process.startDetached()) {
        lose(tr("%1 could not be started: %2.").arg(program, process.errorString()));
        return;
    }
    m_sinceStart.start();
    m_retryMs = 0;
    lose(tr("The engine on %1 is starting.").arg(address.title));
}

void EngineClient::Private::onRemoteFinished() {
    auto* process = qobject_cast<QProcess*>(m_device.data());
    if (!process || process->state() != QProcess::NotRunning) return;
    handleLines(kNoLimitMs);
    if (!m_device) return;
    const QString said = QString::fromUtf8(m_remoteErrors).trimmed().section(u'\n', -1);
    const QString reason = !said.isEmpty() ? said : process->errorString();
    lose(process->error() == QProcess::FailedToStart
             ? tr("The program ssh could not be started: %1.").arg(process->errorString())
             : tr("The connection to %1 ended: %2").arg(address.title, reason));
}

void EngineClient::Private::onReadable() {
    if (m_device && !m_turn.isActive()) handleLines(kTurnMs);
}

// Takes lines for some milliseconds, then lets the window have its turn.
void EngineClient::Private::handleLines(int limitMs) {
    QElapsedTimer turn;
    turn.start();
    QByteArray line;
    while (m_device) {
        if (!m_decoder.next(line)) {
            const QByteArray bytes = m_device->read(kChunkBytes);
            if (bytes.isEmpty()) break;
            m_decoder.append(bytes);
            if (m_decoder.isOversize()) {
                lose(tr("The engine on %1 sent a line of more than 1 MiB; connecting again.").arg(address.title));
                return;
            }
            continue;
        }
        handleLine(line);
        if (turn.elapsed() >= limitMs) {
            m_turn.start();
            return;
        }
    }
}

// A run.event as this program's engine writes it, without a document of the whole line; any other is no fault here.
bool EngineClient::Private::handleRunEvent(const QByteArray& line) {
    static constexpr char kHead[] = R"({"jsonrpc":"2.0","method":"run.event","params":{"run":")";
    static constexpr char kMiddle[] = R"(","event":)", kTail[] = "}}";
    constexpr qsizetype kHeadSize = sizeof kHead - 1, kMiddleSize = sizeof kMiddle - 1, kTailSize = sizeof kTail - 1;
    if (!line.startsWith(kHead) || !line.endsWith(kTail)) return false;
    const qsizetype end = line.indexOf('"', kHeadSize);
    if (end < 0 || line.size() < end + kMiddleSize + kTailSize) return false;
    const QByteArrayView run(line.constData() + kHeadSize, end - kHeadSize);
    const QByteArrayView middle(line.constData() + end, kMiddleSize);
    if (run.contains('\\') || middle != QByteArrayView(kMiddle, kMiddleSize)) return false;
    const qsizetype start = end + kMiddleSize;
    const auto event = RunEvent::fromLine(line.mid(start, line.size() - start - kTailSize));
    if (!event) return false;
    Q_EMIT q->runEvent(QString::fromUtf8(run), *event);
    return true;
}

void EngineClient::Private::handleLine(const QByteArray& line) {
    if (handleRunEvent(line)) return;
    const QJsonObject message = QJsonDocument::fromJson(line).object();
    if (message.isEmpty()) {
        lose(tr("The engine on %1 sent something that is not JSON; connecting again.").arg(address.title));
        return;
    }
    const QJsonValue method = message["method"_L1];
    if (method.isString())
        handleNotification(method.toString(), message["params"_L1].toObject());
    else
        handleAnswer(message);
}

void EngineClient::Private::handleAnswer(const QJsonObject& message) {
    const QJsonObject errorObject = message["error"_L1].toObject();
    RpcError error;
    if (!errorObject.isEmpty()) {
        const QJsonObject data = errorObject["data"_L1].toObject();
        error = {errorObject["code"_L1].toInt(1), errorObject["message"_L1].toString(), data["kind"_L1].toString(),
                 data["key"_L1].toString()};
    }
    const auto found = m_sent.find(static_cast<quint64>(message["id"_L1].toInteger()));
    if (found == m_sent.end()) {
        // An error without id is about the whole session, which the engine then closes.
        if (!errorObject.isEmpty() && !message["id"_L1].isDouble()) problem = error.message;
        return;
    }
    const Request request = *found;
    m_sent.erase(found);
    pump();
    if (!request.context) return;
    if (!errorObject.isEmpty()) {
        if (request.onError) request.onError(error);
    } else if (request.onResult) {
        request.onResult(message["result"_L1].toObject());
    }
}

void EngineClient::Private::handleNotification(const QString& method, const QJsonObject& params) {
    if (method == "run.event"_L1) {
        Q_EMIT q->runEvent(params["run"_L1].toString(), RunEvent(params["event"_L1].toObject()));
        return;
    }
    if (method == "job.event"_L1) {
        const quint64 handle = jobHandles.value(params["job"_L1].toVariant().toString());
        const Job job = jobs.value(handle);
        if (job.context && job.onEvent) job.onEvent(params["event"_L1].toObject());
    } else if (method == "job.finished"_L1) {
        finishJob(params);
    }
    Q_EMIT q->notification(method, params);
}

void EngineClient::Private::finishJob(const QJsonObject& params) {
    const quint64 handle = jobHandles.take(params["job"_L1].toVariant().toString());
    if (handle == 0) return;
    const Job job = jobs.take(handle);
    if (!job.context) return;
    const QJsonObject error = params["error"_L1].toObject();
    if (error.isEmpty()) {
        if (job.onResult) job.onResult(params["result"_L1].toObject());
    } else if (job.onError) {
        const QJsonObject data = error["data"_L1].toObject();
        job.onError({error["code"_L1].toInt(1), error["message"_L1].toString(), data["kind"_L1].toString(),
                     data["key"_L1].toString()});
    }
}

void EngineClient::Private::enqueue(const QString& method, const QJsonObject& params, QObject* context,
                                    ResultHandler onResult, ErrorHandler onError) {
    if (state != State::Connected) {
        const RpcError error{1, problem.isEmpty() ? tr("Not connected to %1.").arg(address.title) : problem,
                             u"disconnected"_s, QString()};
        if (onError) QTimer::singleShot(0, context, [onError, error] { onError(error); });
        return;
    }
    m_waiting.enqueue({method, params, context, std::move(onResult), std::move(onError)});
    pump();
}

void EngineClient::Private::requestCancel(quint64 handle) {
    enqueue(u"job.cancel"_s, {{u"job"_s, jobs.value(handle).id}}, this, {}, {});
}

void EngineClient::Private::pump() {
    while (state == State::Connected && m_device && !m_waiting.isEmpty() && m_sent.size() < kMaxInFlight) {
        const Request request = m_waiting.dequeue();
        const quint64 id = m_nextId++;
        m_sent.insert(id, request);
        write(id, request);
    }
}

void EngineClient::Private::write(quint64 id, const Request& request) {
    const QJsonObject message{{u"jsonrpc"_s, u"2.0"_s},
                              {u"id"_s, static_cast<qint64>(id)},
                              {u"method"_s, request.method},
                              {u"params"_s, request.params}};
    m_device->write(QJsonDocument(message).toJson(QJsonDocument::Compact) + '\n');
}

void EngineClient::Private::dropDevice() {
    m_turn.stop();
    if (!m_device) return;
    QIODevice* device = m_device;
    m_device.clear();
    device->disconnect(this);
    if (auto* process = qobject_cast<QProcess*>(device)) {
        process->setParent(nullptr);
        if (process->state() != QProcess::NotRunning) {
            // It goes when it has ended; destroying it before would wait for that.
            connect(process, &QProcess::finished, process, &QObject::deleteLater);
            process->closeWriteChannel();
            process->terminate();
            device = nullptr;
        }
    }
    if (device) device->deleteLater();
    m_decoder.clear();
}

void EngineClient::Private::refuse(const QString& sentence) {
    dropDevice();
    setState(State::Refused, sentence);
    failEverything(sentence);
}

void EngineClient::Private::lose(const QString& sentence) {
    dropDevice();
    m_retryMs = m_retryMs == 0 ? kFirstRetryMs : std::min(m_retryMs * 2, kLastRetryMs);
    m_retry.start(m_retryMs);
    setState(State::Connecting, sentence);
    failEverything(sentence);
}

void EngineClient::Private::failEverything(const QString& sentence) {
    QList<Request> requests = m_sent.values();
    requests.append(m_waiting);
    m_sent.clear();
    m_waiting.clear();
    const QHash<quint64, Job> lostJobs = std::exchange(jobs, {});
    jobHandles.clear();
    const RpcError error{1, sentence, u"disconnected"_s, QString()};
    for (const Request& request : requests)
        if (request.context && request.onError) request.onError(error);
    for (const Job& job : lostJobs)
        if (job.context && job.onError) job.onError(error);
}

void EngineClient::Private::setState(State next, const QString& sentence) {
    if (state == next && problem == sentence) return;
    state = next;
    problem = sentence;
    Q_EMIT q->stateChanged(next);
}

}  // namespace radlads::ui
