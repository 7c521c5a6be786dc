#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QToolButton>

#include "tests/ui/playground/fixture.h"
#include "ui/playground/memory_chart.h"
#include "ui/playground/try_page.h"

using namespace radlads::ui;
using namespace radlads::tests;

namespace {

// The script of a generation: which job answers for which model.
struct Jobs {
    QHash<QString, QString> byModel;
    QHash<QString, QJsonObject> params;
    int count = 0;
    explicit Jobs(PlaygroundFixture& fixture) {
        fixture.server.on(u"generate.start"_s, [this](const QJsonObject& given) {
            const QString job = u"job-%1"_s.arg(++count), model = given["model"_L1].toString();
            byModel.insert(model, job);
            params.insert(model, given);
            return QJsonObject{{u"job"_s, job}};
        });
    }
    QString teacher() const { return byModel.value(u"demo"_s); }
    QString student() const { return byModel.value(u"demo-20251125-101500"_s); }
};

QJsonObject piece(const QString& text, int tokens, int context, double bytes, double rate = 900) {
    return {{u"text"_s, text},
            {u"tokens"_s, tokens},
            {u"context_tokens"_s, context},
            {u"tokens_per_second"_s, tokens > 1 ? QJsonValue(rate) : QJsonValue()},
            {u"state_bytes"_s, bytes}};
}

constexpr double kCachePerToken = 2048, kState = 278528;

void stream(PlaygroundFixture& fixture, const Jobs& jobs, int from, int to) {
    for (int token = from; token <= to; ++token) {
        fixture.event(jobs.teacher(),
                      piece(u" word%1"_s.arg(token), token, 40 + token, (40 + token) * kCachePerToken, 410));
        fixture.event(jobs.student(), piece(u" wort%1"_s.arg(token), token, 40 + token, kState, 655));
    }
}

}  // namespace

class TryTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void bothAnswerSideBySideAsTheyStream() {
        PlaygroundFixture fixture;
        Jobs jobs(fixture);
        fixture.server.splitRandomly(90, 3);
        TryPage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        auto* prompt = child<QPlainTextEdit>(page, u"prompt"_s);
        auto* generate = child<QPushButton>(page, u"generate"_s);
        QTRY_COMPARE(fixture.client->state(), EngineClient::State::Connected);
        QVERIFY(!generate->isEnabled());  // no prompt
        auto* story = child<QPushButton>(page, u"sampleStory"_s);
        QTRY_VERIFY(story->isVisible());
        QTest::mouseClick(story, Qt::LeftButton);
        QVERIFY(prompt->toPlainText().startsWith(u" one day a "_s));
        QVERIFY(generate->isEnabled());
        child<QSpinBox>(page, u"seed"_s)->setValue(4711);
        QTest::keyClick(prompt, Qt::Key_Return, Qt::ControlModifier);
        QTRY_COMPARE(jobs.count, 2);
        const QJsonObject params = jobs.params.value(u"demo"_s);
        QCOMPARE(params["prompt"_L1].toString(), prompt->toPlainText());
        QCOMPARE(params["seed"_L1].toInt(), 4711);
        QCOMPARE(params["temperature"_L1].toDouble(), 0.8);
        QCOMPARE(params["top_k"_L1].toInt(), 40);
        QVERIFY(!generate->isEnabled());
        stream(fixture, jobs, 0, 60);
        auto* teacher = child<QPlainTextEdit>(page, u"teacherAnswer"_s);
        auto* student = child<QPlainTextEdit>(page, u"studentAnswer"_s);
        QTRY_VERIFY(student->toPlainText().endsWith(u" wort60"_s));
        QVERIFY(teacher->toPlainText().startsWith(prompt->toPlainText() + u" word0 word1"_s));
        QVERIFY(child<QLabel>(page, u"studentStatus"_s)->text().contains(u"655 tok/s"_s));
        QVERIFY(child<QLabel>(page, u"studentStatus"_s)->text().contains(u"state 27"_s));
        fixture.result(jobs.teacher(), {{u"text"_s, QString()},
                                        {u"tokens"_s, 61},
                                        {u"tokens_per_second"_s, 400.0},
                                        {u"state_bytes"_s, 101 * kCachePerToken},
                                        {u"ended"_s, true}});
        QTRY_VERIFY(child<QLabel>(page, u"teacherStatus"_s)->text().contains(u"Ended by itself"_s));
        QVERIFY(!generate->isEnabled());  // the student still writes
        fixture.result(jobs.student(), {{u"text"_s, QString()},
                                        {u"tokens"_s, 61},
                                        {u"tokens_per_second"_s, 650.0},
                                        {u"state_bytes"_s, kState},
                                        {u"ended"_s, false}});
        QTRY_VERIFY(generate->isEnabled());
        QCOMPARE(unnamedWidgets(page).join(u", "_s), QString());
    }

    void oneLineGrowsAndOneStaysFlat() {
        MemoryChart chart;
        chart.resize(600, 150);
        QVERIFY(chart.accessibleDescription().contains(u"Nothing"_s));
        for (int token = 0; token <= 60; ++token) {
            chart.add(MemoryChart::Teacher, 40 + token, (40 + token) * kCachePerToken);
            chart.add(MemoryChart::Student, 40 + token, kState);
        }
        QCOMPARE(chart.points(MemoryChart::Teacher).size(), 61);
        QCOMPARE(chart.points(MemoryChart::Student).first().y(), chart.points(MemoryChart::Student).last().y());
        QVERIFY(std::abs(chart.crossing() - kState / kCachePerToken) < 1e-6);
        QVERIFY(chart.accessibleDescription().contains(u"after 100 tokens"_s));
        chart.add(MemoryChart::Teacher, std::nan(""), 5);
        chart.add(MemoryChart::Teacher, 100, 9);  // the same length again replaces
        QCOMPARE(chart.points(MemoryChart::Teacher).size(), 61);
        QCOMPARE(chart.points(MemoryChart::Teacher).last().y(), 9.0);
        chart.clear();
        QCOMPARE(chart.crossing(), 0.0);
        chart.grab();  // an empty chart can be drawn
    }

    void escapeStopsBothAndKeepsTheText() {
        PlaygroundFixture fixture;
        Jobs jobs(fixture);
        TryPage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        auto* prompt = child<QPlainTextEdit>(page, u"prompt"_s);
        QTest::keyClicks(prompt, u"Once"_s);
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());
        QTest::mouseClick(child<QPushButton>(page, u"generate"_s), Qt::LeftButton);
        QTRY_COMPARE(jobs.count, 2);
        stream(fixture, jobs, 0, 3);
        auto* student = child<QPlainTextEdit>(page, u"studentAnswer"_s);
        QTRY_VERIFY(student->toPlainText().endsWith(u"wort3"_s));
        QTest::keyClick(student, Qt::Key_Escape);
        QTRY_COMPARE(fixture.cancelled.size(), 2);
        fixture.error(jobs.teacher(), u"cancelled"_s, u"cancelled"_s, 9);
        fixture.error(jobs.student(), u"cancelled"_s, u"cancelled"_s, 9);
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());
        QVERIFY(!child<QPushButton>(page, u"stopGenerating"_s)->isEnabled());
        QVERIFY(child<QLabel>(page, u"studentStatus"_s)->text().contains(u"Stopped"_s));
        QCOMPARE(student->toPlainText(), u"Once wort0 wort1 wort2 wort3"_s);
    }

    void anErrorOfOneSideLeavesTheOtherAlone() {
        PlaygroundFixture fixture;
        Jobs jobs(fixture);
        TryPage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        QTest::keyClicks(child<QPlainTextEdit>(page, u"prompt"_s), u"Once"_s);
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());
        page.generate();
        QTRY_COMPARE(jobs.count, 2);
        fixture.error(jobs.teacher(), u"input"_s, u"the teacher's folder is gone"_s, 2);
        QTRY_COMPARE(child<QLabel>(page, u"teacherStatus"_s)->text(), u"No answer: the teacher's folder is gone"_s);
        fixture.event(jobs.student(), piece(u" still here"_s, 1, 2, kState));
        QTRY_COMPARE(child<QPlainTextEdit>(page, u"studentAnswer"_s)->toPlainText(), u"Once still here"_s);
        fixture.server.dropSessions();
        auto* status = child<QLabel>(page, u"studentStatus"_s);
        QTRY_VERIFY(status->text().contains(u"the text so far is kept"_s));
        QCOMPARE(child<QPlainTextEdit>(page, u"studentAnswer"_s)->toPlainText(), u"Once still here"_s);
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());  // connected again
    }

    void whatAnEarlierRunStillSaysIsNotShown() {
        PlaygroundFixture fixture;
        Jobs jobs(fixture);
        TryPage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        QTest::keyClicks(child<QPlainTextEdit>(page, u"prompt"_s), u"Once"_s);
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());
        page.generate();
        QTRY_COMPARE(jobs.count, 2);
        page.showRun(nullptr, nullptr);
        QTRY_COMPARE(fixture.cancelled.size(), 2);
        const QString earlier = jobs.student();
        page.showRun(fixture.store.get(), fixture.store->history(u"demo-20251125-101500"_s));
        QCOMPARE(child<QPlainTextEdit>(page, u"studentAnswer"_s)->toPlainText(), QString());
        page.generate();
        QTRY_COMPARE(jobs.count, 4);
        fixture.event(earlier, piece(u" late"_s, 1, 2, kState));
        fixture.error(earlier, u"cancelled"_s, u"cancelled"_s, 9);
        fixture.event(jobs.student(), piece(u" new"_s, 1, 2, kState));
        QTRY_COMPARE(child<QPlainTextEdit>(page, u"studentAnswer"_s)->toPlainText(), u"Once new"_s);
        QVERIFY(child<QPushButton>(page, u"stopGenerating"_s)->isEnabled());
    }

    void beforeTheRunHasAModelTheStudentSideSaysWhen() {
        PlaygroundFixture fixture(PlaygroundFixture::record(u"queued"_s));
        Jobs jobs(fixture);
        TryPage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        auto* student = child<QPlainTextEdit>(page, u"studentAnswer"_s);
        QTRY_VERIFY(student->placeholderText().contains(u"queue"_s));
        QTest::keyClicks(child<QPlainTextEdit>(page, u"prompt"_s), u"Once"_s);
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());
        page.generate();
        QTRY_COMPARE(jobs.count, 1);  // the teacher alone
        QVERIFY(jobs.student().isEmpty());
        fixture.setRun(PlaygroundFixture::record(u"running"_s));
        QTRY_VERIFY(child<QLabel>(page, u"studentModel"_s)->text().contains(u"unfinished"_s));
        QVERIFY(!student->placeholderText().contains(u"queue"_s));
    }

    void aLongTextStaysReadableWhereTheUserIs() {
        PlaygroundFixture fixture;
        Jobs jobs(fixture);
        TryPage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        child<QPlainTextEdit>(page, u"prompt"_s)->setPlainText(u"Once "_s.repeated(2000));
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());
        page.generate();
        QTRY_COMPARE(jobs.count, 2);
        auto* student = child<QPlainTextEdit>(page, u"studentAnswer"_s);
        stream(fixture, jobs, 0, 400);
        QTRY_VERIFY(student->toPlainText().endsWith(u"wort400"_s));
        QScrollBar* bar = student->verticalScrollBar();
        bar->setValue(bar->maximum() / 2);
        const int place = bar->value();
        stream(fixture, jobs, 401, 500);
        QTRY_VERIFY(student->toPlainText().endsWith(u"wort500"_s));
        QCOMPARE(bar->value(), place);
        child<QPlainTextEdit>(page, u"prompt"_s)->setPlainText(QString(200000, u'x'));
        page.stop();
        fixture.error(jobs.teacher(), u"cancelled"_s, {}, 9);
        fixture.error(jobs.student(), u"cancelled"_s, {}, 9);
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());
        page.generate();
        QVERIFY(child<QLabel>(page, u"messageText"_s)->text().contains(u"Shorten it"_s));
        QCOMPARE(jobs.count, 2);
    }

    void samplingIsFoldedAwayAndTheSeedCanBeDrawnAgain() {
        PlaygroundFixture fixture;
        Jobs jobs(fixture);
        TryPage page;
        showAsPage(page);
        page.showRun(fixture.store.get(), fixture.open());
        auto* panel = child<QWidget>(page, u"samplingPanel"_s);
        QVERIFY(!panel->isVisible());
        auto* unfold = child<QToolButton>(page, u"unfoldSampling"_s);
        unfold->setFocus();
        QTest::keyClick(unfold, Qt::Key_Space);
        QVERIFY(panel->isVisible());
        child<QDoubleSpinBox>(page, u"temperature"_s)->setValue(0);
        QCOMPARE(unfold->accessibleDescription(), u"always the likeliest token"_s);
        auto* seed = child<QSpinBox>(page, u"seed"_s);
        const int before = seed->value();
        QTest::mouseClick(child<QToolButton>(page, u"rerollSeed"_s), Qt::LeftButton);
        QVERIFY(seed->value() != before);
        QTest::keyClicks(child<QPlainTextEdit>(page, u"prompt"_s), u"Once"_s);
        QTRY_VERIFY(child<QPushButton>(page, u"generate"_s)->isEnabled());
        page.generate();
        QTRY_COMPARE(jobs.count, 2);
        QCOMPARE(jobs.params.value(u"demo"_s)["temperature"_L1].toDouble(), 0.0);
        QCOMPARE(jobs.params.value(u"demo"_s)["seed"_L1].toInt(), seed->value());
    }
};

QTEST_MAIN(TryTest)
#include "try_test.moc"
