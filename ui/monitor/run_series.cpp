#include "ui/monitor/run_series.h"

#include <QJsonArray>
#include <algorithm>

#include "ui/core/format.h"

namespace radlads::ui {
namespace {

constexpr std::array kSmoothed = {Metric::Loss, Metric::GradientNorm, Metric::TokensPerSecond, Metric::UpdateSeconds,
                                  Metric::DataWaitSeconds};

XPoint pointOf(const MetricsPoint& metrics) {
    return {double(metrics.globalUpdate), metrics.globalTokens, metrics.hours};
}

XPoint pointOf(const Mark& mark) {
    return {double(mark.globalUpdate), mark.globalTokens, mark.hours};
}

// Seconds from the update before; not known of the first, nor after a pause or another step's start.
double updateSeconds(const QVector<MetricsPoint>& metrics, int index) {
    constexpr double kSecondsPerHour = 3600;
    if (index == 0 || metrics[index].stepIndex != metrics[index - 1].stepIndex)
        return std::numeric_limits<double>::quiet_NaN();
    const auto updates = double(metrics[index].globalUpdate - metrics[index - 1].globalUpdate);
    // By the engine's own rate where it says one: after a rollback the clock counts what was lost.
    const double tokens = (metrics[index].globalTokens - metrics[index - 1].globalTokens) / updates;
    if (metrics[index].tokensPerSecond > 0) return tokens / metrics[index].tokensPerSecond;
    return (metrics[index].hours - metrics[index - 1].hours) * kSecondsPerHour / updates;
}

}  // namespace

RunSeries::RunSeries(std::shared_ptr<RunHistory> history, QObject* parent)
    : QObject(parent), m_history(std::move(history)) {
    connect(m_history.get(), &RunHistory::changed, this, &RunSeries::update);
    connect(m_history.get(), &RunHistory::planChanged, this, [this] { update(int(m_data->x.size())); });
    update(0);
}

std::shared_ptr<const Column> RunSeries::smoothed(Metric metric) const {
    const bool isSmoothed = std::find(kSmoothed.begin(), kSmoothed.end(), metric) != kSmoothed.end();
    return isSmoothed ? std::shared_ptr<const Column>(m_data, &m_data->smoothed[size_t(metric)].result())
                      : values(metric);
}

QVector<std::shared_ptr<const Column>> RunSeries::layers(LayerValue value) const {
    const auto& layers = m_data->layers[size_t(value)].layers;
    return {layers.begin(), layers.end()};
}

QString RunSeries::stepName(int stepIndex) const {
    const QString kind = m_history->plan()[QStringLiteral("steps")][stepIndex][QStringLiteral("kind")].toString();
    return kind.isEmpty() ? tr("Step %1").arg(stepIndex + 1)
                          : tr("Step %1 · %2").arg(stepIndex + 1).arg(stepTitle(kind));
}

void RunSeries::setSmoothing(double weight) {
    m_weight = weight;
    for (Metric metric : kSmoothed) {
        Smoothing& smoothing = m_data->smoothed[size_t(metric)];
        smoothing.setWeight(weight);
        smoothing.update(m_data->values[size_t(metric)], m_data->x.size(), m_data->stepStarts);
    }
    Q_EMIT changed();
}

void RunSeries::update(int firstChanged) {
    const auto& metrics = m_history->metrics();
    const auto first =
        size_t(std::clamp(firstChanged, 0, int(std::min<qsizetype>(metrics.size(), qsizetype(m_data->x.size())))));
    // Of later updates nothing is known to be as it was.
    const qint64 firstUpdate = first > 0 ? metrics[qsizetype(first) - 1].globalUpdate + 1 : 0;
    updateMetrics(first);
    updateMarks();
    for (const LayerValue value : {LayerValue::Loss, LayerValue::GradientNorm}) updateLayers(value, firstUpdate);
    updateClip();
    Q_EMIT changed();
}

void RunSeries::updateMetrics(size_t first) {
    const auto& metrics = m_history->metrics();
    Data& data = *m_data;
    data.x.truncate(first);
    for (Column& column : data.values) column.truncate(first);
    while (!data.stepStarts.empty() && data.stepStarts.back() >= first) data.stepStarts.pop_back();
    const auto add = [&data](Metric metric, double value) { data.values[size_t(metric)].append(value); };
    for (auto i = qsizetype(first); i < metrics.size(); ++i) {
        const MetricsPoint& point = metrics[i];
        if (i > 0 && point.stepIndex != metrics[i - 1].stepIndex) data.stepStarts.push_back(size_t(i));
        data.x.append(pointOf(point));
        add(Metric::Loss, point.loss);
        add(Metric::LearningRate, point.learningRate);
        add(Metric::MixerLearningRate, point.mixerLearningRate);
        add(Metric::GradientNorm, point.gradientNorm);
        add(Metric::TokensPerSecond, point.tokensPerSecond);
        add(Metric::UpdateSeconds, updateSeconds(metrics, int(i)));
        add(Metric::DataWaitSeconds, point.dataWaitSeconds);
        add(Metric::MemoryBytes, point.memoryBytes);
        add(Metric::PeakMemoryBytes, point.peakMemoryBytes);
    }
    for (Metric metric : kSmoothed) data.smoothed[size_t(metric)].update(data.values[size_t(metric)], first, data.stepStarts);
}

// Marks are few beside the updates, and a rollback takes some out of the middle.
void RunSeries::updateMarks() {
    Data& data = *m_data;
    m_bands.clear();
    m_marks.clear();
    data.validationX = {};
    data.validation = {};
    for (const Mark& mark : m_history->marks()) {
        const XPoint point = pointOf(mark);
        if (mark.kind == MarkKind::StepStarted) {
            if (!m_bands.isEmpty()) m_bands.last().end = point;
            m_bands.append({point, std::nullopt, stepName(int(m_bands.size()))});
        } else if (mark.kind == MarkKind::Evaluation) {
            data.validationX.append(point);
            data.validation.append(mark.value);
        }
        const QString place = tr("%1 · %2 tokens").arg(xText(point.steps, XUnit::Steps), countText(point.tokens));
        m_marks.append({mark.kind, point, QStringLiteral("%1\n%2").arg(mark.text, place)});
    }
}

void RunSeries::updateLayers(LayerValue value, qint64 firstChangedUpdate) {
    std::vector<const LayerLosses*> events;
    for (const LayerLosses& event : m_history->layers())
        if (event.value == value) events.push_back(&event);
    LayerColumns& columns = m_data->layers[size_t(value)];
    const size_t count = events.empty() ? 0 : size_t(events.back()->losses.size());
    const bool isOther = count != columns.layers.size();
    if (isOther) {
        columns.x = {};
        columns.layers.clear();
        for (size_t i = 0; i < count; ++i) columns.layers.push_back(std::make_shared<Column>());
    }
    size_t kept = std::min(columns.x.size(), events.size());
    while (kept > 0 && (events[kept - 1]->globalUpdate >= firstChangedUpdate ||
                        columns.x.steps.at(kept - 1) != double(events[kept - 1]->globalUpdate))) {
        --kept;
    }
    columns.x.truncate(kept);
    for (auto& layer : columns.layers) layer->truncate(kept);
    for (size_t i = kept; i < events.size(); ++i) {
        const LayerLosses& event = *events[i];
        // Layers say nothing of time: that of the update they belong to.
        const XColumns& x = m_data->x;
        const size_t at = x.steps.lowerBound(double(event.globalUpdate));
        const double hours = x.size() == 0 ? 0 : x.hours.at(std::min(at, x.size() - 1));
        columns.x.append({double(event.globalUpdate), event.globalTokens, hours});
        for (size_t layer = 0; layer < count; ++layer) {
            columns.layers[layer]->append(qsizetype(layer) < event.losses.size()
                                              ? event.losses[qsizetype(layer)]
                                              : std::numeric_limits<double>::quiet_NaN());
        }
    }
    if (isOther) Q_EMIT layerCountChanged();
}

void RunSeries::updateClip() {
    Data& data = *m_data;
    data.clipX = {};
    data.clip = {};
    if (data.x.size() == 0) return;
    const QJsonArray steps = m_history->plan()[QStringLiteral("steps")].toArray();
    for (int i = 0; i < m_bands.size(); ++i) {
        const double clip = steps[i][QStringLiteral("gradient_clip")].toDouble();
        const double shown = clip > 0 ? clip : std::numeric_limits<double>::quiet_NaN();
        data.clipX.append(m_bands[i].begin);
        data.clip.append(shown);
        data.clipX.append(m_bands[i].end.value_or(data.x.at(data.x.size() - 1)));
        data.clip.append(shown);
    }
}

}  // namespace radlads::ui
