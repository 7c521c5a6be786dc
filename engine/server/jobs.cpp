#include "engine/server/jobs.h"

#include <algorithm>

#include "engine/protocol/text.h"

namespace radlads::server {
namespace {

using nlohmann::ordered_json;
constexpr std::size_t kMaxDocument = 64 << 20;

}  // namespace

WorkerJob::WorkerJob(WorkerOutput form, QObject* parent) : Job(parent), m_form(form) {
    connect(&m_process, &WorkerProcess::output, this, &WorkerJob::onOutput);
    connect(&m_process, &WorkerProcess::ended, this, &WorkerJob::onEnded);
    connect(&m_process, &WorkerProcess::message, this, [this](const std::string& line) {
        if (m_form == WorkerOutput::Document) Q_EMIT event({{"text", line}});
    });
}

void WorkerJob::onOutput(std::string_view bytes) {
    if (m_form == WorkerOutput::Document) {
        if (m_document.size() < kMaxDocument) m_document += bytes;
        return;
    }
    m_decoder.add(bytes);
    while (const auto line = m_decoder.next()) onLine(*line);
}

void WorkerJob::onLine(const std::string& line) {
    if (!protocol::jsonDepthWithin(line, kMaxWireDepth - 2)) return;
    ordered_json document = ordered_json::parse(line, nullptr, false);
    if (!document.is_object()) return;
    if (const auto fields = document.find("event"); fields != document.end()) Q_EMIT event(*fields);
    if (const auto result = document.find("result"); result != document.end()) m_result = std::move(*result);
}

void WorkerJob::onEnded(int, const std::optional<RpcError>& error) {
    if (m_form == WorkerOutput::Document && !error) m_result = ordered_json::parse(m_document, nullptr, false);
    if (error)
        Q_EMIT finished(tl::unexpected(*error));
    else if (m_result.is_object())
        Q_EMIT finished(m_result);
    else
        Q_EMIT finished(refuse(kFailedError,
                               "the worker ended without a result; are radlads-engine and radlads-worker "
                               "of the same version?"));
}

tl::expected<void, RpcError> JobList::checkRoom() const {
    if (m_jobs.size() < kMaxJobs) return {};
    return refuse(kBusyError, "{} jobs are running already; wait for one or cancel it", kMaxJobs);
}

tl::expected<std::string, RpcError> JobList::startWorker(Session& session, const std::vector<std::string>& arguments,
                                                         WorkerOutput form, WorkerLife life, const std::string& input,
                                                         const std::function<void(const Answer&)>& told) {
    if (const auto room = checkRoom(); !room) return tl::unexpected(room.error());
    auto job = std::make_unique<WorkerJob>(form);
    if (const Status started = job->start(arguments, life, input); !started) return refuse(started.error());
    if (told) connect(job.get(), &Job::finished, this, told);
    return add(session, job.release(), {.endsWithSession = life == WorkerLife::WithEngine});
}

tl::expected<std::string, RpcError> JobList::startShared(Session& session, const std::string& name,
                                                         const std::function<Job*()>& make) {
    const auto same =
        std::find_if(m_jobs.begin(), m_jobs.end(), [&](const auto& entry) { return entry.second.sharedName == name; });
    if (same != m_jobs.end()) {
        join(same->first, session);
        return same->first;
    }
    if (const auto room = checkRoom(); !room) return tl::unexpected(room.error());
    return add(session, make(), {.sharedName = name});
}

std::string JobList::add(Session& session, Job* job, Entry entry) {
    const std::string id = fmt::format("job-{}", ++m_lastNumber);
    job->setParent(this);
    entry.job = job;
    m_jobs.emplace(id, std::move(entry));
    join(id, session);
    connect(job, &Job::event, this, [this, id](const ordered_json& fields) {
        deliver(id, notificationLine("job.event", {{"job", id}, {"event", fields}}));
    });
    connect(job, &Job::finished, this, [this, id](const Answer& result) { onFinished(id, result); });
    return id;
}

void JobList::join(const std::string& id, Session& session) {
    std::vector<QPointer<Session>>& sessions = m_jobs.at(id).sessions;
    if (std::find(sessions.begin(), sessions.end(), &session) != sessions.end()) return;
    sessions.emplace_back(&session);
    session.hold();
    connect(&session, &Session::drained, m_jobs.at(id).job, [this, id] { setPace(id); });
    connect(&session, &Session::ended, m_jobs.at(id).job, [this, id, ended = QPointer<Session>(&session)] {
        if (const auto found = m_jobs.find(id); found != m_jobs.end()) std::erase(found->second.sessions, ended);
        onSessionEnded(id);
    });
}

// A job that a client follows goes at that client's pace; shared ones, whose events are figures, leave events out
// instead.
void JobList::deliver(const std::string& id, const std::string& line) {
    const auto found = m_jobs.find(id);
    if (found == m_jobs.end()) return;
    const bool mayLeaveOut = !found->second.sharedName.empty();
    for (const QPointer<Session>& session : found->second.sessions)
        if (session && !(mayLeaveOut && session->isFull())) session->send(line);
    setPace(id);
}

void JobList::setPace(const std::string& id) {
    const auto found = m_jobs.find(id);
    if (found == m_jobs.end()) return;
    const auto& sessions = found->second.sessions;
    found->second.job->setPaused(std::any_of(sessions.begin(), sessions.end(), [](const QPointer<Session>& session) {
        return session && session->isFull();
    }));
}

void JobList::onSessionEnded(const std::string& id) {
    const auto found = m_jobs.find(id);
    if (found == m_jobs.end()) return;
    if (found->second.endsWithSession && found->second.sessions.empty())
        found->second.job->cancel();
    else
        setPace(id);
}

void JobList::onFinished(const std::string& id, const Answer& result) {
    const auto found = m_jobs.find(id);
    if (found == m_jobs.end()) return;
    Entry entry = std::move(found->second);
    m_jobs.erase(found);
    ordered_json params = {{"job", id}};
    if (result)
        params["result"] = *result;
    else
        params["error"] = toJson(result.error());
    std::string line = notificationLine("job.finished", params);
    if (line.size() > kMaxWireLine)
        line = notificationLine(
            "job.finished",
            {{"job", id}, {"error", toJson({kFailedError, "the result is longer than a line may be", {}})}});
    for (const QPointer<Session>& session : entry.sessions) {
        if (!session) continue;
        session->send(line);
        session->release();
    }
    entry.job->disconnect(this);
    entry.job->deleteLater();
}

tl::expected<void, RpcError> JobList::cancel(const std::string& job) {
    const auto found = m_jobs.find(job);
    if (found == m_jobs.end())
        return tl::unexpected(
            RpcError{kMissingError, fmt::format("there is no job {}; it may have ended", protocol::quote(job)), "job"});
    found->second.job->cancel();
    return {};
}

}  // namespace radlads::server
