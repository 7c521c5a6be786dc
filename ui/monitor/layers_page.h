// The loss of each layer over the run: a map, the layers in the order of their present loss, and the curve of one.
// Owned by the window; GUI thread.
#pragma once

#include <QComboBox>
#include <QLabel>
#include <QTableWidget>

#include "ui/core/run_page.h"

namespace radlads::ui {

class Chart;
class HeatMap;
class NoticeLabel;
class RunSeries;

class LayersPage : public RunPage {
    Q_OBJECT
public:
    explicit LayersPage(QWidget* parent = nullptr);
    ~LayersPage() override;

    void showRun(RunStore* store, std::shared_ptr<RunHistory> history) override;
    int selectedLayer() const { return m_layer; }
    void selectLayer(int layer);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    void setLayers();
    void setEmptyTexts();
    void fillTable();
    void chooseValue();
    LayerValue value() const;

    std::unique_ptr<RunSeries> m_series;
    std::shared_ptr<RunHistory> m_history;
    HeatMap* m_map;
    Chart* m_curve;
    QComboBox* m_value;
    QLabel* m_worst;
    QTableWidget* m_table;
    NoticeLabel* m_notice;
    int m_layer = -1;
    bool m_isTableOld = true;
    bool m_isChosen = false;  // what is shown, by the user
};

}  // namespace radlads::ui
