// attach: the bytes of the engine's socket on the standard streams, so `ssh HOST radlads-engine attach` is a remote
// engine.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "engine/run/files.h"
#include "engine/server/commands.h"
#include "engine/server/run_view.h"
#include "engine/server/serve_options.h"

namespace radlads::server {
namespace {

using namespace std::chrono_literals;
using run::Descriptor;

constexpr std::size_t kBuffer = 64 << 10;
constexpr auto kStartTimeout = 10s;
constexpr auto kRetryInterval = 10ms;

// One direction: bytes read from one file and not yet written to the other.
class Pipe {
public:
    Pipe(int from, int to) : m_from(from), m_to(to) {}
    bool wantsInput() const { return !m_ended && m_pending.empty(); }
    bool wantsOutput() const { return !m_pending.empty(); }
    bool isDone() const { return m_ended && m_pending.empty(); }
    int from() const { return m_from; }
    int to() const { return m_to; }

    Status read() {
        m_pending.resize(kBuffer);
        const ssize_t count = ::read(m_from, m_pending.data(), m_pending.size());
        const int reason = errno;
        m_pending.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        if (count == 0) m_ended = true;
        if (count >= 0 || reason == EINTR || reason == EAGAIN) return {};
        if (reason == ECONNRESET) {
            m_ended = true;
            return {};
        }
        return systemError("reading from the engine or the standard input", reason);
    }
    Status write() {
        const ssize_t count = ::write(m_to, m_pending.data(), m_pending.size());
        if (count > 0) m_pending.erase(0, static_cast<std::size_t>(count));
        if (count >= 0 || errno == EINTR || errno == EAGAIN) return {};
        return systemError("writing to the engine or the standard output", errno);
    }

private:
    int m_from, m_to;
    std::string m_pending;
    bool m_ended = false;
};

// Starts `radlads-engine serve` apart from this process: in a session of its own, with no standard streams.
Status startEngine(const Arguments& arguments, const fs::path& socket) {
    const fs::path program = run::executableDirectory() / "radlads-engine";
    std::vector<std::string> text{"radlads-engine", "serve", "--socket", socket.string()};
    if (arguments.has("--runs")) text.insert(text.end(), {"--runs", fs::absolute(runsDirectory(arguments)).string()});
    std::vector<char*> words;
    for (std::string& word : text) words.push_back(word.data());
    words.push_back(nullptr);
    const Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!nothing.valid()) return systemError("opening /dev/null", errno);
    int report[2];  // closes on exec: what can be read is why exec failed
    if (::pipe2(report, O_CLOEXEC) != 0) return systemError("starting " + program.string(), errno);
    const Descriptor reportRead(report[0]);
    Descriptor reportWrite(report[1]);
    const pid_t process = ::fork();
    if (process < 0) return systemError("starting " + program.string(), errno);
    if (process == 0) {
        ::setsid();
        for (const int stream : {0, 1, 2}) ::dup2(nothing.value(), stream);
        ::execv(program.c_str(), words.data());
        const int reason = errno;
        [[maybe_unused]] const ssize_t told = ::write(reportWrite.value(), &reason, sizeof reason);
        ::_exit(127);
    }
    reportWrite = Descriptor();
    int reason = 0;
    if (::read(reportRead.value(), &reason, sizeof reason) == sizeof reason)
        return systemError("starting " + program.string(), reason);
    return {};
}

Result<Descriptor> connectOrStart(const Arguments& arguments, const fs::path& socket) {
    RADLADS_TRY_ASSIGN(Descriptor connection, connectTo(socket));
    if (connection.valid()) return connection;
    RADLADS_TRY(prepareSocketDirectory(socket));
    RADLADS_TRY(startEngine(arguments, socket));
    const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
    while (std::chrono::steady_clock::now() < deadline) {
        RADLADS_TRY_ASSIGN(connection, connectTo(socket));
        if (connection.valid()) return connection;
        std::this_thread::sleep_for(kRetryInterval);
    }
    return failed(
        "no engine answers on {}, and one that was started did not within {} s; `radlads-engine serve` says why",
        socket.string(), kStartTimeout.count());
}

Status bridge(const Descriptor& connection) {
    ::signal(SIGPIPE, SIG_IGN);
    Pipe up(STDIN_FILENO, connection.value()), down(connection.value(), STDOUT_FILENO);
    bool isHalfClosed = false;
    while (!down.isDone()) {
        std::array<pollfd, 4> entries{{{up.wantsInput() ? up.from() : -1, POLLIN, 0},
                                       {up.wantsOutput() ? up.to() : -1, POLLOUT, 0},
                                       {down.wantsInput() ? down.from() : -1, POLLIN, 0},
                                       {down.wantsOutput() ? down.to() : -1, POLLOUT, 0}}};
        if (::poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR)
            return systemError("waiting for the engine", errno);
        if (entries[0].revents != 0) RADLADS_TRY(up.read());
        if (entries[1].revents != 0) RADLADS_TRY(up.write());
        if (entries[2].revents != 0) RADLADS_TRY(down.read());
        if (entries[3].revents != 0) RADLADS_TRY(down.write());
        if (up.isDone() && !isHalfClosed) {
            isHalfClosed = true;
            ::shutdown(connection.value(), SHUT_WR);
        }
    }
    return {};
}

}  // namespace

Status attachCommand(const Words& words) {
    const Usage usage{
        "attach",
        {},
        "Connects the standard input and output with the engine of this machine; starts one if none listens.",
        {kSocketOption, kRunsOption},
        "`ssh HOST radlads-engine attach` is how the studio reaches an engine elsewhere.\n"};
    RADLADS_TRY_ASSIGN(const Arguments arguments, parseArguments(usage, words));
    if (arguments.wantsHelp()) {
        fmt::print("{}", helpText(usage));
        return {};
    }
    RADLADS_TRY_ASSIGN(const Descriptor connection, connectOrStart(arguments, socketPath(arguments)));
    return bridge(connection);
}

}  // namespace radlads::server
