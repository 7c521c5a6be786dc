// What can go wrong between here and the hub: each ends with the whole model, or with one sentence and nothing
// half-done.
#include <sys/resource.h>

#include <QProcess>
#include <QSet>
#include <csignal>

#include "tests/server/download_fixture.h"

namespace radlads::test {
namespace {

const QString kWeights = QStringLiteral("model.safetensors");

bool isForWeights(const FakeRequest& request) {
    return request.path.contains("model.safetensors");
}

}  // namespace

class DownloadFaultsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aConnectionThatBreaksAnywhereIsResumed_data();
    void aConnectionThatBreaksAnywhereIsResumed();
    void aConnectionThatAlwaysBreaksIsGivenUpWithWhatHasArrived();
    void errorsOfTheServerAreRetried_data();
    void errorsOfTheServerAreRetried();
    void retryAfterIsObeyed();
    void aLongRetryAfterIsTold();
    void aSilentServerIsGivenUp();
    void refusalsSayWhatToDo_data();
    void refusalsSayWhatToDo();
    void aLyingLengthIsNotBelieved_data();
    void aLyingLengthIsNotBelieved();
    void aWrongChecksumLeavesNothing();
    void aWrongRangeIsNotAppended();
    void aRefusedRangeStartsAnew();
    void hostileListsAreRefused_data();
    void hostileListsAreRefused();
    void anEndlessListIsRefused();
    void unsafeRedirectsAreRefused_data();
    void unsafeRedirectsAreRefused();
    void anOfflineComputerIsTold();
    void aFullDiskIsTold();
    void tlsIsVerified();
};

void DownloadFaultsTest::aConnectionThatBreaksAnywhereIsResumed_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("cutAfter");
    for (const char* file : {"blobs=true", "config.json", "model.safetensors"})
        for (const int bytes : {0, 5, 20, 60, 120, 150})
            QTest::newRow(qPrintable(QStringLiteral("%1 at byte %2").arg(QLatin1String(file)).arg(bytes)))
                << QString::fromLatin1(file) << bytes;
    for (const int bytes : {300, 5000, 300000, 599999, 600078})
        QTest::addRow("the weights at byte %d", bytes) << kWeights << bytes;
}

void DownloadFaultsTest::aConnectionThatBreaksAnywhereIsResumed() {
    QFETCH(const QString, file);
    QFETCH(const int, cutAfter);
    DownloadHome home;
    FakeHub hub;
    int breaks = 0;
    hub.intercept = [&](const FakeRequest& request, bool isContentHost) -> std::optional<FakeResponse> {
        const bool isMeant = request.path.contains(file.toLatin1()) && (file != kWeights || isContentHost);
        if (!isMeant || breaks == 2) return std::nullopt;
        ++breaks;
        FakeResponse response{200, {{"ETag", "\"e\""}}, QByteArray(500, ' ')};
        if (file == kWeights) response.body = hub.wantedBytes(kWeights);
        if (file == QStringLiteral("config.json")) response.body = hub.wantedBytes(file);
        response.cutAfter = cutAfter;
        return response;
    };
    hub.contentEtag = "\"e\"";
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QCOMPARE(breaks, 2);
    QVERIFY(home.isWhole(hub));
}

void DownloadFaultsTest::aConnectionThatAlwaysBreaksIsGivenUpWithWhatHasArrived() {
    DownloadHome home;
    FakeHub hub;
    hub.intercept = [&](const FakeRequest& request, bool isContentHost) -> std::optional<FakeResponse> {
        if (!isContentHost || !isForWeights(request)) return std::nullopt;
        FakeResponse response{200, {}, hub.wantedBytes(kWeights)};
        response.cutAfter = 100000;
        return response;
    };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.code, 1);
    QVERIFY2(done.message.startsWith(QStringLiteral("the connection to localhost broke (")) &&
                 done.message.endsWith(QStringLiteral("gave up after 7 attempts, what has arrived is kept")),
             qPrintable(done.message));
    QVERIFY(!QFile::exists(home.model()));
    QVERIFY(QFileInfo(home.stage() + QStringLiteral("/files/model.safetensors.part")).size() > 90000);
    const auto told = std::count_if(done.progress.begin(), done.progress.end(), [](const QJsonObject& progress) {
        return progress[QStringLiteral("text")].toString().contains(QStringLiteral("next try in"));
    });
    QCOMPARE(told, 6);
}

