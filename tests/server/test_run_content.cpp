// What a run holds (series, files, evaluations), its deletion, the models of the machine, and its files, as the broker
// tells them.
#include <cmath>

#include "engine/run/journal.h"
#include "engine/server/run_series.h"
#include "tests/server/broker_test.h"

namespace radlads::test {
namespace {

using nlohmann::json;
using server::readSeries;
using server::SeriesRequest;

class Journal {
public:
    explicit Journal(fs::path file) : m_file(std::move(file)), m_writer(run::JournalWriter::open(m_file).value()) {}
    void add(const std::string& event, const json& fields) { EXPECT_TRUE(m_writer.append(event, fields)); }
    void metrics(int step, int update, double loss) {
        add("metrics", {{"step_index", step}, {"update", update}, {"tokens", update * 100}, {"loss", loss}});
    }
    nlohmann::ordered_json series(const SeriesRequest& request) const {
        const auto answer = readSeries(m_file, request);
        EXPECT_TRUE(answer) << answer.error().message;
        return answer ? *answer : nlohmann::ordered_json();
    }

private:
    fs::path m_file;
    run::JournalWriter m_writer;
};

class SeriesTest : public TemporaryDirectory {
protected:
    Journal journal{directory() / "events.ndjson"};
};

TEST_F(SeriesTest, ABucketHoldsLeastMostAndLastOfItsUpdates) {
    journal.add("run.started", {{"resumed", false}});
    for (int update = 1; update <= 1000; ++update) journal.metrics(0, update, update % 10 == 3 ? 50.0 : update);
    const auto answer = journal.series({.keys = {"loss"}, .buckets = 100});
    EXPECT_EQ(answer["last_seq"], 1001);
    ASSERT_EQ(answer["series"].size(), 1u);
    EXPECT_EQ(answer["series"][0]["key"], "loss");
    EXPECT_EQ(answer["series"][0]["step_index"], 0);
    const auto& points = answer["series"][0]["points"];
    ASSERT_EQ(points.size(), 100u);
    for (std::size_t b = 0; b < 100; ++b) {
        const double first = 10.0 * static_cast<double>(b) + 1;
        EXPECT_EQ(points[b][0], first + 9);          // the update of its last one
        EXPECT_EQ(points[b][1], (first + 9) * 100);  // its tokens
        EXPECT_EQ(points[b][3], std::min(50.0, first));
        EXPECT_EQ(points[b][4], std::max(50.0, first + 9));
        EXPECT_EQ(points[b][5], first + 9);
    }
}

TEST_F(SeriesTest, FewPointsComeAsTheyAreAndEachStepAndKeyForItself) {
    journal.metrics(0, 1, 3.5);
    journal.add("evaluation", {{"step_index", 0}, {"update", 1}, {"validation_loss", 3.25}});
    journal.metrics(1, 1, std::nan(""));
    const auto series = journal.series({.keys = {"loss", "validation_loss", "nothing"}})["series"];
    ASSERT_EQ(series.size(), 3u);
    EXPECT_EQ(series[0]["points"][0][5], 3.5);
    EXPECT_EQ(series[1]["step_index"], 1);
    EXPECT_EQ(series[1]["points"][0][5], "nan");
    EXPECT_EQ(series[2]["key"], "validation_loss");
    EXPECT_EQ(series[2]["points"][0], json::array({1, 100.0, series[2]["points"][0][2], 3.25, 3.25, 3.25}));
}

TEST_F(SeriesTest, WhatARollbackOrAResumeTrainedAgainReplacesWhatWasThere) {
    for (int update = 1; update <= 10; ++update) journal.metrics(0, update, 1);
    journal.add("rollback", {{"step_index", 0}, {"from_update", 10}, {"to_update", 4}});
    for (int update = 5; update <= 8; ++update) journal.metrics(0, update, 2);
    journal.metrics(1, 1, 7);
    journal.add("run.started", {{"resumed", true}, {"step_index", 0}, {"update", 6}});
    journal.metrics(0, 7, 3);  // the checkpoint was older than what had been trained
    const auto series = journal.series({.keys = {"loss"}})["series"];
    ASSERT_EQ(series.size(), 1u) << "the second step was trained from a state that is gone";
    std::vector<std::pair<int, double>> points;
    for (const auto& point : series[0]["points"]) points.emplace_back(point[0], point[5]);
    EXPECT_EQ(points, (std::vector<std::pair<int, double>>{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 2}, {6, 2}, {7, 3}}));
}

TEST_F(SeriesTest, PausesDoNotCountAsTime) {
    const auto at = [](int second) {
        return fmt::format("2026-01-01T00:{:02}:{:02}.500Z", second / 60, second % 60);
    };
    const fs::path file = directory() / "timed.ndjson";
    std::string lines;
    int seq = 0;
    const auto line = [&](int second, const std::string& event, json fields) {
        json whole = {{"seq", ++seq}, {"time", at(second)}, {"event", event}};
        whole.update(fields);
        lines += whole.dump() + "\n";
    };
    line(0, "run.started", json::object());
    line(10, "metrics", {{"update", 1}, {"loss", 1}});
    line(15, "run.paused", json::object());
    line(300, "run.resumed", json::object());
    line(310, "metrics", {{"update", 2}, {"loss", 1}});
    line(312, "run.stopped", json::object());
    line(500, "run.started", json::object());
    line(503, "metrics", {{"update", 3}, {"loss", 1}});
    put(file, lines);
    const auto answer = readSeries(file, {.keys = {"loss"}});
    ASSERT_TRUE(answer);
    const auto& points = (*answer)["series"][0]["points"];
    EXPECT_DOUBLE_EQ(points[0][2], 10);
    EXPECT_DOUBLE_EQ(points[1][2], 25);
    EXPECT_DOUBLE_EQ(points[2][2], 30);
}

TEST_F(SeriesTest, OnlyEventsAfterTheGivenOneCount) {
    for (int update = 1; update <= 10; ++update) journal.metrics(0, update, update);
    const auto answer = journal.series({.keys = {"loss"}, .afterSeq = 7});
    EXPECT_EQ(answer["series"][0]["points"].size(), 3u);
    EXPECT_EQ(answer["series"][0]["points"][0][0], 8);
    EXPECT_EQ(answer["last_seq"], 10);
    EXPECT_TRUE(journal.series({.keys = {"loss"}, .afterSeq = 10})["series"].empty());
}

class RunContentTest : public BrokerTest {
protected:
    RunContentTest() { ::unsetenv("HF_HOME"); ::unsetenv("HF_HUB_CACHE"); }
    static std::vector<std::string> runsOf(const json& list) {
        std::vector<std::string> names;
        for (const json& record : list["runs"]) names.push_back(record["run"]);
        return names;
    }
    void makeModel(const fs::path& model, const std::string& config = R"({"model_type": "qwen2"})") const {
        fs::create_directories(model);
        put(model / "config.json", config);
        put(model / "model.safetensors", std::string(1000, 'w'));
    }
};

TEST_F(RunContentTest, ALongJournalComesInBuckets) {
    const fs::path run = makeRun("long");
    {
        Journal journal(run / "events.ndjson");
        for (int update = 1; update <= 5000; ++update) journal.metrics(0, update, 1.0 / update);
    }
    startBroker();
    EngineClient client = greeted();
    const json answer = client.result("run.series", {{"run", "long"}, {"keys", {"loss"}}, {"buckets", 50}});
    EXPECT_EQ(answer["series"][0]["points"].size(), 50u);
    EXPECT_EQ(answer["last_seq"], 5000);
    client.call("run.attach", {{"run", "long"}, {"after_seq", answer["last_seq"]}});
    EXPECT_EQ(client.notification("run.live")["seq"], 5000) << "nothing of what the buckets hold comes again";
    for (const json& wrong : {json{{"run", "long"}, {"keys", json::array()}}, json{{"run", "long"}},
                              json{{"run", "long"}, {"keys", {"loss"}}, {"buckets", 0}}})
        EXPECT_EQ(client.error("run.series", wrong)["code"], -32602) << wrong;
    EXPECT_EQ(client.error("run.series", {{"run", "none"}, {"keys", {"loss"}}})["code"], 5);
}

TEST_F(RunContentTest, FilesAreNamedWithTheirSizesAndNoLinkIsFollowed) {
    const fs::path run = makeRun("one");
    fs::create_directories(run / "model");
    put(run / "model" / "config.json", "{}\n");
    put(directory() / "secret", "not a part of the run");
    fs::create_symlink(directory() / "secret", run / "link");
    fs::create_directory_symlink(directory(), run / "model" / "out");
    startBroker();
    const json files = greeted().result("run.files", {{"run", "one"}})["files"];
    std::map<std::string, int64_t> sizes;
    for (const json& file : files) sizes[file["path"]] = file["size_bytes"];
    EXPECT_EQ(sizes.at("model/config.json"), 3);
    EXPECT_EQ(sizes.at("plan.json"), static_cast<int64_t>(fs::file_size(run / "plan.json")));
    EXPECT_FALSE(sizes.contains("link"));
    for (const auto& [path, size] : sizes) EXPECT_EQ(path.find("out/"), std::string::npos) << path;
    EXPECT_TRUE(files[0]["modified"].get<std::string>().ends_with("Z"));
}

TEST_F(RunContentTest, EvaluationsComeOldestFirstAndDamagedOnesAreLeftOut) {
    const fs::path run = makeRun("one");
    fs::create_directories(run / "evaluations");
    put(run / "evaluations" / "20260102-000000-now.json", R"({"stage": "now", "model": "second"})");
    put(run / "evaluations" / "20260101-000000-setup.json", R"({"stage": "setup", "model": "first"})");
    put(run / "evaluations" / "20260103-000000-now.json", "{\"stage\": ");
    put(run / "evaluations" / "20260104-000000-now.json", std::string(100000, '['));
    put(run / "evaluations" / ".20260105.tmp", "{}");
    startBroker();
    const json evaluations = greeted().result("run.evaluations", {{"run", "one"}})["evaluations"];
    ASSERT_EQ(evaluations.size(), 2u);
    EXPECT_EQ(evaluations[0]["model"], "first");
    EXPECT_EQ(evaluations[1]["model"], "second");
}

TEST_F(RunContentTest, ADeletedRunIsGoneAndComesBackWhole) {
    const fs::path run = makeRun("one");
    makeRun("other");
    put(run / "notes.txt", "kept");
    startBroker();
    EngineClient client = greeted(), watcher = greeted();
    EXPECT_EQ(runsOf(watcher.result("run.list", {{"watch", true}})).size(), 2u);
    const fs::path trash = client.result("run.delete", {{"run", "one"}})["trash"].get<std::string>();
    EXPECT_EQ(trash, runs() / ".trash" / "one");
    EXPECT_EQ(bytesOf(trash / "notes.txt"), "kept");
    EXPECT_FALSE(fs::exists(run));
    EXPECT_EQ(watcher.notification("run.removed")["run"], "one");
    EXPECT_EQ(runsOf(client.result("run.list")), std::vector<std::string>{"other"});
    EXPECT_EQ(client.error("run.delete", {{"run", "one"}})["code"], 5);
    client.result("run.restore", {{"run", "one"}});
    EXPECT_EQ(bytesOf(run / "notes.txt"), "kept");
    // Other changes may be told before it.
    EXPECT_TRUE(eventually([&] { return watcher.notification("run.changed")["record"]["run"] == "one"; }));
    EXPECT_EQ(client.error("run.restore", {{"run", "one"}})["code"], 5);
}

TEST_F(RunContentTest, TwoDeletedRunsOfOneNameAreBothKept) {
    startBroker();
    EngineClient client = greeted();
    for (const char* note : {"first", "second"}) {
        put(makeRun("one") / "notes.txt", note);
        client.result("run.delete", {{"run", "one"}});
    }
    client.result("run.restore", {{"run", "one"}});
    EXPECT_EQ(bytesOf(runs() / "one" / "notes.txt"), "second") << "the one that was deleted last";
    const json refusal = client.error("run.restore", {{"run", "one"}});
    EXPECT_NE(refusal["message"].get<std::string>().find("there is a run \"one\" again"), std::string::npos);
    EXPECT_EQ(bytesOf(runs() / ".trash" / "one" / "notes.txt"), "first");
}

TEST_F(RunContentTest, ARunThatIsWorkedOnIsNotDeletedAndAQueuedOneLeavesTheQueue) {
    const fs::path running = makeRun("running");
    makeRun("waiting");
    const auto lock = run::RunLock::acquire(running);
    ASSERT_TRUE(lock);
    startBroker();
    EngineClient client = greeted();
    EXPECT_EQ(client.error("run.delete", {{"run", "running"}})["code"], 3);
    EXPECT_TRUE(fs::exists(running / "run.json"));
    client.result("run.queue", {{"order", {"waiting"}}});
    client.result("run.delete", {{"run", "waiting"}});
    EXPECT_TRUE(client.result("run.list")["queue"].empty());
}

TEST_F(RunContentTest, ANameThatIsAPathReachesNothing) {
    put(directory() / "run.json", "{}");
    startBroker();
    EngineClient client = greeted();
    for (const char* method : {"run.delete", "run.restore", "run.files", "run.evaluations"})
        for (const char* name : {"..", "../..", ".trash", "a/b", "", "."})
            EXPECT_EQ(client.error(method, {{"run", name}})["code"], -32602) << method << " " << name;
    EXPECT_TRUE(fs::exists(directory() / "run.json"));
}

TEST_F(RunContentTest, TheModelsOfTheMachineAreListedOnce) {
    const fs::path cache = directory() / "XDG_CACHE_HOME" / "huggingface" / "hub" / "models--acme--tiny";
    makeModel(cache / "snapshots" / "1111");
    makeModel(cache / "snapshots" / "2222");
    fs::create_directories(cache / "refs");
    put(cache / "refs" / "main", "1111\n");
    fs::create_directories(cache / "snapshots" / "1111");
    put(cache / "snapshots" / "1111" / "tiny-q4.gguf", "GGUF");
    makeModel(directory() / "models" / "acme--small");
    fs::create_directories(directory() / "models" / ".acme--half.download");
    fs::create_directories(directory() / "models" / "empty");
    makeModel(makeRun("pretrained") / "model");
    makeModel(makeRun("converted") / "model", R"({"model_type": "rad_rwkv7", "radlads_family": "qwen2"})");
    makeModel(directory() / "elsewhere" / "mine");
    for (const char* name : {"used", "used-again"}) {
        const fs::path run = makeRun(name);
        json plan = json::parse(bytesOf(run / "plan.json"));
        plan["teacher"]["path"] = (directory() / "elsewhere" / "mine").string();
        put(run / "plan.json", plan.dump());
    }
    startBroker();
    const json models = greeted().result("model.list")["models"];
    std::map<std::string, json> byName;
    for (const json& model : models) EXPECT_TRUE(byName.emplace(model["name"], model).second) << model;
    EXPECT_EQ(byName.size(), 7u) << models.dump(2);
    EXPECT_EQ(models[0]["path"], "demo");
    EXPECT_EQ(byName.at("acme/tiny")["path"], (cache / "snapshots" / "1111").string()) << "what refs/main names";
    EXPECT_EQ(byName.at("acme/tiny")["source"], "cache");
    EXPECT_EQ(byName.at("acme/tiny/tiny-q4.gguf")["kind"], "gguf");
    EXPECT_EQ(byName.at("acme--small")["source"], "download");
    EXPECT_EQ(byName.at("acme--small")["size_bytes"], 1000 + 23);
    EXPECT_EQ(byName.at("pretrained")["source"], "run");
    EXPECT_EQ(byName.at("pretrained")["is_student"], false);
    EXPECT_EQ(byName.at("converted")["is_student"], true);
    EXPECT_EQ(byName.at("mine")["source"], "recent");
}

TEST_F(RunContentTest, ADirectoryIsListedWithWhatItsEntriesAre) {
    makeModel(directory() / "tree" / "a model");
    makeRun("one");
    fs::create_directory_symlink(runs() / "one", directory() / "tree" / "b run");
    put(directory() / "tree" / "c.gguf", "GGUF");
    put(directory() / "tree" / "d.jsonl.zst", "");
    put(directory() / "tree" / "e\xff.bin", "12345");
    startBroker();
    EngineClient client = greeted();
    const json list = client.result("file.list", {{"path", (directory() / "tree" / ".").string()}});
    EXPECT_EQ(list["path"], (directory() / "tree").string());
    EXPECT_EQ(list["parent"], directory().string());
    std::vector<std::string> kinds;
    for (const json& entry : list["entries"]) kinds.push_back(entry["kind"]);
    EXPECT_EQ(kinds, (std::vector<std::string>{"model", "run", "gguf", "text", "other"}));
    EXPECT_EQ(list["entries"][0]["directory"], true);
    EXPECT_EQ(list["entries"][0]["size_bytes"], nullptr);
    EXPECT_EQ(list["entries"][4]["size_bytes"], 5);
    EXPECT_EQ(client.result("file.list")["path"], directory().string()) << "the home directory";
    EXPECT_EQ(client.result("file.list", {{"path", "~/tree"}})["entries"].size(), 5u);
    EXPECT_EQ(client.error("file.list", {{"path", "tree"}})["code"], -32602);
    EXPECT_EQ(client.error("file.list", {{"path", (directory() / "nothing").string()}})["code"], 5);
}

}  // namespace
}  // namespace radlads::test
