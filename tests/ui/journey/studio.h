// The studio on a computer of its own: a home that nobody else uses, the window as app/ builds it, and the engine and
// workers that the window starts there. Owned by a test's main; GUI thread.
#pragma once

#include <sys/types.h>

#include <QJsonObject>
#include <QStringList>
#include <QTemporaryDir>
#include <QVector>
#include <memory>

#include "app/application.h"

namespace radlads::ui {
class Chart;
}

namespace radlads::tests {

// A temporary home. Made before the QApplication; ends the processes that were started there.
class Home {
public:
    Home();
    ~Home();

    QString path(const QString& name) const { return m_directory.filePath(name); }
    QString runsDirectory() const;
    QStringList runs() const;
    pid_t engineProcess() const;                    // of the engine that serves this home; 0: none
    QVector<pid_t> workerProcesses() const;         // of all runs here
    pid_t workerProcess(const QString& run) const;  // 0: none

private:
    QTemporaryDir m_directory;
};

bool isAlive(pid_t process);
// Sends SIGKILL and waits for the end.
void killProcess(pid_t process);

// What a run's journal says, read without any code of the studio.
class Journal {
public:
    struct Point {
        qint64 update = 0;  // over all steps
        double loss = 0;
    };

    explicit Journal(const QString& runDirectory);

    const QVector<QJsonObject>& events() const { return m_events; }
    QVector<Point> curve() const;  // every update once: of updates trained twice the later line counts
    qsizetype count(const QString& event) const;
    bool isFinished() const { return count(QStringLiteral("run.finished")) > 0; }
    // Why the sequence numbers are not 1, 2, 3, ...; empty if they are.
    QString gap() const;

private:
    QVector<QJsonObject> m_events;
};

// In the GUI thread: the chart of this key ("monitor/loss") that is shown.
const ui::Chart* shownChart(const QString& key);
// What the chart draws as its first curve.
QVector<Journal::Point> drawnCurve(const ui::Chart& chart, int curve = 0);
// How the two differ, in a sentence; empty if they don't.
QString difference(const QVector<Journal::Point>& drawn, const QVector<Journal::Point>& told);

}  // namespace radlads::tests
