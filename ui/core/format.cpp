#include "ui/core/format.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <array>
#include <cmath>

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Format)
};

QString unknown() {
    return u"–"_s;
}

// At most `digits` significant digits, without zeros at the end and without an exponent.
QString shortNumber(double value, int digits) {
    const int before = value == 0 ? 1 : static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
    QString text = QLocale().toString(value, 'f', std::max(0, digits - std::max(before, 1)));
    const QString point = QLocale().decimalPoint();
    if (text.contains(point)) {
        while (text.endsWith(QLocale().zeroDigit())) text.chop(1);
        if (text.endsWith(point)) text.chop(point.size());
    }
    return text;
}

QString scaled(double value, const QString& unit) {
    if (!std::isfinite(value)) return unknown();
    static const std::array<const char*, 6> prefixes{"", "k", "M", "G", "T", "P"};
    std::size_t index = 0;
    double size = std::fabs(value);
    while (size >= 999.5 && index + 1 < prefixes.size()) {
        size /= 1000;
        value /= 1000;
        ++index;
    }
    const QString suffix = QString::fromLatin1(prefixes.at(index)) + unit;
    const QString number = shortNumber(value, 3);
    return suffix.isEmpty() ? number : number + u'\u00a0' + suffix;
}

}  // namespace

QString countText(double value) {
    return scaled(value, QString());
}
QString bytesText(double bytes) {
    return scaled(bytes, u"B"_s);
}

QString durationText(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return unknown();
    if (seconds < 1) return Words::tr("less than 1 s");
    const auto whole = static_cast<qint64>(std::llround(seconds));
    if (whole < 60) return Words::tr("%1 s").arg(whole);
    if (whole < 600 && whole % 60 != 0) return Words::tr("%1 min %2 s").arg(whole / 60).arg(whole % 60);
    const qint64 minutes = (whole + 30) / 60;
    if (minutes < 60) return Words::tr("%1 min").arg(minutes);
    const qint64 hours = minutes / 60;
    if (hours < 24)
        return minutes % 60 == 0 ? Words::tr("%1 h").arg(hours) : Words::tr("%1 h %2 min").arg(hours).arg(minutes % 60);
    const qint64 wholeHours = (whole + 1800) / 3600;
    if (wholeHours % 24 == 0) return Words::tr("%1 d").arg(wholeHours / 24);
    return Words::tr("%1 d %2 h").arg(wholeHours / 24).arg(wholeHours % 24);
}

QString rateText(double tokensPerSecond) {
    return std::isfinite(tokensPerSecond) ? Words::tr("%1 tok/s").arg(countText(tokensPerSecond)) : unknown();
}

QString numberText(double value, int significant) {
    if (std::isnan(value)) return Words::tr("not a number");
    if (std::isinf(value)) return value > 0 ? u"∞"_s : u"−∞"_s;
    const double size = std::fabs(value);
    if (size == 0) return QLocale().toString(0);
    if (size >= 1e-3 && size < 1e6) {
        const int zeros = size < 1 ? static_cast<int>(-std::floor(std::log10(size))) : 0;
        return shortNumber(value, significant + zeros);
    }
    const int exponent = static_cast<int>(std::floor(std::log10(size)));
    const QString mantissa = shortNumber(value / std::pow(10.0, exponent), significant);
    return u"%1e%2"_s.arg(mantissa).arg(exponent);
}

QString percentText(double share) {
    if (!std::isfinite(share)) return unknown();
    return Words::tr("%1 %").arg(QLocale().toString(share * 100, 'f', 0));
}

QString agoText(const QDateTime& time, const QDateTime& now) {
    if (!time.isValid()) return unknown();
    const qint64 seconds = time.secsTo(now);
    if (seconds < 5) return Words::tr("just now");
    if (seconds < 60) return Words::tr("%1 s ago").arg(seconds);
    if (seconds < 3600) return Words::tr("%1 min ago").arg(seconds / 60);
    if (seconds < 24 * 3600) return Words::tr("%1 h ago").arg(seconds / 3600);
    return finishText(time, now);
}

QString finishText(const QDateTime& finish, const QDateTime& now) {
    if (!finish.isValid()) return unknown();
    const QDateTime local = finish.toLocalTime();
    const QString clock = QLocale().toString(local.time(), u"HH:mm"_s);
    const qint64 days = now.toLocalTime().date().daysTo(local.date());
    if (days == 0) return Words::tr("today %1").arg(clock);
    if (days == 1) return Words::tr("tomorrow %1").arg(clock);
    if (days == -1) return Words::tr("yesterday %1").arg(clock);
    if (days > 1 && days < 7) return u"%1 %2"_s.arg(QLocale().dayName(local.date().dayOfWeek()), clock);
    if (local.date().year() == now.toLocalTime().date().year())
        return u"%1 %2"_s.arg(QLocale().toString(local.date(), u"d MMM"_s), clock);
    return u"%1 %2"_s.arg(QLocale().toString(local.date(), u"d MMM yyyy"_s), clock);
}

QString stepTitle(const QString& kind) {
    if (kind == "align"_L1) return Words::tr("Align");
    if (kind == "distill"_L1) return Words::tr("Distill");
    if (kind == "extend"_L1) return Words::tr("Extend");
    if (kind == "pretrain"_L1) return Words::tr("Pretrain");
    return kind;
}

}  // namespace radlads::ui
