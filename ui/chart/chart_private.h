// What a chart consists of. Internal to ui/chart.
#pragma once

#include <QElapsedTimer>
#include <QLabel>
#include <QPointer>
#include <QTimer>

#include "ui/chart/plot_items.h"

namespace radlads::ui {

class Chart::Private {
public:
    QString key, title, emptyText;
    NumberStyle style = NumberStyle::Plain;
    QCustomPlot* plot = nullptr;
    QLabel* emptyLabel = nullptr;
    ChartGroup* ownGroup = nullptr;
    QPointer<ChartGroup> group;
    QVector<Curve> curves;
    QVector<CurvePlottable*> plottables;
    BandsItem* bands = nullptr;
    MarksItem* marks = nullptr;
    BandNamesItem* bandNames = nullptr;
    CursorItem* cursor = nullptr;
    HeaderElement* header = nullptr;
    QSharedPointer<RoundTicker> xTicker, yTicker;
    QTimer replotTimer;
    QElapsedTimer sinceReplot;
    bool isDirty = true;  // something changed while it couldn't be seen
    bool isZeroBased = false, isLogY = false, ignoresOutliers = false;
    std::optional<std::pair<double, double>> manualY;  // chosen by the user
    int replots = 0;
    int labelWidth =
        0;  // room for the numbers of y: grows at once and shrinks rarely, so that zooming doesn't move the plot

    // The drag in progress.
    bool isPressed = false, isDragging = false, isCursorByMouse = false;
    QPointF pressed;
    double pressedLower = 0, pressedUpper = 0;
    std::pair<double, double> pressedY;

    void prepare(Chart* chart);  // ranges, ticks and pens, before every replot
    std::pair<double, double> fittedY() const;
    void applyTheme(Chart* chart);
    void fitLabels();
    void updateDots();
    const Curve* longestCurve() const;
    double wheelRest = 0;
};

}  // namespace radlads::ui
