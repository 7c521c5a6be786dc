// The promises of a download: the right files, whole and verified, or nothing; the token for the hub alone; resumption.
#include <QCoreApplication>
#include <QElapsedTimer>

#include "engine/server/download_hub.h"
#include "tests/server/download_fixture.h"

namespace radlads::test {

class DownloadTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void getsExactlyTheFilesOfAModelAndReportsProgress();
    void aSecondDownloadOfTheSameModelAsksForNoFile();
    void aRevisionThatIsNotMainGetsItsOwnDirectory();
    void aModelThatIsThereIsNeverReplaced();
    void anotherDirectoryMayBeGiven();
    void aDirectoryThatIsInUseIsRefused();
    void onlyTheWeightsThatTheIndexNamesAreFetched();
    void aListWithoutSizesAndChecksumsIsEnough();
    void relativeRedirectsAreFollowed();
    void theTokenGoesToTheHubOnly();
    void theTokenIsFoundInTheFileOfTheHubsOwnProgram();
    void aStoppedDownloadGoesOnWhereItWas();
    void aChangedContentStartsAnew();
    void aChangedEtagStartsAnew();
    void aDamagedPartIsFoundByItsChecksum();
    void twoDownloadsOfOneModelDoNotCollide();
    void theOwnersEventLoopIsNotHeldUp();
    void namesAndAddressesAreChecked_data();
    void namesAndAddressesAreChecked();
};

void DownloadTest::getsExactlyTheFilesOfAModelAndReportsProgress() {
    DownloadHome home;
    FakeHub hub;
    hub.bytesPerTick = 5000;
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QCOMPARE(done.path, home.model());
    QVERIFY(home.isWhole(hub));
    QCOMPARE(QDir(home.models()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot),
             QStringList{QStringLiteral("acme--tiny")});
    QVERIFY(done.progress.size() > 6);
    qint64 before = 0, total = 0;
    for (const QString& name : hub.wantedNames()) total += hub.wantedBytes(name).size();
    bool hasRate = false;
    for (const QJsonObject& progress : done.progress) {
        QCOMPARE(progress[QStringLiteral("total_bytes")].toInteger(), total);
        const qint64 bytes = progress[QStringLiteral("bytes")].toInteger();
        QVERIFY(bytes >= before && bytes <= total);
        before = bytes;
        hasRate = hasRate || (progress[QStringLiteral("bytes_per_second")].toDouble() > 0 &&
                              progress[QStringLiteral("eta_seconds")].isDouble());
    }
    QCOMPARE(before, total);
    QVERIFY(hasRate);
}

void DownloadTest::aSecondDownloadOfTheSameModelAsksForNoFile() {
    DownloadHome home;
    FakeHub hub;
    QCOMPARE(runDownload(optionsFor(hub)).code, 0);
    const int asked = hub.requestsFor("model.safetensors");
    hub.commit = QByteArray(40, 'b');  // a new model card is no new model
    hub.files[QStringLiteral("README.md")].content = "# Better words\n";
    const FinishedDownload again = runDownload(optionsFor(hub));
    QCOMPARE(again.code, 0);
    QCOMPARE(again.path, home.model());
    QCOMPARE(hub.requestsFor("model.safetensors"), asked);
    QVERIFY(!QFile::exists(home.stage()));
    QVERIFY(QFile::remove(home.model() + QStringLiteral("/config.json")));
    QVERIFY2(runDownload(optionsFor(hub)).path != home.model(), "a model that lacks a file is not taken for whole");
}

void DownloadTest::aRevisionThatIsNotMainGetsItsOwnDirectory() {
    DownloadHome home;
    FakeHub hub;
    auto options = optionsFor(hub);
    options.revision = QStringLiteral("refs/pr/1");
    const FinishedDownload done = runDownload(options);
    QCOMPARE(done.message, QString());
    QCOMPARE(done.path, home.model() + QStringLiteral("--aaaaaaaaaaaa"));
    QVERIFY(home.isWhole(hub, done.path));
}

