// The promises of radlads-engine's command line, kept by the real program.
#include <signal.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "engine/run/run_directory.h"
#include "tests/run/temporary_directory.h"
#include "tests/server/engine_process.h"

namespace radlads::run {
namespace {

using nlohmann::json;
using test::EngineProcess;
using test::Outcome;
using Words = std::vector<std::string>;

const std::string kEngine = RADLADS_BIN_DIR "/radlads-engine";
const Words kOwnCommands{"list", "show", "tail", "pause", "stop", "checkpoint", "plan", "download"};
const Words kWorkerCommands{"demo",    "check",           "run",      "resume",   "inspect", "tokenize",
                            "prepare", "convert-teacher", "generate", "evaluate", "export",  "verify",
                            "bench",   "doctor"};

class Engine : public test::TemporaryDirectory {
protected:
    Engine() {
        ::setenv("RADLADS_RUNS", runs().c_str(), 1);
        ::setenv("RADLADS_RESOURCES", RADLADS_SOURCE_DIR "/resources", 1);
        ::setenv("HOME", directory().c_str(), 1);
    }
    fs::path runs() const { return directory() / "runs"; }
    static Outcome engine(const Words& words) { return EngineProcess(kEngine, words).finish(); }
    static void expectMistake(const Words& words, const std::string& sentence) {
        const Outcome outcome = engine(words);
        EXPECT_EQ(outcome.exitCode, 2) << outcome.err;
        EXPECT_EQ(outcome.err, "radlads-engine: " + sentence + "\n");
        EXPECT_EQ(outcome.out, "");
    }
    // A run with a plan of three steps, in the second of them.
    fs::path makeRun(const std::string& name, const std::string& state) const {
        protocol::Plan plan;
        plan.name = name;
        plan.teacher.path = "/teachers/a";
        plan.data.sources = {{"/data/b.txt", {}, "text", 1.0}};
        for (const auto kind : {protocol::StepKind::Align, protocol::StepKind::Distill, protocol::StepKind::Extend}) {
            protocol::StepPlan step;
            step.kind = kind;
            step.tokens = kind == protocol::StepKind::Distill ? 2000000 : 1000000;
            plan.steps.push_back(step);
        }
        EXPECT_TRUE(protocol::resolvePlan(plan));
        const fs::path run = createRun(runs(), plan, runs() / name).value();
        RunSummary summary = readSummary(run).value();
        summary.state = state;
        summary.stepIndex = 1;
        summary.stepKind = "distill";
        summary.tokens = 1000000;
        summary.totalTokens = 2000000;
        summary.loss = 0.14159;
        summary.tokensPerSecond = 25300;
        summary.etaSeconds = 6720;
        EXPECT_TRUE(writeSummary(run, summary));
        return run;
    }
    static JournalWriter journal(const fs::path& run) { return JournalWriter::open(run / "events.ndjson").value(); }
};

TEST_F(Engine, HelpListsEveryCommandInGroupsAndVersionIsALine) {
    const Outcome help = engine({"--help"});
    EXPECT_EQ(help.exitCode, 0);
    for (const Words& commands : {kOwnCommands, kWorkerCommands})
        for (const std::string& command : commands)
            EXPECT_NE(help.out.find("\n  " + command + " "), std::string::npos) << command;
    EXPECT_NE(help.out.find("\nFollow and steer runs:\n"), std::string::npos);
    EXPECT_EQ(help.err, "");
    EXPECT_EQ(engine({"help"}).out, help.out);
    EXPECT_EQ(engine({"-h"}).out, help.out);
    const Outcome version = engine({"--version"});
    EXPECT_EQ(version.exitCode, 0);
    EXPECT_TRUE(version.out.starts_with("radlads-engine 0.")) << version.out;
}

TEST_F(Engine, EveryOwnCommandExplainsItself) {
    for (const std::string& command : kOwnCommands) {
        const Outcome help = engine({command, "--help"});
        EXPECT_EQ(help.exitCode, 0) << help.err;
        EXPECT_TRUE(help.out.starts_with("Usage: radlads-engine " + command)) << help.out;
        EXPECT_NE(help.out.find("--json"), std::string::npos) << command;
        EXPECT_NE(help.out.find("-h, --help"), std::string::npos) << command;
        EXPECT_EQ(engine({"help", command}).out, help.out);
        EXPECT_EQ(help.err, "");
    }
    EXPECT_EQ(engine({"plan", "new", "--help"}).out, engine({"plan", "--help"}).out);
}

TEST_F(Engine, MistakesAreOneSentenceAndExitCode2) {
    expectMistake({}, "a command is missing; see `radlads-engine --help`");
    expectMistake({"lst"}, "there is no command \"lst\" (did you mean \"list\"?); see `radlads-engine --help`");
    expectMistake({"qqqqqq"}, "there is no command \"qqqqqq\"; see `radlads-engine --help`");
    expectMistake({"list", "--jsn"},
                  "there is no option \"--jsn\" (did you mean --json?); see `radlads-engine list --help`");
    expectMistake({"list", "--json=1"}, "--json takes no value; see `radlads-engine list --help`");
    expectMistake({"list", "x"}, "\"x\" is one argument too many; see `radlads-engine list --help`");
    expectMistake({"list", "--runs"}, "--runs needs a value: DIR; see `radlads-engine list --help`");
    expectMistake({"pause"}, "RUN is missing; see `radlads-engine pause --help`");
    expectMistake({"show", "x", "y"}, "\"y\" is one argument too many; see `radlads-engine show --help`");
    expectMistake({"tail", "--from", "x", "r"},
                  "--from \"x\": expected a whole number; see `radlads-engine tail --help`");
    expectMistake({"plan"}, "`plan` needs the word `new`; see `radlads-engine plan new --help`");
    expectMistake({"plan", "old"}, "there is no command \"plan\" \"old\"; see `radlads-engine plan new --help`");
    expectMistake({"show", "none"},
                  "there is no run \"none\" in " + runs().string() + "; `radlads-engine list` shows the names");
}

TEST_F(Engine, OtherCommandsBecomeTheWorkerWithTheSameArguments) {
    fs::create_directory(directory() / "bin");
    const fs::path copy = directory() / "bin" / "radlads-engine", worker = directory() / "bin" / "radlads-worker";
    fs::copy_file(kEngine, copy);
    for (const std::string& command : kWorkerCommands) {
        const Outcome missing = EngineProcess(copy, {command}).finish();
        EXPECT_EQ(missing.exitCode, 1);
        EXPECT_EQ(missing.err,
                  "radlads-engine: `" + command + "` needs the program " + worker.string() +
                      ", which is missing; install it beside radlads-engine or build with -DRADLADS_WORKER=ON\n");
    }
    put(worker, "#!/bin/sh\nfor word in \"$@\"; do echo \"[$word]\"; done\nexit 7\n");
    fs::permissions(worker, fs::perms::owner_all);
    for (const std::string& command : kWorkerCommands) {
        const Outcome handed = EngineProcess(copy, {command, "a b", "--option=1", ""}).finish();
        EXPECT_EQ(handed.exitCode, 7) << handed.err;
        EXPECT_EQ(handed.out, "[" + command + "]\n[a b]\n[--option=1]\n[]\n");
        EXPECT_EQ(EngineProcess(copy, {command, "--help"}).finish().out, "[" + command + "]\n[--help]\n");
    }
    EXPECT_EQ(EngineProcess(copy, {"help", "demo"}).finish().out, "[demo]\n[--help]\n");
}

TEST_F(Engine, ListIsATableAndSaysHowToBegin) {
    const Outcome empty = engine({"list"});
    EXPECT_EQ(empty.exitCode, 0);
    EXPECT_TRUE(
        empty.out.starts_with("There are no runs in " + runs().string() + " yet.\nStart one: `radlads-engine demo`"))
        << empty.out;
    EXPECT_EQ(json::parse(engine({"list", "--json"}).out), json::array());

    const fs::path run = makeRun("alpha", "running"), broken = makeRun("broken", "new");
    put(broken / "run.json", "{");
    std::optional<RunLock> lock(RunLock::acquire(run).value());
    const Outcome live = engine({"list"});
    EXPECT_EQ(live.out.substr(0, live.out.find("\nbroken")),
              "NAME    STATE    STEP         PROGRESS  LOSS    TOK/S   LEFT        AGE\n"
              "alpha   running  2/3 distill  50 %      0.1416  25.3 k  1 h 52 min  0 s");
    EXPECT_NE(live.out.find("\nbroken: " + (broken / "run.json").string() + ": line 1, column 2"), std::string::npos)
        << live.out;
    lock.reset();
    EXPECT_NE(engine({"list"}).out.find("alpha   interrupted  2/3 distill  50 %      0.1416  -      -"),
              std::string::npos);

    const json list = json::parse(engine({"list", "--json", "--runs", runs()}).out);
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0]["state"], "interrupted");
    EXPECT_EQ(list[0]["progress"], 0.5);
    EXPECT_EQ(list[0]["directory"], run.string());
}

