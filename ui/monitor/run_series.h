// The history of a run as columns for charts. Owned by the view that shows it; GUI thread. A change costs as much as is
// new.
#pragma once

#include <QObject>
#include <array>
#include <memory>

#include "ui/chart/chart.h"
#include "ui/chart/smoothing.h"
#include "ui/core/run_history.h"

namespace radlads::ui {

enum class Metric {
    Loss,
    LearningRate,
    MixerLearningRate,
    GradientNorm,
    TokensPerSecond,
    UpdateSeconds,
    DataWaitSeconds,
    MemoryBytes,
    PeakMemoryBytes
};
inline constexpr int kMetricCount = 9;

class RunSeries : public QObject {
    Q_OBJECT
public:
    explicit RunSeries(std::shared_ptr<RunHistory> history, QObject* parent = nullptr);

    const RunHistory& history() const { return *m_history; }
    // The columns live as long as anybody holds them.
    std::shared_ptr<const XColumns> x() const { return {m_data, &m_data->x}; }
    std::shared_ptr<const Column> values(Metric metric) const { return {m_data, &m_data->values[size_t(metric)]}; }
    // Only of those that jump about: the loss, the gradient's norm, times and rates.
    std::shared_ptr<const Column> smoothed(Metric metric) const;
    std::shared_ptr<const XColumns> validationX() const { return {m_data, &m_data->validationX}; }
    std::shared_ptr<const Column> validation() const { return {m_data, &m_data->validation}; }
    // The bound of the gradient's norm by the plan, two points a step.
    std::shared_ptr<const XColumns> clipX() const { return {m_data, &m_data->clipX}; }
    std::shared_ptr<const Column> clip() const { return {m_data, &m_data->clip}; }
    std::shared_ptr<const XColumns> layersX(LayerValue value = LayerValue::Loss) const {
        return {m_data, &m_data->layers[size_t(value)].x};
    }
    QVector<std::shared_ptr<const Column>> layers(LayerValue value = LayerValue::Loss) const;

    const QVector<ChartBand>& bands() const { return m_bands; }
    const QVector<ChartMark>& marks() const { return m_marks; }
    // "Step 1 · Align"
    QString stepName(int stepIndex) const;

    double smoothing() const { return m_weight; }
    void setSmoothing(double weight);  // 0 to Smoothing::kMaxWeight

Q_SIGNALS:
    void changed();            // columns, bands or marks
    void layerCountChanged();  // layers() are others now

private:
    struct LayerColumns {
        XColumns x;
        std::vector<std::shared_ptr<Column>> layers;
    };
    struct Data {
        XColumns x;
        std::array<Column, kMetricCount> values;
        std::array<Smoothing, kMetricCount> smoothed;
        std::vector<size_t> stepStarts;  // of all steps but the first
        XColumns validationX, clipX;
        Column validation, clip;
        std::array<LayerColumns, 2> layers;  // by LayerValue
    };
    void update(int firstChanged);
    void updateMetrics(size_t first);
    void updateMarks();
    void updateLayers(LayerValue value, qint64 firstChangedUpdate);
    void updateClip();

    std::shared_ptr<RunHistory> m_history;
    std::shared_ptr<Data> m_data = std::make_shared<Data>();
    double m_weight = 0;
    QVector<ChartBand> m_bands;
    QVector<ChartMark> m_marks;
};

}  // namespace radlads::ui
