// What an engine refuses, with a reason, while others go on undisturbed.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "engine/protocol/result.h"
#include "engine/server/line_decoder.h"
#include "engine/server/session.h"
#include "engine/server/socket_place.h"
#include "tests/server/broker_test.h"

namespace radlads::test {
namespace {

using nlohmann::json;

constexpr uid_t kNobody = 65534;

class BrokerRefuses : public BrokerTest {
protected:
    Outcome serve(const fs::path& socketPath, const fs::path& runsDirectory) const {
        return EngineProcess(program(), {"serve", "--socket", socketPath.string(), "--runs", runsDirectory.string()})
            .finish();
    }
    void expectRefusal(const Outcome& outcome, const std::string& reason) const {
        EXPECT_NE(outcome.exitCode, 0);
        EXPECT_NE(outcome.err.find(reason), std::string::npos) << outcome.err;
        EXPECT_EQ(outcome.err.find("listening"), std::string::npos) << outcome.err;
    }
    // What a fresh, greeted session is told after these bytes, before it is closed.
    json faultAfter(const std::string& bytes) const {
        EngineClient client = greeted();
        client.send(bytes);
        const auto said = client.next();
        if (!said) return "closed without a word";
        EXPECT_TRUE(client.hasEnded());
        EXPECT_TRUE(said->at("id").is_null());
        return said->at("error");
    }
};

TEST_F(BrokerRefuses, ASecondEngineOnItsSocketAndServesOn) {
    startBroker();
    EngineClient client = greeted();
    const Outcome second = serve(socket(), directory() / "other-runs");
    EXPECT_EQ(second.exitCode, exitCode(ErrorCode::Busy));
    expectRefusal(second, "another engine (process " + std::to_string(broker().id()) + ") serves the socket " +
                              socket().string() + " already; use that one, or end it first");
    client.result("engine.ping");
    greeted();
}

TEST_F(BrokerRefuses, ASecondEngineOnItsRuns) {
    startBroker();
    const Outcome second = serve(directory() / "elsewhere" / "engine.sock", runs());
    EXPECT_EQ(second.exitCode, exitCode(ErrorCode::Busy));
    expectRefusal(second, "another engine (process " + std::to_string(broker().id()) + ") serves the runs in");
    EXPECT_FALSE(fs::exists(directory() / "elsewhere" / "engine.sock"));
    greeted();
}

TEST_F(BrokerRefuses, NoEngineWithASocketAndRunsOfItsOwnAndNoSocketThatAKilledEngineLeft) {
    startBroker();
    EngineProcess second(program(), {"serve", "--socket", (directory() / "second" / "s").string(), "--runs",
                                     (directory() / "second-runs").string()});
    ASSERT_NE(second.waitForErrorLines(1).find("listening"), std::string::npos);
    EngineClient other(directory() / "second" / "s");
    EXPECT_EQ(other.hello()["runs_directory"], fs::canonical(directory() / "second-runs").string());
    killBroker();
    ASSERT_TRUE(fs::exists(socket()));
    startBroker();
    EXPECT_EQ(greeted().result("run.list")["runs"], json::array());
    other.result("engine.ping");
}

TEST_F(BrokerRefuses, ADirectoryThatOthersMayEnter) {
    const fs::path place = directory() / "open";
    fs::create_directory(place);
    for (const mode_t mode : {0755, 0710, 0701, 01777}) {
        ASSERT_EQ(::chmod(place.c_str(), mode), 0);
        expectRefusal(serve(place / "s", runs()), place.string() + " is open to other users (mode ");
    }
    ASSERT_EQ(::chmod(place.c_str(), 0700), 0);
    fs::create_directory_symlink(place, directory() / "link");
    expectRefusal(serve(directory() / "link" / "s", runs()), "is not a directory");
    put(directory() / "file", "");
    expectRefusal(serve(directory() / "file" / "s", runs()), "is not a directory");
    EXPECT_TRUE(fs::is_empty(place));
}

// /usr is root's; root itself is shown a directory of somebody else.
TEST_F(BrokerRefuses, ADirectoryOfAnotherUser) {
    fs::path place = "/usr";
    if (::geteuid() == 0) {
        place = directory() / "theirs";
        ASSERT_EQ(::mkdir(place.c_str(), 0700), 0);
        ASSERT_EQ(::chown(place.c_str(), kNobody, kNobody), 0);
    }
    expectRefusal(serve(place / "s", runs()), place.string() + " belongs to user ");
}

TEST_F(BrokerRefuses, APathThatIsTooLongForASocket) {
    const fs::path place = directory() / std::string(108 - directory().string().size() - 3, 'x');
    expectRefusal(serve(place / "s", runs()), "the path of a socket has at most 107 bytes");
    EXPECT_EQ((directory() / std::string(107 - directory().string().size() - 3, 'x') / "s").string().size(), 107u);
}

// A process of another user: the one way past the directory's mode is that its owner opens it later.
TEST_F(BrokerRefuses, AnotherUserEvenWhereTheDirectoryIsOpen) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    EXPECT_EQ(server::peerUser(pair[0]), ::getuid());
    ::close(pair[1]);
    EXPECT_EQ(server::peerUser(::open("/dev/null", O_RDONLY | O_CLOEXEC)), std::nullopt);
    if (::geteuid() != 0) return;  // nobody else can be asked
    startBroker();
    EngineClient bystander = greeted();
    for (fs::path place = socket(); place != directory().parent_path(); place = place.parent_path())
        ASSERT_EQ(::chmod(place.c_str(), place == socket() ? 0666 : 0755), 0);
    int report[2];
    ASSERT_EQ(::pipe2(report, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(1);
        EngineClient stranger(socket());
        const std::string hello =
            R"({"jsonrpc":"2.0","id":1,"method":"engine.hello","params":{"client":"x","protocol":"1.0"}})";
        const std::string said = stranger.nextLine().value_or("closed without a word");
        (void)!::write(report[1], said.data(), said.size());
        ::_exit(stranger.hasEnded() ? 0 : 2);
    }
    ::close(report[1]);
    std::string said(4096, '\0');
    const ssize_t count = ::read(report[0], said.data(), said.size());
    said.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_NE(said.find("serves user 0 alone"), std::string::npos) << said;
    bystander.result("engine.ping");
}

// The other way round: nothing is said to a socket that somebody else listens on.
TEST_F(BrokerRefuses, ToAttachToTheEngineOfAnotherUser) {
    if (::geteuid() != 0) {  // nobody else can listen; the check is that of the peer's user
        int pair[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        EXPECT_EQ(server::peerUser(pair[0]), ::getuid());
        return;
    }
    fs::create_directories(socket().parent_path());
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const pid_t child = ::fork();  // the peer's user is that of the process that called listen
    if (child == 0) {
        const bool isReady = ::setuid(kNobody) == 0 && ::listen(listener, 1) == 0;
        ::_exit(isReady ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WEXITSTATUS(status), 0);
    expectRefusal(EngineProcess(program(), {"attach", "--socket", socket().string()}).finish(),
                  socket().string() + " is served by another user; nothing was sent to it");
    ::close(listener);
}

TEST_F(BrokerRefuses, WhatIsNoTextOrTooDeepOrTooLongWhileOthersGoOn) {
    constexpr unsigned kSeed = 7;
    std::mt19937 random(kSeed);
    std::string noise(3000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    std::replace(noise.begin(), noise.end(), '\n', ' ');
    const std::string start = R"({"jsonrpc":"2.0","id":1,"method":"engine.ping","params":{"a":)";
    const std::string deep = std::string(31, '[') + std::string(31, ']');
    struct Case {
        const char* name;
        std::string bytes, reason;
    };
    const Case cases[] = {
        {"noise", noise + "\n", "not valid JSON"},
        {"zeros", std::string(100, '\0') + "\n", "not valid JSON"},
        {"empty line", "\n", "not valid JSON"},
        {"cut UTF-8", start + "\"\xc3\"}}\n", "not valid JSON"},
        {"overlong UTF-8", start + "\"\xc0\xaf\"}}\n", "not valid JSON"},
        {"half a surrogate", start + "\"\xed\xa0\x80\"}}\n", "not valid JSON"},
        {"33 levels", start + deep + "}}\n", "nested deeper than 32 levels"},
        {"a number without end", start + "1e999999}}\n", "not valid JSON"},
        {"two objects", start + "1}} {}\n", "not valid JSON"},
        {"a long line", std::string(server::kMaxWireLine, 'x') + "\n", "more than 1048576 bytes"},
        {"a long line that goes on", std::string(server::kMaxWireLine + 1, ' '), "more than 1048576 bytes"},
    };
    startBroker();
    const fs::path run = makeRun("watched");
    auto journal = run::JournalWriter::open(run / "events.ndjson").value();
    EngineClient bystander = greeted();
    bystander.result("run.attach", {{"run", "watched"}});
    bystander.notification("run.live");
    uint64_t sequence = 0;
    for (const Case& entry : cases) {
        SCOPED_TRACE(entry.name);
        const json fault = faultAfter(entry.bytes);
        EXPECT_EQ(fault["code"], -32700) << fault;
        EXPECT_EQ(fault["data"]["kind"], "parse");
        EXPECT_NE(fault["message"].get<std::string>().find(entry.reason), std::string::npos) << fault;
        ASSERT_TRUE(journal.append("log", {{"message", entry.name}}));
        EXPECT_EQ(bystander.notification("run.event")["event"]["seq"], ++sequence);
        bystander.result("engine.ping");
    }
}

TEST_F(BrokerRefuses, NothingThatKeepsToTheLimits) {
    startBroker();
    EngineClient client = greeted();
    std::string line = R"({"jsonrpc":"2.0","id":"long","method":"engine.ping","params":{"a":")";
    line += std::string(server::kMaxWireLine - line.size() - 4, 'x') + "\"}}\n";
    ASSERT_EQ(line.size(), server::kMaxWireLine);
    client.send(line);
    EXPECT_EQ(client.next().value()["id"], "long");
    client.send(R"({"jsonrpc":"2.0","id":"deep","method":"engine.ping","params":{"a":)" + std::string(30, '[') +
                std::string(30, ']') + "}}\n");
    EXPECT_EQ(client.next().value()["id"], "deep");
}

// Half a line is nothing: who ends in it has said nothing, who waits in it keeps nobody waiting.
TEST_F(BrokerRefuses, ToActOnHalfALine) {
    startBroker();
    makeRun("kept");
    const std::string rename =
        R"({"jsonrpc":"2.0","id":2,"method":"run.rename","params":{"run":"kept","name":"lost"}})";
    {
        EngineClient client = greeted();
        client.send(rename);
    }
    EngineClient waiting = greeted();
    waiting.send(rename.substr(0, 40));
    {
        EngineClient last = greeted();
        last.send(rename);
        last.finishSending();
        EXPECT_TRUE(last.hasEnded());
    }
    EngineClient other = greeted();
    EXPECT_EQ(other.result("run.list")["runs"][0]["name"], "kept");
    waiting.send(rename.substr(40) + "\n");
    EXPECT_TRUE(waiting.next().value().contains("result"));
    EXPECT_EQ(other.result("run.list")["runs"][0]["name"], "lost");
}

// What was asked before the client stopped sending is answered: `printf ... | radlads-engine attach`.
TEST_F(BrokerRefuses, NoAnswerToAClientThatSendsNoMore) {
    startBroker();
    for (const bool isAttached : {false, true}) {
        EngineClient client =
            isAttached ? EngineClient(program(), {"attach", "--socket", socket().string()}) : connect();
        std::string lines =
            R"({"jsonrpc":"2.0","id":0,"method":"engine.hello","params":{"client":"x","protocol":"1.0"}})"
            "\n";
        constexpr int kPings = 2000;
        for (int i = 1; i <= kPings; ++i)
            lines += R"({"jsonrpc":"2.0","id":)" + std::to_string(i) +
                     R"(,"method":"engine.ping"})"
                     "\n";
        client.send(lines);
        client.finishSending();
        for (int i = 0; i <= kPings; ++i) {
            const auto said = client.next();
            ASSERT_TRUE(said) << "closed before answer " << i << (isAttached ? " through attach" : "");
            ASSERT_EQ(said->at("id"), i);
        }
        EXPECT_TRUE(client.hasEnded());
    }
}

TEST_F(BrokerRefuses, NotToTellTheEndOfAJobToAClientThatSendsNoMore) {
    useStandInWorker();
    const fs::path worker = fs::path(program()).parent_path() / "radlads-worker", go = directory() / "go";
    fs::remove(worker);
    put(worker, "#!/bin/sh\necho '{\"event\":{\"done\":1}}'\nwhile [ ! -e " + go.string() +
                    " ]; do sleep 0.01; done\necho '{\"result\":{\"path\":\"there\"}}'\n");
    fs::permissions(worker, fs::perms::owner_all);
    startBroker();
    EngineClient client = greeted(), other = greeted();
    client.request("teacher.convert", {{"source", "/a.gguf"}, {"output", (directory() / "b").string()}});
    client.finishSending();
    const std::string job = client.next().value().at("result").at("job");
    EXPECT_EQ(client.notification("job.event"), json({{"job", job}, {"event", {{"done", 1}}}}));
    other.result("engine.ping");
    put(go, "");
    EXPECT_EQ(client.notification("job.finished"), json({{"job", job}, {"result", {{"path", "there"}}}}));
    EXPECT_TRUE(client.hasEnded());
}

// A worker that has not taken its run yet makes commands wait: the only requests that are not answered at once.
TEST_F(BrokerRefuses, The65thRequestThatWaitsForItsAnswer) {
    useStandInWorker();
    startBroker();
    makeRun("slow");
    put(runs() / "slow" / "wait", "");
    EngineClient client = greeted(), bystander = greeted();
    client.result("run.resume", {{"run", "slow"}});
    std::vector<int> waiting;
    for (int i = 0; i < server::Session::kMaxInFlight; ++i)
        waiting.push_back(client.request("run.checkpoint", {{"run", "slow"}}));
    const json refused = client.error("run.checkpoint", {{"run", "slow"}});
    EXPECT_EQ(refused["code"], 6);
    EXPECT_EQ(refused["data"]["kind"], "flight");
    EXPECT_EQ(refused["message"], "64 requests wait for their answer; send fewer at a time");
    EXPECT_EQ(client.error("engine.ping")["code"], 6);
    bystander.result("engine.ping");
    fs::remove(runs() / "slow" / "wait");
    for (const int id : waiting) EXPECT_TRUE(client.answer(id).contains("result"));
    client.result("engine.ping");
    ASSERT_TRUE(eventually([&] {
        const auto events = eventsOf(runs() / "slow");
        return std::count_if(events.begin(), events.end(), [](const json& event) {
                   return event["event"] == "checkpoint.saved";
               }) == server::Session::kMaxInFlight;
    }));
}

TEST_F(BrokerRefuses, ClientsForWhichItHasNoDescriptorAndNoneAfterwards) {
    startBroker();
    EngineClient first = greeted();
    const std::string open = "/proc/" + std::to_string(broker().id()) + "/fd";
    const auto descriptors = std::distance(fs::directory_iterator(open), fs::directory_iterator());
    rlimit limit{};
    ASSERT_EQ(::prlimit(broker().id(), RLIMIT_NOFILE, nullptr, &limit), 0);
    limit.rlim_cur = static_cast<rlim_t>(descriptors + 3);
    ASSERT_EQ(::prlimit(broker().id(), RLIMIT_NOFILE, &limit, nullptr), 0);
    std::vector<EngineClient> clients;
    EXPECT_THROW(
        {
            for (int i = 0; i < 10; ++i) clients.push_back(greeted());
        },
        std::exception);
    first.result("engine.ping");
    ASSERT_FALSE(clients.empty());
    clients.clear();
    EXPECT_TRUE(eventually([&] {
        try {
            greeted();
            return true;
        } catch (const std::exception&) {
            return false;
        }
    }));
    first.result("engine.ping");
}

TEST_F(BrokerRefuses, The65thClientUntilAnotherHasGone) {
    startBroker();
    std::vector<EngineClient> clients;
    for (int i = 0; i < 64; ++i) clients.push_back(greeted());
    EngineClient last = connect();
    EXPECT_EQ(last.next().value()["error"]["message"], "64 clients are connected already; close one of them");
    EXPECT_TRUE(last.hasEnded());
    clients.pop_back();
    EXPECT_TRUE(eventually([&] {
        EngineClient next = connect();
        try {
            next.request("engine.hello", {{"client", "x"}, {"protocol", "1.0"}});
        } catch (const std::system_error&) {  // closed already
            return false;
        }
        return next.next().value().contains("result");
    }));
    for (EngineClient& client : clients) client.result("engine.ping");
}

}  // namespace
}  // namespace radlads::test
