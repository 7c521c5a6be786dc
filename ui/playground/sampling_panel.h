// How the next token is chosen: temperature, top-k, top-p, min-p and repeat penalty, as in llama.cpp. Owned by TryPage.
#pragma once

#include <QJsonObject>
#include <QWidget>

class QDoubleSpinBox;
class QGridLayout;
class QSpinBox;

namespace radlads::ui {

class SamplingPanel : public QWidget {
    Q_OBJECT
public:
    explicit SamplingPanel(QWidget* parent = nullptr);
    // The parameters as generate.start takes them.
    QJsonObject params() const;
    QString summary() const;  // "temperature 0.8, top-k 40"

Q_SIGNALS:
    void changed();

private:
    QDoubleSpinBox* addNumber(QGridLayout* grid, const QString& id, const QString& label, const QString& help,
                              double from, double to, double value);

    QDoubleSpinBox* m_temperature;
    QSpinBox* m_topK;
    QDoubleSpinBox* m_topP;
    QDoubleSpinBox* m_minP;
    QDoubleSpinBox* m_repeat;
};

}  // namespace radlads::ui
