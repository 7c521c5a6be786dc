// The studio's objects and how they are connected. Made once by main; GUI thread.
#pragma once

#include <QObject>

#include "ui/core/translations.h"
#include "ui/window/main_window.h"

namespace radlads::app {

class Application : public QObject {
    Q_OBJECT
public:
    explicit Application(const QString& socket);

    void start(const QString& planOrRun);

private:
    void applyTheme();
    void loadTranslation();
    ui::EngineAddress localEngine(const QString& socket) const;

    ui::Settings m_settings;
    ui::Translations m_translations;
    ui::DialogPrompts m_prompts;
    std::unique_ptr<ui::EngineSet> m_engines;
    std::unique_ptr<ui::MainWindow> m_window;  // goes before the engines
};

}  // namespace radlads::app
