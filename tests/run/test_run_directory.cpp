#include <sys/wait.h>
#include <unistd.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "engine/run/run_directory.h"
#include "tests/run/file_size_limit.h"
#include "tests/run/temporary_directory.h"

namespace radlads::run {
namespace {

class RunDirectory : public test::TemporaryDirectory {
protected:
    static protocol::Plan plan(const std::string& name = "a plan") {
        protocol::Plan plan;
        plan.name = name;
        plan.steps.resize(2);
        plan.steps[0].tokens = 100;
        return plan;
    }
    fs::path create(const std::string& name = "a plan") const {
        auto run = createRun(directory(), plan(name), std::nullopt);
        EXPECT_TRUE(run) << (run ? "" : run.error().message);
        return run.value();
    }
    static void setState(const fs::path& run, const std::string& state, const std::string& created = "") {
        RunSummary summary = readSummary(run).value();
        summary.state = state;
        if (!created.empty()) summary.created = created;
        ASSERT_TRUE(writeSummary(run, summary));
    }
};

// A process that holds the lock until it is told to end, or is killed.
class Holder {
public:
    explicit Holder(const fs::path& run) {
        int ready[2], end[2];
        EXPECT_EQ(::pipe(ready), 0);
        EXPECT_EQ(::pipe(end), 0);
        m_process = ::fork();
        if (m_process == 0) {
            ::close(end[1]);
            const auto lock = RunLock::acquire(run);
            char byte = lock ? 'y' : 'n';
            if (::write(ready[1], &byte, 1) == 1) (void)!::read(end[0], &byte, 1);
            ::_exit(0);
        }
        char byte = 0;
        EXPECT_EQ(::read(ready[0], &byte, 1), 1);
        m_holds = byte == 'y';
        m_end = end[1];
        for (const int descriptor : {ready[0], ready[1], end[0]}) ::close(descriptor);
    }
    ~Holder() { kill(); }
    void kill() {
        if (m_process <= 0) return;
        ::kill(m_process, SIGKILL);
        int status = 0;
        ::waitpid(m_process, &status, 0);
        ::close(m_end);
        m_process = 0;
    }
    bool holds() const { return m_holds; }
    pid_t process() const { return m_process; }

private:
    pid_t m_process = 0;
    int m_end = -1;
    bool m_holds = false;
};

TEST_F(RunDirectory, LockExcludesOtherProcessesUntilItsHolderDies) {
    const fs::path run = create();
    EXPECT_FALSE(RunLock::isHeld(run));
    Holder holder(run);
    ASSERT_TRUE(holder.holds());
    EXPECT_TRUE(RunLock::isHeld(run));
    const auto refused = RunLock::acquire(run);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Busy);
    EXPECT_EQ(refused.error().message,
              fmt::format("run {0} is in use by process {1}; stop it with `radlads-engine stop {0}` or wait",
                          run.string(), holder.process()));
    holder.kill();
    EXPECT_FALSE(RunLock::isHeld(run));
    EXPECT_TRUE(RunLock::acquire(run)) << "the kernel drops the lock of a killed process";
}

TEST_F(RunDirectory, LockIsReleasedWithItsObjectAndMoves) {
    const fs::path run = create();
    {
        auto lock = RunLock::acquire(run);
        ASSERT_TRUE(lock);
        const RunLock moved = std::move(*lock);
        EXPECT_TRUE(RunLock::isHeld(run));
        EXPECT_FALSE(RunLock::acquire(run));
    }
    EXPECT_FALSE(RunLock::isHeld(run));
}

TEST_F(RunDirectory, LockNeedsARunDirectoryAndFollowsNoLink) {
    EXPECT_EQ(RunLock::acquire(directory() / "none").error().code, ErrorCode::InvalidInput);
    put(directory() / "precious", "x");
    fs::create_symlink(directory() / "precious", directory() / "lock");
    EXPECT_FALSE(RunLock::acquire(directory()));
    EXPECT_EQ(bytesOf(directory() / "precious"), "x");
}

TEST_F(RunDirectory, SummarySurvivesWritingAndReading) {
    const RunSummary summary{"id",
                             "n\"ame",
                             "paused",
                             "2025-01-02T03:04:05.678Z",
                             "2025-02-02T03:04:05.678Z",
                             1,
                             3,
                             "distill",
                             4,
                             5,
                             6,
                             0.125,
                             std::numeric_limits<double>::infinity(),
                             std::nullopt,
                             2,
                             "disk full"};
    ASSERT_TRUE(writeSummary(directory(), summary));
    const auto read = readSummary(directory());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(toJson(*read), toJson(summary));
    EXPECT_EQ(read->loss, 0.125);
    EXPECT_EQ(read->tokensPerSecond, std::numeric_limits<double>::infinity());
    EXPECT_EQ(read->etaSeconds, std::nullopt);
    EXPECT_EQ(read->message, "disk full");
}

TEST_F(RunDirectory, HostileSummariesEndInAMessage) {
    const std::string file = (directory() / "run.json").string();
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", ": line 1, column 1: this is not valid JSON (unexpected end of input; expected '[', '{', or a literal)"},
        {"[]", ": expected \"schema\": \"radlads.run/1\"; this file does not describe a run"},
        {R"({"schema": "radlads.plan/1"})",
         ": expected \"schema\": \"radlads.run/1\"; this file does not describe a run"},
        {R"({"schema": "radlads.run/2"})",
         ": this run is schema radlads.run/2; this program reads up to /1: update Radlads Studio"},
        {R"({"schema": "radlads.run/1", "state": "flying"})", ": state: \"flying\" is no state of a run"},
        {R"({"schema": "radlads.run/1", "tokens": -1})",
         ": tokens: -1 is out of range; it must be between 0 and 1e+18"},
        {R"({"schema": "radlads.run/1", "loss": "high"})", ": loss: expected a number, found a string"},
        {R"({"schema": "radlads.run/1", "name": {}})", ": name: expected a string, found an object"},
        {std::string(100000, '['), ": brackets are nested deeper than 16 levels"},
    };
    for (const auto& [text, message] : cases) {
        put(file, text);
        const auto summary = readSummary(directory());
        ASSERT_FALSE(summary) << text;
        EXPECT_EQ(summary.error().message, file + message);
    }
    put(file, std::string(2 << 20, ' '));
    EXPECT_FALSE(readSummary(directory()));
    put(file, R"({"schema": "radlads.run/1", "future": [1], "state": "paused", "loss": "nan"})");
    EXPECT_TRUE(std::isnan(readSummary(directory()).value().loss.value())) << "later programs may add keys";
}

