// What the broker has the worker do: questions (inspect, preview) and jobs, with the real worker.
#include <fmt/format.h>

#include "tests/io/tiny_gguf.h"
#include "tests/server/broker_test.h"

namespace radlads::test {
namespace {

using nlohmann::json;

class JobsTest : public BrokerTest {
protected:
    struct Ended {
        std::vector<json> events;
        json result, error;
    };
    // Starts a job and waits for its end.
    static Ended finish(EngineClient& client, const std::string& method, const json& params) {
        return finish(client, client.result(method, params)["job"].get<std::string>());
    }
    static Ended finish(EngineClient& client, const std::string& job) {
        Ended ended;
        while (true) {
            const std::optional<json> message = client.next();
            if (!message) throw std::runtime_error("the session ended before the job");
            if (message->value("method", "") == "job.event" && (*message)["params"]["job"] == job)
                ended.events.push_back((*message)["params"]["event"]);
            if (message->value("method", "") != "job.finished" || (*message)["params"]["job"] != job) continue;
            ended.result = (*message)["params"].value("result", json());
            ended.error = (*message)["params"].value("error", json());
            return ended;
        }
    }
    Outcome worker(const std::vector<std::string>& arguments) const {
        return EngineProcess(RADLADS_BIN_DIR "/radlads-worker", arguments).finish();
    }
    // Workers below the broker at present.
    std::size_t workers() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator("/proc")) {
            const std::string status = bytesOf(entry.path() / "status");
            count += status.find(fmt::format("\nPPid:\t{}\n", broker().id())) != std::string::npos &&
                             status.find("(zombie)") == std::string::npos
                         ? 1
                         : 0;
        }
        return count;
    }
    EngineProcess& broker() const { return const_cast<JobsTest*>(this)->BrokerTest::broker(); }
    static json shortPlan() {
        json plan = planJson("short");
        plan["steps"][0]["tokens"] = 1024;
        plan["steps"][1]["tokens"] = 512;
        return plan;
    }
};

TEST_F(JobsTest, AModelIsInspectedAndItsFitnessTold) {
    startBroker();
    EngineClient client = greeted();
    const json demo = client.result("model.inspect", {{"path", "demo"}});
    EXPECT_EQ(demo["convertible"], json({{"ok", true}, {"reason", ""}}));
    EXPECT_GT(demo["config"]["layers"], 0);
    put(directory() / "tiny.gguf", testing::tinyGguf());
    const json gguf = client.result("model.inspect", {{"path", (directory() / "tiny.gguf").string()}});
    EXPECT_EQ(gguf["convertible"]["ok"], false);
    EXPECT_NE(gguf["convertible"]["reason"].get<std::string>().find("convert it"), std::string::npos);
    put(directory() / "text.txt", "a text\n");
    EXPECT_EQ(client.result("model.inspect", {{"path", (directory() / "text.txt").string()}})["convertible"]["ok"],
              false);
    const json missing = client.error("model.inspect", {{"path", "/nothing/here"}});
    EXPECT_EQ(missing["code"], 2);
    EXPECT_NE(missing["message"].get<std::string>().find("/nothing/here"), std::string::npos);
    makeRun("empty");
    EXPECT_EQ(client.error("model.inspect", {{"path", "empty"}})["code"], 5);
}

TEST_F(JobsTest, AnAnswerIsKeptUntilTheModelChanges) {
    fs::copy(RADLADS_SOURCE_DIR "/resources/demo/teacher", directory() / "teacher", fs::copy_options::recursive);
    startBroker();
    EngineClient client = greeted();
    const json params = {{"path", (directory() / "teacher").string()}};
    EXPECT_EQ(client.result("model.inspect", params)["convertible"]["ok"], true);
    fs::resize_file(directory() / "teacher" / "model.safetensors", 1000);
    const json answer = client.call("model.inspect", params);
    EXPECT_TRUE(answer.contains("error") || answer["result"]["convertible"]["ok"] == false) << answer;
}

