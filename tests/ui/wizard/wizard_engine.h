// What a real engine would say to the wizard, from the demo's own numbers; memory follows the plan, so that it can be
// too much.
#pragma once

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "tests/ui/support/scripted_server.h"

namespace radlads::tests {

inline QJsonObject presetPlan(const QString& name) {
    QFile file(QStringLiteral(RADLADS_SOURCE_DIR "/resources/presets/%1.json").arg(name));
    if (!file.open(QIODevice::ReadOnly)) qFatal("no preset");
    return QJsonDocument::fromJson(file.readAll()).object();
}

class WizardEngine {
public:
    ScriptedServer server;
    double deviceBytes = 24e9;
    QJsonArray problems;  // what plan.validate says
    QJsonObject supports{
        {QStringLiteral("precision"), QJsonArray{QStringLiteral("fp32")}},
        {QStringLiteral("activation_checkpointing"), QJsonArray{QStringLiteral("auto"), QStringLiteral("off")}},
        {QStringLiteral("sharding"), QJsonArray{QStringLiteral("none")}}};

    WizardEngine() {
        using namespace Qt::StringLiterals;
        server.on(u"engine.describe"_s, [this](const QJsonObject&) {
            const QJsonObject cpu{{u"id"_s, u"cpu"_s},
                                  {u"name"_s, u"CPU"_s},
                                  {u"memory_bytes"_s, deviceBytes},
                                  {u"free_bytes"_s, deviceBytes * 0.8}};
            return QJsonObject{{u"host"_s, u"desk"_s},
                               {u"processor"_s, u"Example CPU"_s},
                               {u"cores"_s, 8},
                               {u"memory_bytes"_s, deviceBytes},
                               {u"available_bytes"_s, deviceBytes * 0.8},
                               {u"hardware_threads"_s, 16},
                               {u"devices"_s, QJsonArray{cpu}},
                               {u"supports"_s, supports},
                               {u"disk"_s, QJsonObject{{u"path"_s, u"/runs"_s}, {u"free_bytes"_s, 4e11}}}};
        });
        server.on(u"plan.presets"_s, [](const QJsonObject&) {
            const auto preset = [](const QString& id, const QString& title, const QString& summary) {
                return QJsonObject{
                    {u"id"_s, id}, {u"title"_s, title}, {u"summary"_s, summary}, {u"plan"_s, presetPlan(id)}};
            };
            return QJsonObject{
                {u"presets"_s,
                 QJsonArray{
                     preset(u"demo-rad-rwkv7"_s, u"Demo, RAD-RWKV7"_s, u"The demo's teacher, in a few minutes."_s),
                     preset(u"paper-rwkv7"_s, u"Paper, RAD-RWKV7"_s, u"Steps 1 to 3 as in the paper."_s),
                     preset(u"demo-teacher"_s, u"The demo's teacher"_s, u"Trains it."_s),
                     preset(u"paper-2a-rwkv7"_s, u"Paper, step 2a"_s, u"Long windows in one step."_s)}}};
        });
        server.on(u"model.list"_s, [](const QJsonObject&) {
            const auto model = [](const QString& path, const QString& name, const QString& source, double size) {
                return QJsonObject{{u"path"_s, path},
                                   {u"name"_s, name},
                                   {u"source"_s, source},
                                   {u"kind"_s, u"hf"_s},
                                   {u"size_bytes"_s, size}};
            };
            return QJsonObject{
                {u"models"_s, QJsonArray{model(u"demo"_s, u"Demo teacher"_s, u"demo"_s, 2e6),
                                         model(u"/m/Qwen2.5-0.5B"_s, u"Qwen/Qwen2.5-0.5B"_s, u"cache"_s, 9.9e8)}}};
        });
        server.on(u"model.inspect"_s, [](const QJsonObject&) {
            const QJsonObject config{
                {u"family"_s, u"qwen2"_s}, {u"layers"_s, 24},           {u"hidden_size"_s, 896},
                {u"heads"_s, 14},          {u"kv_heads"_s, 2},          {u"head_dim"_s, 64},
                {u"vocab_size"_s, 151936}, {u"max_positions"_s, 32768}, {u"dtype"_s, u"bfloat16"_s}};
            return QJsonObject{{u"kind"_s, u"Hugging Face model (softmax teacher)"_s},
                               {u"config"_s, config},
                               {u"parameters"_s, 494032768},
                               {u"tensor_bytes"_s, 988065536},
                               {u"convertible"_s, QJsonObject{{u"ok"_s, true}, {u"reason"_s, QString()}}}};
        });
        server.on(u"file.list"_s, [](const QJsonObject&) {
            return QJsonObject{{u"entries"_s, QJsonArray{QJsonObject{{u"name"_s, u"LICENSE"_s}}}}};
        });
        server.on(u"data.preview"_s, [](const QJsonObject&) {
            QJsonArray samples;
            for (int i = 0; i < 3; ++i)
                samples.append(QJsonObject{
                    {u"tokens"_s, 96 + 40 * i},
                    {u"pieces"_s, QJsonArray{u"Once"_s, u" upon"_s, u" a"_s, u" time"_s, u" there"_s, u" was"_s,
                                             u" a"_s, u" fox"_s, u" who"_s, u" li"_s, u"ked"_s, u" rain"_s, u"."_s}}});
            const QJsonArray histogram{QJsonObject{{u"from"_s, 64}, {u"to"_s, 127}, {u"documents"_s, 60}},
                                       QJsonObject{{u"from"_s, 128}, {u"to"_s, 255}, {u"documents"_s, 240}},
                                       QJsonObject{{u"from"_s, 256}, {u"to"_s, 511}, {u"documents"_s, 25}}};
            return QJsonObject{{u"documents"_s, 325},
                               {u"complete"_s, false},
                               {u"tokens"_s, 50937},
                               {u"estimated_tokens"_s, 2559900},
                               {u"lengths"_s, QJsonObject{{u"unit"_s, u"tokens"_s},
                                                          {u"shortest"_s, 96},
                                                          {u"median"_s, 170},
                                                          {u"longest"_s, 300},
                                                          {u"histogram"_s, histogram}}},
                               {u"samples"_s, samples}};
        });
        server.on(u"plan.validate"_s, [this](const QJsonObject&) {
            return QJsonObject{{u"valid"_s, problems.isEmpty()}, {u"problems"_s, problems}};
        });
        server.on(u"plan.preview"_s, [](const QJsonObject& params) { return preview(params); });
        server.on(u"run.list"_s, [](const QJsonObject&) {
            return QJsonObject{{u"runs"_s, QJsonArray{}}, {u"queue"_s, QJsonArray{}}};
        });
    }

