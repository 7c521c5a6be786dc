// Plans from requests, and what is wrong with them by key.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/protocol/plan.h"
#include "engine/server/rpc.h"

namespace radlads::server {

// A plan as a request gives it: an object, or the text of a file. Not resolved.
tl::expected<protocol::Plan, RpcError> planOf(const nlohmann::json& value);
// The same, resolved.
tl::expected<protocol::Plan, RpcError> resolvedPlanOf(const nlohmann::json& value);
// The error of a plan with its key ("steps.0.tokens") apart from its sentence.
RpcError planFault(const Error& error);

}  // namespace radlads::server
