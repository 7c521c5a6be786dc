// bench: how fast this machine trains, beside what its arithmetic and its memory can do at most, measured in the same run.
#include "engine/worker/bench.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/model/compat.h"
#include "engine/model/device.h"
#include "engine/model/kernel_calls.h"
#include "engine/model/precision.h"
#include "engine/model/threads.h"
#include "engine/run/machine.h"
#include "engine/run/support.h"
#include "engine/worker/command.h"
#include "engine/worker/progress.h"
#include "engine/worker/table.h"

namespace radlads::worker {
namespace {

using nlohmann::ordered_json;

constexpr double kCeilingSeconds = 0.6;  // spent on each ceiling
constexpr int kMostRounds = 50;

}  // namespace

std::vector<Timing> bestTimings(double budget, const std::vector<std::function<void()>>& tasks) {
    std::vector<Timing> best(tasks.size());
    std::optional<Stopwatch> spent;
    for (int round = 0; round <= kMostRounds && (round < 3 || spent->seconds() < budget) && interrupts().load() == 0; ++round) {
        if (round == 1) spent.emplace();
        for (size_t i = 0; i < tasks.size(); ++i) {
            const Stopwatch watch;
            tasks[i]();
            const Timing timing{watch.seconds(), watch.processorShare()};
            if (round > 0 && timing.seconds < best[i].seconds) best[i] = timing;
        }
    }
    return best;
}

Timing bestTiming(double budget, const std::function<void()>& task) {
    return bestTimings(budget, {task}).front();
}

std::string disturbance(double share) {
    if (share >= kUndisturbedShare) return "";
    return fmt::format("Warning: this process had only {:.0f} % of a processor while it measured, other programs had the rest: these times are too long.\n", share * 100);
}

Status notInterrupted() {
    if (interrupts().load() == 0) return {};
    return tl::unexpected(Error{ErrorCode::Interrupted, "the measurement was stopped"});
}

std::string milliseconds(double seconds) {
    return seconds == 0 ? "-" : fmt::format("{:.1f}", seconds * 1e3);
}

namespace {

// What a GPU can do at most, by LibTorch: products of 8192 x 8192 matrices and a copy of 1 GiB.
Ceilings gpuCeilings(const at::Device& device) {
    constexpr int64_t kMatrix = 8192, kCalls = 4;
    const c10::NoGradGuard noGrad;
    const auto secondsOf = [&](const std::function<void()>& task) {
        return bestTiming(kCeilingSeconds, [&] {
                   for (int64_t i = 0; i < kCalls; ++i) task();
                   model::waitFor(device);
               }).seconds / kCalls;
    };
    Ceilings ceilings{.threads = 0, .share = 1};
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
        const at::TensorOptions options = at::TensorOptions(device).dtype(dtype);
        const at::Tensor a = at::randn({kMatrix, kMatrix}, options), b = at::randn({kMatrix, kMatrix}, options);
        at::Tensor c = at::empty_like(a);
        const double rate = 2.0 * kMatrix * kMatrix * kMatrix / secondsOf([&] { at::mm_out(c, a, b); });
        (dtype == at::kFloat ? ceilings.gemmAll : ceilings.bf16TorchAll) = rate;
    }
    const at::Tensor from = at::zeros({int64_t{1} << 30}, at::TensorOptions(device).dtype(at::kByte));
    at::Tensor to = at::empty_like(from);
    ceilings.copyAll = 2.0 * static_cast<double>(from.numel()) / secondsOf([&] { to.copy_(from); });
    return ceilings;
}

// --step on a GPU; the kernels alone are measured there by kernels/gpu/bench.sh.
Result<int> benchOnGpu(const BenchOptions& options, const at::Device& device) {
    if (options.kernels || options.loss || options.lengths || options.decode)
        return invalidInput("--device {} measures --step and --ceilings; kernels/gpu/bench.sh measures the kernels of a GPU", options.device);
    if (options.precision == "fp16") return invalidInput("--precision fp16 is for processors; on a GPU use bf16");
    ProgressDisplay display(!options.quiet);
    display.message("Measuring this GPU's ceilings ...");
    const Ceilings ceilings = gpuCeilings(device);
    RADLADS_TRY(notInterrupted());
    Table table({{"Ceiling", Align::Left}, {model::nameOf(device)}});
    table.add({"product of float32, TFLOP/s", fmt::format("{:.1f}", ceilings.gemmAll / 1e12)});
    table.add({"product of bfloat16, TFLOP/s", fmt::format("{:.1f}", ceilings.bf16TorchAll / 1e12)});
    table.add({"memory copy, GB/s", fmt::format("{:.0f}", ceilings.copyAll / 1e9)});
    const std::string name = model::calls::gpuName();
    std::string text = fmt::format("{}, kernels: {}\n\n{}", name.empty() ? "GPU" : name, model::calls::isForDevice(device) ? "gpu" : "torch", table.text());
    ordered_json json = {{"machine", {{"device", model::nameOf(device)}, {"name", name}}},
                         {"ceilings",
                          {{"sgemm_flops_per_second", ceilings.gemmAll},
                           {"bf16_flops_per_second", ceilings.bf16TorchAll},
                           {"copy_bytes_per_second", ceilings.copyAll}}}};
    if (options.step || !options.ceilings) {
        RADLADS_TRY_ASSIGN(json["step"], benchSteps(options, ceilings, text));
    }
    if (options.json) printJson(json);
    else fmt::print("{}", text);
    return 0;
}

Result<int> bench(const BenchOptions& options) {
    RADLADS_TRY_ASSIGN(const at::Device device, model::openDevice(options.device, "--device"));
    if (!device.is_cpu()) return benchOnGpu(options, device);
    const size_t threads = options.threads > 0 ? static_cast<size_t>(options.threads) : model::defaultThreads();
    const bool others = options.ceilings || options.loss || options.lengths || options.decode;
    const bool both = options.kernels == options.step && !others;
    const run::Machine machine = run::describeMachine();
    ProgressDisplay display(!options.quiet);
    display.message("Measuring this machine's ceilings ...");
    const Stopwatch watch;
    Ceilings ceilings{threads, gemmFlopsPerSecond(1), 0, copyBytesPerSecond(1), 0, 0};
    ceilings.gemmAll = threads > 1 ? gemmFlopsPerSecond(threads) : ceilings.gemmOne;
    ceilings.copyAll = threads > 1 ? copyBytesPerSecond(threads) : ceilings.copyOne;
    RADLADS_TRY(run::checkPrecision(machine, "--precision", options.precision));
    const run::Support support = run::supportOf(machine);
    if (run::contains(support.precision, "bf16")) {
        ceilings.bf16One = gemmFlopsPerSecond(1, Product::Bf16);
        ceilings.bf16TorchOne = gemmFlopsPerSecond(1, Product::Bf16Torch);
        ceilings.bf16All = threads > 1 ? gemmFlopsPerSecond(threads, Product::Bf16) : ceilings.bf16One;
        ceilings.bf16TorchAll = threads > 1 ? gemmFlopsPerSecond(threads, Product::Bf16Torch) : ceilings.bf16TorchOne;
    }
    if (run::contains(support.precision, "fp16")) {
        ceilings.fp16One = gemmFlopsPerSecond(1, Product::Fp16);
        ceilings.fp16All = threads > 1 ? gemmFlopsPerSecond(threads, Product::Fp16) : ceilings.fp16One;
    }
    ceilings.share = watch.processorShare();
    RADLADS_TRY(notInterrupted());

    Table table({{"Ceiling", Align::Left}, {"1 thread"}, {fmt::format("{} threads", threads)}});
    if (threads == 1) table = Table({{"Ceiling", Align::Left}, {"1 thread"}});
    table.add({"sgemm, GFLOP/s", fmt::format("{:.1f}", ceilings.gemmOne / 1e9), fmt::format("{:.1f}", ceilings.gemmAll / 1e9)});
    if (ceilings.bf16One > 0) {
        table.add({"bf16 product, GFLOP/s", fmt::format("{:.1f}", ceilings.bf16One / 1e9), fmt::format("{:.1f}", ceilings.bf16All / 1e9)});
        table.add({"the same by LibTorch", fmt::format("{:.1f}", ceilings.bf16TorchOne / 1e9), fmt::format("{:.1f}", ceilings.bf16TorchAll / 1e9)});
    }
    if (ceilings.fp16One > 0) table.add({"fp16 product, GFLOP/s", fmt::format("{:.1f}", ceilings.fp16One / 1e9), fmt::format("{:.1f}", ceilings.fp16All / 1e9)});
    table.add({"memory copy, GB/s", fmt::format("{:.1f}", ceilings.copyOne / 1e9), fmt::format("{:.1f}", ceilings.copyAll / 1e9)});
    std::string text = fmt::format("{}, {} cores, {} hardware threads\n\n{}", machine.processor, machine.cores, machine.hardwareThreads, table.text()) + disturbance(ceilings.share);
    ordered_json json = {{"machine", {{"processor", machine.processor}, {"cores", machine.cores}, {"hardware_threads", machine.hardwareThreads}, {"threads_used", threads}}},
                         {"ceilings",
                          {{"sgemm_flops_per_second_1_thread", ceilings.gemmOne},
                           {"sgemm_flops_per_second_all_threads", ceilings.gemmAll},
                           {"bf16_flops_per_second_1_thread", ceilings.bf16One},
                           {"bf16_flops_per_second_all_threads", ceilings.bf16All},
                           {"bf16_torch_flops_per_second_1_thread", ceilings.bf16TorchOne},
                           {"bf16_torch_flops_per_second_all_threads", ceilings.bf16TorchAll},
                           {"fp16_flops_per_second_1_thread", ceilings.fp16One},
                           {"fp16_flops_per_second_all_threads", ceilings.fp16All},
                           {"copy_bytes_per_second_1_thread", ceilings.copyOne},
                           {"copy_bytes_per_second_all_threads", ceilings.copyAll},
                           {"processor_share", ceilings.share}}}};
    if (options.step || both) {
        RADLADS_TRY_ASSIGN(json["step"], benchSteps(options, ceilings, text));
    }
    if (options.kernels || both) {
        RADLADS_TRY_ASSIGN(json["kernels"], benchRecurrences(options, ceilings, text));
        RADLADS_TRY_ASSIGN(json["operations"], benchOps(options, ceilings, text));
    }
    if (options.loss) {
        RADLADS_TRY_ASSIGN(json["loss"], benchLoss(options, ceilings, text));
    }
    if (options.lengths) {
        RADLADS_TRY_ASSIGN(json["lengths"], benchLengths(options, text));
    }
    if (options.decode) {
        RADLADS_TRY_ASSIGN(json["decode"], benchDecode(options, ceilings, text));
    }
    if (options.json) printJson(json);
    else fmt::print("{}", text);
    return 0;
}

}  // namespace

