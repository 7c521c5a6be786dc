// check: is the plan right, and what does it need? Everything is read, nothing of the run is written.
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/convert/setup.h"
#include "engine/data/preview.h"
#include "engine/data/source.h"
#include "engine/data/source_identity.h"
#include "engine/model/device.h"
#include "engine/model/threads.h"
#include "engine/run/machine.h"
#include "engine/run/run_directory.h"
#include "engine/run/support.h"
#include "engine/train/optimizer.h"
#include "engine/train/session.h"
#include "engine/worker/command.h"
#include "engine/worker/model_facts.h"
#include "engine/worker/progress.h"
#include "engine/worker/rates.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using protocol::Plan;
using protocol::StepPlan;

constexpr double kMostProbedParameters = 200e6;  // of the student: larger ones are not loaded for the probe
constexpr double kProbeSeconds = 10, kMostProbeSeconds = 60;  // of one step's wave of micro-batches, as foreseen: wanted; put up with
constexpr int64_t kShortestProbe = 64;           // tokens of a window; longer steps are probed with windows that keep to the time
constexpr double kAssumedUtilisation = 0.3;      // of the sgemm rate, for steps that are not probed
constexpr int64_t kPreviewDocuments = 200;

struct Arguments {
    std::string plan;
    bool json = false, noProbe = false, quiet = false;
    std::optional<double> price;  // per hour
    std::vector<std::string> set;
};

struct SourceFacts {
    const protocol::SourcePlan* plan = nullptr;
    bool validation = false;
    std::string format;
    int64_t files = 0, bytes = 0, tokens = 0;
    const char* basis = "";  // where the token count comes from: "counted", "estimated"
};

struct StepFacts {
    run::StepEstimate estimate;
    int64_t microBatch = 1, concurrent = 1;
    double seconds = 0;         // of the whole step; 0: not known
    bool measured = false;      // by a probe of this step
    int64_t probeLength = 0;    // tokens of the probe's windows; 0: not worth probing
    double utilisation = 0;     // model FLOP/s over the sgemm rate of all threads
};

struct Facts {
    std::string planPath;
    Plan plan;
    io::ModelConfig teacher, model;  // model: the student, or the softmax decoder of a pretrain plan
    bool pretrain = false;
    run::ParameterCounts parameters;
    std::vector<SourceFacts> sources;
    std::vector<StepFacts> steps;
    size_t threads = 1;
    double gemmRate = 0, peakMemory = 0, checkpointBytes = 0, diskBytes = 0, flops = 0;
    run::Machine machine;
    std::vector<std::string> warnings;

    double seconds() const {
        double sum = 0;
        for (const StepFacts& step : steps) sum += step.seconds;
        return sum;
    }
};

// ---- the plan and its files

Status readPlan(const Arguments& arguments, Facts& facts) {
    std::error_code error;
    fs::path path = arguments.plan;
    if (fs::is_directory(path, error)) path /= "plan.json";  // a run directory
    facts.planPath = path.string();
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(path, 4 << 20));
    RADLADS_TRY_ASSIGN(facts.plan, protocol::parsePlan(text, path.string()));
    for (const std::string& assignment : arguments.set) RADLADS_TRY(protocol::setPlanKey(facts.plan, assignment));
    if (const Status resolved = protocol::resolvePlan(facts.plan); !resolved) return invalidInput("{}: {}", path.string(), resolved.error().message);
    if (const Status hardware = train::checkSupported(facts.plan); !hardware) return invalidInput("{}: {}", path.string(), hardware.error().message);
    facts.threads = facts.plan.hardware.threads > 0 ? static_cast<size_t>(facts.plan.hardware.threads) : model::defaultThreads();
    return {};
}

Status readModels(const io::Tokenizer& tokenizer, Facts& facts) {
    facts.pretrain = facts.plan.student.architecture == protocol::Architecture::Softmax;
    if (facts.pretrain) {
        facts.model = convert::freshConfig(*facts.plan.model, tokenizer.vocabSize());
        return {};
    }
    const fs::path directory = train::resolveTeacherPath(facts.plan.teacher.path);
    RADLADS_TRY_ASSIGN(facts.teacher, io::readModelConfig(directory));
    RADLADS_TRY_ASSIGN(const io::Safetensors weights, io::Safetensors::open(directory));
    if (const auto problems = tensorProblems(facts.teacher, weights); !problems.empty()) {
        const std::string more = problems.size() > 1 ? fmt::format(" (and {} more; see `radlads-engine inspect`)", problems.size() - 1) : "";
        return invalidInput("teacher.path: {}: {}{}; is the download complete, and does config.json belong to the weights?", directory.string(), problems.front(), more);
    }
    RADLADS_TRY_ASSIGN(facts.model, convert::studentConfig(facts.teacher, facts.plan.student));
    for (const std::string& problem : tokenizerProblems(facts.teacher, tokenizer)) facts.warnings.push_back(problem);
    return {};
}