void DownloadFaultsTest::errorsOfTheServerAreRetried_data() {
    QTest::addColumn<int>("status");
    for (const int status : {408, 429, 500, 502, 503, 504}) QTest::addRow("%d", status) << status;
}

void DownloadFaultsTest::errorsOfTheServerAreRetried() {
    QFETCH(const int, status);
    DownloadHome home;
    FakeHub hub;
    QSet<QByteArray> refused;
    hub.intercept = [&](const FakeRequest& request, bool) -> std::optional<FakeResponse> {
        if (refused.contains(request.path)) return std::nullopt;
        refused.insert(request.path);
        return FakeResponse{status, {}, "sorry"};
    };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
}

void DownloadFaultsTest::retryAfterIsObeyed() {
    DownloadHome home;
    FakeHub hub;
    QElapsedTimer sinceRefusal;
    qint64 waitedMs = 0;
    hub.intercept = [&](const FakeRequest& request, bool) -> std::optional<FakeResponse> {
        if (!request.path.endsWith("config.json") || waitedMs > 0) return std::nullopt;
        if (!sinceRefusal.isValid()) {
            sinceRefusal.start();
            return FakeResponse{429, {{"Retry-After", "1"}}, {}};
        }
        waitedMs = sinceRefusal.elapsed();
        return std::nullopt;
    };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY2(waitedMs >= 990, qPrintable(QString::number(waitedMs)));
    const bool told = std::any_of(done.progress.begin(), done.progress.end(), [](const QJsonObject& progress) {
        return progress[QStringLiteral("text")].toString() ==
               QStringLiteral("localhost asks us to wait; next try in 1.0 s");
    });
    QVERIFY(told);
}

void DownloadFaultsTest::aLongRetryAfterIsTold() {
    DownloadHome home;
    FakeHub hub;
    hub.intercept = [](const FakeRequest&, bool) { return FakeResponse{429, {{"Retry-After", "7200"}}, {}}; };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.code, 1);
    QCOMPARE(done.message,
             QStringLiteral("localhost asks us to wait for 120 min; try again then, what has arrived is kept"));
}

void DownloadFaultsTest::aSilentServerIsGivenUp() {
    DownloadHome home;
    FakeHub hub;
    hub.intercept = [](const FakeRequest&, bool) {
        FakeResponse response;
        response.isSilent = true;
        return response;
    };
    auto options = optionsFor(hub);
    options.stallTimeoutMs = 50;
    const FinishedDownload done = runDownload(options);
    QCOMPARE(done.code, 1);
    QVERIFY2(
        done.message.startsWith(QStringLiteral("localhost has sent nothing for too long; check the network; gave up")),
        qPrintable(done.message));
}

void DownloadFaultsTest::refusalsSayWhatToDo_data() {
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<bool>("ofList");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("errorCode");
    QTest::addColumn<QString>("expected");  // with HUB for the address
    const auto row = [](const char* name, const char* token, bool ofList, int status, const char* code,
                        const char* expected) {
        QTest::newRow(name) << QByteArray(token) << ofList << status << QByteArray(code)
                            << QString::fromLatin1(expected);
    };
    const char* kUnknown =
        "localhost knows no model acme/tiny, or it is private; check the name (OWNER/MODEL, upper and lower case); for "
        "a "
        "private model make a token at HUB/settings/tokens and set HF_TOKEN to it";
    row("unknown", "", true, 401, "RepoNotFound", kUnknown);
    row("unknown without a code", "", true, 404, "", kUnknown);
    row("unknown with a token", "t", true, 404, "RepoNotFound",
        "localhost knows no model acme/tiny, or it is private; check the name (OWNER/MODEL, upper and lower case) and "
        "that "
        "your token may read it");
    row("bad token", "t", true, 401, "",
        "localhost refused your token; make a token at HUB/settings/tokens and set HF_TOKEN to it");
    row("gated", "", false, 401, "GatedRepo",
        "acme/tiny is gated; open HUB/acme/tiny in a browser, accept the conditions, then make a token at "
        "HUB/settings/tokens and set HF_TOKEN to it");
    row("gated, access not granted", "t", false, 403, "GatedRepo",
        "acme/tiny is gated and your account has no access yet; open HUB/acme/tiny in a browser, accept the "
        "conditions, and "
        "try again when access is granted");
    row("forbidden", "", false, 403, "",
        "localhost does not let you read acme/tiny, \"config.json\"; open HUB/acme/tiny in a browser to see what is "
        "asked "
        "for, then make a token at HUB/settings/tokens and set HF_TOKEN to it");
    row("revision", "", true, 404, "RevisionNotFound",
        "acme/tiny has no revision \"main\"; its branches and tags are listed at HUB/acme/tiny/tree/main");
    row("missing file", "", false, 404, "EntryNotFound",
        "localhost lists acme/tiny, \"config.json\" but does not have it; try again later");
    row("teapot", "", true, 418, "", "localhost refused acme/tiny (HTTP 418); try again later");
}

