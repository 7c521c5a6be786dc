// generate: a text goes on, token by token.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/model/compat.h"
#include "engine/model/generate.h"
#include "engine/worker/command.h"
#include "engine/worker/model_source.h"
#include "engine/worker/progress.h"
#include "engine/worker/stream.h"
#include "engine/worker/text_pieces.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;

struct GenerateOptions {
    std::string model, prompt, stage, device = "auto";
    int64_t tokens = 128;
    model::SamplingOptions sampling{.temperature = 0.8, .topK = 40, .topP = 0.95, .minP = 0.05};
    bool json = false, stream = false, raw = false, special = false;
};

Result<std::vector<int32_t>> encodePrompt(const GenerateOptions& options, const LoadedModel& loaded) {
    std::vector<int32_t> prompt = loaded.tokenizer.encode(options.prompt, true);
    if (prompt.empty()) {
        const auto start = loaded.tokenizer.bosToken() ? loaded.tokenizer.bosToken() : loaded.tokenizer.eosToken();
        if (!start) return invalidInput("--prompt is empty and the tokenizer has no start token; give at least one character");
        prompt = {*start};
    }
    if (*std::max_element(prompt.begin(), prompt.end()) >= loaded.checkpoint.config.vocabSize) {
        return invalidInput("{}: its tokenizer has ids beyond the model's vocabulary of {}; the directory mixes two models", options.model,
                            loaded.checkpoint.config.vocabSize);
    }
    return prompt;
}

// Turns the observer's calls into events: the text since the last one, 25 a second at most, so that a fast model does not
// drown its reader.
class GenerationEvents {
public:
    explicit GenerationEvents(EventStream& stream) : m_stream(stream) {}
    // False when nobody reads any more.
    bool add(const std::string& text, const model::GenerationProgress& progress) {
        m_text += text;
        m_tokens += progress.token ? 1 : 0;
        m_progress = progress;
        // The prompt's end and the first token come at once: they are what a person waits for.
        if (m_tokens > 1 && Clock::now() - m_last < kInterval) return true;
        return send();
    }
    void finish(const std::string& text, int64_t contextTokens, int64_t stateBytes) {
        m_text += text;
        m_progress.contextTokens = contextTokens;
        m_progress.stateBytes = stateBytes;
        send();
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds kInterval{40};

    bool send() {
        ordered_json event{{"text", m_text}, {"tokens", m_tokens}, {"context_tokens", m_progress.contextTokens},
                           {"tokens_per_second", nullptr}, {"state_bytes", m_progress.stateBytes}};
        // At the moment a token is drawn all tokens but this one have been read.
        if (m_tokens > 1 && m_progress.seconds > 0) event["tokens_per_second"] = static_cast<double>(m_tokens - 1) / m_progress.seconds;
        m_text.clear();
        m_last = Clock::now();
        return m_stream.event(event);
    }

    EventStream& m_stream;
    std::string m_text;
    int64_t m_tokens = 0;
    model::GenerationProgress m_progress;
    Clock::time_point m_last{};
};

Result<int> generateText(const GenerateOptions& options) {
    EventStream stream(options.stream);
    const bool plain = !options.json && !options.stream;
    RADLADS_TRY_ASSIGN(const LoadedModel loaded, loadModel(options.model, options.stage, options.device));
    RADLADS_TRY_ASSIGN(const std::vector<int32_t> prompt, encodePrompt(options, loaded));
    if (plain && !options.raw) std::cout << options.prompt << std::flush;
    TextPieces pieces(loaded.tokenizer, options.special);
    GenerationEvents events(stream);
    const auto observe = [&](const model::GenerationProgress& progress) {
        const std::string text = progress.token ? pieces.add(*progress.token) : std::string();
        if (plain) std::cout << text << std::flush;
        const bool read = !options.stream || events.add(text, progress);
        return read && interrupts().load() == 0;
    };
    const model::GenerationResult result =
        model::generate(loaded.checkpoint.weights, loaded.checkpoint.config, prompt, options.tokens, options.sampling, observe);
    const double rate = static_cast<double>(result.tokens.size()) / std::max(result.generateSeconds, 1e-9);
    const std::string rest = pieces.finish();
    if (plain) {
        std::cout << rest << "\n";
        fmt::print(stderr, "{} prompt tokens in {:.2f} s, {} tokens at {:.1f} tok/s, {} of {}\n", prompt.size(), result.promptSeconds, result.tokens.size(),
                   rate, formatBytes(static_cast<double>(result.stateBytes)), loaded.checkpoint.config.isStudent() ? "state" : "key-value cache");
        return interrupts().load() > 0 ? 130 : 0;
    }
    ordered_json value{{"prompt", options.prompt}, {"text", loaded.tokenizer.decode(result.tokens, !options.special)}, {"tokens", result.tokens},
                       {"prompt_tokens", prompt.size()}, {"prompt_seconds", result.promptSeconds}, {"tokens_per_second", rate},
                       {"state_bytes", result.stateBytes}, {"ended", result.ended}};
    if (!options.stream) {
        printJson(value);
        return interrupts().load() > 0 ? 130 : 0;
    }
    if (interrupts().load() > 0) return 130;
    events.finish(rest, static_cast<int64_t>(prompt.size() + result.tokens.size()), result.stateBytes);
    // Counted, not listed: whoever streams has the text.
    value["tokens"] = result.tokens.size();
    value["state_kind"] = loaded.checkpoint.config.isStudent() ? "state" : "cache";
    stream.result(value);
    return 0;
}

}  // namespace

