#include <QClipboard>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>

#include "tests/ui/playground/fixture.h"
#include "ui/playground/export_dialog.h"

using namespace radlads::ui;
using namespace radlads::tests;

class ExportTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Theme::instance().apply(Theme::Mode::Light); }

    void writesAndSaysWhatWasVerified() {
        PlaygroundFixture fixture;
        fixture.open();
        ExportDialog dialog(fixture.client.get(), runRecordFromJson(PlaygroundFixture::record()));
        QString opened;
        dialog.openFolder = [&](const QString& path) { opened = path; };
        dialog.show();
        auto* path = child<QLineEdit>(dialog, u"exportPath"_s);
        QCOMPARE(path->text(), u"/home/someone/.local/share/radlads/runs/demo-20251125-101500-hf"_s);
        QVERIFY(!child<QRadioButton>(dialog, u"formatGguf"_s)->isEnabled());
        QCOMPARE(unnamedWidgets(dialog).join(u", "_s), QString());
        auto* start = child<QPushButton>(dialog, u"startExport"_s);
        QTRY_VERIFY(start->isEnabled());
        auto* dtype = child<QComboBox>(dialog, u"dtype"_s);
        dtype->setFocus();
        QTest::keyClick(dtype, Qt::Key_Down);
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_COMPARE(fixture.jobs, 1);
        const QJsonObject params = fixture.server.lastParams(u"export.start"_s);
        QCOMPARE(params["model"_L1].toString(), u"demo-20251125-101500"_s);
        QCOMPARE(params["dtype"_L1].toString(), u"bfloat16"_s);
        QCOMPARE(params["format"_L1].toString(), u"hf"_s);
        QCOMPARE(params["output"_L1].toString(), path->text());
        fixture.event(u"job-1"_s, {{u"done"_s, 40}, {u"total"_s, 100}, {u"text"_s, u"Writing the weights"_s}});
        QTRY_VERIFY(child<QLabel>(dialog, u"jobDetail"_s)->text().contains(u"Writing the weights"_s));
        fixture.result(u"job-1"_s, {{u"output"_s, path->text()},
                                    {u"dtype"_s, u"bfloat16"_s},
                                    {u"parameters"_s, 1234567},
                                    {u"verified_tokens"_s, 600},
                                    {u"reload_difference"_s, 0.0031},
                                    {u"recurrent_difference"_s, 1.2e-6}});
        auto* result = child<QLabel>(dialog, u"exportResult"_s);
        QTRY_VERIFY(result->isVisible());
        QVERIFY2(result->text().contains(u"600 tokens"_s) && result->text().contains(u"0.0031"_s) &&
                     result->text().contains(u"1.2 × 10⁻⁶"_s),
                 qPrintable(result->text()));
        QTest::mouseClick(child<QPushButton>(dialog, u"openFolder"_s), Qt::LeftButton);
        QCOMPARE(opened, path->text());
        QTest::mouseClick(child<QPushButton>(dialog, u"copyPath"_s), Qt::LeftButton);
        QCOMPARE(QGuiApplication::clipboard()->text(), path->text());
        QVERIFY(!start->isVisible());
    }

    void anErrorIsASentenceAndTheChoicesStay() {
        PlaygroundFixture fixture;
        fixture.open();
        ExportDialog dialog(fixture.client.get(), runRecordFromJson(PlaygroundFixture::record()));
        dialog.show();
        auto* start = child<QPushButton>(dialog, u"startExport"_s);
        QTRY_VERIFY(start->isEnabled());
        QTest::mouseClick(start, Qt::LeftButton);
        QTRY_COMPARE(fixture.jobs, 1);
        fixture.error(u"job-1"_s, u"space"_s, u"writing /home: the disk is full"_s, 4);
        QTRY_COMPARE(child<QLabel>(dialog, u"messageText"_s)->text(),
                     u"The model could not be exported: writing /home: the disk is full"_s);
        QVERIFY(start->isEnabled());
        child<QLineEdit>(dialog, u"exportPath"_s)->setText(u"relative"_s);
        QVERIFY(!start->isEnabled());
        QVERIFY(child<QLabel>(dialog, u"pathNote"_s)->text().contains(u"whole path"_s));
    }

    void escapeCancelsAnExportAndThenCloses() {
        PlaygroundFixture fixture;
        fixture.open();
        ExportDialog dialog(fixture.client.get(), runRecordFromJson(PlaygroundFixture::record()));
        dialog.show();
        QTRY_VERIFY(child<QPushButton>(dialog, u"startExport"_s)->isEnabled());
        QTest::mouseClick(child<QPushButton>(dialog, u"startExport"_s), Qt::LeftButton);
        QTRY_COMPARE(fixture.jobs, 1);
        QTest::keyClick(&dialog, Qt::Key_Escape);
        QTRY_COMPARE(fixture.cancelled, QStringList{u"job-1"_s});
        QVERIFY(dialog.isVisible());
        fixture.error(u"job-1"_s, u"cancelled"_s, {}, 9);
        QTRY_VERIFY(!dialog.isVisible());
    }

    void aLostConnectionIsSaid() {
        PlaygroundFixture fixture;
        fixture.open();
        ExportDialog dialog(fixture.client.get(), runRecordFromJson(PlaygroundFixture::record()));
        dialog.show();
        QTRY_VERIFY(child<QPushButton>(dialog, u"startExport"_s)->isEnabled());
        QTest::mouseClick(child<QPushButton>(dialog, u"startExport"_s), Qt::LeftButton);
        QTRY_COMPARE(fixture.jobs, 1);
        fixture.server.dropSessions();
        QTRY_VERIFY(child<QLabel>(dialog, u"messageText"_s)->text().contains(u"goes on there"_s));
    }

    void aRunWithoutAModelCannotBeExportedAndSaysSo() {
        PlaygroundFixture fixture(PlaygroundFixture::record(u"queued"_s));
        fixture.open();
        ExportDialog dialog(fixture.client.get(), runRecordFromJson(PlaygroundFixture::record(u"queued"_s)));
        dialog.show();
        QVERIFY(!child<QPushButton>(dialog, u"startExport"_s)->isEnabled());
        QVERIFY(child<QLabel>(dialog, u"pathNote"_s)->text().contains(u"no model yet"_s));
    }
};

QTEST_MAIN(ExportTest)
#include "export_test.moc"
