// inspect for what holds tensors: Hugging Face directories, safetensors, GGUF.
#include <algorithm>
#include <cmath>
#include <fmt/ranges.h>
#include <map>
#include <optional>

#include "engine/io/gguf.h"
#include "engine/io/mapped_file.h"
#include "engine/io/model_config.h"
#include "engine/io/safetensors.h"
#include "engine/worker/command.h"
#include "engine/worker/inspect.h"
#include "engine/worker/model_facts.h"
#include "engine/worker/progress.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr size_t kMostListed = 5;  // problems and notes of one kind that are listed one by one

// What a pass over the values of a tensor sees.
struct ValueFacts {
    int64_t count = 0, notFinite = 0;
    double largest = 0;  // |x| of the finite ones
    void add(std::span<const float> values) {
        for (const float value : values) {
            if (std::isfinite(value)) largest = std::max(largest, static_cast<double>(std::abs(value)));
            else ++notFinite;
        }
        count += static_cast<int64_t>(values.size());
    }
};

struct TensorFacts {
    std::string name, dtype;
    std::vector<int64_t> shape;
    int64_t elements = 0, bytes = 0;
    std::optional<ValueFacts> values;  // absent: not scanned
};

std::string shapeText(const std::vector<int64_t>& shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

class ScanProgress {
public:
    ScanProgress(bool enabled, double total) : m_display(enabled), m_total(total) {}
    ~ScanProgress() { m_display.finish(); }
    Status advance(double bytes) {
        m_done += bytes;
        m_display.show("reading weights", m_done, m_total, fmt::format("{} of {}", formatBytes(m_done), formatBytes(m_total)), std::nullopt);
        if (interrupts().load() == 0) return {};
        return tl::unexpected(Error{ErrorCode::Interrupted, "inspect was stopped"});
    }

private:
    ProgressDisplay m_display;
    double m_done = 0, m_total;
};

// A long scan shows its progress; a short one would only flicker.
bool showsProgress(const InspectOptions& options, int64_t bytes) {
    constexpr int64_t kLong = 500'000'000;
    return !options.quiet && bytes > kLong;
}

bool isFloat(io::Dtype dtype) {
    return dtype == io::Dtype::F32 || dtype == io::Dtype::F16 || dtype == io::Dtype::BF16 || dtype == io::Dtype::F64;
}

Result<ValueFacts> scanValues(const io::TensorInfo& tensor, ScanProgress& progress) {
    constexpr int64_t kPiece = 1 << 20;
    const size_t size = io::sizeBytes(tensor.dtype);
    const int64_t count = tensor.elementCount();
    std::vector<float> buffer(static_cast<size_t>(std::min(count, kPiece)));
    ValueFacts facts;
    for (int64_t at = 0; at < count; at += kPiece) {
        const size_t length = static_cast<size_t>(std::min(kPiece, count - at));
        const io::TensorInfo piece{tensor.dtype, {static_cast<int64_t>(length)}, tensor.data.subspan(static_cast<size_t>(at) * size, length * size)};
        RADLADS_TRY(io::toFloat32(piece, std::span(buffer).first(length)));
        facts.add(std::span(buffer).first(length));
        RADLADS_TRY(progress.advance(static_cast<double>(length * size)));
    }
    return facts;
}

Result<std::vector<TensorFacts>> readTensors(const io::Safetensors& file, const InspectOptions& options) {
    ScanProgress progress(showsProgress(options, file.totalBytes()), static_cast<double>(file.totalBytes()));
    std::vector<TensorFacts> tensors;
    for (const auto& [name, info] : file.tensors()) {
        TensorFacts facts{name, io::toString(info.dtype), info.shape, info.elementCount(), static_cast<int64_t>(info.data.size()), {}};
        if (!options.noScan && isFloat(info.dtype)) {
            RADLADS_TRY_ASSIGN(facts.values, scanValues(info, progress));
        }
        tensors.push_back(std::move(facts));
    }
    return tensors;
}

Result<ValueFacts> scanValues(const io::GgufTensor& tensor, ScanProgress& progress) {
    constexpr size_t kPiece = 1 << 20;
    const size_t blockSize = static_cast<size_t>(tensor.type->blockSize), blockBytes = static_cast<size_t>(tensor.type->blockBytes);
    const size_t blocks = tensor.data.size() / blockBytes;
    std::vector<float> buffer(blockSize);
    ValueFacts facts;
    size_t unreported = 0;
    for (size_t block = 0; block < blocks; ++block) {
        tensor.type->dequantizeBlock(tensor.data.data() + block * blockBytes, buffer.data());
        facts.add(buffer);
        unreported += blockBytes;
        if (unreported < kPiece && block + 1 < blocks) continue;
        RADLADS_TRY(progress.advance(static_cast<double>(unreported)));
        unreported = 0;
    }
    return facts;
}

Result<std::vector<TensorFacts>> readTensors(const io::GgufContent& content, const InspectOptions& options) {
    int64_t bytes = 0;
    for (const auto& [name, tensor] : content.tensors) bytes += static_cast<int64_t>(tensor.data.size());
    ScanProgress progress(showsProgress(options, bytes), static_cast<double>(bytes));
    std::vector<TensorFacts> tensors;
    for (const auto& [name, tensor] : content.tensors) {
        TensorFacts facts{name, tensor.type->name, tensor.shape, tensor.elementCount, static_cast<int64_t>(tensor.data.size()), {}};
        if (!options.noScan) {
            RADLADS_TRY_ASSIGN(facts.values, scanValues(tensor, progress));
        }
        tensors.push_back(std::move(facts));
    }
    return tensors;
}

// Lists the first few and counts the rest.
void addSome(std::vector<std::string>& to, const std::vector<std::string>& from, const char* what) {
    for (size_t i = 0; i < std::min(from.size(), kMostListed); ++i) to.push_back(from[i]);
    if (from.size() > kMostListed) to.push_back(fmt::format("{} more {}", from.size() - kMostListed, what));
}

void addTensorTable(const std::vector<TensorFacts>& tensors, InspectReport& report) {
    Table table({{"Tensor", Align::Left}, {"dtype", Align::Left}, {"shape", Align::Left}, {"elements"}, {"size"}, {"max |x|"}});
    ordered_json list = ordered_json::array();
    for (const TensorFacts& tensor : tensors) {
        table.add({oneLine(tensor.name), tensor.dtype, shapeText(tensor.shape), grouped(tensor.elements), formatBytes(static_cast<double>(tensor.bytes)),
                   tensor.values ? fmt::format("{:.4g}", tensor.values->largest) : "-"});
        list.push_back({{"name", tensor.name}, {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"elements", tensor.elements}, {"bytes", tensor.bytes}});
        if (tensor.values) {
            list.back()["largest"] = tensor.values->largest;
            list.back()["not_finite"] = tensor.values->notFinite;
        }
    }
    report.body += "\n" + table.text();
    report.json["tensors"] = list;
}

void addTensors(const std::vector<TensorFacts>& tensors, const InspectOptions& options, InspectReport& report) {
    struct Total {
        int64_t tensors = 0, elements = 0, bytes = 0;
    };
    std::map<std::string, Total> totals;
    Total all;
    std::vector<std::string> notFinite;
    for (const TensorFacts& tensor : tensors) {
        for (Total* total : {&totals[tensor.dtype], &all}) {
            total->tensors += 1;
            total->elements += tensor.elements;
            total->bytes += tensor.bytes;
        }
        if (tensor.values && tensor.values->notFinite > 0) {
            notFinite.push_back(fmt::format("the tensor {} has {} NaN or infinite values of {}", tensor.name, tensor.values->notFinite, tensor.values->count));
        }
    }
    report.facts.push_back({"Parameters", fmt::format("{} ({})", grouped(all.elements), formatCount(static_cast<double>(all.elements)))});
    report.facts.push_back({"Tensors", fmt::format("{}, {}", grouped(all.tensors), formatBytes(static_cast<double>(all.bytes)))});
    report.json["parameters"] = all.elements;
    report.json["tensor_count"] = all.tensors;
    report.json["tensor_bytes"] = all.bytes;
    Table table({{"dtype", Align::Left}, {"tensors"}, {"elements"}, {"size"}});
    for (const auto& [dtype, total] : totals) {
        table.add({dtype, grouped(total.tensors), grouped(total.elements), formatBytes(static_cast<double>(total.bytes))});
        report.json["dtypes"][dtype] = {{"tensors", total.tensors}, {"elements", total.elements}, {"bytes", total.bytes}};
    }
    report.body += "\n" + table.text();
    report.json["values_scanned"] = !options.noScan;
    if (options.noScan) report.notes.push_back("the values were not read (--no-scan), so NaN would not be noticed");
    addSome(report.problems, notFinite, "tensors with NaN or infinite values");
    if (options.tensors) addTensorTable(tensors, report);
}

void addConfig(const io::ModelConfig& config, InspectReport& report) {
    report.facts.push_back({"Decoder", describeDecoder(config)});
    if (config.student) report.facts.push_back({"Mixers", describeStudent(*config.student)});
    report.facts.push_back({"Context", fmt::format("{} positions, RoPE theta {}{}", grouped(config.maxPositions), grouped(std::llround(std::min(config.rope.theta, 1e15))),
                                                   config.slidingWindow > 0 ? fmt::format(", sliding window {}", config.slidingWindow) : "")});
    int64_t softmax = 0;
    for (int64_t layer = 0; layer < config.layers; ++layer) softmax += config.keepsAttention(layer) ? 1 : 0;
    const double cache = 2.0 * 4.0 * static_cast<double>(softmax * config.kvHeads * config.headDim);
    const double state = 4.0 * static_cast<double>((config.layers - softmax) * config.heads * config.headDim) * static_cast<double>(config.headDim);
    std::string memory = state > 0 ? fmt::format("{} of state", formatBytes(state)) : "";
    if (cache > 0) memory += fmt::format("{}{} of cache a token", state > 0 ? ", " : "", formatBytes(cache));
    report.facts.push_back({"Generation", memory + ", float32, for one sequence"});
    report.json["config"] = configJson(config);
    report.json["generation"] = {{"state_bytes", state}, {"cache_bytes_per_token", cache}};
}

std::string metadataText(const io::GgufValue& value) {
    struct Visitor {
        std::string operator()(uint64_t number) const { return std::to_string(number); }
        std::string operator()(int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return fmt::format("{:g}", number); }
        std::string operator()(bool truth) const { return truth ? "true" : "false"; }
        std::string operator()(std::string_view text) const {
            constexpr size_t kMost = 60;
            const std::string whole = oneLine(std::string(text.substr(0, kMost)));
            return text.size() <= kMost ? whole : fmt::format("{}... ({} bytes)", whole, text.size());
        }
        std::string operator()(const io::GgufArray& array) const { return fmt::format("[{} of {}]", grouped(static_cast<int64_t>(array.count)), io::toString(array.elementType)); }
    };
    return std::visit(Visitor{}, value);
}

ordered_json metadataJson(const io::GgufValue& value) {
    if (const auto* array = std::get_if<io::GgufArray>(&value)) return {{"count", array->count}, {"type", io::toString(array->elementType)}};
    if (const auto* number = std::get_if<double>(&value); number && !std::isfinite(*number)) return fmt::format("{}", *number);
    return std::visit(
        [](const auto& plain) -> ordered_json {
            if constexpr (std::is_same_v<std::decay_t<decltype(plain)>, io::GgufArray>) return nullptr;
            else if constexpr (std::is_same_v<std::decay_t<decltype(plain)>, std::string_view>) return std::string(plain.substr(0, 4096));
            else return plain;
        },
        value);
}

}  // namespace

