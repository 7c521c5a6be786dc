// The demo's skills: which words of fresh stories a model predicts, by skill and by how far back the answer lies.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/convert/losses.h"
#include "engine/io/tokenizer.h"
#include "resources/demo/story_generator.h"

namespace radlads::evaluate {

inline constexpr demo::Skill kSkills[] = {demo::Skill::Recall, demo::Skill::Copy, demo::Skill::Count, demo::Skill::Arithmetic};
struct DistanceBand {
    int32_t from, to;  // [from, to) words
};
inline constexpr DistanceBand kBands[] = {{1, 16}, {16, 32}, {32, 64}, {64, 128}, {128, 256}};

struct Score {
    int64_t right = 0, count = 0;
    double value() const;          // share of words of which every token was the likeliest one; NaN if count is 0
    double standardError() const;  // binomial
};
struct SkillScores {
    std::array<Score, std::size(kSkills)> skills;
    std::array<Score, std::size(kBands)> recallBands;
    double meanLoss = 0;  // nats a token over all tokens of the windows
    int64_t tokens = 0;
    double perplexity() const;
};

// A window of stories, tokenised word by word.
struct SkillWindow {
    std::vector<int32_t> ids;  // length + 1
    struct ScoredWord {
        int64_t first = 0, count = 0;  // token positions in ids
        demo::Skill skill = demo::Skill::Text;
        int32_t distance = 0;
    };
    std::vector<ScoredWord> words;
};
// `count` windows of `length` + 1 tokens, each from a story's start, of seeds that depend on `seed` alone.
std::vector<SkillWindow> skillWindows(const io::Tokenizer& tokenizer, int64_t count, int64_t length, uint64_t seed);
// Windows done, of all; called by one thread at a time; false stops, and what is done counts.
using SkillProgress = std::function<bool(size_t done, size_t total)>;
// zeroMixers: the floor, every mixer's output replaced by zero.
SkillScores scoreSkills(convert::ModelView model, const std::vector<SkillWindow>& windows, size_t threads, bool zeroMixers = false,
                        const SkillProgress& progress = {});

// (score - floor) / (teacher - floor), and its standard error with teacher and floor taken as exact.
struct RelativeScore {
    double value = 0, standardError = 0;
};
RelativeScore relativeScore(const Score& score, const Score& teacher, const Score& floor);
double meanRelativeSkill(const SkillScores& scores, const SkillScores& teacher, const SkillScores& floor);

}  // namespace radlads::evaluate
