#include <QApplication>
#include <QDir>
#include <QJsonArray>
#include <QLocale>
#include <QPalette>
#include <QSignalSpy>
#include <QTest>
#include <cmath>

#include "ui/core/format.h"
#include "ui/core/json_values.h"
#include "ui/core/run_record.h"
#include "ui/core/theme.h"

using namespace Qt::StringLiterals;
using namespace radlads::ui;

namespace {

double luminance(const QColor& color) {
    const auto linear = [](double c) { return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

double contrast(const QColor& a, const QColor& b) {
    const double la = luminance(a), lb = luminance(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

QString plain(QString text) {
    return text.replace(u'\u00a0', u' ');
}

}  // namespace

class LookTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English)); }

    void numbersHaveUnitsAndFewDigits() {
        QCOMPARE(plain(countText(25300)), u"25.3 k"_s);
        QCOMPARE(plain(countText(5e8)), u"500 M"_s);
        QCOMPARE(plain(countText(999)), u"999"_s);
        QCOMPARE(plain(countText(999999)), u"1 M"_s);
        QCOMPARE(plain(countText(0)), u"0"_s);
        QCOMPARE(plain(bytesText(1.42e10)), u"14.2 GB"_s);
        QCOMPARE(plain(bytesText(512)), u"512 B"_s);
        QCOMPARE(plain(rateText(25300)), u"25.3 k tok/s"_s);
        QCOMPARE(percentText(0.61), u"61 %"_s);
        QCOMPARE(numberText(0.142), u"0.142"_s);
        QCOMPARE(numberText(1234.5678), u"1,235"_s);
        QCOMPARE(numberText(0.00012345), u"1.234e-4"_s);
        QCOMPARE(numberText(1e-5), u"1e-5"_s);
        QCOMPARE(countText(std::nan("")), u"–"_s);
    }

    void durationsAreWhatPeopleSay() {
        QCOMPARE(durationText(6720), u"1 h 52 min"_s);
        QCOMPARE(durationText(45), u"45 s"_s);
        QCOMPARE(durationText(150), u"2 min 30 s"_s);
        QCOMPARE(durationText(3599), u"1 h"_s);
        QCOMPARE(durationText(90000), u"1 d 1 h"_s);
        QCOMPARE(durationText(-1), u"–"_s);
    }

    void timesAreNearOnes() {
        const QDateTime now(QDate(2026, 5, 6), QTime(12, 0));
        QCOMPARE(finishText(QDateTime(QDate(2026, 5, 6), QTime(17, 40)), now), u"today 17:40"_s);
        QCOMPARE(finishText(QDateTime(QDate(2026, 5, 7), QTime(9, 5)), now), u"tomorrow 09:05"_s);
        QCOMPARE(finishText(QDateTime(QDate(2026, 5, 8), QTime(9, 10)), now), u"Friday 09:10"_s);
        QCOMPARE(finishText(QDateTime(QDate(2026, 8, 3), QTime(9, 10)), now), u"3 Aug 09:10"_s);
        QCOMPARE(agoText(now.addSecs(-12), now), u"12 s ago"_s);
    }

    void timesOfTheWireAreReadExactly() {
        QCOMPARE(msecsFromTimeText(u"2026-11-25T15:26:00.123Z"_s),
                 QDateTime::fromString(u"2026-11-25T15:26:00.123Z"_s, Qt::ISODateWithMs).toMSecsSinceEpoch());
        QCOMPARE(msecsFromTimeText(u"1970-01-01T00:00:00Z"_s), 0);
        for (const QString& wrong : {u""_s, u"2026-11-25"_s, u"2026-13-25T15:26:00.123Z"_s,
                                     u"2026-11-25T15:26:00.123+01:00"_s, u"2x26-11-25T15:26:00.123Z"_s})
            QCOMPARE(msecsFromTimeText(wrong), -1);
    }

    void timeLeftCountsTheStepsToCome() {
        RunRecord record = runRecordFromJson({{u"run"_s, u"a"_s},
                                              {u"state"_s, u"running"_s},
                                              {u"step_index"_s, 0},
                                              {u"step_tokens"_s, QJsonArray{1000, 2000, 500}},
                                              {u"eta_seconds"_s, 10},
                                              {u"tokens_per_second"_s, 100}});
        QCOMPARE(*record.secondsLeft(), 35.0);
        record.tokensPerSecond.reset();
        QVERIFY(!record.secondsLeft());
        record.stepIndex = 2;
        QCOMPARE(*record.secondsLeft(), 10.0);
    }

    void everyTextColourCanBeRead_data() {
        QTest::addColumn<Theme::Mode>("mode");
        QTest::newRow("light") << Theme::Mode::Light;
        QTest::newRow("dark") << Theme::Mode::Dark;
    }
    void everyTextColourCanBeRead() {
        QFETCH(Theme::Mode, mode);
        QSignalSpy changed(&Theme::instance(), &Theme::changed);
        Theme::instance().apply(mode);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(Theme::instance().isDark(), mode == Theme::Mode::Dark);
        const QPalette palette = QApplication::palette();
        for (const QColor& ground : {palette.color(QPalette::Window), palette.color(QPalette::Base)}) {
            for (const Role role :
                 {Role::Running, Role::Waiting, Role::Success, Role::Warning, Role::Failure, Role::Accent, Role::Muted})
                QVERIFY2(contrast(Theme::instance().color(role), ground) >= 4.5,
                         qPrintable(Theme::instance().color(role).name()));
            QVERIFY(contrast(palette.color(QPalette::Text), ground) >= 4.5);
            for (int i = 0; i < 8; ++i)
                QVERIFY2(contrast(Theme::instance().chartColor(i), ground) >= 3,
                         qPrintable(Theme::instance().chartColor(i).name()));
        }
        QVERIFY(contrast(palette.color(QPalette::HighlightedText), palette.color(QPalette::Highlight)) >= 4.5);
        QVERIFY(contrast(palette.color(QPalette::ButtonText), palette.color(QPalette::Button)) >= 4.5);
    }

    void everyIconDrawsInTheTextColour() {
        const QStringList files = QDir(u":/icons"_s).entryList({u"*.svg"_s});
        QVERIFY(files.size() > 30);
        for (const auto mode : {Theme::Mode::Light, Theme::Mode::Dark}) {
            Theme::instance().apply(mode);
            const QColor text = QApplication::palette().color(QPalette::ButtonText);
            for (const QString& file : files) {
                if (file == "radlads.svg"_L1) continue;
                const QImage image = Theme::instance().icon(file.chopped(4)).pixmap(QSize(24, 24), 2.0).toImage();
                QCOMPARE(image.size(), QSize(48, 48));
                int inked = 0;
                for (int y = 0; y < image.height(); ++y)
                    for (int x = 0; x < image.width(); ++x) {
                        const QColor pixel = image.pixelColor(x, y);
                        if (pixel.alpha() < 250) continue;
                        ++inked;
                        QVERIFY2(std::abs(pixel.lightness() - text.lightness()) < 8, qPrintable(file));
                    }
                QVERIFY2(inked > 10, qPrintable(file));
            }
        }
    }

    void heatColoursGetLighterEvenly() {
        double before = -1;
        for (int i = 0; i <= 20; ++i) {
            const double now = luminance(Theme::instance().heatColor(i / 20.0));
            QVERIFY(now > before);
            before = now;
        }
    }
};

QTEST_MAIN(LookTest)
#include "look_test.moc"
