// Prints what a chart of a long run costs: appending, smoothing, and replotting while it zooms. Not a test: timings
// depend on the machine. Usage: ui_chart_benchmark [POINTS]
#include <QApplication>
#include <QElapsedTimer>
#include <cstdio>
#include <random>

#include "ui/chart/chart.h"
#include "ui/chart/smoothing.h"
#include "ui/core/theme.h"

using namespace radlads::ui;

namespace {

double millisecondsOf(const std::function<void()>& work, int times = 1) {
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < times; ++i) work();
    return double(timer.nsecsElapsed()) / 1e6 / times;
}

}  // namespace

int main(int argc, char** argv) {
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    Theme::instance().apply(Theme::Mode::Light);
    const int count = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1'000'000;
    const auto x = std::make_shared<XColumns>();
    const auto y = std::make_shared<Column>();
    const auto smoothing = std::make_shared<Smoothing>();
    smoothing->setWeight(0.9);
    std::mt19937 random(1);
    std::normal_distribution<double> noise(0, 0.1);
    const auto append = [&](int points) {
        for (int i = 0; i < points; ++i) {
            const double step = double(x->size());
            x->append({step, step * 16384, step / 3600});
            y->append(0.2 + 5 / (1 + step / 5000) + std::abs(noise(random)));
        }
    };
    std::printf("%d points\n", count);
    std::printf("append          %8.2f ns a point\n", millisecondsOf([&] { append(count); }) * 1e6 / count);
    std::printf("smooth          %8.2f ms all, ", millisecondsOf([&] { smoothing->update(*y, 0); }));
    std::printf("%.4f ms ten more\n", millisecondsOf(
                                          [&] {
                                              append(10);
                                              smoothing->update(*y, y->size() - 10);
                                          },
                                          100));

    Chart chart(QStringLiteral("benchmark"), QStringLiteral("Loss"), NumberStyle::Plain);
    chart.resize(1600, 400);
    Curve raw, bold;
    raw.style = CurveStyle::Faint;
    bold.style = CurveStyle::Bold;
    raw.x = bold.x = x;
    raw.y = y;
    bold.y = std::shared_ptr<const Column>(smoothing, &smoothing->result());
    chart.setCurves({raw, bold});
    chart.show();
    chart.replotNow();
    for (bool isLog : {false, true}) {
        chart.setLogX(isLog);
        chart.setLogY(isLog);
        chart.group()->fit();
        std::printf("replot, %s   %8.2f ms everything, ", isLog ? "log   " : "linear",
                    millisecondsOf([&] { chart.replotNow(); }, 20));
        std::printf("%.2f ms while zooming in\n", millisecondsOf(
                                                      [&] {
                                                          chart.group()->zoom(0.8, chart.group()->upper() * 0.7);
                                                          chart.replotNow();
                                                      },
                                                      40));
    }
    std::printf("cursor          %8.2f ms\n",
                millisecondsOf([&] { chart.group()->setCursor(double(random() % unsigned(count))); }, 50));
    return 0;
}
