// A scripted engine with one run, a store connected to it.
#pragma once

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QJsonArray>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTabBar>
#include <QTest>

#include "tests/ui/support/scripted_server.h"
#include "ui/core/run_store.h"
#include "ui/core/theme.h"

namespace radlads::tests {

using namespace Qt::StringLiterals;

struct PlaygroundFixture {
    ScriptedServer server;
    std::unique_ptr<ui::EngineClient> client;
    std::unique_ptr<ui::RunStore> store;
    int jobs = 0;
    QStringList cancelled;

    static QJsonObject record(const QString& state = u"finished"_s) {
        const bool isFinished = state == u"finished"_s;
        QJsonObject object{{u"run"_s, u"demo-20251125-101500"_s},
                           {u"name"_s, u"demo"_s},
                           {u"state"_s, state},
                           {u"created"_s, u"2025-11-25T10:15:00.000Z"_s},
                           {u"step_index"_s, isFinished ? 3 : 1},
                           {u"step_count"_s, 3},
                           {u"step_kind"_s, u"distill"_s},
                           {u"step_kinds"_s, QJsonArray{u"align"_s, u"distill"_s, u"extend"_s}},
                           {u"step_tokens"_s, QJsonArray{700000, 1100000, 300000}},
                           {u"directory"_s, u"/home/someone/.local/share/radlads/runs/demo-20251125-101500"_s},
                           {u"teacher"_s, u"demo"_s},
                           {u"student"_s, u"rad-rwkv7"_s},
                           {u"has_model"_s, isFinished}};
        if (state != u"new"_s && state != u"queued"_s)
            object.insert(u"newest_checkpoint"_s, QJsonObject{{u"time"_s, u"2025-11-25T10:18:00.000Z"_s},
                                                              {u"update"_s, 40},
                                                              {u"tokens"_s, 81920},
                                                              {u"step_index"_s, 1}});
        return object;
    }

    explicit PlaygroundFixture(const QJsonObject& run = record()) {
        server.on(u"run.list"_s, [run](const QJsonObject&) {
            return QJsonObject{{u"runs"_s, QJsonArray{run}}, {u"queue"_s, QJsonArray()}};
        });
        server.on(u"run.attach"_s, [run](const QJsonObject&) {
            return QJsonObject{
                {u"run"_s, run},
                {u"plan"_s, QJsonObject{{u"teacher"_s, QJsonObject{{u"path"_s, run.value("teacher"_L1)}}}}}};
        });
        server.on(u"run.detach"_s, [](const QJsonObject&) { return QJsonObject(); });
        server.on(u"run.evaluations"_s, [](const QJsonObject&) {
            return QJsonObject{{u"evaluations"_s, QJsonArray()}};
        });
        server.on(u"job.cancel"_s, [this](const QJsonObject& params) {
            cancelled.append(params.value("job"_L1).toString());
            return QJsonObject();
        });
        for (const QString& method : {u"evaluate.start"_s, u"generate.start"_s, u"export.start"_s})
            server.on(method, [this](const QJsonObject&) { return QJsonObject{{u"job"_s, jobName(++jobs)}}; });
        client = std::make_unique<ui::EngineClient>(server.address());
        store = std::make_unique<ui::RunStore>(client.get());
    }

    static QString jobName(int number) { return u"job-%1"_s.arg(number); }

    // Connected and with its run; the history of it.
    std::shared_ptr<ui::RunHistory> open() {
        client->connectToEngine();
        [&] { QTRY_VERIFY(store->isLoaded()); }();
        auto history = store->history(u"demo-20251125-101500"_s);
        return history;
    }