double gemmFlopsPerSecond(size_t threads, Product product) {
    constexpr int64_t kMatrix = 1024;
    const bool isBf16 = product == Product::Bf16 || product == Product::Bf16Torch;
    const at::ScalarType dtype = isBf16 ? at::kBFloat16 : at::kFloat;
    const at::ScalarType resultDtype = product == Product::Bf16Torch ? at::kBFloat16 : at::kFloat;
    const c10::NoGradGuard noGrad;
    std::vector<at::Tensor> a, b, c;
    for (size_t i = 0; i < threads; ++i) {
        a.push_back(at::rand({kMatrix, kMatrix}, at::kFloat).to(dtype));
        b.push_back(at::rand({kMatrix, kMatrix}, at::kFloat).to(dtype));
        c.push_back(at::empty({kMatrix, kMatrix}, resultDtype));
    }
    const double seconds = bestTiming(kCeilingSeconds, [&] {
        model::parallelTasks(threads, threads, [&](size_t i) {
            const c10::NoGradGuard inTask;
            const model::PrecisionScope scope(product == Product::Fp16 ? protocol::Precision::Fp16 : protocol::Precision::Fp32);
            if (product == Product::Bf16 || product == Product::Fp16)
                model::multiply(c[i], a[i], b[i]);
            else
                at::mm_out(c[i], a[i], b[i]);
        });
    }).seconds;
    return 2.0 * kMatrix * kMatrix * kMatrix * static_cast<double>(threads) / seconds;
}

