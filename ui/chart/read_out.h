// The values of a group of charts at its cursor, or the newest ones: one line a curve. Owned by its parent; GUI thread.
#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/chart/chart_group.h"

namespace radlads::ui {

class ReadOut : public QWidget {
    Q_OBJECT
public:
    explicit ReadOut(QWidget* parent = nullptr);

    void setGroup(ChartGroup* group);
    // The lines as text: what a screen reader reads and tests look at.
    QStringList lines() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Row {
        QString name, value;
        int stroke = -1;
        CurveStyle style = CurveStyle::Thin;
    };
    void refresh();
    int rowHeight() const;

    QPointer<ChartGroup> m_group;
    QString m_title;
    QList<Row> m_rows;
};

}  // namespace radlads::ui
