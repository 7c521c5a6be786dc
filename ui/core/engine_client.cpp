#include "ui/core/engine_client.h"

#include "ui/core/engine_client_private.h"

namespace radlads::ui {

EngineClient::EngineClient(EngineAddress address, QObject* parent)
    : QObject(parent), d(std::make_unique<Private>(this, std::move(address))) {}

EngineClient::~EngineClient() {
    // Nobody is told anything any more: who asked may be half destroyed.
    d->dropDevice();
}

const EngineAddress& EngineClient::address() const {
    return d->address;
}
EngineClient::State EngineClient::state() const {
    return d->state;
}
QString EngineClient::problem() const {
    return d->problem;
}
const QJsonObject& EngineClient::hello() const {
    return d->hello;
}
void EngineClient::connectToEngine() {
    d->open();
}
void EngineClient::disconnectFromEngine() {
    d->close();
}

void EngineClient::call(const QString& method, const QJsonObject& params, QObject* context, ResultHandler onResult,
                        ErrorHandler onError) {
    d->enqueue(method, params, context ? context : this, std::move(onResult), std::move(onError));
}

quint64 EngineClient::startJob(const QString& method, const QJsonObject& params, QObject* context,
                               ResultHandler onEvent, ResultHandler onResult, ErrorHandler onError) {
    const quint64 handle = d->nextHandle++;
    QObject* owner = context ? context : this;
    d->jobs.insert(handle, {QJsonValue(QJsonValue::Undefined), owner, std::move(onEvent), std::move(onResult),
                            std::move(onError), false});
    d->enqueue(
        method, params, this,
        [this, handle](const QJsonObject& result) {
            const auto job = d->jobs.find(handle);
            if (job == d->jobs.end()) return;
            job->id = result[QLatin1String("job")];
            d->jobHandles.insert(job->id.toVariant().toString(), handle);
            if (job->isCancelled) d->requestCancel(handle);
        },
        [this, handle](const RpcError& error) {
            const Private::Job job = d->jobs.take(handle);
            if (job.context && job.onError) job.onError(error);
        });
    return handle;
}

void EngineClient::cancelJob(quint64 handle) {
    const auto job = d->jobs.find(handle);
    if (job == d->jobs.end() || job->isCancelled) return;
    job->isCancelled = true;
    if (!job->id.isUndefined()) d->requestCancel(handle);
}

}  // namespace radlads::ui
