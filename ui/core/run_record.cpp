#include "ui/core/run_record.h"

#include <QJsonArray>

#include "ui/core/json_values.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

RunState stateFromText(const QString& text) {
    if (text == "queued"_L1) return RunState::Queued;
    if (text == "running"_L1) return RunState::Running;
    if (text == "paused"_L1) return RunState::Paused;
    if (text == "finished"_L1) return RunState::Finished;
    if (text == "stopped"_L1) return RunState::Stopped;
    if (text == "failed"_L1) return RunState::Failed;
    if (text == "interrupted"_L1) return RunState::Interrupted;
    return RunState::New;
}

qint64 integer(const QJsonValue& value) {
    return value.toInteger(static_cast<qint64>(value.toDouble()));
}

QStringList texts(const QJsonValue& value) {
    QStringList list;
    for (const QJsonValue& item : value.toArray()) list.append(item.toString());
    return list;
}

}  // namespace

std::optional<double> RunRecord::secondsLeft() const {
    if (state == RunState::Finished || !etaSeconds) return std::nullopt;
    double later = 0;
    for (int i = stepIndex + 1; i < stepTokens.size(); ++i) later += static_cast<double>(stepTokens.at(i));
    if (later == 0) return etaSeconds;
    if (!tokensPerSecond || *tokensPerSecond <= 0) return std::nullopt;
    return *etaSeconds + later / *tokensPerSecond;
}

RunRecord runRecordFromJson(const QJsonObject& json) {
    RunRecord record;
    record.run = json["run"_L1].toString();
    record.name = json["name"_L1].toString();
    if (record.name.isEmpty()) record.name = record.run;
    record.state = stateFromText(json["state"_L1].toString());
    record.created = timeFromJson(json["created"_L1]);
    record.updated = timeFromJson(json["updated"_L1]);
    record.stepIndex = json["step_index"_L1].toInt();
    record.stepCount = json["step_count"_L1].toInt();
    record.stepKind = json["step_kind"_L1].toString();
    record.update = integer(json["update"_L1]);
    record.tokens = integer(json["tokens"_L1]);
    record.totalTokens = integer(json["total_tokens"_L1]);
    record.planTokens = integer(json["plan_tokens"_L1]);
    record.tokensDone = integer(json["tokens_done"_L1]);
    for (const QJsonValue& tokens : json["step_tokens"_L1].toArray()) record.stepTokens.append(integer(tokens));
    record.stepKinds = texts(json["step_kinds"_L1]);
    record.loss = optionalNumberFromJson(json["loss"_L1]);
    record.tokensPerSecond = optionalNumberFromJson(json["tokens_per_second"_L1]);
    record.etaSeconds = optionalNumberFromJson(json["eta_seconds"_L1]);
    record.progress = numberFromJson(json["progress"_L1]);
    record.rollbacks = json["rollbacks"_L1].toInt();
    record.message = json["message"_L1].toString();
    record.directory = json["directory"_L1].toString();
    record.teacher = json["teacher"_L1].toString();
    record.student = json["student"_L1].toString();
    record.variant = json["variant"_L1].toString();
    record.notes = json["notes"_L1].toString();
    record.tags = texts(json["tags"_L1]);
    record.queuePosition = json["queue_position"_L1].toInt(-1);
    if (const QJsonObject checkpoint = json["newest_checkpoint"_L1].toObject(); !checkpoint.isEmpty())
        record.checkpointTime = timeFromJson(checkpoint["time"_L1]);
    record.hasModel = json["has_model"_L1].toBool();
    if (const auto size = optionalNumberFromJson(json["size_bytes"_L1])) record.sizeBytes = static_cast<qint64>(*size);
    return record;
}

}  // namespace radlads::ui
