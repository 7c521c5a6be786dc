#include "ui/wizard/data_previews.h"

#include "ui/core/engine_client.h"

namespace radlads::ui {

std::optional<double> SourcePreview::tokens() const {
    if (state != State::Known) return std::nullopt;
    const QJsonValue all = facts.value(QStringLiteral("estimated_tokens"));
    const QJsonValue value = all.isDouble() ? all : facts.value(QStringLiteral("tokens"));
    return value.isDouble() ? std::optional(value.toDouble()) : std::nullopt;
}

DataPreviews::DataPreviews(EngineClient* client, QObject* parent) : QObject(parent), m_client(client) {
    connect(m_client, &EngineClient::stateChanged, this, [this](EngineClient::State state) {
        if (state != EngineClient::State::Connected) return;
        // What was asked before the connection was lost is asked again.
        m_previews.removeIf([](const auto& entry) { return entry.value().state == SourcePreview::State::Asking; });
        Q_EMIT changed();
    });
}

const SourcePreview& DataPreviews::of(const protocol::SourcePlan& source, const std::string& tokenizer) {
    const QString path = QString::fromStdString(source.path), from = QString::fromStdString(tokenizer);
    const QString format = QString::fromLatin1(protocol::toString(source.format));
    const QString textKey = QString::fromStdString(source.textKey);
    const QString key = QStringList{path, format, textKey, from}.join(u'\n');
    if (const auto found = m_previews.constFind(key); found != m_previews.constEnd()) return *found;
    m_previews.insert(key, {});
    if (m_client->state() == EngineClient::State::Connected) {
        m_client->call(
            QStringLiteral("data.preview"),
            {{QStringLiteral("path"), path},
             {QStringLiteral("tokenizer"), from},
             {QStringLiteral("format"), format},
             {QStringLiteral("text_key"), textKey},
             {QStringLiteral("documents"), 1000}},
            this,
            [this, key](const QJsonObject& result) {
                m_previews[key] = {SourcePreview::State::Known, result, {}};
                Q_EMIT changed();
            },
            [this, key](const RpcError& error) {
                if (error.kind == QLatin1String("disconnected")) return;
                // An older engine that cannot preview is no fault of the source.
                if (error.kind == QLatin1String("method"))
                    m_previews[key] = {SourcePreview::State::Known, {}, {}};
                else
                    m_previews[key] = {SourcePreview::State::Failed, {}, error.message};
                Q_EMIT changed();
            });
    }
    return m_previews[key];
}

}  // namespace radlads::ui
