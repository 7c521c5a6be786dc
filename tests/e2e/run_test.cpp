// Runs from their directories, by the real programs: stopped, interrupted, paused, rolled back, out of space.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/run/machine.h"
#include "engine/run/run_directory.h"
#include "engine/run/support.h"
#include "tests/run/temporary_directory.h"
#include "tests/server/engine_process.h"

namespace {

using namespace radlads;
using nlohmann::json;
using test::EngineProcess;
using test::Outcome;
namespace fs = std::filesystem;

const std::string kEngine = std::string(RADLADS_BIN_DIR) + "/radlads-engine";

class Runs : public test::TemporaryDirectory {
protected:
    Runs() {
        setenv("RADLADS_CACHE", (directory() / "cache").c_str(), 1);
        setenv("RADLADS_RESOURCES", RADLADS_SOURCE_DIR "/resources", 1);
    }
    // Three short steps on the embedded teacher.
    fs::path writePlan(const json& changes = json::object()) const {
        json plan = json::parse(R"({
            "schema": "radlads.plan/1", "name": "test", "seed": 3, "teacher": {"path": "demo"},
            "data": {"sources": [{"path": "demo:7:300"}], "validation": {"windows": 2, "every_steps": 20}},
            "steps": [
              {"kind": "align", "tokens": 8192, "sequence_length": 64, "batch_size": 4, "learning_rate": {"initial": 1e-3}},
              {"kind": "distill", "tokens": 8192, "sequence_length": 64, "batch_size": 4, "learning_rate": {"initial": 3e-4}},
              {"kind": "extend", "tokens": 4096, "sequence_length": 128, "batch_size": 2, "learning_rate": {"initial": 3e-4}}
            ],
            "checkpoints": {"every_tokens": 2048, "every_minutes": 0}})");
        plan.merge_patch(changes);
        const fs::path path = directory() / "plan.json";
        put(path, plan.dump());
        return path;
    }
    std::vector<std::string> runArguments(const fs::path& run, const fs::path& plan) const {
        return {"run", plan.string(), "--directory", run.string(), "--quiet"};
    }
    Outcome engine(const std::vector<std::string>& arguments) const { return EngineProcess(kEngine, arguments).finish(); }
    static std::vector<json> events(const fs::path& run) {
        run::JournalReader reader(run / "events.ndjson");
        std::vector<json> all;
        for (auto next = reader.next(); next && !next->empty(); next = reader.next()) all.insert(all.end(), next->begin(), next->end());
        return all;
    }
    static size_t count(const fs::path& run, const std::string& event) {
        size_t found = 0;
        for (const json& line : events(run)) found += line.value("event", "") == event ? 1 : 0;
        return found;
    }
    // Waits, within a deadline, until the journal holds so many events of a kind.
    static bool waitFor(const fs::path& run, const std::string& event, size_t wanted) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
        while (count(run, event) < wanted) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }
    static std::string model(const fs::path& run) { return bytesOf(run / "model" / "model.safetensors"); }
    // The model of an undisturbed run of the default plan.
    std::string undisturbed() {
        const fs::path run = directory() / "undisturbed";
        const Outcome outcome = engine(runArguments(run, writePlan()));
        EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
        return model(run);
    }
};

TEST_F(Runs, FinishWithAModelAndAJournalWithoutHoles) {
    const fs::path run = directory() / "run";
    const fs::path exported = directory() / "exported";
    const Outcome outcome = engine(runArguments(run, writePlan({{"export", json::array({{{"format", "hf"}, {"path", exported.string()}}})}})));
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_TRUE(bytesOf(exported / "model.safetensors") == model(run));
    for (const char* file : {"config.json", "model.safetensors", "tokenizer.json", "modeling_radlads.py"}) EXPECT_TRUE(fs::exists(run / "model" / file)) << file;
    uint64_t sequence = 0;
    for (const json& event : events(run)) {
        const uint64_t next = event.at("seq").get<uint64_t>();
        if (sequence > 0) { EXPECT_EQ(next, sequence + 1); }
        sequence = next;
    }
    EXPECT_EQ(count(run, "metrics"), 32u + 32u + 16u);
    EXPECT_EQ(count(run, "step.finished"), 3u);
    EXPECT_EQ(count(run, "run.finished"), 1u);
    // Layers: their losses while they are aligned, then the norms of their gradients, which make up most of the whole.
    std::map<int, size_t> losses, norms;
    double whole = 0;
    for (const json& event : events(run)) {
        if (event["event"] == "metrics") whole = event["gradient_norm"].get<double>();
        if (event["event"] != "layers") continue;
        const int step = event["step_index"].get<int>();
        losses[step] += event.contains("losses");
        norms[step] += event.contains("gradient_norms");
        if (!event.contains("gradient_norms")) continue;
        ASSERT_EQ(event["gradient_norms"].size(), 2u);
        double squares = 0;
        for (const json& norm : event["gradient_norms"]) {
            EXPECT_GT(norm.get<double>(), 0);
            squares += norm.get<double>() * norm.get<double>();
        }
        EXPECT_LE(std::sqrt(squares), whole * (1 + 1e-6));
    }
    EXPECT_EQ(losses, (std::map<int, size_t>{{0, 4}, {1, 0}, {2, 0}}));
    EXPECT_EQ(norms, (std::map<int, size_t>{{0, 0}, {1, 4}, {2, 2}}));
    EXPECT_EQ(engine({"resume", run.string()}).exitCode, 0);
    EXPECT_EQ(engine({"generate", (run / "model").string(), "-p", " the", "-n", "5"}).exitCode, 0);
}

