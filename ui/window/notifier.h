// Tells on the desktop when a run ends or needs attention: the tray where there is one, else nothing. Owned by the main
// window.
#pragma once

#include <QHash>
#include <QObject>

#include "ui/core/run_record.h"
#include "ui/window/engine_set.h"

class QSystemTrayIcon;

namespace radlads::ui {

class Notifier : public QObject {
    Q_OBJECT
public:
    Notifier(EngineSet* engines, Settings* settings, QObject* parent = nullptr);

Q_SIGNALS:
    void told(const QString& title, const QString& text);  // also without a tray
    void activated();

private:
    void watch(int index);
    void tell(const RunRecord& record);

    EngineSet* m_engines;
    Settings* m_settings;
    QSystemTrayIcon* m_tray = nullptr;
    QHash<QString, RunState> m_states;  // by engine and run
};

}  // namespace radlads::ui
