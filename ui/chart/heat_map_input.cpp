#include <QContextMenuEvent>
#include <QFileDialog>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QSaveFile>
#include <algorithm>

#include "ui/chart/heat_map.h"

namespace radlads::ui {
namespace {

constexpr size_t kPages = 10;  // Page keys move by a tenth of the map
constexpr qsizetype kFlushBytes = 1 << 16;

}  // namespace

void HeatMap::mouseMoveEvent(QMouseEvent* event) {
    m_isCursorByMouse = true;
    setCursorCell(cellAt(event->position()));
}

void HeatMap::mousePressEvent(QMouseEvent* event) {
    const auto cell = cellAt(event->position());
    if (event->button() != Qt::LeftButton || !cell) return;
    setCursorCell(cell);
    setSelectedLayer(cell->layer);
    Q_EMIT layerActivated(cell->layer);
}

void HeatMap::leaveEvent(QEvent*) {
    if (m_isCursorByMouse) setCursorCell(std::nullopt);
    m_isCursorByMouse = false;
}

void HeatMap::keyPressEvent(QKeyEvent* event) {
    const bool isKnown =
        QList<int>{Qt::Key_Left,   Qt::Key_Right,    Qt::Key_Up,     Qt::Key_Down,  Qt::Key_Home, Qt::Key_End,
                   Qt::Key_PageUp, Qt::Key_PageDown, Qt::Key_Return, Qt::Key_Enter, Qt::Key_Space}
            .contains(event->key());
    if (!isKnown || isEmpty()) {
        QWidget::keyPressEvent(event);
        return;
    }
    const size_t last = columnCount() - 1;
    Cell cell = m_cursor.value_or(Cell{std::max(0, m_selectedLayer), last});
    // The next value that is at least a pixel away.
    const auto move = [&](double pixels) {
        const auto [lower, upper] = xRange();
        const XColumn& x = m_x->in(m_unit);
        const double target = x.at(cell.index) + pixels * (upper - lower) / plotRect().width();
        size_t index = std::min(x.nearest(target), last);
        if (index == cell.index) index = pixels > 0 ? std::min(index + 1, last) : index > 0 ? index - 1 : 0;
        cell.index = index;
    };
    m_isCursorByMouse = false;
    switch (event->key()) {
        case Qt::Key_Left:
            if (m_cursor) move(-1);
            break;
        case Qt::Key_Right:
            if (m_cursor) move(1);
            break;
        case Qt::Key_PageUp:
            move(-plotRect().width() / kPages);
            break;
        case Qt::Key_PageDown:
            move(plotRect().width() / kPages);
            break;
        case Qt::Key_Home:
            cell.index = 0;
            break;
        case Qt::Key_End:
            cell.index = last;
            break;
        case Qt::Key_Up:
            if (m_cursor) cell.layer = std::max(0, cell.layer - 1);
            break;
        case Qt::Key_Down:
            if (m_cursor) cell.layer = std::min(layerCount() - 1, cell.layer + 1);
            break;
        default:
            setSelectedLayer(cell.layer);
            Q_EMIT layerActivated(cell.layer);
    }
    setCursorCell(cell);
}

void HeatMap::focusInEvent(QFocusEvent*) {
    update();
}

void HeatMap::focusOutEvent(QFocusEvent*) {
    update();
}

bool HeatMap::writeCsv(QIODevice& device) const {
    QByteArray text = "step,tokens,hours";
    for (int layer = 0; layer < layerCount(); ++layer) text += ",layer " + QByteArray::number(layer);
    text += '\n';
    for (size_t i = 0; i < columnCount(); ++i) {
        const XPoint point = m_x->at(i);
        text += QByteArray::number(point.steps, 'g', 17) + ',' + QByteArray::number(point.tokens, 'g', 17) + ',' +
                QByteArray::number(point.hours, 'g', 9);
        for (const auto& layer : m_layers) text += ',' + QByteArray::number(double(layer->at(i)), 'g', 7);
        text += '\n';
        if (text.size() < kFlushBytes) continue;
        if (device.write(text) != text.size()) return false;
        text.clear();
    }
    return device.write(text) == text.size();
}

bool HeatMap::saveCsv(const QString& path) const {
    QSaveFile file(path);
    return file.open(QIODevice::WriteOnly) && writeCsv(file) && file.commit();
}

bool HeatMap::savePng(const QString& path) {
    return grab().save(path, "PNG");
}

void HeatMap::ask(const QString& title, const QString& suffix, const std::function<bool(const QString&)>& write) {
    const QString dot = QLatin1Char('.') + suffix;
    QString path = QFileDialog::getSaveFileName(this, title, tr("layers") + dot,
                                                tr("%1 file (*.%2)").arg(suffix.toUpper(), suffix));
    if (path.isEmpty()) return;
    if (!path.endsWith(dot, Qt::CaseInsensitive)) path += dot;
    if (!write(path)) {
        Q_EMIT exportFailed(
            tr("The file %1 could not be written. Choose another folder or free some space.").arg(path));
    }
}

std::unique_ptr<QMenu> HeatMap::contextMenu() {
    auto menu = std::make_unique<QMenu>();
    menu->setObjectName(QStringLiteral("heatMapMenu"));
    QAction* csv = menu->addAction(tr("Save as C&SV…"));
    csv->setEnabled(!isEmpty());
    connect(csv, &QAction::triggered, this, [this] {
        ask(tr("Save the losses of the layers"), QStringLiteral("csv"),
            [this](const QString& path) { return saveCsv(path); });
    });
    QAction* png = menu->addAction(tr("Save as &PNG…"));
    png->setEnabled(!isEmpty());
    connect(png, &QAction::triggered, this, [this] {
        ask(tr("Save the map as a picture"), QStringLiteral("png"),
            [this](const QString& path) { return savePng(path); });
    });
    return menu;
}

void HeatMap::contextMenuEvent(QContextMenuEvent* event) {
    auto* menu = contextMenu().release();
    menu->setParent(this, menu->windowFlags());
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->popup(event->reason() == QContextMenuEvent::Keyboard ? mapToGlobal(plotRect().center().toPoint())
                                                               : event->globalPos());
}

}  // namespace radlads::ui
