// What the engine says about the plan while it is edited: problems, memory, time and cost, and what would make it fit.
// Owned by ConversionWizard; GUI thread. Asks 250 ms after the last change, one question of a kind at a time.
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QObject>
#include <QTimer>
#include <optional>

#include "ui/core/engine_client.h"
#include "ui/wizard/wizard_model.h"

namespace radlads::ui {

struct StepEstimate {
    double seconds = 0, totalBytes = 0;
    qint64 microBatchSize = 0;
    bool measured = false;
    QJsonObject memory;  // bytes by part
};

struct Estimate {
    double parameters = 0, peakBytes = 0, diskBytes = 0, checkpointBytes = 0;
    std::optional<double> seconds, cost;
    double deviceBytes = 0;  // what the device has
    QList<StepEstimate> steps;
    QJsonArray data;      // sources with their tokens
    QJsonObject teacher;  // the teacher's config
    QStringList warnings;
    bool measured = false;

    bool fits() const { return deviceBytes <= 0 || peakBytes <= deviceBytes; }
};

// A change of the plan that makes it fit in memory.
struct Remedy {
    QString text;  // "Use a micro-batch of 1"
    protocol::Plan plan;
    double peakBytes = 0;
};

struct Preset {
    QString id, title, summary;
    protocol::Plan plan;
};

class PlanAdvisor : public QObject {
    Q_OBJECT
public:
    PlanAdvisor(EngineClient* client, WizardModel* model, QObject* parent = nullptr);

    const std::optional<Estimate>& estimate() const { return m_estimate; }
    bool isEstimating() const { return m_previewBusy || m_timer.isActive(); }
    QString estimateProblem() const { return m_estimateProblem; }  // why there is no estimate, one sentence
    const std::optional<Remedy>& remedy() const { return m_remedy; }
    const QJsonObject& machine() const { return m_machine; }  // engine.describe
    double deviceBytes() const;
    double freeBytes() const;
    const QList<Preset>& presets() const { return m_presets; }
    std::optional<double> costPerHour() const { return m_costPerHour; }
    void setCostPerHour(std::optional<double> cost);

    void measure();  // the job plan.probe
    void stopMeasuring();
    bool isMeasuring() const { return m_probe != 0; }
    QString measuringText() const { return m_probeText; }

    EngineClient* client() const { return m_client; }

Q_SIGNALS:
    void estimateChanged();
    void remedyChanged();
    void machineChanged();
    void presetsChanged();
    void measuringChanged();

private:
    QJsonObject device() const;  // the plan's, of the machine; the first if it is left open
    void askEngine();
    void planChanged();
    void askPreview();
    void askValidation();
    void tryRemedies();
    void tryNextRemedy();
    Estimate estimateFrom(const QJsonObject& result) const;
    void showEstimate(const QJsonObject& result);
    QJsonObject previewParameters(const protocol::Plan& plan) const;

    EngineClient* m_client;
    WizardModel* m_model;
    QTimer m_timer;
    std::optional<Estimate> m_estimate;
    std::optional<Remedy> m_remedy;
    QList<Remedy> m_candidates;
    QString m_estimateProblem, m_probeText;
    QJsonObject m_machine;
    QList<Preset> m_presets;
    std::optional<double> m_costPerHour;
    bool m_previewBusy = false, m_validateBusy = false;
    quint64 m_generation = 0, m_previewed = 0, m_validated = 0, m_probe = 0;
};

// Plans that need less memory than this one, the cheapest change first.
QList<Remedy> remedies(const protocol::Plan& plan, const Estimate& estimate);

}  // namespace radlads::ui