TEST_F(Runs, InterruptedByCtrlCTheyResumeToTheSameBits) {
    const fs::path run = directory() / "run", plan = writePlan();
    for (const char* step : {"align", "distill"}) {
        EngineProcess process(kEngine, step == std::string("align") ? runArguments(run, plan) : std::vector<std::string>{"resume", run.string(), "--quiet"});
        ASSERT_TRUE(waitFor(run, "metrics", step == std::string("align") ? 5 : 40));
        process.signal(SIGINT);
        const Outcome outcome = process.finish();
        ASSERT_EQ(outcome.exitCode, 130) << outcome.err;
        EXPECT_NE(outcome.out.find("resume"), std::string::npos) << outcome.out;
    }
    ASSERT_EQ(engine({"resume", run.string(), "--quiet"}).exitCode, 0);
    EXPECT_TRUE(model(run) == undisturbed()) << "the weights differ";
}

// Where the processor multiplies these; elsewhere such a plan is refused.
TEST_F(Runs, InNarrowPrecisionsTheyResumeToTheSameBitsWithMastersInFloat32) {
    const run::Support support = run::supportOf(run::describeMachine());
    const std::string exact = undisturbed();
    for (const auto& [precision, needed] : {std::pair<std::string, std::string>{"bf16", "AVX512_BF16"}, {"fp16", "AVX512_FP16"}}) {
        const std::string dtype = precision == "bf16" ? "bfloat16" : "float32";
        const json changes = {{"hardware", {{"precision", precision}}}, {"teacher", {{"dtype", dtype}}}};
        const fs::path run = directory() / ("run-" + precision), other = directory() / ("other-" + precision), plan = writePlan(changes);
        if (!run::contains(support.precision, precision)) {
            const Outcome outcome = engine(runArguments(run, plan));
            EXPECT_EQ(outcome.exitCode, 2);
            EXPECT_NE(outcome.err.find(needed), std::string::npos) << outcome.err;
            continue;
        }
        EngineProcess process(kEngine, runArguments(run, plan));
        ASSERT_TRUE(waitFor(run, "metrics", 5));
        process.signal(SIGINT);
        ASSERT_EQ(process.finish().exitCode, 130);
        ASSERT_EQ(engine({"resume", run.string(), "--quiet"}).exitCode, 0);
        ASSERT_EQ(engine(runArguments(other, plan)).exitCode, 0);
        EXPECT_TRUE(model(run) == model(other)) << precision << ": the weights differ";
        EXPECT_EQ(model(run).size(), exact.size()) << precision << ": the masters are not float32";
        EXPECT_FALSE(model(run) == exact) << "nothing was computed in " << precision;
    }
}

TEST_F(Runs, PauseResumeCheckpointAndStopWorkThroughTheDirectory) {
    const fs::path run = directory() / "run";
    EngineProcess process(kEngine, runArguments(run, writePlan()));
    ASSERT_TRUE(waitFor(run, "metrics", 3));
    ASSERT_EQ(engine({"pause", run.string()}).exitCode, 0);
    ASSERT_TRUE(waitFor(run, "run.paused", 1));
    EXPECT_EQ(run::inspectRun(run)->state, run::RunState::Paused);
    ASSERT_EQ(engine({"resume", run.string()}).exitCode, 0);
    ASSERT_TRUE(waitFor(run, "run.resumed", 1));
    const size_t before = count(run, "checkpoint.saved");
    ASSERT_EQ(engine({"checkpoint", run.string()}).exitCode, 0);
    ASSERT_TRUE(waitFor(run, "checkpoint.saved", before + 1));
    ASSERT_EQ(engine({"stop", run.string()}).exitCode, 0);
    EXPECT_EQ(process.finish().exitCode, 0);
    EXPECT_EQ(count(run, "run.stopped"), 1u);
    ASSERT_EQ(engine({"resume", run.string(), "--quiet"}).exitCode, 0);
    EXPECT_TRUE(model(run) == undisturbed()) << "the weights differ";
}

