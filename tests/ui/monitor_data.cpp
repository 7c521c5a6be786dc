#include "tests/ui/monitor_data.h"

#include <QDateTime>
#include <cmath>

using namespace Qt::StringLiterals;

namespace radlads::tests {

QJsonObject JournalWriter::plan(double learningRate, double clip) {
    const auto step = [&](const QString& kind) {
        return QJsonObject{{u"kind"_s, kind},
                           {u"gradient_clip"_s, clip},
                           {u"learning_rate"_s, QJsonObject{{u"initial"_s, learningRate}}}};
    };
    return {{u"name"_s, u"demo"_s}, {u"steps"_s, QJsonArray{step(u"align"_s), step(u"distill"_s)}}};
}

double JournalWriter::noise() {
    m_random = m_random * 1664525u + 1013904223u;
    return double(m_random >> 8) / double(1 << 24) - 0.5;
}

QJsonObject JournalWriter::event(const QString& name, QJsonObject fields) {
    fields[u"seq"_s] = ++m_seq;
    fields[u"time"_s] = QDateTime::fromMSecsSinceEpoch(m_milliseconds, Qt::UTC).toString(Qt::ISODateWithMs);
    fields[u"event"_s] = name;
    return fields;
}

QJsonObject JournalWriter::started() {
    return event(u"run.started"_s, {{u"resumed"_s, false}, {u"step_index"_s, 0}, {u"update"_s, 0}});
}

QJsonObject JournalWriter::stepStarted(int index, const QString& kind, double tokens) {
    m_step = index;
    m_update = 0;
    return event(
        u"step.started"_s,
        {{u"step_index"_s, index}, {u"kind"_s, kind}, {u"update"_s, 0}, {u"tokens"_s, 0}, {u"total_tokens"_s, tokens}});
}

QJsonObject JournalWriter::metrics() {
    ++m_update;
    m_milliseconds += 640 + qint64(noise() * 60);
    const double fall = (m_step == 0 ? 4.0 : 0.9) / (1 + m_update / 25.0) + (m_step == 0 ? 0.35 : 0.14);
    return event(u"metrics"_s,
                 {{u"step_index"_s, m_step},
                  {u"update"_s, m_update},
                  {u"tokens"_s, double(m_update) * kTokensPerUpdate},
                  {u"loss"_s, m_level * fall * (1 + 0.16 * noise())},
                  {u"learning_rate"_s, 1e-3 * std::min(1.0, m_update / 40.0) / (1 + m_update / 300.0)},
                  {u"mixer_learning_rate"_s, 2e-3 * std::min(1.0, m_update / 40.0) / (1 + m_update / 200.0)},
                  {u"gradient_norm"_s, 0.3 + 0.8 / (1 + m_update / 40.0) + 0.2 * noise()},
                  {u"tokens_per_second"_s, 25300.0 * (1 + 0.06 * noise())},
                  {u"memory_bytes"_s, 9.1e9 + 2e8 * noise()},
                  {u"peak_memory_bytes"_s, 1.12e10},
                  {u"data_wait_seconds"_s, 0.0006 + 0.001 * std::pow(noise() + 0.5, 8)},
                  {u"eta_seconds"_s, 100}});
}

QJsonObject JournalWriter::layers(int count) {
    QJsonArray losses;
    for (int layer = 0; layer < count; ++layer) {
        const double peak = 1 + 6 * std::exp(-std::pow((layer - count * 0.8) / 2.0, 2));
        losses.append(m_level * (0.05 + 0.02 * layer) * peak / (0.3 + m_update / 60.0) * (1 + 0.2 * noise()));
    }
    const QString key = m_step == 0 ? u"losses"_s : u"gradient_norms"_s;
    return event(u"layers"_s, {{u"step_index"_s, m_step}, {u"update"_s, m_update}, {key, losses}});
}

QJsonObject JournalWriter::evaluation() {
    const double loss = m_level * ((m_step == 0 ? 4.0 : 0.9) / (1 + m_update / 25.0) + (m_step == 0 ? 0.4 : 0.16));
    return event(u"evaluation"_s,
                 {{u"step_index"_s, m_step}, {u"update"_s, m_update}, {u"validation_loss"_s, loss}, {u"best"_s, true}});
}

QJsonObject JournalWriter::checkpoint() {
    return event(
        u"checkpoint.saved"_s,
        {{u"step_index"_s, m_step}, {u"update"_s, m_update}, {u"tokens"_s, double(m_update) * kTokensPerUpdate}});
}

QJsonObject JournalWriter::rollback(int toUpdate) {
    const int from = m_update;
    m_update = toUpdate;
    return event(u"rollback"_s, {{u"step_index"_s, m_step},
                                 {u"from_update"_s, from},
                                 {u"to_update"_s, toUpdate},
                                 {u"reason"_s, u"the loss jumped"_s},
                                 {u"learning_rate_factor"_s, 0.5},
                                 {u"rollbacks"_s, 1}});
}

QJsonObject JournalWriter::stepFinished() {
    return event(u"step.finished"_s, {{u"step_index"_s, m_step},
                                      {u"kind"_s, u"align"_s},
                                      {u"updates"_s, m_update},
                                      {u"tokens"_s, double(m_update) * kTokensPerUpdate},
                                      {u"seconds"_s, 1},
                                      {u"loss"_s, 1}});
}

QJsonObject JournalWriter::other(const QString& name, const QJsonObject& fields) {
    QJsonObject all{{u"step_index"_s, m_step}, {u"update"_s, m_update}};
    for (auto it = fields.begin(); it != fields.end(); ++it) all[it.key()] = it.value();
    return event(name, all);
}

QVector<QJsonObject> JournalWriter::wholeRun(int updates, int layerCount) {
    QVector<QJsonObject> events{started()};
    for (int step = 0; step < 2; ++step) {
        events.append(stepStarted(step, step == 0 ? u"align"_s : u"distill"_s, double(updates) * kTokensPerUpdate));
        for (int i = 1; i <= updates; ++i) {
            events.append(metrics());
            if (step == 0 && i % 5 == 0) events.append(layers(layerCount));
            if (i % 50 == 0) events.append(evaluation());
            if (i % 120 == 0) events.append(checkpoint());
            if (step == 1 && i == updates / 2) events.append(other(u"run.paused"_s, {{u"reason"_s, u"user"_s}}));
            if (step == 1 && i == updates / 2) events.append(other(u"run.resumed"_s));
        }
        events.append(stepFinished());
    }
    return events;
}

void apply(ui::RunHistory& history, const QVector<QJsonObject>& events) {
    for (const QJsonObject& event : events) history.apply(event);
    history.flush();
}

}  // namespace radlads::tests
