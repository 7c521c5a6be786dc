#include "engine/server/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "engine/server/display.h"

namespace radlads::server {
namespace {

using namespace std::chrono_literals;
constexpr auto kKillDelay = 5s;
constexpr std::size_t kMaxErrorLine = 4096;
constexpr std::string_view kProgramName = "radlads-engine: ";

struct PipeEnds {
    run::Descriptor read, write;
};
Result<PipeEnds> makePipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return systemError("making a pipe", errno);
    PipeEnds pipe{run::Descriptor(ends[0]), run::Descriptor(ends[1])};
    ::fcntl(pipe.read.value(), F_SETFL, O_NONBLOCK);
    return pipe;
}

// A file without a name that holds these bytes.
Result<run::Descriptor> makeInput(const std::string& bytes) {
    run::Descriptor file(::memfd_create("input", MFD_CLOEXEC));
    if (!file.valid()) return systemError("making the worker's input", errno);
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t count = ::write(file.value(), bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno != EINTR) return systemError("making the worker's input", errno);
        done += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    ::lseek(file.value(), 0, SEEK_SET);
    return file;
}

// A notifier must not be destroyed by what it calls.
void retire(std::unique_ptr<QSocketNotifier>& notifier) {
    if (!notifier) return;
    notifier->setEnabled(false);
    notifier.release()->deleteLater();
}

}  // namespace

WorkerProcess::WorkerProcess(QObject* parent) : QObject(parent) {
    m_killTimer.setSingleShot(true);
    connect(&m_killTimer, &QTimer::timeout, this, [this] {
        if (!m_hasEnded) ::kill(m_child.process, SIGKILL);
    });
}

WorkerProcess::~WorkerProcess() {
    if (m_child.process > 0 && !m_hasEnded && m_life == WorkerLife::WithEngine) ::kill(m_child.process, SIGTERM);
}

Status WorkerProcess::start(const std::vector<std::string>& arguments, WorkerLife life,
                            const std::string& input) {
    m_life = life;
    RADLADS_TRY_ASSIGN(PipeEnds output, makePipe());
    RADLADS_TRY_ASSIGN(PipeEnds error, makePipe());
    run::Descriptor inputFile;
    if (!input.empty()) {
        RADLADS_TRY_ASSIGN(inputFile, makeInput(input));
    }
    std::vector<std::string> words{"radlads-engine"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    RADLADS_TRY_ASSIGN(m_child, startChild(workerProgram(), {.words = std::move(words),
                                                             .input = inputFile.value(),
                                                             .output = output.write.value(),
                                                             .error = error.write.value(),
                                                             .endsWithParent = life == WorkerLife::WithEngine}));
    if (!m_child.handle.valid()) {
        ::kill(m_child.process, SIGKILL);
        return failed("this kernel has no pidfd_open (Linux 5.3), which jobs need");
    }
    m_output = std::move(output.read);
    m_error = std::move(error.read);
    m_outputNotifier = std::make_unique<QSocketNotifier>(m_output.value(), QSocketNotifier::Read);
    m_errorNotifier = std::make_unique<QSocketNotifier>(m_error.value(), QSocketNotifier::Read);
    m_endNotifier = std::make_unique<QSocketNotifier>(m_child.handle.value(), QSocketNotifier::Read);
    connect(m_outputNotifier.get(), &QSocketNotifier::activated, this, &WorkerProcess::readOutput);
    connect(m_errorNotifier.get(), &QSocketNotifier::activated, this, &WorkerProcess::readError);
    connect(m_endNotifier.get(), &QSocketNotifier::activated, this, &WorkerProcess::collect);
    return {};
}

void WorkerProcess::setPaused(bool paused) {
    if (m_outputNotifier) m_outputNotifier->setEnabled(!paused);
}

void WorkerProcess::cancel() {
    if (m_hasEnded || m_child.process <= 0 || m_isCancelled) return;
    m_isCancelled = true;
    ::kill(m_child.process, SIGTERM);
    m_killTimer.start(kKillDelay);
    setPaused(false);
}

void WorkerProcess::readOutput() {
    std::array<char, 64 << 10> buffer;
    const ssize_t count = ::read(m_output.value(), buffer.data(), buffer.size());
    if (count > 0) {
        Q_EMIT output({buffer.data(), static_cast<std::size_t>(count)});
        return;
    }
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    retire(m_outputNotifier);
    finishIfDone();
}

void WorkerProcess::readError() {
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(m_error.value(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) {
        retire(m_errorNotifier);
        return finishIfDone();
    }
    for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(count))) {
        if (c != '\n' && c != '\r') {
            if (m_errorLine.size() < kMaxErrorLine) m_errorLine += c;
            continue;
        }
        if (m_errorLine.empty()) continue;
        m_lastLine = printable(std::exchange(m_errorLine, {}));
        Q_EMIT message(m_lastLine);
    }
}

void WorkerProcess::collect() {
    if (::waitpid(m_child.process, &m_status, WNOHANG) == 0) return;
    m_hasEnded = true;
    m_killTimer.stop();
    retire(m_endNotifier);
    finishIfDone();
}

void WorkerProcess::finishIfDone() {
    if (!m_hasEnded || m_outputNotifier || m_errorNotifier || m_isTold) return;
    m_isTold = true;
    if (!m_errorLine.empty()) m_lastLine = printable(m_errorLine);
    std::string sentence = m_lastLine.starts_with(kProgramName) ? m_lastLine.substr(kProgramName.size()) : m_lastLine;
    if (WIFSIGNALED(m_status)) {
        const int number = WTERMSIG(m_status);
        RpcError error{
            kFailedError, fmt::format("the worker was ended by signal {} ({})", number, ::strsignal(number)), {}};
        if (m_isCancelled) error = {kCancelledError, "it was cancelled", {}};
        Q_EMIT ended(-1, error);
        return;
    }
    const int status = WEXITSTATUS(m_status);
    if (status == 0) {
        Q_EMIT ended(0, std::nullopt);
        return;
    }
    if (sentence.empty()) sentence = fmt::format("the worker ended with status {} and no message", status);
    const int code = m_isCancelled || status == 130 ? kCancelledError : status == 2 ? kInputError : kFailedError;
    Q_EMIT ended(status, RpcError{code, m_isCancelled ? "it was cancelled" : sentence, {}});
}

}  // namespace radlads::server