    // Activations in proportion to micro-batch x window, everything else fixed.
    static QJsonObject preview(const QJsonObject& params) {
        using namespace Qt::StringLiterals;
        const QJsonArray steps = params.value(u"plan"_s).toObject().value(u"steps"_s).toArray();
        QJsonArray result;
        double peak = 0, seconds = 0;
        for (const QJsonValue& value : steps) {
            const QJsonObject step = value.toObject();
            double micro = step.value(u"micro_batch_size"_s).toDouble();
            if (micro < 1) micro = 4;
            const double activations = 2e6 * micro * step.value(u"sequence_length"_s).toDouble();
            const double total = 2.1e9 + activations;
            result.append(QJsonObject{{u"kind"_s, step.value(u"kind"_s)},
                                      {u"micro_batch_size"_s, micro},
                                      {u"seconds"_s, step.value(u"tokens"_s).toDouble() / 5000},
                                      {u"seconds_basis"_s, u"estimated"_s},
                                      {u"memory_bytes"_s, QJsonObject{{u"total"_s, total},
                                                                      {u"weights"_s, 1e9},
                                                                      {u"gradients"_s, 4e8},
                                                                      {u"moments"_s, 7e8},
                                                                      {u"masters"_s, 0},
                                                                      {u"activations"_s, activations},
                                                                      {u"logits"_s, 0}}}});
            peak = std::max(peak, total);
            seconds += step.value(u"tokens"_s).toDouble() / 5000;
        }
        const QJsonValue price = params.value(u"cost_per_hour"_s);
        return {{u"model"_s, QJsonObject{{u"parameters"_s, 561536}}},
                {u"steps"_s, result},
                {u"data"_s, QJsonArray{}},
                {u"warnings"_s, QJsonArray{}},
                {u"totals"_s, QJsonObject{{u"peak_memory_bytes"_s, peak},
                                          {u"disk_bytes"_s, 3e9},
                                          {u"checkpoint_bytes"_s, 1e9},
                                          {u"seconds"_s, seconds},
                                          {u"cost"_s, price.isDouble() ? QJsonValue(price.toDouble() * seconds / 3600)
                                                                       : QJsonValue()}}}};
    }
};

}  // namespace radlads::tests
