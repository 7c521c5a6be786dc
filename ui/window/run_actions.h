// Everything that can be done, as actions with their keys: the same objects in the menus, the header and the context
// menu. Knows only what is possible for the chosen runs; the main window does it. Owned by the main window.
#pragma once

#include <QAction>
#include <QObject>
#include <QVector>

#include "ui/core/run_record.h"

class QMenu;

namespace radlads::ui {

class RunActions : public QObject {
    Q_OBJECT
public:
    explicit RunActions(QObject* parent = nullptr);

    void setRuns(const QVector<RunRecord>& runs, bool isConnected);
    void fillRunMenu(QMenu* menu) const;  // all that concerns the chosen runs

    QAction *newConversion, *demo, *open, *quit;
    QAction *pauseOrResume, *checkpoint, *stop, *rename, *label, *remove, *newFromThis, *exportModel, *compare;
    QAction *queueUp, *queueDown, *copyDirectory, *openFolder;
    QAction *search, *nextPane, *back, *settings, *refresh, *addEngine, *help, *about;

private:
    QAction* make(const QString& name, const QString& text, const QString& icon, const QKeySequence& keys,
                  const QString& tip = QString());
    void retitlePause(RunState state);
};

}  // namespace radlads::ui
