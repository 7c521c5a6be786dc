// The parts that other libraries make for the window: tabs, comparison, wizard, export. Tests put their own in.
#pragma once

#include <QIcon>
#include <QJsonObject>
#include <QStringList>
#include <functional>
#include <vector>

#include "ui/core/run_page.h"

namespace radlads::ui {

struct WindowParts {
    struct Page {
        QString id, title, icon;
        std::function<RunPage*(QWidget* parent)> make;  // called when the tab is shown first
    };
    struct Comparison {
        QWidget* widget = nullptr;
        std::function<void(RunStore* store, const QStringList& runs)> show;
    };
    std::vector<Page> pages;
    std::function<Comparison(QWidget* parent)> makeComparison;
    // Opens the wizard with a plan (may be empty); `started` is told the new run.
    std::function<void(EngineClient*, const QJsonObject& plan, QWidget* parent,
                       std::function<void(const QString&)> started)>
        openWizard;
    std::function<void(RunStore*, const QString& run, QWidget* parent)> openExport;
};

WindowParts standardParts();

}  // namespace radlads::ui
