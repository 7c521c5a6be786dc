// The monitor and the layers of a run, fed by its journal and used by mouse and keyboard.
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QSettings>
#include <QSignalSpy>
#include <QSlider>
#include <QTableWidget>
#include <QTest>

#include "tests/ui/monitor_data.h"
#include "ui/chart/heat_map.h"
#include "ui/chart/read_out.h"
#include "ui/core/theme.h"
#include "ui/monitor/layers_page.h"
#include "ui/monitor/monitor_page.h"
#include "ui/monitor/run_series.h"

using namespace Qt::StringLiterals;
using namespace radlads::ui;
using radlads::tests::JournalWriter;

namespace {

Chart* chartOf(QWidget& page, const char* key) {
    auto* chart = page.findChild<Chart*>(QStringLiteral("chart/") + QLatin1String(key));
    Q_ASSERT(chart);
    return chart;
}

}  // namespace

class MonitorTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        QCoreApplication::setOrganizationName(u"radlads-test"_s);
        QCoreApplication::setApplicationName(u"monitor_test"_s);
    }
    void init() {
        QSettings().clear();
        Theme::instance().apply(Theme::Mode::Light);
    }

    void everyUpdateOfTheJournalIsInTheCurves() {
        auto history = std::make_shared<RunHistory>(u"a"_s);
        history->setPlan(JournalWriter::plan());
        JournalWriter writer;
        radlads::tests::apply(*history, writer.wholeRun(200, 12));
        RunSeries series(history);
        QCOMPARE(series.x()->size(), size_t(400));
        QCOMPARE(series.bands().size(), 2);
        QCOMPARE(series.bands()[1].name, u"Step 2 · Distill"_s);
        QCOMPARE(series.validation()->size(), size_t(8));
        QCOMPARE(series.layers().size(), 12);
        QCOMPARE(series.layersX()->size(), size_t(40));
        for (qsizetype i = 0; i < history->metrics().size(); ++i) {
            QCOMPARE(series.values(Metric::Loss)->at(size_t(i)), float(history->metrics()[i].loss));
            QCOMPARE(series.x()->tokens.at(size_t(i)), history->metrics()[i].globalTokens);
        }
    }

    void arrivingInPartsEqualsArrivingAtOnce() {
        auto history = std::make_shared<RunHistory>(u"a"_s);
        history->setPlan(JournalWriter::plan());
        RunSeries grown(history);
        grown.setSmoothing(0.95);
        JournalWriter writer;
        QVector<QJsonObject> events = writer.wholeRun(150, 6);
        for (int i = 0; i < 40; ++i) events.append(writer.metrics());
        events.append(writer.rollback(10));
        for (int i = 0; i < 20; ++i) events.append(writer.metrics());
        for (int i = 0; i < events.size(); i += 7) radlads::tests::apply(*history, events.mid(i, 7));
        RunSeries atOnce(history);
        atOnce.setSmoothing(0.95);
        QCOMPARE(grown.x()->size(), atOnce.x()->size());
        for (size_t i = 0; i < grown.x()->size(); ++i) {
            QCOMPARE(grown.x()->steps.at(i), atOnce.x()->steps.at(i));
            QCOMPARE(grown.values(Metric::Loss)->at(i), atOnce.values(Metric::Loss)->at(i));
            QCOMPARE(grown.smoothed(Metric::Loss)->at(i), atOnce.smoothed(Metric::Loss)->at(i));
        }
        QCOMPARE(grown.layersX()->size(), atOnce.layersX()->size());
        for (int layer = 0; layer < grown.layers().size(); ++layer) {
            for (size_t i = 0; i < grown.layersX()->size(); ++i)
                QCOMPARE(grown.layers()[layer]->at(i), atOnce.layers()[layer]->at(i));
        }
    }

    void aRollbackTakesTheUpdatesBack() {
        auto history = std::make_shared<RunHistory>(u"a"_s);
        history->setPlan(JournalWriter::plan());
        RunSeries series(history);
        JournalWriter writer;
        QVector<QJsonObject> events{writer.started(), writer.stepStarted(0, u"align"_s, 1e6)};
        for (int i = 0; i < 100; ++i) {
            events.append(writer.metrics());
            events.append(writer.layers(4));
        }
        radlads::tests::apply(*history, events);
        QCOMPARE(series.x()->size(), size_t(100));
        QCOMPARE(series.layersX()->size(), size_t(100));
        radlads::tests::apply(*history, {writer.rollback(60)});
        QCOMPARE(series.x()->size(), size_t(60));
        QCOMPARE(series.layersX()->size(), size_t(60));
        QCOMPARE(series.marks().last().kind, MarkKind::Rollback);
        radlads::tests::apply(*history, {writer.metrics()});
        QCOMPARE(series.x()->size(), size_t(61));
        QCOMPARE(series.x()->steps.at(60), 61.0);
        QCOMPARE(series.values(Metric::Loss)->at(60), float(history->metrics().last().loss));
    }

    void theClipLineIsThePlans() {
        auto history = std::make_shared<RunHistory>(u"a"_s);
        history->setPlan(JournalWriter::plan(1e-3, 0.75));
        JournalWriter writer;
        radlads::tests::apply(*history, writer.wholeRun(20, 2));
        RunSeries series(history);
        QCOMPARE(series.clip()->size(), size_t(4));
        QCOMPARE(series.clip()->at(0), 0.75f);
        QCOMPARE(series.clipX()->steps.at(3), 40.0);
    }

    void allChartsShareCursorRangeAndReadOut() {
        MonitorPage page;
        auto history = showWholeRun(page, 300);
        Chart* loss = chartOf(page, "monitor/loss");
        Chart* memory = chartOf(page, "monitor/memory");
        QVERIFY(loss->group() == memory->group());
        const QPoint place(int(loss->pixelOf(history->metrics()[200].globalTokens)),
                           int(loss->plotRect().center().y()));
        QTest::mouseMove(loss, place);
        QTRY_VERIFY(loss->group()->cursor());
        const double tokens = *loss->group()->cursor();
        const auto point = std::find_if(history->metrics().begin(), history->metrics().end(),
                                        [&](const MetricsPoint& metrics) { return metrics.globalTokens == tokens; });
        QVERIFY2(point != history->metrics().end(), "the cursor is on an update");
        const QStringList lines = page.findChild<ReadOut*>()->lines();
        QVERIFY(lines.contains(u"Update: %1"_s.arg(point->globalUpdate)));
        QVERIFY2(lines.contains(u"Loss: %1"_s.arg(valueText(double(float(point->loss)), NumberStyle::Plain))),
                 qPrintable(lines.join(u'|')));
        QVERIFY(lines.contains(u"Memory: %1"_s.arg(valueText(double(float(point->memoryBytes)), NumberStyle::Bytes))));
        QVERIFY(lines.contains(
            u"Gradient norm: %1"_s.arg(valueText(double(float(point->gradientNorm)), NumberStyle::Plain))));
        QVERIFY(
            memory->accessibleDescription().contains(valueText(double(float(point->memoryBytes)), NumberStyle::Bytes)));
    }

    void followsUntilTheUserZoomsAndAgainByTheButton() {
        MonitorPage page;
        JournalWriter writer;
        auto history = showWholeRun(page, 100, &writer);
        Chart* loss = chartOf(page, "monitor/loss");
        auto* follow = page.findChild<QPushButton*>(u"follow"_s);
        const double before = loss->group()->upper();
        radlads::tests::apply(*history, {writer.metrics()});
        QVERIFY(loss->group()->upper() > before);
        QTest::keyClick(loss, Qt::Key_Plus);
        QVERIFY(!loss->group()->isFollowing());
        QVERIFY(follow->isEnabled());
        const double held = loss->group()->upper();
        radlads::tests::apply(*history, {writer.metrics()});
        QCOMPARE(loss->group()->upper(), held);
        QTest::mouseClick(follow, Qt::LeftButton);
        QVERIFY(loss->group()->isFollowing());
        QCOMPARE(loss->group()->upper(), history->metrics().last().globalTokens);
        radlads::tests::apply(*history, {writer.metrics()});
        QCOMPARE(loss->group()->upper(), history->metrics().last().globalTokens);
    }

    void smoothingAndXUnitAreRemembered() {
        {
            MonitorPage page;
            showWholeRun(page, 60);
            auto* slider = page.findChild<QSlider*>(u"smoothing"_s);
            slider->setFocus();
            slider->setValue(0);
            QTest::keyClick(slider, Qt::Key_End);
            QCOMPARE(slider->value(), 999);
            auto* unit = page.findChild<QComboBox*>(u"xUnit"_s);
            QTest::keyClick(unit, Qt::Key_End);
            QCOMPARE(chartOf(page, "monitor/memory")->group()->unit(), XUnit::Hours);
            QTRY_COMPARE(QSettings().value(u"monitor/smoothing"_s).toInt(), 999);
        }
        MonitorPage page;
        QCOMPARE(page.findChild<QSlider*>(u"smoothing"_s)->value(), 999);
        QCOMPARE(chartOf(page, "monitor/loss")->group()->unit(), XUnit::Hours);
    }

    void nothingIsClippedInASmallWindowAndTheRowIsOneInALargeOne() {
        MonitorPage page;
        showWholeRun(page, 60);
        for (QSize size : {QSize(748, 440), QSize(1640, 860)}) {
            page.resize(size);
            QCoreApplication::sendPostedEvents();
            const auto charts = page.findChildren<Chart*>();
            QCOMPARE(charts.size(), 7);
            for (Chart* chart : charts) {
                QVERIFY2(chart->width() >= chart->minimumSizeHint().width(), qPrintable(chart->objectName()));
                QVERIFY2(chart->height() >= chart->minimumSizeHint().height(), qPrintable(chart->objectName()));
                const QPoint right = chart->mapTo(&page, QPoint(chart->width(), 0));
                QVERIFY2(right.x() <= page.width(), qPrintable(chart->objectName()));
            }
        }
        const int y = chartOf(page, "monitor/memory")->y();
        QCOMPARE(chartOf(page, "monitor/learningRate")->y(), y);
    }

    void withoutARunOrAnUpdateItSaysSo() {
        MonitorPage page;
        page.resize(1000, 700);
        page.show();
        const auto texts = [&] {
            QStringList all;
            for (QLabel* label : chartOf(page, "monitor/loss")->findChildren<QLabel*>()) {
                if (label->isVisible()) all.append(label->text());
            }
            return all.join(u' ');
        };
        QTRY_VERIFY(texts().contains(u"Choose a run"_s));
        auto history = std::make_shared<RunHistory>(u"a"_s);
        page.showRun(nullptr, history);
        QVERIFY(texts().contains(u"Reading"_s));
        history->setLive();
        QVERIFY(texts().contains(u"No update"_s));
        page.showRun(nullptr, nullptr);
        QVERIFY(texts().contains(u"Choose a run"_s));
    }

    void everythingThatTakesFocusHasANameForScreenReaders() {
        MonitorPage monitor;
        showWholeRun(monitor, 30);
        LayersPage layers;
        for (QWidget* page : std::initializer_list<QWidget*>{&monitor, &layers}) {
            for (QWidget* widget : page->findChildren<QWidget*>()) {
                if (widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith(u"qt_"_s)) continue;
                if (qobject_cast<QAbstractButton*>(widget)) continue;  // its text is its name
                if (!widget->parentWidget() || widget->parentWidget()->focusPolicy() != Qt::NoFocus)
                    continue;  // a part of another
                QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
                QVERIFY2(!widget->objectName().isEmpty(), widget->metaObject()->className());
            }
        }
    }

    void aHiddenPageDrawsNothingAndAShownOneOnlyWhenThereIsNews() {
        MonitorPage page;
        JournalWriter writer;
        auto history = showWholeRun(page, 60, &writer);
        Chart* loss = chartOf(page, "monitor/loss");
        QTest::qWait(100);  // what showing it set off
        page.hide();
        const int hidden = loss->replotCount();
        for (int i = 0; i < 50; ++i) radlads::tests::apply(*history, {writer.metrics()});
        QTest::qWait(150);
        QCOMPARE(loss->replotCount(), hidden);
        page.show();
        QTRY_VERIFY(loss->replotCount() > hidden);
        QTest::qWait(200);
        const int idle = loss->replotCount();
        QTest::qWait(300);
        QCOMPARE(loss->replotCount(), idle);
        QElapsedTimer timer;
        timer.start();
        while (timer.elapsed() < 500) {
            radlads::tests::apply(*history, {writer.metrics()});
            QTest::qWait(2);
        }
        QVERIFY2(loss->replotCount() - idle <= 11, "at most twenty times a second");
        QVERIFY(loss->replotCount() > idle);
    }

    void theWorstLayersAreNamedAndOneClickShowsACurve() {
        LayersPage page;
        page.resize(1000, 700);
        page.show();
        auto history = std::make_shared<RunHistory>(u"a"_s);
        history->setPlan(JournalWriter::plan());
        page.showRun(nullptr, history);
        JournalWriter writer;
        radlads::tests::apply(*history, writer.wholeRun(200, 20));
        history->setLive();
        const auto& losses = history->layers().last().losses;
        QList<int> order;
        for (int i = 0; i < 20; ++i) order.append(i);
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return float(losses[a]) > float(losses[b]); });
        QCOMPARE(page.findChild<QLabel*>(u"worstLayers"_s)->text(),
                 u"Worst 3: %1, %2, %3"_s.arg(order[0]).arg(order[1]).arg(order[2]));
        auto* table = page.findChild<QTableWidget*>(u"layerTable"_s);
        for (int row = 0; row < 20; ++row) QCOMPARE(table->item(row, 0)->text(), QString::number(order[row]));
        QCOMPARE(page.selectedLayer(), order[0]);

        auto* map = page.findChild<HeatMap*>();
        const QRectF area = map->plotRect();
        QTest::mouseClick(map, Qt::LeftButton, {},
                          QPoint(int(area.center().x()), int(area.top() + area.height() * 4.5 / 20)));
        QCOMPARE(page.selectedLayer(), 4);
        Chart* curve = chartOf(page, "layers/curve");
        QCOMPARE(curve->title(), u"Layer 4"_s);
        QCOMPARE(curve->curves().first().y->at(7), float(history->layers()[7].losses[4]));
        QCOMPARE(table->item(table->currentRow(), 0)->text(), u"4"_s);
        QTest::keyClick(map, Qt::Key_Down);
        QTest::keyClick(map, Qt::Key_Return);
        QCOMPARE(page.selectedLayer(), 5);
        QVERIFY(map->accessibleDescription().startsWith(u"Layer 5"_s));
    }

    void laterStepsShowTheNormsOfTheGradientsUntilLossesAreAskedFor() {
        LayersPage page;
        page.resize(1000, 700);
        page.show();
        auto history = std::make_shared<RunHistory>(u"a"_s);
        history->setPlan(JournalWriter::plan());
        page.showRun(nullptr, history);
        auto* value = page.findChild<QComboBox*>(u"layerValue"_s);
        auto* table = page.findChild<QTableWidget*>(u"layerTable"_s);
        auto* map = page.findChild<HeatMap*>();
        const auto header = [&] { return table->horizontalHeaderItem(1)->text(); };
        JournalWriter writer;
        QVector<QJsonObject> events{writer.started(), writer.stepStarted(0, u"align"_s, 1e6)};
        for (int i = 0; i < 30; ++i) events.append({writer.metrics(), writer.layers(4)});
        radlads::tests::apply(*history, events);
        QVERIFY(!value->isVisible());
        QCOMPARE(header(), u"Loss"_s);
        events = {writer.stepFinished(), writer.stepStarted(1, u"distill"_s, 1e6)};
        for (int i = 0; i < 20; ++i) events.append({writer.metrics(), writer.layers(6)});
        radlads::tests::apply(*history, events);
        QVERIFY(value->isVisible());
        QCOMPARE(header(), u"Norm"_s);
        QCOMPARE(map->layerCount(), 6);
        RunSeries series(history);
        QCOMPARE(series.layersX(LayerValue::Loss)->size(), size_t(30));
        QCOMPARE(series.layersX(LayerValue::GradientNorm)->size(), size_t(20));
        QCOMPARE(series.layers(LayerValue::GradientNorm)[5]->at(19), float(history->layers().last().losses[5]));
        value->setFocus();
        QTest::keyClick(value, Qt::Key_Up);
        QCOMPARE(header(), u"Loss"_s);
        QCOMPARE(map->layerCount(), 4);
        // What was chosen stays while the run goes on.
        radlads::tests::apply(*history, {writer.metrics(), writer.layers(6)});
        QCOMPARE(map->layerCount(), 4);
    }

    void theMapShowsTheLargestLossOfEveryPixel() {
        HeatMap map;
        map.resize(300, 240);
        const auto x = std::make_shared<XColumns>();
        const auto layer = std::make_shared<Column>();
        for (int i = 0; i < 20000; ++i) {
            x->append({double(i), double(i), double(i)});
            layer->append(i == 12345 ? 100 : 1 + i % 3);
        }
        map.setData(x, {layer});
        map.setUnit(XUnit::Steps);
        const QImage image = map.image();
        const int column = 12345 * image.width() / 20000;
        const QColor hot = Theme::instance().heatColor(1);
        bool isFound = false;
        for (int c = column - 1; c <= column + 1; ++c) isFound = isFound || image.pixelColor(c, 0) == hot;
        QVERIFY(isFound);
    }

    void chartsStandOnTheBaseColourOfTheTheme() {
        for (auto mode : {Theme::Mode::Light, Theme::Mode::Dark}) {
            Theme::instance().apply(mode);
            MonitorPage page;
            showWholeRun(page, 600);
            LayersPage layers;
            auto history = std::make_shared<RunHistory>(u"a"_s);
            history->setPlan(JournalWriter::plan());
            JournalWriter writer;
            radlads::tests::apply(*history, writer.wholeRun(400, 28));
            layers.showRun(nullptr, history);
            for (QSize size : {QSize(748, 440), QSize(1640, 860)}) {
                for (QWidget* widget : std::initializer_list<QWidget*>{&page, &layers}) {
                    widget->resize(size);
                    widget->show();
                    QCoreApplication::sendPostedEvents();
                    for (Chart* chart : widget->findChildren<Chart*>()) chart->replotNow();
                    Chart* first = widget->findChildren<Chart*>().first();
                    first->group()->setCursor(first->group()->upper() * 0.4);
                    const QImage image = widget->grab().toImage();
                    QCOMPARE(image.pixelColor((first->mapTo(widget, QPoint(6, 6)) * image.devicePixelRatio())),
                             widget->palette().color(QPalette::Base));
                }
            }
        }
    }

private:
    std::shared_ptr<RunHistory> showWholeRun(MonitorPage& page, int updates, JournalWriter* writer = nullptr) {
        auto history = std::make_shared<RunHistory>(u"a"_s);
        history->setPlan(JournalWriter::plan());
        JournalWriter own;
        radlads::tests::apply(*history, (writer ? *writer : own).wholeRun(updates, 8));
        history->setLive();
        page.resize(1100, 760);
        page.show();
        page.showRun(nullptr, history);
        for (Chart* chart : page.findChildren<Chart*>()) chart->replotNow();
        return history;
    }
};

QTEST_MAIN(MonitorTest)
#include "monitor_test.moc"
