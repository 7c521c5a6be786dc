// A line of the wire as a JSON-RPC request. Without Qt, so that it can be fuzzed.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "engine/server/rpc.h"

namespace radlads::server {

struct Request {
    nlohmann::json id;        // string or number; null: no answer is wanted
    bool wantsAnswer = true;  // false: a JSON-RPC notification
    std::string method;
    nlohmann::json params = nlohmann::json::object();
};

struct RequestFault {
    RpcError error;
    nlohmann::json id;    // null if the line does not tell
    bool closes = false;  // a framing fault: what follows cannot be trusted
};

tl::expected<Request, RequestFault> parseRequest(std::string_view line);

// The fields of a request by type. The first that is missing or wrong is remembered; the reads go on with defaults.
class Params {
public:
    explicit Params(const nlohmann::json& object) : m_object(object) {}

    std::string text(const char* key);  // required
    std::string text(const char* key, const std::string& otherwise);
    std::optional<std::string> optionalText(const char* key);
    bool flag(const char* key, bool otherwise);
    int64_t integer(const char* key, int64_t otherwise, int64_t low, int64_t high);
    std::optional<double> optionalNumber(const char* key, double low, double high);
    std::vector<std::string> texts(const char* key);  // [] if absent
    std::optional<std::vector<std::string>> optionalTexts(const char* key);
    bool has(const char* key) const;
    const nlohmann::json& at(const char* key) const;  // null if absent

    const std::optional<RpcError>& fault() const { return m_fault; }
    void wrong(const char* key, const std::string& expected);

private:
    const nlohmann::json& m_object;
    std::optional<RpcError> m_fault;
};

}  // namespace radlads::server
