// What the desktop says of light and dark is followed while the program runs.
#include "ui/core/system_theme.h"

#include <QApplication>
#include <QDBusAbstractAdaptor>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QPalette>
#include <QProcess>
#include <QSignalSpy>
#include <QTest>
#include <QWindow>

using namespace Qt::StringLiterals;
using namespace radlads::ui;

static const QString kService = u"org.freedesktop.portal.Desktop"_s;

// The desktop's side, on a bus of its own.
class Portal : public QDBusAbstractAdaptor {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Settings")
public:
    explicit Portal(QObject* object) : QDBusAbstractAdaptor(object) {}
    uint scheme = 1;

public Q_SLOTS:
    QDBusVariant Read(const QString& group, const QString& key) {
        const bool isAsked = group == "org.freedesktop.appearance"_L1 && key == "color-scheme"_L1;
        return QDBusVariant(QVariant::fromValue(QDBusVariant(isAsked ? scheme : 99u)));  // wrapped twice, as it is
    }
};

class SystemThemeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void thePortalIsFollowed() {
        QProcess daemon;
        daemon.start(u"dbus-daemon"_s, {u"--session"_s, u"--nofork"_s, u"--print-address"_s});
        QTRY_VERIFY(daemon.canReadLine());
        const QString address = QString::fromLocal8Bit(daemon.readLine()).trimmed();
        QDBusConnection desktop = QDBusConnection::connectToBus(address, u"desktop"_s);
        QObject object;
        new Portal(&object);
        QVERIFY(desktop.registerObject(u"/org/freedesktop/portal/desktop"_s, &object));
        QVERIFY(desktop.registerService(kService));
        SystemTheme theme(QDBusConnection::connectToBus(address, u"program"_s), kService);
        QSignalSpy changed(&theme, &SystemTheme::changed);
        QVERIFY(!theme.isDark());
        QTRY_VERIFY(theme.isDark());
        QCOMPARE(changed.count(), 1);
        const auto say = [&](const QString& key, uint scheme) {
            QDBusMessage message = QDBusMessage::createSignal(
                u"/org/freedesktop/portal/desktop"_s, u"org.freedesktop.portal.Settings"_s, u"SettingChanged"_s);
            message << u"org.freedesktop.appearance"_s << key << QVariant::fromValue(QDBusVariant(scheme));
            QVERIFY(desktop.send(message));
        };
        say(u"accent-color"_s, 2);
        say(u"color-scheme"_s, 2);
        QTRY_VERIFY(!theme.isDark());
        QCOMPARE(changed.count(), 2);
        say(u"color-scheme"_s, 1);
        QTRY_VERIFY(theme.isDark());
        say(u"color-scheme"_s, 0);  // no preference: the platform's palette, which is light here
        QTRY_VERIFY(!theme.isDark());
        for (const QString& name : {u"desktop"_s, u"program"_s}) QDBusConnection::disconnectFromBus(name);
        daemon.terminate();
        QTRY_COMPARE(daemon.state(), QProcess::NotRunning);
    }

    void withoutAPortalThePlatformsPaletteCounts() {
        SystemTheme theme(QDBusConnection(u"nowhere"_s), kService);
        QSignalSpy changed(&theme, &SystemTheme::changed);
        QVERIFY(!theme.isDark());
        // The program's own dark palette is not the desktop's, also when the desktop says that its theme has changed.
        QPalette own;
        own.setColor(QPalette::Window, Qt::black);
        QApplication::setPalette(own);
        QWindow window;
        QEvent event(QEvent::ThemeChange);
        QCoreApplication::sendEvent(&window, &event);
        QVERIFY(!theme.isDark());
        QCOMPARE(changed.count(), 0);
        QCOMPARE(QApplication::palette().color(QPalette::Window), QColor(Qt::black));
        QApplication::setPalette(QPalette());
    }
};

QTEST_MAIN(SystemThemeTest)
#include "system_theme_test.moc"
