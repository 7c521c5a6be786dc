#include "engine/convert/losses.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/kernel_calls.h"
#include "engine/model/kernel_choice.h"
#include "engine/model/ops.h"
#include "engine/model/precision.h"
#include "engine/model/projections.h"
#include "kernels/losses.h"

namespace radlads::convert {
namespace {

using model::Weights;

// Bytes of logits, student's and teacher's, that exist at one time, and the most tokens that share them: with more, what
// the next product reads has left the cache (radlads.md 5.2).
constexpr int64_t kLogitBytes = 384 << 20, kMostTokens = 512;
// On a GPU: products as large as it needs to be busy.
constexpr int64_t kGpuLogitBytes = int64_t{5} << 30, kGpuMostTokens = 4096;

// The parameters that ask for a gradient, optionally only below a prefix.
struct Trainable {
    std::vector<std::string> names;
    std::vector<at::Tensor> tensors;
};
Trainable trainable(const Weights& weights, const std::string& prefix = "") {
    Trainable result;
    for (auto it = weights.lower_bound(prefix); it != weights.end() && it->first.starts_with(prefix); ++it) {
        if (!it->second.requires_grad()) continue;
        result.names.push_back(it->first);
        result.tensors.push_back(it->second);
    }
    return result;
}

void collect(Weights& gradients, const Trainable& parameters, const std::vector<at::Tensor>& values) {
    for (size_t i = 0; i < parameters.names.size(); ++i) {
        if (values[i].defined()) gradients.emplace(parameters.names[i], values[i]);
    }
}

at::Tensor layerLoss(const at::Tensor& target, const at::Tensor& output, protocol::Loss loss) {
    if (loss != protocol::Loss::AlignMse) return model::meanDistance(target, output);
    const at::Tensor difference = target - output;
    return (difference * difference).mean();
}

// Rows start to start + size of n: hidden states and what they are compared with.
HeadTargets rowsOf(const HeadTargets& targets, int64_t start, int64_t size) {
    if (targets.labels.defined()) return {{}, {}, targets.labels.narrow(0, start, size)};
    return {targets.teacherHidden.narrow(0, start, size), targets.teacherHead, {}};
}

// Sum of the losses of a chunk of tokens, and its gradient by the logits times `scale` (undefined if not wanted).
// d loss / d logits = softmax(student) - target distribution for both losses.
struct ChunkLoss {
    double sum = 0;
    at::Tensor gradient;
};

// By LibTorch's operations.
ChunkLoss chunkLossByTorch(const at::Tensor& hidden, const at::Tensor& head, const HeadTargets& targets, double scale, bool wantGradients) {
    const at::ScalarType wide = head.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const at::Tensor student = at::log_softmax(model::linear(hidden, head), -1, wide);
    ChunkLoss result;
    if (targets.labels.defined()) {
        const at::Tensor labels = targets.labels.to(student.device()).unsqueeze(1);
        result.sum = -student.gather(1, labels).sum(at::kDouble).item<double>();
        if (wantGradients) result.gradient = student.exp().scatter_add_(1, labels, at::full(labels.sizes(), -1.0, student.options()));
    } else {
        const at::Tensor teacher = at::log_softmax(model::linear(targets.teacherHidden, targets.teacherHead), -1, wide);
        const at::Tensor probability = teacher.exp();
        result.sum = (probability * (teacher - student)).sum(at::kDouble).item<double>();
        if (wantGradients) result.gradient = student.exp().sub_(probability);
    }
    if (wantGradients) result.gradient.mul_(scale);
    return result;
}

bool isForKernels(const at::Tensor& hidden, const at::Tensor& head) {
    return model::kernelsInUse() != model::KernelChoice::Torch && model::calls::isForDevice(head.device()) &&
           head.scalar_type() == at::kFloat && hidden.scalar_type() == at::kFloat;
}

// By the kernels: the logits of every chunk in the same memory, their gradient in place of the student's.
class KernelLoss {
public:
    KernelLoss(const at::Tensor& head, const HeadTargets& targets, int64_t tokens) {
        m_student = at::empty({tokens, head.size(0)}, head.options().requires_grad(false));
        if (!targets.labels.defined()) m_teacher = at::empty_like(m_student);
    }

    ChunkLoss operator()(const at::Tensor& hidden, const at::Tensor& head, const HeadTargets& targets, double scale, bool wantGradients) {
        kernels::LossInputs inputs;
        at::Tensor student;
        inputs.student = product(hidden, head, m_student, student);
        at::Tensor teacher, labels;
        if (targets.labels.defined()) {
            labels = targets.labels.to(head.device()).contiguous();
            inputs.labels = labels.data_ptr<int64_t>();
        } else {
            inputs.teacher = product(targets.teacherHidden, targets.teacherHead, m_teacher, teacher);
        }
        if (!wantGradients) return {model::calls::vocabularyLoss(student, inputs), {}};
        return {model::calls::vocabularyLossGradient(student, inputs, scale), student};
    }

private:
    static kernels::View product(const at::Tensor& hidden, const at::Tensor& head, const at::Tensor& room, at::Tensor& logits) {
        logits = room.narrow(0, 0, hidden.size(0));
        model::multiply(logits, hidden, head.t());
        return kernels::contiguous(logits.data_ptr<float>(), 1, 1, logits.size(0), logits.size(1));
    }

