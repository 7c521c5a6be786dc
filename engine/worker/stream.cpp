#include "engine/worker/stream.h"

#include <iostream>
#include <nlohmann/json.hpp>

namespace radlads::worker {

using nlohmann::ordered_json;

bool EventStream::line(const char* key, const ordered_json& value) {
    if (!m_enabled) return true;
    const ordered_json object{{key, value}};
    std::cout << object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << "\n" << std::flush;
    return std::cout.good();
}

bool EventStream::event(const ordered_json& fields) {
    return line("event", fields);
}

void EventStream::result(const ordered_json& value) {
    line("result", value);
}

}  // namespace radlads::worker