TEST_F(JobsTest, DataIsPreviewedAsTheFormatThatWasChosen) {
    put(directory() / "data.txt", "{\"text\": \"one\"}\n{\"text\": \"two and more\"}\n");
    startBroker();
    EngineClient client = greeted();
    const std::string path = (directory() / "data.txt").string();
    const json lines = client.result("data.preview", {{"path", path}, {"tokenizer", "demo"}, {"format", "jsonl"}});
    EXPECT_EQ(lines["documents"], 2);
    ASSERT_EQ(lines["samples"].size(), 2u);
    std::string second;
    for (const json& piece : lines["samples"][1]["pieces"]) second += piece.get<std::string>();
    EXPECT_EQ(second, "two and more");
    const json text = client.result("data.preview", {{"path", path}, {"tokenizer", "demo"}, {"format", "text"}});
    EXPECT_EQ(text["documents"], 1);
    EXPECT_GT(text["tokens"], lines["tokens"]);
    EXPECT_EQ(client.result("data.preview", {{"path", "demo:7:20"}, {"tokenizer", "demo"}})["documents"], 20);
    EXPECT_EQ(client.error("data.preview", {{"path", path}, {"format", "parquet"}})["code"], 2);
    const json model = client.error("data.preview", {{"path", RADLADS_SOURCE_DIR "/resources/demo/teacher"}});
    EXPECT_EQ(model["data"]["key"], "path");
    EXPECT_NE(model["message"].get<std::string>().find("no text and no tokenised dataset"), std::string::npos);
}

// The broker computes by itself what `check` prints: the two must never differ.
TEST_F(JobsTest, ThePreviewOfAPlanIsWhatCheckSays) {
    for (const char* architecture : {"rad-rwkv7", "rad-rwkv6"}) {
        json plan = shortPlan();
        plan["student"]["architecture"] = architecture;
        put(directory() / "plan.json", plan.dump());
        const Outcome check = worker({"check", (directory() / "plan.json").string(), "--json", "--no-probe"});
        ASSERT_EQ(check.exitCode, 0) << check.err;
        const json expected = json::parse(check.out);
        startBroker();
        EngineClient client = greeted();
        const json preview = client.result("plan.preview", {{"plan", plan}, {"cost_per_hour", 2.0}});
        EXPECT_EQ(preview["resolved_plan"], expected["resolved_plan"]);
        for (const char* key : {"parameters", "mixer_parameters", "new_parameters"})
            EXPECT_EQ(preview["model"][key], expected["model"][key]) << key;
        EXPECT_EQ(preview["teacher"]["parameters"], expected["teacher"]["parameters"]);
        ASSERT_EQ(preview["steps"].size(), expected["steps"].size());
        for (std::size_t i = 0; i < expected["steps"].size(); ++i)
            for (const auto& [key, value] : expected["steps"][i].items()) EXPECT_EQ(preview["steps"][i][key], value) << key;
        for (const auto& [key, value] : expected["totals"].items()) EXPECT_EQ(preview["totals"][key], value) << key;
        const double seconds = preview["totals"]["seconds"];
        EXPECT_GT(seconds, 0);
        EXPECT_NEAR(preview["totals"]["cost"].get<double>(), seconds / 3600 * 2, 1e-9);
        EXPECT_GT(client.result("engine.describe")["gemm_flops_per_second"], 1e8);
    }
}

TEST_F(JobsTest, APlanThatCannotWorkIsRefusedAtItsKey) {
    startBroker();
    EngineClient client = greeted();
    json plan = shortPlan();
    plan["teacher"]["path"] = "/no/such/model";
    EXPECT_EQ(client.error("plan.preview", {{"plan", plan}})["data"]["key"], "teacher.path");
    plan = shortPlan();
    plan["student"]["attention_layers"] = {99};
    EXPECT_EQ(client.error("plan.preview", {{"plan", plan}})["data"]["key"], "student.attention_layers");
    plan["steps"][0]["tokens"] = 0;
    EXPECT_EQ(client.error("plan.preview", {{"plan", plan}})["data"]["key"], "steps.0.tokens");
    EXPECT_EQ(client.error("plan.probe", {{"plan", plan}})["data"]["key"], "steps.0.tokens");
}

