// inspect: what is this path? Also the inspectors for tokenizers, datasets, runs and plans.
#include "engine/worker/inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <span>

#include "engine/data/source.h"
#include "engine/data/token_store.h"
#include "engine/io/tokenizer.h"
#include "engine/protocol/plan.h"
#include "engine/protocol/text.h"
#include "engine/run/run_directory.h"
#include "engine/worker/command.h"
#include "engine/worker/progress.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr uint64_t kMaxJsonBytes = 256 << 20;
constexpr int64_t kMostLengths = 4 << 20;  // documents whose lengths are kept
constexpr size_t kSamples = 8;             // documents that are shown as tokens
constexpr size_t kSamplePieces = 64;       // tokens of each

// ---- datasets

// How long documents are, in tokens or bytes.
class Lengths {
public:
    void add(int64_t length) {
        m_sum += length;
        if (length > 0) ++m_buckets[static_cast<size_t>(std::bit_width(static_cast<uint64_t>(length))) - 1];
        else ++m_empty;
        if (static_cast<int64_t>(m_lengths.size()) < kMostLengths) m_lengths.push_back(length);
        m_shortest = m_count == 0 ? length : std::min(m_shortest, length);
        m_longest = std::max(m_longest, length);
        ++m_count;
    }
    int64_t count() const { return m_count; }
    int64_t sum() const { return m_sum; }
    int64_t empty() const { return m_empty; }
    void report(const char* unit, InspectReport& report) {
        if (m_count == 0) return;
        std::nth_element(m_lengths.begin(), m_lengths.begin() + static_cast<std::ptrdiff_t>(m_lengths.size() / 2), m_lengths.end());
        const int64_t median = m_lengths[m_lengths.size() / 2];
        report.facts.push_back({"Length", fmt::format("{} a document: shortest {}, median {}, mean {:.0f}, longest {}", unit, grouped(m_shortest), grouped(median),
                                                      static_cast<double>(m_sum) / static_cast<double>(m_count), grouped(m_longest))});
        report.json["lengths"] = {{"unit", unit}, {"shortest", m_shortest}, {"median", median}, {"longest", m_longest}};
        Table table({{std::string(unit) + " from"}, {"to"}, {"documents"}, {"", Align::Left}});
        ordered_json histogram = ordered_json::array();
        const int64_t most = *std::max_element(m_buckets.begin(), m_buckets.end());
        for (size_t b = 0; b < m_buckets.size(); ++b) {
            if (m_buckets[b] == 0) continue;
            const int64_t low = int64_t{1} << b, high = low + (low - 1);
            table.add({grouped(low), grouped(high), grouped(m_buckets[b]), std::string(static_cast<size_t>(std::max<int64_t>(1, m_buckets[b] * 40 / most)), '#')});
            histogram.push_back({{"from", low}, {"to", high}, {"documents", m_buckets[b]}});
        }
        report.json["lengths"]["histogram"] = histogram;
        report.body += "\n" + table.text();
    }

private:
    std::array<int64_t, 63> m_buckets{};  // [b]: lengths in [2^b, 2^(b+1))
    std::vector<int64_t> m_lengths;
    int64_t m_count = 0, m_sum = 0, m_shortest = 0, m_longest = 0, m_empty = 0;
};

Status stopIfInterrupted() {
    if (interrupts().load() == 0) return {};
    return tl::unexpected(Error{ErrorCode::Interrupted, "inspect was stopped"});
}

Result<std::optional<io::Tokenizer>> givenTokenizer(const InspectOptions& options) {
    if (options.tokenizer.empty()) return std::nullopt;
    RADLADS_TRY_ASSIGN(io::Tokenizer tokenizer,
                       io::Tokenizer::load(options.tokenizer == "demo" ? run::resourcesDirectory() / "demo" / "teacher" : fs::path(options.tokenizer)));
    return std::optional(std::move(tokenizer));
}

