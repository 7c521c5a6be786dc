// Where the ticks of an axis go and what they say.
#pragma once

#include <QString>
#include <QVector>

#include "ui/chart/decimate.h"

namespace radlads::ui {

// What the numbers of an axis are.
enum class NumberStyle { Plain, Count, Bytes, Seconds, Hours, Rate };

// At most about `wanted` round values in [lower, upper], increasing. A logarithmic scale gets powers of ten, their 2
// and 5 when there is room, and round values where less than a power of ten is shown.
QVector<double> axisTicks(double lower, double upper, Scale scale, NumberStyle style, int wanted);
// Their texts, all with the same decimals and, where sizes allow, the same unit: "1.5 M", "10⁻⁴", "30 min".
QVector<QString> axisLabels(const QVector<double>& ticks, Scale scale, NumberStyle style);
// One value for a read-out: "0.1423", "25.3 k tok/s", "14.2 GB", "1 h 52 min".
QString valueText(double value, NumberStyle style);
// A place on the x axis for a read-out: "step 1,234", "305 M tokens", "1 h 52 min".
QString xText(double value, XUnit unit);
NumberStyle numberStyle(XUnit unit);
QString unitTitle(XUnit unit);  // "Steps", "Tokens", "Hours"

}  // namespace radlads::ui
