#include "engine/server/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "engine/run/files.h"

namespace radlads::server {
namespace {

struct Start {
    const char* program;
    char* const* words;
    int input, output, error;
    int report;    // where the reason goes if exec fails
    pid_t parent;  // 0: does not end with it
};

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void becomeProgram(const Start& start) {
    ::setsid();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGCHLD}) ::signal(number, SIG_DFL);
    ::dup2(start.input, STDIN_FILENO);
    ::dup2(start.output, STDOUT_FILENO);
    ::dup2(start.error, STDERR_FILENO);
    if (start.parent != 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != start.parent) ::_exit(130);  // it ended before the line above
    }
    ::execv(start.program, start.words);
    const int reason = errno;
    [[maybe_unused]] const ssize_t told = ::write(start.report, &reason, sizeof reason);
    ::_exit(127);
}

}  // namespace

fs::path workerProgram() {
    return run::executableDirectory() / "radlads-worker";
}

Result<Child> startChild(const fs::path& program, const ChildOptions& options) {
    const std::string what = "starting " + program.string();
    const run::Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    int report[2];  // closes on exec: what can be read from it is why exec failed
    if (!nothing.valid() || ::pipe2(report, O_CLOEXEC) != 0) return systemError(what, errno);
    const run::Descriptor reportRead(report[0]);
    run::Descriptor reportWrite(report[1]);

    std::vector<std::string> text = options.words;
    std::vector<char*> words;
    for (std::string& word : text) words.push_back(word.data());
    words.push_back(nullptr);
    const auto stream = [&](int given) { return given >= 0 ? given : nothing.value(); };
    const Start start{program.c_str(),
                      words.data(),
                      stream(options.input),
                      stream(options.output),
                      stream(options.error),
                      reportWrite.value(),
                      options.endsWithParent ? ::getpid() : 0};
    const pid_t process = ::fork();
    if (process < 0) return systemError(what, errno);
    if (process == 0) becomeProgram(start);
    reportWrite = run::Descriptor();

    int reason = 0;
    ssize_t count = 0;
    while ((count = ::read(reportRead.value(), &reason, sizeof reason)) < 0 && errno == EINTR) {
    }
    if (count == sizeof reason) {
        ::waitpid(process, nullptr, 0);
        if (reason != ENOENT) return systemError(what, reason);
        return failed("the program {} is missing; install it beside radlads-engine", program.string());
    }
    run::Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    if (handle.valid()) ::fcntl(handle.value(), F_SETFD, FD_CLOEXEC);
    return Child{process, std::move(handle)};
}

}  // namespace radlads::server
