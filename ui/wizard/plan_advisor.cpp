#include "ui/wizard/plan_advisor.h"

#include <QJsonDocument>
#include <algorithm>

#include "ui/core/format.h"
#include "ui/wizard/plan_field.h"

namespace radlads::ui {
namespace {

constexpr int kDebounceMs = 250;

QJsonObject planObject(const protocol::Plan& plan) {
    return QJsonDocument::fromJson(QByteArray::fromStdString(protocol::writePlan(plan))).object();
}

std::optional<double> optionalNumber(const QJsonValue& value) {
    return value.isDouble() ? std::optional(value.toDouble()) : std::nullopt;
}

// A message that stands beside its field, or is read by somebody who does not know the plan's keys.
QString withoutKey(QString message, const QString& key) {
    const qsizetype colon = message.indexOf(QLatin1String(": "));
    if (colon > 0 && dottedKey(message.left(colon)) == key) message.remove(0, colon + 2);
    return message;
}

// The step that needs most.
qsizetype largestStep(const Estimate& estimate) {
    const auto less = [](const StepEstimate& a, const StepEstimate& b) { return a.totalBytes < b.totalBytes; };
    return std::max_element(estimate.steps.begin(), estimate.steps.end(), less) - estimate.steps.begin();
}

qint64 largestDivisorUpTo(qint64 number, qint64 limit) {
    for (qint64 divisor = std::min(number, limit); divisor > 1; --divisor)
        if (number % divisor == 0) return divisor;
    return 1;
}

}  // namespace

QList<Remedy> remedies(const protocol::Plan& plan, const Estimate& estimate) {
    constexpr qint64 kShortest = 64;
    QList<Remedy> list;
    if (estimate.steps.isEmpty() || qsizetype(plan.steps.size()) != estimate.steps.size()) return list;
    // Smaller micro-batches give the same mathematics: they cost a little speed and nothing else.
    protocol::Plan smaller = plan;
    const qint64 present = std::max<qint64>(1, estimate.steps[largestStep(estimate)].microBatchSize);
    for (qint64 micro = present / 2; micro >= 1; micro /= 2) {
        for (auto& step : smaller.steps) {
            const qint64 batch = step.batchSize / std::max<qint64>(1, plan.hardware.ranks);
            step.microBatchSize = largestDivisorUpTo(batch, micro);
        }
        list.append({WizardModel::tr("Use micro-batches of %1").arg(micro), smaller, 0});
    }
    if (!list.isEmpty() || present == 1)
        for (auto& step : smaller.steps) step.microBatchSize = 1;
    // One thread less is one micro-batch less at a time.
    if (plan.hardware.threads != 1) {
        smaller.hardware.threads = 1;
        list.append({WizardModel::tr("Use micro-batches of 1 on one thread"), smaller, 0});
    }
    // Shorter windows change what is learnt.
    for (int halving = 0; halving < 8; ++halving) {
        bool any = false;
        qint64 longest = 0;
        for (const auto& step : smaller.steps) longest = std::max<qint64>(longest, step.sequenceLength);
        const qint64 length = longest / 2;
        if (length < kShortest) break;
        for (auto& step : smaller.steps) {
            if (step.sequenceLength <= length) continue;
            step.sequenceLength = length;
            any = true;
        }
        if (any) list.append({WizardModel::tr("Use windows of at most %1 tokens").arg(length), smaller, 0});
    }
    return list;
}

PlanAdvisor::PlanAdvisor(EngineClient* client, WizardModel* model, QObject* parent)
    : QObject(parent), m_client(client), m_model(model) {
    m_timer.setSingleShot(true);
    m_timer.setInterval(kDebounceMs);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        askPreview();
        askValidation();
    });
    connect(m_model, &WizardModel::changed, this, &PlanAdvisor::planChanged);
    connect(m_client, &EngineClient::stateChanged, this, [this](EngineClient::State state) {
        if (state == EngineClient::State::Connected) askEngine();
        Q_EMIT estimateChanged();
    });
    if (m_client->state() == EngineClient::State::Connected) askEngine();
}

QJsonObject PlanAdvisor::device() const {
    const QJsonArray devices = m_machine.value(QStringLiteral("devices")).toArray();
    const QString wanted = QString::fromStdString(m_model->plan().hardware.device);
    QJsonObject chosen = devices.isEmpty() ? QJsonObject() : devices.first().toObject();
    for (const QJsonValue& device : devices)
        if (device.toObject().value(QStringLiteral("id")).toString() == wanted) chosen = device.toObject();
    return chosen;
}

