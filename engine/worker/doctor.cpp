// doctor: what of this machine and this installation works, what does not, and what to do about it.
#include <ATen/Context.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <langinfo.h>
#include <locale.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <torch/version.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/io/tokenizer.h"
#include "engine/model/kernel_calls.h"
#include "engine/model/kernel_choice.h"
#include "engine/model/threads.h"
#include "engine/run/files.h"
#include "engine/run/machine.h"
#include "engine/run/support.h"
#include "engine/worker/command.h"
#include "engine/worker/model_facts.h"
#include "engine/worker/progress.h"
#include "engine/worker/rates.h"
#include "engine/worker/table.h"
#include "kernels/products.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr double kLowMemoryBytes = 2e9, kLowDiskBytes = 5e9, kNoDiskBytes = 100e6;
constexpr double kSlowGemm = 5e9;  // FLOP/s: a BLAS without vector code
constexpr rlim_t kFewFiles = 256;

enum class Level { Ok, Warn, Problem };
constexpr const char* kLevelNames[] = {"ok", "warn", "problem"};

// remedy: empty when all is well.
struct Finding {
    const char* area;
    Level level = Level::Ok;
    std::string value, remedy;
};
using Findings = std::vector<Finding>;

void checkProcessor(const run::Machine& machine, Findings& findings) {
    Finding finding{"CPU", Level::Ok,
                    fmt::format("{}, {} cores, {} hardware threads, {} usable here; {}", machine.processor, machine.cores, machine.hardwareThreads,
                                model::defaultThreads(), machine.features.empty() ? "no vector extensions known" : fmt::format("{}", fmt::join(machine.features, " "))),
                    ""};
    const auto has = [&](const char* feature) { return std::find(machine.features.begin(), machine.features.end(), feature) != machine.features.end(); };
    if (!has("avx2") && !has("asimd")) {
        finding.level = Level::Warn;
        finding.remedy = "without AVX2 training is several times slower; in a virtual machine, let it see the host's processor";
    }
    findings.push_back(finding);
}

void checkMemory(const run::Machine& machine, Findings& findings) {
    const bool low = static_cast<double>(machine.availableBytes) < kLowMemoryBytes;
    findings.push_back({"Memory", low ? Level::Warn : Level::Ok,
                        fmt::format("{} in all, {} available", formatBytes(static_cast<double>(machine.memoryBytes)), formatBytes(static_cast<double>(machine.availableBytes))),
                        low ? "end other programs, or convert small models only; `radlads-engine check PLAN` says what a plan needs" : ""});
}

// The file that a function of this process comes from; empty for none.
std::string fileOf(void* function) {
    Dl_info info{};
    return function && dladdr(function, &info) && info.dli_fname ? info.dli_fname : "";
}

