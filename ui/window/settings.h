// Everything that the program remembers, behind one table of keys and defaults. Owned by the application; GUI thread.
#pragma once

#include <QObject>
#include <QSettings>
#include <QVariant>

namespace radlads::ui {

enum class Setting {
    ThemeMode,        // "system" "light" "dark"
    Language,         // "" (the system's), "en", "de"
    Smoothing,        // 0 to 0.999, what new charts start with
    Notifications,    // bool
    CostPerHour,      // of the machine; 0: not asked for
    RunFolder,        // where "Open" and "Save" start
    EngineAutostart,  // bool
    Engines,          // list of maps: id, title, host, socket
    Geometry,
    SplitterState,
    SelectedEngine,
    SelectedRun,
    SelectedTab,
};

class Settings : public QObject {
    Q_OBJECT
public:
    explicit Settings(QObject* parent = nullptr);

    QVariant value(Setting setting) const;  // the default where nothing usable is stored
    void setValue(Setting setting, const QVariant& value);

Q_SIGNALS:
    void changed(radlads::ui::Setting setting);

private:
    QSettings m_store;
};

}  // namespace radlads::ui
