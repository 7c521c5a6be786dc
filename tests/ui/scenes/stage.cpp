#include <QCoreApplication>
#include <QFile>
#include <QSettings>
#include <QTest>

#include "tests/ui/scenes/scenes.h"
#include "ui/core/translations.h"
#include "ui/window/library_panel.h"
#include "ui/window/run_view.h"

namespace radlads::tests {

using namespace Qt::StringLiterals;

Stage::Stage(StudioEngine::Library library, Engines engines) : m_path(qgetenv("PATH")), m_engine(library) {
    QSettings().clear();
    // A host that refuses, without a network.
    QFile ssh(m_directory.filePath(u"ssh"_s));
    if (!ssh.open(QIODevice::WriteOnly)) qFatal("no ssh script");
    ssh.write("#!/bin/sh\necho 'ssh: connect to host gpu-node port 22: Connection refused' >&2\nexit 255\n");
    ssh.close();
    ssh.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    qputenv("PATH", m_directory.path().toLocal8Bit() + ':' + m_path);
    if (engines == Engines::FailedRemote)
        m_settings.setValue(ui::Setting::Engines,
                            QVariantList{QVariantMap{{u"host"_s, u"user@gpu-node"_s}, {u"title"_s, u"gpu-node"_s}}});
    if (engines == Engines::None) m_engine.server.stop();
    ui::EngineAddress address = m_engine.server.address();
    address.title = QCoreApplication::translate("Application", "This computer");
    m_engines = std::make_unique<ui::EngineSet>(&m_settings, address);
    m_window = std::make_unique<ui::MainWindow>(m_engines.get(), &m_settings, &m_prompts, ui::standardParts());
    m_engines->connectAll();
}

Stage::~Stage() {
    m_kept.clear();
    m_window.reset();
    m_engines.reset();
    qputenv("PATH", m_path);
}

bool Stage::waitFor(const std::function<bool()>& condition) {
    return QTest::qWaitFor(condition, 10000);
}

void Stage::show(QSize size) {
    m_window->resize(size);
    m_window->show();
    if (!QTest::qWaitForWindowExposed(m_window.get())) qFatal("the window does not appear");
    if (m_engine.server.address().socket.isEmpty()) return;
    waitFor([this] { return store()->isLoaded() || !store()->client()->problem().isEmpty(); });
}

void Stage::openRun(const QString& run, const QString& page) {
    m_window->library()->selectRuns({run});
    m_window->runView()->showPage(page);
    const auto history = store()->history(run);
    if (!waitFor([&] { return history->isLive(); })) qFatal("the journal of %s does not come", qPrintable(run));
}

void setLanguage(const QString& code) {
    static ui::Translations translations;
    translations.install(QLocale(code));
}

}  // namespace radlads::tests
