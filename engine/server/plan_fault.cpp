#include "engine/server/plan_fault.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace radlads::server {
namespace {

constexpr std::string_view kWhere = "the plan";

bool isKeyCharacter(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '[' || c == ']';
}

// "steps[0].tokens" -> "steps.0.tokens", as `run --set` writes it.
std::string dotted(std::string_view path) {
    std::string key;
    for (const char c : path) {
        if (c == '[') key += '.';
        if (c != '[' && c != ']') key += c;
    }
    return key;
}

}  // namespace

RpcError planFault(const Error& error) {
    RpcError fault = toRpcError(error);
    std::string_view message = error.message;
    if (message.starts_with(kWhere) && message.substr(kWhere.size()).starts_with(": "))
        message.remove_prefix(kWhere.size() + 2);
    const auto colon = message.find(": ");
    if (colon == std::string_view::npos || colon == 0) return fault;
    const std::string_view path = message.substr(0, colon);
    if (!std::all_of(path.begin(), path.end(), isKeyCharacter)) return fault;
    fault.key = dotted(path);
    fault.message = fault.key + ": " + std::string(message.substr(colon + 2));
    return fault;
}

tl::expected<protocol::Plan, RpcError> planOf(const nlohmann::json& value) {
    if (!value.is_object() && !value.is_string())
        return tl::unexpected(RpcError{kParamsError, "the parameter \"plan\" must be an object or a text", "plan"});
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    auto plan = protocol::parsePlan(text, std::string(kWhere));
    if (!plan) return tl::unexpected(planFault(plan.error()));
    return std::move(*plan);
}

tl::expected<protocol::Plan, RpcError> resolvedPlanOf(const nlohmann::json& value) {
    auto plan = planOf(value);
    if (!plan) return plan;
    if (const Status resolved = protocol::resolvePlan(*plan); !resolved)
        return tl::unexpected(planFault(resolved.error()));
    return plan;
}

}  // namespace radlads::server
