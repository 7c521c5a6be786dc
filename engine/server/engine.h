// All that sessions share: the runs and what can be done to them.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QThreadPool>
#include <filesystem>
#include <functional>

#include "engine/server/jobs.h"
#include "engine/server/machine_rate.h"
#include "engine/server/plan_preview.h"
#include "engine/server/run_control.h"
#include "engine/server/worker_questions.h"

namespace radlads::server {

// Owned by the Broker, in the main thread.
class Engine : public QObject {
    Q_OBJECT
public:
    explicit Engine(const fs::path& runsDirectory, QObject* parent = nullptr);

    const fs::path& runsDirectory() const { return m_runsDirectory; }
    RunControl& control() { return m_control; }
    JobList& jobs() { return m_jobs; }
    WorkerQuestions& questions() { return m_questions; }
    MachineRate& rate() { return m_rate; }
    PlanPreview& preview() { return m_preview; }
    double uptimeSeconds() const { return static_cast<double>(m_uptime.elapsed()) / 1000; }

    // Reads files in a thread of its own and answers then: work must not touch what this thread owns.
    void inBackground(std::function<Answer()> work, Reply reply);

Q_SIGNALS:
    void shutdownWanted();

private:
    fs::path m_runsDirectory;
    QElapsedTimer m_uptime;
    RunControl m_control;
    WorkerQuestions m_questions;
    MachineRate m_rate;
    PlanPreview m_preview;
    JobList m_jobs;
    QThreadPool m_threads;  // ends first: its work answers through this object
};

}  // namespace radlads::server
