// What the engine found in each source (data.preview), asked once for each path, format, key and tokenizer. Owned by
// DataPage; GUI thread.
#pragma once

#include <QHash>
#include <QJsonObject>
#include <QObject>
#include <optional>

#include "engine/protocol/plan.h"

namespace radlads::ui {

class EngineClient;

struct SourcePreview {
    enum class State { Asking, Known, Failed } state = State::Asking;
    QJsonObject facts;
    QString error;
    // Tokens of the whole source; nothing when not known.
    std::optional<double> tokens() const;
};

class DataPreviews : public QObject {
    Q_OBJECT
public:
    DataPreviews(EngineClient* client, QObject* parent);
    // Asks where nothing is known yet.
    const SourcePreview& of(const protocol::SourcePlan& source, const std::string& tokenizer);

Q_SIGNALS:
    void changed();

private:
    EngineClient* m_client;
    QHash<QString, SourcePreview> m_previews;
};

}  // namespace radlads::ui
