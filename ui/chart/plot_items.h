// The parts that a chart draws on QCustomPlot. Owned by the plot; GUI thread. Internal to ui/chart.
#pragma once

#include "ui/chart/chart.h"
#include "ui/chart/decimate.h"
#include "ui/chart/qcustomplot_header.h"

namespace radlads::ui {

// The one curve of a chart, drawn from its columns with as many points as there are pixels.
class CurvePlottable : public QCPAbstractPlottable {
    Q_OBJECT
public:
    CurvePlottable(QCPAxis* keyAxis, QCPAxis* valueAxis, Curve curve);
    const Curve& curve() const { return m_curve; }
    void setUnit(XUnit unit) { m_unit = unit; }
    void updatePen();

    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }
    QCPRange getKeyRange(bool& foundRange, QCP::SignDomain domain) const override;
    QCPRange getValueRange(bool& foundRange, QCP::SignDomain domain, const QCPRange& keyRange) const override;

protected:
    void draw(QCPPainter* painter) override;
    void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;

private:
    void drawLine(QCPPainter* painter, const QVector<QPointF>& line, double pixelRatio);
    void drawSpans(QCPPainter* painter, const QVector<QPointF>& line, double pixelRatio);

    Curve m_curve;
    XUnit m_unit = XUnit::Steps;
    std::vector<PlotPoint> m_points;  // kept for their memory
};

// An item that covers the axis rectangle and draws itself.
class OverlayItem : public QCPAbstractItem {
    Q_OBJECT
public:
    OverlayItem(QCustomPlot* plot, const QString& layer);
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }
    void setUnit(XUnit unit) { m_unit = unit; }

protected:
    QRectF area() const;
    double pixelOf(double x) const;

    XUnit m_unit = XUnit::Steps;
};

class BandsItem : public OverlayItem {
    Q_OBJECT
public:
    explicit BandsItem(QCustomPlot* plot) : OverlayItem(plot, QStringLiteral("bands")) {}
    QVector<ChartBand> bands;

protected:
    void draw(QCPPainter* painter) override;
};

// The names of the bands, above the curves.
class BandNamesItem : public OverlayItem {
    Q_OBJECT
public:
    BandNamesItem(QCustomPlot* plot, const BandsItem* bands)
        : OverlayItem(plot, QStringLiteral("marks")), m_bands(bands) {}

protected:
    void draw(QCPPainter* painter) override;

private:
    const BandsItem* m_bands;
};

class MarksItem : public OverlayItem {
    Q_OBJECT
public:
    static constexpr double kHeight = 14;  // of the strip at the bottom of the plot where the signs are
    explicit MarksItem(QCustomPlot* plot) : OverlayItem(plot, QStringLiteral("marks")) {}
    QVector<ChartMark> marks;
    // What is under this pixel, one line a mark, and where.
    QString textAt(const QPointF& pixel) const;

protected:
    void draw(QCPPainter* painter) override;
    QRect clipRect() const override;
};

class CursorItem : public OverlayItem {
    Q_OBJECT
public:
    explicit CursorItem(QCustomPlot* plot) : OverlayItem(plot, QStringLiteral("cursor")) {}
    std::optional<double> x;
    struct Dot {
        double x, y;
        QColor color;
    };
    QVector<Dot> dots;

protected:
    void draw(QCPPainter* painter) override;
};

// The chart's title, and behind it what its strokes mean.
class HeaderElement : public QCPLayoutElement {
    Q_OBJECT
public:
    explicit HeaderElement(QCustomPlot* plot) : QCPLayoutElement(plot) {}
    QString title;
    const QVector<Curve>* curves = nullptr;
    QSize minimumOuterSizeHint() const override;
    QSize maximumOuterSizeHint() const override;

protected:
    void draw(QCPPainter* painter) override;
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(true); }

private:
    int height() const;
};

// The ticks and labels of axis_format.h.
class RoundTicker : public QCPAxisTicker {
public:
    Scale scale = Scale::Linear;
    NumberStyle style = NumberStyle::Plain;
    int wanted = 5;
    void generate(const QCPRange& range, const QLocale& locale, QChar formatChar, int precision, QVector<double>& ticks,
                  QVector<double>* subTicks, QVector<QString>* labels) override;
};

}  // namespace radlads::ui
