#include "ui/core/run_store.h"

#include <QJsonArray>
#include <QPointer>
#include <QTimer>
#include <algorithm>
#include <map>

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {
constexpr int kReplayFlushMs = 200, kLiveFlushMs = 50;  // how often views hear of new points
}

class RunStore::Private : public QObject {
    Q_OBJECT
public:
    Private(RunStore* store, EngineClient* engineClient);

    void onState(EngineClient::State state);
    void onList(const QJsonObject& result);
    void onRunEvent(const QString& run, const RunEvent& event);
    void onNotification(const QString& method, const QJsonObject& params);
    void setRecord(const RunRecord& record);
    void removeRun(const QString& run);
    void setQueue(const QJsonArray& array);
    std::shared_ptr<RunHistory> openHistory(const QString& run);
    void attach(const QString& run);
    void forget(const QString& run);
    void flush();

    RunStore* q;
    QPointer<EngineClient> client;
    std::map<QString, RunRecord> records;  // pointers into it stay valid
    QStringList queue;
    bool isLoaded = false;
    QHash<QString, RunHistory*> histories;
    QHash<QString, std::weak_ptr<RunHistory>> shared;

private:
    QTimer m_flush;
    std::shared_ptr<Private*> m_self =
        std::make_shared<Private*>(this);  // for histories that live longer than the store
};

RunStore::Private::Private(RunStore* store, EngineClient* engineClient) : q(store), client(engineClient) {
    m_flush.setSingleShot(true);
    connect(&m_flush, &QTimer::timeout, this, &Private::flush);
    connect(engineClient, &EngineClient::stateChanged, this, &Private::onState);
    connect(engineClient, &EngineClient::notification, this, &Private::onNotification);
    connect(engineClient, &EngineClient::runEvent, this, &Private::onRunEvent);
    if (engineClient->state() == EngineClient::State::Connected) onState(engineClient->state());
}

void RunStore::Private::onState(EngineClient::State state) {
    if (state != EngineClient::State::Connected) return;
    client->call(u"run.list"_s, {{u"watch"_s, true}}, this, [this](const QJsonObject& result) { onList(result); });
    for (const QString& run : histories.keys()) attach(run);
}

void RunStore::Private::onList(const QJsonObject& result) {
    QStringList present;
    const QJsonArray runs = result["runs"_L1].toArray();
    for (const QJsonValue& value : runs) {
        const RunRecord record = runRecordFromJson(value.toObject());
        if (record.run.isEmpty()) continue;
        present.append(record.run);
        setRecord(record);
    }
    QStringList gone;
    present.sort();
    for (const auto& [run, record] : records)
        if (!std::binary_search(present.cbegin(), present.cend(), run)) gone.append(run);
    for (const QString& run : gone) removeRun(run);
    setQueue(result["queue"_L1].toArray());
    if (!isLoaded) {
        isLoaded = true;
        Q_EMIT q->loaded();
    }
}

void RunStore::Private::onRunEvent(const QString& run, const RunEvent& event) {
    RunHistory* history = histories.value(run);
    if (!history || !history->apply(event)) return;
    if (!m_flush.isActive()) m_flush.start(history->isLive() ? kLiveFlushMs : kReplayFlushMs);
}

void RunStore::Private::onNotification(const QString& method, const QJsonObject& params) {
    if (method == "run.changed"_L1) {
        if (const RunRecord record = runRecordFromJson(params["record"_L1].toObject()); !record.run.isEmpty())
            setRecord(record);
    } else if (method == "run.removed"_L1) {
        removeRun(params["run"_L1].toString());
    } else if (method == "queue.changed"_L1) {
        setQueue(params["queue"_L1].toArray());
    } else if (method == "run.live"_L1) {
        if (RunHistory* history = histories.value(params["run"_L1].toString())) history->setLive();
    }
}

void RunStore::Private::setRecord(const RunRecord& record) {
    const auto [place, isNew] = records.try_emplace(record.run, record);
    if (isNew) {
        Q_EMIT q->runAdded(record.run);
    } else if (place->second != record) {
        place->second = record;
        Q_EMIT q->runChanged(record.run);
    }
}

void RunStore::Private::removeRun(const QString& run) {
    if (records.erase(run) > 0) Q_EMIT q->runRemoved(run);
}

void RunStore::Private::setQueue(const QJsonArray& array) {
    QStringList next;
    for (const QJsonValue& run : array) next.append(run.toString());
    if (next == queue) return;
    queue = next;
    Q_EMIT q->queueChanged();
}

std::shared_ptr<RunHistory> RunStore::Private::openHistory(const QString& run) {
    if (auto history = shared.value(run).lock()) return history;
    const std::weak_ptr<Private*> self(m_self);
    std::shared_ptr<RunHistory> history(new RunHistory(run), [self, run](RunHistory* old) {
        if (const auto alive = self.lock(); alive && (*alive)->histories.value(run) == old) (*alive)->forget(run);
        delete old;
    });
    histories.insert(run, history.get());
    shared.insert(run, history);
    if (client && client->state() == EngineClient::State::Connected) attach(run);
    return history;
}

void RunStore::Private::attach(const QString& run) {
    const RunHistory* history = histories.value(run);
    const QJsonObject params{{u"run"_s, run}, {u"after_seq"_s, static_cast<qint64>(history->lastSeq())}};
    client->call(
        u"run.attach"_s, params, this,
        [this, run](const QJsonObject& result) {
            if (RunHistory* opened = histories.value(run)) opened->setPlan(result["plan"_L1].toObject());
        },
        [this, run](const RpcError& error) {
            RunHistory* opened = histories.value(run);
            if (opened && error.kind != "disconnected"_L1) opened->setLive();
        });
}

void RunStore::Private::forget(const QString& run) {
    histories.remove(run);
    shared.remove(run);
    if (client && client->state() == EngineClient::State::Connected)
        client->call(u"run.detach"_s, {{u"run"_s, run}}, this, {});
}

void RunStore::Private::flush() {
    for (const QString& run : histories.keys())
        if (const auto history = shared.value(run).lock()) history->flush();
}

RunStore::RunStore(EngineClient* client, QObject* parent)
    : QObject(parent), d(std::make_unique<Private>(this, client)) {}
RunStore::~RunStore() = default;

EngineClient* RunStore::client() const {
    return d->client;
}
QStringList RunStore::queue() const {
    return d->queue;
}
bool RunStore::isLoaded() const {
    return d->isLoaded;
}

QList<RunRecord> RunStore::runs() const {
    QList<RunRecord> list;
    list.reserve(static_cast<qsizetype>(d->records.size()));
    for (const auto& [run, record] : d->records) list.append(record);
    std::stable_sort(list.begin(), list.end(),
                     [](const RunRecord& a, const RunRecord& b) { return a.created > b.created; });
    return list;
}

const RunRecord* RunStore::find(const QString& run) const {
    const auto place = d->records.find(run);
    return place == d->records.end() ? nullptr : &place->second;
}

std::shared_ptr<RunHistory> RunStore::history(const QString& run) {
    return d->openHistory(run);
}

void RunStore::command(const QString& method, const QString& run, QObject* context,
                       EngineClient::ErrorHandler onError) {
    if (!d->client) return;
    d->client->call(method, {{u"run"_s, run}}, context, {}, std::move(onError));
}

}  // namespace radlads::ui

#include "run_store.moc"