// A document as its first tokens, one text a token. A character that several tokens share stands with the last of them.
ordered_json sampleJson(const io::Tokenizer& tokenizer, std::span<const int32_t> ids, int64_t tokens) {
    ordered_json pieces = ordered_json::array();
    const size_t shown = std::min(ids.size(), kSamplePieces);
    for (size_t i = 0, start = 0; i < shown; ++i) {
        constexpr size_t kLongestCharacter = 4;
        std::string text = tokenizer.decode(ids.subspan(start, i + 1 - start));
        const bool broken = text.ends_with("\uFFFD") && i + 1 - start < kLongestCharacter && i + 1 < shown;
        pieces.push_back(broken ? std::string() : std::move(text));
        if (!broken) start = i + 1;
    }
    return {{"tokens", tokens}, {"pieces", pieces}};
}

Result<InspectReport> inspectTokens(const fs::path& prefix, const InspectOptions& options) {
    RADLADS_TRY_ASSIGN(const data::TokenStore store, data::TokenStore::open(prefix));
    RADLADS_TRY_ASSIGN(const std::optional<io::Tokenizer> tokenizer, givenTokenizer(options));
    InspectReport report{.kind = "tokenised dataset (binidx)"};
    Lengths lengths;
    for (int64_t i = 0; i < store.documents(); ++i) lengths.add(store.documentLength(i));
    report.facts.push_back({"Documents", grouped(store.documents())});
    report.facts.push_back({"Tokens", fmt::format("{} ({})", grouped(store.size()), formatCount(static_cast<double>(store.size())))});
    report.json["documents"] = store.documents();
    report.json["tokens"] = store.size();
    if (!options.noScan) {
        const int32_t largest = store.maxToken();
        report.facts.push_back({"Largest id", grouped(largest)});
        report.json["largest_id"] = largest;
        if (tokenizer && largest >= tokenizer->vocabSize()) {
            report.problems.push_back(fmt::format("token id {} is outside the tokenizer's vocabulary of {}: it was made with another tokenizer", largest, tokenizer->vocabSize()));
        }
    }
    lengths.report("tokens", report);
    if (lengths.sum() != store.size()) report.notes.push_back(fmt::format("{} tokens belong to no document, or to several", grouped(std::abs(store.size() - lengths.sum()))));
    if (lengths.empty() > 0) report.notes.push_back(fmt::format("{} documents are empty", grouped(lengths.empty())));
    if (tokenizer && store.documents() > 0) {
        std::vector<int32_t> ids(static_cast<size_t>(std::min<int64_t>(store.documentLength(0), 48)));
        store.read(store.documentOffset(0), ids);
        report.facts.push_back({"Begins", protocol::quote(tokenizer->decode(ids))});
        report.json["samples"] = ordered_json::array();
        for (int64_t i = 0; i < std::min<int64_t>(store.documents(), kSamples); ++i) {
            std::vector<int32_t> sample(static_cast<size_t>(std::min<int64_t>(store.documentLength(i), kSamplePieces)));
            store.read(store.documentOffset(i), sample);
            report.json["samples"].push_back(sampleJson(*tokenizer, sample, store.documentLength(i)));
        }
    }
    return report;
}

