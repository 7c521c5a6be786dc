// What the largest step holds in memory, by part, against what the device has. GUI thread.
#pragma once

#include <QJsonObject>
#include <QWidget>

namespace radlads::ui {

class MemoryBar : public QWidget {
    Q_OBJECT
public:
    explicit MemoryBar(QWidget* parent);
    void setMemory(const QJsonObject& parts, double deviceBytes);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Part {
        QString name;
        double bytes = 0;
        int color = 0;
    };
    QList<Part> m_parts;
    double m_total = 0, m_device = 0;
};

}  // namespace radlads::ui
