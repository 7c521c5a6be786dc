// Writes a picture of every scene, light and dark: ui_screenshots DIRECTORY [LANGUAGE [PATTERN]]. The scale is Qt's
// own, QT_SCALE_FACTOR. tests/ui/screenshots.sh runs it in every language and scale and makes the index.
#include <QApplication>
#include <QDir>
#include <QRegularExpression>
#include <QTest>
#include <cstdio>

#include "tests/ui/scenes/scenes.h"
#include "ui/core/theme.h"

using namespace Qt::StringLiterals;
using namespace radlads;

namespace {

constexpr int kSettleMs = 350;  // estimates and charts wait a moment before they draw

bool shoot(QWidget& widget, const QString& path) {
    QTest::qWait(kSettleMs);
    if (widget.grab().save(path)) return true;
    std::fprintf(stderr, "ui_screenshots: %s cannot be written\n", qPrintable(path));
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    QCoreApplication::setOrganizationName(u"radlads-pictures"_s);
    QCoreApplication::setApplicationName(u"radlads"_s);
    QCoreApplication::setApplicationVersion(u"0.1.0"_s);
    QApplication application(argc, argv);
    if (argc < 2) {
        std::fputs("Usage: ui_screenshots DIRECTORY [LANGUAGE [PATTERN]]\n", stderr);
        return 2;
    }
    const QDir directory(QString::fromLocal8Bit(argv[1]));
    const QString language = argc > 2 ? QString::fromLocal8Bit(argv[2]) : u"en"_s;
    const QRegularExpression pattern(argc > 3 ? QString::fromLocal8Bit(argv[3]) : QString());
    if (!directory.mkpath(u"."_s)) return 1;
    tests::setLanguage(language);
    bool isFine = true;
    for (const tests::Scene& scene : tests::scenes()) {
        if (!pattern.match(scene.name).hasMatch()) continue;
        ui::Theme::instance().apply(ui::Theme::Mode::Light);
        const auto stage = scene.make();
        QWidget* shown = scene.open(*stage);
        const QString scale = QString::number(shown->devicePixelRatioF());
        const QString name = language == "en"_L1 ? scene.name : scene.name + u'-' + language;
        // The same widgets in both themes: a change while the program runs has to reach everything.
        for (const auto& [mode, word] :
             {std::pair{ui::Theme::Mode::Light, u"light"_s}, std::pair{ui::Theme::Mode::Dark, u"dark"_s}}) {
            ui::Theme::instance().apply(mode);
            isFine &= shoot(*shown, directory.filePath(u"%1-%2-%3x.png"_s.arg(name, word, scale)));
        }
    }
    return isFine ? 0 : 1;
}