// The tokens of a source if they are known already: a binidx, or what an earlier run has prepared.
Result<std::optional<data::TokenStore>> knownTokens(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer, const Facts& facts, int64_t vocabSize) {
    if (data::isBinidx(source)) {
        RADLADS_TRY_ASSIGN(data::TokenStore store, data::openSource(source, tokenizer, facts.plan.data.appendEos, vocabSize, run::cacheDirectory(), {}));
        return std::optional(std::move(store));
    }
    RADLADS_TRY_ASSIGN(const std::string identity, data::sourceIdentity(source, tokenizer, facts.plan.data.appendEos, vocabSize));
    auto store = data::TokenStore::open(run::cacheDirectory() / "tokens" / identity / "tokens");
    return store ? std::optional(std::move(*store)) : std::nullopt;
}

// "binidx", "jsonl.zst", "txt", ...: how the source is stored, by its first file.
std::string formatOf(const protocol::SourcePlan& source, const std::vector<fs::path>& files) {
    if (data::isBinidx(source)) return "binidx";
    if (files.empty()) return "generated";
    if (source.format != protocol::DataFormat::Auto) return protocol::toString(source.format);
    const std::string last = files.front().extension().string();
    const bool compressed = last == ".gz" || last == ".zst" || last == ".zstd";
    return oneLine((compressed ? files.front().stem().extension().string() + last : last).substr(1));
}

Result<SourceFacts> readSource(const protocol::SourcePlan& source, const io::Tokenizer& tokenizer, const Facts& facts) {
    const int64_t vocabSize = std::max(facts.model.vocabSize, tokenizer.vocabSize());
    SourceFacts result{.plan = &source};
    RADLADS_TRY_ASSIGN(const std::optional<data::TokenStore> store, knownTokens(source, tokenizer, facts, vocabSize));
    std::vector<fs::path> files;
    if (data::isBinidx(source)) {
        fs::path prefix = source.path;
        if (prefix.extension() == ".bin" || prefix.extension() == ".idx") prefix.replace_extension();
        for (const char* ending : {".bin", ".idx"}) files.push_back(fs::path(prefix) += ending);
    } else {
        RADLADS_TRY_ASSIGN(files, data::sourceFiles(source));
    }
    result.files = static_cast<int64_t>(files.size());
    result.format = formatOf(source, files);
    for (const fs::path& file : files) {
        std::error_code error;
        const auto size = fs::file_size(file, error);
        if (!error) result.bytes += static_cast<int64_t>(size);
    }
    if (store) {
        result.tokens = store->size();
        result.basis = "counted";
        return result;
    }
    RADLADS_TRY_ASSIGN(const data::SourcePreview preview, data::previewSource(source, tokenizer, kPreviewDocuments));
    if (preview.documents == 0) return invalidInput("{}: there is no text in it", source.path);
    result.tokens = preview.estimatedTokens + (preview.complete && facts.plan.data.appendEos ? preview.documents : 0);
    result.basis = preview.complete ? "counted" : "estimated";
    return result;
}

