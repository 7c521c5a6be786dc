// How long the stored events of a run take from a real engine process to a client: to one that only reads, and to the
// studio's (EngineClient, RunStore, RunHistory), with the largest gap of its event loop.
//
//   replay-benchmark [EVENTS [ROUNDS]]      (default 200000 5)
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTimer>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/run/run_directory.h"
#include "tests/server/engine_client.h"
#include "tests/server/engine_process.h"
#include "ui/core/run_store.h"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace radlads;

constexpr const char* kRun = "long";

// What a worker writes: mostly metrics, now and then layers, evaluations and checkpoints.
void writeJournal(const fs::path& run, int events) {
    auto journal = run::JournalWriter::open(run / "events.ndjson").value();
    const auto append = [&](const char* event, const json& fields) {
        if (!journal.append(event, fields)) std::exit(1);
    };
    append("run.started", {{"name", kRun}, {"resumed", false}, {"step_index", 0}, {"update", 0}});
    append("step.started", {{"step_index", 0}, {"kind", "align"}, {"update", 0}, {"tokens", 0}, {"total_tokens", 1e9}});
    for (int i = 3; i < events; ++i) {
        const double x = i;
        if (i % 10 == 0) {
            json losses = json::array();
            for (int layer = 0; layer < 24; ++layer) losses.push_back(1.0 / (x + layer + 1.234567));
            append("layers", {{"step_index", 0}, {"update", i}, {"losses", losses}});
        } else if (i % 1000 == 1) {
            append("evaluation",
                   {{"step_index", 0}, {"update", i}, {"validation_loss", 3.0 / (1 + x * 1e-4)}, {"best", true}});
        } else if (i % 1000 == 2) {
            append("checkpoint.saved", {{"step_index", 0}, {"update", i}, {"tokens", i * 4096}});
        } else {
            append("metrics", {{"step_index", 0},
                               {"update", i},
                               {"tokens", static_cast<int64_t>(i) * 4096},
                               {"loss", 5.1234567890123 / (1 + x * 1e-4)},
                               {"learning_rate", 3e-4 / (1 + x * 1e-6)},
                               {"mixer_learning_rate", 2e-4 / (1 + x * 1e-6)},
                               {"gradient_norm", 0.7312345678 + 1 / x},
                               {"tokens_per_second", 8123.456789 + x * 1e-3},
                               {"memory_bytes", 812345678 + i},
                               {"peak_memory_bytes", 912345678},
                               {"data_wait_seconds", 0.0012345678},
                               {"eta_seconds", 100000 - x * 0.1}});
        }
    }
    append("run.finished", {{"step_index", 0}, {"update", events}});
}

double processorSeconds(pid_t process) {
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    std::string word;
    double ticks = 0;
    for (int field = 1; stat >> word; ++field)
        if (field == 14 || field == 15) ticks += std::stod(word);
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double ownProcessorSeconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

struct Figures {
    double seconds = 0, engineSeconds = 0, clientSeconds = 0, largestGapMs = 0;
};

template <class Replay>
Figures measure(pid_t engine, Replay replay) {
    Figures figures;
    const double engineBefore = processorSeconds(engine), clientBefore = ownProcessorSeconds();
    QElapsedTimer timer;
    timer.start();
    figures.largestGapMs = replay();
    figures.seconds = static_cast<double>(timer.nsecsElapsed()) * 1e-9;
    figures.engineSeconds = processorSeconds(engine) - engineBefore;
    figures.clientSeconds = ownProcessorSeconds() - clientBefore;
    return figures;
}

double replayRaw(const fs::path& socket) {
    test::EngineClient client(socket);
    client.hello();
    client.request("run.attach", {{"run", kRun}});
    for (;;) {
        const auto line = client.nextLine();
        if (!line || line->find("\"run.live\"") != std::string::npos) return 0;
    }
}

double replayStudio(const fs::path& socket, int events) {
    ui::EngineAddress address;
    address.socket = QString::fromStdString(socket.string());
    address.startsEngine = false;
    ui::EngineClient client(address);
    ui::RunStore store(&client);
    double largest = 0;
    QElapsedTimer sinceTurn;
    QTimer turns;
    QObject::connect(&turns, &QTimer::timeout, &client, [&] {
        if (sinceTurn.isValid()) largest = std::max(largest, static_cast<double>(sinceTurn.nsecsElapsed()) * 1e-6);
        sinceTurn.start();
    });
    turns.start(0);
    const auto history = store.history(QString::fromLatin1(kRun));
    QEventLoop loop;
    QObject::connect(history.get(), &ui::RunHistory::live, &loop, &QEventLoop::quit);
    client.connectToEngine();
    loop.exec();
    if (history->lastSeq() != static_cast<quint64>(events)) std::exit(1);
    return largest;
}

void print(const char* who, const Figures& figures) {
    std::printf("%-8s %6.2f s   engine %5.2f s   client %5.2f s   largest gap %5.1f ms\n", who, figures.seconds,
                figures.engineSeconds, figures.clientSeconds, figures.largestGapMs);
    std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
    QCoreApplication application(count, words);
    const int events = count > 1 ? std::atoi(words[1]) : 200'000, rounds = count > 2 ? std::atoi(words[2]) : 5;
    std::string pattern = (fs::temp_directory_path() / "radlads-replay-XXXXXX").string();
    if (events < 10 || rounds < 1 || !::mkdtemp(pattern.data())) return 2;
    const fs::path place = pattern, run = place / "runs" / kRun, socket = place / "run" / "s";
    fs::create_directories(place / "runs");
    protocol::Plan plan;
    plan.name = kRun;
    plan.teacher.path = "demo";
    plan.data.sources = {{"demo", {}, "text", 1.0}};
    plan.steps.resize(1);
    plan.steps[0].tokens = 1'000'000;
    if (!protocol::resolvePlan(plan) || !run::createRun(place / "runs", plan, run)) return 1;
    writeJournal(run, events);
    std::printf("%d events, %.1f MB\n", events, static_cast<double>(fs::file_size(run / "events.ndjson")) * 1e-6);
    {
        test::EngineProcess engine(RADLADS_BIN_DIR "/radlads-engine",
                                   {"serve", "--socket", socket.string(), "--runs", (place / "runs").string()});
        engine.waitForErrorLines(1);
        for (int round = 0; round < rounds; ++round) {
            print("reading", measure(engine.id(), [&] { return replayRaw(socket); }));
            print("studio", measure(engine.id(), [&] { return replayStudio(socket, events); }));
        }
    }
    std::error_code ignored;
    fs::remove_all(place, ignored);
    return 0;
}
