#include "tests/server/broker_test.h"

#include <signal.h>
#include <time.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace radlads::test {

using nlohmann::json;

BrokerTest::BrokerTest() {
    ::setenv("HOME", directory().c_str(), 1);
    ::setenv("XDG_RUNTIME_DIR", (directory() / "run").c_str(), 1);
    for (const char* name : {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"})
        ::setenv(name, (directory() / name).c_str(), 1);
    ::setenv("RADLADS_RUNS", runs().c_str(), 1);
    ::setenv("RADLADS_CACHE", (directory() / "cache").c_str(), 1);
    ::setenv("RADLADS_RESOURCES", RADLADS_SOURCE_DIR "/resources", 1);
    fs::create_directories(runs());
    fs::create_directories(directory() / "run");
}

BrokerTest::~BrokerTest() {
    m_broker.reset();
    std::error_code error;
    for (fs::directory_iterator entry(runs(), error), end; !error && entry != end; entry.increment(error)) {
        const pid_t worker = workerOf(entry->path());
        if (worker <= 0 || worker == ::getpid()) continue;
        ::kill(worker, SIGKILL);
        eventually([&] { return !run::RunLock::isHeld(entry->path()); });
    }
}

void BrokerTest::useStandInWorker() {
    const fs::path build = RADLADS_BIN_DIR;
    m_programs = directory() / "bin";
    fs::create_directories(m_programs);
    fs::copy_file(build / "radlads-engine", m_programs / "radlads-engine");
    fs::copy_file(build / "stand-in-worker", m_programs / "radlads-worker");
}

void BrokerTest::startBroker() {
    killBroker();
    m_broker = std::make_unique<EngineProcess>(
        program(), std::vector<std::string>{"serve", "--socket", socket().string(), "--runs", runs().string()});
    const std::string said = m_broker->waitForErrorLines(1);
    if (said.find("listening on") == std::string::npos) throw std::runtime_error("the engine did not start: " + said);
}

void BrokerTest::killBroker() {
    m_broker.reset();
}

EngineClient BrokerTest::greeted() const {
    EngineClient client = connect();
    client.hello();
    return client;
}

json BrokerTest::planJson(const std::string& name) {
    json plan = json::parse(R"({
        "schema": "radlads.plan/1", "seed": 3, "teacher": {"path": "demo"},
        "data": {"sources": [{"path": "demo:7:300"}], "validation": {"windows": 2, "every_steps": 20}},
        "steps": [
          {"kind": "align", "tokens": 8192, "sequence_length": 64, "batch_size": 4, "learning_rate": {"initial": 1e-3}},
          {"kind": "distill", "tokens": 4096, "sequence_length": 64, "batch_size": 4,
           "learning_rate": {"initial": 3e-4}}
        ],
        "hardware": {"device": "cpu", "threads": 1},
        "checkpoints": {"every_tokens": 2048, "every_minutes": 0}})");
    plan["name"] = name;
    return plan;
}

fs::path BrokerTest::makeRun(const std::string& name, const std::string& state, const std::string& created) const {
    auto plan = protocol::parsePlan(planJson(name).dump(), "the test's plan").value();
    if (!protocol::resolvePlan(plan)) throw std::runtime_error("the test's plan is wrong");
    const fs::path run = run::createRun(runs(), plan, runs() / name).value();
    run::RunSummary summary = run::readSummary(run).value();
    summary.state = state;
    summary.created = summary.updated = created;
    if (!run::writeSummary(run, summary)) throw std::runtime_error("the test's run cannot be written");
    return run;
}

std::vector<json> BrokerTest::eventsOf(const fs::path& run) {
    run::JournalReader reader(run / "events.ndjson");
    std::vector<json> all;
    for (auto next = reader.next(); next && !next->empty(); next = reader.next())
        all.insert(all.end(), next->begin(), next->end());
    return all;
}

pid_t BrokerTest::workerOf(const fs::path& run) {
    if (!fs::exists(run / "lock") || !run::RunLock::isHeld(run)) return 0;
    return static_cast<pid_t>(std::atoi(bytesOf(run / "lock").c_str()));
}

// What is waited for is another process's work: it gets the processor.
void BrokerTest::pauseBriefly() {
    const timespec interval{0, 2'000'000};
    ::nanosleep(&interval, nullptr);
}

}  // namespace radlads::test
