#include "tests/server/engine_client.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace radlads::test {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

[[noreturn]] void failWith(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// False at the deadline.
bool waitFor(int descriptor, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd entry{descriptor, events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(std::max<long>(0, left.count())));
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) failWith("poll");
    }
}

}  // namespace

EngineClient::EngineClient(const std::filesystem::path& socket) {
    ::signal(SIGPIPE, SIG_IGN);
    m_in = m_out = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    if (::connect(m_in, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        failWith("connecting to " + socket.string());
}

EngineClient::EngineClient(const std::string& program, const std::vector<std::string>& arguments) {
    ::signal(SIGPIPE, SIG_IGN);
    int up[2], down[2];
    if (::pipe2(up, O_CLOEXEC) != 0 || ::pipe2(down, O_CLOEXEC) != 0) failWith("pipe");
    std::vector<std::string> text{program};
    text.insert(text.end(), arguments.begin(), arguments.end());
    std::vector<char*> words;
    for (std::string& word : text) words.push_back(word.data());
    words.push_back(nullptr);
    m_process = ::fork();
    if (m_process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(up[0], STDIN_FILENO);
        ::dup2(down[1], STDOUT_FILENO);
        ::execv(program.c_str(), words.data());
        ::_exit(127);
    }
    ::close(up[0]);
    ::close(down[1]);
    m_out = up[1];
    m_in = down[0];
}

EngineClient::EngineClient(EngineClient&& other) noexcept
    : m_in(std::exchange(other.m_in, -1)),
      m_out(std::exchange(other.m_out, -1)),
      m_process(std::exchange(other.m_process, -1)),
      m_bytes(std::move(other.m_bytes)),
      m_start(other.m_start),
      m_search(other.m_search),
      m_isAtEnd(other.m_isAtEnd),
      m_lastId(other.m_lastId),
      m_notifications(std::move(other.m_notifications)) {}

EngineClient::~EngineClient() {
    if (m_out >= 0 && m_out != m_in) ::close(m_out);
    if (m_in >= 0) ::close(m_in);
    if (m_process <= 0) return;
    ::kill(m_process, SIGKILL);
    ::waitpid(m_process, nullptr, 0);
}

void EngineClient::send(std::string_view bytes) {
    const auto deadline = Clock::now() + kPatience;
    while (!bytes.empty()) {
        if (!waitFor(m_out, POLLOUT, deadline)) throw std::runtime_error("the engine does not read what is sent");
        // What cannot be sent at once would block for longer than the patience.
        const std::size_t piece = std::min<std::size_t>(bytes.size(), 4096);
        const ssize_t count = m_in == m_out ? ::send(m_out, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                                            : ::write(m_out, bytes.data(), piece);
        if (count < 0 && errno != EINTR && errno != EAGAIN) failWith("sending to the engine");
        bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
}

void EngineClient::sendInPieces(std::string_view bytes, std::size_t largest, std::mt19937& random) {
    const auto deadline = Clock::now() + kPatience;
    while (!bytes.empty()) {
        const std::size_t length =
            std::min<std::size_t>(bytes.size(), std::uniform_int_distribution<std::size_t>(1, largest)(random));
        send(bytes.substr(0, length));
        bytes.remove_prefix(length);
        for (int unread = 1; unread > 0; ::sched_yield()) {
            const auto question = m_in == m_out ? static_cast<unsigned long>(SIOCOUTQ) : FIONREAD;
            if (::ioctl(m_out, question, &unread) != 0) failWith("asking what has been read");
            if (Clock::now() > deadline) throw std::runtime_error("a piece of a line is not read");
        }
    }
}

void EngineClient::finishSending() {
    if (m_in == m_out) {
        ::shutdown(m_out, SHUT_WR);
    } else {
        ::close(m_out);
        m_out = -1;
    }
}

bool EngineClient::readSome(Clock::time_point deadline) {
    if (m_isAtEnd || !waitFor(m_in, POLLIN, deadline)) return false;
    if (m_start > 0) {
        m_bytes.erase(0, m_start);
        m_search -= m_start;
        m_start = 0;
    }
    constexpr std::size_t kChunk = 64 << 10;
    const std::size_t have = m_bytes.size();
    m_bytes.resize(have + kChunk);
    const ssize_t count = ::read(m_in, m_bytes.data() + have, kChunk);
    m_bytes.resize(have + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count < 0 && errno == EINTR) return true;
    m_isAtEnd = count <= 0;
    return true;
}

std::optional<std::string> EngineClient::takeLine() {
    const std::size_t newline = m_bytes.find('\n', m_search);
    if (newline == std::string::npos) {
        m_search = m_bytes.size();
        return std::nullopt;
    }
    std::string line = m_bytes.substr(m_start, newline - m_start);
    m_start = m_search = newline + 1;
    return line;
}

std::optional<std::string> EngineClient::nextLine() {
    const auto deadline = Clock::now() + kPatience;
    for (;;) {
        if (auto line = takeLine()) return line;
        if (m_isAtEnd) return std::nullopt;
        if (!readSome(deadline)) throw std::runtime_error("the engine says nothing");
    }
}

bool EngineClient::hasLine(std::chrono::milliseconds within) {
    const auto deadline = Clock::now() + within;
    while (m_bytes.find('\n', m_search) == std::string::npos) {
        m_search = m_bytes.size();
        if (!readSome(deadline)) return false;
    }
    return true;
}

std::optional<json> EngineClient::next() {
    const auto line = nextLine();
    if (!line) return std::nullopt;
    return json::parse(*line);
}

int EngineClient::request(const std::string& method, const json& params) {
    sendLine({{"jsonrpc", "2.0"}, {"id", ++m_lastId}, {"method", method}, {"params", params}});
    return m_lastId;
}

json EngineClient::answer(int id) {
    for (;;) {
        auto message = next();
        if (!message) throw std::runtime_error("the session ended before the answer");
        if (message->contains("method"))
            m_notifications.push_back(std::move(*message));
        else if (message->at("id") == id)
            return std::move(*message);
        else
            throw std::runtime_error("an answer that nobody waits for: " + message->dump());
    }
}

json EngineClient::call(const std::string& method, const json& params) {
    return answer(request(method, params));
}

json EngineClient::result(const std::string& method, const json& params) {
    json message = call(method, params);
    if (!message.contains("result")) throw std::runtime_error(method + ": " + message.dump());
    return message["result"];
}

json EngineClient::error(const std::string& method, const json& params) {
    json message = call(method, params);
    if (!message.contains("error")) throw std::runtime_error(method + " was not refused: " + message.dump());
    return message["error"];
}

json EngineClient::hello() {
    return result("engine.hello", {{"client", "test"}, {"protocol", "1.0"}});
}

json EngineClient::notification(const std::string& method) {
    const auto kept = std::find_if(m_notifications.begin(), m_notifications.end(),
                                   [&](const json& message) { return message["method"] == method; });
    if (kept != m_notifications.end()) {
        json params = std::move((*kept)["params"]);
        m_notifications.erase(kept);
        return params;
    }
    for (;;) {
        auto message = next();
        if (!message) throw std::runtime_error("the session ended before " + method);
        if (message->value("method", "") == method) return std::move((*message)["params"]);
        m_notifications.push_back(std::move(*message));
    }
}

bool EngineClient::hasEnded() {
    return !nextLine();
}

}  // namespace radlads::test
