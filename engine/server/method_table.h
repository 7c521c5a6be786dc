// The methods of the protocol: one table of names and functions.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/server/request.h"
#include "engine/server/rpc.h"
#include "engine/server/session.h"

namespace radlads::server {

class Engine;

struct Call {
    Engine& engine;
    Session& session;
    const nlohmann::json& params;  // an object; gone when the function returns
    Reply reply;                   // of methods that answer later
};

struct Method {
    const char* name;
    Answer (*answer)(const Call&);  // answers at once
    void (*start)(const Call&);     // answers through the call's reply, once
};

// Answers, or refuses a method that is not in the table.
void callMethod(const Request& request, const Call& call);

// Parts of the table, one for each *_methods.cpp.
std::vector<Method> engineMethods();
std::vector<Method> planMethods();
std::vector<Method> runMethods();
std::vector<Method> runContentMethods();
std::vector<Method> modelMethods();
std::vector<Method> jobMethods();

}  // namespace radlads::server
