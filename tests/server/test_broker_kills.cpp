// kill -9 of the engine at random moments, beside a worker that goes on: for a client that comes back with the seq of
// its last event no event is lost and none comes twice.
#include <signal.h>

#include <random>

#include "tests/server/broker_test.h"

namespace radlads::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class EngineKills : public BrokerTest {
protected:
    // Follows the run over so many deaths of the engine; what the client has seen, in order.
    std::vector<json> follow(const std::string& run, int kills, std::mt19937& random) {
        std::vector<json> events;
        const auto take = [&](const std::string& line) {
            const json message = json::parse(line);
            if (message.value("method", "") != "run.event") return;
            const json& event = message["params"]["event"];
            EXPECT_EQ(event["seq"], events.size() + 1);
            events.push_back(event);
        };
        for (int kill = 0; kill < kills; ++kill) {
            startBroker();
            const auto deadline = Clock::now() + milliseconds(std::uniform_int_distribution<int>(0, 250)(random));
            // An engine that has just begun to listen dies as well as one that has served for a while.
            if (kill % 4 == 3) {
                killBroker();
                continue;
            }
            EngineClient client = greeted();
            client.request("run.attach", {{"run", run}, {"after_seq", events.size()}});
            while (client.hasLine(std::max(milliseconds(0), std::chrono::ceil<milliseconds>(deadline - Clock::now()))))
                if (const auto line = client.nextLine(); line && Clock::now() < deadline)
                    take(*line);
                else if (line) {
                    take(*line);
                    break;
                }
            killBroker();
            while (const auto line = client.nextLine()) take(*line);  // what had been sent
        }
        return events;
    }
    // Stops the run and reads to its end; then the client has seen what the journal holds, and nothing else.
    void expectAll(const std::string& run, std::vector<json> events) {
        startBroker();
        EngineClient client = greeted();
        client.result("run.attach", {{"run", run}, {"after_seq", events.size()}});
        client.result("run.stop", {{"run", run}});
        while (events.empty() || events.back()["event"] != "run.stopped")
            events.push_back(client.notification("run.event")["event"]);
        const std::vector<json> journal = eventsOf(runs() / run);
        ASSERT_EQ(events.size(), journal.size());
        for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i], journal[i]);
        EXPECT_TRUE(eventually([&] { return client.result("run.list")["runs"][0]["state"] == "stopped"; }));
    }
    std::string begin(const json& plan) {
        startBroker();
        EngineClient client = greeted();
        const std::string run = client.result("run.start", {{"key", "k"}, {"plan", plan}})["run"];
        client.result("run.attach", {{"run", run}});
        client.notification("run.event");
        return run;
    }
    void expectOneWorker(const std::string& run, pid_t worker, std::size_t eventsAtFirst) {
        EXPECT_EQ(workerOf(runs() / run), worker) << "the worker did not live through it";
        EXPECT_GT(eventsOf(runs() / run).size(), eventsAtFirst) << "the worker stood still";
    }
};

TEST_F(EngineKills, LoseNoEventOfAWorkerThatWritesAsFastAsItCan) {
    constexpr unsigned kSeed = 5;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    std::mt19937 random(kSeed);
    useStandInWorker();
    const std::string run = begin(planJson("kills"));
    const pid_t worker = workerOf(runs() / run);
    put(runs() / run / "busy", "");
    const auto events = follow(run, 20, random);
    expectOneWorker(run, worker, 100);
    expectAll(run, events);
}

#ifdef RADLADS_HAS_WORKER
TEST_F(EngineKills, LoseNoEventOfARealRun) {
    constexpr unsigned kSeed = 6;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    std::mt19937 random(kSeed);
    json plan = planJson("kills");
    plan["steps"][0]["tokens"] = 40'000'000;  // more than there is time for
    const std::string run = begin(plan);
    const pid_t worker = workerOf(runs() / run);
    ASSERT_TRUE(eventually([&] { return eventsOf(runs() / run).size() > 5; }));
    const auto events = follow(run, 20, random);
    expectOneWorker(run, worker, 6);
    expectAll(run, events);
}
#endif

}  // namespace
}  // namespace radlads::test
