#include "engine/server/run_control.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "engine/protocol/text.h"
#include "engine/run/run_directory.h"
#include "engine/server/display.h"

namespace radlads::server {
namespace {

using namespace std::chrono_literals;

constexpr const char* kStaging = ".starting-";  // below the runs directory: runs that are not whole yet
constexpr auto kWaitInterval = 20ms;
constexpr auto kQueueInterval = 500ms;

tl::unexpected<RpcError> refuseRun(int code, std::string message) {
    return tl::unexpected(RpcError{code, std::move(message), "run"});
}

// The last line that a worker printed, without the program's name.
std::string lastLine(const fs::path& file) {
    run::Descriptor log(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!log.valid()) return {};
    constexpr off_t kTail = 4096;
    const off_t size = ::lseek(log.value(), 0, SEEK_END);
    std::string text(static_cast<std::size_t>(std::min(size, kTail)), '\0');
    const ssize_t count = ::pread(log.value(), text.data(), text.size(), std::max<off_t>(0, size - kTail));
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (const auto newline = text.rfind('\n'); newline != std::string::npos) text.erase(0, newline + 1);
    constexpr std::string_view kName = "radlads-engine: ";
    if (text.starts_with(kName)) text.erase(0, kName.size());
    return printable(text);
}

std::string howItEnded(int status) {
    if (WIFSIGNALED(status))
        return fmt::format("was ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
    return fmt::format("ended with status {}", WEXITSTATUS(status));
}

// Moves a whole run to its place below `runs`, under the first free name.
Result<std::string> publish(const fs::path& staged, const fs::path& runs) {
    constexpr int kMostTries = 10000;
    const std::string name = staged.filename().string();
    for (int number = 1; number <= kMostTries; ++number) {
        const std::string candidate = number == 1 ? name : fmt::format("{}-{}", name, number);
        if (number > 1) {
            RADLADS_TRY_ASSIGN(run::RunSummary summary, run::readSummary(staged));
            summary.id = candidate;
            RADLADS_TRY(run::writeSummary(staged, summary));
        }
        if (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, (runs / candidate).c_str(), RENAME_NOREPLACE) == 0) {
            RADLADS_TRY(run::syncDirectory(runs));
            return candidate;
        }
        if (errno != EEXIST && errno != ENOTEMPTY) return systemError("making the run " + candidate, errno);
    }
    return failed("{} holds {} runs named {}; choose another name", runs.string(), kMostTries, name);
}

}  // namespace

RunControl::RunControl(const fs::path& runsDirectory, QObject* parent)
    : QObject(parent),
      m_directory(runsDirectory),
      m_queue(runsDirectory),
      m_library(runsDirectory, {[this](const std::string& run) { return isBeginning(run); },
                                [this](const std::string& run) { return m_queue.positionOf(run); }}) {
    m_nextTimer.setSingleShot(true);
    m_waitTimer.setInterval(kWaitInterval);
    connect(&m_nextTimer, &QTimer::timeout, this, &RunControl::startNext);
    connect(&m_waitTimer, &QTimer::timeout, this, &RunControl::tellWaiting);
    connect(&m_launcher, &WorkerLauncher::ended, this, &RunControl::onWorkerEnded);
    const auto next = [this] {
        if (!m_queue.order().empty()) m_nextTimer.start(0);
    };
    connect(&m_library, &RunLibrary::changed, this, next);
    connect(&m_library, &RunLibrary::removed, this, next);
    settleAll();
}

bool RunControl::isActive(const std::string& run) const {
    return m_launcher.isAlive(run) || run::RunLock::isHeld(m_directory / run);
}

std::size_t RunControl::activeRuns() {
    const std::vector<std::string> names = m_library.names();
    return static_cast<std::size_t>(
        std::count_if(names.begin(), names.end(), [this](const std::string& run) { return isActive(run); }));
}

// A run appears with all its files at once, by a rename: an engine that is killed leaves a whole run or none.
tl::expected<std::string, RpcError> RunControl::create(const StartRequest& request) {
    const fs::path staging = m_directory / (kStaging + request.key);
    std::error_code error;
    fs::remove_all(staging, error);
    const auto staged = run::createRun(staging, request.plan, std::nullopt);
    if (!staged) return refuse(staged.error());
    RunLabels labels;
    labels.tags = request.tags;
    labels.startKey = request.key;
    labels.pending = request.queue ? "queue" : "start";
    Result<std::string> published;
    if (const Status written = writeLabels(*staged, labels); !written)
        published = tl::unexpected(written.error());
    else
        published = publish(*staged, m_directory);
    fs::remove_all(staging, error);
    if (!published) return refuse(published.error());
    m_library.scan();
    return *published;
}

tl::expected<std::string, RpcError> RunControl::start(const StartRequest& request) {
    std::string run;
    if (const auto before = m_library.startedWith(request.key)) {
        run = *before;
    } else {
        auto created = create(request);
        if (!created) return created;
        run = *created;
    }
    if (const Status settled = settle(run); !settled) return refuse(settled.error());
    return run;
}

// Does what run.start promised for the run, once.
Status RunControl::settle(const std::string& run) {
    const fs::path directory = m_directory / run;
    RunLabels labels = readLabels(directory);
    if (labels.pending.empty()) return {};
    const auto info = run::inspectRun(directory);
    const bool isNew = info && info->state == run::RunState::New && !isActive(run);
    if (isNew && labels.pending == "queue") {
        RADLADS_TRY(m_queue.append(run));
        queueWritten();
    }
    if (isNew && labels.pending == "start") RADLADS_TRY(launch(run));
    labels.pending.clear();
    return writeLabels(directory, labels);
}

void RunControl::settleAll() {
    std::error_code error;
    for (fs::directory_iterator entry(m_directory, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        if (entry->path().filename().string().starts_with(kStaging)) fs::remove_all(entry->path(), ignored);
    }
    for (const std::string& run : m_library.names())
        if (const Status settled = settle(run); !settled)
            fmt::print(stderr, "radlads-engine: run {}: {}\n", printable(run), settled.error().message);
    m_nextTimer.start(0);
}

Status RunControl::launch(const std::string& run) {
    const fs::path directory = m_directory / run;
    const auto summary = run::readSummary(directory);
    m_updatedAtStart[run] = summary ? summary->updated : "";
    RADLADS_TRY(m_launcher.start(run, directory));
    m_library.touch(run);
    return {};
}

// A worker that was started here and has written nothing into the run yet.
bool RunControl::isBeginning(const std::string& run) const {
    if (!m_launcher.isAlive(run)) return false;
    const auto summary = run::readSummary(m_directory / run);
    const auto before = m_updatedAtStart.find(run);
    return summary && before != m_updatedAtStart.end() && summary->updated == before->second;
}

void RunControl::resume(const std::string& run, Done done) {
    const auto directory = m_library.find(run);
    if (!directory) return done(tl::unexpected(directory.error()));
    const bool isHeld = run::RunLock::isHeld(*directory);
    const auto info = run::inspectRun(*directory);
    if (isHeld && info && (info->state == run::RunState::Running || info->state == run::RunState::Paused)) {
        const Status told = run::appendCommand(*directory, "resume", nlohmann::json::object());
        return done(told ? tl::expected<void, RpcError>() : refuse(told.error()));
    }
    if (isBeginning(run)) return done({});
    if (isHeld || m_launcher.isAlive(run)) return wait({run, "resume", std::move(done)});
    done(startAgain(run, *directory));
}

tl::expected<void, RpcError> RunControl::startAgain(const std::string& run, const fs::path& directory) {
    const auto info = run::inspectRun(directory);
    if (info && info->state == run::RunState::Finished)
        return refuseRun(kInputError, fmt::format("run {} is finished already; its model is in {}",
                                                  protocol::quote(run), (directory / "model").string()));
    if (const Status launched = launch(run); !launched) return refuse(launched.error());
    if (m_queue.positionOf(run)) {
        if (const Status removed = m_queue.remove(run); !removed) return refuse(removed.error());
        queueWritten();
    }
    return {};
}

void RunControl::wait(Waiting entry) {
    m_waiting.push_back(std::move(entry));
    if (!m_waitTimer.isActive()) m_waitTimer.start();
}

void RunControl::tell(const std::string& run, const std::string& command, Done done) {
    const auto directory = m_library.find(run);
    if (!directory) return done(tl::unexpected(directory.error()));
    if (run::RunLock::isHeld(*directory)) {
        const Status told = run::appendCommand(*directory, command, nlohmann::json::object());
        if (!told) return done(refuse(told.error()));
        return done({});
    }
    if (m_launcher.isAlive(run)) return wait({run, command, std::move(done)});
    const auto info = run::inspectRun(*directory);
    const bool queued = m_queue.positionOf(run).has_value();
    done(refuseRun(kInputError,
                   fmt::format("run {} is not running (it is {}), so it cannot be told to {}", protocol::quote(run),
                               queued ? "queued"
                               : info ? toString(info->state)
                                      : "damaged",
                               command)));
}

void RunControl::tellWaiting() {
    std::vector<Waiting> waiting = std::exchange(m_waiting, {});
    for (Waiting& entry : waiting) {
        if (entry.command == "resume")
            resume(entry.run, std::move(entry.done));
        else
            tell(entry.run, entry.command, std::move(entry.done));
    }
    if (m_waiting.empty()) m_waitTimer.stop();
}

tl::expected<void, RpcError> RunControl::setQueue(std::vector<std::string> order) {
    std::set<std::string> seen;
    for (const std::string& run : order) {
        const auto directory = m_library.find(run);
        if (!directory) return tl::unexpected(RpcError{directory.error().code, directory.error().message, "order"});
        if (!seen.insert(run).second)
            return tl::unexpected(
                RpcError{kParamsError, fmt::format("run {} is named twice", protocol::quote(run)), "order"});
        const auto info = run::inspectRun(*directory);
        if (isActive(run) || (info && info->state == run::RunState::Finished))
            return tl::unexpected(
                RpcError{kInputError,
                         fmt::format("run {} is {}, so it cannot wait for its start", protocol::quote(run),
                                     info && info->state == run::RunState::Finished ? "finished" : "running"),
                         "order"});
    }
    std::vector<std::string> before = m_queue.order();
    if (const Status written = m_queue.setOrder(std::move(order)); !written) return refuse(written.error());
    for (const std::string& run : before) m_library.touch(run);
    queueWritten();
    return {};
}

tl::expected<void, RpcError> RunControl::leave(const std::string& run) {
    if (isActive(run))
        return refuseRun(kBusyError, fmt::format("run {} is running; stop it first", protocol::quote(run)));
    if (!m_queue.positionOf(run)) return {};
    if (const Status removed = m_queue.remove(run); !removed) return refuse(removed.error());
    queueWritten();
    return {};
}

void RunControl::queueWritten() {
    for (const std::string& run : m_queue.order()) m_library.touch(run);
    Q_EMIT queueChanged();
    m_nextTimer.start(0);
}

void RunControl::startNext() {
    if (m_queue.order().empty()) return;
    // No file tells when a worker that is not this engine's child lets go of its run, some time after its last word.
    if (activeRuns() > 0) return m_nextTimer.start(kQueueInterval);
    const std::string run = m_queue.order().front();
    const auto directory = m_library.find(run);
    const auto info = directory ? run::inspectRun(*directory) : Result<run::RunInfo>(failed("it is gone"));
    if (info && info->state != run::RunState::Finished) {
        if (const Status launched = launch(run); !launched) {
            run::RunSummary summary = info->summary;
            summary.state = "failed";
            summary.message = launched.error().message;
            summary.updated = run::utcNow();
            (void)run::writeSummary(*directory, summary);
        }
    }
    if (const Status removed = m_queue.remove(run); !removed) {
        fmt::print(stderr, "radlads-engine: the queue: {}\n", removed.error().message);
        return;
    }
    m_library.touch(run);
    queueWritten();
}

// A worker that ends before it has taken hold of the run writes no word into it; its own words are in its log.
void RunControl::onWorkerEnded(const std::string& run, int status) {
    const std::string updated = std::exchange(m_updatedAtStart[run], {});
    m_updatedAtStart.erase(run);
    const fs::path directory = m_directory / run;
    if (const auto summary = run::readSummary(directory); summary && status != 0 && summary->updated == updated) {
        if (const auto lock = run::RunLock::acquire(directory)) {
            run::RunSummary ended = *summary;
            const std::string said = WIFSIGNALED(status) ? std::string() : lastLine(directory / "worker.log");
            ended.state = "failed";
            ended.message = said.empty() ? fmt::format("the worker {} before it began; see {}", howItEnded(status),
                                                       (directory / "worker.log").string())
                                         : said;
            ended.updated = run::utcNow();
            (void)run::writeSummary(directory, ended);
        }
    }
    m_library.touch(run);
    if (!m_queue.order().empty()) m_nextTimer.start(0);
}

}  // namespace radlads::server
