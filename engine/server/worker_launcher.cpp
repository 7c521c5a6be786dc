#include "engine/server/worker_launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "engine/run/files.h"

namespace radlads::server {
namespace {

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void becomeWorker(const char* program, char* const* words, int input, int output, int report) {
    ::setsid();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGCHLD}) ::signal(number, SIG_DFL);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(program, words);
    const int reason = errno;
    [[maybe_unused]] const ssize_t told = ::write(report, &reason, sizeof reason);
    ::_exit(127);
}

}  // namespace

fs::path workerProgram() {
    return run::executableDirectory() / "radlads-worker";
}

WorkerLauncher::~WorkerLauncher() = default;

Status WorkerLauncher::start(const std::string& run, const fs::path& directory) {
    const std::string program = workerProgram().string();
    const run::Descriptor input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const fs::path log = directory / "worker.log";
    const run::Descriptor output(
        ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666));
    if (!output.valid()) return systemError("opening " + log.string(), errno);
    // Closes on exec: what can be read from it is why exec failed.
    int report[2];
    if (!input.valid() || ::pipe2(report, O_CLOEXEC) != 0) return systemError("starting " + program, errno);
    const run::Descriptor reportRead(report[0]);
    run::Descriptor reportWrite(report[1]);

    std::array<std::string, 4> text{"radlads-engine", "resume", directory.string(), "--quiet"};
    std::array<char*, 5> words{text[0].data(), text[1].data(), text[2].data(), text[3].data(), nullptr};
    const pid_t process = ::fork();
    if (process < 0) return systemError("starting " + program, errno);
    if (process == 0) becomeWorker(program.c_str(), words.data(), input.value(), output.value(), reportWrite.value());
    reportWrite = run::Descriptor();
    int reason = 0;
    ssize_t count = 0;
    while ((count = ::read(reportRead.value(), &reason, sizeof reason)) < 0 && errno == EINTR) {
    }
    if (count == sizeof reason) {
        ::waitpid(process, nullptr, 0);
        if (reason != ENOENT) return systemError("starting " + program, reason);
        return failed("the program {} is missing, so no run can be started; install it beside radlads-engine", program);
    }
    Worker worker;
    worker.process = process;
    worker.handle = run::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    if (worker.handle.valid()) {
        ::fcntl(worker.handle.value(), F_SETFD, FD_CLOEXEC);
        worker.notifier = std::make_unique<QSocketNotifier>(worker.handle.value(), QSocketNotifier::Read);
        connect(worker.notifier.get(), &QSocketNotifier::activated, this, [this, run] { collect(run); });
    }
    m_workers.insert_or_assign(run, std::move(worker));
    return {};
}

void WorkerLauncher::collect(const std::string& run) {
    const auto found = m_workers.find(run);
    if (found == m_workers.end()) return;
    int status = 0;
    if (::waitpid(found->second.process, &status, WNOHANG) == 0) return;
    // The notifier that calls this must not be destroyed by it.
    found->second.notifier->setEnabled(false);
    found->second.notifier.release()->deleteLater();
    m_workers.erase(found);
    Q_EMIT ended(run, status);
}

}  // namespace radlads::server