TEST_F(Engine, CommandsReachARunThatIsAliveAndOnlyThat) {
    const fs::path run = makeRun("alpha", "running");
    for (const std::string& command : Words{"pause", "stop", "checkpoint"}) {
        const Outcome refused = engine({command, "alpha"});
        EXPECT_EQ(refused.exitCode, 1);
        EXPECT_EQ(
            refused.err,
            "radlads-engine: run alpha is not running (it is interrupted), so it cannot be told to " + command + "\n");
    }
    EXPECT_FALSE(fs::exists(run / "commands.ndjson"));
    const RunLock lock = RunLock::acquire(run).value();
    EXPECT_EQ(engine({"pause", "al"}).out, "pause: told alpha; it waits after the current update\n");
    EXPECT_EQ(engine({"resume", "--device", "cpu", "alpha"}).out, "resume: told alpha; it goes on\n");
    const json reply = json::parse(engine({"checkpoint", "--json", run}).out);
    EXPECT_EQ(reply["accepted"], true);
    EXPECT_EQ(reply["run"], "alpha");
    EXPECT_EQ(engine({"stop", "alpha"}).exitCode, 0);
    JournalReader reader(run / "commands.ndjson");
    Words commands;
    const std::vector<json> lines = reader.next().value();
    for (const json& command : lines) commands.push_back(command["command"]);
    EXPECT_EQ(commands, (Words{"pause", "resume", "checkpoint", "stop"}));
}

