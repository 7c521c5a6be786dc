// Writes every page of the wizard, light and dark, as PNG files for a person to look at: wizard_screenshots DIRECTORY.
#include <QApplication>
#include <QTest>

#include "tests/ui/wizard/wizard_engine.h"
#include "ui/core/theme.h"
#include "ui/wizard/conversion_wizard.h"
#include "ui/wizard/plan_field.h"
#include "ui/wizard/wizard_model.h"

using namespace radlads;
using namespace radlads::ui;

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    if (argc != 2) return 2;
    const QString directory = QString::fromLocal8Bit(argv[1]);
    QDir().mkpath(directory);
    tests::WizardEngine engine;
    EngineClient client(engine.server.address());
    client.connectToEngine();
    for (const Theme::Mode mode : {Theme::Mode::Light, Theme::Mode::Dark}) {
        Theme::instance().apply(mode);
        const QString theme = mode == Theme::Mode::Light ? QStringLiteral("light") : QStringLiteral("dark");
        ConversionWizard wizard(&client);
        wizard.resize(1024, 640);
        wizard.show();
        if (!QTest::qWaitForWindowExposed(&wizard)) return 1;
        const auto shoot = [&](const QString& name) {
            QTest::qWait(500);
            wizard.grab().save(QStringLiteral("%1/wizard-%2-%3.png").arg(directory, name, theme));
        };
        shoot(QStringLiteral("0-empty"));
        QJsonObject plan = tests::presetPlan(QStringLiteral("paper-2a-rwkv7"));
        plan[QStringLiteral("teacher")] = QJsonObject{{QStringLiteral("path"), QStringLiteral("/m/Qwen2.5-0.5B")}};
        QJsonArray sources;
        for (const auto& [path, weight] : {std::pair{"/data/dclm", 0.9}, {"/data/thoughts.jsonl.zst", 0.1}})
            sources.append(
                QJsonObject{{QStringLiteral("path"), QLatin1String(path)}, {QStringLiteral("weight"), weight}});
        plan[QStringLiteral("data")] = QJsonObject{{QStringLiteral("sources"), sources}};
        wizard.setPlanJson(plan);
        wizard.model()->set(QStringLiteral("steps.1.tokens"), 400000000, QStringLiteral("change"));
        wizard.model()->set(QStringLiteral("student.attention_layers"), QJsonArray{22, 23}, QStringLiteral("change"));
        const char* names[] = {"1-teacher", "2-student", "3-data", "4-schedule", "5-hardware", "6-review"};
        for (int page = 0; page < 6; ++page) {
            wizard.showPage(page);
            shoot(QLatin1String(names[page]));
        }
        wizard.model()->set(QStringLiteral("steps.0.micro_batch_size"), 7, QStringLiteral("change"));
        wizard.model()->set(QStringLiteral("steps.1.sequence_length"), 16384, QStringLiteral("change"));
        wizard.showField(QStringLiteral("steps.0.micro_batch_size"));
        QTest::qWait(700);
        shoot(QStringLiteral("7-problem"));
        wizard.showPage(5);
        shoot(QStringLiteral("8-problems"));
    }
    return 0;
}
