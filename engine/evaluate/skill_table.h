// The demo's result as a table for people and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/evaluate/skills.h"

namespace radlads::evaluate {

struct SkillColumn {
    std::string name;  // "teacher", "setup", "step 1", ...
    SkillScores scores;
};
// The first column is the teacher; the others are put in relation to it above the floor.
std::string skillTable(const std::vector<SkillColumn>& columns, const SkillScores& floor);
nlohmann::ordered_json skillsToJson(const SkillScores& scores);
nlohmann::ordered_json relativeToJson(const SkillScores& scores, const SkillScores& teacher, const SkillScores& floor);

}  // namespace radlads::evaluate