Status readData(const io::Tokenizer& tokenizer, Facts& facts) {
    const protocol::DataPlan& data = facts.plan.data;
    if (data.appendEos && !tokenizer.eosToken()) {
        return invalidInput("data.append_eos: the tokenizer {} names no end-of-text token; set it to false, or add eos_token to its tokenizer_config.json",
                            train::tokenizerPath(facts.plan).string());
    }
    for (const protocol::SourcePlan& source : data.sources) {
        RADLADS_TRY_ASSIGN(const SourceFacts result, readSource(source, tokenizer, facts));
        facts.sources.push_back(result);
    }
    for (const protocol::SourcePlan& source : data.validation.sources) {
        RADLADS_TRY_ASSIGN(SourceFacts result, readSource(source, tokenizer, facts));
        result.validation = true;
        facts.sources.push_back(result);
    }
    int64_t longest = 0;
    for (const StepPlan& step : facts.plan.steps) longest = std::max(longest, step.sequenceLength);
    double tokens = 0, needed = 0;
    for (const SourceFacts& source : facts.sources) {
        if (!source.validation) tokens += static_cast<double>(source.tokens);
        if (std::string_view(source.basis) == "counted" && source.tokens <= longest) {
            return invalidInput("{}: holds {} tokens, but the longest step needs windows of {}; give more data or a smaller sequence_length", source.plan->path,
                                source.tokens, longest + 1);
        }
    }
    for (const StepPlan& step : facts.plan.steps) needed += static_cast<double>(step.tokens);
    if (needed > 1.5 * tokens) {
        facts.warnings.push_back(fmt::format("the steps train on {} tokens and the data holds {}: every text is seen {:.1f} times", formatCount(needed), formatCount(tokens), needed / tokens));
    }
    return {};
}

// ---- what it needs

run::ModelShape planShape(const Facts& facts) {
    run::ModelShape shape = modelShape(facts.model);
    if (!facts.pretrain) shape.tiedEmbeddings = facts.teacher.tieEmbeddings;
    return shape;
}

// One step with windows and micro-batches as given.
run::PlanEstimate estimateStep(const Facts& facts, StepPlan step, const StepFacts& result) {
    Plan one = facts.plan;
    step.microBatchSize = result.microBatch;
    one.steps = {step};
    return run::estimatePlan(planShape(facts), one, result.concurrent);
}

void estimate(Facts& facts) {
    const run::PlanDemand demand = run::demandOf(planShape(facts), facts.plan, static_cast<int64_t>(facts.threads));
    for (const run::StepDemand& step : demand.steps) facts.steps.push_back({step.estimate, step.microBatch, step.concurrent});
    facts.parameters = demand.parameters;
    facts.flops = demand.flops;
    facts.peakMemory = demand.peakMemoryBytes;
    facts.checkpointBytes = demand.checkpointBytes;
    facts.diskBytes = demand.diskBytes;
}

bool fp16IsFaster(const Facts& facts) {
    const protocol::HardwarePlan& hardware = facts.plan.hardware;
    const auto device = model::openDevice(hardware.device, "hardware.device");
    return device && device->is_cpu() && hardware.precision == protocol::Precision::Fp32 && run::contains(run::supportOf(facts.machine).precision, "fp16");
}

void warnAboutRoom(Facts& facts) {
    if (facts.peakMemory > static_cast<double>(facts.machine.availableBytes)) {
        facts.warnings.push_back(fmt::format("about {} of memory is needed and {} is available here; use a smaller micro_batch_size, sequence_length or number of threads",
                                             formatBytes(facts.peakMemory), formatBytes(static_cast<double>(facts.machine.availableBytes))));
    }
    fs::path runs = run::defaultRunsDirectory();
    std::error_code error;
    while (!fs::exists(runs, error) && runs.has_parent_path() && runs.parent_path() != runs) runs = runs.parent_path();
    struct statvfs space {};
    if (::statvfs(runs.c_str(), &space) != 0) return;
    const double free = static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize);
    if (facts.diskBytes > free) {
        facts.warnings.push_back(fmt::format("about {} of disk is needed and {} is free in {}; lower checkpoints.keep_last, or use `run --runs DIR` on a larger disk",
                                             formatBytes(facts.diskBytes), formatBytes(free), run::defaultRunsDirectory().string()));
    }
}

// ---- how long it takes

