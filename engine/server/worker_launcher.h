// Starts the workers of runs, so that they outlive this process.
#pragma once

#include <QObject>
#include <QSocketNotifier>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "engine/protocol/result.h"
#include "engine/server/child_process.h"

namespace radlads::server {

namespace fs = std::filesystem;

// Owned by the Engine, in the main thread. A worker gets a session of its own (setsid), no standard input and
// RUN/worker.log as output: neither a signal to this process nor its end reaches it. While this process lives it is
// told of their ends.
class WorkerLauncher : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    ~WorkerLauncher() override;
    // Goes on with the run (or begins it). Failed if the program is missing.
    Status start(const std::string& run, const fs::path& directory);
    // A worker of this launcher lives; it may not have taken the run's lock yet.
    bool isAlive(const std::string& run) const { return m_workers.contains(run); }

Q_SIGNALS:
    // status: as wait() gives it.
    void ended(const std::string& run, int status);

private:
    struct Worker {
        Child child;
        std::unique_ptr<QSocketNotifier> notifier;
    };
    void collect(const std::string& run);

    std::map<std::string, Worker> m_workers;
};

}  // namespace radlads::server
