#include "tests/ui/scenes/studio_engine.h"

#include <QDateTime>
#include <QTimer>

#include "tests/ui/playground/fixture.h"

namespace radlads::tests {

namespace {

// The journal writer's updates made as large and as slow as those of a model of some size.
constexpr int kScale = 64;
constexpr double kTokensPerUpdate = double(JournalWriter::kTokensPerUpdate) * kScale;
constexpr int kAlignUpdates = 400, kDistillUpdates = 600, kDistillDone = 220, kLayers = 28;

QString ago(qint64 seconds) {
    return QDateTime::currentDateTimeUtc().addSecs(-seconds).toString(Qt::ISODateWithMs);
}

QJsonObject record(const QString& run, const QString& state, int minutesAgo, const QJsonObject& more = {}) {
    QJsonObject json{
        {u"run"_s, run},
        {u"name"_s, run},
        {u"state"_s, state},
        {u"created"_s, ago(minutesAgo * 60)},
        {u"updated"_s, ago(20)},
        {u"directory"_s, u"/home/someone/.local/share/radlads/runs/"_s + run},
        {u"step_count"_s, 2},
        {u"step_tokens"_s, QJsonArray{kAlignUpdates * kTokensPerUpdate, kDistillUpdates * kTokensPerUpdate}},
        {u"step_kinds"_s, QJsonArray{u"align"_s, u"distill"_s}},
        {u"plan_tokens"_s, (kAlignUpdates + kDistillUpdates) * kTokensPerUpdate},
        {u"teacher"_s, u"Qwen/Qwen2.5-7B"_s},
        {u"student"_s, u"rad-rwkv7"_s}};
    for (auto it = more.begin(); it != more.end(); ++it) json.insert(it.key(), it.value());
    return json;
}

QJsonObject distilling(const QString& run, const QString& state, int minutesAgo, const QJsonObject& more = {}) {
    const double done = (kAlignUpdates + kDistillDone) * kTokensPerUpdate;
    QJsonObject fields{{u"step_index"_s, 1},
                       {u"step_kind"_s, u"distill"_s},
                       {u"update"_s, kDistillDone},
                       {u"tokens"_s, kDistillDone * kTokensPerUpdate},
                       {u"progress"_s, double(kAlignUpdates + kDistillDone) / (kAlignUpdates + kDistillUpdates)},
                       {u"tokens_done"_s, done},
                       {u"loss"_s, 0.2248},
                       {u"newest_checkpoint"_s, QJsonObject{{u"time"_s, ago(74)},
                                                            {u"update"_s, kDistillDone},
                                                            {u"tokens"_s, kDistillDone * kTokensPerUpdate},
                                                            {u"step_index"_s, 1}}}};
    for (auto it = more.begin(); it != more.end(); ++it) fields.insert(it.key(), it.value());
    return record(run, state, minutesAgo, fields);
}

QJsonObject finished(const QString& run, int minutesAgo, double loss, const QJsonObject& more = {}) {
    QJsonObject fields{
        {u"step_index"_s, 1},     {u"step_kind"_s, u"distill"_s},
        {u"progress"_s, 1},       {u"tokens_done"_s, (kAlignUpdates + kDistillUpdates) * kTokensPerUpdate},
        {u"loss"_s, loss},        {u"has_model"_s, true},
        {u"size_bytes"_s, 15.2e9}};
    for (auto it = more.begin(); it != more.end(); ++it) fields.insert(it.key(), it.value());
    return record(run, u"finished"_s, minutesAgo, fields);
}

QJsonArray library() {
    return {
        distilling(u"qwen2.5-7b"_s, u"running"_s, 290,
                   {{u"tokens_per_second"_s, 25312}, {u"eta_seconds"_s, 15740}, {u"tags"_s, QJsonArray{u"paper"_s}}}),
        distilling(u"long-context"_s, u"paused"_s, 900,
                   {{u"message"_s, u"The disk is full: a checkpoint needs 14.2 GB and 3.1 GB are free."_s}}),
        record(u"smollm2-1.7b"_s, u"queued"_s, 80, {{u"queue_position"_s, 0}}),
        record(u"tinyllama"_s, u"queued"_s, 70, {{u"queue_position"_s, 1}}),
        record(u"next-idea"_s, u"new"_s, 60),
        finished(u"demo"_s, 2000, 0.3127, {{u"teacher"_s, u"demo"_s}, {u"tags"_s, QJsonArray{u"demo"_s}}}),
        finished(u"ablation-no-align"_s, 3000, 0.5212, {{u"rollbacks"_s, 1}}),
        distilling(u"qwen2.5-14b"_s, u"failed"_s, 4000,
                   {{u"message"_s, u"The worker ended with signal 9 (killed): the machine had no memory left."_s}}),
        distilling(u"overnight"_s, u"interrupted"_s, 5000),
        distilling(u"first-try"_s, u"stopped"_s, 6000)};
}

QJsonObject plan(const QString& run) {
    QJsonObject document = presetPlan(u"paper-2a-rwkv7"_s);
    document[u"name"_s] = run;
    document[u"teacher"_s] = QJsonObject{{u"path"_s, run == "demo"_L1 ? u"demo"_s : u"/models/Qwen2.5-7B"_s}};
    document[u"data"_s] =
        QJsonObject{{u"sources"_s, QJsonArray{QJsonObject{{u"path"_s, u"/data/dclm"_s}, {u"weight"_s, 1}}}},
                    {u"sampler"_s, u"magic-prime"_s}};
    QJsonArray steps = document[u"steps"_s].toArray();
    for (int i = 0; i < steps.size(); ++i) {
        QJsonObject step = steps[i].toObject();
        step[u"gradient_clip"_s] = 1.0;
        step[u"batch_size"_s] = run == "ablation-no-align"_L1 ? 64 : 32;
        steps[i] = step;
    }
    document[u"steps"_s] = steps;
    return document;
}

QJsonObject files(const QString& run) {
    QJsonArray list;
    const auto add = [&](const QString& path, double bytes, qint64 secondsAgo) {
        list.append(QJsonObject{{u"path"_s, path}, {u"size_bytes"_s, bytes}, {u"modified"_s, ago(secondsAgo)}});
    };
    add(u"plan.json"_s, 2311, 17400);
    add(u"state.json"_s, 611, 20);
    add(u"events.ndjson"_s, 4.53e6, 20);
    for (const QString& update : {u"000200"_s, u"000220"_s})
        for (const QString& part : {u"model.safetensors"_s, u"optimizer.safetensors"_s, u"info.json"_s})
            add(u"checkpoints/step-1-%1/%2"_s.arg(update, part), part.startsWith(u'i') ? 940.0 : 7.12e9, 74);
    add(u"evaluations/%1-step-1.json"_s.arg(run), 8412, 9000);
    return {{u"files"_s, list}};
}

}  // namespace

StudioEngine::StudioEngine(Library contents) {
    server.on(u"engine.hello"_s, [](const QJsonObject&) {
        return QJsonObject{{u"server"_s, u"radlads-engine"_s},
                           {u"protocol"_s, u"1.0"_s},
                           {u"version"_s, u"0.1.0"_s},
                           {u"host"_s, u"desk"_s},
                           {u"features"_s, QJsonArray{u"queue"_s, u"series"_s, u"trash"_s, u"jobs"_s}},
                           {u"runs_directory"_s, u"/home/someone/.local/share/radlads/runs"_s},
                           {u"home"_s, u"/home/someone"_s}};
    });
    server.on(u"engine.describe"_s, [this](const QJsonObject&) {
        const QJsonObject cpu{
            {u"id"_s, u"cpu"_s}, {u"name"_s, u"AMD EPYC 7763"_s}, {u"memory_bytes"_s, 137e9}, {u"free_bytes"_s, 53e9}};
        return QJsonObject{
            {u"host"_s, u"desk"_s},
            {u"processor"_s, u"AMD EPYC 7763 64-Core Processor"_s},
            {u"cores"_s, 64},
            {u"hardware_threads"_s, 128},
            {u"memory_bytes"_s, 137e9},
            {u"available_bytes"_s, 53e9},
            {u"devices"_s, QJsonArray{cpu}},
            {u"supports"_s, supports},
            {u"disk"_s, QJsonObject{{u"path"_s, u"/home"_s}, {u"total_bytes"_s, 1e12}, {u"free_bytes"_s, 412e9}}}};
    });
    const bool isEmpty = contents == Library::Empty;
    server.on(u"run.list"_s, [isEmpty](const QJsonObject&) {
        return QJsonObject{{u"runs"_s, isEmpty ? QJsonArray() : library()},
                           {u"queue"_s, isEmpty ? QJsonArray() : QJsonArray{u"smollm2-1.7b"_s, u"tinyllama"_s}}};
    });
    server.on(u"run.attach"_s, [this](const QJsonObject& params) { return attach(params[u"run"_s].toString()); });
    server.on(u"run.detach"_s, [](const QJsonObject&) { return QJsonObject(); });
    server.on(u"run.files"_s, [](const QJsonObject& params) { return files(params[u"run"_s].toString()); });
    server.on(u"run.evaluations"_s, [](const QJsonObject& params) {
        const bool isAblation = params[u"run"_s].toString() == "ablation-no-align"_L1;
        QJsonArray reports;
        if (isAblation || params[u"run"_s].toString() == "demo"_L1)
            reports = {report(u"setup"_s, 0.02), report(u"step 1"_s, isAblation ? 0.3 : 0.61),
                       report(u"now"_s, isAblation ? 0.82 : 0.957)};
        return QJsonObject{{u"evaluations"_s, reports}};
    });
    server.on(u"file.list"_s, [](const QJsonObject& params) {
        const QString path = params[u"path"_s].toString();
        const auto entry = [](const QString& name, bool isDirectory, double bytes, const QString& kind) {
            return QJsonObject{
                {u"name"_s, name}, {u"directory"_s, isDirectory}, {u"size_bytes"_s, bytes}, {u"kind"_s, kind}};
        };
        return QJsonObject{
            {u"path"_s, path.isEmpty() ? u"/home/someone"_s : path},
            {u"parent"_s, u"/home"_s},
            {u"entries"_s,
             QJsonArray{entry(u"Qwen2.5-7B"_s, true, 0, u"model"_s), entry(u"data"_s, true, 0, u"other"_s),
                        entry(u"projects"_s, true, 0, u"other"_s), entry(u"LICENSE"_s, false, 11343, u"text"_s),
                        entry(u"llama-3.2-1b-Q8_0.gguf"_s, false, 1.32e9, u"gguf"_s),
                        entry(u"stories.jsonl.zst"_s, false, 8.31e8, u"text"_s)}}};
    });
    for (const QString& method : {u"evaluate.start"_s, u"generate.start"_s, u"export.start"_s, u"model.download"_s})
        server.on(method, [this](const QJsonObject&) { return QJsonObject{{u"job"_s, jobName(++m_jobs)}}; });
}

QJsonObject StudioEngine::attach(const QString& run) {
    QTimer::singleShot(0, &server, [this, run] {
        const QVector<QJsonObject> events = journalOf(run);
        for (const QJsonObject& event : events) server.notify(u"run.event"_s, {{u"run"_s, run}, {u"event"_s, event}});
        server.notify(u"run.live"_s, {{u"run"_s, run}, {u"seq"_s, events.size()}});
    });
    return {{u"run"_s, QJsonObject{{u"run"_s, run}}}, {u"plan"_s, plan(run)}};
}

QVector<QJsonObject> StudioEngine::journalOf(const QString& run) const {
    if (run == "smollm2-1.7b"_L1 || run == "tinyllama"_L1 || run == "next-idea"_L1) return {};
    const bool isWhole = run == "demo"_L1 || run == "ablation-no-align"_L1;
    JournalWriter writer(quint32(qHash(run, 7)), run == "ablation-no-align"_L1 ? 1.7 : 1);
    QVector<QJsonObject> events{writer.started()};
    bool goesBack = run == "ablation-no-align"_L1;
    for (int step = 0; step < 2; ++step) {
        const int planned = step == 0 ? kAlignUpdates : kDistillUpdates;
        const int updates = step == 0 || isWhole ? planned : kDistillDone;
        events.append(writer.stepStarted(step, step == 0 ? u"align"_s : u"distill"_s,
                                         double(planned) * JournalWriter::kTokensPerUpdate));
        for (int i = 1; i <= updates; ++i) {
            events.append(writer.metrics());
            if (i % 10 == 0) events.append(writer.layers(kLayers));
            if (i % 50 == 0) events.append(writer.evaluation());
            if (i % 110 == 0) events.append(writer.checkpoint());
            if (step == 1 && i == 150 && goesBack) {
                events.append(writer.rollback(110));
                goesBack = false;
                i = 110;
            }
        }
        if (updates == planned) events.append(writer.stepFinished());
    }
    if (isWhole) events.append(writer.other(u"run.finished"_s));
    if (run == "qwen2.5-14b"_L1)
        events.append(writer.other(
            u"run.failed"_s,
            {{u"message"_s, u"The worker ended with signal 9 (killed): the machine had no memory left."_s}}));
    // The last event was a moment ago.
    const auto timeOf = [](const QJsonObject& event) {
        return QDateTime::fromString(event[u"time"_s].toString(), Qt::ISODateWithMs);
    };
    const qint64 end = timeOf(events.constLast()).toMSecsSinceEpoch();
    const qint64 now = QDateTime::currentMSecsSinceEpoch() - 4000;
    for (QJsonObject& event : events) {
        const qint64 time = now - (end - timeOf(event).toMSecsSinceEpoch()) * kScale;
        event[u"time"_s] = QDateTime::fromMSecsSinceEpoch(time, Qt::UTC).toString(Qt::ISODateWithMs);
        for (const QString& key : {u"tokens"_s, u"total_tokens"_s})
            if (event.contains(key)) event[key] = event[key].toDouble() * kScale;
        if (event.contains(u"data_wait_seconds"_s))
            event[u"data_wait_seconds"_s] = event[u"data_wait_seconds"_s].toDouble() * 5;
    }
    return events;
}

void StudioEngine::jobEvent(int number, const QJsonObject& event) {
    server.notify(u"job.event"_s, {{u"job"_s, jobName(number)}, {u"event"_s, event}});
}

void StudioEngine::jobResult(int number, const QJsonObject& result) {
    server.notify(u"job.finished"_s, {{u"job"_s, jobName(number)}, {u"result"_s, result}});
}

}  // namespace radlads::tests
