// One chart, and charts that share a cursor, used by mouse and keyboard.
#include "ui/chart/chart.h"

#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QHelpEvent>
#include <QMenu>
#include <QPointer>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QToolTip>
#include <QWheelEvent>

#include "ui/chart/csv_export.h"
#include "ui/chart/read_out.h"
#include "ui/core/theme.h"

using namespace Qt::StringLiterals;
using namespace radlads::ui;

namespace {

constexpr int kPoints = 1000;

// Step i has tokens 1000 i and hours i / 100; y is given by `value`.
struct Data {
    std::shared_ptr<XColumns> x = std::make_shared<XColumns>();
    std::shared_ptr<Column> y = std::make_shared<Column>();

    void add(double value) {
        const auto step = double(x->size());
        x->append({step, step * 1000, step / 100});
        y->append(value);
    }
    Curve curve(const QString& name) const {
        Curve curve;
        curve.name = name;
        curve.x = x;
        curve.y = y;
        return curve;
    }
};

Data slope(int count = kPoints) {
    Data data;
    for (int i = 0; i < count; ++i) data.add(1 + i);
    return data;
}

void show(QWidget& widget, QSize size = QSize(700, 400)) {
    widget.resize(size);
    widget.show();
    QVERIFY(QTest::qWaitForWindowExposed(&widget));
    for (Chart* chart : widget.findChildren<Chart*>()) chart->replotNow();
    if (auto* chart = qobject_cast<Chart*>(&widget)) chart->replotNow();
}

void wheel(Chart& chart, QPointF place, int notches, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QWheelEvent event(place, chart.mapToGlobal(place), {}, QPoint(0, 120 * notches), Qt::NoButton, modifiers,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(&chart, &event);
    chart.replotNow();
}

// The pointer as the window system reports it, wherever the real one is.
void movePointer(Chart& chart, QPointF place) {
    QMouseEvent event(QEvent::MouseMove, place, chart.mapToGlobal(place), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
    QApplication::sendEvent(&chart, &event);
}

QPoint middleOf(const Chart& chart) {
    return chart.plotRect().center().toPoint();
}

}  // namespace

class ChartTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName(u"radlads-test"_s);
        QCoreApplication::setApplicationName(u"chart_test"_s);
    }
    void init() {
        QSettings().clear();
        Theme::instance().apply(Theme::Mode::Light);
    }

