#include "ui/monitor/monitor_page.h"

#include <QGridLayout>
#include <QResizeEvent>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/chart/read_out.h"
#include "ui/core/theme.h"
#include "ui/monitor/curve_controls.h"
#include "ui/monitor/run_series.h"

namespace radlads::ui {
namespace {

constexpr int kWideChars = 200;  // from this width on, in characters, the small charts stand in one row

}  // namespace

MonitorPage::MonitorPage(QWidget* parent)
    : RunPage(parent),
      m_group(new ChartGroup(this)),
      m_loss(new Chart(QStringLiteral("monitor/loss"), tr("Loss"), NumberStyle::Plain)),
      m_learningRate(new Chart(QStringLiteral("monitor/learningRate"), tr("Learning rate"), NumberStyle::Plain)),
      m_gradientNorm(new Chart(QStringLiteral("monitor/gradientNorm"), tr("Gradient norm"), NumberStyle::Plain)),
      m_throughput(new Chart(QStringLiteral("monitor/throughput"), tr("Tokens per second"), NumberStyle::Count)),
      m_time(new Chart(QStringLiteral("monitor/updateTime"), tr("Time per update"), NumberStyle::Seconds)),
      m_memory(new Chart(QStringLiteral("monitor/memory"), tr("Memory"), NumberStyle::Bytes)),
      m_wait(new Chart(QStringLiteral("monitor/dataWait"), tr("Waiting for data"), NumberStyle::Seconds)),
      m_small({m_learningRate, m_gradientNorm, m_throughput, m_time, m_wait, m_memory}),
      m_notice(new NoticeLabel),
      m_readOut(new ReadOut),
      m_grid(new QGridLayout) {
    setObjectName(QStringLiteral("monitorPage"));
    m_loss->setDefaultLogY(true);
    m_throughput->setZeroBased(true);
    m_time->setZeroBased(true);
    m_wait->setZeroBased(true);
    m_memory->setZeroBased(true);
    m_group->add(m_loss);
    for (Chart* chart : m_small) m_group->add(chart);
    for (Chart* chart : m_group->charts()) connect(chart, &Chart::exportFailed, m_notice, &NoticeLabel::say);
    m_controls = new CurveControls(QStringLiteral("monitor"), m_group, m_loss);
    connect(m_controls, &CurveControls::smoothingChanged, this, [this](double weight) {
        if (m_series) m_series->setSmoothing(weight);
    });
    m_readOut->setGroup(m_group);

    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(Theme::kSpacing, 0, Theme::kSpacing, Theme::kSpacing);
    column->setSpacing(Theme::kSpacing);
    auto* hero = new QHBoxLayout;
    hero->setSpacing(Theme::kSpacing);
    m_loss->setMinimumHeight(fontMetrics().height() * 19);
    hero->addWidget(m_loss, 1);
    hero->addWidget(m_readOut);
    column->addLayout(hero, 3);
    m_grid->setSpacing(Theme::kSpacing);
    column->addLayout(m_grid, 2);
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("monitorScroll"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(content);

    auto* page = new QVBoxLayout(this);
    page->setContentsMargins(0, Theme::kSpacing, 0, 0);
    page->setSpacing(Theme::kSpacing);
    auto* bar = new QVBoxLayout;
    bar->setContentsMargins(Theme::kSpacing, 0, Theme::kSpacing, 0);
    bar->addWidget(m_controls);
    bar->addWidget(m_notice);
    page->addLayout(bar);
    page->addWidget(scroll, 1);
    arrange(3);
    setEmptyTexts();
}

MonitorPage::~MonitorPage() = default;

void MonitorPage::showRun(RunStore*, std::shared_ptr<RunHistory> history) {
    if (history == m_history) return;
    if (m_history) m_history->disconnect(this);
    m_history = std::move(history);
    m_series.reset();
    m_notice->say({});
    m_group->setCursor(std::nullopt);
    if (m_history) {
        m_series = std::make_unique<RunSeries>(m_history);
        m_series->setSmoothing(m_controls->smoothing());
        connect(m_series.get(), &RunSeries::changed, this, &MonitorPage::refresh);
        connect(m_history.get(), &RunHistory::live, this, &MonitorPage::setEmptyTexts);
    }
    setCurves();
    setEmptyTexts();
    m_group->fit();
}

void MonitorPage::setEmptyTexts() {
    const QString text = !m_history            ? tr("Choose a run on the left to see its curves.")
                         : m_history->isLive() ? tr("No update has been trained yet. The curves start with the first.")
                                               : tr("Reading what the run has recorded…");
    m_loss->setEmptyText(text);
    for (Chart* chart : m_small) chart->setEmptyText(m_history ? tr("No data yet.") : QString());
}

void MonitorPage::setCurves() {
    if (!m_series) {
        for (Chart* chart : m_group->charts()) {
            chart->setCurves({});
            chart->setBands({});
            chart->setMarks({});
        }
        return;
    }
    const auto curve = [this](const QString& name, int stroke, CurveStyle style, std::shared_ptr<const Column> y) {
        Curve made;
        made.name = name;
        made.stroke = stroke;
        made.style = style;
        made.isInLegend = style != CurveStyle::Faint;
        made.x = m_series->x();
        made.y = std::move(y);
        return made;
    };
    // The values faint, their average bold.
    const auto pair = [&](const QString& name, const QString& smoothedName, Metric metric, int stroke) {
        QVector<Curve> curves{curve(name, stroke, CurveStyle::Faint, m_series->values(metric)),
                              curve(smoothedName, stroke, CurveStyle::Bold, m_series->smoothed(metric))};
        curves[1].isInReadOut = false;
        curves[1].isInLegend = false;
        return curves;
    };
    QVector<Curve> loss = pair(tr("Loss"), tr("Loss, smoothed"), Metric::Loss, 0);
    loss[0].isInLegend = loss[1].isInLegend = loss[1].isInReadOut = true;
    Curve validation = curve(tr("Validation loss"), 1, CurveStyle::Points, m_series->validation());
    validation.x = m_series->validationX();
    m_loss->setCurves(loss + QVector<Curve>{validation});

    m_learningRate->setCurves(
        {curve(tr("Learning rate"), 0, CurveStyle::Thin, m_series->values(Metric::LearningRate)),
         curve(tr("Mixer's rate"), 1, CurveStyle::Thin, m_series->values(Metric::MixerLearningRate))});
    Curve clip = curve(tr("Clipped at"), 1, CurveStyle::Thin, m_series->clip());
    clip.x = m_series->clipX();
    clip.isFitted = false;
    m_gradientNorm->setCurves(pair(tr("Gradient norm"), tr("Gradient norm, smoothed"), Metric::GradientNorm, 0) +
                              QVector<Curve>{clip});
    m_throughput->setCurves(pair(tr("Tokens/s"), tr("Tokens/s, smoothed"), Metric::TokensPerSecond, 0));
    m_time->setCurves(pair(tr("Time per update"), tr("Time per update, smoothed"), Metric::UpdateSeconds, 0));
    m_wait->setCurves(pair(tr("Waiting for data"), tr("Waiting for data, smoothed"), Metric::DataWaitSeconds, 0));
    m_memory->setCurves({curve(tr("Memory"), 0, CurveStyle::Thin, m_series->values(Metric::MemoryBytes)),
                         curve(tr("Peak memory"), 1, CurveStyle::Thin, m_series->values(Metric::PeakMemoryBytes))});
    refresh();
}

void MonitorPage::refresh() {
    m_loss->setBands(m_series->bands());
    m_loss->setMarks(m_series->marks());
    for (Chart* chart : m_small) {
        QVector<ChartBand> bands = m_series->bands();
        for (ChartBand& band : bands) band.name.clear();
        chart->setBands(bands);
    }
    m_group->dataChanged();
}

void MonitorPage::resizeEvent(QResizeEvent* event) {
    const int chars = event->size().width() / fontMetrics().averageCharWidth();
    arrange(chars >= kWideChars ? int(m_small.size()) : 3);
}

void MonitorPage::arrange(int columns) {
    if (columns == m_columns) return;
    m_columns = columns;
    for (int i = 0; i < m_small.size(); ++i) m_grid->addWidget(m_small[i], i / columns, i % columns);
    for (int i = 0; i < m_small.size(); ++i) m_grid->setColumnStretch(i, i < columns ? 1 : 0);
}

}  // namespace radlads::ui
