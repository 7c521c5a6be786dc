// model.download: the broker downloads from a server in the test that answers like the hub.
#include <future>
#include <nlohmann/json.hpp>

#include "tests/server/download_fixture.h"
#include "tests/server/engine_client.h"
#include "tests/server/engine_process.h"

namespace radlads::test {
namespace {

using nlohmann::json;

// The clients wait in threads of their own while the test's event loop serves the hub.
template <class Work>
auto inThread(Work work) {
    auto future = std::async(std::launch::async, std::move(work));
    if (!QTest::qWaitFor([&] { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }, 60000))
        qFatal("no end in 60 s");
    return future.get();
}

json jobsEnd(EngineClient& client, const std::string& job, std::vector<json>* events = nullptr) {
    while (const auto message = client.next()) {
        const json params = message->value("params", json::object());
        if (params.value("job", "") != job) continue;
        if (message->value("method", "") == "job.finished") return params;
        if (events) events->push_back(params["event"]);
    }
    return {};
}

}  // namespace

class DownloadJobTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() {
        m_home = std::make_unique<DownloadHome>();
        m_hub = std::make_unique<FakeHub>();
        qputenv("HF_ENDPOINT", m_hub->url().toEncoded());
        m_socket = m_home->path(QStringLiteral("run/engine.sock")).toStdString();
        m_broker = std::make_unique<EngineProcess>(RADLADS_BIN_DIR "/radlads-engine",
                                                   std::vector<std::string>{"serve", "--socket", m_socket});
        QVERIFY(m_broker->waitForErrorLines(1).find("listening on") != std::string::npos);
    }
    void cleanup() { m_broker.reset(); }

    void tellsItsProgressAndWhereTheModelIs();
    void aSecondCallJoinsTheFirst();
    void goesOnWithoutItsSession();
    void aCancelledOneKeepsWhatHasArrived();
    void aRefusalIsTheHubsSentence();

private:
    EngineClient greeted() const {
        EngineClient client(std::filesystem::path{m_socket});
        client.hello();
        return client;
    }
    static std::string start(EngineClient& client, const std::string& name = "acme/tiny") {
        return client.result("model.download", {{"name", name}})["job"];
    }

    std::unique_ptr<DownloadHome> m_home;
    std::unique_ptr<FakeHub> m_hub;
    std::string m_socket;
    std::unique_ptr<EngineProcess> m_broker;
};

void DownloadJobTest::tellsItsProgressAndWhereTheModelIs() {
    m_hub->bytesPerTick = 20000;
    std::vector<json> events;
    json models;
    const json end = inThread([&] {
        EngineClient client = greeted();
        const json answer = jobsEnd(client, start(client), &events);
        models = client.result("model.list")["models"];
        return answer;
    });
    QCOMPARE(QString::fromStdString(end["result"].value("path", "")), m_home->model());
    QVERIFY(m_home->isWhole(*m_hub));
    QVERIFY(!events.empty());
    QVERIFY(events.back()["bytes"] == events.back()["total_bytes"]);
    QVERIFY(events.back()["bytes_per_second"].is_number());
    const bool isListed = std::any_of(models.begin(), models.end(), [](const json& model) {
        return model["name"] == "acme/tiny" && model["source"] == "download";
    });
    QVERIFY(isListed);
}

void DownloadJobTest::aSecondCallJoinsTheFirst() {
    m_hub->bytesPerTick = 20000;
    inThread([&] {
        EngineClient one = greeted(), two = greeted();
        const std::string job = start(one);
        if (start(two) != job) throw std::runtime_error("a second download of the same model was started");
        if (jobsEnd(one, job)["result"] != jobsEnd(two, job)["result"]) throw std::runtime_error("two results");
        return 0;
    });
    QCOMPARE(m_hub->requestsFor("/model.safetensors"), 1);
}

void DownloadJobTest::goesOnWithoutItsSession() {
    m_hub->bytesPerTick = 5000;
    inThread([&] {
        EngineClient client = greeted();
        start(client);
        client.notification("job.event");
        return 0;
    });
    QTRY_VERIFY_WITH_TIMEOUT(m_home->isWhole(*m_hub), 60000);
}

void DownloadJobTest::aCancelledOneKeepsWhatHasArrived() {
    m_hub->bytesPerTick = 2000;
    const QString part = m_home->stage() + QStringLiteral("/files/model.safetensors.part");
    const json end = inThread([&] {
        EngineClient client = greeted();
        const std::string job = start(client);
        while (client.notification("job.event")["event"]["bytes"] < 100000) {
        }
        client.result("job.cancel", {{"job", job}});
        return jobsEnd(client, job);
    });
    QCOMPARE(end["error"].value("code", 0), 9);
    QVERIFY(QFileInfo(part).size() > 50000);
    QVERIFY(!QFile::exists(m_home->model()));
    m_hub->bytesPerTick = 0;
    const json again = inThread([&] {
        EngineClient client = greeted();
        return jobsEnd(client, start(client));
    });
    QVERIFY2(again.contains("result"), again.dump().c_str());
    QVERIFY(m_home->isWhole(*m_hub));
}

void DownloadJobTest::aRefusalIsTheHubsSentence() {
    const json end = inThread([&] {
        EngineClient client = greeted();
        return jobsEnd(client, start(client, "acme/other"));
    });
    QCOMPARE(end["error"].value("code", 0), 2);
    QVERIFY2(end["error"].value("message", "").find("knows no model acme/other") != std::string::npos,
             end.dump().c_str());
}

}  // namespace radlads::test

QTEST_GUILESS_MAIN(radlads::test::DownloadJobTest)
#include "test_download_job.moc"