void DownloadTest::aModelThatIsThereIsNeverReplaced() {
    DownloadHome home;
    FakeHub hub;
    QCOMPARE(runDownload(optionsFor(hub)).code, 0);
    const QByteArray before = hub.wantedBytes(QStringLiteral("model.safetensors"));
    hub.commit = QByteArray(40, 'b');
    hub.files[QStringLiteral("model.safetensors")].content[5] = '!';
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QCOMPARE(done.path, home.model() + QStringLiteral("--bbbbbbbbbbbb"));
    QVERIFY(home.isWhole(hub, done.path));
    QCOMPARE(DownloadHome::bytesOf(home.model() + QStringLiteral("/model.safetensors")), before);
}

void DownloadTest::anotherDirectoryMayBeGiven() {
    DownloadHome home;
    FakeHub hub;
    auto options = optionsFor(hub);
    options.directory = home.path(QStringLiteral("elsewhere/deep/model/"));
    const FinishedDownload done = runDownload(options);
    QCOMPARE(done.message, QString());
    QCOMPARE(done.path, home.path(QStringLiteral("elsewhere/deep/model")));
    QVERIFY(home.isWhole(hub, done.path));
}

void DownloadTest::aDirectoryThatIsInUseIsRefused() {
    DownloadHome home;
    FakeHub hub;
    auto options = optionsFor(hub);
    options.directory = home.path(QStringLiteral("precious"));
    QDir().mkpath(options.directory);
    QFile file(options.directory + QStringLiteral("/work.txt"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.close();
    const FinishedDownload done = runDownload(options);
    QCOMPARE(done.code, 2);
    QCOMPARE(done.message,
             options.directory + QStringLiteral(" is there already and is not this model; choose another directory"));
    QCOMPARE(DownloadHome::namesIn(options.directory), QStringList{QStringLiteral("work.txt")});
}

void DownloadTest::onlyTheWeightsThatTheIndexNamesAreFetched() {
    DownloadHome home;
    FakeHub hub;
    const FakeFile weights = hub.files.take(QStringLiteral("model.safetensors"));
    hub.files[QStringLiteral("model-00001-of-00002.safetensors")] = weights;
    hub.files[QStringLiteral("model-00002-of-00002.safetensors")] = {"second", true};
    hub.files[QStringLiteral("model.safetensors.index.json")] = {
        R"({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}})", false};
    hub.files[QStringLiteral("consolidated.safetensors")] = {"the same again", true};
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    hub.files.remove(QStringLiteral("consolidated.safetensors"));
    QVERIFY(home.isWhole(hub));
    QCOMPARE(hub.requestsFor("consolidated.safetensors"), 0);

    DownloadHome other;
    hub.files.remove(QStringLiteral("model-00002-of-00002.safetensors"));
    const FinishedDownload broken = runDownload(optionsFor(hub));
    QCOMPARE(broken.code, 2);
    QCOMPARE(broken.message,
             QStringLiteral("model.safetensors.index.json names \"model-00002-of-00002.safetensors\", which "
                            "the hub does not have; choose another revision"));
}

void DownloadTest::aListWithoutSizesAndChecksumsIsEnough() {
    DownloadHome home;
    FakeHub hub;
    hub.listsSizes = false;
    hub.weakEtags = true;
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
}

void DownloadTest::relativeRedirectsAreFollowed() {
    DownloadHome home;
    FakeHub hub;
    hub.redirectsRelatively = true;
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
    QVERIFY(hub.contents().requests().isEmpty());
}

void DownloadTest::theTokenGoesToTheHubOnly() {
    DownloadHome home;
    FakeHub hub;
    qputenv("HF_TOKEN", "hf_secret\n");
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(!hub.hub().requests().isEmpty() && !hub.contents().requests().isEmpty());
    for (const FakeRequest& request : hub.hub().requests())
        QCOMPARE(request.headers.value("authorization"), "Bearer hf_secret");
    for (const FakeRequest& request : hub.contents().requests()) {
        QVERIFY(!request.headers.contains("authorization"));
        for (const QByteArray& value : request.headers) QVERIFY(!value.contains("hf_secret"));
    }
    qputenv("HF_TOKEN", "two words");
    const FinishedDownload broken = runDownload(optionsFor(hub));
    QCOMPARE(broken.code, 2);
    QVERIFY2(!broken.message.contains(QStringLiteral("two words")), qPrintable(broken.message));
}

void DownloadTest::theTokenIsFoundInTheFileOfTheHubsOwnProgram() {
    DownloadHome home;
    FakeHub hub;
    QDir().mkpath(home.path(QStringLiteral(".cache/huggingface")));
    QFile file(home.path(QStringLiteral(".cache/huggingface/token")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("hf_from_file\n");
    file.close();
    QCOMPARE(runDownload(optionsFor(hub)).code, 0);
    QCOMPARE(hub.hub().requests().first().headers.value("authorization"), "Bearer hf_from_file");
}

void DownloadTest::aStoppedDownloadGoesOnWhereItWas() {
    DownloadHome home;
    FakeHub hub;
    hub.bytesPerTick = 3000;
    const FinishedDownload stopped =
        runDownload(optionsFor(hub), [](server::ModelDownload& download, const QJsonObject& progress) {
            if (progress[QStringLiteral("file")] == QStringLiteral("model.safetensors") &&
                progress[QStringLiteral("bytes")].toInteger() > 200000)
                download.cancel();
        });
    QCOMPARE(stopped.code, 9);
    QVERIFY(!QFile::exists(home.model()));
    const QString part = home.stage() + QStringLiteral("/files/model.safetensors.part");
    const qint64 kept = QFileInfo(part).size();
    QVERIFY(kept > 0 && kept < hub.wantedBytes(QStringLiteral("model.safetensors")).size());
    const int asked = hub.requestsFor("config.json");
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
    QCOMPARE(hub.requestsFor("config.json"), asked);
    const FakeRequest last = hub.contents().requests().last();
    QCOMPARE(last.headers.value("range"), "bytes=" + QByteArray::number(kept) + "-");
    QVERIFY(last.headers.value("if-range").startsWith("\"c-"));
}

// A download that stopped in the middle of the weights.
static qint64 stopInWeights(DownloadHome& home, FakeHub& hub) {
    hub.intercept = [&](const FakeRequest& request, bool isContentHost) -> std::optional<FakeResponse> {
        if (!isContentHost || !request.path.contains("model.safetensors")) return std::nullopt;
        FakeResponse response{200, {{"ETag", "\"first\""}}, hub.wantedBytes(QStringLiteral("model.safetensors"))};
        response.bytesPerTick = 3000;
        return response;
    };
    runDownload(optionsFor(hub), [](server::ModelDownload& download, const QJsonObject& progress) {
        if (progress[QStringLiteral("bytes")].toInteger() > 200000) download.cancel();
    });
    hub.intercept = {};
    return QFileInfo(home.stage() + QStringLiteral("/files/model.safetensors.part")).size();
}

void DownloadTest::aChangedContentStartsAnew() {
    DownloadHome home;
    FakeHub hub;
    QVERIFY(stopInWeights(home, hub) > 0);
    hub.commit = QByteArray(40, 'c');
    hub.files[QStringLiteral("model.safetensors")].content.replace(0, 100, QByteArray(100, 'x'));
    hub.files[QStringLiteral("config.json")].content.replace("qwen2", "qwen3");  // the same length
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
    for (const FakeRequest& request : hub.contents().requests()) QVERIFY(!request.headers.contains("range"));
}

void DownloadTest::aChangedEtagStartsAnew() {
    DownloadHome home;
    FakeHub hub;
    QVERIFY(stopInWeights(home, hub) > 0);
    hub.contentEtag = "\"second\"";
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
    QCOMPARE(hub.contents().requests().last().headers.value("if-range"), "\"first\"");
}

void DownloadTest::aDamagedPartIsFoundByItsChecksum() {
    DownloadHome home;
    FakeHub hub;
    hub.contentEtag = "\"first\"";
    const qint64 kept = stopInWeights(home, hub);
    QFile part(home.stage() + QStringLiteral("/files/model.safetensors.part"));
    QVERIFY(part.open(QIODevice::ReadWrite));
    part.seek(kept / 2);
    part.write("damage");
    part.close();
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
}

void DownloadTest::twoDownloadsOfOneModelDoNotCollide() {
    DownloadHome home;
    FakeHub hub;
    hub.bytesPerTick = 3000;
    FinishedDownload second;
    const FinishedDownload first = runDownload(optionsFor(hub), [&](server::ModelDownload&, const QJsonObject&) {
        if (second.code == -1) {
            second.code = -2;
            second = runDownload(optionsFor(hub));
        }
    });
    QCOMPARE(second.code, 3);
    QCOMPARE(second.message,
             home.model() + QStringLiteral(" is being downloaded by another process already; wait for it or stop it"));
    QCOMPARE(first.message, QString());
    QVERIFY(home.isWhole(hub));
}

void DownloadTest::theOwnersEventLoopIsNotHeldUp() {
    DownloadHome home;
    FakeHub hub;
    // 64 MiB on the disk already, whose checksum is computed before the last byte is asked for.
    QByteArray weights(64 << 20, 'w');
    hub.files[QStringLiteral("model.safetensors")] = {weights, true, FakeHub::sha256(weights)};
    const qint64 kept = stopInWeights(home, hub);
    QVERIFY(kept > 0);
    QFile part(home.stage() + QStringLiteral("/files/model.safetensors.part"));
    QVERIFY(part.open(QIODevice::WriteOnly));
    part.write(weights.chopped(1));
    part.close();
    hub.contentEtag = "\"first\"";
    QElapsedTimer sinceTick;
    qint64 largestGapMs = 0;
    QTimer tick;
    connect(&tick, &QTimer::timeout, this, [&] {
        if (sinceTick.isValid()) largestGapMs = std::max(largestGapMs, sinceTick.elapsed());
        sinceTick.start();
    });
    tick.start(1);
    const FinishedDownload done = runDownload(optionsFor(hub));
    QCOMPARE(done.message, QString());
    QVERIFY(home.isWhole(hub));
    QElapsedTimer hashing;
    hashing.start();
    FakeHub::sha256(weights);
    QVERIFY2(largestGapMs < std::max<qint64>(100, hashing.elapsed()), qPrintable(QString::number(largestGapMs)));
}

void DownloadTest::namesAndAddressesAreChecked_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("expected");  // empty: refused
    const auto row = [](const char* name, const char* expected) {
        QTest::newRow(name) << QString::fromLatin1(name) << QString::fromLatin1(expected);
    };
    row("Qwen/Qwen2.5-0.5B", "Qwen/Qwen2.5-0.5B");
    row("https://huggingface.co/Qwen/Qwen2.5-0.5B", "Qwen/Qwen2.5-0.5B");
    row("https://huggingface.co/Qwen/Qwen2.5-0.5B/tree/main", "Qwen/Qwen2.5-0.5B");
    row("https://huggingface.co/Qwen/Qwen2.5-0.5B?library=x", "Qwen/Qwen2.5-0.5B");
    for (const char* name : {"", "/", "a", "a/", "/a", "a/b/c", "../b", "a/..", "a/.b", "-a/b", "a/b--c", "a/b..c",
                             "a b/c", "a/b\n", "a/b?c", "https://evil.example/a/b", "a/b."})
        row(name, "");
}

void DownloadTest::namesAndAddressesAreChecked() {
    QFETCH(const QString, name);
    QFETCH(const QString, expected);
    const auto parsed = server::parseModelName(name.toStdString(), QUrl(QStringLiteral("https://huggingface.co")));
    QCOMPARE(parsed ? QString::fromStdString(parsed->text()) : QString(), expected);
}

}  // namespace radlads::test

QTEST_GUILESS_MAIN(radlads::test::DownloadTest)
#include "test_download.moc"
