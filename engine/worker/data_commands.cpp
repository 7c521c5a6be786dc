// tokenize, prepare, convert-teacher: texts to ids, texts to datasets, GGUF files to teachers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/data/source.h"
#include "engine/data/source_identity.h"
#include "engine/data/token_store.h"
#include "engine/io/convert_gguf.h"
#include "engine/io/model_config.h"
#include "engine/io/tokenizer.h"
#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/worker/command.h"
#include "engine/worker/progress.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kMaxTextBytes = 256 << 20;
constexpr const char* kDemoTeacher = "demo";

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Result<io::Tokenizer> loadTokenizer(const std::string& path) {
    return io::Tokenizer::load(path == kDemoTeacher ? run::resourcesDirectory() / "demo" / "teacher" : fs::path(path));
}

// ---- tokenize

struct TokenizeOptions {
    std::string text, file, tokenizer;
    std::vector<std::string> decode;
    bool hasText = false, json = false, special = false, ids = false;
};

Result<std::string> readStandardInput() {
    std::string text;
    char buffer[1 << 16];
    while (std::cin.read(buffer, sizeof buffer) || std::cin.gcount() > 0) {
        text.append(buffer, static_cast<size_t>(std::cin.gcount()));
        if (text.size() > kMaxTextBytes) return invalidInput("the standard input is over {} MiB; use `prepare` for datasets", kMaxTextBytes >> 20);
    }
    return text;
}

// Ids separated by spaces or commas, brackets allowed: what --ids and --json print can be given back.
Result<std::vector<int32_t>> parseIds(const std::vector<std::string>& words) {
    std::vector<int32_t> ids;
    for (std::string word : words) {
        std::replace_if(word.begin(), word.end(), [](char c) { return c == ',' || c == '[' || c == ']' || c == '\n' || c == '\t'; }, ' ');
        for (const char *at = word.data(), *end = at + word.size(); at != end;) {
            if (*at == ' ') {
                ++at;
                continue;
            }
            int32_t id = 0;
            const auto parsed = std::from_chars(at, end, id);
            if (parsed.ec != std::errc() || id < 0 || (parsed.ptr != end && *parsed.ptr != ' ')) {
                return invalidInput("--decode: {} is no token id; give integers from 0 up, as in --decode 9707,1879", protocol::quote(std::string_view(at, static_cast<size_t>(end - at))));
            }
            ids.push_back(id);
            at = parsed.ptr;
        }
    }
    return ids;
}

bool isUtf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const size_t length = byte < 0x80 ? 1 : (byte & 0xE0) == 0xC0 ? 2 : (byte & 0xF0) == 0xE0 ? 3 : (byte & 0xF8) == 0xF0 ? 4 : 0;
        if (length == 0 || i + length > text.size()) return false;
        for (size_t k = 1; k < length; ++k) {
            if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
        }
        i += length;
    }
    return true;
}

// A piece as it may stand on a terminal: quotes, escapes for control characters, and for the bytes of a piece that is no whole UTF-8.
std::string visiblePiece(const std::string& bytes) {
    const bool whole = isUtf8(bytes);
    std::string out = "\"";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') out += "\\n";
        else if (c == '\t') out += "\\t";
        else if (c == '\r') out += "\\r";
        else if (c == '"' || c == '\\') out += fmt::format("\\{}", c);
        else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !whole)) out += fmt::format("\\x{:02X}", byte);
        else out += c;
    }
    return out + "\"";
}

Result<std::string> inputText(const TokenizeOptions& options) {
    if (options.hasText) return options.text;
    if (!options.file.empty()) return run::readFile(options.file, kMaxTextBytes);
    return readStandardInput();
}

Result<int> decodeIds(const io::Tokenizer& tokenizer, const TokenizeOptions& options) {
    RADLADS_TRY_ASSIGN(const std::vector<int32_t> ids, parseIds(options.decode));
    for (const int32_t id : ids) {
        if (id >= tokenizer.vocabSize()) return invalidInput("--decode: there is no token {}; the tokenizer's ids are 0 to {}", id, tokenizer.vocabSize() - 1);
    }
    const std::string text = tokenizer.decode(ids);
    if (options.json) printJson({{"ids", ids}, {"text", text}});
    else std::cout << text << "\n";
    return 0;
}

