// Where the plans of several runs differ. Plain values.
#pragma once

#include <QJsonObject>
#include <QStringList>
#include <QVector>

namespace radlads::ui {

struct DifferingKey {
    QString key;         // "steps.1.learning_rate.initial"
    QStringList values;  // one a plan; empty: the plan has no such key
};

// Only keys whose values differ, in the order of the plans. The plan's name is left out: it differs between any two.
QVector<DifferingKey> planDifferences(const QVector<QJsonObject>& plans);

}  // namespace radlads::ui
