// What can be done to runs: start, resume, tell, queue. A reply of these means: it is on the disk.
#pragma once

#include <QObject>
#include <QTimer>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/protocol/plan.h"
#include "engine/server/rpc.h"
#include "engine/server/run_library.h"
#include "engine/server/run_queue.h"
#include "engine/server/worker_launcher.h"

namespace radlads::server {

struct StartRequest {
    std::string key;
    protocol::Plan plan;  // resolved
    bool queue = false;
    std::vector<std::string> tags;
};

// Owned by the Engine, in the main thread. Finishes at its start what an earlier engine had promised and not done.
class RunControl : public QObject {
    Q_OBJECT
public:
    explicit RunControl(const fs::path& runsDirectory, QObject* parent = nullptr);

    RunLibrary& library() { return m_library; }
    const RunQueue& queue() const { return m_queue; }
    std::size_t activeRuns();

    // The name of the run; that of before if the key was used already.
    tl::expected<std::string, RpcError> start(const StartRequest& request);
    using Done = std::function<void(tl::expected<void, RpcError>)>;
    // Waits for a worker that is just ending: it would not read the command any more.
    void resume(const std::string& run, Done done);
    // Appends a command to the run's commands.ndjson; waits for a worker that is just starting, since it reads only
    // what is written after it has taken the run's lock.
    void tell(const std::string& run, const std::string& command, Done done);
    tl::expected<void, RpcError> setQueue(std::vector<std::string> order);
    // Not while it runs. Leaves the queue.
    tl::expected<void, RpcError> leave(const std::string& run);

Q_SIGNALS:
    void queueChanged();

private:
    struct Waiting {
        std::string run;
        std::string command;
        Done done;
    };
    bool isActive(const std::string& run) const;
    bool isBeginning(const std::string& run) const;
    void wait(Waiting entry);
    tl::expected<void, RpcError> startAgain(const std::string& run, const fs::path& directory);
    tl::expected<std::string, RpcError> create(const StartRequest& request);
    Status launch(const std::string& run);
    Status settle(const std::string& run);
    void settleAll();
    void startNext();
    void onWorkerEnded(const std::string& run, int status);
    void tellWaiting();
    void queueWritten();

    fs::path m_directory;
    RunQueue m_queue;
    WorkerLauncher m_launcher;
    RunLibrary m_library;
    std::map<std::string, std::string> m_updatedAtStart;  // run.json's "updated" when the worker was started
    std::vector<Waiting> m_waiting;
    QTimer m_waitTimer, m_nextTimer;
};

}  // namespace radlads::server