Result<int> tokenize(const TokenizeOptions& options) {
    if (options.hasText && !options.file.empty()) return invalidInput("tokenize takes TEXT or --file, not both");
    RADLADS_TRY_ASSIGN(const io::Tokenizer tokenizer, loadTokenizer(options.tokenizer));
    if (!options.decode.empty()) return decodeIds(tokenizer, options);
    RADLADS_TRY_ASSIGN(const std::string text, inputText(options));
    const std::vector<int32_t> ids = tokenizer.encode(text, options.special);
    if (options.json) {
        ordered_json pieces = ordered_json::array();
        for (const int32_t id : ids) {
            const std::string bytes = tokenizer.tokenBytes(id), visible = visiblePiece(bytes);
            pieces.push_back(isUtf8(bytes) ? bytes : visible.substr(1, visible.size() - 2));
        }
        printJson({{"tokens", ids.size()}, {"bytes", text.size()}, {"ids", ids}, {"pieces", pieces}});
        return 0;
    }
    if (options.ids) {
        std::cout << fmt::format("{}\n", fmt::join(ids, " "));
        return 0;
    }
    for (size_t i = 0; i < ids.size(); ++i) std::cout << fmt::format("{:>6}  {:>7}  {}\n", i, ids[i], visiblePiece(tokenizer.tokenBytes(ids[i])));
    std::cout << fmt::format("{} tokens, {} bytes{}\n", ids.size(), text.size(),
                             ids.empty() ? "" : fmt::format(", {:.2f} bytes a token", static_cast<double>(text.size()) / static_cast<double>(ids.size())));
    return 0;
}

// ---- prepare

struct PrepareArguments {
    std::vector<std::string> sources;
    std::string tokenizer, output, format = "auto", textKey = "text";
    bool noEos = false, force = false, json = false, quiet = false;
};

Result<std::vector<protocol::SourcePlan>> sourcePlans(const PrepareArguments& arguments) {
    protocol::Plan plan;  // its reader knows the names of the formats
    for (const std::string& path : arguments.sources) plan.data.sources.push_back({path, protocol::DataFormat::Auto, arguments.textKey, 1.0});
    for (size_t i = 0; i < plan.data.sources.size(); ++i) {
        RADLADS_TRY(protocol::setPlanKey(plan, fmt::format("data.sources.{}.format={}", i, ordered_json(arguments.format).dump())));
    }
    return plan.data.sources;
}

fs::path withEnding(fs::path prefix, const char* ending) {
    return prefix += ending;
}

// One source after another into temporary stores that a second call finds again, then all into one.
Status prepareSeveral(const std::vector<protocol::SourcePlan>& sources, const io::Tokenizer& tokenizer, bool appendEos, const fs::path& prefix,
                      const data::ProgressCallback& progress) {
    std::vector<data::TokenStore> stores;
    std::vector<fs::path> temporary;
    for (const protocol::SourcePlan& source : sources) {
        if (data::isBinidx(source)) {
            RADLADS_TRY_ASSIGN(data::TokenStore store, data::TokenStore::open(source.path));
            stores.push_back(std::move(store));
            continue;
        }
        RADLADS_TRY_ASSIGN(const std::string identity, data::sourceIdentity(source, tokenizer, appendEos, tokenizer.vocabSize()));
        const fs::path part = withEnding(prefix, (".part-" + identity).c_str());
        auto store = data::TokenStore::open(part);
        if (!store) {
            RADLADS_TRY(data::prepareSource(source, tokenizer, appendEos, tokenizer.vocabSize(), part, progress));
            store = data::TokenStore::open(part);
            if (!store) return tl::unexpected(store.error());
        }
        stores.push_back(std::move(*store));
        temporary.push_back(part);
    }
    RADLADS_TRY_ASSIGN(data::TokenStoreWriter writer, data::TokenStoreWriter::create(prefix, tokenizer.vocabSize()));
    std::vector<int32_t> ids;
    for (size_t s = 0; s < stores.size(); ++s) {
        for (int64_t document = 0; document < stores[s].documents(); ++document) {
            if (interrupts().load() > 0) return tl::unexpected(Error{ErrorCode::Interrupted, "joining the sources was stopped; start it again to go on"});
            ids.resize(static_cast<size_t>(stores[s].documentLength(document)));
            stores[s].read(stores[s].documentOffset(document), ids);
            if (auto added = writer.addDocument(ids); !added) return invalidInput("{}, document {}: {}", sources[s].path, document, added.error().message);
        }
    }
    RADLADS_TRY(writer.finish());
    std::error_code error;
    for (const fs::path& part : temporary) {
        for (const char* ending : {".bin", ".idx"}) fs::remove(withEnding(part, ending), error);
    }
    return {};
}

