#include "ui/window/message_bar.h"

#include <QApplication>
#include <QClipboard>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/core/theme_icon.h"
#include "ui/window/named.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

constexpr int kIconSize = 16;

int tallestButton() {
    static const int height = QPushButton(QStringLiteral("M")).sizeHint().height();
    return height;
}

}  // namespace

MessageBar::MessageBar(QWidget* parent) : QWidget(parent), m_layout(new QVBoxLayout(this)) {
    named(this, u"messageBar"_s, tr("Messages"));
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(1);
    setVisible(false);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_shown.clear();
        rebuild();
    });
}

QVector<Message> MessageBar::messages() const {
    QVector<Message> all;
    for (const Message& message : m_standing)
        if (!m_closed.contains(message.id)) all.append(message);
    return all + m_news;
}

void MessageBar::setStanding(const QVector<Message>& messages) {
    m_standing = messages;
    // What is over may be told again when it comes back.
    QSet<QString> present;
    for (const Message& message : messages) present.insert(message.id);
    m_closed.intersect(present);
    rebuild();
}

void MessageBar::add(const Message& message) {
    m_news.removeIf([&](const Message& other) { return other.id == message.id; });
    m_news.append(message);
    while (m_news.size() > 3) m_news.removeFirst();
    rebuild();
}

void MessageBar::remove(const QString& id) {
    m_news.removeIf([&](const Message& other) { return other.id == id; });
    rebuild();
}

void MessageBar::close(const QString& id) {
    m_closed.insert(id);
    remove(id);
}

void MessageBar::rebuild() {
    const QVector<Message> now = messages();
    if (now == m_shown) return;
    m_shown = now;
    while (QLayoutItem* item = m_layout->takeAt(0)) {
        if (QWidget* line = item->widget()) {
            line->hide();
            line->deleteLater();
        }
        delete item;
    }
    for (const Message& message : now) m_layout->addWidget(makeLine(message));
    setVisible(!now.isEmpty());
}

QWidget* MessageBar::makeLine(const Message& message) {
    auto* line = new QFrame;
    line->setObjectName(u"message"_s);
    line->setAutoFillBackground(true);
    const QColor color = Theme::instance().color(message.role);
    QPalette palette = line->palette();
    const QColor ground = palette.color(QPalette::Base);
    const auto mix = [](int part, int rest) { return (part * 12 + rest * 88) / 100; };
    palette.setColor(QPalette::Window, QColor(mix(color.red(), ground.red()), mix(color.green(), ground.green()),
                                              mix(color.blue(), ground.blue())));
    line->setPalette(palette);

    auto* icon = new QLabel;
    icon->setPixmap(tintedPixmap(message.role == Role::Failure   ? u"error"_s
                                 : message.role == Role::Warning ? u"warning"_s
                                                                 : u"information"_s,
                                 color, {kIconSize, kIconSize}, devicePixelRatioF()));
    auto* text = named(new QLabel(message.text), u"messageText"_s, message.text);
    text->setTextFormat(Qt::PlainText);
    text->setWordWrap(true);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse);

    auto* layout = new QHBoxLayout(line);
    layout->setContentsMargins(Theme::kSpacing * 2, Theme::kSpacing, Theme::kSpacing, Theme::kSpacing);
    layout->setSpacing(Theme::kSpacing);
    // The sign stands beside the first line, which is as far down as the words of the buttons.
    const int down = std::max(0, (tallestButton() - fontMetrics().height()) / 2);
    icon->setContentsMargins(0, std::max(0, down + (fontMetrics().height() - kIconSize) / 2), 0, 0);
    text->setContentsMargins(0, down, 0, 0);
    text->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    layout->addWidget(icon, 0, Qt::AlignTop);
    layout->addWidget(text, 1);
    for (const auto& [deed, label] : message.deeds) {
        auto* button = named(new QPushButton(label), u"messageDeed"_s, label);
        connect(button, &QPushButton::clicked, this,
                [this, deed = deed, subject = message.subject] { Q_EMIT deedWanted(deed, subject); });
        layout->addWidget(button, 0, Qt::AlignTop);
    }
    const auto tool = [&](const QString& iconName, const QString& name, const QString& label) {
        auto* button = named(new QToolButton, name, label);
        button->setIcon(Theme::instance().icon(iconName));
        button->setToolTip(label);
        button->setAutoRaise(true);
        button->setFocusPolicy(Qt::StrongFocus);
        layout->addWidget(button, 0, Qt::AlignTop);
        return button;
    };
    if (!message.details.isEmpty() && message.details != message.text) {
        auto* copy = tool(u"copy"_s, u"messageCopy"_s, tr("Copy the details"));
        connect(copy, &QToolButton::clicked, this,
                [details = message.details] { QApplication::clipboard()->setText(details); });
    }
    auto* closeButton = tool(u"close"_s, u"messageClose"_s, tr("Close this message"));
    // Queued: the button's own line goes with it.
    connect(
        closeButton, &QToolButton::clicked, this, [this, id = message.id] { close(id); }, Qt::QueuedConnection);
    return line;
}

}  // namespace radlads::ui
