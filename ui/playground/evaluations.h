// A run's evaluation reports as a table of comparable scores: plain values, made from the wire (PROTOCOL.md, "Jobs").
#pragma once

#include <QDateTime>
#include <QJsonArray>
#include <QString>
#include <QStringList>
#include <QVector>
#include <optional>

namespace radlads::ui {

struct Score {
    double value = 0;
    std::optional<double> standardError;
    // 1 is the teacher's score, 0 the floor's.
    std::optional<double> relative, relativeError;
};

enum class ScoreUnit { Perplexity, Share };

// One task, by stage.
struct ScoreRow {
    QString id, title, explanation;
    ScoreUnit unit = ScoreUnit::Share;
    bool isDetail = false;  // belongs to the row above it
    std::optional<Score> floor, teacher;
    QVector<std::optional<Score>> stages;  // as EvaluationSet::stages
    int best = -1;                         // the stage with the best score, of two or more
};

// An answer of the student to one question of the demo's stories.
struct SampleAnswer {
    QString stage, skill, prompt, expected, given;
    std::optional<QString> teacherGiven;
    int distance = 0;
    bool isRight = false;
};

// The evaluations that were made on the same text, from the same seed, against the same teacher: their numbers can be
// compared.
struct EvaluationSet {
    QString key;
    qint64 seed = 0, windows = 0, sequenceLength = 0;
    QStringList tasks, data;
    bool isHeldOut = false;
    QString against;
    QDateTime newest;
    QStringList stages;  // "setup", "step 1", .., "now"
    QVector<ScoreRow> rows;
    QVector<SampleAnswer> answers;
    // The stage with the highest mean relative score; -1 with fewer than two stages.
    int best = -1;
    std::optional<double> bestRelative;
};

// Newest first. Of a stage that was evaluated twice the later report counts. What is no report is left out.
QVector<EvaluationSet> evaluationSets(const QJsonArray& reports);

QString stageTitle(const QString& stage, const QStringList& stepKinds);  // "step 2" -> "After step 2, Distill"
QString scoreText(const Score& score, ScoreUnit unit);                   // "97.4 % ± 0.8", "3.214 ± 0.012"
QString relativeText(const Score& score);                                // "98 % ± 1"
QString skillTitle(const QString& skill);
QString setTitle(const EvaluationSet& set);
// The table as comma-separated values, numbers in full and with points.
QString evaluationCsv(const EvaluationSet& set);

}  // namespace radlads::ui
