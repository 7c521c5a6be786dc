// Right and wrong answers of a model to the demo's skills, for people to read beside the scores.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluate/skills.h"

namespace radlads::evaluate {

// One word that a model had to predict.
struct SkillAnswer {
    demo::Skill skill = demo::Skill::Text;
    int32_t distance = 0;  // as in demo::Word
    std::string prompt;    // the story before the word, at most its last 600 bytes
    std::string expected, given;  // with their leading space; given: the likeliest tokens up to the first wrong one
    bool right = false;
    std::optional<std::string> teacherGiven;
};

// Of the words of the first 24 windows at most `wrong` wrong and `right` right answers of each skill, in the order of the
// windows; the same windows give the same words for every model whose answers are the same.
std::vector<SkillAnswer> sampleAnswers(convert::ModelView model, const std::optional<convert::ModelView>& teacher,
                                       const io::Tokenizer& tokenizer, const std::vector<SkillWindow>& windows, size_t threads,
                                       size_t wrong = 3, size_t right = 2);
// [{"skill", "distance", "prompt", "expected", "given", "right", "teacher_given"}]
nlohmann::ordered_json answersToJson(const std::vector<SkillAnswer>& answers);

}  // namespace radlads::evaluate