void DownloadFaultsTest::refusalsSayWhatToDo() {
    QFETCH(const QByteArray, token);
    QFETCH(const bool, ofList);
    QFETCH(const int, status);
    QFETCH(const QByteArray, errorCode);
    QFETCH(QString, expected);
    DownloadHome home;
    FakeHub hub;
    if (!token.isEmpty()) qputenv("HF_TOKEN", token);
    hub.intercept = [&](const FakeRequest& request, bool) -> std::optional<FakeResponse> {
        if (request.path.startsWith("/api/") != ofList || (!ofList && !request.path.endsWith("config.json")))
            return std::nullopt;
        FakeResponse response{status, {{"WWW-Authenticate", "Bearer realm=\"hub\""}}, "{\"error\":\"no\"}"};
        if (!errorCode.isEmpty()) response.headers.append({"X-Error-Code", errorCode});
        return response;
    };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, expected.replace(QStringLiteral("HUB"), hub.url().toString()));
    QCOMPARE(done.code, status == 418 || errorCode == "EntryNotFound" ? 1 : 2);
    QVERIFY(!QFile::exists(home.model()));
}

void DownloadFaultsTest::aLyingLengthIsNotBelieved_data() {
    QTest::addColumn<int>("announced");
    QTest::addColumn<int>("sent");
    QTest::newRow("too short") << 1000 << 600000;
    QTest::newRow("too long") << 700000 << 600000;
    QTest::newRow("really longer") << 700000 << 700000;
}

void DownloadFaultsTest::aLyingLengthIsNotBelieved() {
    QFETCH(const int, announced);
    QFETCH(const int, sent);
    for (const bool isListed : {true, false}) {
        DownloadHome home;
        FakeHub hub;
        hub.listsSizes = isListed;
        int lies = 0;
        hub.intercept = [&](const FakeRequest& request, bool isContentHost) -> std::optional<FakeResponse> {
            if (!isContentHost || !isForWeights(request) || lies == 2) return std::nullopt;
            ++lies;
            FakeResponse response{200, {}, hub.wantedBytes(kWeights)};
            response.body.resize(sent, 'z');
            response.announcedLength = announced;
            return response;
        };
        const FinishedDownload done = runDownload(optionsFor(hub));
        QCOMPARE(done.message, QString());
        QCOMPARE(lies, 2);
        QVERIFY(home.isWhole(hub));
    }
}

void DownloadFaultsTest::aWrongChecksumLeavesNothing() {
    DownloadHome home;
    FakeHub hub;
    hub.intercept = [&](const FakeRequest& request, bool isContentHost) -> std::optional<FakeResponse> {
        if (!isContentHost || !isForWeights(request)) return std::nullopt;
        FakeResponse response{200, {}, hub.wantedBytes(kWeights)};
        response.body[1000] = static_cast<char>(response.body[1000] ^ 1);
        return response;
    };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.code, 1);
    QCOMPARE(done.message,
             QStringLiteral("what came as \"model.safetensors\" does not have its checksum; gave up after 4 attempts"));
    QVERIFY(!QFile::exists(home.model()));
    QCOMPARE(QFileInfo(home.stage() + QStringLiteral("/files/model.safetensors.part")).size(), 0);
    hub.intercept = {};
    QCOMPARE(runDownload(optionsFor(hub)).message, QString());
    QVERIFY(home.isWhole(hub));

    DownloadHome other;
    hub.intercept = [](const FakeRequest& request, bool) -> std::optional<FakeResponse> {
        if (!request.path.endsWith("/config.json")) return std::nullopt;
        return FakeResponse{200, {}, "{\"model_type\": \"qwen3\"}\n"};  // as long as the right one
    };
    QCOMPARE(runDownload(optionsFor(hub)).message,
             QStringLiteral("what came as \"config.json\" does not have its checksum; gave up after 4 attempts"));
}