void checkLibraries(Findings& findings, double gemmRate) {
    findings.push_back({"LibTorch", Level::Ok, fmt::format("{} ({})", TORCH_VERSION, fileOf(reinterpret_cast<void*>(&at::globalContext))), ""});
    std::string blas = fs::path(fileOf(dlsym(RTLD_DEFAULT, "sgemm_"))).filename().string();
    if (const auto config = reinterpret_cast<const char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_config"))) blas = fmt::format("{} ({})", config(), blas);
    const bool slow = gemmRate < kSlowGemm;
    findings.push_back({"BLAS", slow ? Level::Warn : Level::Ok, fmt::format("{}; sgemm {:.1f} GFLOP/s on one thread", blas.empty() ? "unknown" : blas, gemmRate / 1e9),
                        slow ? "this is a slow BLAS or a busy machine; on Debian: apt install libopenblas0-pthread, then choose it with update-alternatives" : ""});
}

void checkKernels(Findings& findings) {
    findings.push_back({"Kernels", Level::Ok, model::describeKernels(), ""});
}

// hardware.precision of plans.
void checkPrecision(const run::Machine& machine, Findings& findings) {
    std::string text = "not available: the processor has neither AVX512_BF16 nor AMX; plans compute in fp32";
    if (run::contains(run::supportOf(machine).precision, "bf16")) {
        text = kernels::bf16Form() == kernels::NarrowForm::Bf16Instructions
                   ? "available, by the processor's instructions"
                   : "available, by float32 arithmetic, which is faster than this processor's own instructions: no faster than fp32";
    }
    findings.push_back({"bf16", Level::Ok, text, ""});
    const bool hasFp16 = run::contains(run::supportOf(machine).precision, "fp16");
    findings.push_back({"fp16", Level::Ok, hasFp16 ? "available, by the processor's instructions: 1.5 to 2 times the rate of fp32" : "not available: the processor, or the compiler of this build, has no AVX512_FP16", ""});
}

void checkGpu(Findings& findings) {
    std::error_code error;
    const bool nvidia = fs::exists("/dev/nvidia0", error), amd = fs::exists("/dev/kfd", error);
    const char* card = nvidia ? "an NVIDIA" : amd ? "an AMD" : "no";
    const bool present = nvidia || amd;
    if (at::hasCUDA()) {
        const bool ours = model::calls::haveGpuKernels() && !model::calls::areGpuKernelsEmulated();
        const auto count = static_cast<int64_t>(at::getNumGPUs());
        findings.push_back({"GPU", ours ? Level::Ok : Level::Warn,
                            fmt::format("{} that LibTorch can use; {}", count == 1 ? "one GPU" : fmt::format("{} GPUs", count),
                                        ours ? fmt::format("hardware.device auto is cuda:0 ({}), with the kernels for GPUs", model::calls::gpuName())
                                             : "this build has no kernels for GPUs, so hardware.device auto is the CPU"),
                            ours ? "" : "build Radlads Studio with cmake -DRADLADS_GPU=cuda or hip"});
        return;
    }
    findings.push_back({"GPU", present ? Level::Warn : Level::Ok, fmt::format("{} GPU here, and none that LibTorch can use: training runs on the CPU", card),
                        present ? "to use it, build Radlads Studio with a LibTorch that has CUDA or ROCm (cmake -DCMAKE_PREFIX_PATH=/path/to/libtorch)" : ""});
}

// The directory itself, or the nearest one above it that exists: there it would be made.
fs::path existingParent(fs::path path) {
    std::error_code error;
    path = fs::absolute(path, error);
    while (!fs::exists(path, error) && path.has_parent_path() && path.parent_path() != path) path = path.parent_path();
    return path;
}

void checkWritable(const char* area, const fs::path& directory, const char* variable, Findings& findings) {
    std::error_code error;
    const bool there = fs::exists(directory, error);
    const fs::path base = existingParent(directory);
    Finding finding{area, Level::Ok, directory.string(), ""};
    if (!fs::is_directory(base, error) || ::access(base.c_str(), W_OK | X_OK) != 0) {
        finding.level = Level::Problem;
        finding.value += there ? " (not writable)" : fmt::format(" (cannot be made below {})", base.string());
        finding.remedy = fmt::format("make it writable for you, or set {} to a directory that is", variable);
        findings.push_back(finding);
        return;
    }
    struct statvfs space {};
    const double free = ::statvfs(base.c_str(), &space) == 0 ? static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize) : 0;
    finding.value += fmt::format(" ({}{} free)", there ? "" : "made on first use, ", formatBytes(free));
    if (free < kLowDiskBytes) {
        finding.level = free < kNoDiskBytes ? Level::Problem : Level::Warn;
        finding.remedy = fmt::format("free some space, or set {} to a directory on a larger disk", variable);
    }
    findings.push_back(finding);
}

void checkResources(Findings& findings) {
    const fs::path directory = run::resourcesDirectory();
    std::error_code error;
    size_t presets = 0;
    for (fs::directory_iterator entry(directory / "presets", error), end; !error && entry != end; entry.increment(error)) {
        presets += entry->path().extension() == ".json" ? 1 : 0;
    }
    findings.push_back({"Resources", presets > 0 ? Level::Ok : Level::Warn, fmt::format("{} ({} presets)", directory.string(), presets),
                        presets > 0 ? "" : "install the data files of Radlads Studio again, or set RADLADS_RESOURCES to them; `plan new` needs the presets"});
}

// Why the embedded teacher cannot be used; empty if it can.
std::string teacherFault(const fs::path& directory, std::string& description) {
    const auto config = io::readModelConfig(directory);
    if (!config) return config.error().message;
    const auto file = io::Safetensors::open(directory);
    if (!file) return file.error().message;
    if (const auto problems = tensorProblems(*config, *file); !problems.empty()) return problems.front();
    const auto tokenizer = io::Tokenizer::load(directory);
    if (!tokenizer) return tokenizer.error().message;
    if (const auto problems = tokenizerProblems(*config, *tokenizer); !problems.empty()) return problems.front();
    description = describeDecoder(*config);
    return "";
}

void checkTeacher(Findings& findings) {
    std::string description;
    const std::string fault = teacherFault(run::resourcesDirectory() / "demo" / "teacher", description);
    findings.push_back({"Demo teacher", fault.empty() ? Level::Ok : Level::Warn, fault.empty() ? description : oneLine(fault),
                        fault.empty() ? "" : "`demo` cannot run; install the data files of Radlads Studio again, or set RADLADS_RESOURCES to them"});
}

std::string limitText(rlim_t value, bool bytes) {
    if (value == RLIM_INFINITY) return "unlimited";
    return bytes ? formatBytes(static_cast<double>(value)) : std::to_string(value);
}