Status checkPrepare(const PrepareArguments& arguments, const std::vector<protocol::SourcePlan>& sources, const io::Tokenizer& tokenizer, const fs::path& prefix) {
    for (const char* ending : {".bin", ".idx"}) {
        const fs::path file = withEnding(prefix, ending);
        std::error_code error;
        if (!arguments.force && fs::exists(fs::symlink_status(file, error))) {
            return invalidInput("{} exists already; give another prefix with -o, or --force to replace it", file.string());
        }
        for (const protocol::SourcePlan& source : sources) {
            if (fs::equivalent(withEnding(source.path, ending), file, error) || fs::equivalent(source.path, file, error)) {
                return invalidInput("{} is both a source and the output; give another prefix with -o", file.string());
            }
        }
    }
    if (!arguments.noEos && !tokenizer.eosToken()) {
        return invalidInput("{}: the tokenizer names no end-of-text token to put after each document; add eos_token to its tokenizer_config.json, or give --no-eos",
                            arguments.tokenizer);
    }
    for (const protocol::SourcePlan& source : sources) {
        if (data::isBinidx(source)) {
            if (sources.size() == 1) return invalidInput("{} is tokenised already; name it in a plan's data.sources as it is", source.path);
            continue;
        }
        RADLADS_TRY(data::sourceFiles(source));
    }
    return {};
}

Result<int> prepare(const PrepareArguments& arguments) {
    RADLADS_TRY_ASSIGN(const std::vector<protocol::SourcePlan> sources, sourcePlans(arguments));
    RADLADS_TRY_ASSIGN(const io::Tokenizer tokenizer, loadTokenizer(arguments.tokenizer));
    fs::path prefix = arguments.output;
    if (prefix.extension() == ".bin" || prefix.extension() == ".idx") prefix.replace_extension();
    if (prefix.filename().empty()) return invalidInput("-o {}: name a file prefix, as in -o data/train", protocol::quote(arguments.output));
    RADLADS_TRY(checkPrepare(arguments, sources, tokenizer, prefix));

    std::error_code error;
    if (prefix.has_parent_path()) fs::create_directories(prefix.parent_path(), error);
    if (error) return systemError("creating the directory " + prefix.parent_path().string(), error.value());
    ProgressDisplay display(!arguments.quiet);
    const auto start = Clock::now();
    const auto progress = display.prepareCallback();
    const Status status = sources.size() == 1 ? data::prepareSource(sources.front(), tokenizer, !arguments.noEos, tokenizer.vocabSize(), prefix, progress)
                                              : prepareSeveral(sources, tokenizer, !arguments.noEos, prefix, progress);
    display.finish();
    RADLADS_TRY(status);

    RADLADS_TRY_ASSIGN(const data::TokenStore store, data::TokenStore::open(prefix));
    const double seconds = secondsSince(start);
    const double bytes = static_cast<double>(fs::file_size(withEnding(prefix, ".bin"), error)) + static_cast<double>(fs::file_size(withEnding(prefix, ".idx"), error));
    if (arguments.json) {
        printJson({{"prefix", prefix.string()}, {"documents", store.documents()}, {"tokens", store.size()}, {"bytes", bytes}, {"seconds", seconds}});
        return 0;
    }
    fmt::print("{0}.bin and {0}.idx: {1} tokens in {2} {3}, {4}; {5}\n", oneLine(prefix.string()), grouped(store.size()), grouped(store.documents()),
               store.documents() == 1 ? "document" : "documents", formatBytes(bytes), formatDuration(seconds));
    fmt::print("Use it in a plan: --data {}\n", oneLine(prefix.string()));
    return 0;
}