void DownloadFaultsTest::aWrongRangeIsNotAppended() {
    DownloadHome home;
    FakeHub hub;
    int answers = 0;
    hub.intercept = [&](const FakeRequest& request, bool isContentHost) -> std::optional<FakeResponse> {
        if (!isContentHost || !isForWeights(request)) return std::nullopt;
        FakeResponse response{200, {{"ETag", "\"e\""}}, hub.wantedBytes(kWeights)};
        if (++answers == 1) response.cutAfter = 300000;
        if (answers == 2) {
            response.status = 206;
            response.headers.emplaceBack("Content-Range", "bytes 7-600006/600007");
        }
        if (answers == 3) {
            response.status = 206;  // nobody asked for a range any more
            response.headers.emplaceBack("Content-Range", "bytes 0-599999/600000");
        }
        return response;
    };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QCOMPARE(answers, 4);
    QVERIFY(home.isWhole(hub));
}

void DownloadFaultsTest::aRefusedRangeStartsAnew() {
    DownloadHome home;
    FakeHub hub;
    int answers = 0;
    hub.intercept = [&](const FakeRequest& request, bool isContentHost) -> std::optional<FakeResponse> {
        if (!isContentHost || !isForWeights(request)) return std::nullopt;
        FakeResponse response{200, {{"ETag", "\"e\""}}, hub.wantedBytes(kWeights)};
        if (++answers == 1) response.cutAfter = 300000;
        if (answers == 2) return FakeResponse{416, {{"Content-Range", "bytes */600000"}}, {}};
        return response;
    };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QCOMPARE(answers, 3);
    QVERIFY(home.isWhole(hub));
}

void DownloadFaultsTest::hostileListsAreRefused_data() {
    QTest::addColumn<QByteArray>("list");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const QByteArray& list, const char* expected) {
        QTest::newRow(name) << list << QString::fromLatin1(expected);
    };
    const auto withFile = [](const QByteArray& file) {
        return "{\"sha\": \"" + QByteArray(40, 'a') + "\", \"siblings\": [{\"rfilename\": " + file + "}]}";
    };
    row("not json", "<html>", "the hub's list of acme/tiny: line 1");
    row("deep", QByteArray(100, '['), "the hub's list of acme/tiny: brackets are nested deeper than 32 levels");
    row("an array", "[]", "the hub's list of acme/tiny names no commit; is this the address of a hub?");
    row("no commit", "{\"siblings\": []}",
        "the hub's list of acme/tiny names no commit; is this the address of a hub?");
    row("hostile commit", "{\"sha\": \"../../etc\", \"siblings\": []}",
        "the hub's list of acme/tiny names no commit; is this the address of a hub?");
    row("no list", "{\"sha\": \"" + QByteArray(40, 'a') + "\"}",
        "the hub's list of acme/tiny has no list of files, or one of more than 20000");
    row("parent", withFile("\"../config.json\""),
        "the hub's list of acme/tiny has a file name that is not allowed: \"../config.json\"");
    row("deep parent", withFile("\"a/../../config.json\""),
        "the hub's list of acme/tiny has a file name that is not allowed: \"a/../../config.json\"");
    row("absolute", withFile("\"/etc/config.json\""),
        "the hub's list of acme/tiny has a file name that is not allowed: \"/etc/config.json\"");
    row("control", withFile("\"config\\u001b[31m.json\""),
        "the hub's list of acme/tiny has a file name that is not allowed: \"config?[31m.json\"");
    row("nul", withFile("\"config.json\\u0000\""),
        "the hub's list of acme/tiny has a file name that is not allowed: \"config.json?\"");
    row("backslash", withFile("\"..\\\\config.json\""),
        "the hub's list of acme/tiny has a file name that is not allowed: \"..\\config.json\"");
    row("a number", withFile("7"), "the hub's list of acme/tiny has a file name that is not allowed: not a text");
    row("long", withFile("\"" + QByteArray(300, 'a') + ".safetensors\""),
        "the hub's list of acme/tiny has a file name of more than 200 bytes");
    row("twice", withFile("\"config.json\"}, {\"rfilename\": \"config.json\""),
        "the hub's list of acme/tiny has \"config.json\" twice");
    row("size", withFile("\"config.json\", \"size\": -5"),
        "the hub's list gives \"config.json\" a size that cannot be");
    row("huge size", withFile("\"model.safetensors\", \"size\": 18446744073709551615"),
        "the hub's list gives \"model.safetensors\" a size that cannot be");
    row("no weights", withFile("\"config.json\""),
        "acme/tiny has no weights in safetensors files, and pickled weights (.bin, .pt) are not read because they can "
        "run "
        "code; look for a version of the model with safetensors");
    row("no configuration", withFile("\"model.safetensors\""),
        "acme/tiny has no config.json, so it is no model that can be read here");
}

