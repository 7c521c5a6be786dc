// Runs as the GUI knows them: plain values, made from the wire (engine/protocol/PROTOCOL.md).
#pragma once

#include <QDateTime>
#include <QJsonObject>
#include <QString>
#include <QStringList>
#include <QVector>
#include <optional>

namespace radlads::ui {

enum class RunState { New, Queued, Running, Paused, Finished, Stopped, Failed, Interrupted };

struct RunRecord {
    QString run;   // directory name: the key
    QString name;  // what the user calls it
    RunState state = RunState::New;
    QDateTime created, updated;
    int stepIndex = 0, stepCount = 0;
    QString stepKind;                                // align distill extend pretrain
    qint64 update = 0, tokens = 0, totalTokens = 0;  // of the present step
    qint64 planTokens = 0, tokensDone = 0;           // of all steps
    QVector<qint64> stepTokens;
    QStringList stepKinds;
    std::optional<double> loss, tokensPerSecond, etaSeconds;  // eta of the step
    double progress = 0;
    int rollbacks = 0;
    QString message, directory, teacher, student, variant, notes;
    QStringList tags;
    int queuePosition = -1;
    std::optional<QDateTime> checkpointTime;
    bool hasModel = false;
    std::optional<qint64> sizeBytes;

    bool operator==(const RunRecord&) const = default;
    // Seconds to the end of all steps, from the present rate; nothing when not known.
    std::optional<double> secondsLeft() const;
};
RunRecord runRecordFromJson(const QJsonObject& json);

// One optimizer update. x values over the whole run: `globalTokens` counts all steps, `hours` is training time without
// pauses.
struct MetricsPoint {
    int stepIndex = 0;
    qint64 update = 0;        // within the step
    qint64 globalUpdate = 0;  // over all steps
    double globalTokens = 0, hours = 0;
    double loss = 0, learningRate = 0, mixerLearningRate = 0, gradientNorm = 0, tokensPerSecond = 0;
    double memoryBytes = 0, peakMemoryBytes = 0, dataWaitSeconds = 0;
};

enum class MarkKind { StepStarted, Checkpoint, Rollback, Evaluation, Paused, Resumed, Warning, Failed, Finished };
struct Mark {
    MarkKind kind = MarkKind::Checkpoint;
    qint64 globalUpdate = 0;
    double globalTokens = 0, hours = 0, value = 0;  // value: the validation loss of an evaluation
    QString text;
};

// What the layers of a step are told apart by: their losses while they are aligned, later the norms of their gradients.
enum class LayerValue { Loss, GradientNorm };
struct LayerLosses {
    LayerValue value = LayerValue::Loss;
    int stepIndex = 0;
    qint64 globalUpdate = 0;
    double globalTokens = 0;
    QVector<double> losses;
};

struct LogLine {
    quint64 seq = 0;
    QDateTime time;
    QString level;  // log warning error event
    QString text;
};

}  // namespace radlads::ui
