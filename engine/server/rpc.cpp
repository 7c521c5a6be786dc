#include "engine/server/rpc.h"

#include <nlohmann/json.hpp>

namespace radlads::server {
namespace {

struct Kind {
    int code;
    const char* name;
};
constexpr Kind kKinds[] = {{kParseError, "parse"},        {kRequestError, "request"}, {kMethodError, "method"},
                           {kParamsError, "params"},      {kFailedError, "failed"},   {kInputError, "input"},
                           {kBusyError, "busy"},          {kSpaceError, "space"},     {kMissingError, "missing"},
                           {kFlightError, "flight"},      {kVersionError, "version"}, {kHelloError, "hello"},
                           {kCancelledError, "cancelled"}};

int codeOf(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidInput:
            return kInputError;
        case ErrorCode::NoSpace:
            return kSpaceError;
        case ErrorCode::Busy:
            return kBusyError;
        case ErrorCode::Interrupted:
            return kCancelledError;
        case ErrorCode::Failed:
            break;
    }
    return kFailedError;
}

}  // namespace

const char* kindOf(int code) {
    for (const Kind& kind : kKinds)
        if (kind.code == code) return kind.name;
    return "failed";
}

RpcError toRpcError(const Error& error, std::string key) {
    return {codeOf(error.code), error.message, std::move(key)};
}

tl::unexpected<RpcError> refuse(const Error& error) {
    return tl::unexpected(toRpcError(error));
}

nlohmann::ordered_json toJson(const RpcError& error) {
    nlohmann::ordered_json data = {{"kind", kindOf(error.code)}};
    if (!error.key.empty()) data["key"] = error.key;
    return {{"code", error.code}, {"message", error.message}, {"data", data}};
}

std::string lineOf(const nlohmann::ordered_json& message) {
    return message.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string replyLine(const nlohmann::json& id, const Answer& answer) {
    nlohmann::ordered_json message = {{"jsonrpc", "2.0"}, {"id", id}};
    if (answer)
        message["result"] = *answer;
    else
        message["error"] = toJson(answer.error());
    return lineOf(message);
}

std::string notificationLine(const char* method, nlohmann::ordered_json params) {
    return lineOf({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
}

}  // namespace radlads::server
