// Runs, their queue and their workers outlive the engine that started them. The workers here compute nothing
// (stand_in_worker.cpp); test_broker_kills.cpp has the real one.
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/server/broker_test.h"

namespace radlads::test {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

class Runs : public BrokerTest {
protected:
    Runs() { useStandInWorker(); }
    std::string start(EngineClient& client, const std::string& key, bool isQueued = false) const {
        const json params = {{"key", key}, {"plan", planJson(key)}, {"queue", isQueued}};
        return client.result("run.start", params)["run"];
    }
    json record(EngineClient& client, const std::string& run) const {
        const json runs = client.result("run.list")["runs"];
        const auto found = std::find_if(runs.begin(), runs.end(), [&](const json& r) { return r["run"] == run; });
        return found == runs.end() ? json() : *found;
    }
    static Names queueOf(EngineClient& client) { return client.result("run.list")["queue"]; }
    bool reaches(EngineClient& client, const std::string& run, const std::string& state) const {
        return eventually([&] { return record(client, run)["state"] == state; });
    }
    bool isAtWork(const std::string& run) const {
        return eventually([&] { return workerOf(runs() / run) > 0; });
    }
    std::size_t count(const std::string& run, const std::string& event) const {
        const auto events = eventsOf(runs() / run);
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(), [&](const json& line) { return line["event"] == event; }));
    }
    // Runs below the runs directory, and whatever else lies there.
    Names directories() const {
        Names names;
        for (const auto& entry : fs::directory_iterator(runs()))
            if (entry.is_directory()) names.push_back(entry.path().filename().string());
        std::sort(names.begin(), names.end());
        return names;
    }
    static void wait(std::chrono::microseconds time) {
        const timespec interval{time.count() / 1'000'000, time.count() % 1'000'000 * 1000};
        ::nanosleep(&interval, nullptr);
    }
};

TEST_F(Runs, StartedTwiceWithOneKeyAreOneRunWithOneWorker) {
    startBroker();
    EngineClient one = greeted(), two = greeted();
    const json params = {{"key", "k"}, {"plan", planJson("twice")}};
    const int first = one.request("run.start", params), second = two.request("run.start", params);
    const std::string run = one.answer(first)["result"]["run"];
    EXPECT_EQ(two.answer(second)["result"]["run"], run);
    ASSERT_TRUE(isAtWork(run));
    startBroker();
    EngineClient later = greeted();
    EXPECT_EQ(later.result("run.start", params)["run"], run);
    EXPECT_EQ(later.result("run.list")["runs"].size(), 1u);
    EXPECT_NE(start(later, "other"), run);
    put(runs() / run / "finish", "");
    ASSERT_TRUE(reaches(later, run, "finished"));
    EXPECT_EQ(later.result("run.start", params)["run"], run);
    EXPECT_EQ(count(run, "run.started"), 1u);
}

