#include <QSignalSpy>
#include <QTest>

#include "tests/ui/support/scripted_server.h"

using namespace Qt::StringLiterals;
using namespace radlads::ui;
using radlads::tests::ScriptedServer;

class EngineClientTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void answersArriveWholeHoweverTheBytesAreSplit_data() {
        QTest::addColumn<quint32>("seed");
        for (quint32 seed = 1; seed <= 5; ++seed) QTest::addRow("seed %u", seed) << seed;
    }
    void answersArriveWholeHoweverTheBytesAreSplit() {
        QFETCH(quint32, seed);
        ScriptedServer server;
        server.splitRandomly(7, seed);
        server.on(u"echo"_s, [](const QJsonObject& params) { return params; });
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        QStringList texts;
        for (int i = 0; i < 20; ++i) {
            client.call(u"echo"_s, {{u"text"_s, u"Zeile\n%1 ü"_s.arg(i)}}, &client,
                        [&](const QJsonObject& result) { texts.append(result["text"_L1].toString()); });
        }
        QTRY_COMPARE(texts.size(), 20);
        for (int i = 0; i < 20; ++i) QCOMPARE(texts.at(i), u"Zeile\n%1 ü"_s.arg(i));
    }

    void errorsKeepTheirKindAndKey() {
        ScriptedServer server;
        server.on(u"run.pause"_s,
                  [](const QJsonObject&) { return ScriptedServer::error(5, u"There is no run a."_s, u"missing"_s); });
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        RpcError seen;
        client.call(u"run.pause"_s, {}, &client, {}, [&](const RpcError& error) { seen = error; });
        QTRY_COMPARE(seen.kind, u"missing"_s);
        QCOMPARE(seen.code, 5);
        QCOMPARE(seen.message, u"There is no run a."_s);
    }

    void lossBeforeTheAnswerIsToldOnceAndTheClientComesBack() {
        ScriptedServer server;
        server.mute(u"slow"_s);
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        int results = 0;
        QStringList kinds;
        client.call(
            u"slow"_s, {}, &client, [&](const QJsonObject&) { ++results; },
            [&](const RpcError& error) { kinds.append(error.kind); });
        QTRY_VERIFY(server.received().contains(u"slow"_s));
        server.sendRaw("{\"jsonrpc\":\"2.0\",\"id\":2,\"resu");
        server.dropSessions();
        QTRY_COMPARE(kinds, QStringList{u"disconnected"_s});
        QVERIFY(!client.problem().isEmpty());
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        QVERIFY(client.problem().isEmpty());
        QCOMPARE(results, 0);
        QCOMPARE(kinds.size(), 1);
    }

    void withoutAConnectionCallsFailLaterNotAtOnce() {
        ScriptedServer server;
        EngineClient client(server.address());
        int errors = 0;
        client.call(u"engine.ping"_s, {}, &client, {},
                    [&](const RpcError& error) { errors += error.kind == "disconnected"_L1; });
        QCOMPARE(errors, 0);
        QTRY_COMPARE(errors, 1);
    }

    void nobodyIsCalledAfterHisContextIsGone() {
        ScriptedServer server;
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        int calls = 0;
        auto context = std::make_unique<QObject>();
        client.call(
            u"a"_s, {}, context.get(), [&](const QJsonObject&) { ++calls; }, [&](const RpcError&) { ++calls; });
        context.reset();
        bool isLaterAnswered = false;
        client.call(u"b"_s, {}, &client, [&](const QJsonObject&) { isLaterAnswered = true; });
        QTRY_VERIFY(isLaterAnswered);
        QCOMPARE(calls, 0);
    }

    void anotherProtocolIsRefusedWithASentenceAndNotTriedAgain() {
        ScriptedServer server;
        server.on(u"engine.hello"_s, [](const QJsonObject&) { return QJsonObject{{u"protocol"_s, u"2.0"_s}}; });
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Refused);
        QVERIFY(client.problem().contains("2.0"_L1));
        QTest::qWait(500);
        QCOMPARE(server.received().count(u"engine.hello"_s), 1);
    }

    void garbageFromTheEngineStartsANewSession() {
        ScriptedServer server;
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        server.sendRaw("no json at all\n");
        QTRY_COMPARE(server.received().count(u"engine.hello"_s), 2);
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
    }

    void jobEventsComeInOrderBeforeExactlyOneEnd() {
        ScriptedServer server;
        server.on(u"generate.start"_s, [](const QJsonObject&) { return QJsonObject{{u"job"_s, u"j1"_s}}; });
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        QString text, end;
        const quint64 handle = client.startJob(
            u"generate.start"_s, {}, &client, [&](const QJsonObject& event) { text += event["text"_L1].toString(); },
            [&](const QJsonObject& result) { end += result["ended"_L1].toString(); },
            [&](const RpcError& error) { end += error.kind; });
        QTRY_VERIFY(server.received().contains(u"generate.start"_s));
        for (const QString& piece : {u"a"_s, u"b"_s, u"c"_s})
            server.notify(u"job.event"_s, {{u"job"_s, u"j1"_s}, {u"event"_s, QJsonObject{{u"text"_s, piece}}}});
        client.cancelJob(handle);
        QTRY_COMPARE(server.lastParams(u"job.cancel"_s)["job"_L1].toString(), u"j1"_s);
        server.notify(u"job.finished"_s,
                      {{u"job"_s, u"j1"_s},
                       {u"error"_s, QJsonObject{{u"code"_s, 9},
                                                {u"message"_s, u"Cancelled."_s},
                                                {u"data"_s, QJsonObject{{u"kind"_s, u"cancelled"_s}}}}}});
        QTRY_COMPARE(end, u"cancelled"_s);
        QCOMPARE(text, u"abc"_s);
        server.dropSessions();
        QTRY_COMPARE(client.state(), EngineClient::State::Connecting);
        QCOMPARE(end, u"cancelled"_s);
    }

    void moreCallsThanTheEngineTakesWaitTheirTurn() {
        ScriptedServer server;
        int inFlight = 0, most = 0, answered = 0;
        server.onEverything([&](const QString& method, const QJsonObject&) {
            if (method == "n"_L1) most = std::max(most, ++inFlight);
        });
        server.on(u"n"_s, [&](const QJsonObject&) { return --inFlight, QJsonObject(); });
        EngineClient client(server.address());
        client.connectToEngine();
        QTRY_COMPARE(client.state(), EngineClient::State::Connected);
        for (int i = 0; i < 500; ++i) client.call(u"n"_s, {}, &client, [&](const QJsonObject&) { ++answered; });
        QCOMPARE(answered, 0);
        QTRY_COMPARE(answered, 500);
        QVERIFY(most <= 64);
    }
};

QTEST_MAIN(EngineClientTest)
#include "engine_client_test.moc"
