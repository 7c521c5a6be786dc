// Following a run: every event once and in order, from any place, while the journal grows, however slowly somebody
// reads.
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <charconv>
#include <fstream>
#include <sstream>
#include <thread>

#include "engine/server/plain_json.h"
#include "tests/server/broker_test.h"

namespace radlads::test {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

json metrics(uint64_t update) {
    return {{"step_index", 0},
            {"update", update},
            {"tokens", update * 4096},
            {"loss", 2.5 - 1e-6 * static_cast<double>(update)},
            {"learning_rate", 3e-4},
            {"mixer_learning_rate", 3e-4},
            {"gradient_norm", 0.731},
            {"tokens_per_second", 8123.4},
            {"memory_bytes", 812345678},
            {"peak_memory_bytes", 912345678},
            {"data_wait_seconds", 0.0012},
            {"eta_seconds", 1234.5}};
}

// The seq of a run.event's line, without parsing all of it; 0 for other lines.
uint64_t sequenceIn(const std::string& line) {
    constexpr std::string_view kMark = "\"event\":{\"seq\":";
    const auto at = line.find(kMark);
    uint64_t sequence = 0;
    if (at != std::string::npos) std::from_chars(line.data() + at + kMark.size(), line.data() + line.size(), sequence);
    return sequence;
}

class Replay : public BrokerTest {
protected:
    static run::JournalWriter journalOf(const fs::path& run) {
        return run::JournalWriter::open(run / "events.ndjson").value();
    }
    static void append(run::JournalWriter& journal, uint64_t count) {
        for (uint64_t i = 0; i < count; ++i)
            ASSERT_TRUE(journal.append("metrics", metrics(journal.lastSequence() + 1)));
    }
    static void attach(EngineClient& client, const std::string& run, uint64_t after = 0) {
        ASSERT_EQ(client.result("run.attach", {{"run", run}, {"after_seq", after}})["run"]["run"], run);
    }
    // Reads events until `last`; each has to follow the one before. How often run.live came is added to `lives`.
    static void expectEvents(EngineClient& client, uint64_t after, uint64_t last, int* lives = nullptr) {
        for (uint64_t sequence = after; sequence < last;) {
            const auto line = client.nextLine();
            ASSERT_TRUE(line) << "the session ended after event " << sequence;
            if (line->find("\"run.live\"") != std::string::npos) {
                ASSERT_NE(lives, nullptr) << *line;
                ++*lives;
            } else {
                ASSERT_EQ(sequenceIn(*line), ++sequence) << *line;
            }
        }
    }
    // What the process has to itself, in bytes.
    static int64_t ownMemory(pid_t process) {
        std::ifstream rollup("/proc/" + std::to_string(process) + "/smaps_rollup");
        int64_t kibibytes = 0;
        for (std::string line; std::getline(rollup, line);)
            if (line.starts_with("Private_Dirty:")) kibibytes = std::atoll(line.c_str() + 14);
        EXPECT_GT(kibibytes, 0);
        return kibibytes * 1024;
    }
    // The engine has sent what the kernel takes and waits for the client.
    static bool isFull(const EngineClient& client, EngineClient& other) {
        int before = -1, now = 0;
        return eventually([&] {
            other.result("engine.ping");
            before = std::exchange(now, 0);
            return ::ioctl(client.input(), FIONREAD, &now) == 0 && now > 100'000 && now == before;
        });
    }
};

TEST_F(Replay, BeginsAtAnyEventWithoutGapOrRepetitionWhileTheJournalGrows) {
    constexpr unsigned kSeed = 3;
    constexpr uint64_t kStored = 2000, kAll = 12000;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    const fs::path run = makeRun("grows");
    auto journal = journalOf(run);
    append(journal, kStored);
    startBroker();
    std::mt19937 random(kSeed);
    std::vector<EngineClient> clients;
    std::vector<uint64_t> firsts;
    for (int i = 0; i < 8; ++i) clients.push_back(greeted());
    std::thread writer([&] { append(journal, kAll - kStored); });
    for (EngineClient& client : clients) {
        firsts.push_back(firsts.empty() ? 0 : std::uniform_int_distribution<uint64_t>(0, kStored)(random));
        attach(client, "grows", firsts.back());
    }
    std::vector<int> lives(clients.size());
    for (std::size_t i = 0; i < clients.size(); ++i) expectEvents(clients[i], firsts[i], kAll, &lives[i]);
    writer.join();
    append(journal, 1);
    for (std::size_t i = 0; i < clients.size(); ++i) {
        expectEvents(clients[i], kAll, kAll + 1, &lives[i]);
        EXPECT_EQ(lives[i], 1) << "run.live of client " << i;
    }
}

TEST_F(Replay, TellsOnceThatAllStoredEventsHaveBeenSentAndUpToWhere) {
    const fs::path run = makeRun("stored");
    auto journal = journalOf(run);
    append(journal, 500);
    startBroker();
    EngineClient client = greeted();
    attach(client, "stored", 123);
    expectEvents(client, 123, 500);
    EXPECT_EQ(client.notification("run.live"), json({{"run", "stored"}, {"seq", 500}}));
    append(journal, 1);
    expectEvents(client, 500, 501);
    // Attached again, the session begins anew; with a seq that is to come it waits for the one after.
    attach(client, "stored", 499);
    expectEvents(client, 499, 501);
    EXPECT_EQ(client.notification("run.live")["seq"], 501);
    attach(client, "stored", 503);
    EXPECT_EQ(client.notification("run.live")["seq"], 503);
    append(journal, 4);
    expectEvents(client, 503, 505);
    client.result("run.detach", {{"run", "stored"}});
    append(journal, 1);
    client.result("engine.ping");
    attach(client, "stored", 505);
    expectEvents(client, 505, 506);
}

TEST_F(Replay, OfTwoRunsInOneSessionKeepsTheOrderOfEach) {
    auto first = journalOf(makeRun("first")), second = journalOf(makeRun("second"));
    append(first, 3000);
    append(second, 3000);
    startBroker();
    EngineClient client = greeted();
    client.request("run.attach", {{"run", "first"}});
    client.request("run.attach", {{"run", "second"}, {"after_seq", 1000}});
    uint64_t sequences[2] = {0, 1000};
    int turns = 0, lives = 0;
    std::string before;
    while (lives < 2) {
        const json message = client.next().value();
        const std::string method = message.value("method", "");
        lives += method == "run.live" ? 1 : 0;
        if (method != "run.event") continue;
        const std::string run = message["params"]["run"];
        turns += run != before ? 1 : 0;
        before = run;
        ASSERT_EQ(message["params"]["event"]["seq"], ++sequences[run == "second"]);
    }
    EXPECT_EQ(sequences[0], 3000u);
    EXPECT_EQ(sequences[1], 3000u);
    EXPECT_GT(turns, 2) << "one run waits until the other has been sent";
}

TEST_F(Replay, PassesOverDamageAndLeavesATornLineUntilItIsWhole) {
    const fs::path run = makeRun("torn");
    const fs::path file = run / "events.ndjson";
    auto journal = journalOf(run);
    append(journal, 2);
    const auto add = [&](const std::string& bytes) { std::ofstream(file, std::ios::app | std::ios::binary) << bytes; };
    const std::string head = R"({"seq":3,"time":"2026-01-01T00:00:00.000Z","event":"log","message":)";
    add("no JSON\n\n[1]\n{\"seq\":\"3\"}\n{\"event\":\"log\"}\n");       // no events
    add(head + "\"\xff\xfe\"}\n" + head + "\"cut}\n" + head + "1}}\n");  // cannot be sent as they are
    add(head + std::string(40, '[') + std::string(40, ']') + "}\n");     // too deep
    add(head + '"' + std::string(1 << 20, 'x') + "\"}\n");               // too long for a reader
    add(R"({"seq":2,"event":"log","message":"a repetition"})"
        "\n");
    add(head + "\"who");
    startBroker();
    EngineClient client = greeted();
    attach(client, "torn");
    expectEvents(client, 0, 2);
    EXPECT_EQ(client.notification("run.live")["seq"], 2);
    add("le\"}\n");
    EXPECT_EQ(client.notification("run.event")["event"]["message"], "whole");
    // The next writer cuts a torn line off.
    add(R"({"seq":4,"eve)");
    client.result("engine.ping");
    auto next = journalOf(run);
    append(next, 1);
    expectEvents(client, 3, 4);
}

TEST_F(Replay, TellsOfAnEventThatIsTooLongForALineInsteadOfLeavingAGap) {
    const fs::path run = makeRun("long");
    auto journal = journalOf(run);
    const std::size_t room = (1 << 20) - 100;  // fits the journal's limit, not the wire's
    ASSERT_TRUE(journal.append("log", {{"message", std::string(room, 'x')}}));
    append(journal, 1);
    startBroker();
    EngineClient client = greeted();
    attach(client, "long");
    const json event = client.notification("run.event")["event"];
    EXPECT_EQ(event["seq"], 1);
    EXPECT_EQ(event["event"], "warning");
    EXPECT_NE(event["message"].get<std::string>().find("too long to be sent; it is in"), std::string::npos);
    expectEvents(client, 1, 2);
}

TEST_F(Replay, EndsAfterTheStoredEventsForAClientThatSendsNoMore) {
    auto journal = journalOf(makeRun("stored"));
    append(journal, 3000);
    startBroker();
    EngineClient client = greeted();
    client.request("run.attach", {{"run", "stored"}});
    client.finishSending();
    EXPECT_TRUE(client.next().value().contains("result"));
    expectEvents(client, 0, 3000);
    EXPECT_EQ(client.notification("run.live")["seq"], 3000);
    EXPECT_TRUE(client.hasEnded());
}

TEST_F(Replay, OfASlowReaderCostsAMegabyteAtMostAndNobodyElseWaits) {
    constexpr uint64_t kEvents = 200'000;
    constexpr int kSlow = 4;
    constexpr int64_t kMegabyte = 1 << 20;
    auto journal = journalOf(makeRun("long"));
    append(journal, kEvents);
    startBroker();
    EngineClient fast = greeted(), other = greeted();
    attach(fast, "long");  // what the engine needs anyway is there afterwards
    int lives = 0;
    expectEvents(fast, 0, kEvents, &lives);
    fast.notification("run.live");
    const int64_t before = ownMemory(broker().id());
    std::vector<EngineClient> slow;
    for (int i = 0; i < kSlow; ++i) {
        slow.push_back(greeted());
        attach(slow.back(), "long");
        ASSERT_TRUE(isFull(slow.back(), other));
    }
    const int64_t grown = ownMemory(broker().id()) - before;
    RecordProperty("bytes_per_slow_client", std::to_string(grown / kSlow));
    EXPECT_LT(grown, kSlow * kMegabyte);

    // Meanwhile the journal goes on and others are served.
    append(journal, 100);
    expectEvents(fast, kEvents, kEvents + 100);
    attach(fast, "long");
    auto longest = Clock::duration::zero();
    const int pings = 20;
    for (int i = 0; i < pings; ++i) {
        expectEvents(fast, i * kEvents / pings, (i + 1) * kEvents / pings);
        const auto start = Clock::now();
        other.result("engine.ping");
        longest = std::max(longest, Clock::now() - start);
    }
    EXPECT_LT(longest, std::chrono::seconds(2));
    EXPECT_LT(ownMemory(broker().id()) - before, (kSlow + 1) * kMegabyte);
    // It was all still there for them.
    for (EngineClient& client : slow) expectEvents(client, 0, 1000);
    while (slow.size() > 1) slow.pop_back();
    expectEvents(slow[0], 1000, kEvents + 100);
}

TEST_F(Replay, StopsReadingFromAClientThatDoesNotReadItsAnswers) {
    constexpr int kRequests = 500;
    startBroker();
    EngineClient other = greeted(), greedy = greeted();
    const int64_t before = ownMemory(broker().id());
    std::string lines;
    for (int i = 0; i < kRequests; ++i)
        lines += R"({"jsonrpc":"2.0","id":)" + std::to_string(i) +
                 R"(,"method":"engine.ping"})"
                 "\n";
    pollfd entry{greedy.input(), POLLOUT, 0};
    std::size_t sent = 0;
    auto lastSent = Clock::now();
    ASSERT_TRUE(eventually([&] {
        while (::poll(&entry, 1, 0) == 1 && sent < (200 << 20)) {
            const ssize_t count = ::send(greedy.input(), lines.data() + sent % lines.size(),
                                         lines.size() - sent % lines.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count <= 0) break;
            sent += static_cast<std::size_t>(count);
            lastSent = Clock::now();
        }
        other.result("engine.ping");
        return Clock::now() - lastSent > std::chrono::milliseconds(500);
    }));
    EXPECT_LT(sent, 4u << 20) << "the engine reads on and on";
    EXPECT_LT(ownMemory(broker().id()) - before, 2 << 20);
    // It gets its answers when it reads, and then more of its requests are read.
    for (int i = 0; i < 10 * kRequests; ++i) ASSERT_EQ(greedy.next().value()["id"], i % kRequests);
    EXPECT_TRUE(eventually([&] { return ::poll(&entry, 1, 0) == 1; }));
}

// What is asked without wanting an answer costs as much, and fills no buffer that would stop it.
TEST_F(Replay, IsNotLateForAClientThatMakesTheEngineWork) {
    auto journal = journalOf(makeRun("watched"));
    startBroker();
    EngineClient busy = greeted(), other = greeted();
    attach(other, "watched");
    other.notification("run.live");
    std::string lines;
    for (int i = 0; i < 400; ++i)
        lines += R"({"jsonrpc":"2.0","method":"plan.presets"})"
                 "\n";
    const auto start = Clock::now();
    busy.send(lines);
    const int last = busy.request("engine.ping");
    auto longest = Clock::duration::zero();
    for (uint64_t event = 1; event <= 5; ++event) {
        const auto asked = Clock::now();
        append(journal, 1);
        expectEvents(other, event - 1, event);
        longest = std::max(longest, Clock::now() - asked);
    }
    busy.answer(last);
    EXPECT_LT(longest, (Clock::now() - start) / 4);
}

// The quick look at a line must never take for JSON what is none: a client would lose its session over it.
TEST(PlainJson, IsJsonWhateverBecomesOfALine) {
    constexpr unsigned kSeed = 9;
    SCOPED_TRACE("seed " + std::to_string(kSeed));
    std::mt19937 random(kSeed);
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    const std::string lines[] = {R"({"seq":12,"time":"2026-01-01T00:00:00.000Z","event":"metrics","loss":-2.5e-3})",
                                 R"({"seq":1,"losses":[0.5,1e+07,0,"nan"],"best":true,"of":null,"in":{"a":[]}})"};
    for (const std::string& line : lines) EXPECT_TRUE(server::isPlainJson(line, 4)) << line;
    EXPECT_FALSE(server::isPlainJson(lines[1], 2)) << "three levels";
    constexpr std::string_view kBytes = "{}[]\",:0123456789.eE+-truefalsn \\\x01\xc3\n";
    int plain = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string line = lines[below(2)];
        for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
            const char byte = kBytes[below(kBytes.size())];
            const std::size_t at = below(line.size());
            if (below(3) == 0)
                line.erase(at, 1);
            else if (below(2) == 0)
                line.insert(at, 1, byte);
            else
                line[at] = byte;
        }
        if (!server::isPlainJson(line, 4)) continue;
        ++plain;
        ASSERT_TRUE(json::accept(line)) << line;
    }
    EXPECT_GT(plain, 1000);
    for (const char* no : {"01", "1.", ".5", "-", "1e", "+1", "1e999", "nul", "{\"a\":1,}", "[1 ,2]", "\"a", "1 2", ""})
        EXPECT_FALSE(server::isPlainJson(no, 4)) << no;
}

}  // namespace
}  // namespace radlads::test
