// The program `radlads`. `radlads engine ...` is radlads-engine; everything else is the window.
#include <unistd.h>

#include <QApplication>
#include <QIcon>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "app/application.h"

namespace {

constexpr const char* kUsage =
    "Usage: radlads [--socket PATH] [PLAN.json | RUN]\n"
    "       radlads engine COMMAND [ARGUMENT...]\n"
    "\n"
    "Opens Radlads Studio, with a plan in the wizard or a run shown if one is named.\n"
    "`radlads engine` passes on to radlads-engine; `radlads engine --help` says what it can do.\n"
    "\n"
    "  --socket PATH  the engine's socket instead of the user's own\n"
    "  --help         this text\n"
    "  --version      the version\n";

// The program of the same installation, else the one in PATH.
int runEngine(char** arguments) {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::filesystem::path beside = self.parent_path() / "radlads-engine";
    std::string name = "radlads-engine";
    arguments[0] = name.data();
    if (!error) execv(beside.c_str(), arguments);
    execvp(name.c_str(), arguments);
    std::fprintf(stderr, "radlads: radlads-engine could not be started (%s); install it beside this program.\n",
                 std::strerror(errno));
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "engine") == 0) return runEngine(argv + 1);
    std::string socket, subject;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--help" || argument == "-h") {
            std::fputs(kUsage, stdout);
            return 0;
        }
        if (argument == "--version") {
            std::puts("radlads " RADLADS_VERSION);
            return 0;
        }
        if (argument == "--socket" && i + 1 < argc) {
            socket = argv[++i];
        } else if ((argument == "-platform" || argument == "-style") && i + 1 < argc) {
            ++i;  // Qt's own
        } else if (argument.starts_with('-') || !subject.empty()) {
            std::fprintf(stderr, "radlads: '%s' is not understood.\n\n%s", argv[i], kUsage);
            return 2;
        } else {
            subject = argument;
        }
    }
    QCoreApplication::setOrganizationName(QStringLiteral("radlads"));
    QCoreApplication::setApplicationName(QStringLiteral("radlads"));
    QCoreApplication::setApplicationVersion(QStringLiteral(RADLADS_VERSION));
    QGuiApplication::setDesktopFileName(QStringLiteral("org.radlads.Studio"));
    QApplication application(argc, argv);
    radlads::app::Application studio(QString::fromLocal8Bit(socket.c_str()));
    studio.start(QString::fromLocal8Bit(subject.c_str()));
    return QApplication::exec();
}
