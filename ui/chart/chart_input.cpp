#include <QApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QToolTip>
#include <QWheelEvent>

#include "ui/chart/chart_private.h"

namespace radlads::ui {
namespace {

constexpr double kWheelZoom = 0.8;  // of the range, for one notch
constexpr double kKeyZoom = 0.5;
constexpr double kPageShare = 0.1;  // of the range, for a Page key

}  // namespace

void Chart::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    d->isPressed = true;
    d->isDragging = false;
    d->pressed = event->position();
    d->pressedLower = d->group->lower();
    d->pressedUpper = d->group->upper();
    d->pressedY = yRange();
}

void Chart::mouseMoveEvent(QMouseEvent* event) {
    const QRectF area = plotRect();
    if (isEmpty() || area.width() < 1) return;
    if (d->isPressed) {
        const QPointF distance = event->position() - d->pressed;
        if (!d->isDragging && distance.manhattanLength() < QApplication::startDragDistance()) return;
        d->isDragging = true;
        setCursor(Qt::ClosedHandCursor);
        const double share = distance.x() / area.width();
        if (d->group->isLogX() && d->pressedLower > 0) {
            const double factor = std::pow(d->pressedUpper / d->pressedLower, -share);
            d->group->setRange(d->pressedLower * factor, d->pressedUpper * factor);
        } else {
            const double shift = (d->pressedUpper - d->pressedLower) * share;
            d->group->setRange(d->pressedLower - shift, d->pressedUpper - shift);
        }
        if (d->manualY) {
            const double shareY = distance.y() / area.height();
            const auto [lower, upper] = d->pressedY;
            if (d->isLogY && lower > 0) {
                const double factor = std::pow(upper / lower, shareY);
                d->manualY = {lower * factor, upper * factor};
            } else {
                d->manualY = {lower + (upper - lower) * shareY, upper + (upper - lower) * shareY};
            }
            scheduleReplot();
        }
        return;
    }
    if (!area.adjusted(-1, 0, 1, 0).contains(event->position())) {
        leaveEvent(event);
        return;
    }
    if (const auto point = pointAt(xAt(event->position().x()))) {
        d->isCursorByMouse = true;
        d->group->setCursor(point->in(d->group->unit()));
    }
}

void Chart::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    d->isPressed = d->isDragging = false;
    unsetCursor();
}

void Chart::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) d->group->fit();
}

void Chart::leaveEvent(QEvent*) {
    // A cursor that the keyboard placed stays.
    if (!d->isCursorByMouse) return;
    d->isCursorByMouse = false;
    d->group->setCursor(std::nullopt);
}

void Chart::wheelEvent(QWheelEvent* event) {
    if (isEmpty()) {
        event->ignore();
        return;
    }
    event->accept();
    const double notches = event->angleDelta().y() / 120.0;
    if (notches == 0) {
        if (event->angleDelta().x() != 0) d->group->pan(-event->angleDelta().x() / 120.0 * kPageShare);
        return;
    }
    const double factor = std::pow(kWheelZoom, notches);
    const QPointF position = event->position();
    // Over the numbers of the y axis, or with Ctrl, the wheel is for y.
    if (position.x() < plotRect().left() || event->modifiers().testFlag(Qt::ControlModifier)) {
        zoomY(factor, std::clamp(position.y(), plotRect().top(), plotRect().bottom()));
    } else if (event->modifiers().testFlag(Qt::ShiftModifier)) {
        d->group->pan(-notches * kPageShare);
    } else {
        d->group->zoom(factor, xAt(std::min(position.x(), plotRect().right())));
    }
}

// To the next point that is at least a pixel away, or `pixels` away.
void Chart::moveCursor(int pixels) {
    const Curve* curve = d->longestCurve();
    if (!curve) return;
    const XColumn& x = curve->x->in(d->group->unit());
    const size_t size = std::min(curve->x->size(), curve->y->size());
    d->isCursorByMouse = false;
    if (!d->group->cursor()) {
        d->group->setCursor(x.at(std::min(x.nearest(pixels > 0 ? d->group->lower() : d->group->upper()), size - 1)));
        return;
    }
    const size_t present = std::min(x.nearest(*d->group->cursor()), size - 1);
    const double pixel = pixelOf(x.at(present)) + pixels;
    size_t next = std::min(x.nearest(xAt(pixel)), size - 1);
    if (pixels > 0 && next <= present) next = std::min(x.upperBound(x.at(present)), size - 1);
    if (pixels < 0 && next >= present) {
        const size_t first = x.lowerBound(x.at(present));
        next = first > 0 ? first - 1 : 0;
    }
    const double target = x.at(next);
    // The view goes along.
    if (target > d->group->upper() || target < d->group->lower()) {
        const double width = d->group->upper() - d->group->lower();
        const double lower =
            target > d->group->upper() ? target - width * (1 - kPageShare) : target - width * kPageShare;
        if (!d->group->isLogX()) d->group->setRange(lower, lower + width);
    }
    d->group->setCursor(target);
}

void Chart::keyPressEvent(QKeyEvent* event) {
    const int page = std::max(1, int(plotRect().width() * kPageShare));
    const double centre =
        d->group->cursor() && *d->group->cursor() >= d->group->lower() && *d->group->cursor() <= d->group->upper()
            ? *d->group->cursor()
            : xAt(plotRect().center().x());
    const auto jumpTo = [this](bool toEnd) {
        if (const auto range = dataRange(Scale::Linear)) {
            d->isCursorByMouse = false;
            const double x = toEnd ? range->second : range->first;
            if (x < d->group->lower() || x > d->group->upper()) {
                const double width = d->group->upper() - d->group->lower();
                d->group->setRange(toEnd ? x - width : x, toEnd ? x : x + width);
            }
            d->group->setCursor(x);
        }
    };
    if (event->matches(QKeySequence::Copy)) {
        copyData();
        return;
    }
    switch (event->key()) {
        case Qt::Key_Left:
            moveCursor(-1);
            return;
        case Qt::Key_Right:
            moveCursor(1);
            return;
        case Qt::Key_PageUp:
            moveCursor(-page);
            return;
        case Qt::Key_PageDown:
            moveCursor(page);
            return;
        case Qt::Key_Home:
            jumpTo(false);
            return;
        case Qt::Key_End:
            jumpTo(true);
            return;
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            d->group->zoom(kKeyZoom, centre);
            return;
        case Qt::Key_Minus:
            d->group->zoom(1 / kKeyZoom, centre);
            return;
        case Qt::Key_F:
            if (event->modifiers() == Qt::NoModifier) {
                d->group->fit();
                return;
            }
            break;
        case Qt::Key_Escape:
            if (d->group->cursor()) {
                d->group->setCursor(std::nullopt);
                return;
            }
            break;
        default:
            break;
    }
    QWidget::keyPressEvent(event);
}

void Chart::contextMenuEvent(QContextMenuEvent* event) {
    auto* menu = contextMenu().release();
    menu->setParent(this, menu->windowFlags());
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->popup(event->reason() == QContextMenuEvent::Keyboard ? mapToGlobal(plotRect().center().toPoint())
                                                               : event->globalPos());
}

bool Chart::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString text = d->marks->textAt(QPointF(help->pos() - d->plot->pos()));
        if (text.isEmpty()) {
            QToolTip::hideText();
            event->ignore();
        } else {
            QToolTip::showText(help->globalPos(), text, this);
        }
        return true;
    }
    return QWidget::event(event);
}

}  // namespace radlads::ui
