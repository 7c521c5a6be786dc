#include "engine/evaluate/golden.h"

#include <cstring>
#include <stdexcept>

#include "engine/evaluate/golden_internal.h"

namespace radlads::evaluate {

namespace fs = std::filesystem;
using protocol::Architecture;
using protocol::GateKind;

double GoldenErrors::largest() const {
    return std::max({outputs, states, gradients});
}

Result<GoldenReader> GoldenReader::open(const fs::path& path, const at::TensorOptions& like) {
    GoldenReader reader;
    RADLADS_TRY_ASSIGN(reader.m_file, io::Safetensors::open(path));
    reader.m_like = like;
    reader.m_where = path.filename().string();
    return reader;
}

at::Tensor GoldenReader::tensor(const std::string& name) const {
    const auto found = m_file.tensors().find(name);
    if (found == m_file.tensors().end()) throw std::runtime_error(m_where + " has no tensor " + name);
    auto value = model::toTensor(found->second, name);
    if (!value) throw std::runtime_error(value.error().message);
    return value->to(m_like);
}

at::Tensor GoldenReader::tokens(const std::string& name) const {
    const auto found = m_file.tensors().find(name);
    if (found == m_file.tensors().end() || found->second.dtype != io::Dtype::I32) throw std::runtime_error(m_where + " has no int32 tensor " + name);
    at::Tensor value = at::empty(found->second.shape, at::kInt);
    std::memcpy(value.data_ptr<int32_t>(), found->second.data.data(), found->second.data.size());
    return value.to(at::kLong);
}

std::string GoldenReader::text(const std::string& key) const {
    const auto found = m_file.metadata().find(key);
    if (found == m_file.metadata().end()) throw std::runtime_error(m_where + " has no metadata " + key);
    return found->second;
}

int64_t GoldenReader::number(const std::string& key) const {
    return std::stoll(text(key));
}

double GoldenReader::real(const std::string& key) const {
    return std::stod(text(key));
}

std::vector<std::string> GoldenReader::namesWithPrefix(const std::string& prefix) const {
    std::vector<std::string> names;
    for (const auto& [name, info] : m_file.tensors()) {
        if (name.starts_with(prefix)) names.push_back(name);
    }
    return names;
}

void compare(GoldenErrors& errors, double GoldenErrors::*kind, const std::string& name, const at::Tensor& ours, const at::Tensor& golden) {
    const at::Tensor mine = (ours.defined() ? ours.detach() : at::zeros_like(golden)).to(at::kCPU, at::kDouble).reshape(golden.sizes());
    const at::Tensor reference = golden.to(at::kCPU, at::kDouble);
    const double size = reference.abs().max().item<double>(), difference = (mine - reference).abs().max().item<double>();
    // NaN compares false everywhere: it must count as the worst error.
    const double error = !(difference <= 1e300) ? 1e300 : size > 0 ? difference / size : difference;
    if (error > errors.largest()) errors.worst = name;
    errors.*kind = std::max(errors.*kind, error);
}

GoldenErrors verifyMixer(const GoldenReader& file, const at::TensorOptions& like, model::Form form) {
    io::ModelConfig config;
    config.hiddenSize = file.number("D");
    config.heads = file.number("H");
    config.kvHeads = file.number("Hkv");
    config.headDim = file.number("N");
    config.rope.theta = file.real("base");
    io::StudentConfig student;
    student.ranks = {.decay = file.number("rd"), .iclr = file.number("rd"), .value = file.number("rv"), .gate = file.number("rg"), .tokenShift = file.number("rs")};
    const bool six = file.has("self_attn.time_decay");
    student.architecture = six ? Architecture::RadRwkv6 : Architecture::RadRwkv7;
    student.groupNorm = !six && file.text("variant") == "G";
    student.balanceState = !student.groupNorm;
    student.rope = !six || file.number("rope6") == 1;
    student.tokenShift = six;
    student.gate = six ? GateKind::Full : GateKind::LowRank;
    config.student = student;
    config.layers = 2;
    const int64_t layer = six ? 0 : file.number("layer");

    model::Weights weights;
    for (const std::string& name : file.namesWithPrefix("self_attn.")) weights[name] = file.tensor(name).set_requires_grad(true);
    at::Tensor x = file.tensor("x").set_requires_grad(true), vFirst;
    std::vector<std::pair<std::string, at::Tensor>> inputs(weights.begin(), weights.end());
    inputs.emplace_back("x", x);
    model::MixerState state;
    for (auto [name, tensor] : {std::pair{"state_in", &state.wkv}, std::pair{"shift_in", &state.shift}, std::pair{"v_first", &vFirst}}) {
        if (!file.has(name)) continue;
        *tensor = file.tensor(name).set_requires_grad(true);
        inputs.emplace_back(name, *tensor);
    }
    const model::Rotary rotary = model::rotaryTable(config, 0, x.size(1), like);
    model::MixerContext context{config, layer, rotary, &vFirst, &state, form};
    const at::Tensor y = model::mixerForward(model::Scope(weights, "self_attn."), x, context);

    GoldenErrors errors;
    compare(errors, &GoldenErrors::outputs, "y", y, file.tensor("y"));
    if (file.has("v_first_out")) compare(errors, &GoldenErrors::outputs, "v_first_out", vFirst, file.tensor("v_first_out"));
    compare(errors, &GoldenErrors::states, "state_out", state.wkv, file.tensor("state_out"));
    std::vector<at::Tensor> tensors;
    for (const auto& [name, tensor] : inputs) tensors.push_back(tensor);
    const std::vector<at::Tensor> gradients = model::gradients({(y * file.tensor("coeff")).sum()}, tensors);
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (file.has("grad." + inputs[i].first)) {
            compare(errors, &GoldenErrors::gradients, "grad." + inputs[i].first, gradients[i], file.tensor("grad." + inputs[i].first));
        }
    }
    return errors;
}

std::vector<GoldenFile> findGoldenFiles(const fs::path& directory) {
    std::vector<GoldenFile> files;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() != ".safetensors") continue;
        if (name.starts_with("rwkv6_") || name.starts_with("rwkv7_")) files.push_back({entry.path(), GoldenKind::Mixer});
        if (name == "teacher_outputs.safetensors") files.push_back({entry.path(), GoldenKind::Teacher});
        if (name.starts_with("student_")) files.push_back({entry.path(), GoldenKind::Student});
    }
    std::sort(files.begin(), files.end(), [](const GoldenFile& a, const GoldenFile& b) { return a.path < b.path; });
    return files;
}

Result<GoldenErrors> verifyGolden(const GoldenFile& golden, const at::TensorOptions& like, model::Form form) {
    RADLADS_TRY_ASSIGN(const GoldenReader file, GoldenReader::open(golden.path, like));
    const fs::path folder = golden.path.parent_path(), teacher = folder / "teacher";
    try {
        if (golden.kind == GoldenKind::Mixer) return verifyMixer(file, like, form);
        if (golden.kind == GoldenKind::Teacher) return verifyTeacher(file, teacher, like);
        RADLADS_TRY_ASSIGN(const GoldenReader outputs, GoldenReader::open(folder / "teacher_outputs.safetensors", like));
        return verifyStudent(file, outputs, teacher, like);
    } catch (const std::exception& exception) {
        const std::string text = exception.what();
        return invalidInput("{}: {}; the golden file does not have the form that this program knows", golden.path.string(), text.substr(0, text.find('\n')));
    }
}

}  // namespace radlads::evaluate