TEST_F(Engine, ShowTellsThePlanAndWhatTheJournalHolds) {
    const fs::path run = makeRun("alpha", "running");
    JournalWriter writer = journal(run);
    for (int step = 0; step < 2; ++step)
        for (int update = 1; update <= 3; ++update)
            ASSERT_TRUE(writer.append("metrics", {{"step_index", step},
                                                  {"update", update},
                                                  {"tokens", update * 1000},
                                                  {"loss", 1.0 / (step + update)}}));
    ASSERT_TRUE(writer.append("checkpoint.saved", {{"path", "checkpoints/0000012"}, {"bytes", 12}}));
    ASSERT_TRUE(writer.append("evaluation", {{"step_index", 1}, {"validation_loss", 0.375}, {"score", 0.75}}));
    const Outcome shown = engine({"show", "alpha"});
    EXPECT_EQ(shown.exitCode, 0) << shown.err;
    for (const char* text :
         {"alpha\n", "state      interrupted, 50 % done\n", "teacher    /teachers/a\n",
          "student    rad-rwkv7, groupnorm\n", "data       /data/b.txt\n",
          "1 align    1 M     3 k   512     32     0.001 to 1e-05  0.3333  -\n",
          "2 distill  2 M     3 k   512     32     0.001 to 1e-05  0.25    0.375\n", "3 extend   1 M     -",
          "Checkpoints:\n", "path checkpoints/0000012", "Evaluations:\n", "score 0.75"})
        EXPECT_NE(shown.out.find(text), std::string::npos) << text << "\nin\n" << shown.out;
    const json document = json::parse(engine({"show", "alpha", "--json"}).out);
    EXPECT_EQ(document["steps"].size(), 3U);
    EXPECT_TRUE(document["steps"][2]["loss"].is_null());
    EXPECT_EQ(document["steps"][1]["loss"], 0.25);
    EXPECT_EQ(document["checkpoints"][0]["path"], "checkpoints/0000012");
    EXPECT_EQ(document["plan"]["schema"], "radlads.plan/1");
}

