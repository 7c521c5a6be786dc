#include "ui/playground/message_strip.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QStyle>
#include <QToolButton>

namespace radlads::ui {

MessageStrip::MessageStrip(QWidget* parent)
    : QFrame(parent), m_icon(new QLabel), m_text(new QLabel), m_close(new QToolButton) {
    setObjectName(QStringLiteral("messageStrip"));
    setFrameShape(QFrame::StyledPanel);
    m_text->setObjectName(QStringLiteral("messageText"));
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->setAccessibleName(tr("Message"));
    m_close->setObjectName(QStringLiteral("messageClose"));
    m_close->setAutoRaise(true);
    m_close->setToolTip(tr("Close this message"));
    m_close->setAccessibleName(tr("Close this message"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(Theme::kSpacing, Theme::kSpacing / 2, Theme::kSpacing / 2, Theme::kSpacing / 2);
    row->setSpacing(Theme::kSpacing);
    row->addWidget(m_icon, 0, Qt::AlignTop);
    row->addWidget(m_text, 1);
    row->addWidget(m_close, 0, Qt::AlignTop);
    connect(m_close, &QToolButton::clicked, this, &MessageStrip::clear);
    connect(&Theme::instance(), &Theme::changed, this, &MessageStrip::updateColours);
    updateColours();
    setVisible(false);
}

void MessageStrip::say(Role role, const QString& text) {
    m_role = role;
    m_text->setText(text);
    m_text->setAccessibleDescription(text);
    updateColours();
    setVisible(true);
}

void MessageStrip::clear() {
    m_text->clear();
    setVisible(false);
}

QString MessageStrip::text() const {
    return m_text->text();
}

void MessageStrip::updateColours() {
    const Theme& theme = Theme::instance();
    const QString name = m_role == Role::Success   ? QStringLiteral("finished")
                         : m_role == Role::Failure ? QStringLiteral("error")
                                                   : QStringLiteral("information");
    const int size = style()->pixelMetric(QStyle::PM_SmallIconSize, nullptr, this);
    m_icon->setPixmap(theme.icon(name).pixmap(QSize(size, size), devicePixelRatioF()));
    m_close->setIcon(theme.icon(QStringLiteral("close")));
    QPalette colours;
    colours.setColor(QPalette::WindowText, theme.color(m_role));
    m_text->setPalette(colours);
}

}  // namespace radlads::ui
