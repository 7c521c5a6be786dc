#include "engine/evaluate/skill_samples.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/model/compat.h"
#include "engine/model/decoder.h"
#include "engine/model/threads.h"

namespace radlads::evaluate {
namespace {

constexpr size_t kWindows = 24, kPromptBytes = 600;

// The likeliest next token at every position of a window.
std::vector<int32_t> likeliest(convert::ModelView model, const SkillWindow& window) {
    const c10::NoGradGuard noGrad;
    const auto length = static_cast<int64_t>(window.ids.size()) - 1;
    const at::Tensor ids = at::tensor(at::ArrayRef<int32_t>(window.ids.data(), static_cast<size_t>(length)), at::kLong).unsqueeze(0);
    const at::Tensor best = model::logits(model.weights, model.config, ids)[0].argmax(-1).to(at::kCPU, at::kInt).contiguous();
    return {best.data_ptr<int32_t>(), best.data_ptr<int32_t>() + length};
}

std::string tail(std::string text) {
    if (text.size() <= kPromptBytes) return text;
    const size_t from = text.find(' ', text.size() - kPromptBytes);
    return from == std::string::npos ? text : text.substr(from);
}

// What the model says where the word stands; reads the true tokens before each, as the score does.
std::string givenWord(const std::vector<int32_t>& best, const SkillWindow& window, const SkillWindow::ScoredWord& word,
                      const io::Tokenizer& tokenizer) {
    std::vector<int32_t> given;
    for (int64_t at = word.first; at < word.first + word.count; ++at) {
        given.push_back(best[static_cast<size_t>(at - 1)]);
        if (given.back() != window.ids[static_cast<size_t>(at)]) break;
    }
    return tokenizer.decode(given);
}

}  // namespace

std::vector<SkillAnswer> sampleAnswers(convert::ModelView model, const std::optional<convert::ModelView>& teacher,
                                       const io::Tokenizer& tokenizer, const std::vector<SkillWindow>& windows, size_t threads,
                                       size_t wrong, size_t right) {
    const size_t count = std::min(windows.size(), kWindows);
    std::vector<std::vector<int32_t>> own(count), theirs(count);
    model::parallelTasks(count, threads, [&](size_t w) {
        own[w] = likeliest(model, windows[w]);
        if (teacher) theirs[w] = likeliest(*teacher, windows[w]);
    });
    std::vector<SkillAnswer> answers;
    for (const demo::Skill skill : kSkills) {
        size_t wrongLeft = wrong, rightLeft = right;
        for (size_t w = 0; w < count; ++w) {
            const SkillWindow& window = windows[w];
            for (const SkillWindow::ScoredWord& word : window.words) {
                if (word.skill != skill) continue;
                const auto begin = window.ids.begin() + word.first;
                SkillAnswer answer{skill, word.distance, {}, tokenizer.decode(std::vector<int32_t>(begin, begin + word.count)),
                                   givenWord(own[w], window, word, tokenizer), false, {}};
                answer.right = answer.given == answer.expected;
                size_t& left = answer.right ? rightLeft : wrongLeft;
                if (left == 0) continue;
                --left;
                answer.prompt = tail(tokenizer.decode(std::vector<int32_t>(window.ids.begin(), begin), true));
                if (teacher) answer.teacherGiven = givenWord(theirs[w], window, word, tokenizer);
                answers.push_back(std::move(answer));
            }
        }
    }
    return answers;
}

nlohmann::ordered_json answersToJson(const std::vector<SkillAnswer>& answers) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const SkillAnswer& answer : answers) {
        nlohmann::ordered_json value{{"skill", demo::toString(answer.skill)}, {"distance", answer.distance}, {"prompt", answer.prompt},
                                     {"expected", answer.expected}, {"given", answer.given}, {"right", answer.right}, {"teacher_given", nullptr}};
        if (answer.teacherGiven) value["teacher_given"] = *answer.teacherGiven;
        list.push_back(std::move(value));
    }
    return list;
}

}  // namespace radlads::evaluate
