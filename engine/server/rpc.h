// What a request can be answered with: a result, or an error of PROTOCOL.md's table.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tl/expected.hpp>

#include "engine/protocol/result.h"

namespace radlads::server {

inline constexpr int kParseError = -32700, kRequestError = -32600, kMethodError = -32601, kParamsError = -32602;
inline constexpr int kFailedError = 1, kInputError = 2, kBusyError = 3, kSpaceError = 4, kMissingError = 5;
inline constexpr int kFlightError = 6, kVersionError = 7, kHelloError = 8, kCancelledError = 9;

struct RpcError {
    int code = kFailedError;
    std::string message;  // one plain sentence
    std::string key;      // the field of the request, or the key of the plan, at fault; empty: none

    bool operator==(const RpcError&) const = default;
};
using Answer = tl::expected<nlohmann::ordered_json, RpcError>;

const char* kindOf(int code);  // "parse", "input", ...
RpcError toRpcError(const Error& error, std::string key = {});
nlohmann::ordered_json toJson(const RpcError& error);

template <class... Args>
tl::unexpected<RpcError> refuse(int code, fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected(RpcError{code, fmt::format(format, std::forward<Args>(args)...), {}});
}
tl::unexpected<RpcError> refuse(const Error& error);

// One line of the wire, with its newline. Text that is not UTF-8 (a file name, say) is replaced, never sent.
std::string lineOf(const nlohmann::ordered_json& message);
std::string replyLine(const nlohmann::json& id, const Answer& answer);
std::string notificationLine(const char* method, nlohmann::ordered_json params);

}  // namespace radlads::server