// Seconds of one update: a wave of micro-batches with the real shapes, one on each thread, and the optimizer, each the better of two.
// Windows shorter than the step's are scaled by their arithmetic.
// share: of a processor that the better round had.
double measureUpdate(train::Session& session, const Facts& facts, size_t index, double& share) {
    const StepPlan& step = facts.plan.steps[index];
    const StepFacts& result = facts.steps[index];
    session.setTrainable(step);
    StepPlan wave = step;
    wave.sequenceLength = result.probeLength;
    wave.microBatchSize = result.microBatch;
    wave.batchSize = result.microBatch * result.concurrent;
    std::mt19937 random(1);
    std::uniform_int_distribution<int32_t> token(0, static_cast<int32_t>(session.config().vocabSize - 1));
    std::vector<int32_t> batch(static_cast<size_t>(wave.batchSize * (wave.sequenceLength + 1)));
    for (int32_t& id : batch) id = token(random);
    const train::LossFunction loss = session.lossFunction(step);
    train::Optimizer optimizer(session.weights(), step.adam, step.weightDecay);
    double gradientSeconds = 0, optimizerSeconds = 0;
    for (int round = 0; round < 2; ++round) {
        const Stopwatch watch;
        const train::BatchGradients gradients = train::batchGradients(batch, wave, loss, session.threads());
        const double first = watch.seconds(), firstShare = watch.processorShare();
        const Stopwatch optimizerWatch;
        optimizer.update(gradients.gradients, 1.0, {0.0, 0.0}, session.threads());  // the arithmetic of an update, without its effect
        const double second = optimizerWatch.seconds();
        if (round == 0 || first < gradientSeconds) share = firstShare;
        gradientSeconds = round == 0 ? first : std::min(gradientSeconds, first);
        optimizerSeconds = round == 0 ? second : std::min(optimizerSeconds, second);
        if (gradientSeconds > kProbeSeconds / 2) break;
    }
    const double waves = std::ceil(static_cast<double>(step.batchSize) / static_cast<double>(wave.batchSize));
    const double probedFlops = estimateStep(facts, wave, result).steps.front().flopsPerToken * static_cast<double>(wave.sequenceLength);
    const double scale = result.estimate.flopsPerToken * static_cast<double>(step.sequenceLength) / probedFlops;
    return gradientSeconds * scale * waves + optimizerSeconds;
}

// The step's own length, or the half of it, ... that is computed in time; 0 if even short windows take too long.
int64_t probeLength(const StepPlan& step, const StepFacts& facts, double gemmRate) {
    const auto seconds = [&](int64_t length) {
        const double tokens = static_cast<double>(facts.microBatch * facts.concurrent * length);
        return facts.estimate.flopsPerToken * tokens / (gemmRate * kAssumedUtilisation);
    };
    int64_t length = step.sequenceLength;
    while (length / 2 >= kShortestProbe && seconds(length) > kProbeSeconds) length /= 2;
    return seconds(length) <= kMostProbeSeconds ? length : 0;
}

Status probe(Facts& facts, ProgressDisplay& display) {
    bool any = false;
    for (size_t i = 0; i < facts.steps.size(); ++i) {
        facts.steps[i].probeLength = probeLength(facts.plan.steps[i], facts.steps[i], facts.gemmRate);
        any = any || facts.steps[i].probeLength > 0;
    }
    const bool small = facts.parameters.student <= kMostProbedParameters && facts.peakMemory < static_cast<double>(facts.machine.availableBytes);
    if (!small || !any) return {};
    // A run's own session, on a handful of generated stories: the probe draws its tokens itself.
    Plan plan = facts.plan;
    plan.data.sources = {{"demo:1:4"}};
    plan.data.validation = {.sources = {}, .windows = 0, .everySteps = 0};
    RADLADS_TRY_ASSIGN(const std::unique_ptr<train::Session> session, train::Session::open(plan, {}));
    double lowestShare = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < facts.steps.size(); ++i) {
        const StepPlan& step = facts.plan.steps[i];
        if (facts.steps[i].probeLength == 0) continue;
        display.message(fmt::format("Measuring an update of step {} ({}) ...", i + 1, protocol::toString(step.kind)));
        double share = 0;
        const double seconds = measureUpdate(*session, facts, i, share);
        lowestShare = std::min(lowestShare, share);
        facts.steps[i].seconds = seconds * facts.steps[i].estimate.updates;
        facts.steps[i].measured = true;
        if (interrupts().load() > 0) return tl::unexpected(Error{ErrorCode::Interrupted, "the check was stopped"});
    }
    if (lowestShare < kUndisturbedShare) {
        facts.warnings.push_back(fmt::format("this process had only {:.0f} % of a processor while it measured, other programs had the rest: the times hold for a machine as busy as that", lowestShare * 100));
    }
    return {};
}

void fillTimes(Facts& facts) {
    double measuredUtilisation = 0;
    for (StepFacts& step : facts.steps) {
        if (!step.measured) continue;
        step.utilisation = step.estimate.flops / step.seconds / facts.gemmRate;
        measuredUtilisation = std::max(measuredUtilisation, step.utilisation);
    }
    for (StepFacts& step : facts.steps) {
        if (step.measured) continue;
        step.utilisation = measuredUtilisation > 0 ? measuredUtilisation : kAssumedUtilisation;
        step.seconds = run::estimateSeconds(step.estimate.flops, facts.gemmRate * step.utilisation);
    }
}

