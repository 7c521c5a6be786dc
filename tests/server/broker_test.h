// What the tests of the broker share: a place of their own, runs in it, and a real `radlads-engine serve`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/run/run_directory.h"
#include "tests/run/temporary_directory.h"
#include "tests/server/engine_client.h"
#include "tests/server/engine_process.h"

namespace radlads::test {

class BrokerTest : public TemporaryDirectory {
protected:
    BrokerTest();
    // Kills the engine and what works on a run still.
    ~BrokerTest() override;

    fs::path runs() const { return directory() / "runs"; }
    fs::path socket() const { return directory() / "run" / "radlads" / "engine.sock"; }
    // The programs: radlads-engine of the build, unless useStandInWorker was called.
    std::string program() const { return (m_programs / "radlads-engine").string(); }
    // From now on the engine's workers are tests/server/stand_in_worker.cpp.
    void useStandInWorker();

    // Returns when it listens. Ends the one before, if any, by SIGKILL.
    void startBroker();
    void killBroker();
    EngineProcess& broker() { return *m_broker; }
    EngineClient connect() const { return EngineClient(socket()); }
    EngineClient greeted() const;

    // A plan of two short steps on the embedded teacher.
    static nlohmann::json planJson(const std::string& name);
    // A run that nobody works on; `created` decides its place in the list.
    fs::path makeRun(const std::string& name, const std::string& state = "new",
                     const std::string& created = "2026-01-01T00:00:00.000Z") const;
    // The events of a run's journal, in order.
    static std::vector<nlohmann::json> eventsOf(const fs::path& run);
    // The process that holds the run's lock, 0 if none does.
    static pid_t workerOf(const fs::path& run);
    // Waits until the condition holds; false when the patience is at its end.
    template <class Condition>
    static bool eventually(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + kPatience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            pauseBriefly();
        }
        return true;
    }

private:
    static void pauseBriefly();

    fs::path m_programs = RADLADS_BIN_DIR;
    std::unique_ptr<EngineProcess> m_broker;
};

}  // namespace radlads::test
