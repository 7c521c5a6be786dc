// Everything that a run's journal has said, in order, kept while somebody looks at it. Owned by RunStore; GUI thread.
#pragma once

#include <QJsonObject>
#include <QObject>
#include <QVector>

#include "ui/core/run_event.h"
#include "ui/core/run_record.h"

namespace radlads::ui {

class RunHistory : public QObject {
    Q_OBJECT
public:
    explicit RunHistory(QString run, QObject* parent = nullptr);

    const QString& run() const { return m_run; }
    const QJsonObject& plan() const { return m_plan; }                  // plan.json as it ran
    const QVector<MetricsPoint>& metrics() const { return m_metrics; }  // globalUpdate strictly increasing
    const QVector<Mark>& marks() const { return m_marks; }
    const QVector<LayerLosses>& layers() const { return m_layers; }
    const QVector<LogLine>& log() const { return m_log; }
    quint64 lastSeq() const { return m_lastSeq; }
    bool isLive() const { return m_live; }  // all that was stored has arrived

    // Called by the store. apply: one journal line, in order; a seq that is not lastSeq + 1 is dropped and false
    // returned.
    void setPlan(const QJsonObject& plan);
    bool apply(const RunEvent& event);
    bool apply(const QJsonObject& event) { return apply(RunEvent(event)); }
    void setLive();
    void flush();  // emits changed() once for everything applied since the last time

Q_SIGNALS:
    // Metrics from index `firstChanged` on are new; smaller than before when a rollback or resume replaced points.
    void changed(int firstChangedMetric);
    void planChanged();
    void live();

private:
    struct Position {
        int stepIndex = 0;
        qint64 globalUpdate = 0;
        double globalTokens = 0;
    };
    Position positionOf(const RunEvent& event);
    void growSteps(int stepIndex);
    void advanceClock(qint64 msecs, bool counts);
    void addMetrics(const RunEvent& event);
    void addLayers(const RunEvent& event);
    void addMark(MarkKind kind, const Position& position, const QString& text, double value = 0);
    void addLog(const QString& level, const QString& text, qint64 msecs);
    void finishStep(const RunEvent& event);
    void rewindTo(qint64 globalUpdate);  // forgets the points of later updates
    void applyState(const RunEvent& event, qint64 msecs);

    QString m_run;
    QJsonObject m_plan;
    QVector<MetricsPoint> m_metrics;
    QVector<Mark> m_marks;
    QVector<LayerLosses> m_layers;
    QVector<LogLine> m_log;
    QVector<qint64> m_updatesBefore;  // updates of all earlier steps, by step
    QVector<double> m_tokensBefore;
    quint64 m_lastSeq = 0;
    double m_hours = 0;
    qint64 m_lastMsecs = -1;
    int m_firstChanged = -1;
    bool m_dirty = false;
    bool m_resting = true;  // paused, stopped or not started: time does not count
    bool m_live = false;
};

}  // namespace radlads::ui
