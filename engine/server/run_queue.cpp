#include "engine/server/run_queue.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/protocol/text.h"
#include "engine/run/files.h"

namespace radlads::server {
namespace {

using nlohmann::json;
constexpr std::size_t kMaxBytes = 4 << 20;

}  // namespace

RunQueue::RunQueue(const fs::path& runsDirectory) : m_file(runsDirectory / "queue.json") {
    const auto text = run::readFile(m_file, kMaxBytes);
    if (!text) return;
    const auto document = protocol::parseJson(*text, m_file.string(), kMaxBytes, 8);
    if (!document || !document->is_object()) return;
    const auto order = document->find("order");
    if (order == document->end() || !order->is_array()) return;
    for (const json& run : *order)
        if (run.is_string() && !positionOf(run.get<std::string>())) m_order.push_back(run.get<std::string>());
}

std::optional<std::size_t> RunQueue::positionOf(const std::string& run) const {
    const auto found = std::find(m_order.begin(), m_order.end(), run);
    if (found == m_order.end()) return std::nullopt;
    return static_cast<std::size_t>(found - m_order.begin());
}

Status RunQueue::setOrder(std::vector<std::string> order) {
    if (order == m_order) return {};
    const nlohmann::ordered_json document = {{"schema", "radlads.queue/1"}, {"order", order}};
    RADLADS_TRY(run::writeFileAtomically(m_file, document.dump(2, ' ', false, json::error_handler_t::replace) + "\n"));
    m_order = std::move(order);
    return {};
}

Status RunQueue::append(const std::string& run) {
    if (positionOf(run)) return {};
    std::vector<std::string> order = m_order;
    order.push_back(run);
    return setOrder(std::move(order));
}

Status RunQueue::remove(const std::string& run) {
    std::vector<std::string> order = m_order;
    order.erase(std::remove(order.begin(), order.end(), run), order.end());
    return setOrder(std::move(order));
}

}  // namespace radlads::server
