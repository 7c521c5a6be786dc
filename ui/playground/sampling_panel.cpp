#include "ui/playground/sampling_panel.h"

#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QSpinBox>

#include "ui/core/theme.h"

namespace radlads::ui {

namespace {

void place(QGridLayout* grid, QWidget* field, const QString& id, const QString& label, const QString& help) {
    auto* caption = new QLabel(label);
    caption->setBuddy(field);
    caption->setToolTip(help);
    field->setToolTip(help);
    field->setObjectName(id);
    field->setAccessibleName(QString(label).remove(QLatin1Char('&')));
    field->setAccessibleDescription(help);
    const int column = grid->columnCount();
    grid->addWidget(caption, 0, column);
    grid->addWidget(field, 1, column);
}

}  // namespace

SamplingPanel::SamplingPanel(QWidget* parent) : QWidget(parent), m_topK(new QSpinBox) {
    setObjectName(QStringLiteral("samplingPanel"));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(2 * Theme::kSpacing);
    grid->setVerticalSpacing(Theme::kSpacing / 2);
    m_temperature = addNumber(grid, QStringLiteral("temperature"), tr("Te&mperature"),
                              tr("How freely tokens are drawn; 0 always takes the likeliest."), 0, 5, 0.8);
    m_topK->setRange(0, 100000);
    m_topK->setValue(40);
    m_topK->setSpecialValueText(tr("off"));
    place(grid, m_topK, QStringLiteral("topK"), tr("Top-&k"), tr("Only so many of the likeliest tokens; 0 is off."));
    m_topP = addNumber(grid, QStringLiteral("topP"), tr("&Top-p"),
                       tr("Only the likeliest tokens that have this probability together; 1 is off."), 0, 1, 0.95);
    m_minP = addNumber(grid, QStringLiteral("minP"), tr("Mi&n-p"),
                       tr("Only tokens with this share of the likeliest one's probability; 0 is off."), 0, 1, 0.05);
    m_repeat = addNumber(grid, QStringLiteral("repeatPenalty"), tr("Repe&at penalty"),
                         tr("Makes tokens of the last 64 less likely; 1 is off."), 0.5, 3, 1.0);
    grid->setColumnStretch(grid->columnCount(), 1);
    connect(m_topK, &QSpinBox::valueChanged, this, &SamplingPanel::changed);
    for (QDoubleSpinBox* box : {m_temperature, m_topP, m_minP, m_repeat})
        connect(box, &QDoubleSpinBox::valueChanged, this, &SamplingPanel::changed);
}

QDoubleSpinBox* SamplingPanel::addNumber(QGridLayout* grid, const QString& id, const QString& label,
                                         const QString& help, double from, double to, double value) {
    auto* box = new QDoubleSpinBox;
    box->setRange(from, to);
    box->setDecimals(2);
    box->setSingleStep(0.05);
    box->setValue(value);
    place(grid, box, id, label, help);
    return box;
}

QJsonObject SamplingPanel::params() const {
    return {{QStringLiteral("temperature"), m_temperature->value()},
            {QStringLiteral("top_k"), m_topK->value()},
            {QStringLiteral("top_p"), m_topP->value()},
            {QStringLiteral("min_p"), m_minP->value()},
            {QStringLiteral("repeat_penalty"), m_repeat->value()}};
}

QString SamplingPanel::summary() const {
    const QLocale locale;
    if (m_temperature->value() == 0) return tr("always the likeliest token");
    QString text = tr("temperature %1").arg(locale.toString(m_temperature->value(), 'g', 3));
    if (m_topK->value() > 0) text += tr(", top-k %1").arg(m_topK->value());
    if (m_topP->value() < 1) text += tr(", top-p %1").arg(locale.toString(m_topP->value(), 'g', 3));
    if (m_minP->value() > 0) text += tr(", min-p %1").arg(locale.toString(m_minP->value(), 'g', 3));
    if (m_repeat->value() != 1) text += tr(", repeat penalty %1").arg(locale.toString(m_repeat->value(), 'g', 3));
    return text;
}

}  // namespace radlads::ui
