// Columns, their decimation to pixels, and smoothing.
#include <QTest>
#include <algorithm>
#include <random>

#include "ui/chart/axis_format.h"
#include "ui/chart/decimate.h"
#include "ui/chart/smoothing.h"

using namespace radlads::ui;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Data {
    XColumn x;
    Column y;
    std::vector<double> xs, ys;

    void add(double newX, double newY) {
        x.append(newX);
        y.append(newY);
        xs.push_back(newX);
        ys.push_back(double(float(newY)));
    }
};

// Jumps, spikes, gaps, infinities, zeros, negative values, and groups of equal x.
Data wildData(int count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> noise;
    std::uniform_int_distribution<int> kind(0, 999);
    Data data;
    double x = 0.5;
    for (int i = 0; i < count; ++i) {
        const int draw = kind(random);
        if (draw > 200) x += std::abs(noise(random));
        double y = noise(random) + std::sin(i * 0.001);
        if (draw == 1) y = kNan;
        if (draw == 2) y = kInfinity;
        if (draw == 3) y = -kInfinity;
        if (draw == 4) y = 0;
        if (draw == 5) y *= 1000;
        data.add(x, y);
    }
    return data;
}

struct Range {
    double low = kInfinity, high = -kInfinity;
    void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool operator==(const Range&) const = default;
};

bool isShown(double y, Scale scale) {
    return std::isfinite(y) && (scale == Scale::Linear || y > 0);
}

// What every pixel column must show, the slow way, and what the decimated points show in it.
std::pair<std::vector<Range>, std::vector<Range>> compareColumns(const Data& data, const PixelColumns& columns,
                                                                 Scale yScale) {
    std::vector<double> edges;
    for (int c = 0; c <= columns.count; ++c) edges.push_back(columns.edge(c));
    edges.back() = columns.upper;
    const auto columnOf = [&](double x) {
        if (x < columns.lower || x > columns.upper) return -1;
        const auto above = std::upper_bound(edges.begin(), edges.end(), x) - edges.begin();
        return std::min(int(above) - 1, columns.count - 1);
    };
    std::vector<Range> truth(size_t(columns.count)), drawn(size_t(columns.count));
    for (size_t i = 0; i < data.xs.size(); ++i) {
        const int c = columnOf(data.xs[i]);
        if (c >= 0 && isShown(data.ys[i], yScale)) truth[size_t(c)].add(data.ys[i]);
    }
    std::vector<PlotPoint> points;
    decimate(data.x, data.y, columns, yScale, points);
    for (const PlotPoint& point : points) {
        const int c = columnOf(point.x);
        if (c >= 0 && !point.isGap()) drawn[size_t(c)].add(point.y);
    }
    return {truth, drawn};
}

}  // namespace

class ChartSeriesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyPixelColumnShowsItsTrueExtremes_data() {
        QTest::addColumn<int>("count");
        QTest::addColumn<double>("lower");
        QTest::addColumn<double>("upper");
        QTest::addColumn<bool>("isLogX");
        QTest::addColumn<bool>("isLogY");
        const int counts[] = {1, 15, 16, 17, 1000, 65536, 200001};
        for (int count : counts) {
            for (bool isLogX : {false, true}) {
                for (bool isLogY : {false, true}) {
                    QTest::addRow("%d points, log x %d, log y %d", count, isLogX, isLogY)
                        << count << 0.5 << count * 0.7 << isLogX << isLogY;
                    QTest::addRow("%d points zoomed, log x %d, log y %d", count, isLogX, isLogY)
                        << count << count * 0.301 << count * 0.3237 << isLogX << isLogY;
                }
            }
        }
    }
    void everyPixelColumnShowsItsTrueExtremes() {
        QFETCH(int, count);
        QFETCH(double, lower);
        QFETCH(double, upper);
        QFETCH(bool, isLogX);
        QFETCH(bool, isLogY);
        const Data data = wildData(count, 20 + unsigned(count));
        const Scale yScale = isLogY ? Scale::Logarithmic : Scale::Linear;
        for (int pixels : {1, 7, 333, 1920}) {
            const PixelColumns columns{lower, upper, pixels, isLogX ? Scale::Logarithmic : Scale::Linear};
            const auto [truth, drawn] = compareColumns(data, columns, yScale);
            for (size_t c = 0; c < truth.size(); ++c) {
                QVERIFY2(truth[c] == drawn[c], qPrintable(QStringLiteral("column %1 of %2: %3..%4, drawn %5..%6")
                                                              .arg(c)
                                                              .arg(pixels)
                                                              .arg(truth[c].low)
                                                              .arg(truth[c].high)
                                                              .arg(drawn[c].low)
                                                              .arg(drawn[c].high)));
            }
        }
    }

    void aMillionPointsBecomeAFewForEachPixel() {
        Data data;
        for (int i = 0; i < 1'000'000; ++i) data.add(i, std::sin(i * 0.01));
        std::vector<PlotPoint> points;
        decimate(data.x, data.y, {0, 999'999, 1000, Scale::Linear}, Scale::Linear, points);
        QVERIFY(points.size() > 2000);
        QVERIFY(points.size() <= 4 * 1000 + 2);
    }

    void aGapBreaksTheLineAndNothingElse() {
        Data data;
        for (double y : {1.0, 2.0, kNan, 4.0, kInfinity, 6.0}) data.add(double(data.xs.size()), y);
        std::vector<PlotPoint> points;
        decimate(data.x, data.y, {0, 5, 100, Scale::Linear}, Scale::Linear, points);
        QCOMPARE(points.size(), size_t(6));
        for (size_t i = 0; i < points.size(); ++i) QCOMPARE(points[i].isGap(), i == 2 || i == 4);
    }

    void theLineGoesOnBeyondBothEdgesOfThePlot() {
        Data data;
        for (int i = 0; i < 100; ++i) data.add(i, i);
        std::vector<PlotPoint> points;
        decimate(data.x, data.y, {40.5, 50.5, 100, Scale::Linear}, Scale::Linear, points);
        QCOMPARE(points.front().x, 40.0);
        QCOMPARE(points.back().x, 51.0);
    }

    void nothingIsDrawnOfNothing() {
        std::vector<PlotPoint> points{{1, 1}};
        decimate({}, {}, {0, 1, 100, Scale::Linear}, Scale::Linear, points);
        QVERIFY(points.empty());
        QVERIFY(Column().extremes(0, 10).isEmpty());
    }

    void pointsOfOneXAreOneColumn() {
        Data data;
        for (int i = 0; i < 1000; ++i) data.add(5, i);
        const auto [truth, drawn] = compareColumns(data, {4, 6, 10, Scale::Linear}, Scale::Linear);
        for (size_t c = 0; c < truth.size(); ++c) QVERIFY(truth[c] == drawn[c]);
        QCOMPARE(data.x.nearest(5), size_t(999));
        QCOMPARE(data.x.nearest(-5), size_t(999));
    }

    void extremesEqualTheTrueOnesOfAnyPart() {
        std::mt19937 random(7);
        const Data data = wildData(5000, 7);
        std::uniform_int_distribution<size_t> place(0, 5000);
        for (int i = 0; i < 2000; ++i) {
            size_t begin = place(random), end = place(random);
            if (begin > end) std::swap(begin, end);
            Extremes truth;
            for (size_t k = begin; k < end; ++k) truth.add(float(data.ys[k]));
            QCOMPARE(data.y.extremes(begin, end), truth);
        }
    }

    void aTruncatedColumnIsAsIfNeverLonger() {
        std::mt19937 random(11);
        std::uniform_real_distribution<double> value(-10, 10);
        std::uniform_int_distribution<size_t> part(0, 700);
        Column column;
        std::vector<double> truth;
        for (int round = 0; round < 200; ++round) {
            const size_t kept = truth.size() - std::min(truth.size(), part(random) / 2);
            truth.resize(kept);
            column.truncate(kept);
            for (size_t i = part(random); i > 0; --i) {
                truth.push_back(value(random));
                column.append(truth.back());
            }
            QCOMPARE(column.size(), truth.size());
            for (int probe = 0; probe < 20; ++probe) {
                const size_t begin = std::min(truth.size(), part(random) * 3),
                             end = std::min(truth.size(), begin + part(random) * 5);
                Extremes expected;
                for (size_t i = begin; i < end; ++i) expected.add(float(truth[i]));
                QCOMPARE(column.extremes(begin, end), expected);
            }
        }
    }

    void xNeverGoesBack() {
        XColumn x;
        for (double value : {1.0, 3.0, 2.0, kNan, kInfinity, 4.0}) x.append(value);
        for (size_t i = 1; i < x.size(); ++i) QVERIFY(x.at(i) >= x.at(i - 1) && std::isfinite(x.at(i)));
        QCOMPARE(x.at(5), 4.0);
    }

    void theAverageHasNoBiasAtItsStart() {
        Column values;
        for (int i = 0; i < 50; ++i) values.append(3.25);
        for (double weight : {0.0, 0.5, 0.9, 0.999}) {
            Smoothing smoothing;
            smoothing.setWeight(weight);
            smoothing.update(values, 0);
            for (size_t i = 0; i < values.size(); ++i) QCOMPARE(smoothing.result().at(i), 3.25f);
        }
    }

    void theAverageIsTheFormulas() {
        const std::vector<double> values{1, 5, 2, kNan, 8, 3};
        Column column;
        for (double value : values) column.append(value);
        Smoothing smoothing;
        smoothing.setWeight(0.6);
        smoothing.update(column, 0);
        double sum = 0;
        int count = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            if (std::isnan(values[i])) {
                QVERIFY(std::isnan(smoothing.result().at(i)));
                continue;
            }
            sum = 0.6 * sum + 0.4 * values[i];
            QCOMPARE(smoothing.result().at(i), float(sum / (1 - std::pow(0.6, ++count))));
        }
    }

    void theAverageGrownAndCutEqualsTheOneMadeAtOnce() {
        std::mt19937 random(3);
        std::normal_distribution<double> noise;
        std::uniform_int_distribution<size_t> part(1, 1500);
        Column values;
        Smoothing grown;
        grown.setWeight(0.97);
        for (int round = 0; round < 60; ++round) {
            const size_t first = round % 4 == 3 ? values.size() - std::min(values.size(), part(random)) : values.size();
            values.truncate(first);
            for (size_t i = part(random); i > 0; --i) values.append(part(random) == 9 ? kNan : noise(random));
            grown.update(values, first);
            Smoothing atOnce;
            atOnce.setWeight(0.97);
            atOnce.update(values, 0);
            QCOMPARE(grown.result().size(), values.size());
            for (size_t i = 0; i < values.size(); ++i) {
                const float a = grown.result().at(i), b = atOnce.result().at(i);
                QVERIFY(a == b || (std::isnan(a) && std::isnan(b)));
            }
        }
    }

    void anAverageBeginsAnewWhereAStepDoes() {
        Column values;
        const std::vector<size_t> starts{5, 2100, 2101};
        Smoothing grown;
        grown.setWeight(0.99);
        for (size_t i = 0; i < 3000; ++i) {
            values.append(double(i < 5 ? 1 : i < 2100 ? 100 : i < 2101 ? 7 : 3));
            grown.update(values, i, starts);
        }
        for (size_t i = 0; i < 3000; ++i) QCOMPARE(grown.result().at(i), values.at(i));
        // Back to before the last start, and on without it.
        values.truncate(2050);
        for (size_t i = 2050; i < 2200; ++i) values.append(200);
        grown.update(values, 2050, {5});
        QVERIFY(grown.result().at(2100) > 100 && grown.result().at(2100) < 200);
        QCOMPARE(grown.result().at(4), 1.0f);
    }

    void anotherWeightSmoothsAnew() {
        Column values;
        for (int i = 0; i < 3000; ++i) values.append(i % 2);
        Smoothing smoothing;
        smoothing.update(values, 0);
        QCOMPARE(smoothing.result().at(2999), 1.0f);
        smoothing.setWeight(0.99);
        smoothing.update(values, values.size());
        QVERIFY(std::abs(smoothing.result().at(2999) - 0.5f) < 0.01f);
    }

    void axesHaveRoundNumbersWithUnits_data() {
        QTest::addColumn<double>("lower");
        QTest::addColumn<double>("upper");
        QTest::addColumn<bool>("isLog");
        QTest::addColumn<int>("style");
        QTest::addColumn<QString>("labels");
        const auto row = [](const char* name, double lower, double upper, bool isLog, NumberStyle style,
                            const char* labels) {
            QTest::newRow(name) << lower << upper << isLog << int(style) << QString::fromUtf8(labels);
        };
        row("counts", 0, 5.2e8, false, NumberStyle::Count, "0|100 M|200 M|300 M|400 M|500 M");
        row("counts below a thousand", 0, 41, false, NumberStyle::Count, "0|10|20|30|40");
        row("bytes", 0, 1.7e10, false, NumberStyle::Bytes, "0|5 GB|10 GB|15 GB");
        row("loss", 0.13, 0.61, false, NumberStyle::Plain, "0.2|0.3|0.4|0.5|0.6");
        row("learning rate", 0, 1.1e-4, false, NumberStyle::Plain, "0|2·10⁻⁵|4·10⁻⁵|6·10⁻⁵|8·10⁻⁵|10⁻⁴");
        row("log loss", 0.0009, 12, true, NumberStyle::Plain, "0.001|0.01|0.1|1|10");
        row("log rate", 1e-7, 2e-3, true, NumberStyle::Plain, "10⁻⁷|10⁻⁶|10⁻⁵|10⁻⁴|0.001");
        row("log less than a power of ten", 2.1, 4.2, true, NumberStyle::Plain, "2.5|3.0|3.5|4.0");
        row("log tokens", 900, 2e7, true, NumberStyle::Count, "1 k|10 k|100 k|1 M|10 M");
        row("hours", 0, 2.3, false, NumberStyle::Hours, "0|30 min|1:00 h|1:30 h|2:00 h");
        row("minutes", 0, 0.07, false, NumberStyle::Hours, "0|1 min|2 min|3 min|4 min");
        row("seconds", 0, 0.021, false, NumberStyle::Seconds, "0|5 ms|10 ms|15 ms|20 ms");
        row("microseconds", 0, 2.1e-5, false, NumberStyle::Seconds, "0|5 µs|10 µs|15 µs|20 µs");
    }
    void axesHaveRoundNumbersWithUnits() {
        QFETCH(double, lower);
        QFETCH(double, upper);
        QFETCH(bool, isLog);
        QFETCH(int, style);
        QFETCH(QString, labels);
        const Scale scale = isLog ? Scale::Logarithmic : Scale::Linear;
        const auto ticks = axisTicks(lower, upper, scale, NumberStyle(style), 6);
        QCOMPARE(axisLabels(ticks, scale, NumberStyle(style)).join(QLatin1Char('|')), labels);
    }

    void noRangeHasTooManyTicks() {
        for (double lower : {0.0, 1e-300, 1.0, -5.0, 1e300, kNan}) {
            for (double upper : {1e-299, 1.0, 1.0000001, 1e308, kInfinity}) {
                for (Scale scale : {Scale::Linear, Scale::Logarithmic}) {
                    const auto ticks = axisTicks(lower, upper, scale, NumberStyle::Plain, 6);
                    QVERIFY(ticks.size() <= 64);
                    QCOMPARE(axisLabels(ticks, scale, NumberStyle::Plain).size(), ticks.size());
                }
            }
        }
    }
};

QTEST_GUILESS_MAIN(ChartSeriesTest)
#include "chart_series_test.moc"
