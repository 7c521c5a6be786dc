#include "engine/evaluate/perplexity.h"

#include <atomic>
#include <cmath>
#include <mutex>

#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/threads.h"

namespace radlads::evaluate {
namespace {

// Logits of one window at a time are kept to this many tokens.
constexpr int64_t kTokenChunk = 512;

struct WindowScore {
    bool done = false;
    double loss = 0, teacherLoss = 0, kl = 0;  // sums over tokens
    int64_t agreeing = 0, tokens = 0;
};

WindowScore scoreWindow(convert::ModelView model, const std::optional<convert::ModelView>& teacher, const std::vector<int32_t>& ids) {
    const c10::NoGradGuard noGrad;
    const at::Tensor all = at::tensor(at::ArrayRef<int32_t>(ids.data(), ids.size()), at::kLong).to(model.weights.at("model.norm.weight").device());
    const int64_t length = all.size(0) - 1;
    const at::Tensor inputs = all.narrow(0, 0, length).unsqueeze(0), labels = all.narrow(0, 1, length).unsqueeze(1);
    const at::Tensor hidden = model::hiddenStates(model.weights, model.config, inputs)[0];
    at::Tensor teacherHidden;
    if (teacher) teacherHidden = model::hiddenStates(teacher->weights, teacher->config, inputs)[0];
    WindowScore score;
    score.done = true;
    score.tokens = length;
    for (int64_t start = 0; start < length; start += kTokenChunk) {
        const int64_t size = std::min(kTokenChunk, length - start);
        const at::Tensor own = at::log_softmax(model::headLogits(model.weights, hidden.narrow(0, start, size)), -1), label = labels.narrow(0, start, size);
        score.loss -= own.gather(1, label).sum(at::kDouble).item<double>();
        if (!teacher) continue;
        const at::Tensor theirs = at::log_softmax(model::headLogits(teacher->weights, teacherHidden.narrow(0, start, size)), -1);
        score.teacherLoss -= theirs.gather(1, label).sum(at::kDouble).item<double>();
        score.kl += (theirs.exp() * (theirs - own)).sum(at::kDouble).item<double>();
        score.agreeing += own.argmax(-1).eq(theirs.argmax(-1)).sum().item<int64_t>();
    }
    return score;
}

struct Mean {
    double value = 0, standardError = 0;
};
// Mean a token and its standard error, where windows are the independent units.
Mean meanOverWindows(const std::vector<WindowScore>& scores, const std::function<double(const WindowScore&)>& sum) {
    double total = 0, tokens = 0, count = 0;
    for (const WindowScore& score : scores) {
        total += sum(score);
        tokens += static_cast<double>(score.tokens);
        count += 1;
    }
    const double mean = total / tokens;
    double squares = 0;
    for (const WindowScore& score : scores) squares += std::pow(sum(score) / static_cast<double>(score.tokens) - mean, 2);
    return {mean, count > 1 ? std::sqrt(squares / (count - 1) / count) : 0.0};
}

}  // namespace

double PerplexityResult::perplexity() const {
    return std::exp(meanLoss);
}

WindowScores scoreWindows(convert::ModelView model, std::optional<convert::ModelView> teacher, const std::vector<std::vector<int32_t>>& windows,
                          size_t threads, const std::function<bool(size_t, size_t)>& progress) {
    std::vector<WindowScore> scores(windows.size());
    std::atomic<bool> stopped{false};
    std::mutex mutex;
    size_t finished = 0;
    model::parallelTasks(windows.size(), threads, [&](size_t i) {
        if (stopped) return;
        scores[i] = scoreWindow(model, teacher, windows[i]);
        const std::lock_guard lock(mutex);
        if (progress && !progress(++finished, windows.size())) stopped = true;
    });
    std::erase_if(scores, [](const WindowScore& score) { return !score.done; });
    WindowScores result;
    if (scores.empty()) return result;
    for (const WindowScore& score : scores) result.model.tokens += score.tokens;
    const Mean own = meanOverWindows(scores, [](const WindowScore& s) { return s.loss; });
    result.model.meanLoss = own.value;
    result.model.standardError = own.standardError;
    if (!teacher) return result;
    const Mean theirs = meanOverWindows(scores, [](const WindowScore& s) { return s.teacherLoss; });
    const Mean agreeing = meanOverWindows(scores, [](const WindowScore& s) { return static_cast<double>(s.agreeing); });
    result.teacher = PerplexityResult{theirs.value, theirs.standardError, result.model.tokens};
    result.agreement = AgreementResult{agreeing.value, agreeing.standardError, meanOverWindows(scores, [](const WindowScore& s) { return s.kl; }).value};
    return result;
}

}  // namespace radlads::evaluate
