#include "ui/core/json_values.h"

#include <QTimeZone>
#include <limits>

namespace radlads::ui {

double numberFromJson(const QJsonValue& value, double absent) {
    if (value.isDouble()) return value.toDouble();
    if (!value.isString()) return absent;
    const QString text = value.toString();
    if (text == QLatin1String("nan")) return std::numeric_limits<double>::quiet_NaN();
    if (text == QLatin1String("inf")) return std::numeric_limits<double>::infinity();
    if (text == QLatin1String("-inf")) return -std::numeric_limits<double>::infinity();
    return absent;
}

std::optional<double> optionalNumberFromJson(const QJsonValue& value) {
    if (!value.isDouble() && !value.isString()) return std::nullopt;
    return numberFromJson(value);
}

qint64 msecsFromTimeText(const QString& text) {
    // 2026-11-25T15:26:00.123Z
    const auto digits = [&text](int from, int count) -> int {
        int number = 0;
        for (int i = from; i < from + count; ++i) {
            const int digit = text.at(i).unicode() - u'0';
            if (digit < 0 || digit > 9) return -1;
            number = number * 10 + digit;
        }
        return number;
    };
    if (text.size() < 20 || text.at(10) != u'T' || !text.endsWith(u'Z')) return -1;
    const int year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
    const int hour = digits(11, 2), minute = digits(14, 2), second = digits(17, 2);
    const bool hasMilliseconds = text.size() == 24 && text.at(19) == u'.';
    if (!hasMilliseconds && text.size() != 20) return -1;
    const int millisecond = hasMilliseconds ? digits(20, 3) : 0;
    if (year < 0 || month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0 || millisecond < 0) return -1;
    const QDate date(year, month, day);
    if (!date.isValid()) return -1;
    const qint64 days = date.toJulianDay() - 2440588;  // of 1970-01-01
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + millisecond;
}

QDateTime timeFromJson(const QJsonValue& value) {
    const qint64 msecs = msecsFromTimeText(value.toString());
    return msecs < 0 ? QDateTime() : QDateTime::fromMSecsSinceEpoch(msecs, Qt::UTC);
}

}  // namespace radlads::ui