void DownloadFaultsTest::hostileListsAreRefused() {
    QFETCH(const QByteArray, list);
    QFETCH(const QString, expected);
    DownloadHome home;
    FakeHub hub;
    hub.intercept = [&](const FakeRequest&, bool) { return FakeResponse{200, {}, list}; };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.code, 2);
    QCOMPARE(done.message.left(expected.size()), expected);
    QVERIFY(!QFile::exists(home.models()) || QDir(home.models()).isEmpty(QDir::AllEntries | QDir::Hidden));
}

void DownloadFaultsTest::anEndlessListIsRefused() {
    DownloadHome home;
    FakeHub hub;
    hub.intercept = [&](const FakeRequest&, bool) { return FakeResponse{200, {}, QByteArray(20 << 20, ' ')}; };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.code, 1);
    QCOMPARE(done.message,
             QStringLiteral("the answer about acme/tiny has more than 16777216 bytes, which cannot be right; "
                            "is localhost a hub?"));
}

void DownloadFaultsTest::unsafeRedirectsAreRefused_data() {
    QTest::addColumn<QByteArray>("location");
    QTest::addColumn<QString>("expected");
    const QString notAllowed =
        QStringLiteral("localhost sends us on to an address that is not allowed (%1); only https is followed");
    QTest::newRow("http elsewhere") << QByteArray("http://example.com/x?secret=1")
                                    << notAllowed.arg(QStringLiteral("\"http://example.com\""));
    QTest::newRow("file") << QByteArray("file:///etc/passwd") << notAllowed.arg(QStringLiteral("\"file://\""));
    QTest::newRow("user") << QByteArray("https://a:b@localhost/")
                          << notAllowed.arg(QStringLiteral("\"https://localhost\""));
    QTest::newRow("nowhere") << QByteArray() << notAllowed.arg(QStringLiteral("none is given"));
    QTest::newRow("loop") << QByteArray("config.json")
                          << QStringLiteral("localhost sends us on again and again; gave up after 5 redirects");
}

void DownloadFaultsTest::unsafeRedirectsAreRefused() {
    QFETCH(const QByteArray, location);
    QFETCH(const QString, expected);
    DownloadHome home;
    FakeHub hub;
    hub.intercept = [&](const FakeRequest& request, bool) -> std::optional<FakeResponse> {
        if (!request.path.endsWith("config.json")) return std::nullopt;
        return FakeResponse{302, {{"Location", location}}, {}};
    };
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.code, 1);
    QCOMPARE(done.message, expected);
}

