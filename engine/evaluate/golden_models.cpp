// Golden checks of a whole teacher and of whole students, with the losses of the three steps.
#include <stdexcept>

#include "engine/convert/losses.h"
#include "engine/evaluate/golden_internal.h"
#include "engine/model/decoder.h"

namespace radlads::evaluate {
namespace {

namespace fs = std::filesystem;
using protocol::Architecture;
using protocol::GateKind;

model::Checkpoint loadTeacher(const fs::path& directory, const at::TensorOptions& like) {
    auto loaded = model::loadCheckpoint(directory);
    if (!loaded) throw std::runtime_error(loaded.error().message);
    for (auto& [name, tensor] : loaded->weights) tensor = tensor.to(like);
    return std::move(*loaded);
}

// Gradients against golden ones named PREFIX + parameter, and their global norm.
void compareGradients(GoldenErrors& errors, const GoldenReader& file, const model::Weights& gradients, const std::string& prefix, const std::string& norm) {
    for (const std::string& name : file.namesWithPrefix(prefix)) {
        const auto found = gradients.find(name.substr(prefix.size()));
        compare(errors, &GoldenErrors::gradients, name, found == gradients.end() ? at::Tensor() : found->second, file.tensor(name));
    }
    double squares = 0;
    for (const auto& [name, gradient] : gradients) squares += gradient.to(at::kDouble).square().sum().item<double>();
    compare(errors, &GoldenErrors::gradients, norm, at::full({1}, std::sqrt(squares), at::kDouble), file.tensor(norm));
}

void setGradients(model::Weights& weights, bool mixersOnly) {
    for (auto& [name, tensor] : weights) tensor.set_requires_grad(!mixersOnly || name.find(".self_attn.") != std::string::npos);
}

void compareScalar(GoldenErrors& errors, const GoldenReader& file, const std::string& name, double value) {
    compare(errors, &GoldenErrors::outputs, name, at::full({1}, value, at::kDouble), file.tensor(name));
}

}  // namespace

GoldenErrors verifyTeacher(const GoldenReader& file, const fs::path& teacherDirectory, const at::TensorOptions& like) {
    const model::Checkpoint teacher = loadTeacher(teacherDirectory, like);
    const at::Tensor tokens = file.tokens("tokens"), inputs = tokens.narrow(1, 0, tokens.size(1) - 1);
    const c10::NoGradGuard noGrad;
    GoldenErrors errors;
    compare(errors, &GoldenErrors::outputs, "logits", model::logits(teacher.weights, teacher.config, inputs), file.tensor("logits"));
    compareScalar(errors, file, "ce", convert::crossEntropyLossValue({teacher.weights, teacher.config}, tokens));
    at::Tensor h = model::embed(teacher.weights, teacher.config, inputs);
    const model::Rotary rotary = model::rotaryTable(teacher.config, 0, inputs.size(1), like);
    for (int64_t layer = 0; layer < teacher.config.layers; ++layer) {
        const at::Tensor x = model::mixerInput(teacher.weights, teacher.config, layer, h);
        model::MixerContext context{teacher.config, layer, rotary};
        const at::Tensor out = model::mixerForward(model::Scope(teacher.weights, model::layerPrefix(layer) + "self_attn."), x, context);
        compare(errors, &GoldenErrors::outputs, fmt::format("layer{}.mixer_in", layer), x, file.tensor(fmt::format("layer{}.mixer_in", layer)));
        compare(errors, &GoldenErrors::outputs, fmt::format("layer{}.attn_out", layer), out, file.tensor(fmt::format("layer{}.attn_out", layer)));
        h = h + out;
        h = h + model::mlp(teacher.weights, teacher.config, layer, h);
    }
    return errors;
}

GoldenErrors verifyStudent(const GoldenReader& file, const GoldenReader& teacherOutputs, const fs::path& teacherDirectory, const at::TensorOptions& like) {
    const model::Checkpoint teacher = loadTeacher(teacherDirectory, like);
    io::ModelConfig config = teacher.config;
    const std::string kind = file.text("kind");
    const bool six = kind == "rwkv6";
    io::StudentConfig student;
    student.architecture = six ? Architecture::RadRwkv6 : Architecture::RadRwkv7;
    student.groupNorm = kind.ends_with("G");
    student.balanceState = !student.groupNorm;
    student.rope = !six;
    student.tokenShift = six;
    student.gate = six ? GateKind::Full : GateKind::LowRank;
    student.ranks = {.decay = file.number("rd"), .iclr = file.number("rd"), .value = file.number("rv"), .gate = file.number("rg"), .tokenShift = file.number("rs")};
    config.student = student;
    model::Weights weights;
    for (const model::ParameterSpec& spec : model::parameterSpecs(config)) weights[spec.name] = file.tensor(spec.name);

    const at::Tensor tokens = teacherOutputs.tokens("tokens"), inputs = tokens.narrow(1, 0, tokens.size(1) - 1);
    const convert::ModelView teacherView{teacher.weights, teacher.config}, studentView{weights, config};
    GoldenErrors errors;
    {
        const c10::NoGradGuard noGrad;
        compare(errors, &GoldenErrors::outputs, "logits", model::logits(weights, config, inputs), file.tensor("logits"));
    }
    setGradients(weights, true);
    const convert::LossAndGradients align = convert::alignLoss(teacherView, studentView, inputs, protocol::Loss::AlignL2);
    compareScalar(errors, file, "align_loss", align.loss);
    compare(errors, &GoldenErrors::outputs, "align_loss_per_layer", at::tensor(align.perLayer, at::kDouble), file.tensor("align_loss_per_layer"));
    compareGradients(errors, file, align.gradients, "align_grad.", "align_grad_norm");
    setGradients(weights, false);
    const convert::LossAndGradients distill = convert::distillLoss(teacherView, studentView, tokens);
    compareScalar(errors, file, "kl_loss", distill.loss);
    compareGradients(errors, file, distill.gradients, "kl_grad.", "kl_grad_norm");
    compareScalar(errors, file, "ce_loss", convert::crossEntropyLossValue(studentView, tokens));
    return errors;
}

}  // namespace radlads::evaluate
