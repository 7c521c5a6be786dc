#include "engine/convert/setup.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

#include "engine/model/compat.h"

namespace radlads::convert {
namespace {

using io::ModelConfig;
using model::Weights;
using protocol::Architecture;

// What an initialiser needs to know: the layer's place and the source of randomness.
struct InitContext {
    const ModelConfig& config;
    int64_t layer;
    at::Generator& random;
    // l / (L - 1), 0 for a single layer.
    double depth() const { return static_cast<double>(layer) / static_cast<double>(std::max<int64_t>(1, config.layers - 1)); }
};
using Initialiser = at::Tensor (*)(const std::vector<int64_t>& shape, const InitContext& context);

template <int Thousandths>
at::Tensor constant(const std::vector<int64_t>& shape, const InitContext&) {
    return at::full(shape, Thousandths / 1000.0, at::kFloat);
}

at::Tensor smallUniform(const std::vector<int64_t>& shape, const InitContext& context) {
    return at::empty(shape, at::kFloat).uniform_(-0.01, 0.01, context.random);
}

// orthogonal(0.1) of radlads.md 2.1: QR of a Gaussian, signs fixed by R's diagonal, gain sqrt(rows / columns) if rows > columns.
at::Tensor smallOrthogonal(const std::vector<int64_t>& shape, const InitContext& context) {
    const int64_t rows = shape[0], columns = shape[1];
    const at::Tensor gaussian = at::empty({std::max(rows, columns), std::min(rows, columns)}, at::kFloat).normal_(0, 1, context.random);
    const auto [q, r] = at::linalg_qr(gaussian);
    const at::Tensor fixed = q * r.diagonal().sign();
    const double gain = rows > columns ? std::sqrt(static_cast<double>(rows) / static_cast<double>(columns)) : 1.0;
    return ((rows < columns ? fixed.t() : fixed) * (0.1 * gain)).contiguous();
}

// first + 5 (n / (A - 1))^exponent over the channels n.
at::Tensor decaySpeed(const std::vector<int64_t>& shape, double first, double exponent) {
    const int64_t width = shape.back();
    const at::Tensor ratio = at::arange(width, at::kDouble) / static_cast<double>(std::max<int64_t>(1, width - 1));
    return (first + 5.0 * ratio.pow(exponent)).to(at::kFloat).reshape(shape);
}

at::Tensor decay6(const std::vector<int64_t>& shape, const InitContext& context) {
    return decaySpeed(shape, -6.0, 0.7 + 1.3 * context.depth());
}

at::Tensor decay7(const std::vector<int64_t>& shape, const InitContext& context) {
    return decaySpeed(shape, -7.0 + 0.5, 0.85 + std::sqrt(context.depth()));
}

// Layer 0 has no value residual: its parameters exist for the key's sake and are zero.
at::Tensor valueBase(const std::vector<int64_t>& shape, const InitContext& context) {
    return context.layer == 0 ? at::zeros(shape, at::kFloat) : at::ones(shape, at::kFloat);
}

at::Tensor valueSecond(const std::vector<int64_t>& shape, const InitContext& context) {
    return context.layer == 0 ? at::zeros(shape, at::kFloat) : smallOrthogonal(shape, context);
}

struct InitRule {
    std::string_view name;
    Initialiser initialise;
};
constexpr InitRule kRwkv6Rules[] = {
    {"time_maa_x", constant<1000>}, {"time_maa_r", constant<0>},  {"time_maa_k", constant<0>},      {"time_maa_v", constant<0>},
    {"time_maa_w", constant<0>},    {"time_maa_g", constant<0>},  {"time_maa_w1", constant<0>},     {"time_maa_w2", smallUniform},
    {"time_decay", decay6},         {"time_decay_w1", constant<0>}, {"time_decay_w2", smallUniform}, {"gate.weight", constant<0>},
    {"g1", constant<0>},            {"g2", smallOrthogonal},      {"ln_x.weight", constant<1000>},  {"ln_x.bias", constant<0>},
};
constexpr InitRule kRwkv7Rules[] = {
    {"w0", decay7},         {"w1", constant<0>},     {"w2", smallOrthogonal}, {"a0", constant<0>},  {"a1", constant<0>},
    {"a2", smallOrthogonal}, {"v0", valueBase},      {"v1", constant<0>},     {"v2", valueSecond},  {"g1", constant<0>},
    {"g2", smallOrthogonal}, {"gate.weight", constant<0>}, {"k_k", constant<850>}, {"k_a", constant<1000>}, {"r_k", constant<0>},
    {"ln_x.weight", constant<1000>}, {"ln_x.bias", constant<0>},
};

at::Tensor initialise(std::string_view name, const std::vector<int64_t>& shape, const InitContext& context) {
    const auto find = [&](const auto& rules) -> Initialiser {
        for (const InitRule& rule : rules) {
            if (rule.name == name) return rule.initialise;
        }
        return nullptr;
    };
    const bool six = context.config.student->architecture == Architecture::RadRwkv6;
    const Initialiser rule = six ? find(kRwkv6Rules) : find(kRwkv7Rules);
    TORCH_CHECK(rule, "no initialisation is known for ", std::string(name));
    return rule(shape, context);
}

}  // namespace

Result<ModelConfig> studentConfig(const ModelConfig& teacher, const protocol::StudentPlan& plan) {
    if (teacher.isStudent()) return invalidInput("teacher.path: the model is a linear-attention student already; choose a softmax teacher");
    ModelConfig config = teacher;
    io::StudentConfig student;
    student.architecture = plan.architecture;
    student.balanceState = plan.variant == protocol::Variant::Balanced;
    student.groupNorm = !student.balanceState;
    student.rope = plan.rope.value_or(plan.architecture == Architecture::RadRwkv7);
    student.tokenShift = plan.tokenShift.value_or(plan.architecture == Architecture::RadRwkv6);
    student.gate = plan.gate.value_or(plan.architecture == Architecture::RadRwkv6 ? protocol::GateKind::Full : protocol::GateKind::LowRank);
    student.ranks = io::resolveRanks(plan.loraRanks, teacher.hiddenSize);
    for (const int64_t layer : plan.attentionLayers) {
        if (layer < 0 || layer >= teacher.layers) {
            return invalidInput("student.attention_layers: there is no layer {}; the teacher's layers are 0 to {}", layer, teacher.layers - 1);
        }
    }
    student.attentionLayers = plan.attentionLayers;
    std::sort(student.attentionLayers.begin(), student.attentionLayers.end());
    if (static_cast<int64_t>(student.attentionLayers.size()) == teacher.layers) {
        return invalidInput("student.attention_layers: every layer is kept as softmax, so there is nothing to convert; leave at least one out");
    }
    config.student = std::move(student);
    config.tieEmbeddings = false;  // the heads are untied during training (radlads.md 1.1)
    return config;
}

Weights studentWeights(const Weights& teacher, const ModelConfig& student, uint64_t seed) {
    at::Generator random = at::make_generator<at::CPUGeneratorImpl>(seed);
    Weights weights;
    for (const model::ParameterSpec& spec : model::parameterSpecs(student)) {
        if (const auto found = teacher.find(spec.name); found != teacher.end()) {
            weights.emplace(spec.name, found->second.detach().clone());
            continue;
        }
        const std::string_view name = std::string_view(spec.name).substr(spec.name.find(".self_attn.") + 11);
        const int64_t layer = std::stoll(spec.name.substr(std::string_view("model.layers.").size()));
        weights.emplace(spec.name, initialise(name, spec.shape, {student, layer, random}));
    }
    return weights;
}

ModelConfig freshConfig(const protocol::ModelPlan& plan, int64_t vocabSize) {
    ModelConfig config;
    config.vocabSize = vocabSize;
    config.hiddenSize = plan.hiddenSize;
    config.intermediateSize = plan.intermediateSize;
    config.layers = plan.layers;
    config.heads = plan.heads;
    config.kvHeads = plan.kvHeads;
    config.headDim = plan.headDim;
    config.rope.theta = plan.ropeTheta;
    config.tieEmbeddings = plan.tieEmbeddings;
    config.maxPositions = 4096;
    return config;
}

namespace {

double rotaryFrequency(const ModelConfig& config, int64_t i) {
    return std::pow(config.rope.theta, -2.0 * static_cast<double>(i) / static_cast<double>(config.headDim));
}

// Head 0 of layer 0 attends to the previous token: the rotated product of these biases is sum_i c^2 cos(theta_i (t - s - 1)).
void startPreviousTokenHead(Weights& weights, const ModelConfig& config) {
    constexpr double kSize = 5.0;        // of a bias: 0.9 of the attention lies on the previous token
    constexpr double kContent = 0.1;     // what is left of the random content part
    constexpr int64_t kFrequencies = 8;  // the fastest ones
    const std::string prefix = "model.layers.0.self_attn.";
    const int64_t half = config.headDim / 2;
    for (const char* name : {"q_proj.weight", "k_proj.weight"}) weights.at(prefix + name).narrow(0, 0, config.headDim).mul_(kContent);
    at::Tensor query = weights.at(prefix + "q_proj.bias"), key = weights.at(prefix + "k_proj.bias");
    for (int64_t i = 0; i < std::min(kFrequencies, half); ++i) {
        const double frequency = rotaryFrequency(config, i);
        key[i] = kSize;
        query[i] = kSize * std::cos(frequency);
        query[i + half] = -kSize * std::sin(frequency);
    }
}

// The last `reserved` dimensions of the residual stream hold a projection P of the previous token, written by that head alone, and head 0
// of layer 1 compares it with P of the current token: it finds the token that followed the current one before. The comparison lies in
// the rotary dimensions that turn slowly, so that it does not depend on the distance.
void startMatchingHead(Weights& weights, const ModelConfig& config, at::Generator& random) {
    constexpr double kSlowest = 0.003;  // radians a token
    constexpr double kSharpness = 1.6;  // of q and k each: a match has a logit of about 9, another token 0 +- 1.5
    const int64_t half = config.headDim / 2;
    std::vector<int64_t> slow;
    for (int64_t i = 0; i < half; ++i) {
        if (rotaryFrequency(config, i) <= kSlowest) slow.insert(slow.end(), {i, i + half});
    }
    const int64_t reserved = std::min(static_cast<int64_t>(slow.size()), config.hiddenSize / 2), content = config.hiddenSize - reserved;
    at::Tensor projection = at::zeros({reserved, config.hiddenSize}, at::kFloat);
    projection.narrow(1, 0, content).normal_(0, 1.0 / std::sqrt(static_cast<double>(content)), random);

    weights.at("model.embed_tokens.weight").narrow(1, content, reserved).zero_();
    weights.at("model.layers.0.mlp.down_proj.weight").narrow(0, content, reserved).zero_();
    const std::string first = "model.layers.0.self_attn.", second = "model.layers.1.self_attn.";
    weights.at(first + "v_proj.weight").narrow(0, 0, reserved).copy_(projection);
    at::Tensor written = weights.at(first + "o_proj.weight");
    written.narrow(0, content, reserved).zero_();
    written.narrow(0, content, reserved).narrow(1, 0, reserved).copy_(at::eye(reserved) * 0.5);
    at::Tensor query = weights.at(second + "q_proj.weight"), key = weights.at(second + "k_proj.weight");
    query.narrow(0, 0, config.headDim).zero_();
    key.narrow(0, 0, config.headDim).zero_();
    for (int64_t j = 0; j < reserved; ++j) {
        query[slow[static_cast<size_t>(j)]].copy_(projection[j] * kSharpness);
        key[slow[static_cast<size_t>(j)]][content + j] = kSharpness;
    }
}

}  // namespace

Weights freshWeights(const ModelConfig& config, const protocol::ModelPlan& plan, uint64_t seed) {
    at::Generator random = at::make_generator<at::CPUGeneratorImpl>(seed);
    const double depthScale = 1.0 / std::sqrt(2.0 * static_cast<double>(config.layers));
    Weights weights;
    for (const model::ParameterSpec& spec : model::parameterSpecs(config)) {
        const bool vector = spec.shape.size() == 1;
        if (vector) {
            const bool bias = spec.name.ends_with(".bias");
            weights.emplace(spec.name, bias ? at::zeros(spec.shape, at::kFloat) : at::ones(spec.shape, at::kFloat));
            continue;
        }
        double scale = 1.0 / std::sqrt(static_cast<double>(spec.shape[1]));
        if (spec.name.ends_with("o_proj.weight") || spec.name.ends_with("down_proj.weight")) scale *= depthScale;
        if (spec.name == "model.embed_tokens.weight") scale = 0.5;
        if (spec.name == "lm_head.weight") scale = 0.02;
        weights.emplace(spec.name, at::empty(spec.shape, at::kFloat).normal_(0, scale, random));
    }
    if (plan.inductionStart) {
        startPreviousTokenHead(weights, config);
        startMatchingHead(weights, config, random);
    }
    return weights;
}

}  // namespace radlads::convert
