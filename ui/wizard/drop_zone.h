// A frame that takes dropped files. Owned by its page; GUI thread.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QStringList>

namespace radlads::ui {

class DropZone : public QFrame {
    Q_OBJECT
public:
    DropZone(const QString& text, QWidget* parent);

Q_SIGNALS:
    void dropped(const QStringList& paths);

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* m_text;
    bool m_isOver = false;
};

}  // namespace radlads::ui
