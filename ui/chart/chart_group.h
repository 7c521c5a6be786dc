// What charts side by side have in common: the range of x and its unit, the cursor, and whether they follow the newest
// data. Owned by whoever owns the charts (a chart that stands alone owns its own); GUI thread.
#pragma once

#include <QColor>
#include <QList>
#include <QObject>
#include <optional>

#include "ui/chart/axis_format.h"
#include "ui/chart/curve_sample.h"

namespace radlads::ui {

class Chart;

// One line of a read-out: a curve and its value at the point nearest to the cursor.
struct ReadOutValue {
    QString chart, curve, text;
    double value = 0;
    int stroke = 0;
    CurveStyle style = CurveStyle::Thin;
};

class ChartGroup : public QObject {
    Q_OBJECT
public:
    explicit ChartGroup(QObject* parent = nullptr);

    void add(Chart* chart);
    void remove(Chart* chart);
    const QList<Chart*>& charts() const { return m_charts; }

    XUnit unit() const { return m_unit; }
    void setUnit(XUnit unit);  // keeps range and cursor on the same points

    double lower() const { return m_lower; }
    double upper() const { return m_upper; }
    void setRange(double lower, double upper);  // what the user does: ends following
    void zoom(double factor, double centre);    // factor < 1: closer
    void pan(double share);                     // by this share of the range
    // Everything, and growing with it.
    void fit();
    bool isFitted() const { return m_isFitted; }
    // The newest data stays in sight: the range moves on with it.
    bool isFollowing() const { return m_isFollowing; }
    void follow();
    // A logarithmic x axis is common to the charts, and remembered under the key of each.
    bool isLogX() const { return m_isLogX; }
    void setLogX(bool isLogX);

    std::optional<double> cursor() const { return m_cursor; }
    void setCursor(std::optional<double> x);
    // At the cursor, or the newest values without one.
    QList<ReadOutValue> readOut() const;
    std::optional<XPoint> readOutPoint() const;

    void dataChanged();  // called by charts

Q_SIGNALS:
    void rangeChanged();
    void followingChanged(bool isFollowing);
    void cursorChanged();
    void unitChanged();
    void dataArrived();
    void logXChanged(bool isLogX);

private:
    std::optional<std::pair<double, double>> dataRange() const;
    void applyRange(double lower, double upper);
    void setFollowing(bool isFollowing);
    Scale scale() const { return m_isLogX ? Scale::Logarithmic : Scale::Linear; }

    QList<Chart*> m_charts;
    XUnit m_unit = XUnit::Steps;
    double m_lower = 0, m_upper = 1;
    bool m_isFollowing = true, m_isFitted = true, m_isLogX = false;
    std::optional<double> m_cursor;
};

}  // namespace radlads::ui