Result<InspectReport> inspectTexts(const std::string& path, const InspectOptions& options) {
    const protocol::SourcePlan source{path, options.format, options.textKey, 1.0};
    RADLADS_TRY_ASSIGN(const std::vector<fs::path> files, data::sourceFiles(source));
    RADLADS_TRY_ASSIGN(const std::optional<io::Tokenizer> tokenizer, givenTokenizer(options));
    RADLADS_TRY_ASSIGN(data::DocumentReader reader, data::DocumentReader::open(source));
    InspectReport report{.kind = files.empty() ? "generated text" : "text dataset"};
    Lengths lengths;
    std::string document, first;
    ordered_json samples = ordered_json::array();
    int64_t textBytes = 0, broken = 0;
    bool complete = false;
    while (lengths.count() < options.documents) {
        RADLADS_TRY_ASSIGN(const bool more, reader.next(document));
        complete = !more;
        if (!more) break;
        if (lengths.count() == 0) first = document.substr(0, 200);
        textBytes += static_cast<int64_t>(document.size());
        broken += document.find('\0') != std::string::npos ? 1 : 0;
        if (tokenizer) {
            const std::vector<int32_t> ids = tokenizer->encode(document);
            if (samples.size() < kSamples) samples.push_back(sampleJson(*tokenizer, ids, static_cast<int64_t>(ids.size())));
            lengths.add(static_cast<int64_t>(ids.size()));
        } else {
            lengths.add(static_cast<int64_t>(document.size()));
        }
        RADLADS_TRY(stopIfInterrupted());
    }
    const bool stored = !files.empty();
    report.json["files"] = files.size();
    report.json["stored_bytes"] = stored ? ordered_json(reader.bytesTotal()) : ordered_json();
    if (stored) report.facts.push_back({"Files", fmt::format("{}, {}", grouped(static_cast<int64_t>(files.size())), formatBytes(static_cast<double>(reader.bytesTotal())))});
    report.facts.push_back({"Documents", grouped(lengths.count()) + (complete ? "" : fmt::format(" looked at, {:.1f} % of the data", 100.0 * static_cast<double>(reader.bytesRead()) /
                                                                                                                               static_cast<double>(std::max<int64_t>(1, reader.bytesTotal()))))});
    report.facts.push_back({"Text", formatBytes(static_cast<double>(textBytes))});
    report.json["documents"] = lengths.count();
    report.json["complete"] = complete;
    report.json["text_bytes"] = textBytes;
    if (tokenizer) {
        const double share = static_cast<double>(reader.bytesTotal()) / static_cast<double>(std::max<int64_t>(1, reader.bytesRead()));
        const double all = complete ? static_cast<double>(lengths.sum()) : static_cast<double>(lengths.sum()) * std::max(1.0, share);
        report.facts.push_back({"Tokens", fmt::format("{}{}{}", complete ? "" : "about ", formatCount(all), complete ? "" : " in all")});
        report.json["tokens"] = lengths.sum();
        report.json["estimated_tokens"] = all;
        report.json["samples"] = std::move(samples);
    }
    if (!first.empty()) report.facts.push_back({"Begins", protocol::quote(first)});
    lengths.report(tokenizer ? "tokens" : "bytes", report);
    if (lengths.count() == 0) report.problems.push_back("there is no text in it");
    if (broken > 0) report.notes.push_back(fmt::format("{} documents hold NUL bytes: are these texts?", grouped(broken)));
    if (!tokenizer) report.notes.push_back("lengths are bytes; give --tokenizer DIR to count tokens");
    return report;
}

// ---- runs and plans

void addPlan(const protocol::Plan& plan, InspectReport& report) {
    report.facts.push_back({"Teacher", plan.teacher.path.empty() ? "none" : oneLine(plan.teacher.path)});
    report.facts.push_back({"Student", protocol::toString(plan.student.architecture)});
    for (const protocol::SourcePlan& source : plan.data.sources) report.facts.push_back({"Data", oneLine(source.path)});
    Table table({{"Step", Align::Left}, {"tokens"}, {"length"}, {"batch"}, {"rate"}, {"to"}, {"train", Align::Left}});
    for (size_t i = 0; i < plan.steps.size(); ++i) {
        const protocol::StepPlan& step = plan.steps[i];
        table.add({fmt::format("{} {}", i + 1, protocol::toString(step.kind)), formatCount(static_cast<double>(step.tokens)), std::to_string(step.sequenceLength),
                   std::to_string(step.batchSize), fmt::format("{:g}", step.learningRate.initial), fmt::format("{:g}", step.learningRate.final), protocol::toString(step.train)});
    }
    report.body += "\n" + table.text();
    report.json["plan"] = ordered_json::parse(protocol::writePlan(plan));
}

Result<InspectReport> inspectPlan(const fs::path& file) {
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(file, 4 << 20));
    RADLADS_TRY_ASSIGN(protocol::Plan plan, protocol::parsePlan(text, file.string()));
    InspectReport report{.kind = "plan"};
    report.facts.push_back({"Name", oneLine(plan.name)});
    if (const Status resolved = protocol::resolvePlan(plan); !resolved) report.problems.push_back(resolved.error().message);
    addPlan(plan, report);
    report.notes.push_back("`radlads-engine check` says what it needs");
    return report;
}

