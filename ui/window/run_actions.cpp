#include "ui/window/run_actions.h"

#include <QMenu>
#include <algorithm>

#include "ui/core/theme.h"
#include "ui/window/run_text.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

RunActions::RunActions(QObject* parent) : QObject(parent) {
    newConversion = make(u"newConversion"_s, tr("&New conversion…"), u"add"_s, QKeySequence::New);
    demo = make(u"demo"_s, tr("Try the &demo"), u"play"_s, {});
    open = make(u"open"_s, tr("&Open a plan or run…"), u"open"_s, QKeySequence::Open);
    // Qt has a standard key for this on some desktops only.
    quit = make(u"quit"_s, tr("&Quit"), {}, Qt::CTRL | Qt::Key_Q, tr("Runs go on without the window."));

    pauseOrResume = make(u"pauseOrResume"_s, tr("&Pause"), u"pause"_s, Qt::Key_Space);
    checkpoint = make(u"checkpoint"_s, tr("&Checkpoint"), u"checkpoint"_s, Qt::CTRL | Qt::Key_K,
                      tr("Saves a checkpoint after the present update."));
    stop = make(u"stop"_s, tr("&Stop"), u"stop"_s, Qt::CTRL | Qt::Key_Period,
                tr("Saves a checkpoint and ends the process. The run can be resumed."));
    rename = make(u"rename"_s, tr("&Rename"), u"edit"_s, Qt::Key_F2);
    label = make(u"label"_s, tr("&Tags and notes…"), u"tag"_s, Qt::CTRL | Qt::Key_T);
    remove = make(u"remove"_s, tr("&Delete…"), u"delete"_s, Qt::Key_Delete);
    newFromThis = make(u"newFromThis"_s, tr("&New conversion from this…"), u"plan"_s, Qt::CTRL | Qt::SHIFT | Qt::Key_N);
    exportModel = make(u"exportModel"_s, tr("&Export…"), u"export"_s, Qt::CTRL | Qt::Key_E);
    compare = make(u"compare"_s, tr("Co&mpare"), u"compare"_s, Qt::CTRL | Qt::SHIFT | Qt::Key_C,
                   tr("Shows two or more chosen runs side by side."));
    queueUp = make(u"queueUp"_s, tr("Earlier in the &queue"), u"up"_s, Qt::ALT | Qt::Key_Up);
    queueDown = make(u"queueDown"_s, tr("&Later in the queue"), u"down"_s, Qt::ALT | Qt::Key_Down);
    copyDirectory = make(u"copyDirectory"_s, tr("Copy the &folder's path"), u"copy"_s, {});
    openFolder = make(u"openFolder"_s, tr("Open the f&older"), u"folder"_s, {});

    search = make(u"search"_s, tr("&Search runs"), u"search"_s, QKeySequence::Find);
    nextPane = make(u"nextPane"_s, tr("Next &pane"), {}, Qt::Key_F6);
    back = make(u"back"_s, tr("&Back"), u"left"_s, Qt::Key_Escape);
    settings = make(u"settings"_s, tr("&Settings…"), u"settings"_s, Qt::CTRL | Qt::Key_Comma);
    refresh = make(u"refresh"_s, tr("&Refresh"), u"refresh"_s, Qt::Key_F5);
    addEngine = make(u"addEngineAction"_s, tr("&Add an engine…"), u"server"_s, {});
    help = make(u"help"_s, tr("&What is this?"), u"help"_s, QKeySequence::HelpContents,
                tr("Explains what has the focus."));
    about = make(u"about"_s, tr("&About Radlads Studio"), u"information"_s, {});
    setRuns({}, false);
}

QAction* RunActions::make(const QString& name, const QString& text, const QString& icon, const QKeySequence& keys,
                          const QString& tip) {
    auto* action = new QAction(text, this);
    action->setObjectName(name);
    if (!icon.isEmpty()) action->setIcon(Theme::instance().icon(icon));
    action->setShortcut(keys);
    QString plain = text;
    plain.remove(u'&').remove(u'…');
    const QString said = tip.isEmpty() ? plain : tip;
    action->setToolTip(keys.isEmpty() ? said : tr("%1 (%2)").arg(said, keys.toString(QKeySequence::NativeText)));
    action->setStatusTip(tip);
    return action;
}

void RunActions::retitlePause(RunState state) {
    const bool resumes = state != RunState::Running;
    const bool isNew = state == RunState::New || state == RunState::Queued;
    pauseOrResume->setText(!resumes ? tr("&Pause") : isNew ? tr("St&art now") : tr("Res&ume"));
    pauseOrResume->setIcon(Theme::instance().icon(resumes ? u"play"_s : u"pause"_s));
    pauseOrResume->setToolTip(!resumes ? tr("Saves a checkpoint and pauses (Space)")
                              : isNew  ? tr("Starts this run now (Space)")
                                       : tr("Goes on from the newest checkpoint (Space)"));
}

void RunActions::setRuns(const QVector<RunRecord>& runs, bool isConnected) {
    const bool isOne = runs.size() == 1 && isConnected;
    const RunRecord one = runs.size() == 1 ? runs.first() : RunRecord();
    retitlePause(runs.size() == 1 ? one.state : RunState::Running);
    pauseOrResume->setEnabled(isOne && one.state != RunState::Finished);
    checkpoint->setEnabled(isOne && one.state == RunState::Running);
    stop->setEnabled(isOne && isActive(one.state));
    for (QAction* action : {rename, label, newFromThis}) action->setEnabled(isOne);
    for (QAction* action : {copyDirectory, openFolder}) action->setEnabled(runs.size() == 1);
    exportModel->setEnabled(isOne && (one.hasModel || one.checkpointTime));
    remove->setEnabled(
        isConnected && !runs.isEmpty() &&
        std::none_of(runs.cbegin(), runs.cend(), [](const RunRecord& run) { return isActive(run.state); }));
    compare->setEnabled(runs.size() >= 2);
    queueUp->setEnabled(isOne && one.state == RunState::Queued);
    queueDown->setEnabled(isOne && one.state == RunState::Queued);
    for (QAction* action : {newConversion, demo}) action->setEnabled(isConnected);
}

void RunActions::fillRunMenu(QMenu* menu) const {
    menu->addActions({pauseOrResume, checkpoint, stop});
    menu->addSeparator();
    menu->addActions({compare, exportModel, newFromThis});
    menu->addSeparator();
    menu->addActions({queueUp, queueDown});
    menu->addSeparator();
    menu->addActions({rename, label, openFolder, copyDirectory});
    menu->addSeparator();
    menu->addAction(remove);
}

}  // namespace radlads::ui
