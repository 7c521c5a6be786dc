#include "tests/server/engine_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace radlads::test {
namespace {

bool readSome(int descriptor, std::string& text) {
    char buffer[4096];
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
    return count > 0;
}

std::string readLines(int descriptor, std::string& text, size_t lines) {
    while (static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) < lines && readSome(descriptor, text)) {
    }
    return text;
}

}  // namespace

EngineProcess::EngineProcess(const std::string& program, const std::vector<std::string>& arguments) {
    // Closed on exec: no other process of the test keeps them open.
    int out[2], err[2];
    if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) return;
    m_process = ::fork();
    if (m_process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(out[1], STDOUT_FILENO);
        ::dup2(err[1], STDERR_FILENO);
        std::vector<char*> words{const_cast<char*>("radlads-engine")};
        for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
        words.push_back(nullptr);
        ::execv(program.c_str(), words.data());
        ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    m_out = out[0];
    m_err = err[0];
}

EngineProcess::~EngineProcess() {
    if (m_process > 0) {
        ::kill(m_process, SIGKILL);
        ::waitpid(m_process, nullptr, 0);
    }
    ::close(m_out);
    ::close(m_err);
}

std::string EngineProcess::waitForLines(size_t lines) {
    return readLines(m_out, m_outcome.out, lines);
}

std::string EngineProcess::waitForErrorLines(size_t lines) {
    return readLines(m_err, m_outcome.err, lines);
}

void EngineProcess::signal(int number) const {
    ::kill(m_process, number);
}

// The errors of the engine are a sentence: they fit the pipe while the output is read first.
Outcome EngineProcess::finish() {
    while (readSome(m_out, m_outcome.out)) {
    }
    while (readSome(m_err, m_outcome.err)) {
    }
    int status = 0;
    ::waitpid(m_process, &status, 0);
    m_process = -1;
    m_outcome.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return m_outcome;
}

}  // namespace radlads::test