    at::Tensor m_student, m_teacher;
};

// Tokens of a chunk: as many as kLogitBytes hold, whatever form computes the loss.
int64_t chunkTokens(const at::Tensor& head, const HeadTargets& targets, int64_t count) {
    const int64_t bytes = head.size(0) * head.element_size() * (targets.labels.defined() ? 1 : 2);
    const bool isCpu = head.device().is_cpu();
    return std::max<int64_t>(1, std::min({(isCpu ? kLogitBytes : kGpuLogitBytes) / bytes, isCpu ? kMostTokens : kGpuMostTokens, count}));
}

// Hidden states of the inputs [B, T] of tokens [B, T + 1], flattened to [B T, D].
at::Tensor flatHidden(ModelView view, const at::Tensor& tokens) {
    const at::Tensor hidden = model::hiddenStates(view.weights, view.config, tokens.narrow(1, 0, tokens.size(1) - 1));
    return hidden.reshape({-1, hidden.size(-1)});
}

HeadTargets teacherTargets(ModelView teacher, const at::Tensor& tokens) {
    const c10::NoGradGuard noGrad;
    return {flatHidden(teacher, tokens), teacher.weights.at("lm_head.weight"), {}};
}

HeadTargets labelTargets(const at::Tensor& tokens) {
    return {{}, {}, tokens.narrow(1, 1, tokens.size(1) - 1).reshape({-1})};
}

LossAndGradients withGradients(ModelView student, const at::Tensor& tokens, const HeadTargets& targets) {
    const at::Tensor hidden = flatHidden(student, tokens);
    const HeadLoss head = headLoss(hidden.detach(), student.weights.at("lm_head.weight"), targets, true);
    LossAndGradients result;
    result.loss = head.loss;
    Trainable parameters = trainable(student.weights);
    collect(result.gradients, parameters, model::gradients({hidden}, parameters.tensors, {head.hiddenGradient}));
    if (head.headGradient.defined()) result.gradients["lm_head.weight"] = head.headGradient;
    return result;
}

}  // namespace

HeadLoss headLoss(const at::Tensor& hidden, const at::Tensor& head, const HeadTargets& targets, bool wantGradients) {
    const c10::NoGradGuard noGrad;
    const int64_t count = hidden.size(0), chunk = chunkTokens(head, targets, count);
    HeadLoss result;
    if (wantGradients) {
        result.hiddenGradient = at::empty_like(hidden);
        if (head.requires_grad()) result.headGradient = at::empty(head.sizes(), head.options().requires_grad(false));
    }
    std::optional<KernelLoss> byKernels;
    if (isForKernels(hidden, head)) byKernels.emplace(head, targets, chunk);
    double total = 0;
    for (int64_t start = 0; start < count; start += chunk) {
        const int64_t size = std::min(chunk, count - start);
        const at::Tensor rows = hidden.narrow(0, start, size);
        const HeadTargets compared = rowsOf(targets, start, size);
        const double scale = 1.0 / static_cast<double>(count);
        const ChunkLoss loss = byKernels ? (*byKernels)(rows, head, compared, scale, wantGradients)
                                         : chunkLossByTorch(rows, head, compared, scale, wantGradients);
        total += loss.sum;
        if (!wantGradients) continue;
        at::Tensor gradient = result.hiddenGradient.narrow(0, start, size);
        model::multiply(gradient, loss.gradient, head);
        if (result.headGradient.defined()) (start == 0 ? model::multiply : model::multiplyAdd)(result.headGradient, loss.gradient.t(), rows);
    }
    result.loss = total / static_cast<double>(count);
    return result;
}

LossAndGradients alignLoss(ModelView teacher, ModelView student, const at::Tensor& tokens, protocol::Loss loss) {
    const io::ModelConfig& config = student.config;
    LossAndGradients result;
    result.perLayer.assign(static_cast<size_t>(config.layers), 0.0);
    int64_t converted = 0;
    for (int64_t layer = 0; layer < config.layers; ++layer) converted += config.keepsAttention(layer) ? 0 : 1;
    const double share = 1.0 / static_cast<double>(converted);
    const model::Rotary rotary = model::rotaryTable(config, 0, tokens.size(1), teacher.weights.at("model.norm.weight").options());

    at::Tensor h, x, vFirst, vFirstGradient, firstLoss;  // x: the stream normed for the layer's mixers
    std::vector<at::Tensor> losses(static_cast<size_t>(config.layers));
    int64_t firstLayer = -1;
    {
        const c10::NoGradGuard noGrad;
        h = model::embed(teacher.weights, teacher.config, tokens);
        x = model::mixerInput(teacher.weights, teacher.config, 0, h);
    }
    for (int64_t layer = 0; layer < config.layers; ++layer) {
        const std::string prefix = model::layerPrefix(layer) + "self_attn.";
        const at::Tensor input = x;
        at::Tensor target;
        {
            const c10::NoGradGuard noGrad;
            model::MixerContext context{teacher.config, layer, rotary};
            target = model::mixerForward(model::Scope(teacher.weights, prefix), input, context);
            if (layer + 1 < config.layers) {
                const model::Scope scope(teacher.weights, model::layerPrefix(layer));
                const auto norm = [&](int64_t of, const char* name) { return teacher.weights.at(model::layerPrefix(of) + name); };
                const model::Normed middle = model::addRmsNorm(h, target, norm(layer, "post_attention_layernorm.weight"), teacher.config.rmsNormEps);
                const at::Tensor delta = model::swiglu(middle.y, scope["mlp.gate_proj.weight"], scope["mlp.up_proj.weight"], scope["mlp.down_proj.weight"]);
                const model::Normed next = model::addRmsNorm(middle.sum, delta, norm(layer + 1, "input_layernorm.weight"), teacher.config.rmsNormEps);
                h = next.sum;
                x = next.y;
            }
        }
        if (config.keepsAttention(layer)) continue;
        // Layers above the first see its values as a leaf, whose gradient is carried back to it at the end.
        at::Tensor shared = vFirst.defined() ? vFirst.detach() : at::Tensor();
        if (shared.defined() && c10::GradMode::is_enabled()) shared.requires_grad_(true);
        model::MixerContext context{config, layer, rotary, &shared};
        const at::Tensor output = model::mixerForward(model::Scope(student.weights, prefix), input, context);
        const at::Tensor lossHere = layerLoss(target, output, loss);
        losses[static_cast<size_t>(layer)] = lossHere.detach();
        if (!c10::GradMode::is_enabled()) {
            if (!vFirst.defined()) vFirst = shared;
            continue;
        }
        if (!vFirst.defined() && shared.defined()) {
            vFirst = shared;
            firstLoss = lossHere;
            firstLayer = layer;
            continue;
        }
        Trainable parameters = trainable(student.weights, prefix);
        std::vector<at::Tensor> inputs = parameters.tensors;
        if (shared.defined()) inputs.push_back(shared);
        std::vector<at::Tensor> values = model::gradients({lossHere * share}, inputs);
        if (shared.defined() && values.back().defined()) {
            // A sum over layers: of bfloat16 in float32.
            const at::Tensor part = values.back().scalar_type() == at::kBFloat16 ? values.back().to(at::kFloat) : values.back();
            vFirstGradient = vFirstGradient.defined() ? vFirstGradient + part : part;
        }
        collect(result.gradients, parameters, values);
    }
    if (firstLoss.defined()) {
        const Trainable parameters = trainable(student.weights, model::layerPrefix(firstLayer) + "self_attn.");
        std::vector<at::Tensor> outputs{firstLoss * share}, seeds{at::ones({}, firstLoss.options())};
        if (vFirstGradient.defined()) {
            outputs.push_back(vFirst);
            seeds.push_back(vFirstGradient.to(vFirst.scalar_type()));
        }
        collect(result.gradients, parameters, model::gradients(outputs, parameters.tensors, seeds));
    }
    // Read at the end: a GPU is not waited for between layers.
    for (size_t layer = 0; layer < losses.size(); ++layer) {
        if (!losses[layer].defined()) continue;
        result.perLayer[layer] = losses[layer].item<double>();
        result.loss += result.perLayer[layer] * share;
    }
    return result;
}

LossAndGradients distillLoss(ModelView teacher, ModelView student, const at::Tensor& tokens) {
    return withGradients(student, tokens, teacherTargets(teacher, tokens));
}

LossAndGradients crossEntropyLoss(ModelView student, const at::Tensor& tokens) {
    return withGradients(student, tokens, labelTargets(tokens));
}

double alignLossValue(ModelView teacher, ModelView student, const at::Tensor& tokens, protocol::Loss loss) {
    const c10::NoGradGuard noGrad;
    return alignLoss(teacher, student, tokens, loss).loss;
}

double distillLossValue(ModelView teacher, ModelView student, const at::Tensor& tokens) {
    const c10::NoGradGuard noGrad;
    return headLoss(flatHidden(student, tokens), student.weights.at("lm_head.weight"), teacherTargets(teacher, tokens), false).loss;
}

double crossEntropyLossValue(ModelView student, const at::Tensor& tokens) {
    const c10::NoGradGuard noGrad;
    return headLoss(flatHidden(student, tokens), student.weights.at("lm_head.weight"), labelTargets(tokens), false).loss;
}

}  // namespace radlads::convert
