// The order in which waiting runs start: RUNS/queue.json, written whole at every change.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/protocol/result.h"

namespace radlads::server {

namespace fs = std::filesystem;

// Owned by the RunControl. The file is read once: the runs directory belongs to one engine.
class RunQueue {
public:
    explicit RunQueue(const fs::path& runsDirectory);
    const std::vector<std::string>& order() const { return m_order; }
    std::optional<std::size_t> positionOf(const std::string& run) const;
    // What the order was before stays when the file cannot be written.
    Status setOrder(std::vector<std::string> order);
    Status append(const std::string& run);
    Status remove(const std::string& run);

private:
    fs::path m_file;
    std::vector<std::string> m_order;
};

}  // namespace radlads::server