void addGenerateCommand(CLI::App& app, Action& action) {
    auto options = std::make_shared<GenerateOptions>();
    CLI::App* command = app.add_subcommand("generate", "Continue a text, token by token, in constant memory for a student");
    command->add_option("MODEL", options->model, "model directory, run directory, or demo")->required();
    command->add_option("-p,--prompt", options->prompt, "the text to continue")->required();
    command->add_option("-n,--tokens", options->tokens, "tokens to generate at most")->capture_default_str()->check(CLI::Range(int64_t{0}, int64_t{1} << 30));
    command->add_option("--temp", options->sampling.temperature, "temperature; 0 is greedy")->capture_default_str()->check(CLI::NonNegativeNumber);
    command->add_option("--top-k", options->sampling.topK, "0: off")->capture_default_str();
    command->add_option("--top-p", options->sampling.topP, "1: off")->capture_default_str()->check(CLI::Range(0.0, 1.0));
    command->add_option("--min-p", options->sampling.minP, "0: off")->capture_default_str()->check(CLI::Range(0.0, 1.0));
    command->add_option("--repeat-penalty", options->sampling.repeatPenalty, "1: off")->capture_default_str()->check(CLI::PositiveNumber);
    command->add_option("--repeat-last-n", options->sampling.repeatLastN, "tokens that the penalty looks back")->capture_default_str();
    command->add_option("-s,--seed", options->sampling.seed, "seed of the draws")->capture_default_str();
    command->add_flag("--ignore-eos", options->sampling.ignoreEnd, "never draw an end token: go on for all --tokens");
    command->add_option("--device", options->device, "auto, cpu or cuda:N")->capture_default_str();
    command->add_option("--stage", options->stage, "of a run: setup, the number of a step, or now (its model, before it has one its newest checkpoint)");
    command->add_flag("--special", options->special, "print special tokens");
    command->add_flag("--no-echo", options->raw, "do not print the prompt");
    CLI::Option* json = command->add_flag("--json", options->json, "print JSON");
    command->add_flag("--stream", options->stream, "print JSON lines while it goes: {\"event\": ..}, at last {\"result\": ..}")->excludes(json);
    command->callback([options, &action] { action = [options] { return generateText(*options); }; });
}

}  // namespace radlads::worker