Result<InspectReport> inspectConfig(const fs::path& file) {
    RADLADS_TRY_ASSIGN(const io::ModelConfig config, io::readModelConfig(file));
    InspectReport report{.kind = config.isStudent() ? "model configuration (linear-attention student)" : "model configuration (softmax teacher)"};
    addConfig(config, report);
    report.notes.push_back("this is the configuration alone; inspect its directory to check the weights");
    return report;
}

Result<InspectReport> inspectModelDirectory(const fs::path& directory, const InspectOptions& options) {
    RADLADS_TRY_ASSIGN(const io::ModelConfig config, io::readModelConfig(directory));
    InspectReport report{.kind = config.isStudent() ? "Hugging Face model (linear-attention student)" : "Hugging Face model (softmax teacher)"};
    addConfig(config, report);
    std::error_code error;
    if (fs::exists(directory / "tokenizer.json", error)) {
        if (const auto tokenizer = inspectTokenizer(directory)) {
            report.facts.push_back({"Tokenizer", describeTokenizer(*tokenizer)});
            report.json["tokenizer"] = tokenizer->json;
        } else {
            report.problems.push_back(tokenizer.error().message);
        }
        if (const auto tokenizer = io::Tokenizer::load(directory)) {
            for (const std::string& problem : tokenizerProblems(config, *tokenizer)) report.problems.push_back(problem);
        }
    } else {
        report.problems.push_back("there is no tokenizer.json, so texts cannot be tokenised for this model");
    }
    RADLADS_TRY_ASSIGN(const io::Safetensors file, io::Safetensors::open(directory));
    RADLADS_TRY_ASSIGN(const std::vector<TensorFacts> tensors, readTensors(file, options));
    addTensors(tensors, options, report);
    addSome(report.problems, tensorProblems(config, file), "missing or unfit tensors");
    std::vector<std::string> unused;
    for (const std::string& name : unusedTensors(config, file)) unused.push_back(fmt::format("the tensor {} is not used by this kind of model", name));
    addSome(report.notes, unused, "tensors are not used");
    return report;
}