void DownloadFaultsTest::anOfflineComputerIsTold() {
    DownloadHome home;
    server::DownloadOptions options;
    options.name = QStringLiteral("acme/tiny");
    options.retryDelayMs = 1;
    {
        const FakeHub hub;
        options.endpoint = hub.url().toString();
    }
    const FinishedDownload refused = runDownload(options);
    QCOMPARE(refused.code, 1);
    QVERIFY2(
        refused.message.startsWith(QStringLiteral("localhost refuses connections; check that this computer is online")),
        qPrintable(refused.message));
    options.endpoint = QStringLiteral("http://hub.example");
    QCOMPARE(runDownload(options).message,
             QStringLiteral("the endpoint \"http://hub.example\" is not https; models are "
                            "fetched by https only"));
    options.endpoint = QStringLiteral("https://hub.invalid");
    const FinishedDownload unknown = runDownload(options);
    QVERIFY2(unknown.message.startsWith(
                 QStringLiteral("hub.invalid could not be found; check that this computer is online")),
             qPrintable(unknown.message));
}

// A limit on file sizes does to a write what a full disk does.
void DownloadFaultsTest::aFullDiskIsTold() {
    DownloadHome home;
    FakeHub hub;
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 200000;
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
    QCOMPARE(done.code, 4);
    QCOMPARE(done.message,
             QStringLiteral("writing %1/files/model.safetensors.part failed: File too large; raise the limit "
                            "on the size of files and try again")
                 .arg(home.stage()));
    const FinishedDownload again = runDownload(optionsFor(hub));
    QCOMPARE(again.message, QString());
    QVERIFY(home.isWhole(hub));
    QCOMPARE(hub.contents().requests().last().headers.value("range"), "bytes=200000-");

    DownloadHome other;
    hub.intercept = [](const FakeRequest&, bool) {
        return FakeResponse{200,
                            {},
                            "{\"sha\": \"" + QByteArray(40, 'a') +
                                "\", \"siblings\": [{\"rfilename\": \"config.json\"}, "
                                "{\"rfilename\": \"model.safetensors\", \"size\": 1000000000000}]}"};
    };
    const FinishedDownload large = runDownload(optionsFor(hub));
    QCOMPARE(large.code, 4);
    QVERIFY2(large.message.startsWith(QStringLiteral("acme/tiny needs 1000.0 GB more, but ")),
             qPrintable(large.message));
}

void DownloadFaultsTest::tlsIsVerified() {
    DownloadHome home;
    const QString place = home.path(QStringLiteral("tls"));
    QDir().mkpath(place);
    // A certificate authority of this test, and a certificate that it has signed for localhost.
    QProcess openssl;
    openssl.setWorkingDirectory(place);
    openssl.start(
        QStringLiteral("/bin/sh"),
        {QStringLiteral("-ec"),
         QStringLiteral(
             "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=Test CA'\n"
             "openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost\n"
             "printf 'subjectAltName=DNS:localhost' > extensions\n"
             "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
             "-extfile extensions -out server.pem")});
    QTRY_COMPARE_WITH_TIMEOUT(openssl.state(), QProcess::NotRunning, 60000);
    QVERIFY2(openssl.exitCode() == 0, openssl.readAllStandardError().constData());
    FakeHub hub(place);
    QCOMPARE(hub.url().scheme(), QStringLiteral("https"));
    qputenv("HF_TOKEN", "hf_secret");

    const FinishedDownload unknown = runDownload(optionsFor(hub));
    QCOMPARE(unknown.code, 1);
    QVERIFY2(
        unknown.message.startsWith(QStringLiteral("the connection to localhost is not safe: ")) &&
            unknown.message.endsWith(QStringLiteral("check this computer's clock and its certificates (SSL_CERT_FILE "
                                                    "adds one)")),
        qPrintable(unknown.message));
    QVERIFY2(hub.hub().requests().isEmpty(), "nothing, and no token, goes over a connection that is not safe");

    qputenv("SSL_CERT_FILE", QFile::encodeName(place + QStringLiteral("/ca.pem")));
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
    for (const FakeRequest& request : hub.contents().requests()) QVERIFY(!request.headers.contains("authorization"));

    hub.intercept = [&](const FakeRequest& request, bool) -> std::optional<FakeResponse> {
        if (!request.path.startsWith("/api/")) return std::nullopt;
        return FakeResponse{302, {{"Location", "http://localhost:1/"}}, {}};
    };
    QVERIFY2(runDownload(optionsFor(hub)).message.contains(QStringLiteral("only https is followed")),
             "from https never back to http");
}

}  // namespace radlads::test

QTEST_GUILESS_MAIN(radlads::test::DownloadFaultsTest)
#include "test_download_faults.moc"