std::vector<std::string> checkpointNames(const fs::path& runDirectory) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(runDirectory / "checkpoints", error), end; !error && entry != end; entry.increment(error)) {
        if (fs::exists(entry->path() / "state.json", error)) names.push_back(entry->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<InspectReport> inspectRunDirectory(const fs::path& directory) {
    RADLADS_TRY_ASSIGN(const run::RunInfo info, run::inspectRun(directory));
    InspectReport report{.kind = "run directory"};
    const run::RunSummary& summary = info.summary;
    report.facts.push_back({"Name", oneLine(summary.name)});
    report.facts.push_back({"State", std::string(run::toString(info.state)) + (summary.message.empty() ? "" : ": " + oneLine(summary.message))});
    report.facts.push_back({"Progress", fmt::format("step {} of {}, update {}, {} of {} tokens{}", std::min(summary.stepIndex + 1, std::max<int64_t>(1, summary.stepCount)),
                                                    summary.stepCount, summary.update, formatCount(static_cast<double>(summary.tokens)),
                                                    formatCount(static_cast<double>(summary.totalTokens)), summary.loss ? fmt::format(", loss {:.4f}", *summary.loss) : "")});
    const std::vector<std::string> checkpoints = checkpointNames(directory);
    report.facts.push_back({"Checkpoints", checkpoints.empty() ? "none" : oneLine(fmt::format("{}", fmt::join(checkpoints, ", ")))});
    std::error_code error;
    const bool model = fs::exists(directory / "model" / "config.json", error);
    report.facts.push_back({"Model", model ? oneLine((directory / "model").string()) : "not written yet"});
    report.json["state"] = run::toString(info.state);
    report.json["summary"] = run::toJson(summary);
    report.json["checkpoints"] = checkpoints;
    report.json["has_model"] = model;
    RADLADS_TRY_ASSIGN(const InspectReport plan, inspectPlan(directory / "plan.json"));
    report.facts.insert(report.facts.end(), plan.facts.begin() + 1, plan.facts.end());
    report.body = plan.body;
    report.json["plan"] = plan.json.at("plan");
    report.problems = plan.problems;
    report.notes.push_back("`radlads-engine show` says more about it");
    return report;
}

// ---- what is it?

bool startsWith(const fs::path& file, std::string_view magic) {
    std::ifstream stream(file, std::ios::binary);
    std::string bytes(magic.size(), '\0');
    return stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) && bytes == magic;
}

Result<InspectReport> inspectJson(const fs::path& file, const InspectOptions& options) {
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(file, kMaxJsonBytes));
    if (!protocol::jsonDepthWithin(text, 64)) return inspectTexts(file.string(), options);
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const auto has = [&](const char* key) { return json.is_object() && json.contains(key); };
    const auto schema = has("schema") && json["schema"].is_string() ? json["schema"].get<std::string>() : std::string();
    if (schema.starts_with("radlads.plan/")) return inspectPlan(file);
    if (schema.starts_with("radlads.run/")) return inspectRunDirectory(file.parent_path());
    if (has("model_type") || has("architectures")) return inspectConfig(file);
    if (has("weight_map")) return inspectSafetensors(file.parent_path(), options);
    if (has("model") && (has("added_tokens") || has("pre_tokenizer"))) return inspectTokenizer(file);
    return inspectTexts(file.string(), options);
}

Result<InspectReport> inspectDirectory(const fs::path& directory, const InspectOptions& options) {
    std::error_code error;
    const auto has = [&](const char* name) { return fs::exists(directory / name, error); };
    if (has("run.json")) return inspectRunDirectory(directory);
    if (has("config.json")) return inspectModelDirectory(directory, options);
    if (has("model.safetensors") || has("model.safetensors.index.json")) return inspectSafetensors(directory, options);
    if (has("tokenizer.json")) return inspectTokenizer(directory);
    const protocol::SourcePlan source{directory.string(), protocol::DataFormat::Auto, options.textKey, 1.0};
    if (data::isBinidx(source)) return inspectTokens(directory, options);
    if (!data::sourceFiles(source)) {
        return invalidInput("{}: this directory holds no model (config.json), tokenizer (tokenizer.json), run (run.json) or texts; name the file to inspect", directory.string());
    }
    return inspectTexts(directory.string(), options);
}

