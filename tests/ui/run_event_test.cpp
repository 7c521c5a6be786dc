#include "ui/core/run_event.h"

#include <QJsonDocument>
#include <QSignalSpy>
#include <QTest>
#include <cmath>
#include <limits>

#include "tests/ui/support/scripted_server.h"

using namespace Qt::StringLiterals;
using namespace radlads::ui;
using radlads::tests::ScriptedServer;

namespace {

bool isSame(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

class RunEventTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aLineReadInPlaceSaysWhatItsDocumentSays_data() {
        QTest::addColumn<QByteArray>("line");
        const auto add = [](const char* name, const QByteArray& fields) {
            QTest::newRow(name) << QByteArray(R"({"seq":7,"time":"2026-01-02T03:04:05.678Z",)" + fields + "}");
        };
        add("metrics", R"("event":"metrics","update":12,"tokens":49152,"loss":2.5,"learning_rate":3e-4,"a":-0.0)");
        add("numbers without values", R"("loss":"nan","learning_rate":"inf","tokens":"-inf","update":null)");
        add("large and small", R"("tokens":9007199254740993,"update":1.5e3,"loss":1.7976931348623157e308,"a":5e-324)");
        add("beyond a double", R"("loss":1e999,"a":1)");
        add("whole numbers written as real ones", R"("update":12.0,"tokens":12.5,"loss":-3)");
        add("layers", R"("event":"layers","losses":[0.5,"nan",1e-7,-2,"inf"],"a":[])");
        add("nested", R"("losses":[[1],2],"message":{"a":1},"loss":1)");
        add("a message", "\"message\":\"plain \\\"quoted\\\" \\u00fc \\\\ line\\nnext\",\"flag\":true");
        add("a message in another script", "\"message\":\"größer 日本\",\"flag\":false");
        add("white space", " \"loss\" : 1 , \"update\":\t2");
        add("other kinds", R"("loss":true,"update":"12","flag":1,"message":3,"losses":"x")");
        add("no fields", R"("a":1)");
        QByteArray many = R"("a0":0)";
        for (int i = 1; i < 60; ++i) many += ",\"a" + QByteArray::number(i) + "\":" + QByteArray::number(i);
        add("many fields", many + R"(,"loss":4)");
    }
    void aLineReadInPlaceSaysWhatItsDocumentSays() {
        QFETCH(QByteArray, line);
        const QJsonDocument document = QJsonDocument::fromJson(line);
        const auto event = RunEvent::fromLine(line);
        QCOMPARE(event.has_value(), document.isObject());
        if (!event) return;
        const RunEvent expected(document.object());
        for (const std::string_view key : {"seq", "update", "tokens", "loss", "learning_rate", "a", "a59", "flag",
                                           "event", "time", "message", "losses", "absent"}) {
            QCOMPARE(event->has(key), expected.has(key));
            QCOMPARE(event->integer(key, -17), expected.integer(key, -17));
            QVERIFY2(isSame(event->number(key, -17.5), expected.number(key, -17.5)), key.data());
            QCOMPARE(event->flag(key), expected.flag(key));
            QCOMPARE(event->text(key), expected.text(key));
            QCOMPARE(event->isText(key, "metrics"), expected.isText(key, "metrics"));
            const QVector<double> numbers = event->numbers(key), others = expected.numbers(key);
            QCOMPARE(numbers.size(), others.size());
            for (int i = 0; i < numbers.size(); ++i) QVERIFY(isSame(numbers.at(i), others.at(i)));
        }
    }

    void whatIsNoObjectIsNoEvent_data() {
        QTest::addColumn<QByteArray>("line");
        for (const char* line : {"", "{", "[1]", "7", "{\"a\":1", "{\"a\":1}}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}",
                                 "{\"a\":tru}", "{\"a\":1-2}", "{\"a\":[1,]}", "{\"a\":\"x}", "{\"a\":-}"})
            QTest::newRow(line) << QByteArray(line);
    }
    void whatIsNoObjectIsNoEvent() {
        QFETCH(QByteArray, line);
        QVERIFY(!RunEvent::fromLine(line));
    }

    // As this program's engine writes it, and as any other may.
    void theClientTellsEveryEventWithItsRunHoweverItIsWritten() {
        ScriptedServer server;
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        QStringList runs, others;
        QVector<qint64> sequences;
        connect(&client, &EngineClient::runEvent, this, [&](const QString& run, const RunEvent& event) {
            runs.append(run);
            sequences.append(event.integer("seq"));
        });
        connect(&client, &EngineClient::notification, this, [&](const QString& method) { others.append(method); });
        const QByteArray head = R"({"jsonrpc":"2.0","method":"run.event","params":{"run":)";
        server.sendRaw(head + R"("a","event":{"seq":1,"event":"log","message":"x"}}})" + "\n");
        server.sendRaw(head + "\"b \\\" c\",\"event\":{\"seq\":2}}}\n");
        server.sendRaw(head + R"("größer","event":{"seq":3,"message":{"deep":[1]}}}})" + "\n");
        server.sendRaw(head + R"("a", "event" : {"seq":4}}})" + "\n");
        server.sendRaw(R"({"params":{"event":{"seq":5},"run":"d"},"method":"run.event","jsonrpc":"2.0"})"
                       "\n");
        server.sendRaw(head + R"("a","event":{"seq":6},"more":1}})" + "\n");
        QTRY_COMPARE(sequences, QVector<qint64>({1, 2, 3, 4, 5, 6}));
        QCOMPARE(runs, QStringList({u"a"_s, u"b \" c"_s, u"größer"_s, u"a"_s, u"d"_s, u"a"_s}));
        QVERIFY(others.isEmpty());
        // Half an event within a whole line is a fault of the engine's: the client begins anew.
        server.sendRaw(head + "\"a\",\"event\":{\"seq\":7,\"message\":\"cut}}\n");
        QTRY_COMPARE(server.received().count(u"engine.hello"_s), 2);
    }
};

QTEST_MAIN(RunEventTest)
#include "run_event_test.moc"
