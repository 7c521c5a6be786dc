#include "ui/monitor/curve_controls.h"

#include <QHBoxLayout>
#include <QSettings>

#include "ui/core/theme.h"

namespace radlads::ui {
namespace {

constexpr int kSliderMs = 50;
constexpr int kMostThousandths = 999;
constexpr int kDefaultThousandths = 900;

// As wide as its text needs: the style's least width is too much for a row that must fit a small window.
void narrow(QPushButton* button) {
    button->setMaximumWidth(button->fontMetrics().horizontalAdvance(button->text()) + 3 * Theme::kSpacing);
    button->setMinimumWidth(button->maximumWidth());
}

}  // namespace

CurveControls::CurveControls(const QString& page, ChartGroup* group, Chart* chart, QWidget* parent)
    : QWidget(parent),
      m_page(page),
      m_group(group),
      m_row(new QHBoxLayout(this)),
      m_unit(new QComboBox),
      m_smoothing(new QSlider(Qt::Horizontal)),
      m_smoothingValue(new QLabel),
      m_logX(new QCheckBox(tr("Log &x"))),
      m_logY(new QCheckBox(tr("Log &y"))),
      m_fit(new QPushButton(tr("Fi&t"))),
      m_follow(new QPushButton(tr("Foll&ow"))) {
    const QSettings settings;
    m_row->setContentsMargins(0, 0, 0, 0);
    m_row->setSpacing(Theme::kSpacing);

    auto* unitLabel = new QLabel(tr("&Across:"));
    unitLabel->setBuddy(m_unit);
    m_unit->setObjectName(QStringLiteral("xUnit"));
    m_unit->setAccessibleName(tr("What the horizontal axis counts"));
    for (XUnit unit : {XUnit::Steps, XUnit::Tokens, XUnit::Hours}) m_unit->addItem(unitTitle(unit), int(unit));
    const int unit = settings.value(QStringLiteral("%1/xUnit").arg(m_page), int(XUnit::Tokens)).toInt();
    m_unit->setCurrentIndex(std::max(0, m_unit->findData(unit)));
    m_group->setUnit(XUnit(m_unit->currentData().toInt()));
    connect(m_unit, &QComboBox::currentIndexChanged, this, [this] {
        m_group->setUnit(XUnit(m_unit->currentData().toInt()));
        QSettings().setValue(QStringLiteral("%1/xUnit").arg(m_page), m_unit->currentData());
    });

    auto* smoothingLabel = new QLabel(tr("Smoothin&g:"));
    smoothingLabel->setBuddy(m_smoothing);
    m_smoothing->setObjectName(QStringLiteral("smoothing"));
    m_smoothing->setAccessibleName(tr("Weight of the exponential average"));
    m_smoothing->setToolTip(tr("0 shows the values as they are; 0.999 averages over about a thousand updates."));
    m_smoothing->setRange(0, kMostThousandths);
    m_smoothing->setSingleStep(5);
    m_smoothing->setPageStep(50);
    m_smoothing->setMinimumWidth(fontMetrics().averageCharWidth() * 8);
    m_smoothing->setMaximumWidth(fontMetrics().averageCharWidth() * 24);
    m_smoothing->setValue(settings.value(QStringLiteral("%1/smoothing").arg(m_page), kDefaultThousandths).toInt());
    m_smoothingValue->setMinimumWidth(fontMetrics().horizontalAdvance(QStringLiteral("0.000 ")));
    m_smoothingTimer.setSingleShot(true);
    m_smoothingTimer.setInterval(kSliderMs);
    connect(m_smoothing, &QSlider::valueChanged, this, &CurveControls::showSmoothing);
    connect(&m_smoothingTimer, &QTimer::timeout, this, &CurveControls::applySmoothing);
    m_smoothingValue->setText(QLocale().toString(smoothing(), 'f', 3));

    m_logX->setObjectName(QStringLiteral("logX"));
    m_logX->setAccessibleName(tr("Logarithmic horizontal axis"));
    m_logX->setChecked(m_group->isLogX());
    connect(m_logX, &QCheckBox::toggled, m_group, &ChartGroup::setLogX);
    connect(m_group, &ChartGroup::logXChanged, m_logX, &QCheckBox::setChecked);
    m_logY->setObjectName(QStringLiteral("logY"));
    m_logY->setAccessibleName(tr("Logarithmic vertical axis of the large chart"));
    m_logY->setChecked(chart->isLogY());
    connect(m_logY, &QCheckBox::toggled, chart, &Chart::setLogY);
    connect(chart, &Chart::logYChanged, m_logY, &QCheckBox::setChecked);

    m_fit->setObjectName(QStringLiteral("fit"));
    m_fit->setToolTip(tr("Shows everything (F, or a double click on a chart)."));
    connect(m_fit, &QPushButton::clicked, m_group, &ChartGroup::fit);
    m_follow->setObjectName(QStringLiteral("follow"));
    m_follow->setToolTip(tr("Keeps the newest updates in sight. Zooming and dragging end it."));
    connect(m_follow, &QPushButton::clicked, m_group, &ChartGroup::follow);
    m_follow->setEnabled(!m_group->isFollowing());
    connect(m_group, &ChartGroup::followingChanged, m_follow,
            [this](bool isFollowing) { m_follow->setEnabled(!isFollowing); });

    for (QWidget* widget : std::initializer_list<QWidget*>{unitLabel, m_unit, smoothingLabel, m_smoothing,
                                                           m_smoothingValue, m_logX, m_logY}) {
        m_row->addWidget(widget);
    }
    m_row->addStretch(1);
    narrow(m_fit);
    narrow(m_follow);
    m_row->addWidget(m_fit);
    m_row->addWidget(m_follow);
}

void CurveControls::prepend(QWidget* widget) {
    m_row->insertWidget(0, widget);
}

void CurveControls::showSmoothing() {
    m_smoothingValue->setText(QLocale().toString(smoothing(), 'f', 3));
    if (!m_smoothingTimer.isActive()) m_smoothingTimer.start();
}

void CurveControls::applySmoothing() {
    QSettings().setValue(QStringLiteral("%1/smoothing").arg(m_page), m_smoothing->value());
    Q_EMIT smoothingChanged(smoothing());
}

NoticeLabel::NoticeLabel(QWidget* parent) : QLabel(parent) {
    setObjectName(QStringLiteral("notice"));
    setWordWrap(true);
    setVisible(false);
}

void NoticeLabel::say(const QString& sentence) {
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, Theme::instance().color(Role::Failure));
    setPalette(colors);
    setText(sentence);
    setVisible(!sentence.isEmpty());
}

}  // namespace radlads::ui
