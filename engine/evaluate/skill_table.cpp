#include "engine/evaluate/skill_table.h"

#include <fmt/format.h>

#include <cmath>

namespace radlads::evaluate {
namespace {

using nlohmann::ordered_json;

constexpr int kLabelWidth = 22, kColumnWidth = 15;

std::string row(const std::string& label, const std::vector<std::string>& cells) {
    std::string line = fmt::format("{:<{}}", label, kLabelWidth);
    for (const std::string& cell : cells) line += fmt::format("{:>{}}", cell, kColumnWidth);
    return line + "\n";
}

std::string bandName(const DistanceBand& band) {
    return fmt::format("{} to {}", band.from, band.to);
}

std::string scoreCell(const Score& score) {
    return score.count == 0 ? "-" : fmt::format("{:.3f} ±{:.3f}", score.value(), score.standardError());
}

// "±" is two bytes and one column: fmt pads by columns, so nothing more is needed.
std::string relativeCell(const Score& score, const Score& teacher, const Score& floor) {
    if (score.count == 0) return "-";
    const RelativeScore relative = relativeScore(score, teacher, floor);
    return fmt::format("{:.3f} ±{:.3f}", relative.value, relative.standardError);
}

ordered_json scoreToJson(const Score& score) {
    ordered_json value{{"score", nullptr}, {"standard_error", nullptr}, {"count", score.count}};
    if (score.count > 0) {
        value["score"] = score.value();
        value["standard_error"] = score.standardError();
    }
    return value;
}

}  // namespace

std::string skillTable(const std::vector<SkillColumn>& columns, const SkillScores& floor) {
    const SkillScores& teacher = columns.front().scores;
    const auto cells = [&](auto&& cell) {
        std::vector<std::string> values{cell(floor)};
        for (const SkillColumn& column : columns) values.push_back(cell(column.scores));
        return values;
    };
    std::vector<std::string> names{"floor"};
    for (const SkillColumn& column : columns) names.push_back(column.name);
    std::string table = row("", names);
    table += row("perplexity", cells([](const SkillScores& s) { return fmt::format("{:.3f}", s.perplexity()); }));
    table += row("  over teacher's", cells([&](const SkillScores& s) { return fmt::format("{:.3f}", s.perplexity() / teacher.perplexity()); }));
    for (size_t i = 0; i < std::size(kSkills); ++i) {
        table += row(demo::toString(kSkills[i]), cells([&](const SkillScores& s) { return scoreCell(s.skills[i]); }));
        table += row("  relative", cells([&](const SkillScores& s) { return relativeCell(s.skills[i], teacher.skills[i], floor.skills[i]); }));
    }
    table += row("mean relative skill", cells([&](const SkillScores& s) { return fmt::format("{:.3f}", meanRelativeSkill(s, teacher, floor)); }));
    for (size_t b = 0; b < std::size(kBands); ++b) {
        if (teacher.recallBands[b].count == 0) continue;
        table += row("recall " + bandName(kBands[b]), cells([&](const SkillScores& s) { return scoreCell(s.recallBands[b]); }));
    }
    table += row("  words in each band", [&] {
        std::string counts;
        for (const Score& band : teacher.recallBands) counts += fmt::format("{}{}", counts.empty() ? "" : ", ", band.count);
        return std::vector<std::string>{"  " + counts};
    }());
    return table;
}

ordered_json skillsToJson(const SkillScores& scores) {
    ordered_json value{{"perplexity", scores.perplexity()}, {"tokens", scores.tokens}, {"skills", ordered_json::object()}, {"recall_by_distance", ordered_json::object()}};
    for (size_t i = 0; i < std::size(kSkills); ++i) value["skills"][demo::toString(kSkills[i])] = scoreToJson(scores.skills[i]);
    for (size_t b = 0; b < std::size(kBands); ++b) {
        value["recall_by_distance"][fmt::format("{}-{}", kBands[b].from, kBands[b].to)] = scoreToJson(scores.recallBands[b]);
    }
    return value;
}

ordered_json relativeToJson(const SkillScores& scores, const SkillScores& teacher, const SkillScores& floor) {
    ordered_json value{{"perplexity_ratio", scores.perplexity() / teacher.perplexity()}, {"mean_relative_skill", meanRelativeSkill(scores, teacher, floor)}};
    for (size_t i = 0; i < std::size(kSkills); ++i) {
        const RelativeScore relative = relativeScore(scores.skills[i], teacher.skills[i], floor.skills[i]);
        value["skills"][demo::toString(kSkills[i])] = {{"score", relative.value}, {"standard_error", relative.standardError}};
    }
    for (size_t b = 0; b < std::size(kBands); ++b) {
        if (scores.recallBands[b].count == 0) continue;
        value["recall_over_teacher"][fmt::format("{}-{}", kBands[b].from, kBands[b].to)] = scores.recallBands[b].value() / teacher.recallBands[b].value();
    }
    return value;
}

}  // namespace radlads::evaluate
