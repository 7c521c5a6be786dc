// export: a model for other software, written, read back and compared.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "engine/convert/export_hf.h"
#include "engine/worker/command.h"
#include "engine/worker/export_check.h"
#include "engine/worker/model_source.h"
#include "engine/worker/progress.h"
#include "engine/worker/stream.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct ExportOptions {
    std::string model, output, format = "hf", dtype = "float32", stage;
    bool json = false, stream = false;
};

Status checkOutput(const ExportOptions& options) {
    std::error_code error;
    const fs::path directory = modelDirectory(options.model);
    if (fs::exists(options.output, error) && fs::equivalent(directory, options.output, error)) {
        return invalidInput("-o {} is the model itself; choose another directory", options.output);
    }
    return {};
}

Result<int> exportModel(const ExportOptions& options) {
    static const std::map<std::string, io::Dtype> dtypes{{"float32", io::Dtype::F32}, {"float16", io::Dtype::F16}, {"bfloat16", io::Dtype::BF16}};
    const auto dtype = dtypes.find(options.dtype);
    if (dtype == dtypes.end()) return invalidInput("--dtype {}: choose float32, float16 or bfloat16", options.dtype);
    if (options.format != "hf") return invalidInput("--format {}: only hf (a Hugging Face directory) can be written so far", options.format);
    RADLADS_TRY(checkOutput(options));
    EventStream stream(options.stream);
    const auto phase = [&](const char* text, double done) { stream.event({{"done", done}, {"total", 100}, {"text", text}, {"eta_seconds", nullptr}}); };
    // Reading, writing and comparing take about as long as each other.
    constexpr double kRead = 20, kWritten = 60;
    phase("Reading the model", 0);
    RADLADS_TRY_ASSIGN(const LoadedModel loaded, loadModel(options.model, options.stage));
    const model::Checkpoint& checkpoint = loaded.checkpoint;
    auto last = Clock::now() - std::chrono::seconds(1);
    const auto progress = [&](int64_t done, int64_t total) {
        if (const auto now = Clock::now(); now - last > std::chrono::milliseconds(100)) {
            last = now;
            const double share = static_cast<double>(done) / static_cast<double>(std::max<int64_t>(1, total));
            phase("Writing the weights", kRead + (kWritten - kRead) * share);
        }
        return interrupts().load() == 0;
    };
    RADLADS_TRY(convert::exportHuggingFace(options.output, checkpoint.weights, checkpoint.config, loaded.tokenizerDirectory, dtype->second, progress));
    phase("Reading it back and comparing its logits", kWritten);
    RADLADS_TRY_ASSIGN(const ExportCheck check, checkExport(checkpoint, options.output));
    phase("Done", 100);
    const ordered_json report{{"output", options.output}, {"format", "hf"}, {"dtype", options.dtype}, {"parameters", model::parameterCount(checkpoint.weights)},
                              {"verified_tokens", check.tokens}, {"reload_difference", check.reload}, {"recurrent_difference", check.recurrent}};
    stream.result(report);
    if (options.json) {
        printJson(report);
    } else if (!options.stream) {
        fmt::print("Wrote {} ({} parameters, {}).\nReloaded it and compared logits over {} tokens: largest difference {:.1e}{}.\n", options.output,
                   formatCount(static_cast<double>(model::parameterCount(checkpoint.weights))), options.dtype, check.tokens, check.reload,
                   checkpoint.config.isStudent() ? fmt::format("; chunked against token by token {:.1e}", check.recurrent) : "");
    }
    return 0;
}

}  // namespace

void addExportCommand(CLI::App& app, Action& action) {
    auto options = std::make_shared<ExportOptions>();
    CLI::App* command = app.add_subcommand("export", "Write a model for other software, reload it and compare its logits");
    command->add_option("MODEL", options->model, "run or model directory")->required();
    command->add_option("--format", options->format, "hf")->capture_default_str();
    command->add_option("--dtype", options->dtype, "float32, float16 or bfloat16")->capture_default_str();
    command->add_option("--stage", options->stage, "of a run: the number of a step, or now (its model, before it has one its newest checkpoint)");
    command->add_option("-o,--output", options->output, "directory to write")->required();
    CLI::Option* json = command->add_flag("--json", options->json, "print JSON");
    command->add_flag("--stream", options->stream, "print JSON lines while it goes: {\"event\": ..}, at last {\"result\": ..}")->excludes(json);
    command->callback([options, &action] { action = [options] { return exportModel(*options); }; });
}

}  // namespace radlads::worker
