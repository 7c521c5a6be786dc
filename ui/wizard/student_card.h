// A student to choose: its name, a drawing of its layer and what it means for memory and software. GUI thread.
#pragma once

#include <QAbstractButton>
#include <QStringList>

#include "engine/protocol/plan.h"

namespace radlads::ui {

class StudentCard : public QAbstractButton {
    Q_OBJECT
public:
    StudentCard(protocol::Architecture architecture, const QString& title, QWidget* parent);
    void setFacts(const QStringList& facts);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int factsHeight(int width) const;

    protocol::Architecture m_architecture;
    QStringList m_facts;
};

// The layer as a block diagram within `area`.
void drawLayer(QPainter& painter, const QRectF& area, protocol::Architecture architecture, const QPalette& palette);

}  // namespace radlads::ui
