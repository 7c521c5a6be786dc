#include "ui/core/run_history.h"

#include <algorithm>

#include "ui/core/format.h"
#include "ui/core/json_values.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

RunHistory::RunHistory(QString run, QObject* parent) : QObject(parent), m_run(std::move(run)) {}

void RunHistory::setPlan(const QJsonObject& plan) {
    if (plan == m_plan) return;
    m_plan = plan;
    Q_EMIT planChanged();
}

void RunHistory::setLive() {
    if (m_live) return;
    m_live = true;
    flush();
    Q_EMIT live();
}

void RunHistory::flush() {
    if (!m_dirty) return;
    const int first = m_firstChanged < 0 ? static_cast<int>(m_metrics.size()) : m_firstChanged;
    m_dirty = false;
    m_firstChanged = -1;
    Q_EMIT changed(first);
}

bool RunHistory::apply(const RunEvent& event) {
    const auto seq = static_cast<quint64>(event.integer("seq"));
    if (seq != m_lastSeq + 1) return false;
    m_lastSeq = seq;
    m_dirty = true;
    const qint64 msecs = msecsFromTimeText(event.text("time"));
    if (event.isText("event", "metrics")) {
        advanceClock(msecs, true);
        addMetrics(event);
    } else if (event.isText("event", "layers")) {
        advanceClock(msecs, true);
        addLayers(event);
    } else {
        applyState(event, msecs);
    }
    return true;
}

void RunHistory::applyState(const RunEvent& event, qint64 msecs) {
    const QString kind = event.text("event");
    advanceClock(msecs, kind != "run.started"_L1 && kind != "run.resumed"_L1);
    const Position position = positionOf(event);
    const QString message = event.text("message");
    const auto note = [&](MarkKind mark, const QString& text, double value = 0) {
        addMark(mark, position, text, value);
        addLog(mark == MarkKind::Warning  ? u"warning"_s
               : mark == MarkKind::Failed ? u"error"_s
                                          : u"event"_s,
               text, msecs);
    };
    if (kind == "run.started"_L1) {
        m_resting = false;
        if (event.flag("resumed"))
            note(MarkKind::Resumed, tr("The run went on from its checkpoint."));
        else
            addLog(u"event"_s, tr("The run started."), msecs);
    } else if (kind == "step.started"_L1) {
        growSteps(position.stepIndex);
        const QString title = stepTitle(event.text("kind"));
        const double tokens = event.number("total_tokens");
        if (event.number("update") == 0)
            note(MarkKind::StepStarted,
                 tr("Step %1, %2: %3 tokens").arg(position.stepIndex + 1).arg(title, countText(tokens)));
    } else if (kind == "step.finished"_L1) {
        finishStep(event);
        addLog(u"event"_s, tr("Step %1 finished.").arg(position.stepIndex + 1), msecs);
    } else if (kind == "evaluation"_L1) {
        const double loss = event.number("validation_loss");
        note(MarkKind::Evaluation, tr("Validation loss %1").arg(numberText(loss)), loss);
    } else if (kind == "checkpoint.saved"_L1) {
        note(MarkKind::Checkpoint, tr("Checkpoint at update %1").arg(event.integer("update")));
    } else if (kind == "rollback"_L1) {
        const QString text = tr("Went back from update %1 to %2: %3")
                                 .arg(event.integer("from_update"))
                                 .arg(event.integer("to_update"))
                                 .arg(event.text("reason"));
        rewindTo(m_updatesBefore.at(position.stepIndex) + event.integer("to_update"));
        note(MarkKind::Rollback, text);
    } else if (kind == "run.paused"_L1) {
        m_resting = true;
        note(MarkKind::Paused, tr("Paused."));
    } else if (kind == "run.resumed"_L1) {
        m_resting = false;
        note(MarkKind::Resumed, tr("Resumed."));
    } else if (kind == "run.stopped"_L1) {
        m_resting = true;
        note(MarkKind::Paused, message.isEmpty() ? tr("Stopped.") : message);
    } else if (kind == "run.failed"_L1) {
        m_resting = true;
        note(MarkKind::Failed, message.isEmpty() ? tr("The run failed.") : message);
    } else if (kind == "run.finished"_L1) {
        m_resting = true;
        note(MarkKind::Finished, tr("Finished."));
    } else if (kind == "warning"_L1) {
        note(MarkKind::Warning, message);
    } else if (kind == "log"_L1) {
        addLog(u"log"_s, message, msecs);
    }
}