Result<InspectReport> inspectSafetensors(const fs::path& path, const InspectOptions& options) {
    RADLADS_TRY_ASSIGN(const io::Safetensors file, io::Safetensors::open(path));
    InspectReport report{.kind = "safetensors"};
    RADLADS_TRY_ASSIGN(const std::vector<TensorFacts> tensors, readTensors(file, options));
    addTensors(tensors, options, report);
    Table table({{"Metadata", Align::Left}, {"value", Align::Left}});
    report.json["metadata"] = ordered_json::object();
    for (const auto& [key, value] : file.metadata()) {
        table.add({oneLine(key.substr(0, 40)), oneLine(value.size() > 80 ? value.substr(0, 80) + "..." : value)});
        report.json["metadata"][key] = value;
    }
    if (!file.metadata().empty()) report.body += "\n" + table.text();
    return report;
}

Result<InspectReport> inspectGguf(const fs::path& file, const InspectOptions& options) {
    RADLADS_TRY_ASSIGN(const io::MappedFile map, io::MappedFile::open(file));
    RADLADS_TRY_ASSIGN(const io::GgufContent content, io::parseGguf(map.bytes(), file.string()));
    InspectReport report{.kind = fmt::format("GGUF version {}", content.version)};
    RADLADS_TRY_ASSIGN(const std::vector<TensorFacts> tensors, readTensors(content, options));
    Table table({{"Metadata", Align::Left}, {"value", Align::Left}});
    for (const auto& [key, value] : content.metadata) {
        table.add({oneLine(key), metadataText(value)});
        report.json["metadata"][key] = metadataJson(value);
    }
    for (const char* key : {"general.architecture", "general.name", "general.size_label"}) {
        if (const auto found = content.metadata.find(key); found != content.metadata.end()) report.facts.push_back({key, metadataText(found->second)});
    }
    report.body += "\n" + table.text();
    addTensors(tensors, options, report);
    report.notes.push_back("`radlads-engine convert-teacher` makes a teacher directory of it");
    return report;
}

}  // namespace radlads::worker
