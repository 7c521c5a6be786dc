#include "ui/core/system_theme.h"

#include <QApplication>
#include <QDBusMessage>
#include <QDBusMetaType>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QEvent>
#include <QPalette>
#include <QWindow>

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

const QString kPath = u"/org/freedesktop/portal/desktop"_s;
const QString kInterface = u"org.freedesktop.portal.Settings"_s;
const QString kGroup = u"org.freedesktop.appearance"_s;
const QString kKey = u"color-scheme"_s;
enum ColorScheme : uint { NoPreference, PreferDark, PreferLight };

bool isDarkPalette(const QPalette& palette) {
    return palette.color(QPalette::Window).lightness() < 128;
}

}  // namespace

SystemTheme::SystemTheme(const QDBusConnection& bus, const QString& service, QObject* parent)
    : QObject(parent), m_paletteIsDark(isDarkPalette(QGuiApplication::palette())) {
    qApp->installEventFilter(this);
    if (!bus.isConnected()) return;
    QDBusConnection connection(bus);
    // Without it the slot's argument is a type that is not known until the first message with one has come.
    qDBusRegisterMetaType<QDBusVariant>();
    connection.connect(service, kPath, kInterface, u"SettingChanged"_s, this,
                       SLOT(onSettingChanged(QString, QString, QDBusVariant)));
    QDBusMessage read = QDBusMessage::createMethodCall(service, kPath, kInterface, u"Read"_s);
    read << kGroup << kKey;
    auto* watcher = new QDBusPendingCallWatcher(connection.asyncCall(read), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<QDBusVariant> reply = *watcher;
        if (reply.isValid()) setPortal(reply.value().variant());
        watcher->deleteLater();
    });
}

void SystemTheme::onSettingChanged(const QString& group, const QString& key, const QDBusVariant& value) {
    if (group == kGroup && key == kKey) setPortal(value.variant());
}

// The old method "Read" wraps its value twice.
void SystemTheme::setPortal(const QVariant& value) {
    const QVariant inner =
        value.metaType() == QMetaType::fromType<QDBusVariant>() ? value.value<QDBusVariant>().variant() : value;
    const bool wasDark = isDark();
    switch (inner.toUInt()) {
        case PreferDark:
            m_portalIsDark = true;
            break;
        case PreferLight:
            m_portalIsDark = false;
            break;
        default:
            m_portalIsDark.reset();
    }
    if (isDark() != wasDark) Q_EMIT changed();
}

// The program's own palette hides the platform's; windows are still told that the platform's has changed.
bool SystemTheme::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ThemeChange && qobject_cast<QWindow*>(watched)) readPalette();
    return QObject::eventFilter(watched, event);
}

void SystemTheme::readPalette() {
    if (m_isReading) return;
    m_isReading = true;
    const bool wasDark = isDark();
    const QPalette own = QApplication::palette();
    QApplication::setPalette(QPalette());
    m_paletteIsDark = isDarkPalette(QApplication::palette());
    QApplication::setPalette(own);
    m_isReading = false;
    if (isDark() != wasDark) Q_EMIT changed();
}

}  // namespace radlads::ui
