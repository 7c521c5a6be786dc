// radlads-worker: the commands that compute. radlads-engine hands them over by exec, so messages carry its name.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/model/kernel_choice.h"
#include "engine/model/threads.h"
#include "engine/worker/command.h"

namespace radlads::worker {
namespace {

std::atomic<int> g_interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free);

void onInterrupt(int) {
    if (++g_interrupts >= 2) _exit(130);
}

}  // namespace

const std::atomic<int>& interrupts() {
    return g_interrupts;
}

void installInterruptHandler() {
    struct sigaction action {};
    action.sa_handler = onInterrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
    sigaction(SIGXFSZ, &ignore, nullptr);  // a file size limit is reported as EFBIG, like a full disk
}

void printJson(const nlohmann::ordered_json& value) {
    std::cout << value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

namespace {

int runMain(int argc, char** argv) {
    CLI::App app("Turns softmax-attention language models into linear-attention RNNs (RADLADS).", "radlads-engine");
    app.require_subcommand(1);
    app.set_help_all_flag("--help-all", "Help of every command");
    Action action;
    for (const auto add : {addDemoCommand, addCheckCommand, addRunCommands, addInspectCommand, addDataCommands, addGenerateCommand, addEvaluateCommand,
                           addExportCommand, addVerifyCommand, addBenchCommand, addDoctorCommand}) {
        add(app, action);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        const std::string command = app.get_subcommands().empty() ? "" : app.get_subcommands().front()->get_name() + " ";
        std::cerr << "radlads-engine: " << error.what() << "; see `radlads-engine " << command << "--help`\n";
        return 2;
    }
    if (const auto kernels = model::chosenKernels(); !kernels) {
        std::cerr << "radlads-engine: " << kernels.error().message << "\n";
        return 2;
    }
    auto result = action();
    if (result) return *result;
    std::cerr << "radlads-engine: " << result.error().message << "\n";
    return exitCode(result.error().code);
}

// Commands that only read and rewrite files are not worth a second start.
bool multipliesMatrices(int argc, char** argv) {
    constexpr std::array<std::string_view, 4> kReaders{"inspect", "tokenize", "prepare", "convert-teacher"};
    return argc > 1 && std::find(kReaders.begin(), kReaders.end(), argv[1]) == kReaders.end();
}

}  // namespace
}  // namespace radlads::worker

int main(int argc, char** argv) {
    if (radlads::worker::multipliesMatrices(argc, argv)) radlads::model::restartWithFasterBlas(argv);
    radlads::model::prepareProcess();
    radlads::worker::installInterruptHandler();
    try {
        return radlads::worker::runMain(argc, argv);
    } catch (const std::bad_alloc&) {
        std::cerr << "radlads-engine: there is not enough memory for this; use a smaller micro_batch_size or sequence_length, or a smaller model\n";
    } catch (const std::exception& error) {
        const std::string text = error.what();
        std::cerr << "radlads-engine: an internal error stopped the command: " << text.substr(0, text.find('\n')) << "\n";
    }
    return 1;
}
