#include "ui/monitor/plan_differences.h"

#include <QCoreApplication>
#include <QHash>
#include <QJsonArray>
#include <QLocale>
#include <algorithm>
#include <cmath>

namespace radlads::ui {
namespace {

struct Text {
    Q_DECLARE_TR_FUNCTIONS(radlads::ui::PlanDifferences)
};

// By key, in the order in which they are found.
struct Leaves {
    QStringList keys;
    QHash<QString, QString> texts;

    void add(const QString& key, const QString& text) {
        keys.append(key);
        texts.insert(key, text);
    }
};

QString numberLeaf(double value) {
    if (value == std::floor(value) && std::abs(value) < 1e15) return QLocale().toString(qint64(value));
    return QLocale().toString(value, 'g', QLocale::FloatingPointShortest);
}

void flatten(const QJsonValue& value, const QString& key, Leaves& leaves) {
    const auto below = [&](const QString& part) { return key.isEmpty() ? part : key + QLatin1Char('.') + part; };
    switch (value.type()) {
        case QJsonValue::Object: {
            const QJsonObject object = value.toObject();
            for (auto it = object.begin(); it != object.end(); ++it) flatten(it.value(), below(it.key()), leaves);
            break;
        }
        case QJsonValue::Array: {
            const QJsonArray array = value.toArray();
            if (array.isEmpty()) leaves.add(key, Text::tr("none"));
            for (int i = 0; i < array.size(); ++i) flatten(array[i], below(QString::number(i)), leaves);
            break;
        }
        case QJsonValue::Bool:
            leaves.add(key, value.toBool() ? Text::tr("yes") : Text::tr("no"));
            break;
        case QJsonValue::Double:
            leaves.add(key, numberLeaf(value.toDouble()));
            break;
        case QJsonValue::String:
            leaves.add(key, value.toString().isEmpty() ? Text::tr("(empty)") : value.toString());
            break;
        default:
            leaves.add(key, Text::tr("none"));
    }
}

}  // namespace

QVector<DifferingKey> planDifferences(const QVector<QJsonObject>& plans) {
    std::vector<Leaves> all(size_t(plans.size()));
    QStringList keys;
    for (qsizetype i = 0; i < plans.size(); ++i) {
        Leaves& leaves = all[size_t(i)];
        flatten(plans[i], {}, leaves);
        for (const QString& key : leaves.keys) {
            if (!keys.contains(key)) keys.append(key);
        }
    }
    keys.removeAll(QStringLiteral("name"));
    QVector<DifferingKey> differences;
    for (const QString& key : keys) {
        QStringList values;
        for (const Leaves& leaves : all) values.append(leaves.texts.value(key));
        if (std::any_of(values.begin(), values.end(), [&](const QString& value) { return value != values.first(); })) {
            differences.append({key, values});
        }
    }
    std::stable_sort(differences.begin(), differences.end(),
                     [](const auto& a, const auto& b) { return a.key < b.key; });
    return differences;
}

}  // namespace radlads::ui