// ---- the report

std::string costText(double cost) {
    return cost < 10 ? fmt::format("{:.2f}", cost) : fmt::format("{:.0f}", cost);
}

// "69.1 T", "3.2 E": beyond what counts need.
std::string flopText(double flops) {
    constexpr const char* kUnits[] = {"M", "G", "T", "P", "E", "Z"};
    double value = flops / 1e6;
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
    return fmt::format("{:.3g} {}", value, kUnits[unit]);
}

std::string timeBasis(const Facts& facts) {
    const auto measured = static_cast<size_t>(std::count_if(facts.steps.begin(), facts.steps.end(), [](const StepFacts& step) { return step.measured; }));
    const std::string rate = fmt::format("{:.1f} GFLOP/s of sgemm on {} {}", facts.gemmRate / 1e9, facts.threads, facts.threads == 1 ? "thread" : "threads");
    const bool shorter = std::any_of(facts.steps.begin(), facts.steps.end(), [&](const StepFacts& step) {
        return step.measured && step.probeLength < facts.plan.steps[static_cast<size_t>(&step - facts.steps.data())].sequenceLength;
    });
    if (measured == facts.steps.size()) {
        return fmt::format("measured with one update of each step on this machine{}, validation not counted", shorter ? " (with shorter windows, scaled)" : "");
    }
    if (measured > 0) return fmt::format("measured on this machine, those with ~ estimated at the best measured share of {}", rate);
    return fmt::format("estimated at {:.0f} % of {}, measured here", kAssumedUtilisation * 100, rate);
}

void printSources(const Facts& facts) {
    Table table({{"Data", Align::Left}, {"Format", Align::Left}, {"files"}, {"size"}, {"tokens"}, {"weight"}});
    for (const SourceFacts& source : facts.sources) {
        const bool estimated = std::string_view(source.basis) == "estimated";
        table.add({oneLine(source.plan->path) + (source.validation ? " (validation)" : ""), source.format,
                   source.files > 0 ? grouped(source.files) : "-", source.files > 0 ? formatBytes(static_cast<double>(source.bytes)) : "-",
                   (estimated ? "~" : "") + formatCount(static_cast<double>(source.tokens)), fmt::format("{:g}", source.plan->weight)});
    }
    fmt::print("\n{}", table.text());
}

void printSteps(const Facts& facts, const Arguments& arguments) {
    const bool times = !arguments.noProbe;
    std::vector<Table::Column> columns{{"Step", Align::Left}, {"tokens"}, {"length"}, {"batch"}, {"micro"}, {"updates"}, {"trained"}, {"FLOP/token"}, {"FLOP"}, {"memory"}};
    if (times) columns.insert(columns.end(), {{"tokens/s"}, {"of GEMM"}, {"time"}});
    if (times && arguments.price) columns.push_back({"cost"});
    Table table(columns);
    for (size_t i = 0; i < facts.steps.size(); ++i) {
        const StepPlan& plan = facts.plan.steps[i];
        const StepFacts& step = facts.steps[i];
        const char* mark = step.measured ? "" : "~";
        const double tokens = step.estimate.updates * static_cast<double>(plan.batchSize * plan.sequenceLength);
        std::vector<std::string> cells{fmt::format("{} {}", i + 1, protocol::toString(plan.kind)), formatCount(static_cast<double>(plan.tokens)), std::to_string(plan.sequenceLength),
                                       std::to_string(plan.batchSize), std::to_string(step.microBatch), grouped(static_cast<int64_t>(step.estimate.updates)),
                                       formatCount(step.estimate.trainedParameters), formatCount(step.estimate.flopsPerToken), flopText(step.estimate.flops),
                                       formatBytes(step.estimate.memory.total())};
        if (times) {
            cells.push_back(mark + formatCount(tokens / step.seconds));
            cells.push_back(fmt::format("{}{:.2f}", mark, step.utilisation));
            cells.push_back(mark + formatDuration(step.seconds));
        }
        if (times && arguments.price) cells.push_back(mark + costText(run::estimateCost(step.seconds, *arguments.price)));
        table.add(std::move(cells));
    }
    if (facts.steps.size() > 1) {
        double tokens = 0;
        for (const StepPlan& plan : facts.plan.steps) tokens += static_cast<double>(plan.tokens);
        std::vector<std::string> cells{"Total", formatCount(tokens), "", "", "", "", "", "", flopText(facts.flops), formatBytes(facts.peakMemory)};
        if (times) cells.insert(cells.end(), {"", "", formatDuration(facts.seconds())});
        if (times && arguments.price) cells.push_back(costText(run::estimateCost(facts.seconds(), *arguments.price)));
        table.add(std::move(cells));
    }
    fmt::print("\n{}\n", table.text());
}

