// A client of a real engine that waits for what it asked, with a deadline: every wait that lasts longer than kPatience
// throws, so that a test fails instead of hanging.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace radlads::test {

inline constexpr std::chrono::seconds kPatience{60};

// Owned by a test.
class EngineClient {
public:
    // Connects to a local socket that is listened on already.
    explicit EngineClient(const std::filesystem::path& socket);
    // Through `radlads-engine attach`, or another program that speaks the protocol on its standard streams.
    EngineClient(const std::string& program, const std::vector<std::string>& arguments);
    ~EngineClient();
    EngineClient(EngineClient&& other) noexcept;
    EngineClient(const EngineClient&) = delete;
    EngineClient& operator=(const EngineClient&) = delete;

    // The engine must take the bytes within the patience.
    void send(std::string_view bytes);
    void sendLine(const nlohmann::json& message) { send(message.dump() + "\n"); }
    // In pieces of 1 to `largest` bytes, each of which the other side has read before the next is sent.
    void sendInPieces(std::string_view bytes, std::size_t largest, std::mt19937& random);
    // Sends no more; what the engine says still arrives.
    void finishSending();

    // The next line without its newline, or the next message; nothing when the session has ended.
    std::optional<std::string> nextLine();
    std::optional<nlohmann::json> next();
    // A line is there, or comes within the time. False also at the end of the session.
    bool hasLine(std::chrono::milliseconds within);

    // Sends a request; the id of it.
    int request(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
    // Waits for the answer to a request; notifications that come before it are kept for `notification`.
    nlohmann::json answer(int id);
    nlohmann::json call(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
    // The result (the error) of a call; an answer of the other kind throws.
    nlohmann::json result(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
    nlohmann::json error(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
    nlohmann::json hello();
    // The params of the next notification of that method; others that come before it are kept.
    nlohmann::json notification(const std::string& method);
    // The engine ends the session and says nothing more.
    bool hasEnded();

    int input() const { return m_in; }  // what can be read from, for poll

private:
    bool readSome(std::chrono::steady_clock::time_point deadline);
    std::optional<std::string> takeLine();

    int m_in = -1, m_out = -1;
    pid_t m_process = -1;
    std::string m_bytes;
    std::size_t m_start = 0, m_search = 0;
    bool m_isAtEnd = false;
    int m_lastId = 0;
    std::deque<nlohmann::json> m_notifications;
};

}  // namespace radlads::test
