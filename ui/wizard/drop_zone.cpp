#include "ui/wizard/drop_zone.h"

#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QMimeData>
#include <QPainter>
#include <QUrl>

#include "ui/core/theme.h"
#include "ui/wizard/wizard_page.h"

namespace radlads::ui {
namespace {

QStringList localPaths(const QMimeData* data) {
    QStringList paths;
    for (const QUrl& url : data->urls())
        if (url.isLocalFile()) paths.append(url.toLocalFile());
    return paths;
}

}  // namespace

DropZone::DropZone(const QString& text, QWidget* parent) : QFrame(parent), m_text(mutedLabel(text, this)) {
    setAcceptDrops(true);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Theme::kSpacing * 3 / 2, Theme::kSpacing, Theme::kSpacing, Theme::kSpacing);
    row->setSpacing(Theme::kSpacing);
    row->addWidget(m_text, 1);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void DropZone::dragEnterEvent(QDragEnterEvent* event) {
    if (localPaths(event->mimeData()).isEmpty()) return;
    event->acceptProposedAction();
    m_isOver = true;
    update();
}

void DropZone::dragLeaveEvent(QDragLeaveEvent*) {
    m_isOver = false;
    update();
}

void DropZone::dropEvent(QDropEvent* event) {
    m_isOver = false;
    update();
    const QStringList paths = localPaths(event->mimeData());
    if (paths.isEmpty()) return;
    event->acceptProposedAction();
    Q_EMIT dropped(paths);
}

void DropZone::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Role role = m_isOver ? Role::Accent : Role::Muted;
    painter.setPen(QPen(Theme::instance().color(role), m_isOver ? 2 : 1, Qt::DashLine));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
}

}  // namespace radlads::ui