void printText(const Facts& facts, const Arguments& arguments) {
    const run::ParameterCounts& parameters = facts.parameters;
    LabelledValues head{{"Plan", fmt::format("{} ({})", oneLine(facts.plan.name), oneLine(facts.planPath))}};
    if (!facts.pretrain) {
        head.push_back({"Teacher", fmt::format("{}: {} parameters", oneLine(facts.plan.teacher.path), formatCount(parameters.teacher))});
        head.push_back({"", describeDecoder(facts.teacher)});
        head.push_back({"Student", fmt::format("{} parameters, {} of them in its mixers, {} new", formatCount(parameters.student), formatCount(parameters.studentMixers),
                                               formatCount(parameters.addedByStudent))});
        head.push_back({"", describeStudent(*facts.model.student)});
    } else {
        head.push_back({"Model", fmt::format("{}: {} parameters", describeDecoder(facts.model), formatCount(parameters.student))});
    }
    head.push_back({"Hardware", fmt::format("cpu, {}, {} {}; {} of memory available", protocol::toString(facts.plan.hardware.precision), facts.threads,
                                            facts.threads == 1 ? "thread" : "threads", formatBytes(static_cast<double>(facts.machine.availableBytes)))});
    fmt::print("{}", labelledText(head));
    printSources(facts);
    printSteps(facts, arguments);
    LabelledValues tail;
    if (!arguments.noProbe) {
        const std::string cost = arguments.price ? fmt::format(", cost {} at {:g} an hour", costText(run::estimateCost(facts.seconds(), *arguments.price)), *arguments.price) : "";
        tail.push_back({"Time", fmt::format("{} in all{}; {}", formatDuration(facts.seconds()), cost, timeBasis(facts))});
    }
    tail.push_back({"Memory", fmt::format("{} at the peak (estimate)", formatBytes(facts.peakMemory))});
    tail.push_back({"Disk", fmt::format("{}: checkpoints of {}, and the model after each step", formatBytes(facts.diskBytes), formatBytes(facts.checkpointBytes))});
    fmt::print("{}", labelledText(tail));
    for (const std::string& warning : facts.warnings) fmt::print("Warning: {}.\n", oneLine(warning));
    if (fp16IsFaster(facts)) {
        fmt::print("Faster here: this processor multiplies fp16 1.5 to 2 times as fast as fp32, with weights in fp32 all the same; add --set hardware.precision=fp16.\n");
    }
    fmt::print("\nThe plan is valid. Next: radlads-engine run {}\n", oneLine(facts.planPath));
}

ordered_json stepJson(const Facts& facts, size_t index, const Arguments& arguments) {
    const StepFacts& step = facts.steps[index];
    const StepPlan& plan = facts.plan.steps[index];
    const run::MemoryEstimate& memory = step.estimate.memory;
    ordered_json json = {{"kind", protocol::toString(plan.kind)},
                         {"tokens", plan.tokens},
                         {"sequence_length", plan.sequenceLength},
                         {"batch_size", plan.batchSize},
                         {"micro_batch_size", step.microBatch},
                         {"updates", step.estimate.updates},
                         {"trained_parameters", step.estimate.trainedParameters},
                         {"flops_per_token", step.estimate.flopsPerToken},
                         {"flops", step.estimate.flops},
                         {"memory_bytes",
                          {{"total", memory.total()},
                           {"weights", memory.weights},
                           {"gradients", memory.gradients},
                           {"moments", memory.moments},
                           {"masters", memory.masters},
                           {"activations", memory.activations},
                           {"logits", memory.logits}}}};
    if (arguments.noProbe) return json;
    json["seconds"] = step.seconds;
    json["seconds_basis"] = step.measured ? "measured" : "estimated";
    json["probe_sequence_length"] = step.measured ? ordered_json(step.probeLength) : ordered_json();
    json["gemm_utilisation"] = step.utilisation;
    json["cost"] = arguments.price ? ordered_json(run::estimateCost(step.seconds, *arguments.price)) : ordered_json();
    return json;
}