Result<InspectReport> inspectPath(const InspectOptions& options) {
    if (options.path.starts_with("demo:")) return inspectTexts(options.path, options);
    if (options.format == protocol::DataFormat::Binidx) return inspectTokens(options.path, options);
    if (options.format != protocol::DataFormat::Auto) return inspectTexts(options.path, options);
    const fs::path path = options.path == "demo" ? run::resourcesDirectory() / "demo" / "teacher" : fs::path(options.path);
    std::error_code error;
    if (fs::is_directory(path, error)) return inspectDirectory(path, options);
    const std::string ending = path.extension().string();
    if (ending == ".idx" || ending == ".bin" || fs::is_regular_file(fs::path(path) += ".idx", error)) return inspectTokens(path, options);
    if (!fs::exists(path, error)) return invalidInput("{}: there is no such file or directory", path.string());
    if (!fs::is_regular_file(path, error)) return invalidInput("{}: is no regular file", path.string());
    if (startsWith(path, "GGUF")) return inspectGguf(path, options);
    if (ending == ".safetensors") return inspectSafetensors(path, options);
    if (ending == ".json") return inspectJson(path, options);
    return inspectTexts(path.string(), options);
}

Result<int> inspect(const InspectOptions& options) {
    RADLADS_TRY_ASSIGN(const InspectReport report, inspectPath(options));
    const int exit = report.problems.empty() ? 0 : 1;
    if (options.json) {
        ordered_json json = {{"path", options.path}, {"kind", report.kind}};
        for (const auto& [key, value] : report.json.items()) json[key] = value;
        json["notes"] = report.notes;
        json["problems"] = report.problems;
        printJson(json);
        return exit;
    }
    LabelledValues facts{{"Path", oneLine(options.path)}, {"Kind", report.kind}};
    facts.insert(facts.end(), report.facts.begin(), report.facts.end());
    fmt::print("{}{}", labelledText(facts), report.body);
    if (!report.notes.empty() || !report.problems.empty()) fmt::print("\n");
    for (const std::string& note : report.notes) fmt::print("Note: {}.\n", oneLine(note));
    for (const std::string& problem : report.problems) fmt::print("Problem: {}.\n", oneLine(problem));
    return exit;
}

// ---- tokenizers

std::string typeOf(const nlohmann::json& json, const char* key) {
    const auto part = json.find(key);
    if (part == json.end() || !part->is_object()) return "none";
    const std::string type = part->contains("type") && (*part)["type"].is_string() ? (*part)["type"].get<std::string>() : "unknown";
    for (const char* list : {"pretokenizers", "normalizers", "processors"}) {
        if (!part->contains(list) || !(*part)[list].is_array()) continue;
        std::string inner;
        for (const auto& element : (*part)[list]) {
            inner += fmt::format("{}{}", inner.empty() ? "" : ", ", element.is_object() && element.contains("type") && element["type"].is_string() ? element["type"].get<std::string>() : "unknown");
        }
        return fmt::format("{} ({})", type, inner);
    }
    return type;
}

}  // namespace

Result<InspectReport> inspectTokenizer(const fs::path& directoryOrFile) {
    RADLADS_TRY_ASSIGN(const io::Tokenizer tokenizer, io::Tokenizer::load(directoryOrFile));
    std::error_code error;
    const fs::path file = fs::is_directory(directoryOrFile, error) ? directoryOrFile / "tokenizer.json" : directoryOrFile;
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(file, kMaxJsonBytes));
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);  // loading has checked its depth
    if (!json.is_object()) return invalidInput("{}: is no JSON object", file.string());
    InspectReport report{.kind = "tokenizer"};
    const std::string model = typeOf(json, "model");
    size_t merges = 0;
    if (json.contains("model") && json["model"].is_object() && json["model"].contains("merges") && json["model"]["merges"].is_array()) merges = json["model"]["merges"].size();
    const auto tokenText = [&](std::optional<int32_t> id) { return id ? fmt::format("{} ({})", *id, oneLine(tokenizer.tokenBytes(*id))) : std::string("none"); };
    report.facts = {{"Model", fmt::format("{}, ids 0 to {}, {} merges", model, grouped(tokenizer.vocabSize() - 1), grouped(static_cast<int64_t>(merges)))},
                    {"Normalizer", typeOf(json, "normalizer")},
                    {"Splits by", typeOf(json, "pre_tokenizer")},
                    {"Begin token", tokenText(tokenizer.bosToken())},
                    {"End token", tokenText(tokenizer.eosToken())},
                    {"Chat template", tokenizer.chatTemplate().empty() ? "none" : fmt::format("{} bytes", grouped(static_cast<int64_t>(tokenizer.chatTemplate().size())))}};
    Table table({{"Added token", Align::Left}, {"id"}, {"special", Align::Left}});
    ordered_json added = ordered_json::array();
    for (const auto& token : json.value("added_tokens", nlohmann::json::array())) {
        if (!token.is_object() || !token.contains("content") || !token["content"].is_string() || !token.contains("id") || !token["id"].is_number_integer()) continue;
        const bool special = token.contains("special") && token["special"].is_boolean() && token["special"].get<bool>();
        table.add({oneLine(token["content"].get<std::string>()), std::to_string(token["id"].get<int64_t>()), special ? "yes" : "no"});
        added.push_back({{"content", token["content"]}, {"id", token["id"]}, {"special", special}});
    }
    const auto idJson = [](std::optional<int32_t> id) { return id ? ordered_json(*id) : ordered_json(); };
    report.json = {{"model", model},
                   {"vocab_size", tokenizer.vocabSize()},
                   {"merges", merges},
                   {"normalizer", typeOf(json, "normalizer")},
                   {"pre_tokenizer", typeOf(json, "pre_tokenizer")},
                   {"bos_token_id", idJson(tokenizer.bosToken())},
                   {"eos_token_id", idJson(tokenizer.eosToken())},
                   {"chat_template", !tokenizer.chatTemplate().empty()},
                   {"added_tokens", added}};
    if (!added.empty()) report.body += "\n" + table.text();
    if (!tokenizer.eosToken()) report.notes.push_back("it names no end token: data needs append_eos false, or an eos_token in tokenizer_config.json");
    return report;
}

