// How the worker's commands are put together: each add...() registers subcommands whose callback stores what is to be done.
#pragma once

#include <CLI/CLI.hpp>
#include <atomic>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "engine/protocol/result.h"

namespace radlads::worker {

// What a command does; its value is the exit code (0 ok, 1 failed, 2 invalid input, 130 interrupted).
using Action = std::function<Result<int>()>;

void addRunCommands(CLI::App& app, Action& action);       // run, resume
void addCheckCommand(CLI::App& app, Action& action);      // check
void addDemoCommand(CLI::App& app, Action& action);       // demo
void addVerifyCommand(CLI::App& app, Action& action);     // verify
void addGenerateCommand(CLI::App& app, Action& action);   // generate
void addEvaluateCommand(CLI::App& app, Action& action);   // evaluate
void addExportCommand(CLI::App& app, Action& action);     // export
void addInspectCommand(CLI::App& app, Action& action);    // inspect
void addDataCommands(CLI::App& app, Action& action);      // tokenize, prepare, convert-teacher
void addBenchCommand(CLI::App& app, Action& action);      // bench
void addDoctorCommand(CLI::App& app, Action& action);     // doctor

// Ctrl-C and SIGTERM received so far. The first asks for an orderly end, the second ends the process at once with 130.
const std::atomic<int>& interrupts();
void installInterruptHandler();

// The machine form of a result: one JSON document on stdout.
void printJson(const nlohmann::ordered_json& value);

}  // namespace radlads::worker
