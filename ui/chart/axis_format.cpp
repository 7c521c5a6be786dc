#include "ui/chart/axis_format.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <array>
#include <cmath>

#include "ui/core/format.h"

namespace radlads::ui {
namespace {

constexpr int kMostTicks = 64;  // whatever the range is

struct Text {
    Q_DECLARE_TR_FUNCTIONS(radlads::ui::ChartText)
};

// The round step of at least `rough`.
double roundStep(double rough) {
    const double magnitude = std::pow(10.0, std::floor(std::log10(rough)));
    for (double factor : {1.0, 2.0, 5.0}) {
        if (factor * magnitude >= rough * (1 - 1e-9)) return factor * magnitude;
    }
    return 10 * magnitude;
}

double roundHours(double rough) {
    constexpr std::array kSteps = {1.0,   2.0,    5.0,    10.0,   15.0,    30.0,    60.0,    120.0,   300.0,   600.0,
                                   900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0, 172800.0};
    const double seconds = rough * 3600;
    if (seconds < kSteps.front() || seconds > kSteps.back()) return roundStep(rough);
    return *std::lower_bound(kSteps.begin(), kSteps.end(), seconds * (1 - 1e-9)) / 3600;
}

QVector<double> roundTicks(double lower, double upper, NumberStyle style, int wanted) {
    QVector<double> ticks;
    const double rough = (upper - lower) / std::max(1, wanted);
    if (!(rough > 0) || !std::isfinite(rough)) return ticks;
    const double step = style == NumberStyle::Hours ? roundHours(rough) : roundStep(rough);
    const double first = std::ceil(lower / step - 1e-9);
    for (int i = 0; i < kMostTicks; ++i) {
        const double tick = (first + i) * step;
        if (tick > upper + step * 1e-9) break;
        ticks.append(std::abs(tick) < step * 1e-9 ? 0.0 : tick);
    }
    return ticks;
}

// One tick alone says nothing about the scale: then there are more than wanted.
QVector<double> linearTicks(double lower, double upper, NumberStyle style, int wanted) {
    QVector<double> ticks = roundTicks(lower, upper, style, wanted);
    for (int more = 1; ticks.size() == 1 && more <= 3; ++more)
        ticks = roundTicks(lower, upper, style, std::max(1, wanted) + more);
    return ticks;
}

QVector<double> logarithmicTicks(double lower, double upper, NumberStyle style, int wanted) {
    QVector<double> ticks;
    if (!(lower > 0) || !(upper > lower)) return ticks;
    const double decades = std::log10(upper / lower);
    if (decades < 0.7) return linearTicks(lower, upper, style, wanted);
    static const QVector<double> kOne = {1}, kFew = {1, 3}, kMany = {1, 2, 5};
    const auto& factors = decades * 3 <= wanted ? kMany : decades * 2 <= wanted ? kFew : kOne;
    const int stride = factors == kOne ? std::max(1, int(std::ceil(decades / std::max(1, wanted)))) : 1;
    const int first = int(std::floor(std::log10(lower))), last = int(std::ceil(std::log10(upper)));
    for (int power = first; power <= last && ticks.size() < kMostTicks; ++power) {
        if (power % stride != 0) continue;
        for (double factor : factors) {
            const double tick = factor * std::pow(10.0, power);
            if (tick >= lower * (1 - 1e-9) && tick <= upper * (1 + 1e-9)) ticks.append(tick);
        }
    }
    return ticks.size() < 2 ? linearTicks(lower, upper, style, wanted) : ticks;
}

// Digits after the point that tell ticks apart which are `step` apart.
int decimalsFor(double step) {
    if (!(step > 0)) return 0;
    const int decimals = int(std::max(0.0, -std::floor(std::log10(step) + 1e-9)));
    const double scaled = step * std::pow(10.0, decimals);
    return std::min(12, decimals + (std::abs(scaled - std::round(scaled)) > 1e-6 ? 1 : 0));
}

QString superscript(int power) {
    static const QString kDigits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString text = power < 0 ? QStringLiteral("⁻") : QString();
    for (QChar digit : QString::number(std::abs(power))) text += kDigits[digit.digitValue()];
    return text;
}

// 2·10⁻⁵
QString powerText(double value) {
    int power = int(std::floor(std::log10(std::abs(value)) + 1e-9));
    double mantissa = value / std::pow(10.0, power);
    if (std::abs(mantissa - 10) < 1e-9) mantissa = 1, ++power;
    const QString ten = QStringLiteral("10") + superscript(power);
    const int decimals = std::abs(mantissa - std::round(mantissa)) < 1e-6 ? 0 : 1;
    return std::abs(mantissa - 1) < 1e-6 ? ten
                                         : QLocale().toString(mantissa, 'f', decimals) + QStringLiteral("·") + ten;
}

struct Unit {
    double factor;
    QString suffix;
};

Unit unitFor(double largest, NumberStyle style) {
    const QString end = style == NumberStyle::Bytes ? QStringLiteral("B") : QString();
    constexpr std::array<std::pair<double, const char*>, 4> kUnits = {
        {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
    for (const auto& [factor, letter] : kUnits) {
        if (largest >= factor * (1 - 1e-9)) return {factor, QStringLiteral(" ") + QLatin1String(letter) + end};
    }
    return {1, end.isEmpty() ? end : QStringLiteral(" ") + end};
}

QString hoursLabel(double hours, double step) {
    const qint64 seconds = qRound64(hours * 3600);
    const qint64 h = seconds / 3600, m = seconds / 60 % 60, s = seconds % 60;
    if (step >= 1 - 1e-9) return Text::tr("%1 h").arg(QLocale().toString(h));
    if (step * 60 >= 1 - 1e-9) {
        return h > 0 ? Text::tr("%1:%2 h").arg(h).arg(m, 2, 10, QLatin1Char('0')) : Text::tr("%1 min").arg(m);
    }
    if (step * 3600 >= 1 - 1e-9) {
        return h == 0 && m == 0 ? Text::tr("%1 s").arg(s)
                                : Text::tr("%1:%2 min").arg(h * 60 + m).arg(s, 2, 10, QLatin1Char('0'));
    }
    return Text::tr("%1 s").arg(QLocale().toString(hours * 3600, 'f', decimalsFor(step * 3600)));
}

double smallestDistance(const QVector<double>& ticks) {
    double distance = ticks.size() > 1 ? ticks[1] - ticks[0] : std::abs(ticks.value(0));
    for (int i = 2; i < ticks.size(); ++i) distance = std::min(distance, ticks[i] - ticks[i - 1]);
    return distance;
}

QString plainLabel(double tick, double step, double largest) {
    if (tick == 0) return QStringLiteral("0");
    if (largest < 1e-3 || largest >= 1e6) return powerText(tick);
    return QLocale().toString(tick, 'f', decimalsFor(step));
}

// On a logarithmic axis each tick has its own unit: their sizes differ too much for a common one.
QString logarithmicLabel(double tick, NumberStyle style) {
    if (tick <= 0) return QStringLiteral("0");
    if (style == NumberStyle::Hours) return hoursLabel(tick, tick);
    if (style == NumberStyle::Plain || tick < 1) {
        return tick < 1e-3 * (1 - 1e-9) || tick >= 1e5 ? powerText(tick) : QLocale().toString(tick, 'g', 6);
    }
    const Unit unit = unitFor(tick, style);
    return QLocale().toString(tick / unit.factor, 'g', 6) + unit.suffix;
}

}  // namespace

QVector<double> axisTicks(double lower, double upper, Scale scale, NumberStyle style, int wanted) {
    if (!std::isfinite(lower) || !std::isfinite(upper)) return {};
    return scale == Scale::Linear ? linearTicks(lower, upper, style, wanted)
                                  : logarithmicTicks(lower, upper, style, wanted);
}

QVector<QString> axisLabels(const QVector<double>& ticks, Scale scale, NumberStyle style) {
    QVector<QString> labels;
    if (ticks.isEmpty()) return labels;
    const double step = smallestDistance(ticks);
    const double largest = std::max(std::abs(ticks.first()), std::abs(ticks.last()));
    const bool isWide = scale == Scale::Logarithmic && ticks.first() > 0 && ticks.last() / ticks.first() > 5.5;
    const Unit unit = unitFor(largest, style);
    for (double tick : ticks) {
        if (isWide) {
            labels.append(logarithmicLabel(tick, style));
        } else if (style == NumberStyle::Hours) {
            labels.append(tick == 0 ? QStringLiteral("0") : hoursLabel(tick, step));
        } else if (style == NumberStyle::Plain || (style == NumberStyle::Seconds && largest < 1e-6)) {
            labels.append(plainLabel(tick, step, largest));
        } else if (style == NumberStyle::Seconds) {
            const double factor = largest < 1e-3 ? 1e-6 : largest < 1 ? 1e-3 : 1;
            const char* suffix = largest < 1e-3 ? " µs" : largest < 1 ? " ms" : " s";
            labels.append(tick == 0 ? QStringLiteral("0")
                                    : QLocale().toString(tick / factor, 'f', decimalsFor(step / factor)) +
                                          QString::fromUtf8(suffix));
        } else {
            labels.append(tick == 0 ? QStringLiteral("0")
                                    : QLocale().toString(tick / unit.factor, 'f', decimalsFor(step / unit.factor)) +
                                          unit.suffix);
        }
    }
    return labels;
}

QString valueText(double value, NumberStyle style) {
    if (std::isnan(value)) return Text::tr("not a number");
    if (std::isinf(value)) return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
    switch (style) {
        case NumberStyle::Plain:
            if (value != 0 && (std::abs(value) < 1e-3 || std::abs(value) >= 1e6)) {
                const int power = int(std::floor(std::log10(std::abs(value)) + 1e-12));
                return QLocale().toString(value / std::pow(10.0, power), 'f', 2) + QStringLiteral("·10") +
                       superscript(power);
            }
            return numberText(value);
        case NumberStyle::Count:
            return countText(value);
        case NumberStyle::Bytes:
            return bytesText(value);
        case NumberStyle::Rate:
            return rateText(value);
        case NumberStyle::Hours:
            return durationText(value * 3600);
        case NumberStyle::Seconds:
            if (value < 1e-3) return Text::tr("%1 µs").arg(numberText(value * 1e6, 3));
            if (value < 1) return Text::tr("%1 ms").arg(numberText(value * 1e3, 3));
            return value < 60 ? Text::tr("%1 s").arg(numberText(value, 3)) : durationText(value);
    }
    return {};
}

QString xText(double value, XUnit unit) {
    switch (unit) {
        case XUnit::Steps:
            return Text::tr("Step %1").arg(QLocale().toString(qRound64(value)));
        case XUnit::Tokens:
            return Text::tr("%1 tokens").arg(countText(value));
        case XUnit::Hours:
            return durationText(value * 3600);
    }
    return {};
}

NumberStyle numberStyle(XUnit unit) {
    return unit == XUnit::Hours ? NumberStyle::Hours : NumberStyle::Count;
}

QString unitTitle(XUnit unit) {
    return unit == XUnit::Steps ? Text::tr("Steps") : unit == XUnit::Tokens ? Text::tr("Tokens") : Text::tr("Hours");
}

}  // namespace radlads::ui