// ---- convert-teacher

struct ConvertArguments {
    std::string source, output, dtype = "f32";
    bool json = false, stream = false, quiet = false;
};

constexpr std::pair<const char*, io::Dtype> kDtypes[] = {{"f32", io::Dtype::F32}, {"f16", io::Dtype::F16}, {"bf16", io::Dtype::BF16}};

Result<int> convertTeacher(const ConvertArguments& arguments) {
    std::error_code error;
    if (fs::is_directory(arguments.source, error)) {
        if (fs::exists(fs::path(arguments.source) / "config.json", error)) {
            return invalidInput("{} is a Hugging Face directory already; use it as it is: --teacher {}", arguments.source, arguments.source);
        }
        return invalidInput("{} is a directory; name the .gguf file in it", arguments.source);
    }
    const io::Dtype dtype = std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const auto& entry) { return arguments.dtype == entry.first; })->second;
    EventStream stream(arguments.stream);
    ProgressDisplay display(!arguments.quiet, stream);
    const auto start = Clock::now();
    const Status status = io::convertGgufTeacher(arguments.source, arguments.output, dtype, [&](int64_t done, int64_t total) {
        const double seconds = secondsSince(start), rate = static_cast<double>(done) / std::max(seconds, 1e-3);
        display.show("converting", static_cast<double>(done), static_cast<double>(total),
                     fmt::format("{} of {}  {}/s", formatBytes(static_cast<double>(done)), formatBytes(static_cast<double>(total)), formatBytes(rate)),
                     rate > 0 ? std::optional(static_cast<double>(total - done) / rate) : std::nullopt);
        return interrupts().load() == 0;
    });
    display.finish();
    RADLADS_TRY(status);
    RADLADS_TRY_ASSIGN(const io::ModelConfig config, io::readModelConfig(arguments.output));
    RADLADS_TRY_ASSIGN(const io::Safetensors file, io::Safetensors::open(arguments.output));
    ordered_json report{{"directory", arguments.output}, {"family", io::toString(config.family)}, {"tensors", file.tensors().size()},
                        {"bytes", file.totalBytes()}, {"dtype", arguments.dtype}, {"seconds", secondsSince(start)}};
    if (arguments.stream) {
        report["path"] = arguments.output;
        stream.result(report);
        return 0;
    }
    if (arguments.json) {
        printJson(report);
        return 0;
    }
    fmt::print("{}: {} model of {} layers, {} tensors, {} in {}; {}\n", oneLine(arguments.output), io::toString(config.family), config.layers, file.tensors().size(),
               formatBytes(static_cast<double>(file.totalBytes())), arguments.dtype, formatDuration(secondsSince(start)));
    fmt::print("Next: radlads-engine inspect {}\n", oneLine(arguments.output));
    return 0;
}

void addTokenize(CLI::App& app, Action& action) {
    auto options = std::make_shared<TokenizeOptions>();
    CLI::App* command = app.add_subcommand("tokenize", "The token ids of a text, or the text of ids");
    CLI::Option* text = command->add_option("TEXT", options->text, "The text; without it and --file: the standard input")->type_name("");
    command->add_option("--tokenizer,-t", options->tokenizer, "Directory with tokenizer.json, a tokenizer.json, or \"demo\"")->required()->type_name("DIR");
    command->add_option("--file,-f", options->file, "Read the text from a file")->type_name("F");
    command->add_option("--decode", options->decode, "Print the text of these ids instead")->type_name("IDS")->excludes(text);
    command->add_flag("--special", options->special, "Add what the tokenizer puts around a text (such as a begin token)");
    CLI::Option* ids = command->add_flag("--ids", options->ids, "Print the ids alone, on one line");
    command->add_flag("--json", options->json, "Print JSON on the standard output")->excludes(ids);
    command->footer(
        "Prints position, id and piece of every token. Bytes of a piece that is no whole character are shown as \\xNN.\n"
        "Examples:\n"
        "  radlads-engine tokenize \"Hello world\" --tokenizer Qwen2.5-0.5B\n"
        "  radlads-engine tokenize -t Qwen2.5-0.5B --file story.txt --ids\n"
        "  radlads-engine tokenize -t Qwen2.5-0.5B --decode 9707,1879\n");
    command->callback([options, text, &action] {
        options->hasText = text->count() > 0;
        action = [options] { return tokenize(*options); };
    });
}

