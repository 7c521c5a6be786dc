// `--stream`: what a job says while it works, one JSON object a line on stdout, for the broker and other programs.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace radlads::worker {

// {"event": {...}} lines and at last one {"result": {...}} line, flushed one by one. Off, it prints nothing.
// One thread at a time.
class EventStream {
public:
    explicit EventStream(bool enabled) : m_enabled(enabled) {}
    bool isEnabled() const { return m_enabled; }
    // False when nobody reads any more (the pipe is closed): the work can end.
    bool event(const nlohmann::ordered_json& fields);
    void result(const nlohmann::ordered_json& value);

private:
    bool line(const char* key, const nlohmann::ordered_json& value);
    bool m_enabled = false;
};

}  // namespace radlads::worker
