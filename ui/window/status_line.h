// The status bar's two ends: the engine and its machine on the left, how many runs there are on the right. GUI thread.
#pragma once

#include <QStatusBar>

#include "ui/window/engine_set.h"

class QLabel;

namespace radlads::ui {

class StatusLine : public QStatusBar {
    Q_OBJECT
public:
    explicit StatusLine(QWidget* parent = nullptr);
    void show(const EngineSet& engines, int index);

private:
    QLabel *m_machine, *m_runs;
};

}  // namespace radlads::ui
