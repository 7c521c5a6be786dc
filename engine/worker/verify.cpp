// verify DIR: every golden file under DIR, computed on this machine.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "engine/evaluate/golden.h"
#include "engine/io/tokenizer_verify.h"
#include "engine/model/compat.h"
#include "engine/model/device.h"
#include "engine/model/kernel_choice.h"
#include "engine/worker/command.h"

namespace radlads::worker {
namespace {

namespace fs = std::filesystem;
using evaluate::GoldenErrors;
using nlohmann::ordered_json;

struct VerifyOptions {
    std::string directory, device = "cpu", dtype = "float32";
    double tolerance = 0;  // 0: by dtype
    bool json = false;
};

struct DtypeEntry {
    const char* name;
    at::ScalarType type;
    double tolerance;
};
constexpr DtypeEntry kDtypes[] = {{"float32", at::kFloat, 1e-4}, {"float64", at::kDouble, 1e-5}};

std::string errorText(double error) {
    return error < 0 ? "-" : fmt::format("{:.1e}", error);
}

ordered_json errorJson(double error) {
    return error < 0 ? ordered_json() : ordered_json(error);
}

// One line of the report; the form of the computation is part of it.
struct Verdict {
    std::string file, form, note;
    GoldenErrors errors;
    bool pass = false;
};

class Report {
public:
    explicit Report(const VerifyOptions& options) : m_options(options) {}
    void add(const Verdict& verdict) {
        m_failed += verdict.pass ? 0 : 1;
        m_count += 1;
        if (m_options.json) {
            m_files.push_back({{"file", verdict.file}, {"form", verdict.form}, {"outputs", errorJson(verdict.errors.outputs)},
                               {"states", errorJson(verdict.errors.states)}, {"gradients", errorJson(verdict.errors.gradients)}, {"note", verdict.note},
                               {"pass", verdict.pass}});
            return;
        }
        if (m_count == 1) fmt::print("{:<44} {:<10} {:>9} {:>9} {:>9}  {}\n", "file", "form", "outputs", "states", "gradients", "result");
        fmt::print("{:<44} {:<10} {:>9} {:>9} {:>9}  {}{}\n", verdict.file, verdict.form, errorText(verdict.errors.outputs), errorText(verdict.errors.states),
                   errorText(verdict.errors.gradients), verdict.pass ? "PASS" : "FAIL", verdict.note.empty() ? "" : "  " + verdict.note);
        std::cout.flush();
    }
    int finish(double tolerance) const {
        if (m_options.json) {
            printJson({{"dtype", m_options.dtype}, {"tolerance", tolerance}, {"files", m_files}, {"failed", m_failed}, {"pass", m_failed == 0}});
        } else {
            fmt::print("{} of {} checks pass (largest allowed relative error {:.0e}, {}).\n", m_count - m_failed, m_count, tolerance, m_options.dtype);
        }
        return m_failed == 0 ? 0 : 1;
    }
    size_t count() const { return m_count; }

private:
    const VerifyOptions& m_options;
    ordered_json m_files = ordered_json::array();
    size_t m_count = 0, m_failed = 0;
};

Result<int> verify(const VerifyOptions& options) {
    const DtypeEntry* dtype = nullptr;
    for (const DtypeEntry& entry : kDtypes) {
        if (options.dtype == entry.name) dtype = &entry;
    }
    if (!dtype) return invalidInput("--dtype {}: this device computes in float32 and float64; choose one of them", options.dtype);
    RADLADS_TRY_ASSIGN(const at::Device device, model::openDevice(options.device, "--device"));
    const at::TensorOptions like = at::TensorOptions(dtype->type).device(device);
    if (!fs::is_directory(options.directory)) return invalidInput("{} is not a directory; give the one that holds golden/ and tokenizers/", options.directory);
    const double tolerance = options.tolerance > 0 ? options.tolerance : dtype->tolerance;
    Report report(options);
    const auto relative = [&](const fs::path& path) { return fs::relative(path, options.directory).string(); };
    const auto check = [&](const evaluate::GoldenFile& file, model::Form form, const char* formName) -> Status {
        RADLADS_TRY_ASSIGN(const GoldenErrors errors, evaluate::verifyGolden(file, like, form));
        const bool pass = errors.largest() >= 0 && errors.largest() <= tolerance;
        report.add({relative(file.path), formName, pass ? "" : "worst: " + errors.worst, errors, pass});
        return {};
    };
    for (const evaluate::GoldenFile& file : evaluate::findGoldenFiles(options.directory)) {
        for (const auto kernels : model::kernelsOf(device)) {
            // In double there are LibTorch's operations alone.
            if (kernels != model::KernelChoice::Torch && dtype->type != at::kFloat) continue;
            model::forceKernels(kernels);
            RADLADS_TRY(check(file, model::Form::Chunked, model::toString(kernels)));
        }
        model::forceKernels(std::nullopt);
        if (file.kind == evaluate::GoldenKind::Mixer) RADLADS_TRY(check(file, model::Form::Recurrent, "recurrent"));
    }
    std::vector<fs::path> tokenizers;
    for (const auto& entry : fs::recursive_directory_iterator(options.directory)) {
        if (entry.path().filename().string().ends_with(".golden.jsonl")) tokenizers.push_back(entry.path());
    }
    std::sort(tokenizers.begin(), tokenizers.end());
    for (const fs::path& golden : tokenizers) {
        const std::string name = golden.filename().string();
        RADLADS_TRY_ASSIGN(const auto result, io::verifyTokenizer(golden.parent_path() / name.substr(0, name.size() - std::string_view(".golden.jsonl").size()), golden));
        const bool pass = result.lines > 0 && result.idsEqual == result.lines && result.decodedEqual == result.lines;
        std::string note = fmt::format("{} lines: ids {}, decoded {}", result.lines, result.idsEqual, result.decodedEqual);
        if (!result.firstMismatch.empty()) note += "; first mismatch: " + result.firstMismatch;
        report.add({relative(golden), "tokenizer", note, {}, pass});
    }
    if (report.count() == 0) return invalidInput("{} holds no golden file (rwkv6_*, rwkv7_*, student_*, teacher_outputs .safetensors or *.golden.jsonl)", options.directory);
    return report.finish(tolerance);
}

}  // namespace

void addVerifyCommand(CLI::App& app, Action& action) {
    auto options = std::make_shared<VerifyOptions>();
    CLI::App* command = app.add_subcommand("verify", "Compute every golden mixer, teacher, student and tokenizer file on this machine and compare");
    command->add_option("DIR", options->directory, "directory with golden/ and tokenizers/")->required();
    command->add_option("--device", options->device, "cpu, cuda:N or auto")->capture_default_str();
    command->add_option("--dtype", options->dtype, "float32 or float64")->capture_default_str();
    command->add_option("--tolerance", options->tolerance, "largest relative error (default 1e-4 in float32, 1e-5 in float64)");
    command->add_flag("--json", options->json, "print JSON");
    command->callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace radlads::worker
