// attach: the bytes of the engine's socket on the standard streams, so `ssh HOST radlads-engine attach` is a remote
// engine.
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
#include "engine/server/child_process.h"
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

Status startEngine(const Arguments& arguments, const fs::path& socket) {
    std::vector<std::string> words{"radlads-engine", "serve", "--socket", socket.string()};
    if (arguments.has("--runs")) words.insert(words.end(), {"--runs", fs::absolute(runsDirectory(arguments)).string()});
    RADLADS_TRY(startChild(run::executableDirectory() / "radlads-engine", {.words = std::move(words)}));
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
