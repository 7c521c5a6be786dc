// Starting programs: one place for fork and exec.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "engine/protocol/result.h"
#include "engine/run/descriptor.h"

namespace radlads::server {

namespace fs = std::filesystem;

struct ChildOptions {
    std::vector<std::string> words;           // argv, with argv[0]
    int input = -1, output = -1, error = -1;  // its standard streams; -1: /dev/null
    bool endsWithParent = false;              // the kernel sends SIGTERM when this process ends, however it does
};

struct Child {
    pid_t process = -1;
    run::Descriptor handle;  // pidfd: readable when the process has ended; invalid on kernels before 5.3
};

// In a session of its own, so that no terminal's signal reaches it. Failed if the program cannot be executed.
Result<Child> startChild(const fs::path& program, const ChildOptions& options);

// The program beside this one that computes.
fs::path workerProgram();

}  // namespace radlads::server
