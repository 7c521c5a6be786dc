#include "engine/server/machine_rate.h"

#include <cmath>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/run/machine.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;
constexpr std::size_t kMaxBytes = 1 << 16;

fs::path rateFile() {
    return run::cacheDirectory() / "machine.json";
}

// A rate holds for this processor alone: caches may lie in a home directory that many machines share.
std::optional<double> readRate() {
    const auto text = run::readFile(rateFile(), kMaxBytes);
    if (!text) return std::nullopt;
    const auto document = protocol::parseJson(*text, "machine.json", kMaxBytes, 8);
    if (!document || !document->is_object()) return std::nullopt;
    const run::Machine machine = run::describeMachine();
    if (document->value("processor", nlohmann::json()) != machine.processor) return std::nullopt;
    if (document->value("hardware_threads", nlohmann::json()) != machine.hardwareThreads) return std::nullopt;
    const auto rate = document->find("gemm_flops_per_second");
    if (rate == document->end() || !rate->is_number() || !(rate->get<double>() > 0)) return std::nullopt;
    return rate->get<double>();
}

std::optional<double> rateOf(const Answer& document) {
    if (!document) return std::nullopt;
    const auto ceilings = document->find("ceilings");
    if (ceilings == document->end() || !ceilings->is_object()) return std::nullopt;
    const auto rate = ceilings->find("sgemm_flops_per_second_all_threads");
    if (rate == ceilings->end() || !rate->is_number() || !(rate->get<double>() > 0)) return std::nullopt;
    return rate->get<double>();
}

}  // namespace

MachineRate::MachineRate(WorkerQuestions& questions, QObject* parent)
    : QObject(parent), m_questions(questions), m_rate(readRate()) {}

void MachineRate::keep(double rate) {
    if (!(rate > 0) || !std::isfinite(rate)) return;
    m_rate = rate;
    const run::Machine machine = run::describeMachine();
    const ordered_json document = {{"schema", "radlads.machine/1"},
                                   {"processor", machine.processor},
                                   {"hardware_threads", machine.hardwareThreads},
                                   {"gemm_flops_per_second", rate},
                                   {"measured", run::utcNow()}};
    // It is measured again next time if it cannot be kept.
    std::error_code error;
    fs::create_directories(rateFile().parent_path(), error);
    (void)run::writeFileAtomically(rateFile(), document.dump(2) + "\n");
}

void MachineRate::need(std::function<void(std::optional<double>)> told) {
    if (m_rate) return told(m_rate);
    m_waiting.push_back(std::move(told));
    if (m_waiting.size() > 1) return;
    m_questions.ask({"bench", "--ceilings", "--json", "--quiet"}, {}, [this](const Answer& document) {
        if (const auto rate = rateOf(document)) keep(*rate);
        const auto waiting = std::exchange(m_waiting, {});
        for (const auto& call : waiting) call(m_rate);
    });
}

}  // namespace radlads::server
