// The promises of `radlads-engine download`, kept by the real program.
#include <QJsonArray>
#include <QJsonDocument>
#include <QProcess>
#include <QRandomGenerator>
#include <csignal>

#include "tests/server/download_fixture.h"

namespace radlads::test {
namespace {

const QString kEngine = QStringLiteral(RADLADS_BIN_DIR "/radlads-engine");

}  // namespace

class DownloadCommandTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tellsWhereTheModelIsAndWhatToDoNext();
    void jsonNamesEveryFile();
    void mistakesAreOneSentenceAndExitCode2();
    void ctrlCKeepsWhatThereIsAndSaysHowToGoOn();
    void killsAtAnyMomentLoseNothing();

private:
    static QProcess* start(const QStringList& arguments, QObject* parent) {
        auto* process = new QProcess(parent);
        process->start(kEngine, QStringList{QStringLiteral("download")} + arguments);
        return process;
    }
    static bool ends(QProcess* process) {
        return QTest::qWaitFor([process] { return process->state() == QProcess::NotRunning; }, 60000);
    }
};

void DownloadCommandTest::tellsWhereTheModelIsAndWhatToDoNext() {
    DownloadHome home;
    FakeHub hub;
    qputenv("HF_ENDPOINT", hub.url().toEncoded());
    qputenv("HF_TOKEN", "hf_secret");
    QProcess* process = start({QStringLiteral("acme/tiny")}, this);
    QVERIFY(ends(process));
    const QByteArray errors = process->readAllStandardError(), output = process->readAllStandardOutput();
    QVERIFY2(process->exitCode() == 0, errors.constData());
    const QByteArray model = home.model().toUtf8();
    QCOMPARE(output, "Downloaded to " + model + "\nNext: radlads-engine inspect " + model + "\n");
    QCOMPARE(errors,
             QByteArray("LICENSE\nREADME.md\nconfig.json\ngeneration_config.json\ntokenizer.json\nmodel.safetensors\n"));
    QVERIFY(home.isWhole(hub));
    QVERIFY(!errors.contains("hf_secret") && !output.contains("hf_secret"));
}

void DownloadCommandTest::jsonNamesEveryFile() {
    DownloadHome home;
    FakeHub hub;
    const QString place = home.path(QStringLiteral("here"));
    QProcess* process = start({QStringLiteral("acme/tiny"), QStringLiteral("--endpoint"), hub.url().toString(),
                               QStringLiteral("-o"), place, QStringLiteral("--json"), QStringLiteral("--quiet")},
                              this);
    QVERIFY(ends(process));
    QCOMPARE(process->readAllStandardError(), QByteArray());
    const QJsonObject result = QJsonDocument::fromJson(process->readAllStandardOutput()).object();
    QCOMPARE(result[QStringLiteral("path")].toString(), place);
    QCOMPARE(result[QStringLiteral("name")].toString(), QStringLiteral("acme/tiny"));
    QCOMPARE(result[QStringLiteral("commit")].toString().toLatin1(), hub.commit);
    const QJsonArray files = result[QStringLiteral("files")].toArray();
    QCOMPARE(files.size(), hub.wantedNames().size());
    for (const QJsonValue& file : files) {
        const QByteArray content = hub.wantedBytes(file[QStringLiteral("name")].toString());
        QCOMPARE(file[QStringLiteral("size_bytes")].toInteger(), content.size());
        const QByteArray checksum = file[QStringLiteral("checksum")].toString().toLatin1();
        QCOMPARE(checksum, checksum.size() == 64 ? FakeHub::sha256(content) : FakeHub::gitBlob(content));
    }
    QVERIFY(home.isWhole(hub, place));
}

void DownloadCommandTest::mistakesAreOneSentenceAndExitCode2() {
    DownloadHome home;
    FakeHub hub;
    qputenv("HF_ENDPOINT", hub.url().toEncoded());
    const QList<std::pair<QStringList, QByteArray>> mistakes{
        {{}, "NAME is missing; see `radlads-engine download --help`"},
        {{QStringLiteral("tiny")}, "\"tiny\" is no name of a model; write it as OWNER/MODEL, as in Qwen/Qwen2.5-0.5B"},
        {{QStringLiteral("acme/tiny"), QStringLiteral("--revision"), QStringLiteral("../x")},
         "\"../x\" is no revision; give a branch, a tag or a commit, as in main"},
        {{QStringLiteral("acme/tiny"), QStringLiteral("--endpoint"), QStringLiteral("ftp://hub")},
         "the endpoint \"ftp://hub\" is not https; models are fetched by https only"},
        {{QStringLiteral("acme/other")},
         "localhost knows no model acme/other, or it is private; check the name (OWNER/MODEL, upper and lower case); "
         "for a "
         "private model make a token at " +
             hub.url().toEncoded() + "/settings/tokens and set HF_TOKEN to it"}};
    for (const auto& [arguments, sentence] : mistakes) {
        QProcess* process = start(arguments, this);
        QVERIFY(ends(process));
        QCOMPARE(process->readAllStandardError(), "radlads-engine: " + sentence + "\n");
        QCOMPARE(process->exitCode(), 2);
    }
}

