// Every page, dialog and menu of the studio, each brought up in a window of its own against a scripted engine: for
// pictures that a person looks at, and for tests that hold everywhere.
#pragma once

#include <QStringList>
#include <QTemporaryDir>
#include <functional>
#include <memory>
#include <vector>

#include "tests/ui/scenes/studio_engine.h"
#include "ui/window/main_window.h"

namespace radlads::tests {

// The whole program: settings, engines, window. Made for one scene; GUI thread.
class Stage {
public:
    enum class Engines { Local, FailedRemote, None };
    explicit Stage(StudioEngine::Library library = StudioEngine::Library::Full, Engines engines = Engines::Local);
    ~Stage();

    ui::MainWindow& window() { return *m_window; }
    StudioEngine& engine() { return m_engine; }
    ui::RunStore* store() { return m_engines->store(0); }
    void show(QSize size);
    void openRun(const QString& run, const QString& page);
    template <class T>
    T* find(const QString& name, QWidget* below = nullptr) {
        T* found = (below ? below : m_window.get())->template findChild<T*>(name);
        if (!found) qFatal("there is no widget %s", qPrintable(name));
        return found;
    }
    // Keeps a widget that the scene made until the stage goes.
    template <class T>
    T* keep(std::unique_ptr<T> widget) {
        T* raw = widget.get();
        m_kept.push_back(std::move(widget));
        return raw;
    }
    static bool waitFor(const std::function<bool()>& condition);

private:
    QTemporaryDir m_directory;
    QByteArray m_path;  // PATH as it was before
    StudioEngine m_engine;
    ui::Settings m_settings;
    ui::DialogPrompts m_prompts;
    std::unique_ptr<ui::EngineSet> m_engines;
    std::unique_ptr<ui::MainWindow> m_window;
    std::vector<std::unique_ptr<QWidget>> m_kept;
};

struct Scene {
    QString name;
    std::function<std::unique_ptr<Stage>()> make;
    std::function<QWidget*(Stage&)> open;  // what is looked at: the window, a dialog, a menu
};
const std::vector<Scene>& scenes();

// As the program does it at its start, for "en" or "de".
void setLanguage(const QString& code);

}  // namespace radlads::tests
