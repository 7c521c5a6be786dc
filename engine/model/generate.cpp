#include "engine/model/generate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "engine/model/compat.h"

namespace radlads::model {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

void penaliseRepeats(std::vector<float>& logits, const std::vector<int32_t>& history, const SamplingOptions& options) {
    if (options.repeatPenalty == 1.0) return;
    const size_t window = std::min(history.size(), static_cast<size_t>(std::max<int64_t>(0, options.repeatLastN)));
    std::vector<int32_t> recent(history.end() - static_cast<std::ptrdiff_t>(window), history.end());
    std::sort(recent.begin(), recent.end());
    recent.erase(std::unique(recent.begin(), recent.end()), recent.end());
    for (const int32_t id : recent) {
        float& logit = logits[static_cast<size_t>(id)];
        logit = static_cast<float>(logit > 0 ? logit / options.repeatPenalty : logit * options.repeatPenalty);
    }
}

// top-k, then top-p, then min-p, then a draw; the same order as llama.cpp's default chain.
int32_t sampleToken(std::vector<float> logits, const std::vector<int32_t>& history, const SamplingOptions& options, std::mt19937_64& random) {
    penaliseRepeats(logits, history, options);
    if (options.temperature <= 0) return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    std::vector<int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    size_t kept = order.size();
    if (options.topK > 0) kept = std::min(kept, static_cast<size_t>(options.topK));
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                      [&](int32_t a, int32_t b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); });
    std::vector<double> weights(kept);
    double total = 0;
    for (size_t i = 0; i < kept; ++i) total += weights[i] = std::exp((logits[order[i]] - logits[order[0]]) / options.temperature);
    double running = 0;
    size_t count = 0;
    while (count < kept && (count == 0 || (running < options.topP * total && weights[count] >= options.minP * weights[0]))) running += weights[count++];
    // A 53-bit draw by hand: std::uniform_real_distribution differs between standard libraries.
    double draw = static_cast<double>(random() >> 11) * 0x1p-53 * running;
    size_t chosen = 0;
    while (chosen + 1 < count && (draw -= weights[chosen]) >= 0) ++chosen;
    return order[chosen];
}

}  // namespace

GenerationResult generate(const Weights& weights, const io::ModelConfig& config, std::span<const int32_t> prompt, int64_t maxTokens,
                          const SamplingOptions& options, const GenerationObserver& observer) {
    const c10::NoGradGuard noGrad;
    GenerationResult result;
    DecoderState state = emptyState(config);
    std::mt19937_64 random(options.seed);
    std::vector<int32_t> history(prompt.begin(), prompt.end());
    const auto step = [&](std::span<const int32_t> ids) {
        const at::Tensor tokens = at::tensor(at::ArrayRef<int32_t>(ids.data(), ids.size()), at::kLong).unsqueeze(0);
        const at::Tensor hidden = hiddenStates(weights, config, tokens, {.state = &state});
        const at::Tensor last = headLogits(weights, hidden.select(1, hidden.size(1) - 1)).to(at::kCPU, at::kFloat).contiguous();
        return std::vector<float>(last.data_ptr<float>(), last.data_ptr<float>() + last.numel());
    };

    auto start = Clock::now();
    // Prefill in pieces: the memory of a long prompt stays bounded.
    constexpr size_t kPrefill = 2048;
    std::vector<float> logits;
    bool goesOn = true;
    for (size_t offset = 0; goesOn && offset < prompt.size(); offset += kPrefill) {
        logits = step(prompt.subspan(offset, std::min(kPrefill, prompt.size() - offset)));
        goesOn = !observer || observer({{}, state.position, state.sizeBytes(), 0});
    }
    result.promptSeconds = secondsSince(start);
    start = Clock::now();
    while (goesOn && static_cast<int64_t>(result.tokens.size()) < maxTokens) {
        if (options.ignoreEnd)
            for (const int64_t end : config.eosTokens)
                if (end >= 0 && end < static_cast<int64_t>(logits.size())) logits[static_cast<size_t>(end)] = -std::numeric_limits<float>::infinity();
        const int32_t next = sampleToken(std::move(logits), history, options, random);
        if (std::find(config.eosTokens.begin(), config.eosTokens.end(), next) != config.eosTokens.end()) {
            result.ended = true;
            break;
        }
        result.tokens.push_back(next);
        history.push_back(next);
        if (observer && !observer({next, state.position, state.sizeBytes(), secondsSince(start)})) break;
        logits = step({&next, 1});
    }
    result.generateSeconds = secondsSince(start);
    result.stateBytes = state.sizeBytes();
    return result;
}

}  // namespace radlads::model