void printDocument(const Facts& facts, const Arguments& arguments) {
    ordered_json json = {{"plan", facts.planPath}, {"name", facts.plan.name}};
    if (!facts.pretrain) json["teacher"] = {{"path", facts.plan.teacher.path}, {"parameters", facts.parameters.teacher}, {"config", configJson(facts.teacher)}};
    json["model"] = {{"parameters", facts.parameters.student},
                     {"mixer_parameters", facts.parameters.studentMixers},
                     {"new_parameters", facts.parameters.addedByStudent},
                     {"config", configJson(facts.model)}};
    json["data"] = ordered_json::array();
    for (const SourceFacts& source : facts.sources) {
        json["data"].push_back({{"path", source.plan->path},
                                {"validation", source.validation},
                                {"format", source.format},
                                {"files", source.files},
                                {"bytes", source.bytes},
                                {"tokens", source.tokens},
                                {"tokens_basis", source.basis},
                                {"weight", source.plan->weight}});
    }
    json["hardware"] = {{"device", "cpu"}, {"threads", facts.threads}, {"memory_bytes", facts.machine.memoryBytes}, {"available_bytes", facts.machine.availableBytes}};
    if (!arguments.noProbe) json["hardware"]["sgemm_flops_per_second"] = facts.gemmRate;
    json["steps"] = ordered_json::array();
    for (size_t i = 0; i < facts.steps.size(); ++i) json["steps"].push_back(stepJson(facts, i, arguments));
    json["totals"] = {{"flops", facts.flops}, {"peak_memory_bytes", facts.peakMemory}, {"checkpoint_bytes", facts.checkpointBytes}, {"disk_bytes", facts.diskBytes}};
    if (!arguments.noProbe) {
        json["totals"]["seconds"] = facts.seconds();
        json["totals"]["cost"] = arguments.price ? ordered_json(run::estimateCost(facts.seconds(), *arguments.price)) : ordered_json();
    }
    json["warnings"] = facts.warnings;
    json["resolved_plan"] = ordered_json::parse(protocol::writePlan(facts.plan));
    printJson(json);
}

Result<int> check(const Arguments& arguments) {
    Facts facts;
    RADLADS_TRY(readPlan(arguments, facts));
    RADLADS_TRY_ASSIGN(const io::Tokenizer tokenizer, io::Tokenizer::load(train::tokenizerPath(facts.plan)));
    RADLADS_TRY(readModels(tokenizer, facts));
    RADLADS_TRY(readData(tokenizer, facts));
    facts.machine = run::describeMachine();
    estimate(facts);
    warnAboutRoom(facts);
    if (!arguments.noProbe) {
        ProgressDisplay display(!arguments.quiet);
        facts.gemmRate = gemmFlopsPerSecond(facts.threads);
        RADLADS_TRY(probe(facts, display));
        fillTimes(facts);
    }
    if (arguments.json) printDocument(facts, arguments);
    else printText(facts, arguments);
    return 0;
}

}  // namespace

void addCheckCommand(CLI::App& app, Action& action) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("check", "Validate a plan and say what each step needs: parameters, memory, disk, FLOPs, time, cost");
    command->add_option("PLAN", arguments->plan, "The plan file, or a run directory")->required()->type_name("");
    command->add_option("--cost-per-hour", arguments->price, "Price of this machine an hour, in any currency")->check(CLI::Range(0.0, 1e6))->type_name("X");
    command->add_option("--set", arguments->set, "Change a key of the plan first, as in steps.0.tokens=1e6")->type_name("KEY=VALUE")->allow_extra_args(false);
    command->add_flag("--no-probe", arguments->noProbe, "Measure nothing and leave out the times");
    command->add_flag("--json", arguments->json, "Print JSON on the standard output, with the resolved plan");
    command->add_flag("--quiet,-q", arguments->quiet, "No messages while measuring");
    command->footer(
        "The exit status is 2 if the plan, the teacher or the data is wrong. Times come from one real update of each step when the model\n"
        "has less than 200 M parameters, else from this machine's rate of matrix products; the report says which.\n"
        "Examples:\n"
        "  radlads-engine check plan.json\n"
        "  radlads-engine check plan.json --cost-per-hour 2.50 --set steps.0.tokens=5e6\n");
    command->callback([arguments, &action] { action = [arguments] { return check(*arguments); }; });
}

}  // namespace radlads::worker
