// A chart of curves over the course of a run: it zooms, pans, follows the newest data and is read with a cursor, by
// mouse and by keyboard; a million points stay fluid. Owned by its parent widget; GUI thread.
#pragma once

#include <QVector>
#include <QWidget>
#include <memory>
#include <optional>

#include "ui/chart/chart_group.h"
#include "ui/chart/column.h"
#include "ui/chart/csv_table.h"
#include "ui/core/run_record.h"

class QMenu;

namespace radlads::ui {

class CsvExport;

// A curve of a chart. Columns are shared with the one who fills them, who calls Chart::dataChanged() after.
struct Curve {
    QString name;
    QString run;  // of which run, where a chart shows several
    int stroke = 0;
    CurveStyle style = CurveStyle::Thin;
    bool hasMarkers = false;  // now and then on the line, so that colour isn't all that tells it apart
    bool isInLegend = true;   // in the title line
    bool isInReadOut = true;
    bool isFitted = true;  // counts for the range of y
    std::shared_ptr<const XColumns> x;
    std::shared_ptr<const Column> y;
};

// A stretch of the x axis with a name: a step of the plan.
struct ChartBand {
    XPoint begin;
    std::optional<XPoint> end;  // open: to the newest data
    QString name;
};

struct ChartMark {
    MarkKind kind = MarkKind::Checkpoint;
    XPoint at;
    QString text;  // tooltip
};

class Chart : public QWidget {
    Q_OBJECT
public:
    // key: under which the chart's settings are remembered, "monitor/loss".
    Chart(QString key, QString title, NumberStyle style, QWidget* parent = nullptr);
    ~Chart() override;

    const QString& key() const;
    const QString& title() const;
    void setTitle(const QString& title, NumberStyle style);
    void setEmptyText(const QString& sentence);
    void setZeroBased(bool isZeroBased);  // a linear y axis starts at zero

    void setCurves(QVector<Curve> curves);
    const QVector<Curve>& curves() const;
    void setBands(QVector<ChartBand> bands);
    void setMarks(QVector<ChartMark> marks);
    const QVector<ChartMark>& marks() const;
    void dataChanged();  // the columns have grown or shrunk
    bool isEmpty() const;

    ChartGroup* group() const;

    bool isLogX() const;
    void setLogX(bool isLogX);
    bool isLogY() const;
    void setLogY(bool isLogY);
    void setDefaultLogY(bool isLogY);  // unless something else is remembered
    bool ignoresOutliers() const;
    void setIgnoresOutliers(bool ignores);
    void fitY();  // y fits what is shown again
    std::pair<double, double> yRange() const;

    // Where things are, in the widget's pixels.
    QRectF plotRect() const;
    double pixelOf(double x) const;
    double xAt(double pixel) const;

    // The values nearest to x of all curves; without x the newest ones.
    QList<ReadOutValue> valuesAt(std::optional<double> x) const;
    std::optional<XPoint> pointAt(double x) const;  // nearest point of the longest curve

    // Everything, or only what is in sight.
    enum class Extent { All, Visible };
    bool writeCsv(QIODevice& device, Extent extent, char separator = ',') const;
    CsvTable csvTable(Extent extent) const;  // a copy
    // Everything, in a thread; what takes long shows its progress and can be cancelled.
    CsvExport* saveCsv(const QString& path);
    bool savePng(const QString& path);
    bool savePdf(const QString& path);
    void copyData() const;  // of what is in sight, to paste into a table
    std::unique_ptr<QMenu> contextMenu();

    int replotCount() const;  // since it was made, without those of the cursor alone
    // Draws what has changed now instead of a little later.
    void replotNow();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void logYChanged(bool isLogY);
    void exportFailed(const QString& sentence);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    bool event(QEvent* event) override;

private:
    friend class ChartGroup;
    void joinGroup(ChartGroup* group);
    std::optional<std::pair<double, double>> dataRange(Scale scale) const;
    bool rememberedLogX() const;
    void rememberLogX(bool isLogX);
    void scheduleReplot();
    void updateCursor();
    void moveCursor(int pixels);
    void zoomY(double factor, double pixel);
    void sayNotWritten(const QString& path);
    QString askForFile(const QString& title, const QString& suffix);

    class Private;
    std::unique_ptr<Private> d;
};

}  // namespace radlads::ui
