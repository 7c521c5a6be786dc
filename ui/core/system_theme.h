// Whether the desktop is dark, and when that changes: what the desktop portal says (org.freedesktop.appearance), and
// without a portal the palette that the platform gives. Owned by Theme; GUI thread, asks without waiting.
#pragma once

#include <QDBusConnection>
#include <QDBusVariant>
#include <QObject>
#include <optional>

namespace radlads::ui {

class SystemTheme : public QObject {
    Q_OBJECT
public:
    // Made before the program sets a palette of its own.
    SystemTheme(const QDBusConnection& bus, const QString& service, QObject* parent = nullptr);

    bool isDark() const { return m_portalIsDark.value_or(m_paletteIsDark); }

Q_SIGNALS:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private Q_SLOTS:
    void onSettingChanged(const QString& group, const QString& key, const QDBusVariant& value);

private:
    void setPortal(const QVariant& value);
    void readPalette();

    bool m_paletteIsDark = false;
    bool m_isReading = false;
    std::optional<bool> m_portalIsDark;  // nothing: no portal, or it has no preference
};

}  // namespace radlads::ui
