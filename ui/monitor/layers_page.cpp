#include "ui/monitor/layers_page.h"

#include <QHeaderView>
#include <QSignalBlocker>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "ui/chart/heat_map.h"
#include "ui/core/format.h"
#include "ui/core/theme.h"
#include "ui/monitor/curve_controls.h"
#include "ui/monitor/run_series.h"

namespace radlads::ui {
namespace {

constexpr int kWorst = 3;
enum TableColumn { LayerColumn, LossColumn, ShareColumn, TableColumns };

QTableWidgetItem* numberItem(const QString& text) {
    auto* item = new QTableWidgetItem(text);
    item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    return item;
}

// A layer's newest loss, and what part of its first that is.
struct LayerState {
    int layer;
    double loss, share;
};

bool isWorse(const LayerState& a, const LayerState& b) {
    const double lossA = std::isnan(a.loss) ? std::numeric_limits<double>::infinity() : a.loss;
    const double lossB = std::isnan(b.loss) ? std::numeric_limits<double>::infinity() : b.loss;
    return lossA > lossB;
}

}  // namespace

LayersPage::LayersPage(QWidget* parent)
    : RunPage(parent),
      m_map(new HeatMap),
      m_curve(new Chart(QStringLiteral("layers/curve"), tr("Layer"), NumberStyle::Plain)),
      m_value(new QComboBox),
      m_worst(new QLabel),
      m_table(new QTableWidget(0, TableColumns)),
      m_notice(new NoticeLabel) {
    setObjectName(QStringLiteral("layersPage"));
    m_curve->group()->setUnit(XUnit::Tokens);
    m_curve->setDefaultLogY(true);
    m_worst->setObjectName(QStringLiteral("worstLayers"));
    m_worst->setWordWrap(true);
    m_table->setObjectName(QStringLiteral("layerTable"));
    m_table->setAccessibleName(tr("Layers by their present value, the largest first"));
    m_table->setHorizontalHeaderLabels({tr("Layer"), tr("Loss"), tr("Of first")});
    m_value->setObjectName(QStringLiteral("layerValue"));
    m_value->setAccessibleName(tr("What is shown of the layers"));
    m_value->addItem(tr("Alignment loss"));
    m_value->addItem(tr("Gradient norm"));
    m_table->horizontalHeaderItem(LayerColumn)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    for (int column : {LossColumn, ShareColumn})
        m_table->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_table->horizontalHeaderItem(ShareColumn)->setToolTip(tr("The present value as a part of the layer's first."));
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + Theme::kSpacing);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->setTabKeyNavigation(false);
    m_table->setMinimumWidth(fontMetrics().averageCharWidth() * 30);

    auto* left = new QSplitter(Qt::Vertical);
    left->addWidget(m_map);
    left->addWidget(m_curve);
    left->setStretchFactor(0, 3);
    left->setStretchFactor(1, 2);
    left->setChildrenCollapsible(false);
    left->setHandleWidth(Theme::kSpacing);
    auto* right = new QWidget;
    auto* list = new QVBoxLayout(right);
    list->setContentsMargins(0, 0, 0, 0);
    list->setSpacing(Theme::kSpacing);
    list->addWidget(m_value);
    list->addWidget(m_worst);
    list->addWidget(m_table, 1);
    auto* split = new QSplitter(Qt::Horizontal);
    split->addWidget(left);
    split->addWidget(right);
    split->setStretchFactor(0, 1);
    split->setStretchFactor(1, 0);
    split->setChildrenCollapsible(false);
    split->setHandleWidth(Theme::kSpacing);
    auto* page = new QVBoxLayout(this);
    page->setContentsMargins(Theme::kSpacing, Theme::kSpacing, Theme::kSpacing, Theme::kSpacing);
    page->setSpacing(Theme::kSpacing);
    page->addWidget(m_notice);
    page->addWidget(split, 1);

    connect(m_map, &HeatMap::layerActivated, this, &LayersPage::selectLayer);
    connect(m_map, &HeatMap::exportFailed, m_notice, &NoticeLabel::say);
    connect(m_curve, &Chart::exportFailed, m_notice, &NoticeLabel::say);
    connect(m_value, &QComboBox::activated, this, [this] {
        m_isChosen = true;
        setLayers();
    });
    connect(m_table, &QTableWidget::currentCellChanged, this, [this](int row) {
        if (const QTableWidgetItem* item = m_table->item(row, LayerColumn))
            selectLayer(item->data(Qt::UserRole).toInt());
    });
    setEmptyTexts();
}

LayersPage::~LayersPage() = default;

void LayersPage::showRun(RunStore*, std::shared_ptr<RunHistory> history) {
    if (history == m_history) return;
    if (m_history) m_history->disconnect(this);
    m_history = std::move(history);
    m_series.reset();
    m_notice->say({});
    m_layer = -1;
    m_isChosen = false;
    if (m_history) {
        m_series = std::make_unique<RunSeries>(m_history);
        connect(m_series.get(), &RunSeries::changed, this, &LayersPage::refresh);
        connect(m_series.get(), &RunSeries::layerCountChanged, this, &LayersPage::setLayers);
        connect(m_history.get(), &RunHistory::live, this, &LayersPage::setEmptyTexts);
    }
    setLayers();
    setEmptyTexts();
}

