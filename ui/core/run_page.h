// A tab of the run view. The window tells every page which run is shown.
#pragma once

#include <QWidget>
#include <memory>

#include "ui/core/run_store.h"

namespace radlads::ui {

class RunPage : public QWidget {
    Q_OBJECT
public:
    using QWidget::QWidget;
    // store and history may be null: nothing is shown. The page keeps the history as long as it shows the run.
    virtual void showRun(RunStore* store, std::shared_ptr<RunHistory> history) = 0;
};

}  // namespace radlads::ui
