// The rate of matrix products of this machine: measured once, kept in the cache directory.
#pragma once

#include <QObject>
#include <functional>
#include <optional>
#include <vector>

#include "engine/server/worker_questions.h"

namespace radlads::server {

// Owned by the Engine, in the main thread.
class MachineRate : public QObject {
    Q_OBJECT
public:
    explicit MachineRate(WorkerQuestions& questions, QObject* parent = nullptr);
    // float32 FLOP/s of all threads; nothing until it was measured.
    std::optional<double> gemmFlopsPerSecond() const { return m_rate; }
    // Calls back with the rate, after measuring it (2 s) if need be; with nothing if it cannot be measured.
    void need(std::function<void(std::optional<double>)> told);
    // A rate that a probe has measured.
    void keep(double rate);

private:
    WorkerQuestions& m_questions;
    std::optional<double> m_rate;
    std::vector<std::function<void(std::optional<double>)>> m_waiting;
};

}  // namespace radlads::server