void LayersPage::setEmptyTexts() {
    m_map->setEmptyText(!m_history ? tr("Choose a run on the left to see its layers.")
                        : m_history->isLive()
                            ? tr("Nothing is known of the layers yet. While they are aligned their losses are recorded, "
                                 "afterwards the norms of their gradients.")
                            : tr("Reading what the run has recorded…"));
    m_curve->setEmptyText(tr("Choose a layer to see its curve."));
}

LayerValue LayersPage::value() const {
    return static_cast<LayerValue>(m_value->currentIndex());
}

// What the present step is about, unless somebody has chosen.
void LayersPage::chooseValue() {
    const bool hasLosses = m_series && !m_series->layers(LayerValue::Loss).isEmpty();
    const bool hasNorms = m_series && !m_series->layers(LayerValue::GradientNorm).isEmpty();
    m_value->setVisible(hasLosses && hasNorms);
    if (!m_isChosen || !hasLosses || !hasNorms) m_value->setCurrentIndex(hasNorms ? 1 : 0);
    const bool isLoss = value() == LayerValue::Loss;
    m_map->setTitle(isLoss ? tr("Alignment loss by layer") : tr("Gradient norm by layer"));
    m_table->horizontalHeaderItem(LossColumn)->setText(isLoss ? tr("Loss") : tr("Norm"));
}

void LayersPage::setLayers() {
    const int layer = m_layer;
    m_layer = -1;
    chooseValue();
    m_map->setData(m_series ? m_series->layersX(value()) : nullptr,
                   m_series ? m_series->layers(value()) : QVector<std::shared_ptr<const Column>>{});
    if (m_map->layerCount() == 0) {
        m_curve->setCurves({});
        m_curve->setTitle(tr("Layer"), NumberStyle::Plain);
    }
    m_isTableOld = true;
    fillTable();
    selectLayer(layer);
}

void LayersPage::refresh() {
    m_map->dataChanged();
    m_curve->setBands(m_series->bands());
    m_curve->dataChanged();
    m_isTableOld = true;
    fillTable();
}

void LayersPage::showEvent(QShowEvent*) {
    fillTable();
}

void LayersPage::fillTable() {
    if (!m_isTableOld || !isVisible()) return;
    m_isTableOld = false;
    std::vector<LayerState> states;
    const auto layers = m_series ? m_series->layers(value()) : QVector<std::shared_ptr<const Column>>{};
    for (int i = 0; i < layers.size(); ++i) {
        if (layers[i]->isEmpty()) continue;
        const auto first = double(layers[i]->at(0)), last = double(layers[i]->at(layers[i]->size() - 1));
        states.push_back({i, last, last / first});
    }
    std::stable_sort(states.begin(), states.end(), isWorse);
    const QSignalBlocker blocker(m_table);
    m_table->setRowCount(int(states.size()));
    for (int row = 0; row < int(states.size()); ++row) {
        const LayerState& state = states[size_t(row)];
        auto* layer = new QTableWidgetItem(QString::number(state.layer));
        layer->setData(Qt::UserRole, state.layer);
        m_table->setItem(row, LayerColumn, layer);
        m_table->setItem(row, LossColumn, numberItem(valueText(state.loss, NumberStyle::Plain)));
        m_table->setItem(row, ShareColumn, numberItem(percentText(state.share)));
        if (state.layer == m_layer) m_table->setCurrentCell(row, LayerColumn);
    }
    QStringList worst;
    for (size_t i = 0; i < std::min<size_t>(kWorst, states.size()); ++i) worst.append(QString::number(states[i].layer));
    m_worst->setText(worst.isEmpty()
                         ? QString()
                         : (value() == LayerValue::Loss ? tr("Worst %1: %2") : tr("Largest %1: %2")).arg(QString::number(worst.size()), worst.join(QStringLiteral(", "))));
    // The worst layer is what one wants to look at first.
    if (m_layer < 0 && !states.empty()) selectLayer(states.front().layer);
}

void LayersPage::selectLayer(int layer) {
    if (!m_series || layer < 0 || layer >= m_map->layerCount() || layer == m_layer) return;
    m_layer = layer;
    m_map->setSelectedLayer(layer);
    m_curve->setTitle(tr("Layer %1").arg(layer), NumberStyle::Plain);
    Curve curve;
    curve.name = value() == LayerValue::Loss ? tr("Loss of layer %1").arg(layer)
                                             : tr("Gradient norm of layer %1").arg(layer);
    curve.style = CurveStyle::Bold;
    curve.isInLegend = false;
    curve.x = m_series->layersX(value());
    curve.y = m_series->layers(value())[layer];
    m_curve->setCurves({curve});
    const QSignalBlocker blocker(m_table);
    for (int row = 0; row < m_table->rowCount(); ++row) {
        if (m_table->item(row, LayerColumn)->data(Qt::UserRole).toInt() == layer)
            m_table->setCurrentCell(row, LayerColumn);
    }
}

}  // namespace radlads::ui
