#include "engine/evaluate/skills.h"

#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>

#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/threads.h"

namespace radlads::evaluate {
namespace {

constexpr size_t kWindowsPerBatch = 8;
constexpr uint64_t kSeedStride = 1000003;

struct BatchScore {
    SkillScores scores;
    double lossSum = 0;
};

void add(Score& to, bool right) {
    to.right += right ? 1 : 0;
    to.count += 1;
}

BatchScore scoreBatch(convert::ModelView model, const std::vector<SkillWindow>& windows, size_t first, size_t count, bool zeroMixers) {
    const c10::NoGradGuard noGrad;
    const int64_t length = static_cast<int64_t>(windows[first].ids.size()) - 1;
    std::vector<int64_t> ids;
    for (size_t w = first; w < first + count; ++w) ids.insert(ids.end(), windows[w].ids.begin(), windows[w].ids.end());
    const at::Tensor all = at::tensor(ids, at::kLong).reshape({static_cast<int64_t>(count), length + 1}).to(model.weights.at("model.norm.weight").device());
    const at::Tensor labels = all.narrow(1, 1, length);
    const at::Tensor logits =
        at::log_softmax(model::logits(model.weights, model.config, all.narrow(1, 0, length), {.zeroMixers = zeroMixers}), -1);
    BatchScore batch;
    batch.lossSum = -logits.gather(2, labels.unsqueeze(2)).sum(at::kDouble).item<double>();
    batch.scores.tokens = static_cast<int64_t>(count) * length;
    const at::Tensor hits = logits.argmax(-1).eq(labels).to(at::kCPU).contiguous();
    const bool* hit = hits.data_ptr<bool>();
    for (size_t w = 0; w < count; ++w) {
        for (const SkillWindow::ScoredWord& word : windows[first + w].words) {
            bool right = true;
            for (int64_t i = 0; i < word.count; ++i) right = right && hit[static_cast<int64_t>(w) * length + word.first + i - 1];
            for (size_t s = 0; s < std::size(kSkills); ++s) {
                if (kSkills[s] == word.skill) add(batch.scores.skills[s], right);
            }
            if (word.skill != demo::Skill::Recall) continue;
            for (size_t b = 0; b < std::size(kBands); ++b) {
                if (word.distance >= kBands[b].from && word.distance < kBands[b].to) add(batch.scores.recallBands[b], right);
            }
        }
    }
    return batch;
}

}  // namespace

double Score::value() const {
    return count == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(right) / static_cast<double>(count);
}

double Score::standardError() const {
    return count == 0 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(value() * (1.0 - value()) / static_cast<double>(count));
}

double SkillScores::perplexity() const {
    return std::exp(meanLoss);
}

std::vector<SkillWindow> skillWindows(const io::Tokenizer& tokenizer, int64_t count, int64_t length, uint64_t seed) {
    std::vector<SkillWindow> windows(static_cast<size_t>(count));
    for (size_t i = 0; i < windows.size(); ++i) {
        SkillWindow& window = windows[i];
        // A long prime keeps the stories of one window apart from those of the next.
        for (uint64_t part = 0; static_cast<int64_t>(window.ids.size()) <= length; ++part) {
            for (const demo::Word& word : demo::story((seed * kSeedStride + i) * kSeedStride + part)) {
                const int64_t first = static_cast<int64_t>(window.ids.size());
                tokenizer.encode(word.text, window.ids);
                const int64_t size = static_cast<int64_t>(window.ids.size()) - first;
                if (word.skill != demo::Skill::Text && first > 0 && first + size <= length + 1) window.words.push_back({first, size, word.skill, word.distance});
            }
            if (const auto eos = tokenizer.eosToken()) window.ids.push_back(*eos);
        }
        window.ids.resize(static_cast<size_t>(length) + 1);
    }
    return windows;
}

SkillScores scoreSkills(convert::ModelView model, const std::vector<SkillWindow>& windows, size_t threads, bool zeroMixers,
                        const SkillProgress& progress) {
    const size_t batches = (windows.size() + kWindowsPerBatch - 1) / kWindowsPerBatch;
    std::vector<BatchScore> parts(batches);
    std::atomic<bool> stopped{false};
    std::mutex mutex;
    size_t done = 0;
    model::parallelTasks(batches, threads, [&](size_t b) {
        if (stopped) return;
        const size_t first = b * kWindowsPerBatch, count = std::min(kWindowsPerBatch, windows.size() - first);
        parts[b] = scoreBatch(model, windows, first, count, zeroMixers);
        const std::lock_guard lock(mutex);
        done += count;
        if (progress && !progress(done, windows.size())) stopped = true;
    });
    SkillScores total;
    double lossSum = 0;
    for (const BatchScore& part : parts) {
        for (size_t s = 0; s < total.skills.size(); ++s) {
            total.skills[s].right += part.scores.skills[s].right;
            total.skills[s].count += part.scores.skills[s].count;
        }
        for (size_t b = 0; b < total.recallBands.size(); ++b) {
            total.recallBands[b].right += part.scores.recallBands[b].right;
            total.recallBands[b].count += part.scores.recallBands[b].count;
        }
        total.tokens += part.scores.tokens;
        lossSum += part.lossSum;
    }
    total.meanLoss = lossSum / static_cast<double>(total.tokens);
    return total;
}

RelativeScore relativeScore(const Score& score, const Score& teacher, const Score& floor) {
    const double span = teacher.value() - floor.value();
    return {(score.value() - floor.value()) / span, score.standardError() / span};
}

double meanRelativeSkill(const SkillScores& scores, const SkillScores& teacher, const SkillScores& floor) {
    double sum = 0;
    for (size_t s = 0; s < scores.skills.size(); ++s) sum += relativeScore(scores.skills[s], teacher.skills[s], floor.skills[s]).value;
    return sum / static_cast<double>(scores.skills.size());
}

}  // namespace radlads::evaluate
