// serve: the broker. Everything of Qt starts here, so the other commands stay quick.
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <QCoreApplication>
#include <QSocketNotifier>
#include <cstdio>

#include "engine/run/files.h"
#include "engine/server/broker.h"
#include "engine/server/commands.h"
#include "engine/server/run_view.h"
#include "engine/server/serve_options.h"

namespace radlads::server {
namespace {

// Files opened later must not become the standard streams of workers.
void openStandardStreams() {
    for (int descriptor = 0; descriptor <= 2; ++descriptor)
        if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY) < 0) return;
}

// SIGINT and SIGTERM become readable: no code runs inside a signal.
run::Descriptor blockedSignals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, number);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return run::Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

Status serveCommand(const Words& words) {
    const Usage usage{
        "serve",
        {},
        "Serves runs to the studio and other clients on a local socket, until it is told to end.",
        {kSocketOption, kRunsOption},
        "SIGTERM and SIGINT end the engine; runs go on without it. engine/protocol/PROTOCOL.md is what it "
        "speaks.\n"};
    RADLADS_TRY_ASSIGN(const Arguments arguments, parseArguments(usage, words));
    if (arguments.wantsHelp()) {
        fmt::print("{}", helpText(usage));
        return {};
    }
    openStandardStreams();
    const run::Descriptor signals = blockedSignals();
    int count = 1;
    char name[] = "radlads-engine";
    char* values[] = {name, nullptr};
    QCoreApplication application(count, values);
    RADLADS_TRY_ASSIGN(const std::unique_ptr<Broker> broker,
                       Broker::open(socketPath(arguments), runsDirectory(arguments)));
    QSocketNotifier notifier(signals.value(), QSocketNotifier::Read);
    QObject::connect(&notifier, &QSocketNotifier::activated, broker.get(), [&] {
        notifier.setEnabled(false);
        broker->shutDown();
    });
    QObject::connect(broker.get(), &Broker::ended, &application, &QCoreApplication::quit);
    fmt::print(stderr, "radlads-engine: listening on {}\n", socketPath(arguments).string());
    application.exec();
    return {};
}

}  // namespace radlads::server
