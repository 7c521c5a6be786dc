#include "engine/server/run_trash.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "engine/protocol/text.h"
#include "engine/run/run_directory.h"

namespace radlads::server {
namespace {

constexpr const char* kTrash = ".trash";
constexpr int kMostOfOneName = 10000;

fs::path placeOf(const fs::path& trash, const std::string& run, int number) {
    return trash / (number == 1 ? run : fmt::format("{}~{}", run, number));
}

// 0: moved; else errno. Nothing that is there is replaced.
int moveNew(const fs::path& from, const fs::path& to) {
    return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
}

}  // namespace

Result<fs::path> moveToTrash(const fs::path& runsDirectory, const std::string& run) {
    const fs::path from = runsDirectory / run, trash = runsDirectory / kTrash;
    RADLADS_TRY_ASSIGN(const run::RunLock lock, run::RunLock::acquire(from));
    if (::mkdir(trash.c_str(), 0777) != 0 && errno != EEXIST) return systemError("making " + trash.string(), errno);
    for (int number = 1; number <= kMostOfOneName; ++number) {
        const fs::path to = placeOf(trash, run, number);
        const int reason = moveNew(from, to);
        if (reason == EEXIST || reason == ENOTEMPTY) continue;
        if (reason != 0) return systemError("moving the run to " + to.string(), reason);
        RADLADS_TRY(run::syncDirectory(trash));
        RADLADS_TRY(run::syncDirectory(runsDirectory));
        return to;
    }
    return failed("{} holds {} runs named {}; remove some of them", trash.string(), kMostOfOneName, run);
}

Status restoreFromTrash(const fs::path& runsDirectory, const std::string& run) {
    const fs::path trash = runsDirectory / kTrash, to = runsDirectory / run;
    std::error_code error;
    int last = 0;
    while (last < kMostOfOneName && fs::exists(placeOf(trash, run, last + 1) / "run.json", error)) ++last;
    if (last == 0) return invalidInput("no deleted run is named {}", protocol::quote(run));
    const int reason = moveNew(placeOf(trash, run, last), to);
    if (reason == EEXIST || reason == ENOTEMPTY)
        return invalidInput("there is a run {} again; rename one of the two directories to restore the other",
                            protocol::quote(run));
    if (reason != 0) return systemError("moving the run back to " + to.string(), reason);
    RADLADS_TRY(run::syncDirectory(runsDirectory));
    return run::syncDirectory(trash);
}

}  // namespace radlads::server