TEST_F(JobsTest, AProbeMeasures) {
    startBroker();
    EngineClient client = greeted();
    const Ended probe = finish(client, "plan.probe", {{"plan", shortPlan()}});
    ASSERT_TRUE(probe.result.is_object()) << probe.error;
    EXPECT_EQ(probe.result["steps"][0]["seconds_basis"], "measured");
    EXPECT_GT(probe.result["steps"][0]["seconds"], 0);
    ASSERT_FALSE(probe.events.empty());
    for (const json& event : probe.events) EXPECT_FALSE(event["text"].get<std::string>().empty());
    EXPECT_EQ(client.result("engine.describe")["gemm_flops_per_second"],
              probe.result["hardware"]["sgemm_flops_per_second"]);
}

TEST_F(JobsTest, AGenerationComesInPiecesAndTheSameSeedGivesTheSameText) {
    startBroker();
    EngineClient client = greeted();
    const json params = {{"model", "demo"}, {"prompt", "Once upon"}, {"tokens", 30}, {"temperature", 0.8}, {"seed", 4}};
    const Ended first = finish(client, "generate.start", params);
    ASSERT_TRUE(first.result.is_object()) << first.error;
    ASSERT_GE(first.events.size(), 2u);
    EXPECT_EQ(first.events.front()["tokens"], 0) << "the prompt has been read";
    std::string text;
    for (const json& event : first.events) text += event["text"].get<std::string>();
    EXPECT_EQ(text, first.result["text"]);
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(finish(client, "generate.start", params).result["text"], text);
    const json wrong = client.error("generate.start", {{"model", "demo"}, {"prompt", "x"}, {"temperature", -1}});
    EXPECT_EQ(wrong["data"]["key"], "temperature");
    EXPECT_EQ(client.error("generate.start", {{"model", "no-such-run"}, {"prompt", "x"}})["code"], 5);
    const Ended dash = finish(client, "generate.start", {{"model", "demo"}, {"prompt", "--help"}, {"tokens", 1}});
    EXPECT_TRUE(dash.result.is_object()) << "a prompt is never an option: " << dash.error;
}

TEST_F(JobsTest, ACancelledJobEndsAtOnceAndSaysSo) {
    startBroker();
    EngineClient client = greeted();
    const std::string job = client.result("generate.start", {{"model", "demo"},
                                                             {"prompt", "Once"},
                                                             {"tokens", 1 << 28}, {"ignore_eos", true},
                                                             {"temperature", 0}})["job"];
    client.notification("job.event");
    client.result("job.cancel", {{"job", job}});
    EXPECT_EQ(finish(client, job).error["code"], 9);
    EXPECT_EQ(client.error("job.cancel", {{"job", job}})["code"], 5);
    EXPECT_TRUE(eventually([&] { return workers() == 0; }));
}

TEST_F(JobsTest, AGenerationEndsWithItsSession) {
    startBroker();
    {
        EngineClient client = greeted();
        client.result("generate.start", {{"model", "demo"}, {"prompt", "Once"}, {"tokens", 1 << 28}, {"ignore_eos", true}});
        client.notification("job.event");
        EXPECT_EQ(workers(), 1u);
    }
    EXPECT_TRUE(eventually([&] { return workers() == 0; }));
    EXPECT_TRUE(greeted().call("engine.ping").contains("result"));
}

TEST_F(JobsTest, AGenerationEndsWithTheEngine) {
    startBroker();
    EngineClient client = greeted();
    client.result("generate.start", {{"model", "demo"}, {"prompt", "Once"}, {"tokens", 1 << 28}, {"ignore_eos", true}});
    client.notification("job.event");
    std::vector<fs::path> workers;
    for (const auto& entry : fs::directory_iterator("/proc"))
        if (bytesOf(entry.path() / "status").find(fmt::format("\nPPid:\t{}\n", broker().id())) != std::string::npos)
            workers.push_back(entry.path());
    ASSERT_EQ(workers.size(), 1u);
    broker().signal(SIGKILL);
    EXPECT_TRUE(eventually([&] {
        const std::string status = bytesOf(workers[0] / "status");
        return status.empty() || status.find("(zombie)") != std::string::npos;
    }));
}

