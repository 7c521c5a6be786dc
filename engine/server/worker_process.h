// A worker whose output is read: the commands behind jobs and questions.
#pragma once

#include <QObject>
#include <QSocketNotifier>
#include <QTimer>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/server/child_process.h"
#include "engine/server/rpc.h"

namespace radlads::server {

// Lives: ends with the engine (the kernel sees to it), or goes on without it.
enum class WorkerLife { WithEngine, Own };

// Owned by a job or a question, in the main thread. Its output is read only while the owner wants it, so that a client
// that reads slowly slows the worker, and nothing piles up here.
class WorkerProcess : public QObject {
    Q_OBJECT
public:
    explicit WorkerProcess(QObject* parent = nullptr);
    // A process that still runs is told to end if its life is the engine's, else left alone.
    ~WorkerProcess() override;
    // arguments: of radlads-worker, from the command on. input: what it can read as /dev/stdin.
    Status start(const std::vector<std::string>& arguments, WorkerLife life, const std::string& input = {});
    void setPaused(bool paused);
    // SIGTERM, and SIGKILL if that does not end it; `ended` follows.
    void cancel();

Q_SIGNALS:
    void output(std::string_view bytes);
    void message(const std::string& line);  // a line of its standard error
    // Once, after all output. error: why there is no result; nothing after exit status 0. exitStatus: -1 for a signal.
    void ended(int exitStatus, const std::optional<radlads::server::RpcError>& error);

private:
    void readOutput();
    void readError();
    void collect();
    void finishIfDone();

    Child m_child;
    WorkerLife m_life = WorkerLife::WithEngine;
    run::Descriptor m_output, m_error;
    std::unique_ptr<QSocketNotifier> m_outputNotifier, m_errorNotifier, m_endNotifier;
    QTimer m_killTimer;
    std::string m_errorLine, m_lastLine;
    int m_status = 0;
    bool m_hasEnded = false, m_isCancelled = false, m_isTold = false;
};

}  // namespace radlads::server