TEST_F(Engine, ShowSurvivesADamagedRun) {
    const fs::path run = makeRun("alpha", "failed");
    put(run / "plan.json", "{\"schema\": \"radlads.plan/9\"}");
    put(run / "events.ndjson", "garbage\n{\"event\":7}\n{\"event\":\"metrics\",\"loss\":\"nan\"}\n\x1b[31m\n");
    const Outcome shown = engine({"show", "alpha"});
    EXPECT_EQ(shown.exitCode, 0) << shown.err;
    EXPECT_NE(shown.out.find("update Radlads Studio"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("2 damaged lines of the journal were left out."), std::string::npos) << shown.out;
    put(run / "run.json", "[]");
    expectMistake({"show", "alpha"}, (run / "run.json").string() +
                                         ": expected \"schema\": \"radlads.run/1\"; this file does not describe a run");
}

TEST_F(Engine, TailPrintsLinesForPeopleAndForPrograms) {
    const fs::path run = makeRun("alpha", "finished");
    JournalWriter writer = journal(run);
    for (int update = 1; update <= 50; ++update)
        ASSERT_TRUE(writer.append("metrics", {{"step_index", 0},
                                              {"update", update},
                                              {"tokens", update * 16384},
                                              {"loss", 0.123456},
                                              {"tokens_per_second", 25300.0}}));
    ASSERT_TRUE(writer.append("log", {{"message", "hello\x1b[31m"}, {"layers", {1, 2}}, {"nothing", nullptr}}));
    const Outcome last = engine({"tail", "alpha"});
    EXPECT_EQ(last.exitCode, 0) << last.err;
    EXPECT_EQ(std::count(last.out.begin(), last.out.end(), '\n'), 20);
    EXPECT_NE(last.out.find("  metrics            step 1  update 50  tokens 819 k  loss 0.1235  25.3 k tok/s\n"),
              std::string::npos)
        << last.out;
    EXPECT_NE(last.out.find("  log                hello?[31m\n"), std::string::npos) << last.out;
    const Outcome from = engine({"tail", "alpha", "--from", "49", "--json"});
    std::istringstream lines(from.out);
    std::string line;
    std::vector<int> sequences;
    while (std::getline(lines, line)) sequences.push_back(json::parse(line)["seq"]);
    EXPECT_EQ(sequences, (std::vector<int>{49, 50, 51}));
    EXPECT_EQ(engine({"tail", "alpha", "-n", "0"}).out, "");
    const std::string all = engine({"tail", "alpha", "-n", "1000"}).out;
    EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 51);
}

TEST_F(Engine, TailFindsTheLastLinesOfALongJournal) {
    const fs::path run = makeRun("alpha", "finished");
    JournalWriter writer = journal(run);
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(writer.append("log", {{"message", std::string(5000, 'x')}}));
    const Outcome last = engine({"tail", "alpha", "-n", "200", "--json"});
    EXPECT_EQ(std::count(last.out.begin(), last.out.end(), '\n'), 200);
    EXPECT_EQ(json::parse(last.out.substr(0, last.out.find('\n')))["seq"], 101);
}

