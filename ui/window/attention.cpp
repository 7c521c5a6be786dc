#include "ui/window/attention.h"

#include <QCoreApplication>

#include "ui/core/format.h"

namespace radlads::ui {

using namespace Qt::StringLiterals;

namespace {

constexpr double kNearlyFullBytes = 2e9, kNearlyFullShare = 0.02;

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Attention)
};

// Only the first sentences of what the engine said belong into the bar.
QString firstLine(const QString& text) {
    return text.section(u'\n', 0, 0).trimmed();
}

QString sentence(QString text) {
    if (!text.isEmpty() && !text.endsWith(u'.')) text.append(u'.');
    return text;
}

QString safety(const RunRecord& run) {
    if (!run.checkpointTime) return Words::tr("There is no checkpoint yet, so it would start from the beginning.");
    return Words::tr("It is safe at the checkpoint of %1.")
        .arg(finishText(*run.checkpointTime, QDateTime::currentDateTime()));
}

QString stepOf(const RunRecord& run) {
    return Words::tr("step %1 (%2), update %3").arg(run.stepIndex + 1).arg(stepTitle(run.stepKind)).arg(run.update);
}

std::optional<Message> connectionMessage(const Situation& s) {
    if (s.connection == EngineClient::State::Connected) return std::nullopt;
    if (s.connection == EngineClient::State::Refused)
        return Message{
            u"refused"_s, Role::Failure, sentence(s.problem), {}, {{Deed::Reconnect, Words::tr("Try again")}}, {}};
    if (!s.wasConnected) {
        if (s.problem.isEmpty()) return std::nullopt;
        return Message{u"connecting:"_s + s.problem,
                       Role::Warning,
                       sentence(s.problem),
                       {},
                       {{Deed::Reconnect, Words::tr("Try now")}},
                       {}};
    }
    return Message{
        u"lost"_s,
        Role::Warning,
        Words::tr("The connection to %1 was lost. Runs go on there; what you see is from before.").arg(s.engineTitle),
        s.problem,
        {{Deed::Reconnect, Words::tr("Try now")}},
        {}};
}

std::optional<Message> runMessage(const RunRecord& run) {
    const QString said = sentence(firstLine(run.message));
    const std::pair<Deed, QString> resume{
        Deed::Resume, run.checkpointTime ? Words::tr("Resume from the checkpoint") : Words::tr("Start again")};
    const std::pair<Deed, QString> log{Deed::ShowLog, Words::tr("Show the log")};
    const QString id = run.run + u':' + run.updated.toString(Qt::ISODate);
    switch (run.state) {
        case RunState::Failed: {
            const QString what = said.isEmpty() ? Words::tr("It did not say why.") : said;
            return Message{u"failed:"_s + id,
                           Role::Failure,
                           Words::tr("The run failed in %1: %2 %3").arg(stepOf(run), what, safety(run)),
                           run.message,
                           {resume, log},
                           run.run};
        }
        case RunState::Interrupted:
            return Message{u"interrupted:"_s + id,
                           Role::Warning,
                           Words::tr("The run was interrupted in %1: its process ended without a word, as when the "
                                     "computer goes down or "
                                     "memory runs out. %2")
                               .arg(stepOf(run), safety(run)),
                           run.message,
                           {resume, log},
                           run.run};
        case RunState::Paused:
            if (said.isEmpty()) return std::nullopt;  // the user paused it and knows
            return Message{u"paused:"_s + id,
                           Role::Warning,
                           Words::tr("The run paused itself: %1 %2").arg(said, safety(run)),
                           run.message,
                           {{Deed::Resume, Words::tr("Resume")}, {Deed::ShowFiles, Words::tr("Show the files")}},
                           run.run};
        default:
            return std::nullopt;
    }
}

std::optional<Message> diskMessage(const Situation& s) {
    if (!s.freeBytes || s.connection != EngineClient::State::Connected) return std::nullopt;
    const bool isNearlyFull =
        *s.freeBytes < kNearlyFullBytes || (s.totalBytes && *s.freeBytes < *s.totalBytes * kNearlyFullShare);
    if (!isNearlyFull) return std::nullopt;
    Message message{
        u"disk"_s,
        Role::Warning,
        Words::tr(
            "The disk of %1 is nearly full: %2 are free. A run that finds no room for its checkpoint pauses itself. "
            "Delete runs or files that are no longer needed.")
            .arg(s.engineTitle, bytesText(*s.freeBytes)),
        {},
        {},
        {}};
    if (s.run) message.deeds.append({Deed::ShowFiles, Words::tr("Show the files")});
    return message;
}

}  // namespace

QVector<Message> messagesFor(const Situation& situation) {
    QVector<Message> messages;
    if (auto message = connectionMessage(situation)) messages.append(*message);
    if (situation.run)
        if (auto message = runMessage(*situation.run)) messages.append(*message);
    if (auto message = diskMessage(situation)) messages.append(*message);
    return messages;
}

}  // namespace radlads::ui
