// Turns a column of any length into as few points as the pixels can show, without losing a single extreme.
#pragma once

#include <vector>

#include "ui/chart/column.h"

namespace radlads::ui {

enum class Scale { Linear, Logarithmic };

// The pixel columns of a plot: column c shows the x values in [edge(c), edge(c + 1)), the last one its upper edge too.
struct PixelColumns {
    double lower = 0, upper = 1;
    int count = 1;
    Scale scale = Scale::Linear;

    double edge(int column) const;
};

struct PlotPoint {
    double x = 0, y = 0;  // y is NaN where the line is broken

    bool isGap() const { return std::isnan(y); }
};

// Writes the line to draw to `points` (its former content is dropped): all points where there are few, and the first,
// the smallest, the largest and the last of a pixel column where there are many, with one point on either side of the
// plot. On a logarithmic y scale values that aren't positive are gaps. Time: O(columns · log(points)).
void decimate(const XColumn& x, const Column& y, const PixelColumns& columns, Scale yScale,
              std::vector<PlotPoint>& points);

}  // namespace radlads::ui
