// Columns of numbers for charts: they grow at the end, lose their end after a rollback, and tell the extremes of any
// part in logarithmic time. Plain values without a thread of their own; a chart's owner fills them.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace radlads::ui {

// What is known of the finite values of a part of a column. min > max: there are none.
struct Extremes {
    float min = std::numeric_limits<float>::infinity();
    float max = -std::numeric_limits<float>::infinity();
    float minPositive = std::numeric_limits<float>::infinity();  // the smallest above zero, for logarithmic axes

    bool isEmpty() const { return min > max; }
    void add(float value);
    void add(const Extremes& other);
    bool operator==(const Extremes&) const = default;
};

// Values of y. Besides the values it keeps the extremes of groups of 16, 32, 64, ... values: a quarter more memory. NaN
// and infinities are gaps. The first and last value of a group are the values themselves.
class Column {
public:
    size_t size() const { return m_values.size(); }
    bool isEmpty() const { return m_values.empty(); }
    float at(size_t index) const { return m_values[index]; }
    void append(double value);    // constant time on average
    void truncate(size_t count);  // keeps the first `count`
    void reserve(size_t count) { m_values.reserve(count); }
    Extremes extremes(size_t begin, size_t end) const;  // of [begin, end)

private:
    static constexpr size_t kGroup = 16;
    std::vector<float> m_values;
    std::vector<std::vector<Extremes>> m_levels;  // level k: complete groups of kGroup << k
};

// Values of x: never smaller than the one before (a smaller or undefined one is raised to it).
class XColumn {
public:
    size_t size() const { return m_values.size(); }
    double at(size_t index) const { return m_values[index]; }
    void append(double value);
    void truncate(size_t count);
    size_t lowerBound(double x, size_t from = 0) const;  // first index whose value is >= x
    size_t upperBound(double x, size_t from = 0) const;  // first index whose value is > x
    // The index whose x is nearest; the last of several. Only for a column that isn't empty.
    size_t nearest(double x) const;

private:
    std::vector<double> m_values;
};

// How far a run is, in the three ways that a chart can count it.
enum class XUnit { Steps, Tokens, Hours };

struct XPoint {
    double steps = 0, tokens = 0, hours = 0;
    double in(XUnit unit) const { return unit == XUnit::Steps ? steps : unit == XUnit::Tokens ? tokens : hours; }
};

// The x values that the columns of one run share.
struct XColumns {
    XColumn steps, tokens, hours;

    const XColumn& in(XUnit unit) const {
        return unit == XUnit::Steps ? steps : unit == XUnit::Tokens ? tokens : hours;
    }
    size_t size() const { return steps.size(); }
    void append(const XPoint& point);
    void truncate(size_t count);
    XPoint at(size_t index) const { return {steps.at(index), tokens.at(index), hours.at(index)}; }
};

}  // namespace radlads::ui