// The engine dies at any moment of run.start; the client asks again with the same key.
TEST_F(Runs, StartedAcrossTheDeathOfTheEngineAreStartedOnce) {
    constexpr unsigned kSeed = 11;
    constexpr int kKills = 20;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    std::mt19937 random(kSeed);
    startBroker();
    const auto before = std::chrono::steady_clock::now();
    {
        EngineClient client = greeted();
        start(client, "first");
    }
    const auto longest = 2 * std::chrono::ceil<std::chrono::microseconds>(std::chrono::steady_clock::now() - before);
    const auto moment = [&] {
        return std::chrono::microseconds(std::uniform_int_distribution<int64_t>(0, longest.count())(random));
    };
    std::set<std::string> started, queued;
    int unanswered = 0;
    for (int kill = 0; kill < kKills; ++kill) {
        const std::string key = "key-" + std::to_string(kill);
        const bool isQueued = kill % 2 == 1;
        const json params = {{"key", key}, {"plan", planJson(key)}, {"queue", isQueued}};
        startBroker();
        std::string told;
        {
            EngineClient client = greeted();
            client.request("run.start", params);
            if (client.hasLine(std::chrono::ceil<std::chrono::milliseconds>(moment())))
                told = client.next().value()["result"]["run"];
            wait(moment() / 10);
            killBroker();
        }
        unanswered += told.empty();
        startBroker();
        EngineClient client = greeted();
        const std::string run = client.result("run.start", params)["run"];
        EXPECT_TRUE(told.empty() || told == run) << told << " became " << run;
        EXPECT_TRUE((isQueued ? queued : started).insert(run).second);
    }
    RecordProperty("killed_before_the_answer", unanswered);
    EXPECT_GT(unanswered, 0);
    EXPECT_LT(unanswered, kKills);
    EngineClient client = greeted();
    EXPECT_EQ(client.result("run.list")["runs"].size(), 1 + started.size() + queued.size());
    EXPECT_EQ(directories().size(), 1 + started.size() + queued.size()) << "something half made is left";
    for (const std::string& run : started) {
        EXPECT_TRUE(isAtWork(run)) << run;
        EXPECT_EQ(count(run, "run.started"), 1u) << run;
    }
    // Those in the queue are there once, in the order of their keys.
    Names order;
    for (const std::string& run : queueOf(client)) order.push_back(run.substr(0, run.find("-20")));
    Names expected;
    for (int kill = 1; kill < kKills; kill += 2) expected.push_back("key-" + std::to_string(kill));
    EXPECT_EQ(order, expected);
}

TEST_F(Runs, WaitInTheQueueInTheirOrderWhateverHappensToTheEngine) {
    makeRun("at-work", "running");
    const auto lock = run::RunLock::acquire(runs() / "at-work").value();
    startBroker();
    Names order;
    {
        EngineClient client = greeted();
        for (const char* key : {"a", "b", "c", "d"}) order.push_back(start(client, key, true));
        EXPECT_EQ(queueOf(client), order);
        std::rotate(order.begin(), order.begin() + 1, order.end());
        client.result("run.queue", {{"order", order}});
        killBroker();
    }
    startBroker();
    EngineClient client = greeted();
    EXPECT_EQ(queueOf(client), order);
    for (std::size_t i = 0; i < order.size(); ++i) {
        EXPECT_EQ(record(client, order[i])["queue_position"], i);
        EXPECT_EQ(record(client, order[i])["state"], "queued");
    }
    order.erase(order.begin() + 1);
    client.result("run.queue", {{"order", order}});
    broker().signal(SIGTERM);
    EXPECT_EQ(broker().finish().exitCode, 0);
    startBroker();
    EngineClient last = greeted();
    EXPECT_EQ(queueOf(last), order);
}

// However the one before has ended: finished, stopped, killed; and when its worker is not this engine's child.
TEST_F(Runs, OfTheQueueStartWhenTheOneBeforeHasEnded) {
    startBroker();
    EngineClient client = greeted();
    Names order;
    for (const char* key : {"a", "b", "c", "d", "e"}) order.push_back(start(client, key, true));
    ASSERT_TRUE(isAtWork(order[0]));
    EXPECT_EQ(queueOf(client), Names(order.begin() + 1, order.end()));
    const auto expectNext = [&](std::size_t next) {
        ASSERT_TRUE(isAtWork(order[next])) << "of " << order[next];
        ASSERT_TRUE(eventually([&] { return count(order[next], "run.started") == 1; }));
        EngineClient now = greeted();
        ASSERT_TRUE(eventually([&] { return queueOf(now) == Names(order.begin() + next + 1, order.end()); }));
        for (std::size_t i = next + 1; i < order.size(); ++i) EXPECT_EQ(workerOf(runs() / order[i]), 0);
    };
    put(runs() / order[0] / "finish", "");
    expectNext(1);
    client.result("run.stop", {{"run", order[1]}});
    expectNext(2);
    EXPECT_EQ(record(client, order[1])["state"], "stopped");
    ::kill(workerOf(runs() / order[2]), SIGKILL);
    expectNext(3);
    EXPECT_EQ(record(client, order[2])["state"], "interrupted");
    startBroker();
    expectNext(3);
    EngineClient later = greeted();
    put(runs() / order[3] / "linger", "");
    put(runs() / order[3] / "finish", "");
    ASSERT_TRUE(reaches(later, order[3], "finished"));
    EXPECT_EQ(workerOf(runs() / order[4]), 0) << "the one before still holds its run";
    fs::remove(runs() / order[3] / "linger");
    expectNext(4);
}

