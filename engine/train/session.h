// All that a run computes with, made from its plan: teacher, tokenizer, data, and the model that is trained.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "engine/convert/losses.h"
#include "engine/data/sampler.h"
#include "engine/data/token_store.h"
#include "engine/io/tokenizer.h"
#include "engine/protocol/plan.h"
#include "engine/run/machine.h"
#include "engine/train/updater.h"

namespace radlads::train {

namespace fs = std::filesystem;

// "demo" is the embedded teacher in the resources directory.
fs::path resolveTeacherPath(const std::string& path);
// The tokenizer directory or file of a plan.
fs::path tokenizerPath(const protocol::Plan& plan);

// Only what this build can do on `machine`, a CPU; exports as hf. InvalidInput names the key and the choice that works otherwise.
Status checkSupported(const protocol::Plan& plan, const run::Machine& machine = run::describeMachine());

class Session {
public:
    // Loads teacher and tokenizer, opens or prepares the data, and sets up the student (or the fresh model of a pretrain plan).
    static Result<std::unique_ptr<Session>> open(const protocol::Plan& plan, const data::ProgressCallback& progress);

    const protocol::Plan& plan() const { return m_plan; }
    const io::Tokenizer& tokenizer() const { return m_tokenizer; }
    const io::ModelConfig& config() const { return m_config; }
    model::Weights& weights() { return m_weights; }
    bool hasTeacher() const { return m_teacher.has_value(); }
    convert::ModelView teacher() const { return {m_teacher->weights, m_teacher->config}; }
    convert::ModelView model() const { return {m_weights, m_config}; }
    size_t threads() const { return m_threads; }
    fs::path tokenizerDirectory() const;

    // Sets which parameters ask for gradients in a step; false for all with `none`.
    void setTrainable(const protocol::StepPlan& step);
    LossFunction lossFunction(const protocol::StepPlan& step) const;
    double validationLoss(const protocol::StepPlan& step, const data::BatchSampler& sampler) const;
    // The sampler of a step; its validation windows are held out of every step's training windows.
    Result<data::BatchSampler> sampler(size_t stepIndex) const;
    Result<std::optional<data::BatchSampler>> validationSampler(size_t stepIndex) const;

private:
    Session() = default;
    protocol::Plan m_plan;
    io::Tokenizer m_tokenizer;
    std::optional<model::Checkpoint> m_teacher;
    io::ModelConfig m_config;
    model::Weights m_weights;
    std::vector<data::TokenStore> m_stores, m_validationStores;
    size_t m_threads = 1;
};

}  // namespace radlads::train
