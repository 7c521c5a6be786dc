// radlads-engine: answers what needs no model itself, within milliseconds, and becomes radlads-worker for the rest.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/server/commands.h"

namespace radlads::server {
namespace {

enum class Group { Convert, Runs, Models, Machine };
constexpr std::array<std::pair<Group, const char*>, 4> kGroups{{{Group::Convert, "Convert a model"},
                                                                {Group::Runs, "Follow and steer runs"},
                                                                {Group::Models, "Models and data"},
                                                                {Group::Machine, "This machine"}}};

struct Command {
    const char* name;
    Group group;
    const char* usage;
    const char* summary;
    Status (*answer)(const Words&);  // null: the worker's
};
constexpr std::array<Command, 24> kCommands{{
    {"demo", Group::Convert, "demo", "convert the embedded teacher and compare, in a few minutes", nullptr},
    {"plan", Group::Convert, "plan new", "write a plan from a preset", planCommand},
    {"check", Group::Convert, "check PLAN", "validate a plan and estimate memory, disk, time and cost", nullptr},
    {"run", Group::Convert, "run PLAN", "start a run", nullptr},
    {"resume", Group::Convert, "resume RUN", "go on after a pause, a stop or a crash", nullptr},
    {"list", Group::Runs, "list", "all runs: state, progress, loss, speed", listCommand},
    {"show", Group::Runs, "show RUN", "one run: plan, steps, checkpoints, evaluations", showCommand},
    {"tail", Group::Runs, "tail RUN", "the events of a run, also while it goes on", tailCommand},
    {"pause", Group::Runs, "pause RUN", "wait after the current update", pauseCommand},
    {"stop", Group::Runs, "stop RUN", "save a checkpoint and end", stopCommand},
    {"checkpoint", Group::Runs, "checkpoint RUN", "save a checkpoint now", checkpointCommand},
    {"serve", Group::Runs, "serve", "serve runs to the studio and other clients", serveCommand},
    {"attach", Group::Runs, "attach", "speak to the engine of this machine on stdin and stdout", attachCommand},
    {"download", Group::Models, "download OWNER/MODEL", "get a model from the Hugging Face hub", downloadCommand},
    {"inspect", Group::Models, "inspect PATH", "what a model, tokenizer, dataset or run is", nullptr},
    {"tokenize", Group::Models, "tokenize", "the token ids of a text", nullptr},
    {"prepare", Group::Models, "prepare SRC...", "turn texts into a tokenised dataset", nullptr},
    {"convert-teacher", Group::Models, "convert-teacher SRC", "GGUF teacher to a safetensors directory", nullptr},
    {"generate", Group::Models, "generate MODEL", "continue a text with constant memory", nullptr},
    {"evaluate", Group::Models, "evaluate MODEL", "scores of a model, also against its teacher", nullptr},
    {"export", Group::Models, "export RUN|MODEL", "write and verify a model for other software", nullptr},
    {"verify", Group::Machine, "verify DIR", "compute every golden file here and compare", nullptr},
    {"bench", Group::Machine, "bench", "speed of this machine beside its own ceilings", nullptr},
    {"doctor", Group::Machine, "doctor", "what works here, what does not, what to do", nullptr},
}};

std::string helpText() {
    std::string text =
        "Usage: radlads-engine COMMAND [arguments]\n\n"
        "Converts softmax-attention language models into linear-attention RNNs (the RADLADS protocol).\n";
    for (const auto& [group, title] : kGroups) {
        text += fmt::format("\n{}:\n", title);
        for (const Command& command : kCommands)
            if (command.group == group) text += fmt::format("  {:<22} {}\n", command.usage, command.summary);
    }
    return text + "\n`radlads-engine COMMAND --help` explains a command; --version prints the version.\n";
}

Status print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
    return systemError("writing to the standard output", errno);
}

// Becomes the worker, with the same arguments; argv[0] stays so that its messages name radlads-engine.
Status becomeWorker(const std::string& command, char** argv) {
    const auto worker = run::executableDirectory() / "radlads-worker";
    ::execv(worker.c_str(), argv);
    if (errno != ENOENT) return systemError("starting " + worker.string(), errno);
    return failed(
        "`{}` needs the program {}, which is missing; install it beside radlads-engine or build with "
        "-DRADLADS_WORKER=ON",
        command, worker.string());
}

Status unknownCommand(const std::string& name) {
    std::vector<std::string> names;
    for (const Command& command : kCommands) names.emplace_back(command.name);
    const auto hint = protocol::nearest(name, names);
    return invalidInput("there is no command {}{}; see `radlads-engine --help`", protocol::quote(name),
                        hint ? " (did you mean \"" + *hint + "\"?)" : "");
}

Status dispatch(int argc, char** argv) {
    if (argc < 2) return invalidInput("a command is missing; see `radlads-engine --help`");
    const std::string name = argv[1];
    if (name == "--help" || name == "-h" || (name == "help" && argc == 2)) return print(helpText());
    if (name == "--version") return print("radlads-engine " RADLADS_VERSION "\n");
    // `help CMD` is `CMD --help`.
    std::string helpFlag = "--help";
    std::array<char*, 4> helpArguments{argv[0], argc > 2 ? argv[2] : nullptr, helpFlag.data(), nullptr};
    const bool help = name == "help";
    if (help && argc > 3) return invalidInput("`help` takes one command; see `radlads-engine --help`");
    char** words = help ? helpArguments.data() : argv;
    const std::string wanted = words[1];
    const Words rest(words + 2, help ? words + 3 : argv + argc);

    const auto* command =
        std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& entry) { return wanted == entry.name; });
    if (command == kCommands.end()) return unknownCommand(wanted);
    if (command->answer) return command->answer(rest);
    if (wanted == "resume") {
        RADLADS_TRY_ASSIGN(const bool told, resumeLiveRun(rest));
        if (told) return {};
    }
    return becomeWorker(wanted, words);
}

}  // namespace
}  // namespace radlads::server

int main(int argc, char** argv) {
    ::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is then an error like a full disk
    radlads::Status status;
    try {
        status = radlads::server::dispatch(argc, argv);
    } catch (const std::exception& error) {
        status = radlads::failed("an error inside the program: {}", error.what());
    }
    if (std::fflush(stdout) != 0 && status) status = radlads::systemError("writing to the standard output", errno);
    if (status) return 0;
    if (status.error().code != radlads::ErrorCode::Interrupted)
        fmt::print(stderr, "radlads-engine: {}\n", status.error().message);
    return radlads::exitCode(status.error().code);
}
