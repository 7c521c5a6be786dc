#include "ui/playground/job_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <cmath>

#include "ui/core/format.h"
#include "ui/core/json_values.h"
#include "ui/core/theme.h"

namespace radlads::ui {

namespace {
constexpr int kSteps = 1000;
}

JobBar::JobBar(QWidget* parent)
    : QFrame(parent),
      m_title(new QLabel),
      m_detail(new QLabel),
      m_bar(new QProgressBar),
      m_cancel(new QPushButton(tr("Cance&l"))) {
    setObjectName(QStringLiteral("jobBar"));
    m_title->setObjectName(QStringLiteral("jobTitle"));
    m_detail->setObjectName(QStringLiteral("jobDetail"));
    m_bar->setObjectName(QStringLiteral("jobProgress"));
    m_cancel->setObjectName(QStringLiteral("jobCancel"));
    m_bar->setAccessibleName(tr("Progress"));
    m_cancel->setAccessibleName(tr("Cancel the work"));
    m_bar->setRange(0, kSteps);
    m_bar->setTextVisible(false);
    m_bar->setMaximumHeight(2 * Theme::kSpacing);
    m_title->setTextFormat(Qt::PlainText);
    m_detail->setTextFormat(Qt::PlainText);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_detail->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);

    auto* lines = new QVBoxLayout;
    lines->setSpacing(Theme::kSpacing / 2);
    lines->addWidget(m_title);
    lines->addWidget(m_bar);
    lines->addWidget(m_detail);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(2 * Theme::kSpacing);
    row->addLayout(lines, 1);
    row->addWidget(m_cancel, 0, Qt::AlignVCenter);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        m_cancel->setEnabled(false);
        m_detail->setText(tr("Stopping…"));
        Q_EMIT cancelled();
    });
    setVisible(false);
}

void JobBar::begin(const QString& title) {
    m_isRunning = true;
    m_title->setText(title);
    m_detail->setText(tr("Starting…"));
    m_bar->setRange(0, 0);
    m_cancel->setEnabled(true);
    setVisible(true);
}

void JobBar::advance(const QJsonObject& event) {
    if (!m_isRunning || !m_cancel->isEnabled()) return;
    const double done = numberFromJson(event.value(QLatin1String("done"))),
                 total = numberFromJson(event.value(QLatin1String("total")));
    QStringList parts;
    if (total > 0 && std::isfinite(done / total)) {
        m_bar->setRange(0, kSteps);
        m_bar->setValue(static_cast<int>(std::lround(kSteps * done / total)));
        parts.append(percentText(done / total));
    }
    if (const QString text = event.value(QLatin1String("text")).toString(); !text.isEmpty()) parts.append(text);
    const auto left = optionalNumberFromJson(event.value(QLatin1String("eta_seconds")));
    if (left && std::isfinite(*left) && done < total) parts.append(tr("%1 left").arg(durationText(*left)));
    m_detail->setText(parts.join(QStringLiteral(" · ")));
}

void JobBar::end() {
    m_isRunning = false;
    setVisible(false);
}

}  // namespace radlads::ui