    void event(const QString& job, const QJsonObject& event) {
        server.notify(u"job.event"_s, {{u"job"_s, job}, {u"event"_s, event}});
    }
    void result(const QString& job, const QJsonObject& result) {
        server.notify(u"job.finished"_s, {{u"job"_s, job}, {u"result"_s, result}});
    }
    void error(const QString& job, const QString& kind, const QString& message, int code = 1) {
        server.notify(
            u"job.finished"_s,
            {{u"job"_s, job},
             {u"error"_s,
              QJsonObject{{u"code"_s, code}, {u"message"_s, message}, {u"data"_s, QJsonObject{{u"kind"_s, kind}}}}}});
    }
    void setRun(const QJsonObject& run) { server.notify(u"run.changed"_s, {{u"record"_s, run}}); }
};

template <class T>
T* child(const QWidget& parent, const QString& name) {
    T* found = parent.findChild<T*>(name);
    if (!found) qFatal("no widget %s", qPrintable(name));
    return found;
}

// Whatever the keyboard can reach says what it is.
inline QStringList unnamedWidgets(const QWidget& root) {
    QStringList unnamed;
    for (const QWidget* widget : root.findChildren<QWidget*>()) {
        if (!(widget->focusPolicy() & Qt::TabFocus) || widget->objectName().startsWith(u"qt_"_s) ||
            widget->inherits("QComboBoxPrivateContainer") ||
            widget->parentWidget()->inherits("QComboBoxPrivateContainer") ||
            qobject_cast<const QAbstractSpinBox*>(widget->parentWidget()))
            continue;
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        const bool hasName = !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
        if (!hasName || widget->objectName().isEmpty())
            unnamed.append(QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName());
    }
    return unnamed;
}

// As the run view has it in a window of 1024 x 640.
inline void showAsPage(QWidget& page) {
    ui::Theme::instance().apply(ui::Theme::Mode::Light);
    page.resize(760, 500);
    page.show();
    [&] { QVERIFY(QTest::qWaitForWindowExposed(&page)); }();
}

inline QJsonObject skill(double score, double error, int count = 400) {
    return {{u"score"_s, score}, {u"standard_error"_s, error}, {u"count"_s, count}};
}

inline QJsonObject skills(double recall, double copy, double counting, double arithmetic) {
    return {{u"perplexity"_s, 4.2},
            {u"tokens"_s, 16384},
            {u"skills"_s, QJsonObject{{u"recall"_s, skill(recall, 0.006)},
                                      {u"copy"_s, skill(copy, 0.004)},
                                      {u"counting"_s, skill(counting, 0.01)},
                                      {u"arithmetic"_s, skill(arithmetic, 0.012)}}},
            {u"recall_by_distance"_s, QJsonObject{{u"1-16"_s, skill(recall, 0.01, 120)},
                                                  {u"16-32"_s, skill(recall - 0.02, 0.012, 90)},
                                                  {u"32-64"_s, skill(recall - 0.04, 0.015, 60)},
                                                  {u"64-128"_s, skill(recall - 0.07, 0.02, 30)},
                                                  {u"128-256"_s, QJsonObject{{u"score"_s, QJsonValue::Null},
                                                                             {u"standard_error"_s, QJsonValue::Null},
                                                                             {u"count"_s, 0}}}}}};
}

inline QJsonObject perplexity(double loss) {
    return {
        {u"perplexity"_s, std::exp(loss)}, {u"mean_loss"_s, loss}, {u"standard_error"_s, 0.004}, {u"tokens"_s, 16384}};
}

// A report as the worker writes it. quality: 0 to 1 of the teacher's skills.
inline QJsonObject report(const QString& stage, double quality, const QString& time = u"2025-11-25T10:30:00.000Z"_s,
                          int seed = 20001) {
    const auto between = [quality](double floor, double teacher) { return floor + quality * (teacher - floor); };
    const auto sample = [](const QString& name, const QString& prompt, const QString& expected, const QString& given) {
        return QJsonObject{{u"skill"_s, name},
                           {u"distance"_s, 24},
                           {u"prompt"_s, prompt},
                           {u"expected"_s, expected},
                           {u"given"_s, given},
                           {u"right"_s, expected == given},
                           {u"teacher_given"_s, expected}};
    };
    const QString story =
        u" one day a slow hal has a blue bowl . here is a tan cat near a soft park . here is a cold gus . "
        u"the tan cat has a mad rug . the slow hal has a neat boat . the cold gus wants the"_s;
    return {{u"model"_s, u"/runs/demo"_s},
            {u"run"_s, u"demo-20251125-101500"_s},
            {u"stage"_s, stage},
            {u"against"_s, u"demo"_s},
            {u"tasks"_s, QJsonArray{u"perplexity"_s, u"skills"_s}},
            {u"seed"_s, seed},
            {u"windows"_s, 64},
            {u"time"_s, time},
            {u"data"_s, QJsonArray{u"demo:2:15000"_s}},
            {u"held_out"_s, true},
            {u"sequence_length"_s, 256},
            {u"perplexity"_s, perplexity(between(6.2, 1.2))},
            {u"teacher_perplexity"_s, perplexity(1.2)},
            {u"chance"_s, QJsonObject{{u"perplexity"_s, 512}}},
            {u"agreement"_s,
             QJsonObject{{u"next_token"_s, between(0.1, 0.98)}, {u"standard_error"_s, 0.003}, {u"mean_kl"_s, 0.02}}},
            {u"skills"_s, skills(between(0.1, 0.99), between(0.05, 1.0), between(0.2, 0.98), between(0.15, 0.97))},
            {u"floor"_s, skills(0.1, 0.05, 0.2, 0.15)},
            {u"teacher_skills"_s, skills(0.99, 1.0, 0.98, 0.97)},
            {u"samples"_s,
             QJsonArray{
                 sample(u"recall"_s, story, u" neat"_s, u" blue"_s), sample(u"recall"_s, story, u" neat"_s, u" neat"_s),
                 sample(u"copy"_s, u" the new tom reads : gray moor gold dock pig hat . again : gray moor"_s,
                        u" gold"_s, u" gold"_s),
                 sample(u"arithmetic"_s, u" the flat ben had 11 jams and lost 9 . now has"_s, u" 2"_s, u" 3"_s)}}};
}

}  // namespace radlads::tests
