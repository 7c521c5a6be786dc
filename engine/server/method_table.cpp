#include "engine/server/method_table.h"

#include <algorithm>
#include <map>

#include "engine/protocol/text.h"

namespace radlads::server {
namespace {

const std::map<std::string, Method>& table() {
    static const std::map<std::string, Method> methods = [] {
        std::map<std::string, Method> all;
        for (const auto& part : {engineMethods(), planMethods(), runMethods(), runContentMethods(), modelMethods(),
                                 jobMethods()})
            for (const Method& method : part) all.emplace(method.name, method);
        return all;
    }();
    return methods;
}

RpcError unknown(const std::string& name) {
    std::vector<std::string> names;
    for (const auto& [known, method] : table()) names.push_back(known);
    const auto hint = protocol::nearest(name, names);
    return {
        kMethodError,
        fmt::format("there is no method {}{}", protocol::quote(name), hint ? " (did you mean \"" + *hint + "\"?)" : ""),
        {}};
}

}  // namespace

void callMethod(const Request& request, const Call& call) {
    const auto found = table().find(request.method);
    if (found == table().end()) return call.reply.send(tl::unexpected(unknown(request.method)));
    if (found->second.start) return found->second.start(call);
    call.reply.send(found->second.answer(call));
}

}  // namespace radlads::server