double PlanAdvisor::deviceBytes() const {
    return device().value(QStringLiteral("memory_bytes")).toDouble();
}

double PlanAdvisor::freeBytes() const {
    return device().value(QStringLiteral("free_bytes")).toDouble();
}

void PlanAdvisor::setCostPerHour(std::optional<double> cost) {
    if (cost == m_costPerHour) return;
    m_costPerHour = cost;
    planChanged();
}

void PlanAdvisor::askEngine() {
    m_client->call(QStringLiteral("engine.describe"), {}, this, [this](const QJsonObject& result) {
        m_machine = result;
        if (m_estimate) m_estimate->deviceBytes = deviceBytes();
        Q_EMIT machineChanged();
        Q_EMIT estimateChanged();
        if (m_estimate && !m_estimate->fits()) tryRemedies();
    });
    m_client->call(QStringLiteral("plan.presets"), {}, this, [this](const QJsonObject& result) {
        m_presets.clear();
        for (const QJsonValue& value : result.value(QStringLiteral("presets")).toArray()) {
            const QJsonObject preset = value.toObject();
            const QByteArray text = QJsonDocument(preset.value(QStringLiteral("plan")).toObject()).toJson();
            auto plan = protocol::parsePlan(text.toStdString(), "preset");
            // Of a newer engine; or one that trains a teacher, which is no conversion.
            if (!plan || plan->student.architecture == protocol::Architecture::Softmax) continue;
            m_presets.append({preset.value(QStringLiteral("id")).toString(),
                              preset.value(QStringLiteral("title")).toString(),
                              preset.value(QStringLiteral("summary")).toString(), std::move(*plan)});
        }
        Q_EMIT presetsChanged();
    });
    planChanged();
}

void PlanAdvisor::planChanged() {
    ++m_generation;
    m_candidates.clear();
    if (m_remedy) {
        m_remedy.reset();
        Q_EMIT remedyChanged();
    }
    m_timer.start();
    Q_EMIT estimateChanged();
}

QJsonObject PlanAdvisor::previewParameters(const protocol::Plan& plan) const {
    return {{QStringLiteral("plan"), planObject(plan)},
            {QStringLiteral("probe"), false},
            {QStringLiteral("cost_per_hour"), m_costPerHour ? QJsonValue(*m_costPerHour) : QJsonValue()}};
}

Estimate PlanAdvisor::estimateFrom(const QJsonObject& result) const {
    Estimate estimate;
    const QJsonObject totals = result.value(QStringLiteral("totals")).toObject();
    estimate.parameters =
        result.value(QStringLiteral("model")).toObject().value(QStringLiteral("parameters")).toDouble();
    estimate.teacher = result.value(QStringLiteral("teacher")).toObject().value(QStringLiteral("config")).toObject();
    estimate.peakBytes = totals.value(QStringLiteral("peak_memory_bytes")).toDouble();
    estimate.diskBytes = totals.value(QStringLiteral("disk_bytes")).toDouble();
    estimate.checkpointBytes = totals.value(QStringLiteral("checkpoint_bytes")).toDouble();
    estimate.seconds = optionalNumber(totals.value(QStringLiteral("seconds")));
    estimate.cost = optionalNumber(totals.value(QStringLiteral("cost")));
    estimate.data = result.value(QStringLiteral("data")).toArray();
    estimate.deviceBytes = deviceBytes();
    for (const QJsonValue& warning : result.value(QStringLiteral("warnings")).toArray())
        estimate.warnings.append(warning.toString());
    for (const QJsonValue& value : result.value(QStringLiteral("steps")).toArray()) {
        const QJsonObject step = value.toObject();
        const QJsonObject memory = step.value(QStringLiteral("memory_bytes")).toObject();
        const bool measured = step.value(QStringLiteral("seconds_basis")).toString() == QLatin1String("measured");
        estimate.measured = estimate.measured || measured;
        estimate.steps.append({step.value(QStringLiteral("seconds")).toDouble(),
                               memory.value(QStringLiteral("total")).toDouble(),
                               step.value(QStringLiteral("micro_batch_size")).toInteger(), measured, memory});
    }
    return estimate;
}

void PlanAdvisor::showEstimate(const QJsonObject& result) {
    m_estimate = estimateFrom(result);
    m_estimateProblem.clear();
    if (m_estimate->fits()) {
        m_remedy.reset();
        Q_EMIT remedyChanged();
    } else {
        tryRemedies();
    }
}

