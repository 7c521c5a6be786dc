// Gives a widget the name that tests find it by and the one that screen readers say.
#pragma once

#include <QWidget>

namespace radlads::ui {

template <typename Widget>
Widget* named(Widget* widget, const QString& objectName, const QString& accessibleName) {
    widget->setObjectName(objectName);
    widget->setAccessibleName(accessibleName);
    return widget;
}

}  // namespace radlads::ui
