// Perplexity, and agreement with a teacher, over windows of tokens.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/convert/losses.h"

namespace radlads::evaluate {

struct PerplexityResult {
    double meanLoss = 0;       // nats a token
    double standardError = 0;  // of meanLoss, from the spread over windows
    int64_t tokens = 0;
    double perplexity() const;
};
struct AgreementResult {
    double agreement = 0;      // share of positions where both models' likeliest next token is the same
    double standardError = 0;  // of agreement, over windows
    double meanKl = 0;         // KL(teacher || model), nats a token
};
struct WindowScores {
    PerplexityResult model;
    std::optional<PerplexityResult> teacher;
    std::optional<AgreementResult> agreement;
};

// windows: each T + 1 ids; every window starts from an empty state. progress(done, total) after each; false stops (what is done counts).
WindowScores scoreWindows(convert::ModelView model, std::optional<convert::ModelView> teacher, const std::vector<std::vector<int32_t>>& windows,
                          size_t threads, const std::function<bool(size_t, size_t)>& progress = {});

}  // namespace radlads::evaluate