TEST_F(Runs, ARunThatIsInUseIsRefused) {
    const fs::path run = directory() / "run";
    EngineProcess process(kEngine, runArguments(run, writePlan()));
    ASSERT_TRUE(waitFor(run, "metrics", 1));
    ASSERT_EQ(engine({"pause", run.string()}).exitCode, 0);
    ASSERT_TRUE(waitFor(run, "run.paused", 1));
    const Outcome second = EngineProcess(std::string(RADLADS_BIN_DIR) + "/radlads-worker", {"resume", run.string()}).finish();
    EXPECT_EQ(second.exitCode, 1);
    EXPECT_NE(second.err.find("in use"), std::string::npos) << second.err;
    process.signal(SIGINT);
    EXPECT_EQ(process.finish().exitCode, 130);
}

TEST_F(Runs, ADivergingRunRollsBackWithSmallerRatesAndThenSaysWhatToDo) {
    const fs::path run = directory() / "run";
    const json steps = json::parse(R"([{"kind": "distill", "tokens": 16384, "sequence_length": 64, "batch_size": 4, "gradient_clip": 0,
                                        "learning_rate": {"initial": 1e-5, "final": 1000, "schedule": "exp", "warmup_steps": 0}}])");
    const Outcome outcome = engine(runArguments(run, writePlan({{"steps", steps}, {"guard", {{"max_rollbacks", 2}}}})));
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_NE(outcome.err.find("after 2 rollbacks; lower steps[0].learning_rate.initial"), std::string::npos) << outcome.err;
    EXPECT_EQ(count(run, "rollback"), 2u);
    std::vector<double> factors;
    for (const json& event : events(run)) {
        if (event.at("event") == "rollback") factors.push_back(event.at("learning_rate_factor"));
    }
    EXPECT_EQ(factors, (std::vector<double>{0.5, 0.25}));
    EXPECT_EQ(run::inspectRun(run)->state, run::RunState::Failed);
}

TEST_F(Runs, AFullDiskPausesTheRunAndNothingIsLost) {
    const fs::path run = directory() / "run", plan = writePlan();
    // A limit on the size of files stands for a full disk: it is below a checkpoint and above everything else.
    const std::string command = "ulimit -f 400; exec " + kEngine + " run " + plan.string() + " --directory " + run.string();
    EngineProcess process("/bin/bash", {"-c", command});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    const auto paused = [&] {
        const auto info = run::inspectRun(run);
        return info && info->state == run::RunState::Paused;
    };
    while (!paused() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    ASSERT_TRUE(paused());
    process.signal(SIGINT);
    const Outcome outcome = process.finish();
    EXPECT_NE(outcome.err.find("is full"), std::string::npos) << outcome.err;
    ASSERT_EQ(engine({"resume", run.string(), "--quiet"}).exitCode, 0);
    EXPECT_TRUE(model(run) == undisturbed()) << "the weights differ";
}

TEST_F(Runs, BadPlansAreRefusedBeforeAnythingIsWritten) {
    const struct {
        json changes;
        const char* says;
    } cases[] = {
        {{{"teacher", {{"path", "/nowhere"}}}}, "/nowhere"},
        {{{"data", {{"sources", json::array({{{"path", "demo:7:1"}}})}}}}, "window"},
        {{{"student", {{"architecture", "rad-rwkv7"}, {"attention_layers", {99}}}}}, "no layer 99"},
        {{{"export", json::array({{{"format", "gguf"}, {"path", "x"}}})}}, "export[0].format"},
    };
    for (const auto& [changes, says] : cases) {
        const fs::path run = directory() / "bad";
        const Outcome outcome = engine(runArguments(run, writePlan(changes)));
        EXPECT_EQ(outcome.exitCode, 2) << outcome.err;
        EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
        EXPECT_FALSE(fs::exists(run / "model"));
        fs::remove_all(run);
    }
}

}  // namespace