TEST_F(Engine, TailFollowsUntilCtrlC) {
    const fs::path run = makeRun("alpha", "running");
    const RunLock lock = RunLock::acquire(run).value();
    JournalWriter writer = journal(run);
    ASSERT_TRUE(writer.append("log", {{"message", "one"}}));
    EngineProcess tail(kEngine, {"tail", "alpha", "--follow", "--json"});
    tail.waitForLines(1);
    ASSERT_TRUE(writer.append("log", {{"message", "two"}}));
    EXPECT_EQ(json::parse(tail.waitForLines(2).substr(tail.waitForLines(1).find('\n')))["message"], "two");
    tail.signal(SIGINT);
    const Outcome outcome = tail.finish();
    EXPECT_EQ(outcome.exitCode, 130);
    EXPECT_EQ(outcome.err, "");
}

TEST_F(Engine, TailFollowsFromBeforeTheFirstEventToTheEndOfTheRun) {
    const fs::path run = makeRun("alpha", "running");
    std::optional<RunLock> lock(RunLock::acquire(run).value());
    EngineProcess tail(kEngine, {"tail", "alpha", "-f"});
    JournalWriter writer = journal(run);
    ASSERT_TRUE(writer.append("log", {{"message", "first"}}));
    tail.waitForLines(1);
    ASSERT_TRUE(writer.append("run.finished", json::object()));
    RunSummary summary = readSummary(run).value();
    summary.state = "finished";
    ASSERT_TRUE(writeSummary(run, summary));
    lock.reset();
    const Outcome outcome = tail.finish();
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 2);
    EXPECT_NE(outcome.out.find("run.finished"), std::string::npos);
}

TEST_F(Engine, PlanNewWritesACompletePlanAndKeepsWhatIsThere) {
    const std::string file = directory() / "plan.json";
    const Words words{"plan",      "new",
                      "--teacher", "/models/Qwen2.5-0.5B/",
                      "--student", "rad-rwkv6",
                      "--data",    "/d/a.jsonl.zst",
                      "/d/b",      "--tokens-scale",
                      "0.1",       "-o",
                      file};
    const Outcome made = engine(words);
    EXPECT_EQ(made.exitCode, 0) << made.err;
    EXPECT_EQ(made.out, "Wrote " + file +
                            ": /models/Qwen2.5-0.5B to rad-rwkv6, 3 steps, 70 M tokens.\nNext: radlads-engine check " +
                            file + "\n");
    const auto plan = protocol::parsePlan(bytesOf(file), file);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(bytesOf(file), protocol::writePlan(*plan)) << "every key is there";
    EXPECT_EQ(plan->name, "Qwen2.5-0.5B-rad-rwkv6");
    EXPECT_EQ(plan->student.tokenShift, true);
    EXPECT_EQ(plan->student.gate, protocol::GateKind::Full);
    ASSERT_EQ(plan->data.sources.size(), 2U);
    EXPECT_EQ(plan->data.sources[1].path, "/d/b");
    EXPECT_EQ(plan->steps[0].tokens, 10000000);
    EXPECT_EQ(plan->steps[0].loss, protocol::Loss::AlignL2);

    put(file, "precious");
    expectMistake(words, file + " exists already; give another name with -o, or --force to replace it");
    EXPECT_EQ(bytesOf(file), "precious");
    Words forced = words;
    forced.insert(forced.end(), {"--force", "--json", "--set", "steps.1.batch_size=12", "seed=5", "--name", "mine",
                                 "--variant", "groupnorm"});
    const Outcome again = engine(forced);
    EXPECT_EQ(again.exitCode, 0) << again.err;
    EXPECT_EQ(json::parse(again.out)["name"], "mine");
    const auto changed = protocol::parsePlan(bytesOf(file), file).value();
    EXPECT_EQ(changed.steps[1].batchSize, 12);
    EXPECT_EQ(changed.seed, 5);
    EXPECT_EQ(changed.student.variant, protocol::Variant::GroupNorm);
}