    void theWheelZoomsAtTheCursor() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope().curve(u"Loss"_s)});
        show(chart);
        QCOMPARE(chart.group()->lower(), 0.0);
        QCOMPARE(chart.group()->upper(), kPoints - 1.0);
        const QPointF place(chart.plotRect().left() + chart.plotRect().width() * 0.25, chart.plotRect().center().y());
        const double under = chart.xAt(place.x());
        wheel(chart, place, 3);
        QVERIFY(std::abs(chart.xAt(place.x()) - under) < 1e-6);
        QVERIFY(std::abs(chart.group()->upper() - chart.group()->lower() - (kPoints - 1) * std::pow(0.8, 3)) < 1e-6);
        QVERIFY(!chart.group()->isFollowing());
        // y shows what is left in sight.
        QVERIFY(chart.yRange().second < kPoints);
        for (int i = 0; i < 5; ++i) wheel(chart, place, -1);
        QCOMPARE(chart.group()->upper(), kPoints - 1.0);
        QVERIFY2(chart.group()->isFollowing(), "zoomed out to everything is everything again");
    }

    void draggingPansAndADoubleClickFits() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope().curve(u"Loss"_s)});
        show(chart);
        wheel(chart, middleOf(chart), 5);
        const double lower = chart.group()->lower(), width = chart.group()->upper() - lower;
        QTest::mousePress(&chart, Qt::LeftButton, {}, middleOf(chart));
        QTest::mouseMove(&chart, middleOf(chart) + QPoint(-60, 0));
        QTest::mouseMove(&chart, middleOf(chart) + QPoint(-120, 0));
        QTest::mouseRelease(&chart, Qt::LeftButton, {}, middleOf(chart) + QPoint(-120, 0));
        QVERIFY(std::abs(chart.group()->lower() - (lower + width * 120 / chart.plotRect().width())) < width * 0.01);
        QVERIFY(std::abs(chart.group()->upper() - chart.group()->lower() - width) < 1e-6);
        QTest::mouseDClick(&chart, Qt::LeftButton, {}, middleOf(chart));
        QCOMPARE(chart.group()->lower(), 0.0);
        QCOMPARE(chart.group()->upper(), kPoints - 1.0);
    }

    void fFitsAndPlusAndMinusZoom() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope().curve(u"Loss"_s)});
        show(chart);
        QTest::keyClick(&chart, Qt::Key_Plus);
        QVERIFY(std::abs(chart.group()->upper() - chart.group()->lower() - (kPoints - 1) / 2.0) < 1e-6);
        QTest::keyClick(&chart, Qt::Key_Plus);
        QTest::keyClick(&chart, Qt::Key_Minus);
        QVERIFY(std::abs(chart.group()->upper() - chart.group()->lower() - (kPoints - 1) / 2.0) < 1e-6);
        QTest::keyClick(&chart, Qt::Key_F);
        QCOMPARE(chart.group()->upper() - chart.group()->lower(), kPoints - 1.0);
    }

    void theKeyboardMovesTheCursorFromPointToPoint() {
        Data data = slope(50);
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({data.curve(u"Loss"_s)});
        show(chart);
        QTest::keyClick(&chart, Qt::Key_Home);
        QCOMPARE(*chart.group()->cursor(), 0.0);
        for (int i = 0; i < 3; ++i) QTest::keyClick(&chart, Qt::Key_Right);
        QCOMPARE(*chart.group()->cursor(), 3.0);
        QTest::keyClick(&chart, Qt::Key_Left);
        QCOMPARE(*chart.group()->cursor(), 2.0);
        QCOMPARE(chart.valuesAt(chart.group()->cursor()).first().value, 3.0);
        QVERIFY(chart.accessibleDescription().contains(u"Loss: 3"_s));
        QTest::keyClick(&chart, Qt::Key_PageDown);
        QCOMPARE(*chart.group()->cursor(), 7.0);
        QTest::keyClick(&chart, Qt::Key_End);
        QCOMPARE(*chart.group()->cursor(), 49.0);
        QTest::keyClick(&chart, Qt::Key_Right);
        QCOMPARE(*chart.group()->cursor(), 49.0);
        QTest::keyClick(&chart, Qt::Key_Escape);
        QVERIFY(!chart.group()->cursor());
    }

    void theKeyboardCursorReachesPointsOutOfSight() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope(100).curve(u"Loss"_s)});
        show(chart);
        chart.group()->setRange(10, 20);
        chart.replotNow();
        chart.group()->setCursor(20);
        QTest::keyClick(&chart, Qt::Key_Right);
        QCOMPARE(*chart.group()->cursor(), 21.0);
        QVERIFY(chart.group()->lower() <= 21 && chart.group()->upper() >= 21);
    }

    void theCursorIsSharedAndTheReadOutTellsEveryValue() {
        QWidget window;
        auto* first = new Chart(u"first"_s, u"Loss"_s, NumberStyle::Plain, &window);
        auto* second = new Chart(u"second"_s, u"Memory"_s, NumberStyle::Bytes, &window);
        Data loss = slope(), memory;
        for (int i = 0; i < kPoints; i += 1) memory.add(1e9 + i * 1e6);
        first->setCurves({loss.curve(u"Loss"_s)});
        second->setCurves({memory.curve(u"Memory"_s)});
        ChartGroup group;
        group.add(first);
        group.add(second);
        ReadOut readOut;
        readOut.setGroup(&group);
        first->setGeometry(0, 0, 600, 300);
        second->setGeometry(0, 300, 600, 300);
        show(window, QSize(600, 600));
        QVERIFY2(readOut.lines().contains(u"Loss: %1"_s.arg(QLocale().toString(1000))),
                 qPrintable(readOut.lines().join(u'|')));  // the newest
        movePointer(*first, QPointF(first->pixelOf(400), first->plotRect().center().y()));
        QVERIFY(group.cursor());
        const auto step = int(*group.cursor());
        QVERIFY(std::abs(step - 400) <= 2);
        QCOMPARE(first->group(), second->group());
        QVERIFY(readOut.lines().contains(u"Update: %1"_s.arg(QLocale().toString(step))));
        QVERIFY(readOut.lines().contains(u"Loss: %1"_s.arg(QLocale().toString(step + 1))));
        QVERIFY(readOut.lines().contains(
            u"Memory: %1"_s.arg(valueText(double(memory.y->at(size_t(step))), NumberStyle::Bytes))));
        QVERIFY(second->accessibleDescription().contains(
            valueText(double(memory.y->at(size_t(step))), NumberStyle::Bytes)));
        group.setRange(100, 200);
        first->replotNow();
        second->replotNow();
        QVERIFY(std::abs(first->xAt(first->plotRect().right()) - second->xAt(second->plotRect().right())) < 1);
    }

    void cursorAndRangeStayOnTheirPointsWhenXCountsSomethingElse() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope().curve(u"Loss"_s)});
        show(chart);
        chart.group()->setRange(200, 600);
        chart.group()->setCursor(300);
        chart.group()->setUnit(XUnit::Tokens);
        QCOMPARE(*chart.group()->cursor(), 300'000.0);
        QCOMPARE(chart.group()->lower(), 200'000.0);
        chart.group()->setUnit(XUnit::Hours);
        QCOMPARE(*chart.group()->cursor(), 3.0);
        QCOMPARE(chart.group()->upper(), 6.0);
        QCOMPARE(chart.valuesAt(chart.group()->cursor()).first().value, 301.0);
    }

    void newestDataIsFollowedUntilTheUserZooms() {
        Data data = slope();
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({data.curve(u"Loss"_s)});
        show(chart);
        QSignalSpy following(chart.group(), &ChartGroup::followingChanged);
        data.add(5);
        chart.dataChanged();
        QCOMPARE(chart.group()->upper(), double(kPoints));
        wheel(chart, middleOf(chart), 4);
        QCOMPARE(following.count(), 1);
        const double upper = chart.group()->upper(), width = upper - chart.group()->lower();
        data.add(5);
        chart.dataChanged();
        QCOMPARE(chart.group()->upper(), upper);
        chart.group()->follow();
        QCOMPARE(chart.group()->upper(), kPoints + 1.0);
        QVERIFY(std::abs(chart.group()->upper() - chart.group()->lower() - width) < 1e-6);
        data.add(5);
        chart.dataChanged();
        QCOMPARE(chart.group()->upper(), kPoints + 2.0);
    }

    void aRollbackShortensTheCurveAndTheCursorTellsOnlyWhatIsThere() {
        Data data = slope();
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({data.curve(u"Loss"_s)});
        show(chart);
        chart.group()->setCursor(900);
        data.x->truncate(500);
        data.y->truncate(500);
        chart.dataChanged();
        chart.replotNow();
        QCOMPARE(chart.group()->upper(), 499.0);
        QCOMPARE(chart.valuesAt(chart.group()->cursor()).first().value, 500.0);
    }

    void logarithmicAxesAreRememberedForEachChart() {
        {
            Chart chart(u"loss"_s, u"Loss"_s, NumberStyle::Plain);
            QVERIFY(!chart.isLogX() && !chart.isLogY());
            auto menu = chart.contextMenu();
            menu->findChild<QAction*>(u"logX"_s)->trigger();
            menu->findChild<QAction*>(u"logY"_s)->trigger();
            QVERIFY(chart.isLogX() && chart.isLogY());
        }
        Chart again(u"loss"_s, u"Loss"_s, NumberStyle::Plain);
        QVERIFY(again.isLogX() && again.isLogY());
        Chart other(u"memory"_s, u"Memory"_s, NumberStyle::Plain);
        QVERIFY(!other.isLogX() && !other.isLogY());
    }

    void logarithmicAxesShowOnlyWhatIsAboveZero() {
        Data data;
        for (double value : {0.0, -3.0, 0.01, 100.0}) data.add(value);
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({data.curve(u"Loss"_s)});
        show(chart);
        chart.setLogY(true);
        chart.setLogX(true);
        chart.replotNow();
        QVERIFY(chart.yRange().first > 0.001 && chart.yRange().first < 0.01);
        QCOMPARE(chart.group()->lower(), 1.0);
        QVERIFY(std::abs(chart.pixelOf(std::sqrt(3.0)) - chart.plotRect().center().x()) < 2);
    }

    void outliersCanBeLeftOutOfSight() {
        Data data;
        for (int i = 0; i < 2000; ++i) data.add(i == 777 ? 1e6 : 1 + (i % 10) * 0.1);
        Chart chart(u"a"_s, u"Norm"_s, NumberStyle::Plain);
        Curve curve = data.curve(u"Norm"_s);
        curve.style = CurveStyle::Faint;
        chart.setCurves({curve});
        show(chart);
        QVERIFY(chart.yRange().second >= 1e6);
        chart.setIgnoresOutliers(true);
        QVERIFY(chart.yRange().second < 3);
    }

    void csvHasAHeaderAndEveryPointInTurn() {
        Data loss, validation;
        for (int i = 0; i < 3; ++i) loss.add(i == 1 ? std::nan("") : 0.5 + i);
        validation.x->append({2, 2000, 0.02});
        validation.y->append(7.25);
        validation.x->append({5, 5000, 0.05});
        validation.y->append(8);
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({loss.curve(u"Loss"_s), validation.curve(u"Validation, \"held out\""_s)});
        QTemporaryDir folder;
        QSignalSpy written(chart.saveCsv(folder.filePath(u"a.csv"_s)), &CsvExport::written);
        QVERIFY(written.wait());
        QFile file(folder.filePath(u"a.csv"_s));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), QByteArray("step,tokens,hours,Loss,\"Validation, \"\"held out\"\"\"\n"
                                            "0,0,0,0.5,\n1,1000,0.01,nan,\n2,2000,0.02,2.5,7.25\n5,5000,0.05,,8\n"));
        QSignalSpy said(&chart, &Chart::exportFailed);
        chart.saveCsv(folder.filePath(u"no/such/folder/a.csv"_s));
        QVERIFY(said.wait());
        QVERIFY(said.first().first().toString().contains(u"no/such/folder/a.csv"_s));
    }

    void aMillionRowsAreWrittenBesideTheEventLoop() {
        Data data;
        for (int i = 0; i < 1'000'000; ++i) data.add(i % 1000);
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({data.curve(u"Loss"_s)});
        QTemporaryDir folder;
        const QString path = folder.filePath(u"a.csv"_s);
        CsvExport* writing = chart.saveCsv(path);
        QSignalSpy written(writing, &CsvExport::written), progress(writing, &CsvExport::progress);
        // What the loop has to do meanwhile is done in time.
        QTimer beat;
        QElapsedTimer since;
        qint64 longest = 0;
        connect(&beat, &QTimer::timeout, &beat, [&] { longest = std::max(longest, since.restart()); });
        beat.start(5);
        since.start();
        QVERIFY(written.wait(60000));
        QVERIFY2(longest < 100, qPrintable(QString::number(longest)));
        QVERIFY(progress.count() > 3);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll().count('\n'), 1'000'001);
    }

    void aCancelledExportLeavesTheFileAsItWas() {
        Data data;
        for (int i = 0; i < 1'000'000; ++i) data.add(i % 1000);
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({data.curve(u"Loss"_s)});
        QTemporaryDir folder;
        QFile file(folder.filePath(u"a.csv"_s));
        QVERIFY(file.open(QIODevice::ReadWrite));
        file.write("of before");
        file.close();
        CsvExport* writing = chart.saveCsv(file.fileName());
        QSignalSpy cancelled(writing, &CsvExport::cancelled), written(writing, &CsvExport::written);
        connect(writing, &CsvExport::progress, writing, &CsvExport::cancel);
        QVERIFY(cancelled.wait());
        QCOMPARE(written.count(), 0);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), QByteArray("of before"));
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
    }

    void csvOfSeveralRunsNamesThem() {
        Data a = slope(2), b = slope(1);
        Curve first = a.curve(u"Loss"_s), second = b.curve(u"Loss"_s);
        first.run = u"one"_s;
        second.run = u"two"_s;
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({first, second});
        QBuffer buffer;
        buffer.open(QIODevice::WriteOnly);
        QVERIFY(chart.writeCsv(buffer, Chart::Extent::All));
        QCOMPARE(buffer.data(),
                 QByteArray("run,step,tokens,hours,Loss\none,0,0,0,1\none,1,1000,0.01,2\ntwo,0,0,0,1\n"));
    }

    void copyTakesWhatIsInSight() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope().curve(u"Loss"_s)});
        show(chart);
        chart.group()->setRange(10, 12);
        QTest::keyClick(&chart, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QGuiApplication::clipboard()->text(),
                 u"step\ttokens\thours\tLoss\n10\t10000\t0.1\t11\n11\t11000\t0.11\t12\n12\t12000\t0.12\t13\n"_s);
    }

    void picturesAndDocumentsAreWritten() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope().curve(u"Loss"_s)});
        show(chart);
        QTemporaryDir folder;
        QVERIFY(chart.savePng(folder.filePath(u"a.png"_s)));
        const QImage image(folder.filePath(u"a.png"_s));
        QVERIFY(image.width() > 1300);
        const QColor stroke = Theme::instance().chartColor(0);
        int strokes = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) strokes += image.pixelColor(x, y) == stroke ? 1 : 0;
        }
        QVERIFY2(strokes > 1000, "the curve is in the picture");
        QVERIFY(chart.savePdf(folder.filePath(u"a.pdf"_s)));
        QFile pdf(folder.filePath(u"a.pdf"_s));
        QVERIFY(pdf.open(QIODevice::ReadOnly));
        QVERIFY(pdf.read(5) == "%PDF-");
        QVERIFY(pdf.size() > 2000);
    }

    void everyActionOfTheMenuIsThere() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        show(chart);
        QVERIFY(!chart.contextMenu()->findChild<QAction*>(u"saveCsv"_s)->isEnabled());
        chart.setCurves({slope().curve(u"Loss"_s)});
        auto menu = chart.contextMenu();
        for (const char* name :
             {"copyData", "saveCsv", "savePng", "savePdf", "logX", "logY", "ignoreOutliers", "fit"}) {
            auto* action = menu->findChild<QAction*>(QLatin1String(name));
            QVERIFY2(action && action->isEnabled(), name);
            QVERIFY2(action->text().contains(u'&'), name);
        }
    }

    void marksTellWhatHappened() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope().curve(u"Loss"_s)});
        chart.setMarks({{MarkKind::Checkpoint, {500, 500'000, 5}, u"Checkpoint at update 500"_s}});
        show(chart);
        const QPoint place(int(chart.pixelOf(500)), int(chart.plotRect().bottom()) - 6);
        QHelpEvent help(QEvent::ToolTip, place, chart.mapToGlobal(place));
        QApplication::sendEvent(&chart, &help);
        QTRY_COMPARE(QToolTip::text(), u"Checkpoint at update 500"_s);
        const QPoint elsewhere = place - QPoint(100, 0);
        QHelpEvent none(QEvent::ToolTip, elsewhere, chart.mapToGlobal(elsewhere));
        QApplication::sendEvent(&chart, &none);
        QTRY_VERIFY(!QToolTip::isVisible());
    }

    void anotherThemeIsUsedAtOnce() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        chart.setCurves({slope().curve(u"Loss"_s)});
        show(chart);
        const auto colours = [&] {
            chart.replotNow();
            const QImage image = chart.grab().toImage();
            QSet<QRgb> all;
            for (int y = 0; y < image.height(); ++y) {
                for (int x = 0; x < image.width(); ++x) all.insert(image.pixel(x, y));
            }
            return all;
        };
        QVERIFY(colours().contains(chart.palette().color(QPalette::Base).rgb()));
        const QRgb light = Theme::instance().chartColor(0).rgb(),
                   lightBase = chart.palette().color(QPalette::Base).rgb();
        QVERIFY(colours().contains(light));
        Theme::instance().apply(Theme::Mode::Dark);
        QTRY_VERIFY(!colours().contains(lightBase));
        QVERIFY(!colours().contains(light));
        QVERIFY(colours().contains(Theme::instance().chartColor(0).rgb()));
    }

    void anEmptyChartTakesAllInputWithoutHarm() {
        Chart chart(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        show(chart);
        QCOMPARE(chart.accessibleName(), u"Loss"_s);
        for (int key : {Qt::Key_Left, Qt::Key_Right, Qt::Key_Home, Qt::Key_End, Qt::Key_Plus, Qt::Key_Minus, Qt::Key_F,
                        Qt::Key_PageUp}) {
            QTest::keyClick(&chart, Qt::Key(key));
        }
        wheel(chart, middleOf(chart), 2);
        QTest::mouseMove(&chart, middleOf(chart));
        QTest::mouseDClick(&chart, Qt::LeftButton, {}, middleOf(chart));
        QVERIFY(!chart.group()->cursor());
        Data data;
        chart.setCurves({data.curve(u"Loss"_s)});
        data.add(std::nan(""));
        chart.dataChanged();
        chart.replotNow();
        QTest::keyClick(&chart, Qt::Key_Home);
        QCOMPARE(chart.valuesAt(0).first().text, u"not a number"_s);
    }

    void aGroupMayEndBeforeItsCharts() {
        auto* group = new ChartGroup;
        auto chart = std::make_unique<Chart>(u"a"_s, u"Loss"_s, NumberStyle::Plain);
        group->add(chart.get());
        delete group;
        chart.reset();
    }
};

QTEST_MAIN(ChartTest)
#include "chart_test.moc"
