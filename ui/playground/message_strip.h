// One sentence that needs attention, with its icon, where the thing is that it is about; it goes when it is closed or
// replaced.
#pragma once

#include <QFrame>

#include "ui/core/theme.h"

class QLabel;
class QToolButton;

namespace radlads::ui {

class MessageStrip : public QFrame {
    Q_OBJECT
public:
    explicit MessageStrip(QWidget* parent = nullptr);
    void say(Role role, const QString& text);  // Success, Warning or Failure
    void clear();
    QString text() const;

private:
    void updateColours();

    Role m_role = Role::Warning;
    QLabel* m_icon;
    QLabel* m_text;
    QToolButton* m_close;
};

}  // namespace radlads::ui