void PlanAdvisor::askPreview() {
    if (m_previewBusy || m_client->state() != EngineClient::State::Connected) return;
    protocol::Plan resolved = m_model->plan();
    if (const Status status = protocol::resolvePlan(resolved); !status && resolved.teacher.path.empty()) {
        m_estimate.reset();
        m_estimateProblem = tr("Choose a teacher to see what the conversion needs.");
        Q_EMIT estimateChanged();
        return;
    }
    if (resolved.data.sources.empty()) {
        m_estimate.reset();
        m_estimateProblem = tr("Add data to see what the conversion needs.");
        Q_EMIT estimateChanged();
        return;
    }
    m_previewBusy = true;
    const quint64 asked = m_generation;
    const auto finish = [this, asked] {
        m_previewBusy = false;
        m_previewed = asked;
        if (m_generation != asked && !m_timer.isActive()) m_timer.start();
        Q_EMIT estimateChanged();
    };
    m_client->call(
        QStringLiteral("plan.preview"), previewParameters(m_model->plan()), this,
        [this, finish](const QJsonObject& result) {
            showEstimate(result);
            finish();
        },
        [this, finish](const RpcError& error) {
            if (error.kind != QLatin1String("disconnected")) {
                m_estimate.reset();
                m_estimateProblem = sentence(withoutKey(error.message, dottedKey(error.key)));
            }
            finish();
        });
}

void PlanAdvisor::askValidation() {
    if (m_validateBusy || m_client->state() != EngineClient::State::Connected) return;
    m_validateBusy = true;
    const quint64 asked = m_generation;
    const auto finish = [this, asked] {
        m_validateBusy = false;
        m_validated = asked;
        if (m_generation != asked && !m_timer.isActive()) m_timer.start();
    };
    m_client->call(
        QStringLiteral("plan.validate"), {{QStringLiteral("plan"), planObject(m_model->plan())}}, this,
        [this, asked, finish](const QJsonObject& result) {
            QList<PlanProblem> problems;
            for (const QJsonValue& value : result.value(QStringLiteral("problems")).toArray()) {
                const QJsonObject problem = value.toObject();
                const QString key = dottedKey(problem.value(QStringLiteral("key")).toString());
                problems.append({key, withoutKey(problem.value(QStringLiteral("message")).toString(), key)});
            }
            if (asked == m_generation) m_model->setEngineProblems(problems);
            finish();
        },
        [finish](const RpcError&) { finish(); });
}

void PlanAdvisor::tryRemedies() {
    m_candidates = remedies(m_model->plan(), *m_estimate);
    tryNextRemedy();
}

void PlanAdvisor::tryNextRemedy() {
    if (m_candidates.isEmpty()) return;
    Remedy candidate = m_candidates.takeFirst();
    const quint64 asked = m_generation;
    m_client->call(QStringLiteral("plan.preview"), previewParameters(candidate.plan), this,
                   [this, asked, candidate](const QJsonObject& result) mutable {
                       if (asked != m_generation) return;
                       const Estimate estimate = estimateFrom(result);
                       if (!estimate.fits()) return tryNextRemedy();
                       candidate.peakBytes = estimate.peakBytes;
                       m_remedy = std::move(candidate);
                       m_candidates.clear();
                       Q_EMIT remedyChanged();
                   });
}

void PlanAdvisor::measure() {
    if (m_probe != 0) return;
    QJsonObject parameters = previewParameters(m_model->plan());
    parameters[QStringLiteral("probe")] = true;
    m_probeText = tr("Measuring one update of each step…");
    const quint64 asked = m_generation;
    m_probe = m_client->startJob(
        QStringLiteral("plan.probe"), parameters, this,
        [this](const QJsonObject& event) {
            m_probeText = event.value(QStringLiteral("text")).toString();
            Q_EMIT measuringChanged();
        },
        [this, asked](const QJsonObject& result) {
            m_probe = 0;
            m_probeText.clear();
            if (asked == m_generation) showEstimate(result);
            Q_EMIT measuringChanged();
            Q_EMIT estimateChanged();
        },
        [this](const RpcError& error) {
            m_probe = 0;
            m_probeText = error.kind == QLatin1String("cancelled") ? QString() : error.message;
            Q_EMIT measuringChanged();
        });
    Q_EMIT measuringChanged();
}

void PlanAdvisor::stopMeasuring() {
    if (m_probe != 0) m_client->cancelJob(m_probe);
}

}  // namespace radlads::ui
