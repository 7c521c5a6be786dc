#include "ui/core/run_history.h"

#include <QSignalSpy>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace radlads::ui;

namespace {

class Journal {
public:
    explicit Journal(RunHistory& history) : m_history(history) {}

    bool add(const QString& kind, QJsonObject fields = {}, int seconds = 1) {
        m_time = m_time.addSecs(seconds);
        fields.insert(u"seq"_s, ++m_seq);
        fields.insert(u"time"_s, m_time.toString(Qt::ISODateWithMs));
        fields.insert(u"event"_s, kind);
        return m_history.apply(fields);
    }
    bool metrics(int step, int update, double loss) {
        return add(u"metrics"_s,
                   {{u"step_index"_s, step}, {u"update"_s, update}, {u"tokens"_s, update * 100}, {u"loss"_s, loss}});
    }
    void begin(int step, const QString& kind, int update = 0) {
        add(u"step.started"_s, {{u"step_index"_s, step},
                                {u"kind"_s, kind},
                                {u"update"_s, update},
                                {u"tokens"_s, update * 100},
                                {u"total_tokens"_s, 1000}});
    }

private:
    RunHistory& m_history;
    qint64 m_seq = 0;
    QDateTime m_time = QDateTime(QDate(2026, 1, 1), QTime(10, 0), Qt::UTC);
};

QVector<qint64> updatesOf(const RunHistory& history) {
    QVector<qint64> updates;
    for (const MetricsPoint& point : history.metrics()) updates.append(point.globalUpdate);
    return updates;
}

}  // namespace

class RunHistoryTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void countsUpdatesAndTokensOverAllSteps() {
        RunHistory history(u"run"_s);
        Journal journal(history);
        journal.add(u"run.started"_s, {{u"resumed"_s, false}});
        journal.begin(0, u"align"_s);
        for (int i = 1; i <= 10; ++i) journal.metrics(0, i, 1.0 / i);
        journal.add(u"step.finished"_s, {{u"step_index"_s, 0}, {u"updates"_s, 10}, {u"tokens"_s, 1000}});
        journal.begin(1, u"distill"_s);
        journal.metrics(1, 1, 5);
        QCOMPARE(history.metrics().size(), 11);
        QCOMPARE(history.metrics().constLast().globalUpdate, 11);
        QCOMPARE(history.metrics().constLast().globalTokens, 1100.0);
        QCOMPARE(history.marks().at(1).kind, MarkKind::StepStarted);
        QCOMPARE(history.marks().at(1).globalUpdate, 10);
    }

    void rollbackForgetsTheLaterPointsAndSaysFromWhere() {
        RunHistory history(u"run"_s);
        Journal journal(history);
        journal.add(u"run.started"_s);
        journal.begin(0, u"align"_s);
        for (int i = 1; i <= 8; ++i) journal.metrics(0, i, i);
        journal.add(u"evaluation"_s, {{u"step_index"_s, 0}, {u"update"_s, 8}, {u"validation_loss"_s, 3}});
        history.flush();
        QSignalSpy changed(&history, &RunHistory::changed);
        journal.add(u"rollback"_s,
                    {{u"step_index"_s, 0}, {u"from_update"_s, 8}, {u"to_update"_s, 5}, {u"reason"_s, u"spike"_s}});
        QCOMPARE(updatesOf(history), (QVector<qint64>{1, 2, 3, 4, 5}));
        journal.metrics(0, 6, 60);
        history.flush();
        QCOMPARE(updatesOf(history), (QVector<qint64>{1, 2, 3, 4, 5, 6}));
        QCOMPARE(history.metrics().constLast().loss, 60.0);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(changed.at(0).at(0).toInt(), 5);
        QCOMPARE(history.marks().constLast().kind, MarkKind::Rollback);
        for (const Mark& mark : history.marks()) QVERIFY(mark.kind != MarkKind::Evaluation);
    }

    void resumeReplacesTheUpdatesThatComeAgain() {
        RunHistory history(u"run"_s);
        Journal journal(history);
        journal.add(u"run.started"_s, {{u"resumed"_s, false}});
        journal.begin(0, u"align"_s);
        for (int i = 1; i <= 8; ++i) journal.metrics(0, i, i);
        journal.add(u"run.started"_s, {{u"resumed"_s, true}, {u"step_index"_s, 0}, {u"update"_s, 4}}, 3600);
        journal.begin(0, u"align"_s, 4);
        for (int i = 5; i <= 9; ++i) journal.metrics(0, i, i * 10);
        QCOMPARE(updatesOf(history), (QVector<qint64>{1, 2, 3, 4, 5, 6, 7, 8, 9}));
        QCOMPARE(history.metrics().at(3).loss, 4.0);
        QCOMPARE(history.metrics().at(4).loss, 50.0);
        // The hour in which nothing ran is not training time.
        QVERIFY2(history.metrics().constLast().hours < 0.01,
                 qPrintable(QString::number(history.metrics().constLast().hours)));
        QCOMPARE(std::count_if(history.marks().cbegin(), history.marks().cend(),
                               [](const Mark& mark) { return mark.kind == MarkKind::StepStarted; }),
                 1);
    }

    void pausedTimeDoesNotCount() {
        RunHistory history(u"run"_s);
        Journal journal(history);
        journal.add(u"run.started"_s);
        journal.begin(0, u"align"_s, 0);
        journal.add(u"run.paused"_s, {{u"step_index"_s, 0}, {u"update"_s, 0}});
        journal.add(u"log"_s, {{u"message"_s, u"waiting"_s}}, 1800);
        journal.add(u"run.resumed"_s, {{u"step_index"_s, 0}, {u"update"_s, 0}}, 1800);
        journal.add(u"metrics"_s, {{u"step_index"_s, 0}, {u"update"_s, 1}, {u"tokens"_s, 100}, {u"loss"_s, 1}}, 36);
        QCOMPARE(qRound(history.metrics().constLast().hours * 3600), 38);
    }

    void gapsAndRepetitionsOfSeqAreDropped() {
        RunHistory history(u"run"_s);
        const auto event = [](int seq) {
            return QJsonObject{{u"seq"_s, seq},
                               {u"event"_s, u"log"_s},
                               {u"message"_s, QString::number(seq)},
                               {u"time"_s, u"2026-01-01T10:00:00.000Z"_s}};
        };
        QVERIFY(history.apply(event(1)));
        QVERIFY(!history.apply(event(1)));
        QVERIFY(!history.apply(event(3)));
        QVERIFY(history.apply(event(2)));
        QVERIFY(history.apply(event(3)));
        QCOMPARE(history.lastSeq(), 3u);
        QCOMPARE(history.log().size(), 3);
    }

    void notANumberIsKeptAsOne() {
        RunHistory history(u"run"_s);
        QVERIFY(history.apply({{u"seq"_s, 1},
                               {u"event"_s, u"metrics"_s},
                               {u"step_index"_s, 0},
                               {u"update"_s, 1},
                               {u"loss"_s, u"nan"_s},
                               {u"gradient_norm"_s, u"inf"_s}}));
        QVERIFY(std::isnan(history.metrics().constFirst().loss));
        QVERIFY(std::isinf(history.metrics().constFirst().gradientNorm));
    }
};

QTEST_MAIN(RunHistoryTest)
#include "run_history_test.moc"
