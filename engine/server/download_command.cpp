// download: a model from the Hugging Face hub, with what is needed to convert it.
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <QCoreApplication>
#include <QSocketNotifier>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "engine/run/descriptor.h"
#include "engine/server/arguments.h"
#include "engine/server/commands.h"
#include "engine/server/display.h"
#include "engine/server/download_display.h"
#include "engine/server/download_model.h"
#include "engine/server/download_stage.h"

namespace radlads::server {
namespace {

constexpr const char* kNotes =
    "NAME is OWNER/MODEL as the hub writes it, for example Qwen/Qwen2.5-0.5B, or the address of the model's page. What "
    "has\n"
    "arrived is kept when a download ends early; the same command goes on from there. HF_TOKEN, or the file that\n"
    "`huggingface-cli login` writes, gives access to gated and private models. HF_ENDPOINT names another hub.\n";

// SIGINT and SIGTERM as a descriptor: no code of ours runs inside a signal handler.
run::Descriptor stopSignals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    return run::Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

Status toStatus(int code, const std::string& message) {
    switch (code) {
        case 2:
            return tl::unexpected(Error{ErrorCode::InvalidInput, message});
        case 3:
            return tl::unexpected(Error{ErrorCode::Busy, message});
        case 4:
            return tl::unexpected(Error{ErrorCode::NoSpace, message});
        case 9:
            return tl::unexpected(Error{ErrorCode::Interrupted, message});
        default:
            return tl::unexpected(Error{ErrorCode::Failed, message});
    }
}

void printResult(const std::string& path, bool asJson) {
    if (!asJson) {
        fmt::print("Downloaded to {}\nNext: radlads-engine inspect {}\n", printable(path), printable(path));
        return;
    }
    const auto record = readDownloadRecord(path).value_or(DownloadRecord{});
    auto files = nlohmann::ordered_json::array();
    for (const HubFile& file : record.files)
        files.push_back(nlohmann::ordered_json{
            {"name", file.name}, {"size_bytes", file.size.value_or(0)}, {"checksum", file.checksum.hex}});
    fmt::print("{}\n", nlohmann::ordered_json{{"path", path},
                                              {"name", record.name},
                                              {"revision", record.revision},
                                              {"commit", record.commit},
                                              {"files", files}}
                           .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

std::string shellQuoted(const std::string& word) {
    if (word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@+=") == word.npos)
        return word;
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

}  // namespace

Status downloadCommand(const Words& words) {
    const Usage usage{
        "download",
        {"NAME"},
        "Downloads a model from the Hugging Face hub: configuration, tokenizer, safetensors.",
        {{"--revision", 0, Takes::One, "REV", "a branch, a tag or a commit (default: main)"},
         {"--output", 'o', Takes::One, "DIR", "the model's directory (default: in radlads/models)"},
         {"--endpoint", 0, Takes::One, "URL", "the hub (default: $HF_ENDPOINT or https://huggingface.co)"},
         {"--quiet", 'q', Takes::Nothing, "", "show no progress"},
         kJsonOption},
        kNotes};
    RADLADS_TRY_ASSIGN(const Arguments arguments, parseArguments(usage, words));
    if (arguments.wantsHelp()) {
        fmt::print("{}", helpText(usage));
        return {};
    }
    const auto text = [&](const char* option) {
        return QString::fromStdString(arguments.value(option).value_or(std::string()));
    };
    DownloadOptions options;
    options.name = QString::fromStdString(arguments.positional(0));
    if (arguments.has("--revision")) options.revision = text("--revision");
    options.endpoint = text("--endpoint");
    options.directory = text("--output");

    const run::Descriptor signals = stopSignals();
    int argumentCount = 1;
    std::string program = "radlads-engine";
    char* programName = program.data();
    QCoreApplication application(argumentCount, &programName);
    DownloadDisplay display(arguments.has("--quiet") ? DownloadDisplay::Mode::Quiet : DownloadDisplay::modeFor(stderr),
                            stderr);
    ModelDownload download(options);
    QSocketNotifier stop(signals.value(), QSocketNotifier::Read);
    Status status;
    QObject::connect(&stop, &QSocketNotifier::activated, &download, &ModelDownload::cancel);
    QObject::connect(&download, &ModelDownload::progressed, &application,
                     [&](const QJsonObject& progress) { display.show(progress); });
    QObject::connect(&download, &ModelDownload::failed, &application, [&](int code, const QString& message) {
        display.end();
        status = toStatus(code, printable(message.toStdString()));
        QCoreApplication::quit();
    });
    QObject::connect(&download, &ModelDownload::finished, &application, [&](const QString& path) {
        display.end();
        printResult(path.toStdString(), arguments.has("--json"));
        QCoreApplication::quit();
    });
    download.start();
    QCoreApplication::exec();
    if (!status && status.error().code == ErrorCode::Interrupted) {
        std::string again = "radlads-engine download";
        for (const std::string& word : words) again += " " + shellQuoted(word);
        fmt::print(stderr, "Stopped; what has arrived is kept. Go on with: {}\n", printable(again));
    }
    return status;
}

}  // namespace radlads::server