TEST_F(Runs, AreLeftAloneByAnEngineThatEndsAndFoundByTheNext) {
    startBroker();
    std::string run;
    pid_t worker = 0;
    const auto expectFound = [&] {
        startBroker();
        EngineClient client = greeted();
        EXPECT_EQ(record(client, run)["state"], "running");
        EXPECT_EQ(workerOf(runs() / run), worker);
        EXPECT_EQ(client.result("engine.describe")["runs"]["running"], 1);
    };
    {
        EngineClient client = greeted();
        run = start(client, "k");
        ASSERT_TRUE(reaches(client, run, "running"));
        ASSERT_TRUE(isAtWork(run));
        worker = workerOf(runs() / run);
        put(runs() / run / "busy", "");
    }
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
        EngineClient client = greeted();
        client.result("run.attach", {{"run", run}});
        broker().signal(number);
        const Outcome outcome = broker().finish();
        EXPECT_EQ(outcome.exitCode, 0) << "after signal " << number << ": " << outcome.err;
        while (client.nextLine()) {  // the session ends, however many events still come
        }
        EXPECT_FALSE(fs::exists(socket()));
        const std::size_t before = eventsOf(runs() / run).size();
        EXPECT_TRUE(eventually([&] { return eventsOf(runs() / run).size() > before; })) << "the run stands still";
        expectFound();
    }
    {
        EngineClient client = greeted();
        client.result("engine.shutdown");
        while (client.nextLine()) {
        }
        EXPECT_EQ(broker().finish().exitCode, 0);
    }
    expectFound();
    // It still obeys.
    EngineClient client = greeted();
    client.result("run.pause", {{"run", run}});
    ASSERT_TRUE(reaches(client, run, "paused"));
    client.result("run.resume", {{"run", run}});
    ASSERT_TRUE(reaches(client, run, "running"));
    client.result("run.stop", {{"run", run}});
    ASSERT_TRUE(reaches(client, run, "stopped"));
    EXPECT_EQ(count(run, "run.started"), 1u);
    client.result("run.resume", {{"run", run}});
    ASSERT_TRUE(reaches(client, run, "running"));
    EXPECT_TRUE(eventually([&] { return count(run, "run.started") == 2; }));
}

TEST_F(Runs, AreResumedWhileTheWorkerThatWasStoppedIsStillEnding) {
    for (const bool isChild : {true, false}) {
        startBroker();
        EngineClient first = greeted();
        const std::string run = start(first, isChild ? "child" : "other");
        ASSERT_TRUE(eventually([&] { return count(run, "run.started") == 1; }));
        if (!isChild) startBroker();
        EngineClient client = greeted(), other = greeted();
        put(runs() / run / "linger", "");
        client.result("run.stop", {{"run", run}});
        ASSERT_TRUE(reaches(client, run, "stopped"));
        const int resumed = client.request("run.resume", {{"run", run}});
        other.result("engine.ping");
        EXPECT_FALSE(client.hasLine(std::chrono::milliseconds(300))) << "told before it can be true";
        fs::remove(runs() / run / "linger");
        EXPECT_TRUE(client.answer(resumed).contains("result"));
        EXPECT_TRUE(eventually([&] { return count(run, "run.started") == 2; })) << "nothing was started";
    }
}

