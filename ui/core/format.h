// Numbers, times and sizes for people, the same in every view and in the user's language.
#pragma once

#include <QDateTime>
#include <QString>
#include <optional>

namespace radlads::ui {

QString countText(double value);           // 25300 -> "25.3 k", 5e8 -> "500 M"
QString bytesText(double bytes);           // 1.42e10 -> "14.2 GB"
QString durationText(double seconds);      // 6720 -> "1 h 52 min"
QString rateText(double tokensPerSecond);  // "25.3 k tok/s"
QString numberText(double value, int significant = 4);
QString percentText(double share);                                  // 0.61 -> "61 %"
QString agoText(const QDateTime& time, const QDateTime& now);       // "12 s ago"
QString finishText(const QDateTime& finish, const QDateTime& now);  // "today 17:40", "Friday 09:10", "3 May 09:10"
QString stepTitle(const QString& kind);                             // "align" -> tr("Align")

}  // namespace radlads::ui
