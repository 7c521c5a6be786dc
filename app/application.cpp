#include "app/application.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QLocale>
#include <QTimer>

#include "ui/core/theme.h"

namespace radlads::app {

using namespace Qt::StringLiterals;

Application::Application(const QString& socket) {
    loadTranslation();
    applyTheme();
    connect(&m_settings, &ui::Settings::changed, this, [this](ui::Setting setting) {
        if (setting == ui::Setting::ThemeMode) applyTheme();
    });
    m_engines = std::make_unique<ui::EngineSet>(&m_settings, localEngine(socket));
    m_window = std::make_unique<ui::MainWindow>(m_engines.get(), &m_settings, &m_prompts, ui::standardParts());
}

ui::EngineAddress Application::localEngine(const QString& socket) const {
    return {u"local"_s, QCoreApplication::translate("Application", "This computer"), socket, QString(),
            m_settings.value(ui::Setting::EngineAutostart).toBool()};
}

void Application::loadTranslation() {
    const QString code = m_settings.value(ui::Setting::Language).toString();
    m_translations.install(code.isEmpty() ? QLocale() : QLocale(code));
}

void Application::applyTheme() {
    const QString mode = m_settings.value(ui::Setting::ThemeMode).toString();
    ui::Theme::instance().apply(mode == "dark"_L1    ? ui::Theme::Mode::Dark
                                : mode == "light"_L1 ? ui::Theme::Mode::Light
                                                     : ui::Theme::Mode::System);
}

void Application::start(const QString& planOrRun) {
    m_window->show();
    if (!planOrRun.isEmpty()) {
        if (QFileInfo::exists(planOrRun))
            m_window->openPlanFile(planOrRun);
        else
            m_window->openRun(planOrRun);
    }
    // The window is there first, then the engine is looked for.
    QTimer::singleShot(0, m_engines.get(), &ui::EngineSet::connectAll);
}

}  // namespace radlads::app
