#include "ui/playground/page_job.h"

namespace radlads::ui {

void PageJob::start(EngineClient* client, const QString& method, const QJsonObject& params, Handlers handlers) {
    m_client = client;
    const int generation = ++m_generation;
    const auto heard = std::make_shared<Handlers>(std::move(handlers));
    const auto isPresent = [this, generation] { return generation == m_generation; };
    m_handle = client->startJob(
        method, params, this,
        [isPresent, heard](const QJsonObject& event) {
            if (isPresent() && heard->onEvent) heard->onEvent(event);
        },
        [this, isPresent, heard](const QJsonObject& result) {
            if (!isPresent()) return;
            m_handle = 0;
            heard->onResult(result);
        },
        [this, isPresent, heard](const RpcError& error) {
            if (!isPresent()) return;
            m_handle = 0;
            if (error.kind == QLatin1String("cancelled"))
                heard->onCancelled();
            else if (error.kind == QLatin1String("disconnected"))
                heard->onLost();
            else
                heard->onFailed(error.message);
        });
}

void PageJob::cancel() {
    if (m_handle != 0 && m_client) m_client->cancelJob(m_handle);
}

void PageJob::forget() {
    ++m_generation;
    m_handle = 0;
}

}  // namespace radlads::ui