// Events without a place in the run (log, warning) are where the newest update is.
RunHistory::Position RunHistory::positionOf(const RunEvent& event) {
    if (!event.has("step_index")) {
        if (m_metrics.isEmpty()) {
            growSteps(0);
            return {};
        }
        const MetricsPoint& last = m_metrics.constLast();
        return {last.stepIndex, last.globalUpdate, last.globalTokens};
    }
    // A plan has a handful of steps: anything else is a damaged journal, kept from taking memory.
    const int stepIndex = static_cast<int>(std::clamp<qint64>(event.integer("step_index"), 0, 1000));
    growSteps(stepIndex);
    qint64 update = event.integer("update", -1);
    if (update < 0) update = event.integer("from_update", event.integer("updates"));
    const qint64 globalUpdate = m_updatesBefore.at(stepIndex) + update;
    if (event.has("tokens")) return {stepIndex, globalUpdate, m_tokensBefore.at(stepIndex) + event.number("tokens")};
    const auto after =
        std::upper_bound(m_metrics.cbegin(), m_metrics.cend(), globalUpdate,
                         [](qint64 value, const MetricsPoint& point) { return value < point.globalUpdate; });
    const double globalTokens = after == m_metrics.cbegin() ? m_tokensBefore.at(stepIndex) : (after - 1)->globalTokens;
    return {stepIndex, globalUpdate, globalTokens};
}

// A step whose end has not been seen is as long as its newest update.
void RunHistory::growSteps(int stepIndex) {
    while (m_updatesBefore.size() <= stepIndex) {
        const bool isFirst = m_updatesBefore.isEmpty();
        m_updatesBefore.append(isFirst || m_metrics.isEmpty() ? 0 : m_metrics.constLast().globalUpdate);
        m_tokensBefore.append(isFirst || m_metrics.isEmpty() ? 0 : m_metrics.constLast().globalTokens);
    }
}

void RunHistory::finishStep(const RunEvent& event) {
    const int stepIndex = static_cast<int>(std::clamp<qint64>(event.integer("step_index"), 0, 1000));
    const qint64 updates = m_updatesBefore.at(stepIndex) + event.integer("updates");
    const double tokens = m_tokensBefore.at(stepIndex) + event.number("tokens");
    m_updatesBefore.resize(stepIndex + 1);
    m_tokensBefore.resize(stepIndex + 1);
    m_updatesBefore.append(updates);
    m_tokensBefore.append(tokens);
}

void RunHistory::advanceClock(qint64 msecs, bool counts) {
    if (msecs < 0) return;
    if (counts && !m_resting && m_lastMsecs >= 0 && msecs > m_lastMsecs)
        m_hours += static_cast<double>(msecs - m_lastMsecs) / 3.6e6;
    m_lastMsecs = msecs;
}

void RunHistory::rewindTo(qint64 globalUpdate) {
    const auto isLater = [globalUpdate](const auto& item) { return item.globalUpdate > globalUpdate; };
    while (!m_metrics.isEmpty() && isLater(m_metrics.constLast())) m_metrics.removeLast();
    while (!m_layers.isEmpty() && isLater(m_layers.constLast())) m_layers.removeLast();
    m_marks.removeIf([&](const Mark& mark) {
        const bool isState = mark.kind == MarkKind::Checkpoint || mark.kind == MarkKind::Evaluation ||
                             mark.kind == MarkKind::Finished || mark.kind == MarkKind::StepStarted;
        return isState && isLater(mark);
    });
    const int size = static_cast<int>(m_metrics.size());
    if (m_firstChanged < 0 || m_firstChanged > size) m_firstChanged = size;
}

void RunHistory::addMetrics(const RunEvent& event) {
    const Position position = positionOf(event);
    if (!m_metrics.isEmpty() && position.globalUpdate <= m_metrics.constLast().globalUpdate)
        rewindTo(position.globalUpdate - 1);
    MetricsPoint point;
    point.stepIndex = position.stepIndex;
    point.update = event.integer("update");
    point.globalUpdate = position.globalUpdate;
    point.globalTokens = position.globalTokens;
    point.hours = m_hours;
    point.loss = event.number("loss");
    point.learningRate = event.number("learning_rate");
    point.mixerLearningRate = event.number("mixer_learning_rate", point.learningRate);
    point.gradientNorm = event.number("gradient_norm");
    point.tokensPerSecond = event.number("tokens_per_second");
    point.memoryBytes = event.number("memory_bytes");
    point.peakMemoryBytes = event.number("peak_memory_bytes");
    point.dataWaitSeconds = event.number("data_wait_seconds");
    if (m_firstChanged < 0) m_firstChanged = static_cast<int>(m_metrics.size());
    m_metrics.append(point);
}

void RunHistory::addLayers(const RunEvent& event) {
    const Position position = positionOf(event);
    LayerLosses layers;
    layers.stepIndex = position.stepIndex;
    layers.globalUpdate = position.globalUpdate;
    layers.globalTokens = position.globalTokens;
    layers.losses = event.numbers("losses");
    if (layers.losses.isEmpty()) {
        layers.value = LayerValue::GradientNorm;
        layers.losses = event.numbers("gradient_norms");
    }
    while (!m_layers.isEmpty() && m_layers.constLast().globalUpdate >= layers.globalUpdate) m_layers.removeLast();
    m_layers.append(layers);
}

void RunHistory::addMark(MarkKind kind, const Position& position, const QString& text, double value) {
    m_marks.append({kind, position.globalUpdate, position.globalTokens, m_hours, value, text});
}

void RunHistory::addLog(const QString& level, const QString& text, qint64 msecs) {
    m_log.append({m_lastSeq, QDateTime::fromMSecsSinceEpoch(std::max<qint64>(msecs, 0), Qt::UTC), level, text});
}

}  // namespace radlads::ui
