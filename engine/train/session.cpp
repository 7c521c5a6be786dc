#include "engine/train/session.h"

#include <algorithm>

#include "engine/convert/setup.h"
#include "engine/model/compat.h"
#include "engine/model/device.h"
#include "engine/model/precision.h"
#include "engine/model/threads.h"
#include "engine/run/estimate.h"
#include "engine/run/run_directory.h"
#include "engine/run/support.h"

namespace radlads::train {

using protocol::StepKind;

fs::path resolveTeacherPath(const std::string& path) {
    return path == "demo" ? run::resourcesDirectory() / "demo" / "teacher" : fs::path(path);
}

fs::path tokenizerPath(const protocol::Plan& plan) {
    return resolveTeacherPath(plan.data.tokenizer.empty() ? plan.teacher.path : plan.data.tokenizer);
}

Status checkSupported(const protocol::Plan& plan, const run::Machine& machine) {
    const protocol::HardwarePlan& hardware = plan.hardware;
    const run::Support support = run::supportOf(machine);
    RADLADS_TRY_ASSIGN(const at::Device device, model::openDevice(hardware.device, "hardware.device"));
    if (device.is_cpu()) RADLADS_TRY(run::checkPrecision(machine, "hardware.precision", protocol::toString(hardware.precision)));
    if (!device.is_cpu() && hardware.precision == protocol::Precision::Fp16) {
        return invalidInput("hardware.precision: fp16 is for processors; on a GPU use \"bf16\"");
    }
    if (hardware.ranks != 1) return invalidInput("hardware.ranks: {} processes are not available yet; use 1 (all cores are used by threads)", hardware.ranks);
    if (!run::contains(support.sharding, hardware.sharding)) return invalidInput("hardware.sharding: {} needs several ranks; use \"none\"", hardware.sharding);
    if (!run::contains(support.activationCheckpointing, hardware.activationCheckpointing)) {
        return invalidInput("hardware.activation_checkpointing: \"on\" is not available yet; use \"auto\" and a smaller micro_batch_size to save memory");
    }
    if (!plan.evaluation.tasks.empty()) {
        return invalidInput("evaluation.tasks: a run evaluates by its validation loss alone so far; leave the list empty and use `radlads-engine evaluate` after it");
    }
    for (size_t i = 0; i < plan.exports.size(); ++i) {
        if (plan.exports[i].format != "hf") return invalidInput("export[{}].format: {} cannot be written yet; use \"hf\"", i, plan.exports[i].format);
    }
    return {};
}

Result<std::unique_ptr<Session>> Session::open(const protocol::Plan& plan, const data::ProgressCallback& progress) {
    RADLADS_TRY(checkSupported(plan));
    std::unique_ptr<Session> session(new Session);
    session->m_plan = plan;
    RADLADS_TRY_ASSIGN(const at::Device device, model::openDevice(plan.hardware.device, "hardware.device"));
    model::prepareDevice(device, plan.hardware.precision);
    session->m_threads = plan.hardware.threads > 0 ? static_cast<size_t>(plan.hardware.threads) : model::defaultThreads();
    RADLADS_TRY_ASSIGN(session->m_tokenizer, io::Tokenizer::load(tokenizerPath(plan)));
    const uint64_t seed = static_cast<uint64_t>(plan.seed);
    if (plan.student.architecture == protocol::Architecture::Softmax) {
        session->m_config = convert::freshConfig(*plan.model, session->m_tokenizer.vocabSize());
        if (const auto eos = session->m_tokenizer.eosToken()) session->m_config.eosTokens = {*eos};
        session->m_weights = convert::freshWeights(session->m_config, *plan.model, seed);
    } else {
        RADLADS_TRY_ASSIGN(session->m_teacher, model::loadCheckpoint(resolveTeacherPath(plan.teacher.path)));
        RADLADS_TRY_ASSIGN(session->m_config, convert::studentConfig(session->m_teacher->config, plan.student));
        session->m_weights = convert::studentWeights(session->m_teacher->weights, session->m_config, seed);
        if (plan.teacher.dtype == "bfloat16") model::holdInBfloat16(session->m_teacher->weights);
        model::moveTo(session->m_teacher->weights, device);
    }
    model::moveTo(session->m_weights, device);
    if (!device.is_cpu()) {
        session->m_threads = 1;  // a GPU has one queue; it is the micro-batches that must be large
        for (protocol::StepPlan& step : session->m_plan.steps)
            step.microBatchSize = run::gpuMicroBatch(step);
    }

    const int64_t vocab = std::max(session->m_config.vocabSize, session->m_tokenizer.vocabSize());
    const auto openAll = [&](const std::vector<protocol::SourcePlan>& sources, std::vector<data::TokenStore>& stores) -> Status {
        for (const protocol::SourcePlan& source : sources) {
            RADLADS_TRY_ASSIGN(data::TokenStore store,
                               data::openSource(source, session->m_tokenizer, plan.data.appendEos, vocab, run::cacheDirectory(), progress));
            if (store.maxToken() >= session->m_config.vocabSize) {
                return invalidInput("{}: token id {} is outside the model's vocabulary of {}; the data was tokenised for another model", source.path,
                                    store.maxToken(), session->m_config.vocabSize);
            }
            stores.push_back(std::move(store));
        }
        return {};
    };
    RADLADS_TRY(openAll(plan.data.sources, session->m_stores));
    RADLADS_TRY(openAll(plan.data.validation.sources, session->m_validationStores));
    return session;
}

fs::path Session::tokenizerDirectory() const {
    const fs::path path = tokenizerPath(m_plan);
    return fs::is_directory(path) ? path : path.parent_path();
}

void Session::setTrainable(const protocol::StepPlan& step) {
    // Step 3a (radlads.md 5.4): decay and token-shift parameters of the mixers.
    constexpr const char* kDecay[] = {"time_maa_w", "time_maa_w1", "time_maa_w2", "time_decay", "time_decay_w1", "time_decay_w2", "w0", "w1", "w2"};
    for (auto& [name, tensor] : m_weights) {
        const size_t at = name.find(".self_attn.");
        const bool mixer = at != std::string::npos;
        bool train = step.train == protocol::Trainable::All || mixer;
        if (step.train == protocol::Trainable::MixerDecay) {
            train = mixer && std::find(std::begin(kDecay), std::end(kDecay), name.substr(at + 11)) != std::end(kDecay);
        }
        if (step.kind == StepKind::Align) {
            train = train && mixer && !m_config.keepsAttention(std::stoll(name.substr(std::string_view("model.layers.").size())));
        }
        tensor.set_requires_grad(train);
    }
}

LossFunction Session::lossFunction(const protocol::StepPlan& step) const {
    switch (*step.loss) {
        case protocol::Loss::AlignL2:
        case protocol::Loss::AlignMse:
            return [this, loss = *step.loss](const at::Tensor& tokens) {
                const model::PrecisionScope scope(m_plan.hardware.precision);
                return convert::alignLoss(teacher(), model(), tokens.narrow(1, 0, tokens.size(1) - 1), loss);
            };
        case protocol::Loss::Kl:
            return [this](const at::Tensor& tokens) {
                const model::PrecisionScope scope(m_plan.hardware.precision);
                return convert::distillLoss(teacher(), model(), tokens);
            };
        case protocol::Loss::CrossEntropy:
            return [this](const at::Tensor& tokens) {
                const model::PrecisionScope scope(m_plan.hardware.precision);
                return convert::crossEntropyLoss(model(), tokens);
            };
    }
    return {};
}

double Session::validationLoss(const protocol::StepPlan& step, const data::BatchSampler& sampler) const {
    const int64_t windows = m_validationStores.empty() ? sampler.validationWindows() : m_plan.data.validation.windows;
    const int64_t count = std::min(windows, m_plan.data.validation.windows);
    std::vector<double> losses(static_cast<size_t>(count));
    model::parallelTasks(losses.size(), m_threads, [&](size_t i) {
        const model::PrecisionScope scope(m_plan.hardware.precision);
        std::vector<int32_t> ids(static_cast<size_t>(step.sequenceLength + 1));
        if (m_validationStores.empty()) {
            sampler.validationSample(static_cast<int64_t>(i), ids);
        } else {
            sampler.sample(static_cast<int64_t>(i), ids);
        }
        const at::Tensor tokens = toTokens(ids, 1);
        switch (*step.loss) {
            case protocol::Loss::AlignL2:
            case protocol::Loss::AlignMse:
                losses[i] = convert::alignLossValue(teacher(), model(), tokens.narrow(1, 0, step.sequenceLength), *step.loss);
                break;
            case protocol::Loss::Kl: losses[i] = convert::distillLossValue(teacher(), model(), tokens); break;
            case protocol::Loss::CrossEntropy: losses[i] = convert::crossEntropyLossValue(model(), tokens); break;
        }
    });
    double sum = 0;
    for (const double loss : losses) sum += loss;
    return sum / static_cast<double>(count);
}

Result<data::BatchSampler> Session::sampler(size_t stepIndex) const {
    const protocol::StepPlan& step = m_plan.steps[stepIndex];
    int64_t longest = 0;
    for (const protocol::StepPlan& other : m_plan.steps) longest = std::max(longest, other.sequenceLength);
    const int64_t heldOut = m_validationStores.empty() ? (m_plan.data.validation.windows * longest + step.sequenceLength - 1) / step.sequenceLength : 0;
    std::vector<double> weights;
    for (const protocol::SourcePlan& source : m_plan.data.sources) weights.push_back(source.weight);
    const uint64_t seed = static_cast<uint64_t>(m_plan.seed) * 1000003 + stepIndex;
    return data::BatchSampler::create(m_stores, weights, m_plan.data.sampler, step.sequenceLength, seed, heldOut);
}

Result<std::optional<data::BatchSampler>> Session::validationSampler(size_t stepIndex) const {
    if (m_validationStores.empty()) return std::optional<data::BatchSampler>();
    std::vector<double> weights;
    for (const protocol::SourcePlan& source : m_plan.data.validation.sources) weights.push_back(source.weight);
    RADLADS_TRY_ASSIGN(data::BatchSampler sampler,
                       data::BatchSampler::create(m_validationStores, weights, protocol::SamplerKind::Shuffle, m_plan.steps[stepIndex].sequenceLength,
                                                  static_cast<uint64_t>(m_plan.seed), 0));
    return std::optional<data::BatchSampler>(std::move(sampler));
}

}  // namespace radlads::train
