#include "tests/ui/journey/studio.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <cmath>

#include "ui/chart/chart.h"

namespace radlads::tests {

using namespace Qt::StringLiterals;

namespace {

constexpr int kEndMs = 30000;

QByteArray commandOf(pid_t process) {
    QFile file(u"/proc/%1/cmdline"_s.arg(process));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void awaitEnd(int handle) {
    pollfd ended{handle, POLLIN, 0};
    if (handle >= 0) ::poll(&ended, 1, kEndMs);
}

void endProcess(pid_t process, int signal) {
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
    if (handle < 0) return;
    ::kill(process, signal);
    awaitEnd(handle);
    ::close(handle);
}

}  // namespace

Home::Home() : m_directory(QDir::tempPath() + u"/radlads-studio-XXXXXX"_s) {
    const auto set = [&](const char* variable, const QString& name) {
        QDir().mkpath(path(name));
        ::chmod(QFile::encodeName(path(name)).constData(), 0700);
        qputenv(variable, QFile::encodeName(path(name)));
    };
    set("HOME", u"home"_s);
    set("XDG_RUNTIME_DIR", u"run"_s);
    set("XDG_CONFIG_HOME", u"config"_s);
    set("XDG_CACHE_HOME", u"cache"_s);
    set("XDG_DATA_HOME", u"data"_s);
    set("RADLADS_RUNS", u"runs"_s);
    qputenv("QT_QPA_PLATFORM", "offscreen");
    for (const char* variable : {"XDG_SESSION_TYPE", "WAYLAND_DISPLAY", "DISPLAY", "HF_HOME"}) qunsetenv(variable);
}

Home::~Home() {
    if (const pid_t engine = engineProcess()) endProcess(engine, SIGTERM);
    for (const pid_t worker : workerProcesses()) endProcess(worker, SIGKILL);
}

QString Home::runsDirectory() const {
    return path(u"runs"_s);
}

QStringList Home::runs() const {
    return QDir(runsDirectory()).entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Time | QDir::Reversed);
}

// The engine writes its number into the lock that it holds.
pid_t Home::engineProcess() const {
    QFile lock(path(u"run/radlads/engine.sock.lock"_s));
    if (!lock.open(QIODevice::ReadOnly)) return 0;
    const pid_t process = lock.readAll().trimmed().toInt();
    return process > 0 && commandOf(process).contains("serve") ? process : 0;
}

QVector<pid_t> Home::workerProcesses() const {
    QVector<pid_t> found;
    const QByteArray runs = QFile::encodeName(runsDirectory());
    for (const QString& name : QDir(u"/proc"_s).entryList(QDir::Dirs)) {
        bool isProcess = false;
        const pid_t process = name.toInt(&isProcess);
        if (!isProcess) continue;
        const QByteArray command = commandOf(process);
        if (command.contains("resume") && command.contains(runs)) found.append(process);
    }
    return found;
}

pid_t Home::workerProcess(const QString& run) const {
    for (const pid_t process : workerProcesses())
        if (commandOf(process).contains(QFile::encodeName(runsDirectory() + u'/' + run) + '\0')) return process;
    return 0;
}

bool isAlive(pid_t process) {
    return process > 0 && !commandOf(process).isEmpty();
}

void killProcess(pid_t process) {
    if (process > 0) endProcess(process, SIGKILL);
}

Journal::Journal(const QString& runDirectory) {
    QFile file(runDirectory + u"/events.ndjson"_s);
    if (!file.open(QIODevice::ReadOnly)) return;
    const QByteArray text = file.readAll();
    // A line without its end is not written yet.
    for (const QByteArray& line : text.left(text.lastIndexOf('\n')).split('\n'))
        if (const QJsonObject event = QJsonDocument::fromJson(line).object(); !event.isEmpty()) m_events.append(event);
}

QVector<Journal::Point> Journal::curve() const {
    QVector<Point> points;
    QVector<qint64> before{0};  // updates of the steps before each step
    for (const QJsonObject& event : m_events) {
        const QString kind = event["event"_L1].toString();
        const auto step = qsizetype(event["step_index"_L1].toInt());
        if (kind == "step.finished"_L1) {
            before.resize(step + 1);
            before.append(before[step] + event["updates"_L1].toInteger());
        }
        if (kind != "metrics"_L1) continue;
        const Point point{before.at(step) + event["update"_L1].toInteger(), event["loss"_L1].toDouble()};
        while (!points.isEmpty() && points.last().update >= point.update) points.removeLast();
        points.append(point);
    }
    return points;
}

qsizetype Journal::count(const QString& event) const {
    return std::count_if(m_events.begin(), m_events.end(),
                         [&](const QJsonObject& line) { return line["event"_L1].toString() == event; });
}

QString Journal::gap() const {
    for (qsizetype i = 0; i < m_events.size(); ++i)
        if (m_events[i]["seq"_L1].toInteger() != i + 1)
            return u"line %1 of the journal has the number %2"_s.arg(i + 1).arg(m_events[i]["seq"_L1].toInteger());
    return {};
}

const ui::Chart* shownChart(const QString& key) {
    for (const QWidget* window : QApplication::topLevelWidgets())
        for (const auto* chart : window->findChildren<ui::Chart*>())
            if (chart->key() == key && chart->isVisible()) return chart;
    return nullptr;
}

QVector<Journal::Point> drawnCurve(const ui::Chart& chart, int curve) {
    QVector<Journal::Point> points;
    if (curve >= chart.curves().size()) return points;
    const ui::Curve& drawn = chart.curves().at(curve);
    for (std::size_t i = 0; i < drawn.x->size(); ++i)
        points.append({qint64(drawn.x->steps.at(i)), double(drawn.y->at(i))});
    return points;
}

QString difference(const QVector<Journal::Point>& drawn, const QVector<Journal::Point>& told) {
    for (qsizetype i = 0; i < std::min(drawn.size(), told.size()); ++i) {
        if (drawn[i].update != told[i].update)
            return u"point %1 of the curve is update %2, the journal tells %3"_s.arg(i + 1)
                .arg(drawn[i].update)
                .arg(told[i].update);
        if (std::abs(drawn[i].loss - told[i].loss) > 1e-6 * std::abs(told[i].loss))
            return u"the loss of update %1 is drawn as %2, the journal tells %3"_s.arg(drawn[i].update)
                .arg(drawn[i].loss)
                .arg(told[i].loss);
    }
    if (drawn.size() != told.size())
        return u"the curve has %1 updates, the journal tells %2"_s.arg(drawn.size()).arg(told.size());
    return {};
}

}  // namespace radlads::tests