TEST_F(RunDirectory, CreateWritesPlanAndSummaryUnderAFreeName) {
    const fs::path first = create("My plan/../x"), second = create("My plan/../x");
    EXPECT_EQ(first.parent_path(), directory());
    EXPECT_TRUE(first.filename().string().starts_with("My-plan-..-x-20")) << first;
    EXPECT_NE(first, second);
    EXPECT_EQ(bytesOf(first / "plan.json"), protocol::writePlan(plan("My plan/../x")));
    const RunInfo info = inspectRun(first).value();
    EXPECT_EQ(info.state, RunState::New);
    EXPECT_EQ(info.summary.id, first.filename().string());
    EXPECT_EQ(info.summary.name, "My plan/../x");
    EXPECT_EQ(info.summary.stepCount, 2);
    EXPECT_EQ(info.summary.stepKind, "align");
    EXPECT_EQ(info.summary.totalTokens, 100);
    EXPECT_EQ(create("..").parent_path(), directory());
}

TEST_F(RunDirectory, CreateUsesAGivenDirectoryThatIsEmpty) {
    const fs::path wanted = directory() / "deep" / "er";
    EXPECT_EQ(createRun(directory(), plan(), wanted).value(), wanted);
    const auto again = createRun(directory(), plan(), wanted);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().message, wanted.string() + " is not empty; a new run needs a directory of its own");
}

