// The promises of engine/protocol/PROTOCOL.md, as recorded conversations (transcripts/*.txt) that a real engine
// repeats: whole lines, lines in pieces, and through `radlads-engine attach`.
#include <algorithm>

#include "tests/server/broker_test.h"
#include "tests/server/transcript.h"

namespace radlads::test {
namespace {

using nlohmann::json;

const fs::path kTranscripts = RADLADS_SOURCE_DIR "/tests/server/transcripts";

enum class Way { Lines, Pieces, Attach };

class Transcripts : public BrokerTest, public ::testing::WithParamInterface<std::string> {
protected:
    // Three runs: `busy` is held as a worker would, so that nothing of a queue starts; `done` has ended; `plain` is
    // new.
    Transcripts() {
        makeRun("plain", "new", "2026-01-01T00:00:00.000Z");
        const fs::path done = makeRun("done", "finished", "2026-01-02T00:00:00.000Z");
        auto journal = run::JournalWriter::open(done / "events.ndjson").value();
        EXPECT_TRUE(journal.append("run.started", {{"name", "done"}, {"resumed", false}, {"step_index", 0}}));
        EXPECT_TRUE(journal.append("metrics", {{"step_index", 0}, {"update", 1}, {"loss", std::nan("")}}));
        EXPECT_TRUE(journal.append("run.finished", {{"step_index", 1}, {"update", 2}}));
        const fs::path busy = makeRun("busy", "running", "2026-01-03T00:00:00.000Z");
        m_held.emplace(run::RunLock::acquire(busy).value());
        m_values["PLAN"] = planJson("kit").dump();
        m_values["RUNS"] = fs::canonical(runs()).string();
        m_values["HOME"] = directory().string();
        startBroker();
    }
    EngineClient open(Way way) const {
        if (way != Way::Attach) return connect();
        return EngineClient(program(), {"attach", "--socket", socket().string(), "--runs", runs().string()});
    }
    void play(Way way, unsigned seed) {
        std::mt19937 random(seed);
        const fs::path file = kTranscripts / (GetParam() + ".txt");
        auto client = std::make_unique<EngineClient>(open(way));
        for (const TranscriptLine& line : readTranscript(file)) {
            SCOPED_TRACE(file.filename().string() + ":" + std::to_string(line.number));
            using Kind = TranscriptLine::Kind;
            if (line.kind == Kind::NewSession) {
                client = std::make_unique<EngineClient>(open(way));
            } else if (line.kind == Kind::End) {
                ASSERT_TRUE(client->hasEnded());
            } else if (line.kind == Kind::Send) {
                const std::string bytes = withValues(line.text, m_values) + "\n";
                if (way == Way::Pieces)
                    client->sendInPieces(bytes, 40, random);
                else
                    client->send(bytes);
            } else {
                const auto said = client->next();
                ASSERT_TRUE(said) << "the session has ended";
                const std::string expected = withValues(line.text, m_values);
                ASSERT_EQ(mismatch(json::parse(expected), *said, m_values), "");
            }
        }
    }

    TranscriptValues m_values;
    std::optional<run::RunLock> m_held;
};

TEST_P(Transcripts, AreRepeatedByTheEngine) {
    play(Way::Lines, 0);
}

class TranscriptsInPieces : public Transcripts {};

TEST_P(TranscriptsInPieces, AreRepeatedHoweverTheBytesAreSplit) {
    constexpr unsigned kSeed = 20261125;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    play(Way::Pieces, kSeed);
}

class TranscriptsThroughAttach : public Transcripts {};

TEST_P(TranscriptsThroughAttach, AreRepeatedThroughTheStandardStreams) {
    play(Way::Attach, 0);
}

TEST(TranscriptMatching, FindsEveryKindOfDifference) {
    TranscriptValues values;
    const auto fits = [&](const char* expected, const char* actual) {
        return mismatch(json::parse(expected), json::parse(actual), values).empty();
    };
    EXPECT_TRUE(fits(R"({"a":[1,"<text:NAME> <int>!"],"b":"<int>"})", R"({"a":[1,"x. 2!"],"b":7})"));
    EXPECT_EQ(values["NAME"], "x.");
    EXPECT_TRUE(fits(R"({"a":1,"...":0})", R"({"a":1,"b":2})"));
    EXPECT_TRUE(fits(R"([1,"..."])", "[1,2,3]"));
    EXPECT_FALSE(fits(R"({"a":1})", R"({"a":1,"b":2})"));
    EXPECT_FALSE(fits(R"({"a":1,"b":2,"...":0})", R"({"a":1})"));
    EXPECT_FALSE(fits(R"([1,2,"..."])", "[1]"));
    EXPECT_FALSE(fits(R"([1])", "[1,2]"));
    EXPECT_FALSE(fits(R"("a.c")", R"("abc")"));
    EXPECT_FALSE(fits(R"("<int>")", "1.5"));
    EXPECT_FALSE(fits(R"("<text>")", R"("")"));
    EXPECT_FALSE(fits(R"("<time>")", R"("today")"));
    EXPECT_FALSE(fits("null", "0"));
    EXPECT_THROW(withValues("$NOTHING", values), std::runtime_error);
}

// All files of the folder: a transcript that is added is played.
std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(kTranscripts)) names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}
const auto kName = [](const auto& info) { return info.param; };
INSTANTIATE_TEST_SUITE_P(Files, Transcripts, ::testing::ValuesIn(names()), kName);
INSTANTIATE_TEST_SUITE_P(Files, TranscriptsInPieces, ::testing::ValuesIn(names()), kName);
INSTANTIATE_TEST_SUITE_P(Files, TranscriptsThroughAttach, ::testing::ValuesIn(names()), kName);

}  // namespace
}  // namespace radlads::test
