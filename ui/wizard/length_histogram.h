// How long documents are: bars by powers of two. GUI thread.
#pragma once

#include <QJsonObject>
#include <QWidget>

namespace radlads::ui {

class LengthHistogram : public QWidget {
    Q_OBJECT
public:
    explicit LengthHistogram(QWidget* parent);
    void setLengths(const QJsonObject& lengths);  // as in data.preview
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Bar {
        qint64 from = 0, documents = 0;
    };
    QList<Bar> m_bars;
    QString m_title;
};

}  // namespace radlads::ui