TEST_F(RunDirectory, CreateLeavesNothingOnAFullDisk) {
    {
        const test::FileSizeLimit limit(10);
        const auto run = createRun(directory() / "runs", plan(), std::nullopt);
        ASSERT_FALSE(run);
        EXPECT_EQ(run.error().code, ErrorCode::NoSpace);
    }
    EXPECT_TRUE(fs::is_empty(directory() / "runs"));
}

TEST_F(RunDirectory, StateIsWhatTheLockSays) {
    const fs::path run = create();
    for (const auto& [written, alone] : {std::pair{"new", RunState::New},
                                         {"running", RunState::Interrupted},
                                         {"paused", RunState::Paused},
                                         {"finished", RunState::Finished},
                                         {"stopped", RunState::Stopped},
                                         {"failed", RunState::Failed}}) {
        setState(run, written);
        EXPECT_EQ(inspectRun(run).value().state, alone) << written;
    }
    const Holder holder(run);
    for (const auto& [written, held] :
         {std::pair{"new", RunState::Running}, {"running", RunState::Running}, {"paused", RunState::Paused}}) {
        setState(run, written);
        EXPECT_EQ(inspectRun(run).value().state, held) << written;
    }
    EXPECT_STREQ(toString(RunState::Interrupted), "interrupted");
}

TEST_F(RunDirectory, ListIsNewestFirstWithBrokenRunsAndWithoutOthers) {
    const fs::path old = create("old"), recent = create("recent"), broken = create("broken"), newer = create("newer");
    setState(old, "finished", "2024-01-01T00:00:00.000Z");
    setState(recent, "stopped", "2025-01-01T00:00:00.000Z");
    put(broken / "run.json", "{");
    put(newer / "run.json", R"({"schema": "radlads.run/7"})");
    fs::create_directory(directory() / "no run");
    put(directory() / "file", "");
    const auto runs = listRuns(directory());
    ASSERT_EQ(runs.size(), 4U);
    EXPECT_EQ(runs[0].directory, recent);
    EXPECT_EQ(runs[1].directory, old);
    EXPECT_EQ(runs[2].state, RunState::Failed);
    EXPECT_EQ(runs[2].summary.name, broken.filename().string());
    EXPECT_NE(runs[2].summary.message.find("line 1, column 2"), std::string::npos) << runs[2].summary.message;
    EXPECT_NE(runs[3].summary.message.find("update Radlads Studio"), std::string::npos);
    EXPECT_TRUE(listRuns(directory() / "none").empty());
}

TEST_F(RunDirectory, RunsAreFoundByPathNameAndUniquePrefix) {
    const fs::path a = directory() / "alpha-1", b = directory() / "alpha-2", c = directory() / "beta";
    for (const fs::path& run : {a, b, c}) ASSERT_TRUE(createRun(directory(), plan(), run));
    EXPECT_EQ(findRun(directory(), a.string()).value(), a);
    EXPECT_EQ(findRun(directory(), "alpha-2").value(), b);
    EXPECT_EQ(findRun(directory(), "b").value(), c);
    EXPECT_EQ(findRun(directory(), "al").error().message,
              fmt::format("2 runs in {} start with \"al\" (alpha-1, alpha-2, ...); give more of the name",
                          directory().string()));
    EXPECT_EQ(findRun(directory(), "alhpa-1").error().message,
              fmt::format("there is no run \"alhpa-1\" in {}; did you mean \"alpha-1\"?", directory().string()));
    EXPECT_EQ(findRun(directory(), "/nowhere/x").error().message, "there is no run at /nowhere/x");
    EXPECT_FALSE(findRun(directory(), ""));
    EXPECT_FALSE(findRun(directory() / "none", "x"));
}

}  // namespace
}  // namespace radlads::run
