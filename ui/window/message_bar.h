// Under the header: what needs a person, a line each, with the buttons that do something about it. Owned by the main
// window.
#pragma once

#include <QSet>
#include <QWidget>

#include "ui/window/attention.h"

class QVBoxLayout;

namespace radlads::ui {

class MessageBar : public QWidget {
    Q_OBJECT
public:
    explicit MessageBar(QWidget* parent = nullptr);

    void setStanding(const QVector<Message>& messages);  // as long as the situation lasts, or until closed
    void add(const Message& message);                    // one piece of news, until closed; the same id replaces
    void remove(const QString& id);
    QVector<Message> messages() const;

Q_SIGNALS:
    void deedWanted(radlads::ui::Deed deed, const QString& subject);

private:
    void rebuild();
    QWidget* makeLine(const Message& message);
    void close(const QString& id);

    QVBoxLayout* m_layout;
    QVector<Message> m_standing, m_news, m_shown;
    QSet<QString> m_closed;
};

}  // namespace radlads::ui