void checkLimits(Findings& findings) {
    const struct {
        const char* name;
        const char* letter;
        int resource;
        bool bytes;
        rlim_t enough;
    } limits[] = {{"open files", "n", RLIMIT_NOFILE, false, kFewFiles}, {"file size", "f", RLIMIT_FSIZE, true, RLIM_INFINITY}, {"address space", "v", RLIMIT_AS, true, RLIM_INFINITY}};
    std::string values, low;
    for (const auto& limit : limits) {
        rlimit current{};
        if (getrlimit(static_cast<__rlimit_resource>(limit.resource), &current) != 0) continue;
        values += fmt::format("{}{} {}", values.empty() ? "" : ", ", limit.name, limitText(current.rlim_cur, limit.bytes));
        if (current.rlim_cur < limit.enough) {
            low += fmt::format("{}`ulimit -{} {}`", low.empty() ? "" : ", ", limit.letter, limit.enough == RLIM_INFINITY ? "unlimited" : std::to_string(limit.enough));
        }
    }
    findings.push_back({"Limits", low.empty() ? Level::Ok : Level::Warn, values, low.empty() ? "" : "large models may hit them; raise them with " + low});
}

void checkLocale(Findings& findings) {
    const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
    const std::string charset = locale ? nl_langinfo_l(CODESET, locale) : "of an unknown locale";
    if (locale) freelocale(locale);
    const bool utf8 = charset == "UTF-8";
    findings.push_back({"Locale", utf8 ? Level::Ok : Level::Warn, "character set " + charset, utf8 ? "" : "texts are UTF-8 and may look broken here: export LC_ALL=C.UTF-8"});
}

void checkPrograms(Findings& findings) {
    const fs::path front = run::executableDirectory() / "radlads-engine";
    const bool there = ::access(front.c_str(), X_OK) == 0;
    findings.push_back({"Programs", there ? Level::Ok : Level::Warn, there ? front.string() : fmt::format("{} is missing", front.string()),
                        there ? "" : "install radlads-engine beside radlads-worker: list, show, tail and pause are its own"});
}

Result<int> doctor(bool json) {
    const run::Machine machine = run::describeMachine();
    Findings findings;
    checkProcessor(machine, findings);
    checkMemory(machine, findings);
    checkLibraries(findings, gemmFlopsPerSecond(1));
    checkKernels(findings);
    checkPrecision(machine, findings);
    checkGpu(findings);
    checkPrograms(findings);
    checkWritable("Runs", run::defaultRunsDirectory(), "RADLADS_RUNS", findings);
    checkWritable("Cache", run::cacheDirectory(), "RADLADS_CACHE", findings);
    checkResources(findings);
    checkTeacher(findings);
    checkLimits(findings);
    checkLocale(findings);

    size_t counts[3] = {};
    for (const Finding& finding : findings) ++counts[static_cast<size_t>(finding.level)];
    const bool usable = counts[static_cast<size_t>(Level::Problem)] == 0;
    if (json) {
        ordered_json list = ordered_json::array();
        for (const Finding& finding : findings) {
            list.push_back({{"area", finding.area}, {"level", kLevelNames[static_cast<size_t>(finding.level)]}, {"value", finding.value}, {"remedy", finding.remedy}});
        }
        printJson({{"usable", usable}, {"findings", list}});
        return usable ? 0 : 1;
    }
    Table table({{"", Align::Left}, {"", Align::Left}, {"", Align::Left}});
    for (const Finding& finding : findings) {
        table.add({kLevelNames[static_cast<size_t>(finding.level)], finding.area, finding.value});
        if (!finding.remedy.empty()) table.add({"", "", "-> " + finding.remedy});
    }
    fmt::print("{}\n", table.text().substr(1));
    if (!usable) fmt::print("Runs are not possible here until the problems above are solved.\n");
    else if (counts[1] > 0) fmt::print("Everything needed works; {} {} worth a look.\n", counts[1], counts[1] == 1 ? "point is" : "points are");
    else fmt::print("Everything works.\n");
    return usable ? 0 : 1;
}

}  // namespace

void addDoctorCommand(CLI::App& app, Action& action) {
    auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand("doctor", "What works on this machine, what does not, and what to do");
    command->add_flag("--json", *json, "Print JSON on the standard output");
    command->footer(
        "Each line is ok, warn (works, but) or problem (runs are impossible); the exit status is 0 unless there is a problem.\n"
        "Examples:\n"
        "  radlads-engine doctor\n"
        "  radlads-engine doctor --json\n");
    command->callback([json, &action] { action = [json] { return doctor(*json); }; });
}

}  // namespace radlads::worker
