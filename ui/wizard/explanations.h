// One short paragraph for every choice: what it is, what the paper used or found, when to change it.
#pragma once

#include <QString>
#include <QWidget>

namespace radlads::ui {

struct Explanation {
    QString title, text;
};

// topic: a plan key ("steps.1.learning_rate.initial"; numbers don't matter) or a word of its own ("page.teacher").
// Empty where there is none.
Explanation explanationOf(const QString& topic);

// The paragraph that is shown while the widget, or one inside it, has the focus.
void explain(QWidget* widget, const QString& topic);
// Of the widget or its nearest ancestor that has one.
QString topicOf(const QWidget* widget);

}  // namespace radlads::ui
