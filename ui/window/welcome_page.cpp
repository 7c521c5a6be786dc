#include "ui/window/welcome_page.h"

#include <QAction>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

#include "ui/core/theme.h"
#include "ui/window/named.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

QPushButton* buttonOf(QAction* action, const QString& name, const QString& text) {
    auto* button = named(new QPushButton(text), name, QString(text).remove(u'&'));
    button->setIcon(action->icon());
    button->setEnabled(action->isEnabled());
    QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
    QObject::connect(action, &QAction::changed, button, [button, action] { button->setEnabled(action->isEnabled()); });
    return button;
}

}  // namespace

WelcomePage::WelcomePage(QAction* demo, QAction* newConversion, QWidget* parent)
    : QWidget(parent), m_title(new QLabel(tr("Radlads Studio"))), m_text(new QLabel), m_connection(new QLabel) {
    named(this, u"welcome"_s, tr("Welcome"));
    auto* picture = new QLabel;
    picture->setPixmap(QIcon(u":/icons/radlads.svg"_s).pixmap(QSize(72, 72), devicePixelRatioF()));
    QFont large = font();
    large.setPointSizeF(large.pointSizeF() * 1.6);
    large.setBold(true);
    m_title->setFont(large);
    m_text->setWordWrap(true);
    m_connection->setWordWrap(true);
    m_connection->setObjectName(u"welcomeConnection"_s);
    m_connection->setForegroundRole(QPalette::PlaceholderText);

    auto* tryDemo = buttonOf(demo, u"tryDemo"_s, tr("Try the &demo (2 min)"));
    tryDemo->setDefault(true);
    auto* create = buttonOf(newConversion, u"welcomeNewConversion"_s, tr("&New conversion"));
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(Theme::kSpacing);
    buttons->addWidget(tryDemo);
    buttons->addWidget(create);
    buttons->addStretch(1);

    auto* column = new QVBoxLayout;
    column->setSpacing(Theme::kSpacing * 2);
    column->addWidget(picture);
    column->addWidget(m_title);
    column->addWidget(m_text);
    column->addLayout(buttons);
    column->addWidget(m_connection);
    auto* holder = new QWidget;
    holder->setLayout(column);
    holder->setFixedWidth(fontMetrics().averageCharWidth() * 72);
    auto* layout = new QGridLayout(this);
    layout->addWidget(holder, 0, 0, Qt::AlignCenter);
    setHasRuns(false);
    setConnection(QString());
}

void WelcomePage::setConnection(const QString& sentence) {
    m_connection->setText(sentence);
    m_connection->setVisible(!sentence.isEmpty());
}

void WelcomePage::setHasRuns(bool hasRuns) {
    m_text->setText(
        hasRuns ? tr("Choose a run on the left to watch it, or two or more to compare them.")
                : tr("This program converts a language model with softmax attention into one with linear attention, "
                     "whose memory stays the same however long the text is. It needs the model, some text and a few "
                     "hundred million tokens of training; the demo shows the whole way with a small model that is "
                     "built in."));
}

}  // namespace radlads::ui
