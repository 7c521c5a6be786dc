// Work that takes longer than an answer: each job has events and one end.
#pragma once

#include <QObject>
#include <QPointer>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/server/line_decoder.h"
#include "engine/server/rpc.h"
#include "engine/server/session.h"
#include "engine/server/worker_process.h"

namespace radlads::server {

// Owned by the JobList, in the main thread.
class Job : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    virtual void cancel() = 0;  // finished follows
    // While no client takes its events. Jobs whose events may be left out do nothing.
    virtual void setPaused(bool) {}

Q_SIGNALS:
    void event(const nlohmann::ordered_json& fields);
    void finished(const radlads::server::Answer& result);
};

// How a worker tells its result: {"event"} and {"result"} lines, or one document at the end (its messages are the
// events).
enum class WorkerOutput { Stream, Document };

class WorkerJob : public Job {
    Q_OBJECT
public:
    explicit WorkerJob(WorkerOutput form, QObject* parent = nullptr);
    Status start(const std::vector<std::string>& arguments, WorkerLife life, const std::string& input) {
        return m_process.start(arguments, life, input);
    }
    void cancel() override { m_process.cancel(); }
    void setPaused(bool paused) override { m_process.setPaused(paused); }

private:
    void onOutput(std::string_view bytes);
    void onLine(const std::string& line);
    void onEnded(int status, const std::optional<RpcError>& error);

    WorkerOutput m_form;
    WorkerProcess m_process;
    LineDecoder m_decoder;
    std::string m_document;
    nlohmann::ordered_json m_result;
};

// Owned by the Engine, in the main thread.
class JobList : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    // A worker's job for a session; the error says why none was started. A job with the engine's life ends with its
    // session. input: the worker's standard input.
    tl::expected<std::string, RpcError> startWorker(Session& session, const std::vector<std::string>& arguments,
                                                    WorkerOutput form, WorkerLife life, const std::string& input = {},
                                                    const std::function<void(const Answer&)>& told = {});
    // A job that goes on without its session; `name` tells it from others: a second start of the same one joins it.
    tl::expected<std::string, RpcError> startShared(Session& session, const std::string& name,
                                                    const std::function<Job*()>& make);
    tl::expected<void, RpcError> cancel(const std::string& job);

    static constexpr std::size_t kMaxJobs = 16;

private:
    struct Entry {
        Job* job = nullptr;
        std::string sharedName;  // empty: not shared
        bool endsWithSession = false;
        std::vector<QPointer<Session>> sessions;
    };
    std::string add(Session& session, Job* job, Entry entry);
    void join(const std::string& id, Session& session);
    void deliver(const std::string& id, const std::string& line);
    void setPace(const std::string& id);
    void onSessionEnded(const std::string& id);
    void onFinished(const std::string& id, const Answer& result);
    tl::expected<void, RpcError> checkRoom() const;

    std::map<std::string, Entry> m_jobs;
    uint64_t m_lastNumber = 0;
};

}  // namespace radlads::server
