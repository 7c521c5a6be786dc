// What needs a person: decides it from what is known, without a widget. Each message says what happened and offers what
// can be done.
#pragma once

#include <QString>
#include <QVector>
#include <optional>

#include "ui/core/engine_client.h"
#include "ui/core/run_record.h"
#include "ui/core/theme.h"

namespace radlads::ui {

enum class Deed { Resume, ShowLog, ShowFiles, Reconnect, Undo, ShowRun };

struct Message {
    QString id;  // the same news has the same id: a closed message stays closed
    Role role = Role::Warning;
    QString text;
    QString details;                          // may be copied
    QVector<std::pair<Deed, QString>> deeds;  // with the button's text
    QString subject;                          // the run of the deeds

    bool operator==(const Message&) const = default;
};

struct Situation {
    EngineClient::State connection = EngineClient::State::Connected;
    QString engineTitle, problem;
    bool wasConnected = false;
    std::optional<RunRecord> run;                 // the one that is shown
    std::optional<double> freeBytes, totalBytes;  // of the engine's disk
};

QVector<Message> messagesFor(const Situation& situation);

}  // namespace radlads::ui