TEST_F(Runs, AreToldToWhoWatchesHoweverTheyChange) {
    startBroker();
    EngineClient watcher = greeted(), quiet = greeted(), client = greeted();
    EXPECT_EQ(watcher.result("run.list", {{"watch", true}})["runs"], json::array());
    const auto told = [&](const std::string& run, const std::string& key, const json& value) {
        json record;
        while (record["run"] != run || record[key] != value) record = watcher.notification("run.changed")["record"];
    };
    // Made by another process, such as `radlads-engine run`: not when somebody happens to look again.
    makeRun("elsewhere");
    told("elsewhere", "state", "new");
    client.result("run.rename", {{"run", "elsewhere"}, {"name", "A name"}});
    told("elsewhere", "name", "A name");
    client.result("run.resume", {{"run", "elsewhere"}});
    told("elsewhere", "state", "running");
    const std::string next = start(client, "next", true);
    EXPECT_EQ(watcher.notification("queue.changed")["queue"], json({next}));
    told(next, "state", "queued");
    ASSERT_TRUE(isAtWork("elsewhere"));
    ::kill(workerOf(runs() / "elsewhere"), SIGKILL);
    told("elsewhere", "state", "interrupted");
    EXPECT_EQ(watcher.notification("queue.changed")["queue"], json::array());
    told(next, "state", "running");
    fs::remove_all(runs() / "elsewhere");
    EXPECT_EQ(watcher.notification("run.removed")["run"], "elsewhere");
    quiet.result("engine.ping");
    EXPECT_FALSE(quiet.hasLine(std::chrono::milliseconds(0))) << "told without having asked";
}

TEST_F(Runs, WhoseWorkerCannotBeginFailWithItsWords) {
    const fs::path worker = fs::path(program()).parent_path() / "radlads-worker";
    fs::remove(worker);
    startBroker();
    makeRun("none");
    EngineClient client = greeted();
    const json missing = client.error("run.resume", {{"run", "none"}});
    EXPECT_EQ(missing["data"]["kind"], "failed");
    EXPECT_NE(missing["message"].get<std::string>().find("radlads-worker is missing"), std::string::npos);
    put(worker, "#!/bin/sh\necho starting\necho 'radlads-engine: the teacher is gone' >&2\nexit 2\n");
    fs::permissions(worker, fs::perms::owner_all);
    client.result("run.resume", {{"run", "none"}});
    ASSERT_TRUE(reaches(client, "none", "failed"));
    EXPECT_EQ(record(client, "none")["message"], "the teacher is gone");
    put(worker, "#!/bin/sh\nkill -SEGV $$\n");
    makeRun("crashes");
    client.result("run.resume", {{"run", "crashes"}});
    ASSERT_TRUE(reaches(client, "crashes", "failed"));
    EXPECT_NE(record(client, "crashes")["message"].get<std::string>().find("was ended by signal 11"),
              std::string::npos);
}

// As `ssh HOST radlads-engine attach` does: an engine is started, and lives on without the one that started it.
TEST_F(Runs, AreServedByAnEngineThatAttachStartsWhereNoneListens) {
    const Names arguments{"attach", "--socket", socket().string(), "--runs", runs().string()};
    pid_t engine = 0;
    {
        EngineClient first(program(), arguments);
        engine = first.hello()["pid"];
        EXPECT_EQ(first.result("run.list")["runs"], json::array());
    }
    EngineClient second(program(), arguments);
    EXPECT_EQ(second.hello()["pid"], engine);
    EngineClient direct = greeted();
    direct.result("engine.shutdown");
    EXPECT_TRUE(direct.hasEnded());
    EXPECT_TRUE(second.hasEnded());
    EXPECT_TRUE(eventually([&] { return !fs::exists(socket()); }));
}

}  // namespace
}  // namespace radlads::test
