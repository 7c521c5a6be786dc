// What a plan costs, as the user edits it: the arithmetic of `check` without its probe.
#pragma once

#include <QObject>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/protocol/plan.h"
#include "engine/run/estimate.h"
#include "engine/server/machine_rate.h"
#include "engine/server/worker_questions.h"

namespace radlads::server {

// Owned by the Engine, in the main thread. The worker is asked for the teacher's shape once; the rest is computed here.
class PlanPreview : public QObject {
    Q_OBJECT
public:
    PlanPreview(WorkerQuestions& questions, MachineRate& rate, fs::path runsDirectory, QObject* parent = nullptr);
    // plan: resolved. told: once, now or later.
    void make(const protocol::Plan& plan, std::optional<double> pricePerHour, std::function<void(const Answer&)> told);

private:
    WorkerQuestions& m_questions;
    MachineRate& m_rate;
    fs::path m_runsDirectory;
};

}  // namespace radlads::server