std::string describeTokenizer(const InspectReport& tokenizer) {
    const auto& json = tokenizer.json;
    return fmt::format("{}, {} ids, {} added tokens, end token {}{}", json.at("model").get<std::string>(), grouped(json.at("vocab_size").get<int64_t>()), json.at("added_tokens").size(),
                       json.at("eos_token_id").is_null() ? "none" : json.at("eos_token_id").dump(), json.at("chat_template").get<bool>() ? ", chat template" : "");
}

void addInspectCommand(CLI::App& app, Action& action) {
    auto options = std::make_shared<InspectOptions>();
    CLI::App* command = app.add_subcommand("inspect", "What a model, tokenizer, dataset, run or plan is, and whether it is sound");
    command->add_option("PATH", options->path, "A directory, a file, a binidx prefix, \"demo\" or \"demo:SEED:DOCUMENTS\"")->required()->type_name("");
    command->add_flag("--tensors", options->tensors, "List every tensor");
    command->add_flag("--no-scan", options->noScan, "Read headers alone, not every value (NaN is then not noticed)");
    command->add_option("--tokenizer,-t", options->tokenizer, "Count the tokens of texts with it; check the ids of a binidx")->type_name("DIR");
    command->add_option("--text-key", options->textKey, "The key of the text in jsonl objects")->type_name("KEY")->capture_default_str();
    command->add_option("--format", options->format, "Read a dataset as this, whatever it looks like")
        ->transform(CLI::CheckedTransformer(std::map<std::string, protocol::DataFormat>{
            {"auto", protocol::DataFormat::Auto}, {"text", protocol::DataFormat::Text}, {"jsonl", protocol::DataFormat::Jsonl}, {"binidx", protocol::DataFormat::Binidx}}))
        ->type_name("F")
        ->default_str("auto");
    command->add_option("--documents", options->documents, "Documents of a text dataset to look at")->check(CLI::Range(1, 1 << 30))->type_name("N")->capture_default_str();
    command->add_flag("--json", options->json, "Print JSON on the standard output");
    command->add_flag("--quiet,-q", options->quiet, "No progress");
    command->footer(
        "Knows Hugging Face directories, safetensors, GGUF, tokenizer.json, config.json, text and jsonl (also .gz, .zst), binidx, runs and plans.\n"
        "The exit status is 1 if it finds a problem, and 2 if the path cannot be read.\n"
        "Examples:\n"
        "  radlads-engine inspect Qwen2.5-0.5B --tensors\n"
        "  radlads-engine inspect texts/ --tokenizer Qwen2.5-0.5B\n"
        "  radlads-engine inspect model-q8_0.gguf --json\n");
    command->callback([options, &action] { action = [options] { return inspect(*options); }; });
}

}  // namespace radlads::worker