void addPrepare(CLI::App& app, Action& action) {
    auto arguments = std::make_shared<PrepareArguments>();
    CLI::App* command = app.add_subcommand("prepare", "Turn texts into a tokenised dataset (PREFIX.bin and PREFIX.idx)");
    command->add_option("SRC", arguments->sources, "Files or directories: .txt .md .jsonl, also .gz and .zst; several are put one after another")->required()->type_name("");
    command->add_option("--tokenizer,-t", arguments->tokenizer, "Directory with tokenizer.json, a tokenizer.json, or \"demo\"")->required()->type_name("DIR");
    command->add_option("--output,-o", arguments->output, "Where the dataset goes")->required()->type_name("PREFIX");
    command->add_option("--format", arguments->format, "How the sources are read: by their endings, or all as one")->check(CLI::IsMember({"auto", "text", "jsonl"}))->type_name("F")->capture_default_str();
    command->add_option("--text-key", arguments->textKey, "The key of the text in jsonl objects")->type_name("KEY")->capture_default_str();
    command->add_flag("--no-eos", arguments->noEos, "Put no end-of-text token after each document");
    command->add_flag("--force", arguments->force, "Replace the output if it is there");
    command->add_flag("--json", arguments->json, "Print JSON on the standard output");
    command->add_flag("--quiet,-q", arguments->quiet, "No progress");
    command->footer(
        "After Ctrl-C, a crash or a full disk the same command goes on where it was. Runs prepare their data by themselves;\n"
        "this is for datasets that several machines share, or to see the counts first.\n"
        "Examples:\n"
        "  radlads-engine prepare texts/ --tokenizer Qwen2.5-0.5B -o data/train\n"
        "  radlads-engine prepare a.jsonl.zst b.txt --text-key content -t Qwen2.5-0.5B -o data/train --force\n");
    command->callback([arguments, &action] { action = [arguments] { return prepare(*arguments); }; });
}

void addConvertTeacher(CLI::App& app, Action& action) {
    auto arguments = std::make_shared<ConvertArguments>();
    CLI::App* command = app.add_subcommand("convert-teacher", "A GGUF teacher as a Hugging Face directory with safetensors");
    command->add_option("SRC", arguments->source, "The .gguf file (llama, qwen2, qwen3)")->required()->type_name("");
    command->add_option("--output,-o", arguments->output, "The new directory; must not exist or be empty")->required()->type_name("DIR");
    command->add_option("--dtype", arguments->dtype, "f32 (exact), f16 or bf16")->check(CLI::IsMember({"f32", "f16", "bf16"}))->type_name("D")->capture_default_str();
    CLI::Option* json = command->add_flag("--json", arguments->json, "Print JSON on the standard output");
    command->add_flag("--stream", arguments->stream, "Print JSON lines while it goes: {\"event\": ..}, at last {\"result\": ..}")->excludes(json);
    command->add_flag("--quiet,-q", arguments->quiet, "No progress");
    command->footer(
        "Quantised weights are expanded; the tokenizer in the file becomes a tokenizer.json.\n"
        "Example:\n"
        "  radlads-engine convert-teacher qwen2.5-0.5b-instruct-q8_0.gguf -o Qwen2.5-0.5B-Instruct\n");
    command->callback([arguments, &action] { action = [arguments] { return convertTeacher(*arguments); }; });
}

}  // namespace

void addDataCommands(CLI::App& app, Action& action) {
    addTokenize(app, action);
    addPrepare(app, action);
    addConvertTeacher(app, action);
}

}  // namespace radlads::worker
