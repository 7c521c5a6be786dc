#include "engine/server/worker_launcher.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace radlads::server {
WorkerLauncher::~WorkerLauncher() = default;

Status WorkerLauncher::start(const std::string& run, const fs::path& directory) {
    const fs::path log = directory / "worker.log";
    const run::Descriptor output(
        ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
    if (!output.valid()) return systemError("opening " + log.string(), errno);
    RADLADS_TRY_ASSIGN(
        Child child, startChild(workerProgram(), {.words = {"radlads-engine", "resume", directory.string(), "--quiet"},
                                                  .output = output.value(),
                                                  .error = output.value()}));
    Worker worker{std::move(child), nullptr};
    if (!worker.child.handle.valid()) return {};  // its lock and its files tell all the same
    worker.notifier = std::make_unique<QSocketNotifier>(worker.child.handle.value(), QSocketNotifier::Read);
    connect(worker.notifier.get(), &QSocketNotifier::activated, this, [this, run] { collect(run); });
    m_workers.insert_or_assign(run, std::move(worker));
    return {};
}

void WorkerLauncher::collect(const std::string& run) {
    const auto found = m_workers.find(run);
    if (found == m_workers.end()) return;
    int status = 0;
    if (::waitpid(found->second.child.process, &status, WNOHANG) == 0) return;
    // The notifier that calls this must not be destroyed by it.
    found->second.notifier->setEnabled(false);
    found->second.notifier.release()->deleteLater();
    m_workers.erase(found);
    Q_EMIT ended(run, status);
}

}  // namespace radlads::server
