// Reading the wire's values: numbers that may be "nan" or "inf", and times.
#pragma once

#include <QDateTime>
#include <QJsonValue>
#include <optional>

namespace radlads::ui {

double numberFromJson(const QJsonValue& value, double absent = 0);  // "nan", "inf" and "-inf" are numbers too
std::optional<double> optionalNumberFromJson(const QJsonValue& value);
// RFC 3339 in UTC, with or without milliseconds; -1 if it is not a time. Fast: a replay reads hundreds of thousands.
qint64 msecsFromTimeText(const QString& text);
QDateTime timeFromJson(const QJsonValue& value);

}  // namespace radlads::ui
