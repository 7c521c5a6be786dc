#include "ui/window/run_text.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>

#include "ui/core/format.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {
struct Words {
    Q_DECLARE_TR_FUNCTIONS(RunText)
};
}  // namespace

RunGroup groupOf(RunState state) {
    switch (state) {
        case RunState::Running:
        case RunState::Paused:
            return RunGroup::Running;
        case RunState::Queued:
            return RunGroup::Queued;
        case RunState::New:
            return RunGroup::New;
        case RunState::Finished:
            return RunGroup::Finished;
        case RunState::Stopped:
        case RunState::Failed:
        case RunState::Interrupted:
            return RunGroup::Stopped;
    }
    return RunGroup::New;
}

QString groupTitle(RunGroup group) {
    switch (group) {
        case RunGroup::Running:
            return Words::tr("Running");
        case RunGroup::Queued:
            return Words::tr("Queued");
        case RunGroup::New:
            return Words::tr("Not started");
        case RunGroup::Finished:
            return Words::tr("Finished");
        case RunGroup::Stopped:
            return Words::tr("Failed or stopped");
        case RunGroup::Count:
            break;
    }
    return {};
}

QString stateText(RunState state) {
    switch (state) {
        case RunState::New:
            return Words::tr("not started");
        case RunState::Queued:
            return Words::tr("queued");
        case RunState::Running:
            return Words::tr("running");
        case RunState::Paused:
            return Words::tr("paused");
        case RunState::Finished:
            return Words::tr("finished");
        case RunState::Stopped:
            return Words::tr("stopped");
        case RunState::Failed:
            return Words::tr("failed");
        case RunState::Interrupted:
            return Words::tr("interrupted");
    }
    return {};
}

QString stateIcon(RunState state) {
    switch (state) {
        case RunState::New:
            return u"new"_s;
        case RunState::Queued:
            return u"queued"_s;
        case RunState::Running:
            return u"running"_s;
        case RunState::Paused:
            return u"paused"_s;
        case RunState::Finished:
            return u"finished"_s;
        case RunState::Stopped:
            return u"stopped"_s;
        case RunState::Failed:
            return u"failed"_s;
        case RunState::Interrupted:
            return u"interrupted"_s;
    }
    return {};
}

Role stateRole(RunState state) {
    switch (state) {
        case RunState::Running:
            return Role::Running;
        case RunState::Queued:
        case RunState::Paused:
            return Role::Waiting;
        case RunState::Finished:
            return Role::Success;
        case RunState::Failed:
            return Role::Failure;
        case RunState::Interrupted:
            return Role::Warning;
        case RunState::New:
        case RunState::Stopped:
            return Role::Muted;
    }
    return Role::Muted;
}

bool isActive(RunState state) {
    return groupOf(state) == RunGroup::Running;
}

bool canResume(RunState state) {
    return state != RunState::Running && state != RunState::Finished;
}

QString shareText(const RunRecord& record) {
    if (record.state == RunState::Queued && record.queuePosition >= 0)
        return record.queuePosition == 0 ? Words::tr("next") : Words::tr("no. %1").arg(record.queuePosition + 1);
    if (record.state == RunState::Finished || record.state == RunState::New || record.state == RunState::Queued)
        return {};
    // Rounded down: 100 % is only what is finished.
    return percentText(std::min(0.99, static_cast<int>(record.progress * 100) / 100.0));
}

QString detailText(const RunRecord& record) {
    QStringList parts{stateText(record.state)};
    if (record.state == RunState::Failed && !record.message.isEmpty()) {
        parts.append(record.message);
        return parts.join(u": "_s);
    }
    if (record.loss) parts.append(Words::tr("loss %1").arg(numberText(*record.loss, 3)));
    if (record.state == RunState::Running)
        if (const auto left = record.secondsLeft()) parts.append(Words::tr("%1 left").arg(durationText(*left)));
    return parts.join(u", "_s);
}

}  // namespace radlads::ui