TEST_F(Engine, PlanNewTakesEveryPresetWithEitherStudent) {
    const json presets = json::parse(engine({"plan", "new", "--presets", "--json"}).out);
    EXPECT_GE(presets.size(), 12U);
    for (const auto& entry : presets) {
        const std::string preset = entry;
        const Outcome made =
            engine({"plan", "new", "--teacher", "demo", "--data", "demo:1:100", "--preset", preset, "-o", "-"});
        if (preset == "demo-teacher") continue;  // trains the teacher itself
        EXPECT_EQ(made.exitCode, 0) << preset << ": " << made.err;
        EXPECT_TRUE(protocol::parsePlan(made.out, preset)) << preset;
    }
    const Outcome other = engine({"plan", "new", "--teacher", "demo", "--data", "demo:1:100", "--preset",
                                  "small-one-gpu", "--student", "rad-rwkv6", "-o", "-"});
    const auto plan = protocol::parsePlan(other.out, "plan");
    ASSERT_TRUE(plan) << other.err;
    EXPECT_EQ(plan->student.architecture, protocol::Architecture::RadRwkv6);
    EXPECT_EQ(plan->student.variant, protocol::Variant::Balanced)
        << "the options of the other architecture are not taken over";
    EXPECT_EQ(plan->teacher.path, "demo");
    EXPECT_EQ(plan->data.sources[0].path, "demo:1:100");
}

TEST_F(Engine, PlanNewNamesWhatIsWrong) {
    const auto with = [&](const Words& more) {
        Words words{"plan", "new", "--teacher", "/t", "--data", "/d", "-o", directory() / "p.json"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    };
    expectMistake({"plan", "new"}, "--teacher is missing; see `radlads-engine plan new --help`");
    expectMistake({"plan", "new", "--teacher", "/t"}, "--data is missing; see `radlads-engine plan new --help`");
    expectMistake(with({"--student", "rad-rwkv8"}),
                  "--student: \"rad-rwkv8\" is not known; it must be one of \"rad-rwkv7\", \"rad-rwkv6\", \"softmax\"");
    expectMistake(with({"--variant", "b"}),
                  "--variant: \"b\" is not known; it must be one of \"balanced\", \"groupnorm\"");
    expectMistake(with({"--name", ""}),
                  "--name: \"\" is no name; it must be 1 to 100 bytes without control characters");
    expectMistake(
        with({"--preset", "paper-rwkv8"}),
        "there is no preset \"paper-rwkv8\" (did you mean \"paper-rwkv6\"?); see `radlads-engine plan new --presets`");
    expectMistake(with({"--preset", "../presets/paper-rwkv7"}),
                  "there is no preset \"../presets/paper-rwkv7\"; see `radlads-engine plan new --presets`");
    expectMistake(
        with({"--tokens-scale", "nan"}),
        "--tokens-scale \"nan\": expected a number above 0 and at most 1000000; see `radlads-engine plan new --help`");
    expectMistake(with({"--set", "seed"}), "--set \"seed\": write it as KEY=VALUE, as in steps.0.tokens=1e6");
    expectMistake(with({"--set", "student.token_shift=true"}),
                  "student.token_shift: rad-rwkv7 has no token shift; set it to false or choose rad-rwkv6");
    EXPECT_FALSE(fs::exists(directory() / "p.json"));
    const Outcome unwritable =
        engine({"plan", "new", "--teacher", "/t", "--data", "/d", "-o", directory() / "no" / "p.json"});
    EXPECT_EQ(unwritable.exitCode, 1);
    EXPECT_EQ(unwritable.err, "radlads-engine: writing " + (directory() / "no" / "p.json").string() +
                                  " failed: No such file or directory\n");
}

TEST_F(Engine, AClosedOutputIsAnErrorNotASilence) {
    const Outcome full = EngineProcess("/bin/sh", {"-c", "exec " + kEngine + " --help > /dev/full"}).finish();
    EXPECT_EQ(full.exitCode, 1);
    EXPECT_EQ(full.err,
              "radlads-engine: writing to the standard output failed: No space left on device; free some space and try "
              "again\n");
}

}  // namespace
}  // namespace radlads::run
