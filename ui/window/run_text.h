// What is said about a run, in words: the same in the library, the header and notifications.
#pragma once

#include <QDateTime>
#include <QString>

#include "ui/core/run_record.h"
#include "ui/core/theme.h"

namespace radlads::ui {

enum class RunGroup { Running, Queued, New, Finished, Stopped, Count };  // the library's, in its order

RunGroup groupOf(RunState state);
QString groupTitle(RunGroup group);
QString stateText(RunState state);  // "running"
QString stateIcon(RunState state);  // name for Theme::icon
Role stateRole(RunState state);
QString shareText(const RunRecord& record);   // "61 %", "2nd", "" ...
QString detailText(const RunRecord& record);  // "running, loss 0.142, 1 h 52 min left"
bool isActive(RunState state);                // a process works or waits for it
bool canResume(RunState state);

}  // namespace radlads::ui