void DownloadCommandTest::ctrlCKeepsWhatThereIsAndSaysHowToGoOn() {
    DownloadHome home;
    FakeHub hub;
    hub.bytesPerTick = 2000;
    const QStringList arguments{QStringLiteral("acme/tiny"), QStringLiteral("--endpoint"), hub.url().toString()};
    QProcess* process = start(arguments, this);
    const QString part = home.stage() + QStringLiteral("/files/model.safetensors.part");
    QTRY_VERIFY_WITH_TIMEOUT(QFileInfo(part).size() > 100000, 30000);
    ::kill(static_cast<pid_t>(process->processId()), SIGINT);
    QVERIFY(ends(process));
    QCOMPARE(process->exitCode(), 130);
    const QByteArray errors = process->readAllStandardError();
    QVERIFY2(
        errors.endsWith("Stopped; what has arrived is kept. Go on with: radlads-engine download acme/tiny --endpoint " +
                        hub.url().toEncoded() + "\n"),
        errors.constData());
    QVERIFY(QFileInfo(part).size() > 100000);
    QVERIFY(!QFile::exists(home.model()));
    hub.bytesPerTick = 0;
    QProcess* again = start(arguments, this);
    QVERIFY(ends(again));
    QCOMPARE(again->exitCode(), 0);
    QVERIFY(hub.contents().requests().last().headers.contains("range"));
    QVERIFY(home.isWhole(hub));
}

void DownloadCommandTest::killsAtAnyMomentLoseNothing() {
    const quint32 seed = 20250507;
    QRandomGenerator random(seed);
    DownloadHome home;
    FakeHub hub;
    const auto weights = QStringLiteral("model.safetensors");
    QByteArray content;
    while (content.size() < 4000000) content += hub.wantedBytes(weights) + QByteArray::number(content.size());
    hub.files[weights] = {content, true, FakeHub::sha256(content)};
    hub.bytesPerTick = 20000;
    const QStringList arguments{QStringLiteral("acme/tiny"), QStringLiteral("--endpoint"), hub.url().toString(),
                                QStringLiteral("--quiet")};
    constexpr int kKills = 15;
    qint64 kept = 0;
    for (int kill = 0; kill < kKills; ++kill) {
        QProcess* process = start(arguments, this);
        // A moment counted in requests and bytes, not in time: the machine may be slow.
        const auto requests = hub.hub().requests().size() + hub.contents().requests().size();
        const qint64 bytes = kept + random.bounded(1, 250000);
        const int count = random.bounded(1, 8);
        const QString part = home.stage() + QStringLiteral("/files/model.safetensors.part");
        const bool isReached = QTest::qWaitFor(
            [&] {
                return process->state() == QProcess::NotRunning || QFileInfo(part).size() >= bytes ||
                       (kill % 3 == 0 &&
                        hub.hub().requests().size() + hub.contents().requests().size() >= requests + count);
            },
            60000);
        QVERIFY2(isReached, qPrintable(QStringLiteral("kill %1, seed %2").arg(kill).arg(seed)));
        process->kill();
        QVERIFY(ends(process));
        QVERIFY2(!QFile::exists(home.model()) || home.isWhole(hub), "a model is whole or not there");
        const qint64 now = QFileInfo(part).size();
        QVERIFY2(now >= kept, qPrintable(QStringLiteral("%1 bytes after %2, kill %3").arg(now).arg(kept).arg(kill)));
        kept = now;
    }
    QVERIFY(kept > 0);
    hub.bytesPerTick = 0;
    QProcess* last = start(arguments, this);
    QVERIFY(ends(last));
    QVERIFY2(last->exitCode() == 0, last->readAllStandardError().constData());
    QVERIFY(home.isWhole(hub));
    QVERIFY2(!QFile::exists(home.stage()), "nothing is left behind");
}

}  // namespace radlads::test

QTEST_GUILESS_MAIN(radlads::test::DownloadCommandTest)
#include "test_download_command.moc"
