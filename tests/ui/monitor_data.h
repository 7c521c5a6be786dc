// Journals of made-up runs, event by event, as an engine would send them.
#pragma once

#include <QJsonArray>
#include <QJsonObject>

#include "ui/core/run_history.h"

namespace radlads::tests {

// Writes the journal of a run with two steps into a history. The curves are smooth with noise of a fixed seed.
class JournalWriter {
public:
    explicit JournalWriter(quint32 seed = 1, double level = 1) : m_random(seed), m_level(level) {}

    static QJsonObject plan(double learningRate = 1e-3, double clip = 1);
    QJsonObject started();
    QJsonObject stepStarted(int index, const QString& kind, double tokens);
    QJsonObject metrics();  // of the next update
    QJsonObject layers(int count);  // losses in the first step, norms of gradients in the second
    QJsonObject evaluation();
    QJsonObject checkpoint();
    QJsonObject rollback(int toUpdate);  // the next metrics are those of toUpdate + 1
    QJsonObject stepFinished();
    QJsonObject other(const QString& event, const QJsonObject& fields = {});
    // A whole run: two steps of `updates` each with layers, evaluations and checkpoints.
    QVector<QJsonObject> wholeRun(int updates, int layerCount);

    int update() const { return m_update; }
    static constexpr int kTokensPerUpdate = 16384;

private:
    QJsonObject event(const QString& name, QJsonObject fields);
    double noise();

    quint32 m_random;
    double m_level;
    qint64 m_seq = 0, m_milliseconds = 1'767'225'600'000;
    int m_step = 0, m_update = 0;
};

void apply(ui::RunHistory& history, const QVector<QJsonObject>& events);

}  // namespace radlads::tests