double copyBytesPerSecond(size_t threads) {
    constexpr size_t kBytes = 64 << 20;
    std::vector<std::vector<char>> from(threads, std::vector<char>(kBytes, 1)), to(threads, std::vector<char>(kBytes));
    const double seconds =
        bestTiming(kCeilingSeconds, [&] { model::parallelTasks(threads, threads, [&](size_t i) { std::memcpy(to[i].data(), from[i].data(), kBytes); }); }).seconds;
    return 2.0 * kBytes * static_cast<double>(threads) / seconds;
}

void addBenchCommand(CLI::App& app, Action& action) {
    auto options = std::make_shared<BenchOptions>();
    CLI::App* command = app.add_subcommand("bench", "Speed on this machine beside its own ceilings (matrix products, memory bandwidth), as ratios");
    command->add_flag("--step", options->step, "The three training steps of a model (default: both parts)");
    command->add_flag("--kernels", options->kernels, "Recurrences, losses and the optimizer: the kernels against LibTorch's operations");
    command->add_option("--only", options->only, "Of the kernels those alone whose name has TEXT in it")->type_name("TEXT");
    command->add_flag("--loss", options->loss, "The losses over a vocabulary of 152,064: peak memory, and speed beside matrix products");
    command->add_flag("--lengths", options->lengths, "A sequence 64 times as long: time and memory by token");
    command->add_flag("--decode", options->decode, "One token of a student of 0.5B parameters beside the memory's bandwidth");
    command->add_flag("--ceilings", options->ceilings, "The ceilings alone, unless another part is given too");
    command->add_option("--teacher", options->teacher, "Hugging Face directory, or \"demo\"; a config.json alone: a model of that shape with random weights")->type_name("DIR")->capture_default_str();
    command->add_option("--student", options->student, "rad-rwkv7 or rad-rwkv6")->type_name("A")->capture_default_str();
    command->add_option("--precision", options->precision, "Of --step: fp32, bf16 or fp16, as hardware.precision of a plan")->check(CLI::IsMember({"fp32", "bf16", "fp16"}))->type_name("P")->capture_default_str();
    command->add_option("--device", options->device, "cpu, cuda:N or auto")->type_name("D")->capture_default_str();
    command->add_option("--sequence-length", options->sequenceLength, "Tokens of a sequence")->check(CLI::Range(1, 1 << 20))->type_name("N")->capture_default_str();
    command->add_option("--batch", options->batch, "Sequences of an update")->check(CLI::Range(1, 1 << 16))->type_name("N")->capture_default_str();
    command->add_option("--threads", options->threads, "Threads (default: all cores)")->check(CLI::Range(1, 1024))->type_name("N");
    command->add_option("--seconds", options->seconds, "Time spent on each measurement")->check(CLI::Range(0.05, 600.0))->type_name("S")->capture_default_str();
    command->add_flag("--json", options->json, "Print JSON on the standard output");
    command->add_flag("--quiet,-q", options->quiet, "No messages while measuring");
    command->footer(
        "Every time is the fastest of several rounds; the ceilings are measured in the same run. If other programs kept the processor busy\n"
        "all the while, a warning says so.\n"
        "Examples:\n"
        "  radlads-engine bench\n"
        "  radlads-engine bench --step --teacher Qwen2.5-0.5B --student rad-rwkv6 --sequence-length 512 --batch 4\n"
        "  radlads-engine bench --kernels --json\n");
    command->callback([options, &action] { action = [options] { return bench(*options); }; });
}

}  // namespace radlads::worker