TEST_F(JobsTest, AFinishedRunIsInspectedEvaluatedTriedAndExported) {
    startBroker();
    EngineClient client = greeted();
    const std::string run = client.result("run.start", {{"key", "k"}, {"plan", shortPlan()}})["run"];
    client.result("run.attach", {{"run", run}});
    ASSERT_TRUE(eventually([&] { return client.notification("run.event")["event"]["event"] == "run.finished"; }));

    EXPECT_EQ(client.result("model.inspect", {{"path", run}})["convertible"]["ok"], false) << "a student already";
    const json evaluation = {{"run", run}, {"tasks", {"perplexity"}}, {"windows", 2}, {"stage", "setup"}};
    const Ended setup = finish(client, "evaluate.start", evaluation);
    ASSERT_TRUE(setup.result.is_object()) << setup.error;
    EXPECT_EQ(setup.result["stage"], "setup");
    EXPECT_FALSE(setup.events.empty());
    const Ended now = finish(client, "evaluate.start", {{"run", run}, {"tasks", {"perplexity"}}, {"windows", 2}});
    ASSERT_TRUE(now.result.is_object()) << now.error;
    // Of the teacher, kept in the run beside its own.
    const Ended teacher = finish(client, "evaluate.start", {{"run", run},
                                                            {"model", "demo"},
                                                            {"tasks", {"perplexity"}},
                                                            {"data", {"demo:9:50"}},
                                                            {"windows", 2}});
    ASSERT_TRUE(teacher.result.is_object()) << teacher.error;
    const json kept = client.result("run.evaluations", {{"run", run}})["evaluations"];
    ASSERT_EQ(kept.size(), 3u);
    EXPECT_EQ(kept[0]["perplexity"], setup.result["perplexity"]);
    EXPECT_EQ(client.error("evaluate.start", json::object())["data"]["key"], "model");

    const Ended tried = finish(client, "generate.start", {{"model", run}, {"prompt", "Once"}, {"tokens", 5}});
    ASSERT_TRUE(tried.result.is_object()) << tried.error;
    EXPECT_EQ(tried.result["state_kind"], "state");

    const fs::path output = directory() / "exported";
    const Ended exported =
        finish(client, "export.start", {{"model", run}, {"output", output.string()}, {"dtype", "float32"}});
    ASSERT_TRUE(exported.result.is_object()) << exported.error;
    EXPECT_TRUE(fs::exists(output / "model.safetensors"));
    EXPECT_EQ(worker({"inspect", output.string()}).exitCode, 0);
    EXPECT_TRUE(finish(client, "export.start", {{"model", run}, {"output", output.string()}}).result.is_object())
        << "an earlier export is replaced";
    const fs::path other = directory() / "teacher";
    fs::copy(RADLADS_SOURCE_DIR "/resources/demo/teacher", other, fs::copy_options::recursive);
    EXPECT_EQ(finish(client, "export.start", {{"model", run}, {"output", other.string()}}).error["code"], 2);
    EXPECT_TRUE(fs::exists(other / "tokenizer.json")) << "a teacher is not";
    EXPECT_EQ(client.error("export.start", {{"model", run}, {"output", "relative"}})["data"]["key"], "output");
}

TEST_F(JobsTest, AGgufBecomesATeacher) {
    put(directory() / "tiny.gguf", testing::tinyGguf());
    startBroker();
    EngineClient client = greeted();
    const fs::path output = directory() / "teacher";
    const Ended ended = finish(client, "teacher.convert",
                               {{"source", (directory() / "tiny.gguf").string()}, {"output", output.string()}});
    ASSERT_TRUE(ended.result.is_object()) << ended.error;
    EXPECT_EQ(ended.result["path"], output.string());
    EXPECT_EQ(ended.events.back()["done"], ended.events.back()["total"]);
    EXPECT_EQ(client.result("model.inspect", {{"path", output.string()}})["convertible"]["ok"], true);
    put(directory() / "broken.gguf", "GGUF and nothing");
    const Ended broken = finish(client, "teacher.convert", {{"source", (directory() / "broken.gguf").string()},
                                                            {"output", (directory() / "other").string()}});
    EXPECT_EQ(broken.error["code"], 2);
    EXPECT_NE(broken.error["message"].get<std::string>().find("broken.gguf"), std::string::npos) << broken.error;
    EXPECT_FALSE(fs::exists(directory() / "other"));
}

}  // namespace
}  // namespace radlads::test
